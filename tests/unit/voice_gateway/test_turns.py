"""The order of turns, and how much of an answer was heard."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_gateway.effects import Moment
from voice_gateway.places import Places
from voice_gateway.turns import Transcript, heard_text
from warehouse.stores.sessions import TurnRow


@pytest.mark.parametrize(
    ("heard_ms", "expected"),
    [
        (0, ""),
        (1, ""),
        (500, "Bonjour à"),
        (999, "Bonjour à tous et"),
        (1000, "Bonjour à tous et toutes"),
        (5000, "Bonjour à tous et toutes"),
    ],
)
def test_an_answer_is_cut_between_words(heard_ms: int, expected: str) -> None:
    """Half a word was not heard."""
    assert heard_text("Bonjour à tous et toutes", heard_ms=heard_ms, total_ms=1000) == expected


def test_an_answer_without_sound_was_read_whole() -> None:
    """Text answers have no milliseconds."""
    assert heard_text("Bonjour", heard_ms=0, total_ms=0) == "Bonjour"


SPOKEN_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def moment(second: int) -> Moment:
    return Moment(SPOKEN_AT + timedelta(seconds=second), float(second))


@dataclass(frozen=True)
class Said:
    """One item of a conversation as it really was."""

    item_id: str
    role: str
    """member, assistant, or tool: a link of the chain that is no turn."""
    is_failed: bool
    spoken_at: int


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Said], list[tuple[str, Said]]]:
    """Items in their true order, and the events that tell of them in any order."""
    kinds = draw(st.lists(st.tuples(st.sampled_from(["member", "assistant", "tool"]), st.booleans()), max_size=9))
    said = [Said(f"item_{n}", role, is_failed, n) for n, (role, is_failed) in enumerate(kinds)]
    kinds_of_events = {"member": ("began", "linked", "words"), "assistant": ("linked", "words"), "tool": ("linked",)}
    events = [(kind, item) for item in said for kind in kinds_of_events[item.role]]
    # Already known links come again as null: conversation.item.done says so of items that were added with a name.
    events += [("unlinked", item) for item in said if item.role != "tool"]
    return said, draw(st.permutations(events))


@given(conversations())
def test_the_record_does_not_depend_on_the_order_of_arrival(
    conversation: tuple[list[Said], list[tuple[str, Said]]],
) -> None:
    """However events arrive, each turn ends in its item's place, with its own words and the time its speech began."""
    said, events = conversation
    previous = {item.item_id: said[n - 1].item_id if n else None for n, item in enumerate(said)}
    transcript = Transcript()
    rows: dict[str, TurnRow] = {}
    for arrival, (kind, item) in enumerate(events):
        now = moment(100 + arrival)
        turn: TurnRow | None = None
        if kind == "began":
            transcript.began(item.item_id, now=moment(item.spoken_at))
        elif kind in ("linked", "unlinked"):
            transcript.follows(item.item_id, previous[item.item_id] if kind == "linked" else None)
            if item.role != "tool":
                transcript.appeared(item.item_id, role=item.role, now=now)
        elif item.role == "assistant":
            turn = transcript.assistant_said(item.item_id, f"réponse {item.item_id}", now=now)
        elif item.is_failed:
            turn = transcript.transcription_failed(item.item_id, now=now)
        else:
            turn = transcript.member_said(item.item_id, f"mots {item.item_id}", now=now)
        # As the session does: what has moved is written again with whatever is written.
        for row in (turn, *transcript.moved()):
            if row is not None:
                rows[row.item_id] = row
    turns = [item for item in said if item.role != "tool"]
    assert [row.item_id for row in sorted(rows.values(), key=lambda row: row.position)] == [t.item_id for t in turns]
    assert [rows[item.item_id].position for item in turns] == list(range(len(turns)))
    for item in turns:
        row = rows[item.item_id]
        if item.role == "assistant":
            assert (row.text, row.status) == (f"réponse {item.item_id}", "final")
        else:
            assert (row.text, row.status) == (("", "failed") if item.is_failed else (f"mots {item.item_id}", "final"))
            if events.index(("began", item)) < events.index(("words", item)):
                assert row.started_at == moment(item.spoken_at).at


@given(
    produced_ms=st.integers(0, 20_000),
    reports=st.lists(st.integers(0, 40_000), max_size=4),
    truncations=st.lists(st.integers(0, 40_000), max_size=4),
    seconds=st.floats(0, 60),
)
def test_nobody_hears_more_than_was_produced(
    produced_ms: int, reports: list[int], truncations: list[int], seconds: float
) -> None:
    """Whatever a kiosk reports or asks for, what goes upstream is above 0, within the sound, and ever shorter."""
    transcript = Transcript()
    transcript.assistant_audio("a", 48 * produced_ms, now=moment(0))
    transcript.assistant_said("a", "Bonjour à tous et toutes", now=moment(0))
    for played_ms in reports:
        transcript.played("a", played_ms)
    asked = [transcript.truncation("a", audio_end_ms) for audio_end_ms in truncations]
    sent = [heard_ms for heard_ms in asked if heard_ms is not None]
    sent += [cut.heard_ms for cut in transcript.interrupt(replace(moment(0), seconds=seconds)) if cut.heard_ms]
    assert all(0 < heard_ms < produced_ms for heard_ms in sent)
    assert sent == sorted(set(sent), reverse=True)


def test_items_put_in_between_stand_in_between() -> None:
    """Of two that name the same predecessor the later was put right behind it; a circle is no place."""
    places = Places()
    for item_id, previous in (("a", None), ("c", "a"), ("b", "a"), ("a", "c"), ("d", "d")):
        places.follows(item_id, previous)
    assert places.in_order() == ["a", "b", "c", "d"]


def test_a_conversation_that_begins_anew_goes_on_behind() -> None:
    """After a reconnection the first item names nobody: it stands behind what was said before."""
    places = Places()
    for item_id, previous in (("a", None), ("b", "a"), ("x", None), ("y", "x")):
        places.follows(item_id, previous)
    assert places.in_order() == ["a", "b", "x", "y"]
    # The one before was told of `a` only: what follows it there stands behind `y` all the same.
    places.begin_anew()
    places.follows("z", "a")
    assert places.in_order() == ["a", "b", "x", "y", "z"]


def test_an_item_outside_the_chain_stands_where_it_arrived() -> None:
    """A filler names no predecessor: it is behind what was last, and before the answer that the chain brings later."""
    places = Places()
    places.arrived("u1")
    places.follows("call", "u1")
    places.arrived("filler")
    places.follows("result", "call")
    places.follows("answer", "result")
    places.follows("u2", "answer")
    assert places.in_order() == ["u1", "call", "filler", "result", "answer", "u2"]


def test_a_place_by_arrival_gives_way_to_a_named_one() -> None:
    """What arrived behind an item is no predecessor of it by that alone: the chain's word wins, and nothing is lost."""
    places = Places()
    places.arrived("a1")
    places.arrived("u1")
    places.follows("a1", "u1")
    assert places.in_order() == ["u1", "a1"]
