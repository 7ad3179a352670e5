"""Real sessions, recorded from the provider, go through our protocol code; the stand-in speaks as they do.

What a recording says is read here from its own frames, by the simplest means; what we keep of it is read
from the records that the pure session asks for. The two must agree.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jarvis.sessions import CloseReason
from tests.unit.voice_gateway.standin.wire import Talk
from tests.unit.voice_gateway.test_session import (
    START,
    instructed,
    kiosk,
    moment_after,
    new_session,
    told,
    upstream,
    written,
)  # fmt: skip
from voice_gateway.effects import CloseRequested, Effect, Opened, RunTool, ToolFinished, UpstreamOpened
from voice_gateway.session import VoiceSession

Event = dict[str, Any]

TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
TOKENS = ("text_tokens", "audio_tokens")


@dataclass
class Recording:
    """One recorded session, and what it says of itself."""

    frames: list[tuple[bool, Event]]
    """Whether the client sent it, and the event."""
    turns: list[tuple[str, str]] = field(default_factory=list)
    """Role and words of every turn that has any, in the order of the conversation."""
    calls: list[tuple[str, str, Event]] = field(default_factory=list)
    """Id, name and arguments of every whole call."""
    outputs: dict[str, str] = field(default_factory=dict)
    """What the recorded client answered to each call."""
    tokens: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """Of transcriptions that are billed by the minute."""
    responses: list[str] = field(default_factory=list)

    @property
    def received(self) -> list[Event]:
        """What the provider sent."""
        return [event for is_sent, event in self.frames if not is_sent]


def read(path: Path) -> Recording:
    """The recording in a file."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    recording = Recording([(entry["direction"] == "sent", entry["event"]) for entry in entries])
    order: list[str] = []
    roles: dict[str, str] = {}
    words: dict[str, str] = {}
    for event in recording.received:
        kind = event["type"]
        if kind == "conversation.item.added":
            item, before = event["item"], event.get("previous_item_id")
            order.insert(order.index(before) + 1 if before in order else len(order), item["id"])
            if item["type"] == "message":
                roles[item["id"]] = {"user": "member"}.get(item["role"], item["role"])
                words[item["id"]] = _words(item)
        elif kind == TRANSCRIBED:
            words[event["item_id"]] = event["transcript"].strip()
            _add_tokens(recording, event.get("usage") or {})
        elif kind == "response.done":
            response = event["response"]
            if response.get("usage"):
                recording.responses.append(response["id"])
            _add_tokens(recording, response.get("usage") or {})
            for item in response["output"]:
                if item["type"] == "function_call" and item["status"] == "completed":
                    recording.calls.append((item["call_id"], item["name"], json.loads(item["arguments"])))
                elif item["type"] == "message":
                    words[item["id"]] = _words(item)
    for is_sent, event in recording.frames:
        if is_sent and event["type"] == "conversation.item.create" and event["item"]["type"] == "function_call_output":
            recording.outputs[event["item"]["call_id"]] = event["item"]["output"]
    recording.turns = [(roles[item_id], words[item_id]) for item_id in order if words.get(item_id)]
    return recording


def _words(item: Event) -> str:
    return " ".join(str(part.get("text") or part.get("transcript") or "").strip() for part in item["content"]).strip()


def _add_tokens(recording: Recording, usage: Event) -> None:
    if usage.get("type") == "duration":
        recording.seconds += usage["seconds"]
        return
    for name in TOKENS:
        recording.tokens[f"in {name}"] += (usage.get("input_token_details") or {}).get(name, 0)
        recording.tokens[f"out {name}"] += (usage.get("output_token_details") or {}).get(name, 0)
        cached = (usage.get("input_token_details") or {}).get("cached_tokens_details") or {}
        recording.tokens[f"cached {name}"] += cached.get(name, 0)


def replayed(recording: Recording) -> tuple[VoiceSession, list[Effect]]:
    """The session that lived through it, as its only client's gateway, and all that it decided."""
    session = new_session(is_kiosk=False)
    effects = session.receive(Opened(None), START) + session.receive(UpstreamOpened(), START)
    now = START
    for is_sent, event in recording.frames:
        now = moment_after(now, 0.05)
        if is_sent:
            # The tools are ours: their outputs come from us, below.
            if event.get("item", {}).get("type") != "function_call_output":
                effects += kiosk(session, event, now)
            continue
        news = upstream(session, event, now)
        effects += news
        for run in [effect for effect in news if isinstance(effect, RunTool)]:
            effects += session.receive(
                ToolFinished(run.call_id, "done", {"said": recording.outputs.get(run.call_id)}), now
            )
    # The answers were heard, then the member left.
    effects += session.receive(CloseRequested(CloseReason.MEMBER_LEFT), moment_after(now, 30))
    assert session.is_finished
    return session, effects


