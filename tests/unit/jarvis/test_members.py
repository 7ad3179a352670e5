"""Member analytics: what each rule says of a handful of visits and conversations, and what holds for all of them."""

import random
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jarvis.absences import Away, GymCalendar, MuteReason, Period
from jarvis.conversations import Sentiment
from jarvis.members import (
    NEVER_AWAY,
    Frequency,
    GymDay,
    MemberAnalytics,
    MemberFacts,
    PastConversation,
    Trend,
    conversation_frequency,
    engagement_score,
    gym_day,
    member_analytics,
    sentiment_trend,
)
from jarvis.visit_habits import CountedDays, VisitTrend

# A Monday
TODAY = date(2026, 6, 15)
GYM, MEMBER = UUID(int=1), UUID(int=2)
LONG_AGO = date(2024, 1, 1)

# Every day counts: holidays have tests of their own.
PLAIN = GymDay(TODAY, {}, CountedDays({}, today=TODAY))


def conversation(days_ago: int, score: float | None = 0.0, seconds: float = 60.0) -> PastConversation:
    label = None if score is None else Sentiment.NEGATIVE if score < 0 else Sentiment.POSITIVE
    day = TODAY - timedelta(days=days_ago)
    return PastConversation(datetime.combine(day, time(9), tzinfo=UTC), day, seconds, score, label)


def facts(
    conversations: tuple[PastConversation, ...] = (),
    visits_days_ago: tuple[int, ...] = (),
    *,
    joined_on: date | None = LONG_AGO,
    known_on: date | None = None,
    away: Away = NEVER_AWAY,
) -> MemberFacts:
    visits = tuple(TODAY - timedelta(days=days) for days in visits_days_ago)
    return MemberFacts(GYM, MEMBER, conversations, visits, joined_on, known_on, away)


def row_of(one: MemberFacts, day: GymDay = PLAIN) -> MemberAnalytics:
    return member_analytics(one, day)


def test_a_member_never_seen_has_no_numbers_made_up() -> None:
    """Nothing is known: no average, no days, no habit, no engagement, and no error; only that they are missed."""
    row = row_of(facts())
    assert (row.total_conversations, row.avg_session_duration_seconds, row.avg_sentiment_score) == (0, None, None)
    assert (row.days_since_last_visit, row.engagement_score, row.visit_frequency_per_week) == (None, 0.0, 0.0)
    assert (row.conversation_frequency, row.sentiment_trend) == (Frequency.RARE, Trend.STABLE)
    assert (row.usual_visits_per_week, row.expected_gap_days) == (None, None)
    assert (row.visit_trend, row.is_new) == (VisitTrend.ABSENT, False)


def test_conversations_are_counted_timed_and_averaged() -> None:
    """Totals cover every conversation; the sentiment only those that were analysed."""
    row = row_of(facts((conversation(9, -0.8, 30), conversation(5, None, 60), conversation(1, 0.4, 90))))
    assert (row.total_conversations, row.total_session_duration_seconds) == (3, 180)
    assert (row.avg_session_duration_seconds, row.avg_sentiment_score) == (60.0, -0.2)
    assert (row.negative_sentiment_count, row.positive_sentiment_count) == (1, 1)
    assert row.last_conversation_at == datetime(2026, 6, 14, 9, tzinfo=UTC)


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
    assert row_of(facts(tuple(conversation(27) for _ in range(recent)))).conversation_frequency is expected
    assert row_of(facts(tuple(conversation(28) for _ in range(recent)))).conversation_frequency is Frequency.RARE


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, -0.5, -0.5, -0.5], Trend.STABLE),
        ([0.5, 0.5, -0.5, -0.5, -0.5], Trend.DECLINING),
        ([-0.5, -0.4, 0.1, 0.2, 0.3], Trend.IMPROVING),
        ([0.0, 0.1, 0.1, 0.2, 0.1], Trend.STABLE),
        ([0.5, 0.5, 0.5, -1.0, 0.5, 0.5], Trend.STABLE),
        ([0.0, 0.0, 0.2, 0.2, 0.2], Trend.STABLE),
    ],
)
def test_a_trend_needs_two_before_it_and_more_than_one_bad_day(scores: list[float], expected: Trend) -> None:
    """Medians of the last three and of those before; 0.2 itself is still no move."""
    assert sentiment_trend(scores) is expected


