"""What the serving upstream sends: each event that means more than being relayed, and the function that answers it."""

from collections.abc import Callable, Mapping

from voice_gateway.conversation import answers, closing, connections, handshake, items, member, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment
from voice_gateway.protocol import realtime

_Answer = Callable[[SessionState, Event, str, Moment], list[Effect]]

_ANSWERS: Mapping[str, _Answer] = {
    realtime.SESSION_CREATED: handshake.session_created,
    realtime.SESSION_UPDATED: handshake.session_updated,
    realtime.ERROR: connections.refused,
    realtime.SPEECH_STARTED: member.speech_started,
    realtime.SPEECH_STOPPED: member.speech_stopped,
    realtime.COMMITTED: member.sound_committed,
    realtime.TRANSCRIPTION_COMPLETED: member.transcribed,
    realtime.TRANSCRIPTION_FAILED: member.not_transcribed,
    realtime.ITEM_ADDED: items.added,
    realtime.ITEM_TRUNCATED: items.truncated,
    realtime.ITEM_DELETED: items.deleted,
    realtime.OUTPUT_ITEM_ADDED: items.added,
    realtime.OUTPUT_ITEM_DONE: answers.output_item_done,
    realtime.RESPONSE_CREATED: answers.response_created,
    realtime.RESPONSE_DONE: answers.response_done,
    realtime.AUDIO_DELTA: answers.audio,
    **dict.fromkeys(realtime.WORDS_DELTA, answers.words),
    **dict.fromkeys(realtime.WORDS_DONE, answers.words_done),
}


def received(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The event is dealt with, and the upstream owes what it has begun."""
    kind = event.get("type")
    if not isinstance(kind, str):
        return []
    if state.is_ready:
        # Before, only the answer to our own settings counts: without it nobody may speak.
        state.owed_since = None
    effects = _ANSWERS.get(kind, saying.relay)(state, event, text, now)
    if kind == realtime.OUTPUT_ITEM_ADDED and state.asked_again.is_troubled:
        state.asked_again.settled()
        effects += saying.upstream_state(state, "ready", now)
    if state.responses and state.is_ready:
        # An answer that was begun is owed to its end.
        state.owed_since = now.seconds
    return [*effects, *closing.finish_when_drained(state, now)] if state.is_closing else effects
