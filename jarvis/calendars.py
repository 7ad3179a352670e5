"""Which days of a gym are public holidays or school holidays, in its own region and school zone.

Pure: no database and no clock. Public holidays with their movable feasts, and the school holidays of the
mainland's zones A, B and C, are those of the `holidays` package, which cites the decrees (arrêté du
7 décembre 2022, du 22 octobre 2025, du 21 juillet 2026). It would go on by extrapolation after the last
decree; we do not: a zone's holidays outside the published years are an error, never a guess.
`jarvis/absences.py` reads this.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

# School years 2017-2018 (Christmas on) to 2027-2028: the last that a decree names.
SCHOOL_FIRST_DAY = date(2018, 1, 1)
SCHOOL_LAST_DAY = date(2028, 8, 31)


class SchoolZone(StrEnum):
    """The zones of the mainland's académies."""

    A = "A"
    B = "B"
    C = "C"


class HolidayRegion(StrEnum):
    """Where more days than the mainland's are public holidays."""

    ALSACE = "alsace"
    MOSELLE = "moselle"
    GUADELOUPE = "guadeloupe"
    MARTINIQUE = "martinique"
    GUYANE = "guyane"
    REUNION = "reunion"
    MAYOTTE = "mayotte"


# The package names regions by their département or collectivity.
_SUBDIVISIONS = {
    HolidayRegion.ALSACE: "6AE",
    HolidayRegion.MOSELLE: "57",
    HolidayRegion.GUADELOUPE: "971",
    HolidayRegion.MARTINIQUE: "972",
    HolidayRegion.GUYANE: "973",
    HolidayRegion.REUNION: "974",
    HolidayRegion.MAYOTTE: "976",
}


class CalendarUnknown(ValueError):
    """School holidays were asked for days that no decree names."""


def public_holidays(first: date, last: date, region: HolidayRegion | None = None) -> dict[date, str]:
    """The public holidays from `first` to `last`, both included, each with its French name.

    Args:
        region: where the gym stands; None for the mainland without Alsace and Moselle.
    """
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in sorted(_public_holidays_of(year, region).items())
        if first <= day <= last
    }


def school_holidays(first: date, last: date, zone: SchoolZone) -> dict[date, str]:
    """The days of a zone's school holidays from `first` to `last`, both included, each with its French name.

    Raises:
        CalendarUnknown: when a day is outside the school years that decrees name.
    """
    if first < SCHOOL_FIRST_DAY or last > SCHOOL_LAST_DAY:
        raise CalendarUnknown(
            f"found school holidays asked from {first} to {last}, expected days from {SCHOOL_FIRST_DAY} to "
            f"{SCHOOL_LAST_DAY}: update the package `holidays` and SCHOOL_LAST_DAY once the next decree is out"
        )
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in sorted(_school_holidays_of(year, zone).items())
        if first <= day <= last
    }


def days_between(first: date, last: date) -> Iterable[date]:
    """Each day from `first` to `last`, both included; none when `last` is earlier."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


@cache
def _public_holidays_of(year: int, region: HolidayRegion | None) -> dict[date, str]:
    # Half a second of loading, and only where a calendar is read.
    from holidays import country_holidays

    subdivision = None if region is None else _SUBDIVISIONS[region]
    return dict(country_holidays("FR", subdiv=subdivision, years=year, language="fr"))


@cache
def _school_holidays_of(year: int, zone: SchoolZone) -> dict[date, str]:
    from holidays import country_holidays

    found = country_holidays("FR", subdiv=f"Zone {zone.value}", years=year, categories="school", language="fr")
    return dict(found)
