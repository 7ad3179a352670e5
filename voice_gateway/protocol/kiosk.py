"""The kiosk's side of the wire: what a kiosk may send, and what the gateway says in its own name.

A kiosk speaks the Realtime protocol (GA) plus `kiosk.*` events. The gateway owns instructions, tools,
model, voice and limits, so what would change them is left out here, before it reaches the upstream.
Pure: no socket, no clock.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from jarvis.consents import LANGUAGES, notice_in, notice_version
from jarvis.kiosk_config import KioskConfig
from jarvis.kiosks import Badge, Member
from jarvis.sessions import CloseReason
from jarvis.storage import StorageLevel

Event = dict[str, Any]

SUBPROTOCOL = "realtime"
CREDENTIAL_SUBPROTOCOL = "openai-insecure-api-key."
KIOSK_SUBPROTOCOL = "jarvis.kiosk.v1"

MAX_FRAME_BYTES = 1024 * 1024

TEXT_ONLY = "text_only"

BADGE_SCANNED = "kiosk.badge.scanned"
SESSION_START = "kiosk.session.start"
SESSION_END = "kiosk.session.end"
PLAYBACK = "kiosk.playback"
CONSENT = "kiosk.consent"
LANGUAGE = "kiosk.language"
SESSION_RESUME = "kiosk.session.resume"
GYM_SUSPENDED = "gym_suspended"
KIOSK_EVENTS = frozenset({BADGE_SCANNED, SESSION_START, SESSION_END, PLAYBACK, CONSENT, LANGUAGE, SESSION_RESUME})

APPEND = "input_audio_buffer.append"
COMMIT = "input_audio_buffer.commit"
CLEAR = "input_audio_buffer.clear"
ITEM_CREATE = "conversation.item.create"
ITEM_RETRIEVE = "conversation.item.retrieve"
ITEM_TRUNCATE = "conversation.item.truncate"
ITEM_DELETE = "conversation.item.delete"
RESPONSE_CREATE = "response.create"
SESSION_UPDATE = "session.update"
_OUTPUT_CLEAR = "output_audio_buffer.clear"
_RELAYED = frozenset(
    {
        APPEND, COMMIT, CLEAR, ITEM_CREATE, ITEM_RETRIEVE, ITEM_TRUNCATE, ITEM_DELETE,
        RESPONSE_CREATE, "response.cancel", SESSION_UPDATE,
    }
)  # fmt: skip

# How a kiosk may end its own session.
_END_REASONS = {reason.value: reason for reason in (CloseReason.MEMBER_LEFT, CloseReason.MEMBER_GOODBYE)}

# What a client may choose for itself in session.update; everything else is the gateway's.
_TURN_DETECTION_FIELDS = frozenset(
    {
        "type", "threshold", "prefix_padding_ms", "silence_duration_ms", "create_response", "interrupt_response",
        "eagerness",
    }
)  # fmt: skip


class FrameError(ValueError):
    """A frame the kiosk must be told about; the session goes on."""

    def __init__(self, code: str, message: str, *, event_id: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.event_id = event_id
        self.param = param

    def as_event(self) -> Event:
        """The error as the Realtime protocol tells it."""
        return error_event(self.code, str(self), event_id=self.event_id, param=self.param)


def read_frame(frame: str | bytes) -> Event:
    """The event in one frame of a kiosk.

    Raises:
        FrameError: when the frame is binary, too large, not a JSON object, or names no event.
    """
    if isinstance(frame, bytes):
        raise FrameError("binary_frame", "found a binary frame, expected text: audio travels as base64 in JSON")
    # Characters first: counting bytes of a fitting frame would cost a copy of each audio frame.
    if len(frame) > MAX_FRAME_BYTES or (not frame.isascii() and len(frame.encode()) > MAX_FRAME_BYTES):
        raise FrameError(
            "frame_too_large",
            f"found a frame of more than {MAX_FRAME_BYTES} bytes, expected less: append audio in smaller pieces",
        )
    try:
        event = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise FrameError("invalid_json", "found a frame that is not JSON, expected one JSON object") from error
    if not isinstance(event, dict):
        raise FrameError("invalid_json", "found JSON that is not an object, expected one with a 'type'")
    if not isinstance(event.get("type"), str):
        raise FrameError("invalid_event", "found no 'type', expected the name of an event", event_id=_event_id(event))
    return event


def allowed(event: Event) -> Event:
    """The event as it may go upstream: policy applied, the rest dropped.

    Raises:
        FrameError: when the gateway does not take this event, or its shape is wrong.
    """
    kind = event["type"]
    if kind == _OUTPUT_CLEAR:
        raise FrameError(
            "not_over_a_websocket",
            "found output_audio_buffer.clear, which is WebRTC's: expected the client to stop playback itself, and "
            "conversation.item.truncate",
            event_id=_event_id(event), param="type",
        )  # fmt: skip
    if kind not in _RELAYED:
        raise FrameError(
            "unknown_event", f"found event '{kind[:80]}', expected one of {', '.join(sorted(_RELAYED))}",
            event_id=_event_id(event), param="type",
        )  # fmt: skip
    if kind == SESSION_UPDATE:
        return _allowed_session_update(event)
    if kind == RESPONSE_CREATE:
        return _allowed_response_create(event)
    if kind == ITEM_CREATE:
        return _allowed_item_create(event)
    if kind == APPEND and not isinstance(event.get("audio"), str):
        raise FrameError(
            "invalid_event", "found no audio, expected base64 PCM16", event_id=_event_id(event), param="audio"
        )
    if kind == ITEM_TRUNCATE and not _is_count(event.get("audio_end_ms")):
        raise FrameError(
            "invalid_event", "found no audio_end_ms, expected whole milliseconds",
            event_id=_event_id(event), param="audio_end_ms",
        )  # fmt: skip
    return event


def in_text_only(event: Event) -> Event:
    """A permitted event as it may go upstream where a session is held in text.

    Raises:
        FrameError: for sound.
    """
    kind = event["type"]
    if kind in (APPEND, COMMIT):
        raise FrameError(
            TEXT_ONLY, "found sound, expected text: this gym's voice budget for the month is spent, type instead",
            event_id=_event_id(event),
        )  # fmt: skip
    if kind == SESSION_UPDATE:
        return {**event, "session": {"type": "realtime", "output_modalities": ["text"]}}
    if kind == RESPONSE_CREATE and "response" in event:
        kept = {name: value for name, value in event["response"].items() if name != "output_modalities"}
        return {**event, "response": kept}
    return event


def mode(value: str, *, reason: str, message: str) -> Event:
    """How this session is held: a session is in voice unless the kiosk is told otherwise."""
    return {"type": "kiosk.mode", "mode": value, "reason": reason, "message": message}


def badge_of(event: Event) -> str:
    """The badge in `kiosk.badge.scanned`.

    Raises:
        FrameError: when there is none.
    """
    uid = event.get("uid")
    # Postgres knows no text with U+0000.
    if not isinstance(uid, str) or not 1 <= len(uid) <= 64 or "\x00" in uid:
        raise FrameError(
            "invalid_event",
            "found no badge, expected uid with 1 to 64 characters and no U+0000",
            event_id=_event_id(event),
            param="uid",
        )
    return uid


def playback_of(event: Event) -> tuple[str, int]:
    """Item and milliseconds played in `kiosk.playback`.

    Raises:
        FrameError: when either is missing.
    """
    item_id, played_ms = event.get("item_id"), event.get("played_ms")
    if not isinstance(item_id, str) or not isinstance(played_ms, int) or not _is_count(played_ms):
        raise FrameError(
            "invalid_event", "expected item_id and played_ms, in whole milliseconds, in kiosk.playback",
            event_id=_event_id(event),
        )  # fmt: skip
    return item_id, played_ms


def end_reason_of(event: Event) -> CloseReason:
    """The reason in `kiosk.session.end`; member_left when none is given.

    Raises:
        FrameError: when a kiosk may not end a session with it.
    """
    given = event.get("reason", CloseReason.MEMBER_LEFT.value)
    if given not in _END_REASONS:
        raise FrameError(
            "invalid_event",
            f"expected a reason out of {', '.join(_END_REASONS)}",
            event_id=_event_id(event),
            param="reason",
        )
    return _END_REASONS[given]


def consent_of(event: Event) -> bool:
    """The answer in `kiosk.consent`.

    Raises:
        FrameError: when it is neither yes nor no.
    """
    analysis = event.get("analysis")
    if not isinstance(analysis, bool):
        raise FrameError(
            "invalid_event", "found no answer, expected analysis to be true or false in kiosk.consent",
            event_id=_event_id(event), param="analysis",
        )  # fmt: skip
    return analysis


def session_of(event: Event) -> UUID | None:
    """The session in `kiosk.session.resume`; None where it names none."""
    try:
        return UUID(str(event.get("session_id")))
    except ValueError:
        return None


def language_of(event: Event) -> str:
    """The language in `kiosk.language`.

    Raises:
        FrameError: when the gateway does not speak it.
    """
    language = event.get("language")
    if not isinstance(language, str) or language not in LANGUAGES:
        raise FrameError(
            "invalid_event", f"expected a language out of {', '.join(LANGUAGES)} in kiosk.language",
            event_id=_event_id(event), param="language",
        )  # fmt: skip
    return language


def error_event(code: str, message: str, *, event_id: str | None = None, param: str | None = None) -> Event:
    """An error as the Realtime protocol tells it; the session goes on."""
    return {
        "type": "error",
        "error": {
            "type": "invalid_request_error", "code": code, "message": message, "param": param, "event_id": event_id,
        },
    }  # fmt: skip


def ready(session_id: UUID) -> Event:
    """The member may speak now."""
    return {"type": "kiosk.ready", "session_id": str(session_id)}


def member_identified(member: Member) -> Event:
    """The badge is a member's of this gym."""
    return {"type": "kiosk.member.identified", "first_name": member.first_name, "language": member.language}


