"""One voice session, pure: `(event, now) → [effect]`.

Decides what a kiosk hears, what the upstream is told, what goes on record and when the session ends: each event goes
to its chapter in `voice_gateway/conversation/`, and what time alone brings about is here. `relay.py` runs the effects
in order; a durable `Persist` is committed before the next effect runs, which is what "committed before it is forwarded
or acted on" means. No socket, no clock, no database here.
"""

from decimal import Decimal
from uuid import UUID

from jarvis.sessions import CloseReason
from voice_gateway.conversation import (
    budget,
    closing,
    connections,
    kiosk_events,
    notice,
    opening,
    presence,
    saying,
    suspension,
    tool_results,
    upstream_events,
)
from voice_gateway.conversation.state import SessionState
from voice_gateway.effects import (
    BudgetSpent,
    CloseRequested,
    ConsentKept,
    Effect,
    GymSuspended,
    KioskAway,
    KioskBack,
    KioskLost,
    KioskRefused,
    KioskSent,
    Moment,
    Opened,
    SessionEvent,
    SessionPlan,
    Tick,
    ToolFinished,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
)


class VoiceSession:
    """One session from its badge to its close; `receive` is its only door."""

    def __init__(self, plan: SessionPlan, now: Moment) -> None:
        self._state = SessionState(plan, now)

    @property
    def plan(self) -> SessionPlan:
        """How the session is held; its language may change."""
        return self._state.plan

    @property
    def session_id(self) -> UUID:
        """The session's id, on record and at the upstream."""
        return self._state.session_id

    @property
    def cost_usd(self) -> Decimal:
        """What it has cost so far."""
        return self._state.cost_usd

    @property
    def close_reason(self) -> CloseReason | None:
        """Why it closes; None while it does not."""
        return self._state.close_reason

    @property
    def is_finished(self) -> bool:
        """True once it is closed on record: it answers to nothing any more."""
        return self._state.is_finished

    @property
    def can_be_resumed(self) -> bool:
        """True until the session begins to close."""
        return not self._state.is_closing

    def is_heard(self, now: Moment) -> bool:
        """True while the member hears an answer, or is about to."""
        return bool(self._state.responses) or self._state.transcript.remaining_playback_ms(now) > 0

    def receive(self, event: SessionEvent, now: Moment) -> list[Effect]:
        """What is to be done now, in this order."""
        if self.is_finished:
            return []
        return [
            *self._decide(event, now),
            *suspension.end_at_pause(self._state, now),
            *connections.renew(self._state, now),
        ]

    def _decide(self, event: SessionEvent, now: Moment) -> list[Effect]:
        state = self._state
        match event:
            case Opened(badge=badge):
                return opening.begin(state, badge, now)
            case KioskSent(event=sent):
                return kiosk_events.received(state, sent, now)
            case KioskRefused(error=error):
                return saying.refuse(state, error, now)
            case UpstreamOpened(leg=leg):
                return connections.opened(state, leg, now)
            case UpstreamSent(event=sent, text=text, leg=leg) if leg == state.line.serving:
                return upstream_events.received(state, sent, text, now)
            case UpstreamSent(event=sent, leg=leg):
                return connections.from_standby(state, leg, sent, now)
            case UpstreamLost(detail=detail, leg=leg, is_fatal=is_fatal):
                return connections.lost(state, detail, leg, now, is_fatal=is_fatal)
            case KioskLost(reason=reason, cause=cause, is_taken=is_taken):
                return presence.lost(state, reason, cause, now, is_taken=is_taken)
            case KioskAway():
                return presence.away(state, now)
            case KioskBack():
                return presence.back(state, now)
            case ToolFinished():
                return tool_results.finished(state, event, now)
            case CloseRequested(reason=reason):
                # The next member must hear nothing of this one.
                state.is_muted = state.is_muted or reason is CloseReason.SECOND_BADGE
                return closing.close(state, reason, now, is_taken=reason is CloseReason.SECOND_BADGE)
            case ConsentKept():
                return notice.kept(state, now)
            case BudgetSpent():
                return budget.spent(state, now)
            case GymSuspended():
                return suspension.begin(state, now)
            case Tick():
                return self._tick(now)

    # What time alone brings about: `deadline` says when, `_tick` what.

    def deadline(self) -> float:
        """Monotonic seconds at which a `Tick` is due at the latest."""
        state, limits = self._state, self._state.plan.limits
        if state.drain_until is not None:
            return state.drain_until
        due = [state.opened_at + limits.max_seconds, state.active_at + state.idle_seconds]
        if state.owed_since is not None:
            due.append(state.owed_since + limits.silence_seconds)
        if state.pause_due_at is not None:
            due.append(state.pause_due_at)
        if state.asked_again.due_at is not None:
            due.append(state.asked_again.due_at)
        if state.absence.due_at is not None:
            due.append(state.absence.due_at)
        if state.filler.due_at is not None and state.may_fill:
            due.append(state.filler.due_at)
        if state.line.renewal_due_at is not None and state.is_ready:
            due.append(state.line.renewal_due_at)
        if state.line.is_standby_ready and state.is_between_turns:
            due.append(state.active_at + connections.QUIET_SECONDS)
        return min(due)

    def _tick(self, now: Moment) -> list[Effect]:
        state, limits = self._state, self._state.plan.limits
        if state.is_closing:
            return closing.finish_when_drained(state, now)
        if now.seconds - state.opened_at >= limits.max_seconds:
            return closing.close(state, CloseReason.MAX_DURATION, now)
        if state.absence.due_at is not None and now.seconds >= state.absence.due_at:
            return presence.lost(state, CloseReason.KIOSK_LOST, None, now)
        if state.asked_again.due_at is not None and now.seconds >= state.asked_again.due_at:
            state.asked_again.taken_over()
            return saying.ask(state, now)
        if state.owed_since is not None and now.seconds - state.owed_since >= limits.silence_seconds:
            return connections.give_up(state, "silent while it owed an answer", now)
        if state.filler.due_at is not None and now.seconds >= state.filler.due_at and state.may_fill:
            return tool_results.fill(state, now)
        if now.seconds - state.active_at >= state.idle_seconds:
            if state.responses:
                state.active_at = now.seconds
                return []
            return closing.close(state, CloseReason.IDLE, now)
        return []
