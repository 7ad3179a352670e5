"""What the member says: speech begins and ends, is committed, and becomes words or does not.

Whoever begins to speak ends what is being played, where he stopped hearing it.
"""

from voice_gateway.conversation import closing, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, committed, noted
from voice_gateway.protocol import kiosk as kiosk_protocol
from warehouse.stores.sessions import Record


def speech_started(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The member has the word; what was being said to him is cut, unless the client wants it otherwise."""
    state.active_at = now.seconds
    state.is_speaking = True
    state.asked_again.taken_over()
    item_id = event.get("item_id")
    if isinstance(item_id, str):
        state.transcript.began(item_id, now=now)
    effects = saying.relay(state, event, text, now)
    if state.filler.response_id is not None:
        # The upstream stops only answers of the conversation by itself.
        effects += saying.cancel(state, state.filler.response_id, now)
    return [*effects, *cut_answers(state, now)] if state.is_interrupting else effects


def cut_answers(state: SessionState, now: Moment) -> list[Effect]:
    """What is being played ends where the member stopped hearing it, on record and upstream."""
    cuts = state.transcript.interrupt(now)
    effects: list[Effect] = [noted(*saying.turns(state, *state.transcript.cut_rows(cuts)))] if cuts else []
    for cut in cuts:
        if cut.heard_ms > 0 and not state.is_elsewhere(cut.item_id):
            # Over a websocket the server cannot know what was heard; it rejects 0, which says nothing anyway.
            truncate = {
                "type": kiosk_protocol.ITEM_TRUNCATE,
                "event_id": state.own_event_id("tr"),
                "item_id": cut.item_id,
                "content_index": cut.content_index,
                "audio_end_ms": cut.heard_ms,
            }
            effects += saying.to_upstream(state, truncate, now)
    return effects


def speech_stopped(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The end of the member's turn has its time."""
    state.active_at = now.seconds
    item_id = event.get("item_id")
    if isinstance(item_id, str):
        state.transcript.ended(item_id, now=now)
    return saying.relay(state, event, text, now)


def sound_committed(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The upstream has made an item of what was said: it owes the words, and mostly an answer."""
    state.active_at = state.owed_since = now.seconds
    state.is_speaking = False
    state.sound.forget()
    state.is_asked = state.is_asked or state.is_answered_by_itself
    item_id = event.get("item_id")
    if isinstance(item_id, str):
        state.transcript.appeared(item_id, role="member", now=now)
        state.transcript.follows(item_id, event.get("previous_item_id"))
        state.untranscribed.add(item_id)
    return saying.relay(state, event, text, now)


def transcribed(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The member's words are on record, with what it cost to know them."""
    item_id = str(event.get("item_id"))
    state.untranscribed.discard(item_id)
    state.active_at = now.seconds
    records: list[Record] = [state.ledger.log("upstream_in", event, now)]
    turn = state.transcript.member_said(item_id, str(event.get("transcript") or ""), now=now)
    records += saying.turns(state, turn)
    records += saying.bill_transcription(state, item_id, event.get("usage"), now)
    return [committed(*records), *saying.pass_on(state, text), *closing.keep_to_budget(state, now)]


def not_transcribed(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The member spoke and nobody will know what: the turn is on record without words, and its bill."""
    item_id = str(event.get("item_id"))
    state.untranscribed.discard(item_id)
    turn = state.transcript.transcription_failed(item_id, now=now)
    log = state.ledger.log("upstream_in", event, now)
    bill = saying.bill_transcription(state, item_id, event.get("usage"), now)
    return [committed(log, *saying.turns(state, turn), *bill), *saying.pass_on(state, text)]