@pytest.fixture(scope="module")
def recordings(data_dir: Path) -> dict[str, Recording]:
    """Every whole recording there is."""
    folder = data_dir / "openai_realtime_events" / "recorded_sessions"
    found = {path.stem: read(path) for path in sorted(folder.glob("*.jsonl"))}
    assert found, f"found no recording in {folder}, expected some"
    return found


def each(recordings: dict[str, Recording]) -> Iterator[tuple[str, Recording, list[Effect]]]:
    """Every recording with what we made of it."""
    for name, recording in recordings.items():
        yield name, recording, replayed(recording)[1]


def test_a_recording_gives_its_own_transcript(recordings: dict[str, Recording]) -> None:
    """Every word of both sides, once, in the order of the conversation."""
    for name, recording, effects in each(recordings):
        rows = {row["item_id"]: row for row in written(effects, "save_turn")}
        turns = sorted(rows.values(), key=lambda row: row["position"])
        kept = [(turn["role"], turn["generated_text"] or turn["text"]) for turn in turns if turn["text"]]
        assert kept == recording.turns, name


def test_a_recording_gives_its_own_tool_calls(recordings: dict[str, Recording]) -> None:
    """Each call runs once, its output goes back, one answer is asked for, and the client sees none of it."""
    for name, recording, effects in each(recordings):
        runs = [(effect.call_id, effect.name, effect.arguments) for effect in effects if isinstance(effect, RunTool)]
        assert runs == recording.calls, name
        told_upstream = instructed(effects)
        outputs = [event["item"]["call_id"] for event in told_upstream if "call_id" in event.get("item", {})]
        assert outputs == [call_id for call_id, _, _ in recording.calls], name
        own = [event for event in told_upstream if event["type"] == "response.create" and "event_id" in event]
        # One answer to all the calls of a response.
        assert bool(own) == bool(recording.calls) and len(own) <= len(recording.calls), name
        assert "function_call" not in json.dumps(told(effects)), name


def test_a_recording_gives_its_own_usage(recordings: dict[str, Recording]) -> None:
    """Tokens of every kind and seconds of transcription add up to the provider's own; each response is billed once."""
    for name, recording, effects in each(recordings):
        bills = written(effects, "save_usage")
        billed = [bill["source_id"] for bill in bills if bill["source_kind"] == "response"]
        assert billed == recording.responses, name
        for kind, ours in (("in", "input_tokens"), ("cached", "tokens"), ("out", "output_tokens")):
            for medium in ("text", "audio"):
                column = f"cached_{medium}_tokens" if kind == "cached" else f"{medium}_{ours}"
                assert sum(bill[column] for bill in bills) == recording.tokens[f"{kind} {medium}_tokens"], (
                    name,
                    column,
                )
        assert sum(float(bill["duration_seconds"]) for bill in bills) == pytest.approx(recording.seconds), name


def test_a_client_sees_the_recording_but_for_what_is_ours(recordings: dict[str, Recording]) -> None:
    """In order, unchanged, except for prompt and tools, tool traffic, and what the answer to a tool follows."""
    for name, recording, effects in each(recordings):
        seen = [event for event in told(effects) if event["type"] != "error" and "event_id" in event]
        visible = [
            event
            for event in recording.received
            if "function_call" not in event["type"]
            and not (event.get("item") or {}).get("type", "").startswith("function_call")
        ]
        # Our own settings are taken in silence: the recorded client's update is answered by a later one, if at all.
        visible = [event for event in visible if event["type"] != "session.updated"]
        seen = [event for event in seen if event["type"] != "session.updated"]
        assert [event["event_id"] for event in seen] == [event["event_id"] for event in visible], name
        changed = [after["type"] for before, after in zip(visible, seen, strict=True) if before != after]
        follows_a_tool = {"conversation.item.added", "conversation.item.done", "response.done"}
        assert set(changed) <= {"session.created"} | (follows_a_tool if recording.calls else set()), name


