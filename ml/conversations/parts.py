"""A long conversation taken apart for a hosted model, and the parts' replies made one again.

Lives here: where to cut, how much two parts share, and the rule by which each field is merged. Not here:
the calls (`openai`) and the reply's shape (`schema`).

The rules of `merge`, field by field:

- summary: the parts' summaries in order, each cut at a sentence's end where together they are too long;
- key_topics, intents: all that a part found, those of most parts first; `other` only where nothing else is;
- sentiment_score: of the last part in which the member says something new, because it is the stance at the end;
- outcome: of the last part, which was told how the parts before it ended;
- emotion: the one that most of the member's turns were said under, the later one of two equals;
- action_items: all, the same text once; past the most that are kept, the latest, because they are still open;
- issues: all, the same machine and place once;
- evidence: of the parts a field's value was taken from; of each topic and intent, of the parts that found it;
- turns: one entry each; where two parts share a turn, the earlier, which read what led to it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from jarvis.conversations import ActionItem, Conversation, Emotion, Intent, Issue, Role, Topic, TurnAnalysis
from jarvis.evidence import claim_of
from ml.conversations.schema import CITED, MAX_ACTIONS, SUMMARY_CHARACTERS, Reply

# A talk of about half an hour: past it, replies get long enough to be cut off, and labels slip.
PART_TOKENS = 6_000
# The reply holds some 30 tokens for each.
PART_MEMBER_TURNS = 60
# What two neighbouring parts share, so that « oui, celui-là » is read with its question.
OVERLAP_TURNS = 4
OVERLAP_TOKENS = 600
# Hours of talk. Nobody stands at a kiosk so long: such a transcript is a fault or an attack, and would be paid for.
MAX_PARTS = 12

Choice = TypeVar("Choice", bound=StrEnum)
Row = dict[str, str]

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """Some neighbouring turns, as a conversation of their own."""

    conversation: Conversation
    rows: tuple[Row, ...]
    """The turns as they are sent, numbered from t1 within the part."""
    new_turn_ids: frozenset[str]
    """The turns that no earlier part holds."""

    @property
    def has_new_member_turn(self) -> bool:
        """True when the member says something that no earlier part holds."""
        return any(turn.turn_id in self.new_turn_ids for turn in self.conversation.member_turns)


def split(conversation: Conversation, rows: Sequence[Row], count: Callable[[Row], int]) -> list[Part]:
    """The conversation in parts that one call each can answer; most conversations are one part.

    Args:
        rows: its turns as they are sent, one each, none longer than a part.
        count: how many tokens a row takes.
    """
    sizes = [count(row) for row in rows]
    bounds: list[tuple[int, int, int]] = []
    start = new_from = tokens = members = 0
    for place, turn in enumerate(conversation.turns):
        is_full = tokens + sizes[place] > PART_TOKENS or members + (turn.role is Role.MEMBER) > PART_MEMBER_TURNS
        if is_full and place > new_from:
            bounds.append((start, new_from, place))
            start, new_from = _overlap_start(sizes, start, place), place
            tokens = sum(sizes[start:place])
            members = sum(one.role is Role.MEMBER for one in conversation.turns[start:place])
        tokens += sizes[place]
        members += turn.role is Role.MEMBER
    bounds.append((start, new_from, len(rows)))
    return [
        Part(
            replace(conversation, turns=conversation.turns[start:end]),
            tuple({**row, "turn_id": f"t{place}"} for place, row in enumerate(rows[start:end], start=1)),
            frozenset(turn.turn_id for turn in conversation.turns[new:end]),
        )
        for start, new, end in bounds
    ]


def merge(parts: Sequence[Part], replies: Sequence[Reply]) -> Reply:
    """One reply for the whole conversation, by the rules above; the only reply as it is."""
    if len(replies) == 1:
        return replies[0]
    turns: dict[str, TurnAnalysis] = {}
    said_under: Counter[Emotion] = Counter()
    for part, reply in zip(parts, replies, strict=True):
        turns = {one.turn_id: one for one in reply.turns} | turns
        said_under[reply.emotion] += sum(turn.turn_id in part.new_turn_ids for turn in part.conversation.member_turns)
    at_the_end = [reply for part, reply in zip(parts, replies, strict=True) if part.has_new_member_turn][-1]
    latest_first = dict.fromkeys(reply.emotion for reply in reversed(replies))
    emotion = max(latest_first, key=lambda one: said_under[one])
    sources: Mapping[str, Sequence[Reply]] = {
        **dict.fromkeys(CITED, replies),
        "sentiment": [at_the_end],
        "outcome": [replies[-1]],
        "emotion": [reply for reply in replies if reply.emotion is emotion],
    }
    topics = _most_named(Topic.OTHER, [reply.key_topics for reply in replies])
    intents = _most_named(Intent.OTHER, [reply.intents for reply in replies])
    labels = [
        *(claim_of("key_topics", topic) for topic in topics),
        *(claim_of("intents", intent) for intent in intents),
    ]
    order = [turn.turn_id for part in parts for turn in part.conversation.turns if turn.turn_id in part.new_turn_ids]
    return Reply(
        summary=_joined([reply.summary for reply in replies]),
        key_topics=topics,
        sentiment_score=at_the_end.sentiment_score,
        emotion=emotion,
        intents=intents,
        outcome=replies[-1].outcome,
        action_items=_actions([item for reply in replies for item in reply.action_items])[-MAX_ACTIONS:],
        evidence={
            name: _in_order(
                order, [cited for reply in sources.get(name, replies) for cited in reply.evidence.get(name, ())]
            )
            for name in (*CITED, *labels)
        },
        turns=tuple(turns[turn_id] for turn_id in order if turn_id in turns),
        issues=_issues([issue for reply in replies for issue in reply.issues]),
    )


def _overlap_start(sizes: Sequence[int], start: int, end: int) -> int:
    """Where the next part begins: a few turns back, within their share of tokens and of the part before."""
    first = end
    while first > start + 1 and end - first < OVERLAP_TURNS and sum(sizes[first - 1 : end]) <= OVERLAP_TOKENS:
        first -= 1
    return first


def _joined(summaries: Sequence[str]) -> str:
    whole = " ".join(dict.fromkeys(summaries))
    if len(whole) <= SUMMARY_CHARACTERS:
        return whole
    share = SUMMARY_CHARACTERS // len(summaries) - 1
    return " ".join(_first_sentences(summary, share) for summary in summaries)


def _first_sentences(text: str, most: int) -> str:
    kept = ""
    for sentence in _SENTENCE_END.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > most:
            break
        kept = longer
    return kept or f"{text[: most - 1]}…"


def _most_named(other: Choice, choices: Sequence[Sequence[Choice]]) -> tuple[Choice, ...]:
    named = Counter(choice for some in choices for choice in some)
    # A counter's order is of first appearance, and sorting keeps it among equals.
    ranked = sorted(named, key=lambda one: -named[one])
    return tuple(one for one in ranked if one is not other) or (other,)


def _actions(items: Sequence[ActionItem]) -> tuple[ActionItem, ...]:
    kept: dict[str, ActionItem] = {}
    for item in items:
        key = item.text.casefold()
        earlier = kept.get(key)
        cited = (*(earlier.source_turn_ids if earlier else ()), *item.source_turn_ids)
        kept[key] = replace(earlier or item, source_turn_ids=tuple(dict.fromkeys(cited)))
    return tuple(kept.values())


def _issues(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    kept: dict[tuple[str, str, str], Issue] = {}
    for issue in issues:
        key = (issue.topic, (issue.machine or "").casefold(), (issue.zone or "").casefold())
        earlier = kept.get(key)
        cited = (*(earlier.source_turn_ids if earlier else ()), *issue.source_turn_ids)
        kept[key] = replace(earlier or issue, source_turn_ids=tuple(dict.fromkeys(cited)))
    return tuple(kept.values())


def _in_order(order: Sequence[str], cited: Sequence[str]) -> tuple[str, ...]:
    wanted = set(cited)
    return tuple(turn_id for turn_id in order if turn_id in wanted)
