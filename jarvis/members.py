"""A member's analytics as a pure function of what the member did: conversations and visits.

Rules only. `warehouse/stores/members.py` brings the facts and keeps the result; the members stage
of `orchestration` calls both. Churn scores come from the churn stage and are not touched here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean
from uuid import UUID

from jarvis.conversations import Sentiment

# Habits are read in whole weeks, so that a weekly member looks the same on every day of the week.
RECENT = timedelta(days=28)

# Two visits a week and one conversation a week are a fully engaged member.
FULL_VISITS_PER_WEEK = 2.0
FULL_CONVERSATIONS_IN_RECENT = 4
# A member not seen for this long has no recency left.
FORGOTTEN_AFTER_DAYS = 30

# Conversations in the last 28 days from which a habit has its name.
DAILY_FROM = 16
WEEKLY_FROM = 4
MONTHLY_FROM = 1

# The last three conversations against all before them; smaller moves are noise of the score itself.
TREND_WINDOW = 3
TREND_STEP = 0.2


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
    duration_seconds: float
    sentiment_score: float | None
    """-1 to 1; None where it was not analysed."""
    sentiment_label: Sentiment | None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """All that the rules look at, for one member."""

    gym_id: UUID
    member_id: UUID
    conversations: tuple[PastConversation, ...]
    """Oldest first."""
    visits: tuple[datetime, ...]
    """Oldest first; at least those of the last 28 days and the last one."""
    known_since: datetime | None
    """When the member joined; None where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnalytics:
    """One row of `member_analytics`, without its churn columns."""

    gym_id: UUID
    member_id: UUID
    total_conversations: int
    total_session_duration_seconds: int
    avg_session_duration_seconds: float | None
    last_conversation_at: datetime | None
    conversation_frequency: Frequency
    avg_sentiment_score: float | None
    sentiment_trend: Trend
    negative_sentiment_count: int
    positive_sentiment_count: int
    engagement_score: float
    """0 (gone) to 1 (two visits and one conversation a week)."""
    days_since_last_visit: int | None
    visit_frequency_per_week: float


def member_analytics(facts: MemberFacts, *, now: datetime) -> MemberAnalytics:
    """The member's analytics as of `now`; the same facts always give the same row."""
    scores = [one.sentiment_score for one in facts.conversations if one.sentiment_score is not None]
    labels = [one.sentiment_label for one in facts.conversations]
    durations = [one.duration_seconds for one in facts.conversations]
    days_away = days_since_last_seen(facts, now=now)
    per_week = visits_per_week(facts, now=now)
    recent_conversations = sum(one.started_at > now - RECENT for one in facts.conversations)
    return MemberAnalytics(
        gym_id=facts.gym_id,
        member_id=facts.member_id,
        total_conversations=len(facts.conversations),
        total_session_duration_seconds=round(sum(durations)),
        avg_session_duration_seconds=round(fmean(durations), 2) if durations else None,
        last_conversation_at=max((one.started_at for one in facts.conversations), default=None),
        conversation_frequency=conversation_frequency(recent_conversations),
        avg_sentiment_score=round(fmean(scores), 2) if scores else None,
        sentiment_trend=sentiment_trend(scores),
        negative_sentiment_count=labels.count(Sentiment.NEGATIVE),
        positive_sentiment_count=labels.count(Sentiment.POSITIVE),
        engagement_score=engagement_score(
            visits_per_week=per_week, days_since_last_visit=days_away, recent_conversations=recent_conversations
        ),
        days_since_last_visit=days_away,
        visit_frequency_per_week=per_week,
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

    Args:
        scores: sentiment scores, oldest first.
    """
    earlier, latest = scores[:-TREND_WINDOW], scores[-TREND_WINDOW:]
    if not earlier:
        return Trend.STABLE
    change = fmean(latest) - fmean(earlier)
    if change > TREND_STEP:
        return Trend.IMPROVING
    return Trend.DECLINING if change < -TREND_STEP else Trend.STABLE


def days_since_last_seen(facts: MemberFacts, *, now: datetime) -> int | None:
    """Whole days since the last visit; a conversation at the kiosk is a visit too. None if never seen."""
    seen = [*facts.visits, *(one.started_at for one in facts.conversations)]
    # A kiosk's clock may run ahead: never a negative number of days.
    return max(0, (now - max(seen)).days) if seen else None


def visits_per_week(facts: MemberFacts, *, now: datetime) -> float:
    """Days with a visit per week over the last 28 days, or since the member joined where that is less."""
    seen = [*facts.visits, *(one.started_at for one in facts.conversations)]
    days = {moment.date() for moment in seen if moment > now - RECENT}
    window = RECENT if facts.known_since is None else min(RECENT, now - facts.known_since)
    weeks = max(1.0, window / timedelta(weeks=1))
    return round(len(days) / weeks, 2)


def engagement_score(*, visits_per_week: float, days_since_last_visit: int | None, recent_conversations: int) -> float:
    """0 to 1: half the visits, three tenths how recent the last one is, two tenths the conversations."""
    habit = min(1.0, visits_per_week / FULL_VISITS_PER_WEEK)
    recency = 0.0 if days_since_last_visit is None else max(0.0, 1 - days_since_last_visit / FORGOTTEN_AFTER_DAYS)
    talk = min(1.0, recent_conversations / FULL_CONVERSATIONS_IN_RECENT)
    return round(0.5 * habit + 0.3 * recency + 0.2 * talk, 2)
