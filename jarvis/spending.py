"""What a month will have cost by its end, and which days cost far more than their weekday's habit. Pure.

Days come as a mapping of local day to US dollars; a day that is missing cost nothing. The page « Coûts » asks, over
`marts.fct_costs_daily`; a gym's limit on the voice is `jarvis/budgets.py`.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

# The habit of a weekday: its last four weeks are what a month's end is reckoned from.
HABIT_DAYS = 28
# Fewer days than these show no week.
LEAST_DAYS = 14

# A weekday's habit of eight weeks, of which at least four are known.
USUAL_WEEKS, LEAST_WEEKS = 8, 4
# Three deviations (1.4826 times the median one), half as much again, and half a dollar: all three must be passed.
DEVIATIONS, EXCESS_SHARE, LEAST_EXCESS_USD = Decimal(3), Decimal("0.5"), Decimal("0.50")
_NORMAL = Decimal("1.4826")

Days = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A month that is not over."""

    spent_usd: Decimal
    """Up to and with today."""
    expected_usd: Decimal
    """At the month's end."""
    by_day: Mapping[date, Decimal]
    """Today and each day that is left, to what the whole day is expected to cost."""


@dataclass(frozen=True, slots=True)
class DearDay:
    """A day far above its weekday's habit."""

    day: date
    cost_usd: Decimal
    usual_usd: Decimal
    """The median of the same weekday in the weeks before."""


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the day's month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def spent(days: Days, first: date, last: date) -> Decimal:
    """What the days from the first to the last cost together, both with."""
    return sum((cost for day, cost in days.items() if first <= day <= last), Decimal(0))


def forecast(days: Days, *, today: date) -> Forecast | None:
    """What the month of today comes to; None where fewer than two weeks are known.

    A day that is left costs the mean of its weekday over the 28 days before today; today costs that too, or what it
    has cost already where that is more.
    """
    known = [day for day in days if today - timedelta(days=HABIT_DAYS) <= day < today]
    if not known or (today - min(known)).days < LEAST_DAYS:
        return None
    first, last = month_of(today)
    since = min(known)
    habits = _habits(days, since=since, today=today)
    by_day = {day: habits[day.weekday()] for day in _each(today, last)}
    by_day[today] = max(by_day[today], days.get(today, Decimal(0)))
    before_today = spent(days, first, today - timedelta(days=1))
    return Forecast(spent(days, first, today), before_today + sum(by_day.values(), Decimal(0)), by_day)


def past_error(days: Days, *, today: date) -> Decimal | None:
    """By what share of the truth `forecast` missed last month's end, asked on the same day of that month.

    None where last month cost nothing, or too little was known of the time before it.
    """
    last_month_first, last_month_last = month_of(today.replace(day=1) - timedelta(days=1))
    asked_on = last_month_first.replace(day=min(today.day, last_month_last.day))
    told = forecast({day: cost for day, cost in days.items() if day <= asked_on}, today=asked_on)
    truth = spent(days, last_month_first, last_month_last)
    if told is None or not truth:
        return None
    return abs(told.expected_usd - truth) / truth


def reaches(days: Days, told: Forecast, limit_usd: Decimal, *, today: date) -> date | None:
    """The day of this month on which the limit is (or will be) reached; None where the month ends below it."""
    first, last = month_of(today)
    total = Decimal(0)
    for day in _each(first, last):
        total += told.by_day.get(day, days.get(day, Decimal(0)))
        if total >= limit_usd:
            return day
    return None


def dear_days(days: Days, *, first: date, last: date) -> list[DearDay]:
    """The days from the first to the last that cost far more than the same weekday of the eight weeks before.

    Far more: above the median by three deviations, by half of it, and by half a dollar.
    """
    if not days:
        return []
    known_since = min(days)
    found = []
    for day in _each(first, last):
        cost = days.get(day, Decimal(0))
        # Most days end here: no habit is below zero.
        if cost <= LEAST_EXCESS_USD:
            continue
        weeks = [day - timedelta(weeks=back) for back in range(1, USUAL_WEEKS + 1)]
        costs = [days.get(week, Decimal(0)) for week in weeks if week >= known_since]
        if len(costs) < LEAST_WEEKS:
            continue
        usual = median(costs)
        if cost - usual <= max(EXCESS_SHARE * usual, LEAST_EXCESS_USD):
            continue
        deviation = _NORMAL * median([abs(cost - usual) for cost in costs])
        if cost - usual > DEVIATIONS * deviation:
            found.append(DearDay(day, cost, usual))
    return found


def _habits(days: Days, *, since: date, today: date) -> Mapping[int, Decimal]:
    """The mean of each weekday (Monday is 0) between two days at least a week apart, the second without."""
    costs: dict[int, list[Decimal]] = {}
    for day in _each(since, today - timedelta(days=1)):
        costs.setdefault(day.weekday(), []).append(days.get(day, Decimal(0)))
    return {weekday: sum(same, Decimal(0)) / len(same) for weekday, same in costs.items()}


def _each(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