def member_unknown(badge: Badge) -> Event:
    """The badge is no active member's of this gym; `outcome` says why. A guest of the network is named."""
    told = {"type": "kiosk.member.unknown", "outcome": badge.outcome.value}
    if badge.guest is None:
        return told
    return {**told, "first_name": badge.guest.first_name, "language": badge.guest.language}


def notice(language: str, level: StorageLevel, *, needs_answer: bool, analysis: bool | None) -> Event:
    """Who listens, what for, what is kept, how to refuse; until it is answered, nothing of the member goes upstream."""
    return {
        "type": "kiosk.notice", "language": language, "text": notice_in(language, level),
        "version": notice_version(level), "storage_level": level.value,
        "needs_answer": needs_answer, "analysis": analysis,
    }  # fmt: skip


def config(effective: KioskConfig, version: int) -> Event:
    """How the kiosk is to behave from now on."""
    return {"type": "kiosk.config", "config": effective.as_json(), "version": version}


def upstream_state(state: str, message: str | None = None) -> Event:
    """connecting, ready, lost or retrying; with a sentence for the captions where something went wrong."""
    told = {"type": "kiosk.upstream", "state": state}
    return {**told, "message": message} if message else told


def truncated(item_id: str, audio_end_ms: int) -> Event:
    """The answer counts as cut there, though its upstream is gone: what the protocol answers to a truncation."""
    return {
        "type": "conversation.item.truncated", "item_id": item_id, "content_index": 0, "audio_end_ms": audio_end_ms,
    }  # fmt: skip


