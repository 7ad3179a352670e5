"""A member's analytics as a pure function of what the member did: conversations and visits.

Rules only. `warehouse/stores/members.py` brings the facts and keeps the result; the members stage of
`orchestration` calls both, after each conversation and every night. `jarvis/visit_habits.py` judges the
visits, `jarvis/absences.py` says which days do not count. Churn scores come from the churn stage and are
not touched here. The order in which facts arrive never changes a row.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import fmean, median
from uuid import UUID

from jarvis.absences import (
    SILENCING,
    Away,
    GymCalendar,
    MuteReason,
    current_mute,
    gym_muted_days,
    member_muted_days,
)
from jarvis.conversations import Sentiment
from jarvis.visit_habits import LOOK_BACK_DAYS, CountedDays, Known, VisitTrend, visit_habit, visit_trend

# Habits are read in whole weeks, so that a weekly member looks the same on every day of the week.
RECENT_DAYS = 28

# Before a pattern can exist a member has no scores and is shown as new.
NEW_FOR_DAYS = 21

# Two visits a week and one conversation a week are a fully engaged member.
FULL_VISITS_PER_WEEK = 2.0
FULL_CONVERSATIONS_IN_RECENT = 4
# A member not seen for so many counted days has no recency left.
FORGOTTEN_AFTER_DAYS = 30

# Conversations in the last 28 days from which a habit has its name.
DAILY_FROM = 16
WEEKLY_FROM = 4
MONTHLY_FROM = 1

# The median of the last three conversations against that of those before; smaller moves are noise of the score itself.
TREND_WINDOW = 3
TREND_LEAST_EARLIER = 2
TREND_STEP = 0.2

# A mute is followed so far into the future; one that goes on has no known end.
MUTE_HORIZON_DAYS = 400


NEVER_AWAY = Away()


class Frequency(StrEnum):
    """How often a member talks to the kiosk."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    RARE = "rare"


class Trend(StrEnum):
    """Where a member's sentiment goes."""

    IMPROVING = "improving"
    STABLE = "stable"
    DECLINING = "declining"


@dataclass(frozen=True, slots=True)
class PastConversation:
    """One closed session of a member."""

    started_at: datetime
    started_on: date
    """The gym's own day."""
    duration_seconds: float
    sentiment_score: float | None
    """-1 to 1; None where it was not analysed: no consent, not yet, or given up."""
    sentiment_label: Sentiment | None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """All that the rules look at, for one member; in any order."""

    gym_id: UUID
    member_id: UUID
    conversations: tuple[PastConversation, ...] = ()
    visits: tuple[date, ...] = ()
    """The gym's own days with a visit: at least those of the look-back, and the last one."""
    joined_on: date | None = None
    """When the member joined; None where nobody knows."""
    known_on: date | None = None
    """When we first wrote the member down: counts where nobody knows when they joined, unless they came before."""
    away: Away = NEVER_AWAY


