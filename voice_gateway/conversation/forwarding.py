"""How what the kiosk may say reaches the upstream: at once, later, or not at all where it could only be refused."""

from dataclasses import replace

from voice_gateway.continuity import merged
from voice_gateway.conversation import saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, ToUpstream, committed, noted
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime

# What the upstream answers, now or with the next response.
_OWES_AN_ANSWER = frozenset({kiosk_protocol.ITEM_CREATE, kiosk_protocol.RESPONSE_CREATE, kiosk_protocol.COMMIT})


def forward(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """The serving upstream has the event, with a truncation brought to what it accepts."""
    kind, sound_ms = event["type"], 0
    if kind == kiosk_protocol.SESSION_UPDATE:
        state.updates.append("kiosk")
        state.client_settings = merged(state.client_settings, event["session"])
        if state.line.standby is not None:
            return [ToUpstream(realtime.text_of(event), leg) for leg in (state.line.serving, state.line.standby)]
    elif kind == kiosk_protocol.APPEND:
        byte_count = realtime.audio_bytes(event["audio"])
        state.sound.heard(realtime.text_of(event), byte_count)
        sound_ms = byte_count // realtime.AUDIO_BYTES_PER_MS
    elif kind == kiosk_protocol.CLEAR:
        state.sound.forget()
    elif kind == kiosk_protocol.ITEM_TRUNCATE:
        heard_ms = state.transcript.truncation(str(event.get("item_id")), event["audio_end_ms"])
        if heard_ms is None:
            return []
        event = {**event, "audio_end_ms": heard_ms}
    elif kind in _OWES_AN_ANSWER:
        state.active_at = state.owed_since = now.seconds
        state.is_asked = state.is_asked or kind == kiosk_protocol.RESPONSE_CREATE
        state.asked_again.taken_over()
    return [ToUpstream(realtime.text_of(event), state.line.serving, sound_ms)]


def hold(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """The event waits for the upstream; the kiosk is told where there is no room for it."""
    if state.held.hold(event):
        return []
    full = "found more than can be kept until the upstream is ready, expected less: send it again in a moment"
    return saying.refuse(state, kiosk_protocol.error_event("queue_full", full, event_id=event.get("event_id")), now)


def release(state: SessionState, now: Moment) -> list[Effect]:
    """What waited for the upstream has reached it, in order; sound that had to go meanwhile is on record."""
    effects: list[Effect] = []
    if state.held.dropped_ms:
        dropped = {"type": "sound.dropped", "audio_ms": state.held.dropped_ms}
        effects.append(noted(state.ledger.log("gateway", dropped, now)))
        state.held.dropped_ms = 0
    for event in state.held.release():
        # It has waited, and is wanted all the same.
        effects += [replace(e, sound_ms=0) if isinstance(e, ToUpstream) else e for e in forward(state, event, now)]
    return effects


def cut_here(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """A truncation that the serving upstream could only refuse: it is on record, and carried where it still can."""
    item_id = str(event.get("item_id"))
    heard_ms = state.transcript.clamped(item_id, event["audio_end_ms"])
    turn = state.transcript.was_cut(item_id, heard_ms)
    return [
        committed(*saying.turns(state, turn)),
        *saying.to_client(state, kiosk_protocol.truncated(item_id, heard_ms), now),
    ]
