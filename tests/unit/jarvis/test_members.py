"""Member analytics: what each rule says of a handful of visits and conversations."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from jarvis.conversations import Sentiment
from jarvis.members import (
    Frequency,
    MemberFacts,
    PastConversation,
    Trend,
    conversation_frequency,
    member_analytics,
    sentiment_trend,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
GYM, MEMBER = UUID(int=1), UUID(int=2)


def conversation(days_ago: float, score: float | None = 0.0, seconds: float = 60.0) -> PastConversation:
    label = None if score is None else Sentiment.NEGATIVE if score < 0 else Sentiment.POSITIVE
    return PastConversation(NOW - timedelta(days=days_ago), seconds, score, label)


def facts(
    conversations: tuple[PastConversation, ...] = (),
    visits_days_ago: tuple[float, ...] = (),
    known_since: datetime | None = None,
) -> MemberFacts:
    visits = tuple(NOW - timedelta(days=days) for days in sorted(visits_days_ago, reverse=True))
    return MemberFacts(GYM, MEMBER, conversations, visits, known_since)


def test_a_member_never_seen_has_no_numbers_made_up() -> None:
    """Nothing is known: no average, no days, no engagement, and no error."""
    row = member_analytics(facts(), now=NOW)
    assert (row.total_conversations, row.avg_session_duration_seconds, row.avg_sentiment_score) == (0, None, None)
    assert (row.days_since_last_visit, row.engagement_score, row.visit_frequency_per_week) == (None, 0.0, 0.0)
    assert (row.conversation_frequency, row.sentiment_trend) == (Frequency.RARE, Trend.STABLE)


def test_conversations_are_counted_timed_and_averaged() -> None:
    """Totals cover every conversation; the sentiment only those that were analysed."""
    row = member_analytics(
        facts((conversation(9, -0.8, 30), conversation(5, None, 60), conversation(1, 0.4, 90))), now=NOW
    )
    assert (row.total_conversations, row.total_session_duration_seconds) == (3, 180)
    assert (row.avg_session_duration_seconds, row.avg_sentiment_score) == (60.0, -0.2)
    assert (row.negative_sentiment_count, row.positive_sentiment_count) == (1, 1)
    assert row.last_conversation_at == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        (0, Frequency.RARE),
        (1, Frequency.MONTHLY),
        (3, Frequency.MONTHLY),
        (4, Frequency.WEEKLY),
        (15, Frequency.WEEKLY),
        (16, Frequency.DAILY),
    ],
)
def test_a_habit_has_the_name_of_its_bound(recent: int, expected: Frequency) -> None:
    """The names change at 1, 4 and 16 conversations in 28 days."""
    assert conversation_frequency(recent) is expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, -0.5, -0.5], Trend.STABLE),
        ([0.5, -0.5, -0.5, -0.5], Trend.DECLINING),
        ([-0.5, 0.1, 0.2, 0.3], Trend.IMPROVING),
        ([0.0, 0.1, 0.2, 0.1], Trend.STABLE),
    ],
)
def test_a_trend_needs_something_before_it(scores: list[float], expected: Trend) -> None:
    """Three conversations have no trend; the last three are compared with all before them."""
    assert sentiment_trend(scores) is expected


def test_two_visits_a_week_and_one_talk_a_week_are_full_engagement() -> None:
    """A member who came today, twice a week, and talks weekly has engagement 1."""
    visits = tuple(float(days) for days in (0, 3, 7, 10, 14, 17, 21, 24))
    talks = tuple(conversation(days, 0.0) for days in (21, 14, 7, 0))
    row = member_analytics(facts(talks, visits), now=NOW)
    assert (row.visit_frequency_per_week, row.days_since_last_visit, row.engagement_score) == (2.0, 0, 1.0)


def test_engagement_fades_with_absence() -> None:
    """A member not seen for 30 days has none left, whatever came before."""
    assert member_analytics(facts(visits_days_ago=(30, 31, 40)), now=NOW).engagement_score == 0.0


def test_two_visits_on_one_day_are_one_day() -> None:
    """Badging twice does not make a habit."""
    assert member_analytics(facts(visits_days_ago=(1, 1.1)), now=NOW).visit_frequency_per_week == 0.25


def test_a_new_member_is_measured_over_their_own_weeks() -> None:
    """Two visits in the first week are two a week, not half of one."""
    row = member_analytics(facts(visits_days_ago=(1, 3), known_since=NOW - timedelta(days=5)), now=NOW)
    assert row.visit_frequency_per_week == 2.0


def test_a_kiosk_clock_that_runs_ahead_gives_no_negative_days() -> None:
    """A visit in the future counts as now."""
    assert member_analytics(facts(visits_days_ago=(-2,)), now=NOW).days_since_last_visit == 0
