"""The gym was suspended in mid-session: the member is told so, heard out where that is soon, and the session closes."""

from jarvis.sessions import CloseReason
from voice_gateway.apologies import Trouble, apology
from voice_gateway.conversation import closing, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Moment
from voice_gateway.protocol import kiosk as kiosk_protocol

# An answer of usual length is heard to its end; what a new question would cost is not begun.
LAST_WORDS_SECONDS = 8.0


def begin(state: SessionState, now: Moment) -> list[Effect]:
    """The member knows that this is the end; said once."""
    if state.is_closing or state.last_words_until is not None:
        return []
    state.last_words_until = now.seconds + LAST_WORDS_SECONDS
    sentence = apology(Trouble.SUSPENDED, state.plan.profile.language)
    return saying.to_client(state, kiosk_protocol.error_event(kiosk_protocol.GYM_SUSPENDED, sentence), now)


def end_at_pause(state: SessionState, now: Moment) -> list[Effect]:
    """The session of a suspended gym closes as soon as nobody speaks, and when its time is up in any case."""
    if state.last_words_until is None or state.is_closing:
        return []
    playback_seconds = state.transcript.remaining_playback_ms(now) / 1000
    is_mid_turn = state.is_speaking or state.owed_since is not None or bool(state.responses)
    is_over = not is_mid_turn and playback_seconds <= 0
    if is_over or state.absence.is_away or now.seconds >= state.last_words_until:
        return closing.close(state, CloseReason.OPERATOR, now)
    silent_at = state.last_words_until if is_mid_turn else now.seconds + playback_seconds
    state.pause_due_at = min(state.last_words_until, silent_at)
    return []
