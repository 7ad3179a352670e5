"""The session's connections to the upstream: each is opened, lost, given up or replaced in time.

Which connection serves, and when the next is due, is `Line` in `voice_gateway/continuity.py`.
"""

from jarvis.sessions import CloseReason
from voice_gateway.apologies import Trouble
from voice_gateway.conversation import closing, handover, handshake, saying, tool_results
from voice_gateway.conversation.state import OWN_EVENT_PREFIX, SessionState
from voice_gateway.effects import Effect, Event, HangUp, Moment, committed, noted
from voice_gateway.protocol import realtime
from warehouse.stores.sessions import Record

# Nobody has said anything for so long: the upstream may be replaced.
QUIET_SECONDS = 1.0


def opened(state: SessionState, leg: int, now: Moment) -> list[Effect]:
    """The connection stands, and is set up once the notice is answered."""
    if leg not in (state.line.serving, state.line.standby):
        return [HangUp(leg)]
    state.line.opened(leg, at=now.seconds)
    if leg == state.line.serving:
        state.is_upstream_open = True
        if state.is_closing:
            return closing.finish_when_drained(state, now)
    return handshake.set_up(state, leg, now) if state.gate.is_open else []


def lost(state: SessionState, detail: str, leg: int, now: Moment, *, is_fatal: bool = False) -> list[Effect]:
    """Where it served, the replacement takes over, another is dialled, or the session closes."""
    log = noted(state.ledger.log("gateway", {"type": "upstream.lost", "detail": detail, "leg": leg}, now))
    if leg == state.line.standby:
        state.line.standby_failed(at=now.seconds)
        return [log]
    if leg != state.line.serving:
        return []
    state.is_upstream_open = state.is_ready = state.is_speaking = False
    state.owed_since = None
    state.asked_again.settled()
    state.is_update_owed = state.is_update_owed or "kiosk" in state.updates
    state.updates.clear()
    if state.line.is_standby_ready and not state.is_closing and not is_fatal:
        # The replacement was waiting for a pause in the talk: it serves now.
        state.line.switch()
        state.is_upstream_open = state.is_ready = True
        return [log, *handover.answers_lost(state, now, are_asked_again=True), *handover.resume(state, now)]
    standby = state.line.standby
    dial = None if is_fatal or state.is_closing else state.line.redial()
    effects: list[Effect] = [log, *handover.answers_lost(state, now, are_asked_again=dial is not None)]
    if state.is_closing:
        return [*effects, *closing.finish_when_drained(state, now)]
    effects += [HangUp(standby)] if standby is not None else []
    if dial is None:
        effects += saying.upstream_state(state, "lost", now, Trouble.LOST)
        return [*effects, *closing.close(state, CloseReason.PROVIDER_LOST, now)]
    # A member who waits is not idle.
    state.active_at = now.seconds
    return [*effects, *saying.upstream_state(state, "retrying", now, Trouble.RETRYING), dial]


def give_up(state: SessionState, detail: str, now: Moment, *, is_fatal: bool = False) -> list[Effect]:
    """A connection that stands but serves no more is hung up, and counts as lost."""
    leg = state.line.serving
    return [HangUp(leg), *lost(state, detail, leg, now, is_fatal=is_fatal)]


def refused(state: SessionState, event: Event, text: str, now: Moment) -> list[Effect]:
    """An error of the upstream: the client's to hear, the gateway's to answer, or the end of the connection."""
    code, about = realtime.error_of(event)
    effects: list[Effect] = [committed(state.ledger.log("upstream_in", event, now))]
    if about.startswith(OWN_EVENT_PREFIX + "su") and not state.is_ready:
        # Without our instructions nobody may speak with the model.
        return [*effects, *give_up(state, "our settings were refused", now, is_fatal=True)]
    if code == realtime.SESSION_EXPIRED:
        return [*effects, *give_up(state, code, now)]
    if not about.startswith(OWN_EVENT_PREFIX):
        effects += saying.pass_on(state, text)
    elif about.startswith(OWN_EVENT_PREFIX + "fi"):
        effects += tool_results.filler_over(state, now)
    if code in realtime.FATAL_ERRORS:
        effects += give_up(state, code, now, is_fatal=True)
    return effects


def renew(state: SessionState, now: Moment) -> list[Effect]:
    """The connection is replaced in time: the new one is made first, and takes over between two turns."""
    if state.is_closing or not state.is_ready:
        return []
    due = state.line.renewal_due_at
    if due is not None and now.seconds >= due:
        return [state.line.dial_standby()]
    is_quiet = state.is_between_turns and now.seconds >= state.active_at + QUIET_SECONDS
    if not (state.line.is_standby_ready and is_quiet):
        return []
    before = state.line.switch()
    log = state.ledger.log("gateway", {"type": "upstream.renewed", "leg": state.line.serving}, now)
    return [noted(log), *handover.carry(state, now), HangUp(before)]


def from_standby(state: SessionState, leg: int, event: Event, now: Moment) -> list[Effect]:
    """The replacement is being set up: nothing of it reaches the kiosk. Other legs have nothing to say any more."""
    kind = event.get("type")
    if leg != state.line.standby or not isinstance(kind, str):
        return []
    records: list[Record] = [state.ledger.log("upstream_in", event, now)]
    if kind == realtime.SESSION_CREATED:
        records += handshake.named(state, event, leg, now)
    elif kind == realtime.SESSION_UPDATED:
        state.line.is_standby_ready = True
    elif kind == realtime.ERROR:
        state.line.standby_failed(at=now.seconds)
        return [committed(*records), HangUp(leg)]
    return [noted(*records)]
