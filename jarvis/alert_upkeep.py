"""What happens to alerts without anybody saying a word: they end with their cause, rise when nobody takes them, and
dates and data raise some of their own.

Pure rules; `warehouse/stores/alert_upkeep.py` brings the standings. Who calls: alert upkeep, every quarter of an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from jarvis import alerts_fr
from jarvis.alerts import MILESTONES, ONCE_FOR_EVER, Alert, AlertType, Priority
from jarvis.churn import HeldBack, RiskLevel

# Nobody has taken it for so long: it goes up a step, once. By its priority when raised.
ESCALATE_AFTER = {
    Priority.URGENT: timedelta(days=1),
    Priority.HIGH: timedelta(days=3),
    Priority.MEDIUM: timedelta(days=7),
}
ESCALATED = frozenset(
    {AlertType.CHURN_RISK, AlertType.NEGATIVE_FEEDBACK, AlertType.EQUIPMENT_ISSUE, AlertType.KIOSK_OFFLINE}
)

# How an alert ends by itself.
CAUSE_ENDED = "cause_ended"
MEMBER_LEFT = "member_left"
# Nothing can be done about somebody who has left; what they complained of may still be there.
OF_MEMBERS_ONLY = frozenset({AlertType.CHURN_RISK, AlertType.MILESTONE})

# Who came at least so often before the alert was not missed: a visit is then no return.
MISSED_AFTER = timedelta(days=7)

# Silence about a machine means that it works only where members talk: so long, and so many conversations.
EQUIPMENT_QUIET_FOR = timedelta(days=21)
EQUIPMENT_QUIET_SESSIONS = 20
# Congratulations that come later are none.
MILESTONE_STALE_AFTER = timedelta(days=14)

ANNIVERSARIES = (1, 2, 3, 5, 10, 15, 20)

# A gym whose door counted so many a day and then nobody for so long has a fault, not a quiet week.
USUAL_VISITS_A_DAY = 5.0
CHECKINS_SILENT_AFTER = timedelta(days=2)

_STEPS = (Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An open alert with what has happened around it since."""

    alert_id: UUID
    gym_id: UUID
    alert_type: AlertType
    priority: Priority
    is_taken: bool
    is_escalated: bool
    dedup_key: str
    created_at: datetime
    last_occurred_at: datetime
    level: RiskLevel | None = None
    """Of the member's newest score that may be acted on; None where there is none."""
    scored_on: date | None = None
    visited_at: datetime | None = None
    """The member's first visit after the alert was raised."""
    visited_before: datetime | None = None
    """The member's last visit before it."""
    has_left: bool = False
    """True where the member is one no more: inactive, or no contract stood within the last 30 days."""
    sessions_since: int = 0
    """Conversations of the gym since the cause was last mentioned."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an alert ends by itself."""

    outcome_code: str
    """cause_ended, or member_left: nobody was kept by it."""
    note: str
    """In French."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A member who came within the last week, with what they may have reached."""

    gym_id: UUID
    member_id: UUID
    last_visit_at: datetime
    total_visits: int
    visits_before_fresh: int
    """Visits older than `alerts.MILESTONE_FRESH_FOR`."""
    member_since: date | None
    goal_id: UUID | None
    goal_kind: str | None
    """weekly_visits or total_visits."""
    goal_target: int | None
    goal_started_at: datetime | None
    steps: tuple[int, ...] = MILESTONES
    """The numbers of visits that this gym celebrates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GymData:
    """Whether a gym's data can be trusted today."""

    gym_id: UUID
    last_visit_at: datetime | None
    visits_a_day: float
    """Over the four weeks before the last visit."""
    is_closed: bool
    """True on a day of closure, and on the two days after it."""
    held_back: frozenset[HeldBack]
    """Why scores of the newest day are held back in this gym."""
    silent_after: timedelta = CHECKINS_SILENT_AFTER
    """So long without a visit is a fault in this gym, where visits are usual."""


def ending(one: OpenAlert, *, now: datetime) -> Ending | None:
    """Why the alert ends by itself; None while its cause lasts and its member is one."""
    if one.has_left and one.alert_type in OF_MEMBERS_ONLY:
        return Ending(MEMBER_LEFT, alerts_fr.MEMBER_LEFT)
    note = _end_of_cause(one, now=now)
    return None if note is None else Ending(CAUSE_ENDED, note)


def escalated(one: OpenAlert, *, now: datetime) -> Priority | None:
    """The priority of an alert that nobody took in time: one step up, urgent at most; None where it stays."""
    if one.is_taken or one.is_escalated or one.alert_type not in ESCALATED:
        return None
    after = ESCALATE_AFTER.get(one.priority)
    if after is None or now - one.created_at < after:
        return None
    return _STEPS[min(_STEPS.index(one.priority) + 1, len(_STEPS) - 1)]


