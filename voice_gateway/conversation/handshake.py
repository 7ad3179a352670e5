"""A new upstream takes our settings: until it has, nobody may speak with it."""

from voice_gateway.continuity import merged
from voice_gateway.conversation import forwarding, handover, saying
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import Effect, Event, Moment, noted
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record


def set_up(state: SessionState, leg: int, now: Moment) -> list[Effect]:
    """The upstream learns who it is to whom: nothing of a member goes there before the notice is answered."""
    if leg == state.line.serving:
        state.updates.append("gateway")
        state.owed_since = now.seconds
    update = state.plan.profile.as_update(event_id=state.own_event_id("su"))
    with_choices = {**update, "session": merged(update["session"], state.client_settings)}
    return saying.to_upstream(state, with_choices, now, leg=leg)


def session_created(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """The upstream has begun a session; to the kiosk it is one, however many upstreams it takes."""
    records = [state.ledger.log("upstream_in", event, now), *named(state, event, state.line.serving, now)]
    shown = realtime.text_of(realtime.shown_session(event))
    return [noted(*records), *([] if state.was_ready else saying.pass_on(state, shown))]


def named(state: SessionState, event: Event, leg: int, now: Moment) -> list[Record]:
    """The upstream's own name for its session is on record, and when it ends is known."""
    session = event.get("session")
    if not isinstance(session, dict):
        return []
    expires_at = session.get("expires_at")
    if isinstance(expires_at, int | float) and expires_at > now.at.timestamp():
        state.line.expires(leg, in_seconds=expires_at - now.at.timestamp(), at=now.seconds)
    upstream_id = session.get("id")
    if not isinstance(upstream_id, str):
        return []
    return [store.name_upstream(state.plan.scope, upstream_session_id=upstream_id)]


def session_updated(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """Settings were taken: the client's, which it hears of, or our own, and the upstream is ready."""
    effects: list[Effect] = [noted(state.ledger.log("upstream_in", event, now))]
    state.is_interrupting = realtime.is_interrupting(event)
    asked_by = state.updates.pop(0) if state.updates else "kiosk"
    shown = realtime.text_of(realtime.shown_session(event))
    if asked_by == "kiosk" or state.is_ready:
        return [*effects, *saying.pass_on(state, shown)]
    state.is_ready = True
    state.line.taken()
    state.owed_since = None
    state.active_at = now.seconds
    effects += _ready_again(state, shown, now) if state.was_ready else _ready(state, now)
    return [*effects, *forwarding.release(state, now)]


def _ready(state: SessionState, now: Moment) -> list[Effect]:
    """The first upstream of the session: the conversation may begin, with a greeting where one is wanted."""
    state.was_ready = True
    effects = saying.upstream_state(state, "ready", now)
    effects += saying.to_kiosk(state, kiosk_protocol.ready(state.session_id), now)
    if state.plan.greets and not state.absence.is_away:
        state.owed_since, state.is_asked = now.seconds, True
        greeting = state.greeting.ask(event_id=state.own_event_id("gr"), at=now.seconds)
        effects += saying.to_upstream(state, greeting, now)
    return effects


def _ready_again(state: SessionState, shown: str, now: Moment) -> list[Effect]:
    """Another upstream after a loss: it answers for the client's update that the last one left open."""
    effects = saying.pass_on(state, shown) if state.is_update_owed else []
    state.is_update_owed = False
    return [*effects, *handover.resume(state, now)]
