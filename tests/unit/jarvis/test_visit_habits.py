"""Visits against the member's own habit: who is missed after how long, and what a holiday changes."""

from datetime import date, timedelta

import pytest

from jarvis.absences import GymCalendar, Period, gym_muted_days
from jarvis.calendars import SchoolZone
from jarvis.visit_habits import (
    LOOK_BACK_DAYS,
    CountedDays,
    Known,
    VisitHabit,
    VisitTrend,
    expected_gap_days,
    visit_habit,
    visit_trend,
)

TODAY = date(2026, 6, 15)
LONG_AGO = date(2024, 1, 1)
EVERY_DAY = CountedDays((), today=TODAY)

# Weekdays of a week (Monday is 0) that each member comes on.
FOUR_A_WEEK = (0, 1, 3, 5)
ONCE_A_WEEK = (1,)


def weekly(weekdays: tuple[int, ...], *, until_days_ago: int, weeks: int = 26) -> list[date]:
    """Days of a member who came on these weekdays, the last time at most so many days ago."""
    last = TODAY - timedelta(days=until_days_ago)
    days = (last - timedelta(days=number) for number in range(weeks * 7))
    return sorted(day for day in days if day.weekday() in weekdays)


def stopped(weekdays: tuple[int, ...], *, days_ago: int) -> list[date]:
    """The same, with a last visit exactly so many days ago."""
    return [*weekly(weekdays, until_days_ago=days_ago + 1), TODAY - timedelta(days=days_ago)]


def trend(visits: list[date], counted: CountedDays = EVERY_DAY, *, is_silenced: bool = False) -> VisitTrend:
    habit = visit_habit(visits, counted, known=Known(LONG_AGO, None))
    return visit_trend(visits, counted, habit, known=Known(LONG_AGO, None), is_silenced=is_silenced)


@pytest.mark.parametrize(
    ("weekdays", "days_ago", "is_missed"),
    [
        (FOUR_A_WEEK, 7, False),
        (FOUR_A_WEEK, 8, True),
        (ONCE_A_WEEK, 8, False),
        (ONCE_A_WEEK, 14, False),
        (ONCE_A_WEEK, 22, True),
    ],
)
def test_an_absence_is_measured_by_the_members_own_habit(
    weekdays: tuple[int, ...], days_ago: int, is_missed: bool
) -> None:
    """Four a week and eight days away is missed; once a week and eight days away is not."""
    assert (trend(stopped(weekdays, days_ago=days_ago)) is VisitTrend.ABSENT) == is_missed


def test_whoever_comes_at_random_is_waited_for_longer() -> None:
    """The same rate: a regular member is missed sooner than one whose gaps always varied."""
    assert expected_gap_days(7, [7] * 11) < expected_gap_days(7, [1, 20, 2, 15, 1, 3, 14, 2, 1, 16, 2])


def test_few_gaps_are_taken_as_chance() -> None:
    """One short gap says nothing of regularity: the spread is nearly that of visits at random."""
    assert expected_gap_days(7, [7]) > 0.9 * expected_gap_days(7, [])
    assert expected_gap_days(7, []) == pytest.approx(27, abs=1)


def test_nobody_is_missed_within_a_week() -> None:
    """A daily visitor who stays at home for five days has a life."""
    assert expected_gap_days(1, [1] * 80) == 7


def test_a_habit_is_that_of_twelve_weeks_before_the_last_visit() -> None:
    """The absence itself, and what was a year ago, do not blur it."""
    visits = [*weekly((2,), until_days_ago=120, weeks=30), *weekly(FOUR_A_WEEK, until_days_ago=30, weeks=12)]
    habit = visit_habit(sorted(set(visits)), EVERY_DAY, known=Known(LONG_AGO, None))
    assert habit is not None
    assert habit.visits_per_week == pytest.approx(4, abs=0.1)


def test_a_young_habit_is_counted_from_the_first_day() -> None:
    """Four weeks of three visits are three a week, not one."""
    joined = TODAY - timedelta(days=27)
    visits = weekly((0, 2, 4), until_days_ago=0, weeks=4)
    habit = visit_habit(visits, EVERY_DAY, known=Known(joined, None))
    assert habit is not None
    assert habit.visits_per_week == pytest.approx(3, abs=0.2)


def test_two_visits_in_a_first_week_are_no_daily_habit() -> None:
    """A short beginning is spread over two weeks at least."""
    visits = [TODAY - timedelta(days=25), TODAY - timedelta(days=24)]
    habit = visit_habit(visits, EVERY_DAY, known=Known(TODAY - timedelta(days=25), None))
    assert habit is not None
    assert habit.visits_per_week == 1


def test_after_half_a_year_there_is_no_habit_left() -> None:
    """Nothing is said of how often they came; they are missed."""
    visits = weekly(FOUR_A_WEEK, until_days_ago=182)
    assert visit_habit(visits, EVERY_DAY, known=Known(LONG_AGO, None)) is None
    assert trend(visits) is VisitTrend.ABSENT
    assert trend([]) is VisitTrend.ABSENT