def test_old_and_broken_fragments_end_nothing(data_dir: Path) -> None:
    """Single events, some of the dead beta protocol, some out of order: relayed, on record, and the session goes on."""
    for path in sorted((data_dir / "openai_realtime_events" / "fragments").glob("*.jsonl")):
        session = new_session(is_kiosk=False)
        session.receive(Opened(None), START)
        session.receive(UpstreamOpened(), START)
        upstream(session, {"type": "session.updated", "session": {}})
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        effects = [effect for event in events for effect in upstream(session, event)]
        assert session.close_reason is None and effects, path.name


# The stand-in against the recordings.


def shape_of(event: Event) -> dict[str, set[str]]:
    """The names of an event's fields, and of those of what it brings."""
    shape = {"": set(event)}
    item, response = event.get("item"), event.get("response")
    if isinstance(item, dict):
        shape[f"item {item['type']}"] = set(item)
        for part in item.get("content") or []:
            shape[f"part {part['type']}"] = set(part)
    if isinstance(response, dict):
        shape["response"] = set(response)
    if isinstance(event.get("part"), dict):
        shape["part"] = set(event["part"])
    return shape


def shapes_of(events: list[Event]) -> dict[tuple[str, str], list[set[str]]]:
    """Type and part of it to the names of its fields, each time it came."""
    shapes: dict[tuple[str, str], list[set[str]]] = {}
    for event in events:
        for name, fields in shape_of(event).items():
            shapes.setdefault((event["type"], name), []).append(fields)
    return shapes


def standin_events() -> list[Event]:
    """A spoken turn that is transcribed, a tool, its answer in sound, and one in text."""
    tool = {"type": "function", "name": "get_opening_hours", "parameters": {"type": "object", "properties": {}}}
    talk = Talk()
    transcription = {"transcription": {"model": "gpt-realtime-whisper"}}
    talk.send("session.update", session={"type": "realtime", "tools": [tool], "audio": {"input": transcription}})
    talk.understood = lambda pcm: "Est-ce que la salle est ouverte le dimanche ?"
    talk.speak()
    talk.wait(5)
    call = talk.last("response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"message": "De 9 à 13 heures."}'}
    talk.send("conversation.item.create", item=output)
    talk.send("response.create")
    talk.wait(20)
    talk.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
    talk.say_text("Bonjour")
    talk.send("response.create")
    talk.wait(20)
    return talk.events


def order_of(events: list[Event]) -> list[str]:
    """The types of one response's events, each once, without what runs beside it."""
    beside = ("input_audio_transcription", "rate_limits", "conversation.item.deleted")
    return list(dict.fromkeys(event["type"] for event in events if not any(name in event["type"] for name in beside)))


def responses_in(events: list[Event]) -> list[list[Event]]:
    """The events from each `response.created` to its `response.done`."""
    found: list[list[Event]] = []
    current: list[Event] | None = None
    for event in events:
        if event["type"] == "response.created":
            current = []
        if current is not None:
            current.append(event)
        if event["type"] == "response.done" and current is not None:
            found.append(current)
            current = None
    return found


def test_the_standin_speaks_in_the_order_of_the_recordings(recordings: dict[str, Recording]) -> None:
    """A response in sound, one in text and a call: each as some real one was ordered."""
    real = {
        tuple(order_of(response)) for recording in recordings.values() for response in responses_in(recording.received)
    }
    ours = [tuple(order_of(response)) for response in responses_in(standin_events())]
    assert len(ours) == 3
    for order in ours:
        assert order in real


def test_the_standin_fills_the_fields_of_the_recordings(recordings: dict[str, Recording]) -> None:
    """Of a type that both have, no event lacks what all real ones carry or adds what none does, our marker apart."""
    real = shapes_of([event for recording in recordings.values() for event in recording.received])
    ours = shapes_of(standin_events())
    compared = [place for place in ours if place in real]
    assert len(compared) > 25
    for place in compared:
        for fields in ours[place]:
            assert set.intersection(*real[place]) <= fields <= set.union(*real[place]), place
    for kind in ("session.created", "session.updated"):
        sessions = [
            next(event["session"] for event in events if event["type"] == kind)
            for events in (standin_events(), next(iter(recordings.values())).received)
        ]
        assert set(sessions[0]) - {"jarvis_standin"} == set(sessions[1]), kind
        assert sessions[0]["audio"]["input"].keys() == sessions[1]["audio"]["input"].keys(), kind
