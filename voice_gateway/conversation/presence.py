"""The kiosk itself: its connection breaks, comes back within the time that the session waits, or is gone for good."""

from jarvis.sessions import CloseReason
from voice_gateway.apologies import Trouble
from voice_gateway.conversation import closing, member, notice, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Moment, ToUpstream, noted
from voice_gateway.protocol import kiosk as kiosk_protocol


def away(state: SessionState, now: Moment) -> list[Effect]:
    """Nothing is said to nobody; an answer that was not heard is owed."""
    if state.absence.is_away or state.is_closing:
        return []
    state.absence.begins(now.seconds)
    is_answering = bool(state.responses)
    cuts = member.cut_answers(state, now)
    if is_answering and not any(isinstance(effect, ToUpstream) for effect in cuts):
        # The member asked and heard nothing: asked again when there is somebody to hear it.
        state.absence.owe()
    log = state.ledger.log("gateway", {"type": "kiosk.away"}, now)
    return [noted(log), *cuts, *closing.cancel_answers(state, now)]


def back(state: SessionState, now: Moment) -> list[Effect]:
    """The kiosk knows where the conversation stands, and what it is owed is asked for."""
    if state.is_closing:
        return []
    owes = state.absence.ends()
    state.active_at = now.seconds
    effects = saying.to_kiosk(state, kiosk_protocol.session_resumed(state.session_id), now)
    effects += notice.show_mode(state, now)
    effects += notice.show(state, now)
    if not state.gate.is_open:
        return effects
    if not state.is_ready:
        return [*effects, *saying.upstream_state(state, "retrying", now, Trouble.RETRYING)]
    return [*effects, *(saying.ask(state, now) if owes else [])]


def lost(
    state: SessionState, reason: CloseReason, cause: str | None, now: Moment, *, is_taken: bool = False
) -> list[Effect]:
    """Nobody hears this session any more: it closes, with the cause on record where the gateway gave it up."""
    state.is_muted = True
    dropped = {"type": "kiosk.dropped", "cause": cause}
    logs: list[Effect] = [noted(state.ledger.log("gateway", dropped, now))] if cause else []
    return [*logs, *closing.close(state, reason, now, is_taken=is_taken)]