def session_resumed(session_id: UUID) -> Event:
    """The session goes on where it was, on this connection."""
    return {"type": "kiosk.session.resumed", "session_id": str(session_id)}


def session_closed(session_id: UUID, reason: CloseReason) -> Event:
    """The session is over, and on record."""
    return {"type": "kiosk.session.closed", "session_id": str(session_id), "reason": reason.value}


def _allowed_session_update(event: Event) -> Event:
    session = event.get("session")
    if not isinstance(session, Mapping):
        raise FrameError(
            "invalid_event", "found no session, expected an object", event_id=_event_id(event), param="session"
        )
    kept: Event = {"type": "realtime"}
    if session.get("output_modalities") in (["audio"], ["text"]):
        kept["output_modalities"] = session["output_modalities"]
    audio = session.get("audio")
    if isinstance(audio, Mapping):
        for side in ("input", "output"):
            _check_format(audio.get(side), param=f"session.audio.{side}.format", event_id=_event_id(event))
    given = audio.get("input") if isinstance(audio, Mapping) else None
    if isinstance(given, Mapping) and "turn_detection" in given:
        detection = given["turn_detection"]
        if detection is None:
            kept["audio"] = {"input": {"turn_detection": None}}
        elif isinstance(detection, Mapping):
            chosen = {name: value for name, value in detection.items() if name in _TURN_DETECTION_FIELDS}
            kept["audio"] = {"input": {"turn_detection": chosen}}
    return _with_event_id({"type": SESSION_UPDATE, "session": kept}, event)