def test_visits_that_double_rise_and_that_halve_fall() -> None:
    """The last four weeks against the twelve before; what stays the same is steady."""
    before = weekly((0, 3), until_days_ago=28, weeks=12)
    assert trend([*before, *weekly((0, 1, 3, 5), until_days_ago=0, weeks=4)]) is VisitTrend.RISING
    before = weekly((0, 1, 3, 5), until_days_ago=28, weeks=12)
    assert trend([*before, *weekly((0, 3), until_days_ago=0, weeks=4)]) is VisitTrend.FALLING
    assert trend(weekly((0, 1, 3, 5), until_days_ago=0)) is VisitTrend.STEADY


def test_one_visit_less_of_four_is_no_fall() -> None:
    """Small numbers move by chance."""
    visits = weekly((0,), until_days_ago=0)
    assert trend([day for day in visits if day != TODAY - timedelta(days=14)]) is VisitTrend.STEADY


def test_a_newcomer_has_nothing_to_compare_with() -> None:
    """Six weeks in, two of them before the recent stretch: steady, unless missed."""
    joined = TODAY - timedelta(days=42)
    visits = [joined, *weekly(FOUR_A_WEEK, until_days_ago=0, weeks=3)]
    habit = visit_habit(visits, EVERY_DAY, known=Known(joined, None))
    assert visit_trend(visits, EVERY_DAY, habit, known=Known(joined, None), is_silenced=False) is VisitTrend.STEADY


def counted_in(gym: GymCalendar, today: date) -> CountedDays:
    """The counted days of a gym."""
    return CountedDays(gym_muted_days(gym, today - timedelta(days=LOOK_BACK_DAYS), today), today=today)


def test_a_closure_is_nobodys_absence() -> None:
    """Ten days away, seven of them before a closed door: three days, and not missed."""
    visits = stopped(FOUR_A_WEEK, days_ago=10)
    closed = GymCalendar(closures=(Period(TODAY - timedelta(days=9), TODAY - timedelta(days=3)),))
    assert trend(visits) is VisitTrend.ABSENT
    assert counted_in(closed, TODAY).since(visits[-1]) == 3
    assert trend(visits, counted_in(closed, TODAY)) is not VisitTrend.ABSENT


def test_school_holidays_stop_the_count_in_their_zone_and_it_goes_on_after_them() -> None:
    """Zone A, winter 2026 (7 to 22 February): away since the 5th, missed a week into March and not before."""
    last = date(2026, 2, 5)
    days = (last - timedelta(days=number) for number in range(150))
    visits = sorted(day for day in days if day.weekday() in FOUR_A_WEEK) if last.weekday() in FOUR_A_WEEK else []
    assert visits[-1] == last

    def on(today: date, zone: SchoolZone) -> VisitTrend:
        return trend(visits, counted_in(GymCalendar(school_zone=zone), today))

    assert on(date(2026, 2, 14), SchoolZone.C) is VisitTrend.ABSENT, "zone C has school"
    assert on(date(2026, 2, 22), SchoolZone.A) is not VisitTrend.ABSENT
    assert on(date(2026, 2, 28), SchoolZone.A) is not VisitTrend.ABSENT
    assert on(date(2026, 3, 3), SchoolZone.A) is VisitTrend.ABSENT


def test_whoever_was_missed_before_a_holiday_still_is_on_it() -> None:
    """A public holiday stops the count; it does not bring anybody back for a day."""
    armistice = date(2026, 11, 11)
    visits = [armistice - timedelta(days=days) for days in range(60, 19, -2)]
    counted = counted_in(GymCalendar(), armistice)
    assert not counted.counts(armistice)
    assert trend(visits, counted) is VisitTrend.ABSENT


def test_whoever_said_so_is_not_missed() -> None:
    """A declared absence, a pause and a closure of today silence; what the visits did before is still said."""
    assert trend(stopped(FOUR_A_WEEK, days_ago=40), is_silenced=True) is VisitTrend.FALLING


def test_the_shortest_stretch_begins_on_a_counted_day() -> None:
    """28 counted days reach back over the muted ones between them; past the look-back they stop there."""
    muted = {TODAY - timedelta(days=number) for number in range(5, 12)}
    counted = CountedDays(muted, today=TODAY)
    assert counted.start_of_last(5) == TODAY - timedelta(days=4)
    assert counted.start_of_last(6) == TODAY - timedelta(days=12)
    assert counted.start_of_last(10_000) == counted.first
    assert (counted.since(TODAY), counted.since(TODAY - timedelta(days=12))) == (0, 5)


def test_a_member_of_muted_days_alone_has_a_habit_all_the_same() -> None:
    """They came; a rate of zero would wait for ever."""
    muted = {TODAY - timedelta(days=number) for number in range(30)}
    habit = visit_habit([TODAY - timedelta(days=10)], CountedDays(muted, today=TODAY), known=Known(LONG_AGO, None))
    assert habit is not None
    assert habit.visits_per_week > 0
    assert isinstance(habit, VisitHabit)