@given(st.lists(st.floats(-1, 1), max_size=12))
def test_a_sentiment_turned_round_turns_its_trend_round(scores: list[float]) -> None:
    """Nothing in the rule leans to one side."""
    turned = {Trend.IMPROVING: Trend.DECLINING, Trend.DECLINING: Trend.IMPROVING, Trend.STABLE: Trend.STABLE}
    assert sentiment_trend([-score for score in scores]) is turned[sentiment_trend(scores)]


def test_two_visits_a_week_and_one_talk_a_week_are_full_engagement() -> None:
    """A member who came today, twice a week, and talks weekly has engagement 1."""
    row = row_of(facts(tuple(conversation(days) for days in (21, 14, 7, 0)), (0, 3, 7, 10, 14, 17, 21, 24)))
    assert (row.visit_frequency_per_week, row.days_since_last_visit, row.engagement_score) == (2.0, 0, 1.0)


def test_engagement_fades_with_absence() -> None:
    """A member not seen for 30 days has none left, whatever came before."""
    assert row_of(facts(visits_days_ago=(30, 31, 40))).engagement_score == 0.0


def test_two_visits_on_one_day_are_one_day() -> None:
    """Badging twice does not make a habit."""
    assert row_of(facts(visits_days_ago=(1, 1))).visit_frequency_per_week == 0.25


def test_a_new_member_is_measured_over_their_own_weeks() -> None:
    """Two visits in the first week are two a week, not half of one."""
    row = row_of(facts(visits_days_ago=(1, 3), joined_on=TODAY - timedelta(days=5)))
    assert row.visit_frequency_per_week == 2.0


@pytest.mark.parametrize(("days", "is_new"), [(0, True), (20, True), (21, False)])
def test_a_member_is_new_for_three_weeks_and_has_no_scores_meanwhile(days: int, is_new: bool) -> None:
    """Engagement, habit and trend come on the 22nd day; what can be counted is counted from the first."""
    row = row_of(facts((conversation(0),), (0,), joined_on=TODAY - timedelta(days=days)))
    scores = (row.engagement_score, row.visit_trend, row.usual_visits_per_week, row.expected_gap_days)
    assert row.is_new == is_new
    assert [score is None for score in scores] == [is_new] * 4
    assert (row.total_conversations, row.days_since_last_visit) == (1, 0)


def test_whoever_was_imported_without_a_date_is_as_old_as_their_first_visit() -> None:
    """An import of two years of visits does not make a gym of new members."""
    assert row_of(facts(visits_days_ago=(40, 3), joined_on=None, known_on=TODAY)).is_new is False
    assert row_of(facts(visits_days_ago=(3,), joined_on=None, known_on=TODAY)).is_new is True
    assert row_of(facts(joined_on=None, known_on=TODAY - timedelta(days=30))).is_new is False


def test_a_kiosk_clock_that_runs_ahead_gives_no_negative_days() -> None:
    """A visit in the future counts as today's."""
    row = row_of(facts(visits_days_ago=(-2,)))
    assert (row.days_since_last_visit, row.counted_days_since_last_visit) == (0, 0)


def test_a_declared_absence_keeps_engagement_and_says_why() -> None:
    """Two weeks away, said before: nothing has faded, and the row says until when."""
    visits = tuple(range(14, 90, 3))
    away = Away(absences=(Period(TODAY - timedelta(days=13), TODAY + timedelta(days=7)),))
    here, gone = row_of(facts(visits_days_ago=visits)), row_of(facts(visits_days_ago=visits, away=away))
    assert (gone.days_since_last_visit, gone.counted_days_since_last_visit) == (14, 0)
    assert (gone.mute_reason, gone.muted_until) == (MuteReason.ABSENCE, TODAY + timedelta(days=7))
    assert here.engagement_score is not None and gone.engagement_score is not None
    assert gone.engagement_score > here.engagement_score
    assert (here.visit_trend, gone.visit_trend) == (VisitTrend.ABSENT, VisitTrend.STEADY)


def test_what_came_before_the_records_is_no_absence() -> None:
    """An import of seven weeks, or visits deleted with age: a steady member has not begun to rise."""
    visits = tuple(range(0, 49, 3))
    recorded = GymDay(TODAY, {}, PLAIN.counted, TODAY - timedelta(days=49))
    assert row_of(facts(visits_days_ago=visits)).visit_trend is VisitTrend.RISING
    row = row_of(facts(visits_days_ago=visits), recorded)
    assert row.visit_trend is VisitTrend.STEADY
    assert row.usual_visits_per_week == pytest.approx(7 / 3, abs=0.1)


def test_an_absence_without_an_end_has_no_date() -> None:
    """« Je suis blessé » says no day."""
    row = row_of(facts(visits_days_ago=(3,), away=Away(absences=(Period(TODAY - timedelta(days=2)),))))
    assert (row.mute_reason, row.muted_until) == (MuteReason.ABSENCE, None)


