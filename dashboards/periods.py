"""The periods a trend is read over: whole weeks up to yesterday, beside those before and those of a year ago. Pure.

Whole weeks, so that as many Saturdays stand on either side of a comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

# 52 weeks back, a Monday is a Monday.
YEAR = timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many (days)."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, up to the day before the first."""
        return self.back(timedelta(days=self.days))

    @property
    def year_before(self) -> "Span":
        """The same weeks of the year before."""
        return self.back(YEAR)

    def back(self, by: timedelta) -> "Span":
        """The same span, earlier."""
        return Span(self.first - by, self.last - by)

    def parts(self, days: int) -> list[date]:
        """The first day of each part of so many days, the oldest first."""
        return [self.first + timedelta(days=start) for start in range(0, self.days, days)]


@dataclass(frozen=True, slots=True)
class Period:
    """One choice of the page."""

    label: str
    days: int
    part_days: int
    """How long one bar is (days)."""
    months: int
    """For what is counted by the month: how many of them."""
    than_before: str
    """As it ends the question: « … qu'il y a quatre semaines »."""

    def span(self, *, today: date) -> Span:
        """The period that ended yesterday."""
        return Span(today - timedelta(days=self.days), today - timedelta(days=1))


PERIODS: Mapping[str, Period] = {
    "4s": Period("4 semaines", 28, 1, 1, "qu'il y a quatre semaines"),
    "3m": Period("3 mois", 91, 7, 3, "qu'il y a trois mois"),
    "1a": Period("1 an", 364, 7, 12, "qu'il y a un an"),
}


def months_back(of: date, months: int) -> date:
    """The first day of the month so many months before this day's."""
    number = of.year * 12 + of.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
