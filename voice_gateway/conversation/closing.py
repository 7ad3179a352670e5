"""How a session ends: no more is said, what is owed is waited for a little, and the close is on record."""

from jarvis.sessions import CloseReason
from voice_gateway.conversation import saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Finished, Moment, ToKiosk, committed
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record

# Once somebody else stands there, the session of whoever did before is gone within a second.
_WIPE_SECONDS = 0.8


def close(state: SessionState, reason: CloseReason, now: Moment, *, is_taken: bool = False) -> list[Effect]:
    """The session closes; the first reason is the one that counts.

    Args:
        is_taken: somebody else stands there: nothing of this member is held for longer, not even for its last bill.
    """
    drain_seconds = state.plan.limits.drain_seconds
    drain_until = now.seconds + (min(drain_seconds, _WIPE_SECONDS) if is_taken else drain_seconds)
    if state.drain_until is not None:
        state.drain_until = min(state.drain_until, drain_until)
    if state.close_reason is not None:
        return finish_when_drained(state, now)
    state.close_reason = reason
    state.drain_until = drain_until
    return [*cancel_answers(state, now), *finish_when_drained(state, now)]


def keep_to_budget(state: SessionState, now: Moment) -> list[Effect]:
    """No further answer is begun once the session has cost what it may."""
    return close(state, CloseReason.BUDGET, now) if state.cost_usd >= state.plan.limits.max_cost_usd else []


def cancel_answers(state: SessionState, now: Moment) -> list[Effect]:
    """What is being said to nobody costs money."""
    if not state.is_upstream_open:
        return []
    return [effect for response_id in sorted(state.responses) for effect in saying.cancel(state, response_id, now)]


def unbilled(state: SessionState, now: Moment) -> list[Record]:
    """The rows of answers whose bill will never come."""
    model = state.plan.profile.model
    return [
        record
        for response_id in sorted(state.responses)
        for record in state.ledger.bill("response", response_id, model=model, report=None, now=now)
    ]


def lost_words(state: SessionState, now: Moment) -> list[Record]:
    """What the member said and nobody will put into words: failed turns, and the rows of bills that never come."""
    rows = [state.transcript.transcription_failed(item_id, now=now) for item_id in sorted(state.untranscribed)]
    bills = [
        record
        for item_id in sorted(state.untranscribed)
        for record in saying.bill_transcription(state, item_id, None, now)
    ]
    state.untranscribed.clear()
    return [*(saying.turns(state, *rows) if rows else []), *bills]


def finish_when_drained(state: SessionState, now: Moment) -> list[Effect]:
    """A closing session is over once nothing is owed any more, or it has waited for long enough."""
    if state.is_finished or state.close_reason is None or state.drain_until is None:
        return []
    owes = state.responses or state.untranscribed or state.calls.are_running
    if owes and state.is_upstream_open and now.seconds < state.drain_until:
        return []
    state.is_finished = True
    records = (
        *saying.turns(state, *state.transcript.unfinished(now=now)),
        *lost_words(state, now),
        *unbilled(state, now),
        store.close_session(state.plan.scope, reason=state.close_reason, ended_at=now.at),
        state.ledger.log("gateway", {"type": "session.closed", "reason": state.close_reason.value}, now),
    )
    # Said even to a kiosk that hears nothing else of this session: it is how it knows that it is over.
    closed = kiosk_protocol.session_closed(state.session_id, state.close_reason)
    told: list[Effect] = [ToKiosk(realtime.text_of(closed))] if state.plan.is_kiosk else []
    return [committed(*records), *told, Finished(state.close_reason, state.cost_usd)]