_AGO = st.integers(0, 150)


@st.composite
def histories(draw: st.DrawFn) -> MemberFacts:
    """Visits, conversations and dated absences of half a year, of somebody who is not new."""
    talks = draw(st.lists(st.tuples(_AGO, st.none() | st.floats(-1, 1), st.floats(1, 900)), max_size=8))
    periods = draw(st.lists(st.tuples(_AGO, st.integers(0, 30)), max_size=3))
    return facts(
        tuple(conversation(ago, score, seconds) for ago, score, seconds in talks),
        tuple(draw(st.lists(_AGO, max_size=40))),
        away=Away(
            absences=tuple(
                Period(TODAY - timedelta(days=ago), TODAY - timedelta(days=ago - length)) for ago, length in periods
            )
        ),
    )


REAL = gym_day(GymCalendar(), today=TODAY)


def with_visit(one: MemberFacts, ago: int) -> MemberFacts:
    """The same member with one more visit."""
    visits = (*one.visits, TODAY - timedelta(days=ago))
    return MemberFacts(GYM, MEMBER, one.conversations, visits, one.joined_on, one.known_on, one.away)


@given(histories(), _AGO)
def test_one_more_visit_never_lowers_engagement(one: MemberFacts, ago: int) -> None:
    """On any day, counted or not."""
    before, after = row_of(one, REAL).engagement_score, row_of(with_visit(one, ago), REAL).engagement_score
    assert before is not None and after is not None
    assert after >= before


@given(histories(), _AGO, st.none() | st.floats(-1, 1))
def test_one_more_conversation_never_lowers_engagement(one: MemberFacts, ago: int, score: float | None) -> None:
    """A complaint is somebody who still speaks to us."""
    more = MemberFacts(GYM, MEMBER, (*one.conversations, conversation(ago, score)), one.visits, one.joined_on)
    fewer = MemberFacts(GYM, MEMBER, one.conversations, one.visits, one.joined_on)
    before, after = row_of(fewer, REAL).engagement_score, row_of(more, REAL).engagement_score
    assert before is not None and after is not None
    assert after >= before


@given(histories())
def test_a_visit_today_ends_every_absence(one: MemberFacts) -> None:
    """Whoever stands here is not missed, whatever their habit."""
    assert row_of(with_visit(one, 0), REAL).visit_trend is not VisitTrend.ABSENT


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(one: MemberFacts, chance: random.Random) -> None:
    """Late rows and early ones give the same analytics, to the last digit."""
    conversations, visits, absences = list(one.conversations), list(one.visits), list(one.away.absences)
    for shuffled in (conversations, visits, absences):
        chance.shuffle(shuffled)
    other = MemberFacts(
        GYM, MEMBER, tuple(conversations), tuple(visits), one.joined_on, one.known_on, Away(tuple(absences))
    )
    assert row_of(other, REAL) == row_of(one, REAL)


@given(histories())
def test_a_row_stays_within_its_bounds(one: MemberFacts) -> None:
    """What the database's checks say, for every history."""
    row = row_of(one, REAL)
    assert row.engagement_score is not None and 0 <= row.engagement_score <= 1
    assert 0 <= row.visit_frequency_per_week <= 7
    assert row.usual_visits_per_week is None or 0 < row.usual_visits_per_week <= 7
    assert row.expected_gap_days is None or row.expected_gap_days >= 7
    if row.days_since_last_visit is not None and row.counted_days_since_last_visit is not None:
        assert 0 <= row.counted_days_since_last_visit <= row.days_since_last_visit
    if row.mute_reason in (MuteReason.ABSENCE, MuteReason.FROZEN, MuteReason.CLOSURE):
        assert row.visit_trend is not VisitTrend.ABSENT


@given(st.floats(0, 7), st.none() | st.integers(0, 400), st.integers(0, 40))
def test_each_part_of_engagement_pulls_its_own_way(per_week: float, away: int | None, talks: int) -> None:
    """More visits, a more recent one and more conversations never lower it."""
    score = engagement_score(visits_per_week=per_week, days_since_last_visit=away, recent_conversations=talks)
    assert score <= engagement_score(
        visits_per_week=per_week + 1, days_since_last_visit=away, recent_conversations=talks + 1
    )
    nearer = 0 if away is None else max(0, away - 1)
    assert score <= engagement_score(visits_per_week=per_week, days_since_last_visit=nearer, recent_conversations=talks)
