"""What the kiosk sends: each event is answered here, refused, or let through to the upstream."""

from voice_gateway.consent import stopped
from voice_gateway.conversation import closing, forwarding, notice, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, committed, noted
from voice_gateway.protocol import kiosk as kiosk_protocol
from warehouse.stores.sessions import Record


def received(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    """The event is on record and dealt with; what is said before the notice is answered is neither."""
    if not state.gate.lets_pass(event):
        # Not even on record: what was said before the answer was not meant for anybody.
        error = stopped(event)
        return saying.refuse(state, error, now) if error else []
    log = state.ledger.log("kiosk_in", event, now)
    try:
        own = _for_the_gateway(state, event, log, now)
        if own is not None:
            return own
        permitted = state.hidden.allowed(kiosk_protocol.allowed(event))
        if state.plan.profile.is_text_only:
            permitted = kiosk_protocol.in_text_only(permitted)
    except kiosk_protocol.FrameError as error:
        return [noted(log), *_refused(state, error, now)]
    return [noted(log), *_for_the_upstream(state, permitted, now)]


def _for_the_gateway(state: SessionState, event: Event, log: Record, now: Moment) -> list[Effect] | None:
    """What the gateway does about an event that is its own to answer; None for all others."""
    match event["type"]:
        case kiosk_protocol.PLAYBACK:
            state.transcript.played(*kiosk_protocol.playback_of(event))
            state.active_at = now.seconds
            return [noted(log)]
        case kiosk_protocol.SESSION_END:
            reason = kiosk_protocol.end_reason_of(event)
            return [committed(log), *closing.close(state, reason, now)]
        case kiosk_protocol.CONSENT:
            return notice.answered(state, event, log, now)
        case kiosk_protocol.LANGUAGE:
            return [noted(log), *notice.change_language(state, kiosk_protocol.language_of(event), now)]
        case _:
            return None


def _for_the_upstream(state: SessionState, event: Event, now: Moment) -> list[Effect]:
    if state.is_closing:
        return []
    if event["type"] == kiosk_protocol.APPEND and state.greeting.mutes(now.seconds):
        return []
    if event["type"] == kiosk_protocol.ITEM_TRUNCATE and state.is_elsewhere(str(event.get("item_id"))):
        return forwarding.cut_here(state, event, now)
    return forwarding.forward(state, event, now) if state.is_ready else forwarding.hold(state, event, now)


def _refused(state: SessionState, error: kiosk_protocol.FrameError, now: Moment) -> list[Effect]:
    if error.code == kiosk_protocol.TEXT_ONLY:
        # Told once: fifty frames of sound come in a second.
        if state.is_told_text_only:
            return []
        state.is_told_text_only = True
    return saying.refuse(state, error.as_event(), now)