def _check_format(side: object, *, param: str, event_id: str | None) -> None:
    """Another format cannot be left out like a voice: its sound would be noise to whoever takes it for ours."""
    given = side.get("format") if isinstance(side, Mapping) else None
    if given is None:
        return
    if not isinstance(given, Mapping) or given.get("type") != "audio/pcm" or given.get("rate", 24000) != 24000:
        raise FrameError(
            "format_not_allowed", "found another audio format, expected audio/pcm at 24000 Hz",
            event_id=event_id, param=param,
        )  # fmt: skip


def _allowed_response_create(event: Event) -> Event:
    # Instructions, tools and input given here would override the session's: an mcp tool would call a stranger's URL.
    kept: Event = {"type": RESPONSE_CREATE}
    given = event.get("response")
    if isinstance(given, Mapping):
        response: Event = {}
        if isinstance(given.get("metadata"), Mapping):
            response["metadata"] = dict(given["metadata"])
        if given.get("output_modalities") in (["audio"], ["text"]):
            response["output_modalities"] = given["output_modalities"]
        if response:
            kept["response"] = response
    return _with_event_id(kept, event)


def _allowed_item_create(event: Event) -> Event:
    item = event.get("item")
    content = item.get("content") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or item.get("type") != "message" or not isinstance(content, list):
        raise FrameError(
            "invalid_event", "expected an item of type message with content", event_id=_event_id(event), param="item"
        )
    if item.get("role") != "user":
        # A system message is an instruction, and those are the gateway's.
        raise FrameError(
            "role_not_allowed", "found a role that a kiosk may not speak in, expected user",
            event_id=_event_id(event), param="item.role",
        )  # fmt: skip
    if not content or not all(
        isinstance(part, Mapping) and part.get("type") == "input_text" and isinstance(part.get("text"), str)
        for part in content
    ):
        raise FrameError(
            "content_not_allowed", "expected parts of type input_text only: audio goes by input_audio_buffer.append",
            event_id=_event_id(event), param="item.content",
        )  # fmt: skip
    kept: Event = {
        "type": "message", "role": "user",
        "content": [{"type": "input_text", "text": part["text"]} for part in content],
    }  # fmt: skip
    if isinstance(item.get("id"), str):
        kept["id"] = item["id"]
    created: Event = {"type": ITEM_CREATE, "item": kept}
    if isinstance(event.get("previous_item_id"), str):
        created["previous_item_id"] = event["previous_item_id"]
    return _with_event_id(created, event)


def _with_event_id(kept: Event, given: Mapping[str, Any]) -> Event:
    event_id = _event_id(given)
    return {**kept, "event_id": event_id} if event_id else kept


def _event_id(event: Mapping[str, Any]) -> str | None:
    event_id = event.get("event_id")
    return event_id if isinstance(event_id, str) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
