"""What passes from one upstream to the next: answers that will not come any more, and everything said before.

When that happens is `connections.py`; what fits into a new upstream's memory is `voice_gateway/continuity.py`.
"""

from dataclasses import replace

from voice_gateway.apologies import Trouble
from voice_gateway.continuity import failed_response
from voice_gateway.conversation import closing, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Moment, ToUpstream, committed
from voice_gateway.protocol import kiosk as kiosk_protocol


def answers_lost(state: SessionState, now: Moment, *, are_asked_again: bool) -> list[Effect]:
    """What the upstream still owed is over: half answers are turns, lost words are failed ones."""
    state.are_words_lost = state.are_words_lost or bool(state.untranscribed)
    records = [
        *saying.turns(state, *state.transcript.unfinished(now=now)),
        *closing.lost_words(state, now),
        *closing.unbilled(state, now),
    ]
    effects: list[Effect] = [committed(*records)] if records else []
    continues = are_asked_again and state.plan.is_kiosk and not state.are_words_lost
    for response_id in sorted(state.responses):
        effects += saying.to_client(state, failed_response(response_id, continues=continues), now)
    state.responses.clear()
    state.calls.forget_waiting()
    state.filler.over()
    return effects


def carry(state: SessionState, now: Moment) -> list[Effect]:
    """The serving upstream, which is new, knows what was said and done before; it is not asked to answer."""
    effects: list[Effect] = []
    said = [replace(one, text="") if one.item_id in state.deleted else one for one in state.transcript.said()]
    items = state.memory.carried(said)
    state.transcript.begin_anew()
    state.carried = {item["id"] for item in items if "id" in item}
    for item in items:
        create = {"type": kiosk_protocol.ITEM_CREATE, "event_id": state.own_event_id("cx"), "item": item}
        effects += saying.to_upstream(state, create, now)
    # A word that was just begun is whole again.
    return [*effects, *(ToUpstream(text, state.line.serving) for text in state.sound.frames)]


def resume(state: SessionState, now: Moment) -> list[Effect]:
    """After a loss: the context, the news for the kiosk, the answer that was owed."""
    effects = carry(state, now)
    effects += saying.upstream_state(state, "ready", now, Trouble.BACK if state.are_words_lost else None)
    is_asked_again = any(held["type"] == kiosk_protocol.RESPONSE_CREATE for held in state.held)
    # Words that were lost cannot be answered, and what a tool will bring is answered when it comes.
    if state.is_asked and not (state.are_words_lost or is_asked_again or state.calls.are_running):
        effects += saying.ask(state, now)
    state.are_words_lost = False
    return effects
