"""Where a month ends, and which days are far above their habit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from jarvis import spending

TODAY = date(2026, 11, 18)  # A Wednesday.


def flat(usd: str, *, days: int, until: date = TODAY - timedelta(days=1)) -> dict[date, Decimal]:
    """So much on each of the days up to a day."""
    return {until - timedelta(days=number): Decimal(usd) for number in range(days)}


def test_a_steady_month_ends_at_its_rate() -> None:
    """Two dollars a day: 34 so far, today not yet anything, 60 at the end of November."""
    told = spending.forecast(flat("2", days=60), today=TODAY)
    assert told is not None
    assert (told.spent_usd, told.expected_usd) == (Decimal(34), Decimal(60))
    assert list(told.by_day) == [TODAY + timedelta(days=number) for number in range(13)]


def test_a_closed_sunday_stays_closed() -> None:
    """Each day that is left costs what its own weekday does: nothing on Sundays."""
    days = {day: cost for day, cost in flat("1", days=60).items() if day.weekday() != 6}
    told = spending.forecast(days, today=TODAY)
    assert told is not None
    assert told.by_day[date(2026, 11, 22)] == 0
    assert told.expected_usd == 25  # November 2026 has five Sundays.


def test_today_counts_what_it_has_cost_where_that_is_more() -> None:
    """A dear morning is not forgotten, a cheap one is not the day."""
    days = flat("1", days=40)
    assert (told := spending.forecast({**days, TODAY: Decimal(9)}, today=TODAY)) and told.by_day[TODAY] == 9
    assert (told := spending.forecast({**days, TODAY: Decimal("0.1")}, today=TODAY)) and told.by_day[TODAY] == 1


@pytest.mark.parametrize("days", [{}, flat("1", days=13)])
def test_a_fortnight_is_the_least_to_tell_from(days: dict[date, Decimal]) -> None:
    """Less is no forecast."""
    assert spending.forecast(days, today=TODAY) is None


def test_the_method_is_tried_on_last_month() -> None:
    """A steady month is told without fault; one whose last days were twice as dear by what was missed."""
    assert spending.past_error(flat("2", days=120), today=TODAY) == 0
    days = flat("2", days=120)
    days |= {date(2026, 10, day): Decimal(4) for day in range(19, 32)}
    # Asked on October 18: 62 expected, 88 came.
    assert spending.past_error(days, today=TODAY) == Decimal(26) / Decimal(88)
    assert spending.past_error({}, today=TODAY) is None


def test_the_day_a_budget_is_reached() -> None:
    """The first day on which the sum is as high; none where the month ends below."""
    days = flat("2", days=60)
    told = spending.forecast(days, today=TODAY)
    assert told is not None
    assert spending.reaches(days, told, Decimal(40), today=TODAY) == date(2026, 11, 20)
    assert spending.reaches(days, told, Decimal(10), today=TODAY) == date(2026, 11, 5)
    assert spending.reaches(days, told, Decimal("60.01"), today=TODAY) is None


def test_a_day_is_dear_against_its_own_weekday() -> None:
    """Saturdays always cost ten; a Tuesday that does stands out."""
    days = {day: Decimal(10) if day.weekday() == 5 else cost for day, cost in flat("2", days=80).items()}
    days[date(2026, 11, 10)] = Decimal(10)
    found = spending.dear_days(days, first=date(2026, 11, 1), last=date(2026, 11, 17))
    assert found == [spending.DearDay(date(2026, 11, 10), Decimal(10), Decimal(2))]


@pytest.mark.parametrize(
    ("usual", "cost"),
    [("2", "2.99"), ("0.20", "0.69")],
    ids=["less than half as much again", "less than half a dollar more"],
)
def test_a_little_more_is_no_anomaly(usual: str, cost: str) -> None:
    """A steady habit would make any cent three deviations."""
    days = {**flat(usual, days=80), date(2026, 11, 10): Decimal(cost)}
    assert spending.dear_days(days, first=date(2026, 11, 1), last=date(2026, 11, 17)) == []


def test_a_restless_weekday_is_given_its_spread() -> None:
    """Costs that swing between one and nine make eleven nothing odd, and thirty."""
    tuesday = date(2026, 11, 17)
    days = {tuesday - timedelta(weeks=back): Decimal(1 if back % 2 else 9) for back in range(1, 9)}
    for cost, is_dear in ((11, False), (30, True)):
        found = spending.dear_days({**days, tuesday: Decimal(cost)}, first=tuesday, last=tuesday)
        assert bool(found) is is_dear


def test_a_new_gym_has_no_habit_yet() -> None:
    """Three weeks are too few to call a day odd."""
    days = {**flat("1", days=22), date(2026, 11, 17): Decimal(50)}
    assert spending.dear_days(days, first=date(2026, 11, 1), last=date(2026, 11, 17)) == []
