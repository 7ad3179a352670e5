"""What is rebuilt from the log of a session whose gateway died."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from voice_gateway.recovery import rebuilt, writes
from warehouse.stores.sessions import LoggedEvent, Scope

SCOPE = Scope(UUID(int=1), UUID(int=2), UUID(int=3))
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


def logged(*events: dict[str, Any], direction: str = "upstream_in") -> list[LoggedEvent]:
    return [LoggedEvent(START + timedelta(seconds=second), direction, event) for second, event in enumerate(events)]


def committed(item_id: str, previous: str | None = None) -> dict[str, Any]:
    return {"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": previous}


def added(item_id: str, previous: str | None = None, role: str = "assistant") -> dict[str, Any]:
    item = {"id": item_id, "type": "message", "role": role}
    return {"type": "conversation.item.added", "previous_item_id": previous, "item": item}


def words(item_id: str, delta: str) -> dict[str, Any]:
    kind = "response.output_audio_transcript.delta"
    return {"type": kind, "item_id": item_id, "response_id": "r1", "delta": delta}


def test_an_answer_is_put_together_from_its_pieces() -> None:
    """Its final words never came: those that did are a turn, interrupted and marked, in its place."""
    sound = {"type": "response.output_audio.delta", "item_id": "a1", "response_id": "r1", "audio_bytes": 48_000}
    found = rebuilt(logged(committed("u1"), added("a1", "u1"), words("a1", "La salle "), sound, words("a1", "ouvre")))
    answer = next(turn for turn in found.turns if turn.item_id == "a1")
    assert (answer.text, answer.status, answer.position) == ("La salle ouvre", "interrupted", 1)
    assert (answer.heard_ms, answer.total_ms) == (1000, 1000)
    assert answer.is_recovered


def test_lost_words_of_a_member_leave_a_turn() -> None:
    """He spoke and was never transcribed: nobody knows what he said, and the record says so."""
    found = rebuilt(logged(committed("u1")))
    assert [(turn.item_id, turn.status, turn.text, turn.is_recovered) for turn in found.turns] == [
        ("u1", "failed", "", True)
    ]


def test_lost_words_of_a_member_have_their_row() -> None:
    """Nobody saw what it cost to know them, only with which model."""
    ear = {
        "type": "session.update",
        "session": {"audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}},
    }
    events = [*logged(ear, direction="upstream_out"), *logged(committed("u1"))]
    found = rebuilt(events)
    assert (found.untranscribed, found.transcription_model) == (("u1",), "gpt-realtime-whisper")
    rows = [dict(write.values) for write in writes(SCOPE, found, "m") if write.block == "save_usage"]
    assert [(row["source_kind"], row["source_id"], row["model"], row["is_usage_missing"]) for row in rows] == [
        ("transcription", "u1", "gpt-realtime-whisper", True)
    ]


def test_an_answer_without_end_is_not_billed() -> None:
    """Begun, or named by one of its pieces, and never done: its row has no amount. What was done has its bill."""
    created = {"type": "response.created", "response": {"id": "r1"}}
    done = {"type": "response.done", "response": {"id": "r1", "status": "completed"}}
    assert rebuilt(logged(created)).unbilled == ("r1",)
    assert rebuilt(logged(words("a1", "La"))).unbilled == ("r1",)
    assert rebuilt(logged(created, done)).unbilled == ()
    assert rebuilt(logged(created, done, words("a1", "tard"))).unbilled == ()


def test_what_is_finished_is_left_alone() -> None:
    """Turns that were whole are on record already, as they were heard."""
    completed = {
        "type": "conversation.item.input_audio_transcription.completed", "item_id": "u1", "transcript": "Bonjour",
    }  # fmt: skip
    done = {"type": "response.output_audio_transcript.done", "item_id": "a1", "transcript": "Bonjour !"}
    assert rebuilt(logged(committed("u1"), completed, added("a1", "u1"), words("a1", "Bon"), done)).turns == ()
    assert rebuilt([]).turns == ()
