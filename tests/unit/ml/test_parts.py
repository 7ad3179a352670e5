"""A long conversation is taken apart without losing a turn, and put together by the documented rules."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from jarvis.conversations import (
    ActionItem,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Role,
    Sentiment,
    Topic,
    Turn,
    TurnAnalysis,
)
from ml.conversations.parts import (
    OVERLAP_TOKENS,
    OVERLAP_TURNS,
    PART_MEMBER_TURNS,
    PART_TOKENS,
    Part,
    merge,
    split,
)
from ml.conversations.schema import CITED, MAX_ACTIONS, SUMMARY_CHARACTERS, Reply


def conversation(roles: list[Role]) -> Conversation:
    return Conversation("s1", "fr", tuple(Turn(f"u{place}", role, "mot") for place, role in enumerate(roles)))


def parts_of(roles: list[Role], sizes: list[int]) -> list[Part]:
    rows = [{"turn_id": f"t{place}", "role": role, "text": str(place)} for place, role in enumerate(roles)]
    return split(conversation(roles), rows, lambda row: sizes[int(row["text"])])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Role)), st.integers(1, 3_500)), min_size=1, max_size=200))
def test_every_turn_is_new_in_exactly_one_part_and_no_part_is_too_large(turns: list[tuple[Role, int]]) -> None:
    """Whatever is said: no turn lost, parts within their bounds, a small overlap, rows numbered from t1."""
    roles, sizes = [role for role, _ in turns], [size for _, size in turns]
    parts = parts_of(roles, sizes)
    new = [turn.turn_id for part in parts for turn in part.conversation.turns if turn.turn_id in part.new_turn_ids]
    assert new == [f"u{place}" for place in range(len(turns))]
    for part in parts:
        places = [int(turn.turn_id[1:]) for turn in part.conversation.turns]
        shared = [place for place in places if f"u{place}" not in part.new_turn_ids]
        assert places == list(range(places[0], places[0] + len(places)))
        assert sum(sizes[place] for place in places) <= PART_TOKENS
        assert len(part.conversation.member_turns) <= PART_MEMBER_TURNS
        assert len(shared) <= OVERLAP_TURNS
        assert sum(sizes[place] for place in shared) <= OVERLAP_TOKENS
        assert [row["turn_id"] for row in part.rows] == [f"t{place}" for place in range(1, len(places) + 1)]
        assert [int(row["text"]) for row in part.rows] == places


def test_a_short_conversation_is_one_part_and_its_reply_is_kept_as_it_is() -> None:
    """Nothing is merged where nothing was cut."""
    (part,) = parts_of([Role.MEMBER, Role.ASSISTANT], [10, 10])
    reply = reply_of(part)
    assert merge([part], [reply]) is reply


def reply_of(part: Part) -> Reply:
    """A reply in which every field rests on the part's first turn."""
    first = part.conversation.turns[0].turn_id
    labels = tuple(
        TurnAnalysis(turn.turn_id, 0.0, Sentiment.NEUTRAL, Emotion.NEUTRAL, ())
        for turn in part.conversation.member_turns
    )
    return Reply(
        summary="Résumé.",
        key_topics=(Topic.OTHER,),
        sentiment_score=0.0,
        emotion=Emotion.NEUTRAL,
        intents=(Intent.OTHER,),
        outcome=Outcome.UNSOLVED,
        action_items=(),
        evidence=dict.fromkeys(CITED, (first,)),
        turns=labels,
        issues=(),
    )


def test_the_merge_follows_its_rules_field_by_field() -> None:
    """Two parts of 60 and 15 member turns that share four, then a last part in which only the assistant speaks."""
    parts = [
        *parts_of([Role.MEMBER] * 75, [10] * 75),
        Part(Conversation("s1", "fr", (Turn("u75", Role.ASSISTANT, "Voilà."),)), (), frozenset({"u75"})),
    ]
    one, two, three = (reply_of(part) for part in parts)
    shared = parts[1].conversation.turns[0].turn_id
    assert shared == "u56"
    repair, call = ActionItem("Réparer.", "staff", ("u1",)), ActionItem("Rappeler.", "manager", ("u2",))
    leak = Issue(Topic.EQUIPMENT, "Tapis 4", None, ("u1",))
    merged = merge(
        parts,
        [
            replace(
                one,
                summary="Il se plaint.",
                key_topics=(Topic.OTHER, Topic.BILLING),
                intents=(Intent.COMPLAIN,),
                sentiment_score=-0.9,
                emotion=Emotion.ANGER,
                action_items=(repair, call),
                issues=(leak,),
            ),
            replace(
                two,
                summary="Il remercie.",
                key_topics=(Topic.EQUIPMENT, Topic.BILLING),
                sentiment_score=0.4,
                emotion=Emotion.GRATITUDE,
                action_items=(replace(repair, text="réparer.", source_turn_ids=("u60",)),),
                issues=(replace(leak, machine="tapis 4", source_turn_ids=("u61",)),),
                turns=tuple(replace(turn, sentiment_score=0.5) for turn in two.turns),
            ),
            replace(three, summary="JARVIS transmet.", outcome=Outcome.HANDED_OVER, sentiment_score=0.1),
        ],
    )
    assert merged.summary == "Il se plaint. Il remercie. JARVIS transmet."
    assert merged.key_topics == (Topic.BILLING, Topic.EQUIPMENT)
    assert merged.intents == (Intent.COMPLAIN,)
    assert merged.sentiment_score == 0.4
    assert merged.outcome is Outcome.HANDED_OVER
    assert merged.emotion is Emotion.ANGER
    assert [item.text for item in merged.action_items] == ["Réparer.", "Rappeler."]
    assert merged.action_items[0].source_turn_ids == ("u1", "u60")
    assert merged.issues == (replace(leak, source_turn_ids=("u1", "u61")),)
    assert merged.evidence["sentiment"] == (shared,)
    assert merged.evidence["outcome"] == ("u75",)
    assert merged.evidence["emotion"] == ("u0",)
    assert merged.evidence["summary"] == ("u0", shared, "u75")
    scores = {turn.turn_id: turn.sentiment_score for turn in merged.turns}
    assert list(scores) == [f"u{place}" for place in range(75)]
    assert (scores["u59"], scores["u60"]) == (0.0, 0.5)


def test_long_summaries_end_with_a_sentence_and_the_latest_actions_stay() -> None:
    """Eight parts of four actions each: within the bounds of one reply."""
    parts = parts_of([Role.MEMBER] * 8, [PART_TOKENS] * 8)
    replies = [
        replace(
            reply_of(part),
            summary=f"Partie {place}. " + "Une phrase de plus. " * 40,
            action_items=tuple(ActionItem(f"Action {place}.{item}", "staff", ()) for item in range(4)),
        )
        for place, part in enumerate(parts)
    ]
    merged = merge(parts, replies)
    assert len(merged.summary) <= SUMMARY_CHARACTERS
    assert merged.summary.endswith(".")
    assert all(f"Partie {place}." in merged.summary for place in range(8))
    assert [item.text for item in merged.action_items] == [f"Action 7.{item}" for item in range(MAX_ACTIONS)]