def milestones(one: Arrival, *, today: date) -> Iterator[Alert]:
    """What a member who came lately has reached: a round number of visits; years; a goal of theirs."""
    passed = [count for count in one.steps if one.visits_before_fresh < count <= one.total_visits]
    if passed:
        yield _milestone(
            one,
            cause=str(passed[-1]),
            title=alerts_fr.milestone_title(passed[-1]),
            description=alerts_fr.milestone_description(passed[-1]),
        )
    years = 0 if one.member_since is None else _years(one.member_since, today)
    if one.member_since is not None and years in ANNIVERSARIES and _years(one.member_since, today - _WEEK) < years:
        yield _milestone(
            one,
            cause=f"years:{years}",
            title=alerts_fr.anniversary_title(years),
            description=alerts_fr.anniversary_description(years),
        )
    if _has_reached_goal(one):
        yield _milestone(
            one,
            cause=f"goal:{one.goal_id}",
            title=alerts_fr.GOAL_TITLE,
            description=alerts_fr.goal_description(one.goal_target or 0, is_weekly=one.goal_kind == "weekly_visits"),
        )


def data_faults(one: GymData, *, now: datetime) -> dict[str, Alert]:
    """Causes of bad data that stand in a gym, each with its alert; none where its data can be trusted."""
    causes: dict[str, Alert] = {}
    if (
        one.last_visit_at is not None
        and one.visits_a_day >= USUAL_VISITS_A_DAY
        and now - one.last_visit_at >= one.silent_after
        and not one.is_closed
    ):
        causes["checkins"] = _data_quality(one, "checkins", alerts_fr.CHECKINS_SILENT, now=now)
    # Check-ins that fell silent are told above, in fewer words and sooner.
    if HeldBack.FEATURES_DRIFTED in one.held_back:
        causes["drift"] = _data_quality(one, "drift", alerts_fr.SCORES_DRIFTED, now=now)
    elif HeldBack.CHECKINS_SILENT in one.held_back and "checkins" not in causes:
        causes["checkins"] = _data_quality(one, "checkins", alerts_fr.CHECKINS_INCOMPLETE, now=now)
    return {data_quality_key(cause): alert for cause, alert in causes.items()}


def data_quality_key(cause: str) -> str:
    """The cause's key within its gym."""
    return f"{AlertType.DATA_QUALITY}:{cause}"


_WEEK = timedelta(days=7)


def _end_of_cause(one: OpenAlert, *, now: datetime) -> str | None:
    """In French; None while it lasts."""
    if one.alert_type is AlertType.CHURN_RISK:
        was_missed = one.visited_before is None or one.created_at - one.visited_before >= MISSED_AFTER
        if one.visited_at is not None and was_missed:
            return alerts_fr.MEMBER_BACK
        is_newer = one.scored_on is not None and one.scored_on >= one.created_at.date()
        if is_newer and one.level in (RiskLevel.LOW, RiskLevel.MEDIUM):
            return alerts_fr.RISK_FELL
    if one.alert_type is AlertType.EQUIPMENT_ISSUE and not one.is_taken:
        is_quiet = now - one.last_occurred_at >= EQUIPMENT_QUIET_FOR
        if is_quiet and one.sessions_since >= EQUIPMENT_QUIET_SESSIONS:
            return alerts_fr.EQUIPMENT_QUIET
    if one.alert_type is AlertType.MILESTONE and now - one.created_at >= MILESTONE_STALE_AFTER:
        return alerts_fr.MILESTONE_STALE
    return None


def _has_reached_goal(one: Arrival) -> bool:
    if one.goal_target is None or one.goal_started_at is None:
        return False
    if one.goal_kind == "total_visits":
        return one.visits_before_fresh < one.goal_target <= one.total_visits
    is_a_week_old = one.last_visit_at - one.goal_started_at >= _WEEK
    return is_a_week_old and one.total_visits - one.visits_before_fresh >= one.goal_target


def _milestone(one: Arrival, *, cause: str, title: str, description: str) -> Alert:
    return Alert(
        gym_id=one.gym_id,
        session_id=None,
        kiosk_id=None,
        member_id=one.member_id,
        alert_type=AlertType.MILESTONE,
        priority=Priority.LOW,
        title=title,
        description=description,
        recommended_actions=alerts_fr.MILESTONE_ACTIONS,
        dedup_key=f"{AlertType.MILESTONE}:{one.member_id}:{cause}",
        occurred_at=one.last_visit_at,
        cooldown=ONCE_FOR_EVER,
    )


def _data_quality(one: GymData, cause: str, words: tuple[str, str], *, now: datetime) -> Alert:
    title, description = words
    return Alert(
        gym_id=one.gym_id,
        session_id=None,
        kiosk_id=None,
        member_id=None,
        alert_type=AlertType.DATA_QUALITY,
        priority=Priority.HIGH,
        title=title,
        description=description,
        recommended_actions=alerts_fr.DATA_QUALITY_ACTIONS,
        dedup_key=data_quality_key(cause),
        occurred_at=now,
        details=(("visits_a_day", one.visits_a_day),),
    )


def _years(since: date, today: date) -> int:
    """Whole years; whoever joined on 29 February has theirs on 1 March."""
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))