@dataclass(frozen=True, slots=True)
class GymDay:
    """One gym on one of its own days: what all its members share."""

    today: date
    muted: dict[date, MuteReason]
    """From the look-back's first day to the horizon."""
    counted: CountedDays
    recorded_from: date | None = None
    """The gym's first visit on record, `NO_RECORD` while there is none: before it nobody is known to have stayed away.
    None where the record is as old as every membership."""

    @property
    def first(self) -> date:
        """Where the look-back begins."""
        return self.counted.first

    @property
    def horizon(self) -> date:
        """How far mutes are followed."""
        return self.today + timedelta(days=MUTE_HORIZON_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnalytics:
    """One row of `member_analytics`, without its churn columns."""

    gym_id: UUID
    member_id: UUID
    observed_on: date
    """The gym's own day on which the row was true."""
    is_new: bool
    """Joined less than 21 days ago: no scores yet."""
    total_conversations: int
    total_session_duration_seconds: int
    avg_session_duration_seconds: float | None
    last_conversation_at: datetime | None
    conversation_frequency: Frequency
    avg_sentiment_score: float | None
    sentiment_trend: Trend
    negative_sentiment_count: int
    positive_sentiment_count: int
    engagement_score: float | None
    """0 (gone) to 1 (two visits and one conversation a week); None for a new member and where no visit is on record."""
    days_since_last_visit: int | None
    """Calendar days, at most since the gym's visits are on record; None if never seen."""
    counted_days_since_last_visit: int | None
    """Without muted days; None if never seen."""
    visit_frequency_per_week: float
    usual_visits_per_week: float | None
    """The member's habit; None for a new member and where there is none."""
    expected_gap_days: float | None
    """Counted days without a visit after which the member is missed."""
    visit_trend: VisitTrend | None
    """None for a new member."""
    mute_reason: MuteReason | None
    """Why today does not count; None on a day that does."""
    muted_until: date | None
    """The last day of the mute; None where it has no known end, or there is none."""


def gym_day(calendar: GymCalendar, *, today: date, recorded_from: date | None = None) -> GymDay:
    """The gym's day, its muted days found once for all its members."""
    first, horizon = today - timedelta(days=LOOK_BACK_DAYS), today + timedelta(days=MUTE_HORIZON_DAYS)
    muted = gym_muted_days(calendar, first, horizon)
    return GymDay(today, muted, CountedDays(muted, today=today), recorded_from)


def member_analytics(facts: MemberFacts, day: GymDay) -> MemberAnalytics:
    """The member's analytics on the gym's day; the same facts always give the same row, whatever their order."""
    today = day.today
    # Two of one moment and length stand in one order, too.
    conversations = sorted(
        facts.conversations,
        key=lambda one: (
            one.started_at, one.duration_seconds, one.sentiment_score is not None, one.sentiment_score or 0.0,
        ),
    )  # fmt: skip
    scores = [one.sentiment_score for one in conversations if one.sentiment_score is not None]
    labels = [one.sentiment_label for one in conversations]
    durations = [one.duration_seconds for one in conversations]
    # A conversation at the kiosk is a visit too; a kiosk's clock may run ahead: nobody comes tomorrow.
    seen = sorted({*facts.visits, *(one.started_on for one in conversations)})
    if seen and seen[-1] > today:
        seen = sorted({min(one, today) for one in seen})
    visits = seen[bisect_left(seen, day.first) :]
    muted, counted = _own_days(facts, day, visits)
    mute = current_mute(muted, today, horizon=day.horizon)
    joined_on = _joined_on(facts, seen)
    is_new = joined_on is not None and (today - joined_on).days < NEW_FOR_DAYS
    # What came before the records, or was deleted by their retention, is no absence.
    known = Known(joined_on, day.recorded_from)
    habit = None if is_new else visit_habit(visits, counted, known=known)
    recent_conversations = sum((today - one.started_on).days < RECENT_DAYS for one in conversations)
    unseen_since = min(known.unseen_since(seen[-1]) or today, today) if seen else None
    return MemberAnalytics(
        gym_id=facts.gym_id,
        member_id=facts.member_id,
        observed_on=today,
        is_new=is_new,
        total_conversations=len(conversations),
        total_session_duration_seconds=round(sum(durations)),
        avg_session_duration_seconds=round(fmean(durations), 2) if durations else None,
        last_conversation_at=conversations[-1].started_at if conversations else None,
        conversation_frequency=conversation_frequency(recent_conversations),
        avg_sentiment_score=round(fmean(scores), 2) if scores else None,
        sentiment_trend=sentiment_trend(scores),
        negative_sentiment_count=labels.count(Sentiment.NEGATIVE),
        positive_sentiment_count=labels.count(Sentiment.POSITIVE),
        engagement_score=None if is_new else _engagement(seen, conversations, counted, known),
        days_since_last_visit=None if unseen_since is None else (today - unseen_since).days,
        counted_days_since_last_visit=None if unseen_since is None else counted.since(unseen_since),
        visit_frequency_per_week=visits_per_week(visits, today=today, known_from=known.since),
        usual_visits_per_week=None if habit is None else round(habit.visits_per_week, 2),
        expected_gap_days=None if habit is None else round(habit.expected_gap_days, 1),
        visit_trend=None
        if is_new
        else visit_trend(
            visits,
            counted,
            habit,
            known=known,
            is_silenced=mute is not None and mute.reason in SILENCING,
        ),
        mute_reason=None if mute is None else mute.reason,
        muted_until=None if mute is None else mute.until,
    )


def conversation_frequency(recent_conversations: int) -> Frequency:
    """The name of a habit of so many conversations in 28 days."""
    if recent_conversations >= DAILY_FROM:
        return Frequency.DAILY
    if recent_conversations >= WEEKLY_FROM:
        return Frequency.WEEKLY
    return Frequency.MONTHLY if recent_conversations >= MONTHLY_FROM else Frequency.RARE


def sentiment_trend(scores: Sequence[float]) -> Trend:
    """Whether the last three conversations differ from those before; stable while there are too few to tell.

    Medians, so that one bad day is not a trend.

    Args:
        scores: sentiment scores, oldest first.
    """
    earlier, latest = scores[:-TREND_WINDOW], scores[-TREND_WINDOW:]
    if len(earlier) < TREND_LEAST_EARLIER:
        return Trend.STABLE
    change = median(latest) - median(earlier)
    if change > TREND_STEP:
        return Trend.IMPROVING
    return Trend.DECLINING if change < -TREND_STEP else Trend.STABLE


def visits_per_week(visits: Sequence[date], *, today: date, known_from: date | None) -> float:
    """Days with a visit per week over the last 28 days, or over those that are known where they are fewer.

    Args:
        visits: days with a visit, oldest first, each once.
    """
    recent = len(visits) - bisect_right(visits, today - timedelta(days=RECENT_DAYS))
    window = RECENT_DAYS if known_from is None else min(RECENT_DAYS, (today - known_from).days + 1)
    return round(recent / max(1.0, window / 7), 2)


def engagement_score(*, visits_per_week: float, days_since_last_visit: int | None, recent_conversations: int) -> float:
    """0 to 1: half the visits, three tenths how recent the last one is, two tenths the conversations.

    Args:
        days_since_last_visit: that count, without muted ones, or since the member's visits are known where there was
            none; None where nobody knows since when.
    """
    habit = min(1.0, visits_per_week / FULL_VISITS_PER_WEEK)
    away = days_since_last_visit
    recency = 0.0 if away is None else max(0.0, 1 - away / FORGOTTEN_AFTER_DAYS)
    talk = min(1.0, recent_conversations / FULL_CONVERSATIONS_IN_RECENT)
    return round(0.5 * habit + 0.3 * recency + 0.2 * talk, 2)


def _engagement(
    seen: Sequence[date], conversations: Sequence[PastConversation], counted: CountedDays, known: Known
) -> float | None:
    """Over the last four weeks of counted days, or those that are known where they are fewer, and what was done on
    them alone: whoever is back from a holiday is as engaged as before it, and whoever came all through it is so too.

    None while no visit of the gym is on record.
    """
    if known.is_before(counted.today):
        return None
    since = counted.start_of_last(RECENT_DAYS)
    known_days = counted.since(max(since, known.since or since) - timedelta(days=1))
    recent = [min(one.started_on, counted.today) for one in conversations]
    unseen_since = known.unseen_since(seen[-1] if seen else None)
    return engagement_score(
        visits_per_week=sum(map(counted.counts, seen[bisect_left(seen, since) :]))
        / max(1.0, min(RECENT_DAYS, known_days) / 7),
        days_since_last_visit=None if unseen_since is None else counted.since(unseen_since),
        recent_conversations=sum(day >= since and counted.counts(day) for day in recent),
    )


def _joined_on(facts: MemberFacts, seen: Sequence[date]) -> date | None:
    """When the member joined; where nobody knows, when they were first written down or first seen."""
    if facts.joined_on is not None:
        return facts.joined_on
    return min((one for one in (facts.known_on, *seen[:1]) if one is not None), default=None)


def _own_days(facts: MemberFacts, day: GymDay, visits: Sequence[date]) -> tuple[dict[date, MuteReason], CountedDays]:
    """The member's muted and counted days: the gym's own, where the member was never away."""
    if facts.away == NEVER_AWAY:
        return day.muted, day.counted
    muted = member_muted_days(day.muted, facts.away, day.first, day.horizon, visits=visits)
    return muted, CountedDays(muted, today=day.today)
