"""The calendar says what the decrees say: movable feasts, regions, zones, and where its knowledge ends."""

from datetime import date

import pytest

from jarvis.calendars import (
    SCHOOL_LAST_DAY,
    CalendarUnknown,
    HolidayRegion,
    SchoolZone,
    public_holidays,
    school_holidays,
)

# Calendrier scolaire, arrêtés du 7 décembre 2022 and du 22 octobre 2025: winter breaks, Saturday to Sunday.
WINTER = {
    (2024, SchoolZone.A): (date(2024, 2, 17), date(2024, 3, 3)),
    (2024, SchoolZone.B): (date(2024, 2, 24), date(2024, 3, 10)),
    (2024, SchoolZone.C): (date(2024, 2, 10), date(2024, 2, 25)),
    (2025, SchoolZone.A): (date(2025, 2, 22), date(2025, 3, 9)),
    (2025, SchoolZone.B): (date(2025, 2, 8), date(2025, 2, 23)),
    (2025, SchoolZone.C): (date(2025, 2, 15), date(2025, 3, 2)),
    (2026, SchoolZone.A): (date(2026, 2, 7), date(2026, 2, 22)),
    (2026, SchoolZone.B): (date(2026, 2, 14), date(2026, 3, 1)),
    (2026, SchoolZone.C): (date(2026, 2, 21), date(2026, 3, 8)),
}


def test_the_mainland_has_eleven_public_holidays() -> None:
    """With the movable feasts of 2026: Easter Monday, Ascension and Whit Monday."""
    found = public_holidays(date(2026, 1, 1), date(2026, 12, 31))
    assert len(found) == 11
    assert found[date(2026, 4, 6)] == "Lundi de Pâques"
    assert found[date(2026, 5, 14)] == "Ascension"
    assert found[date(2026, 5, 25)] == "Lundi de Pentecôte"
    assert date(2026, 12, 26) not in found


@pytest.mark.parametrize(
    ("region", "day"),
    [
        (HolidayRegion.ALSACE, date(2026, 12, 26)),
        (HolidayRegion.MOSELLE, date(2026, 4, 3)),
        (HolidayRegion.GUADELOUPE, date(2026, 5, 27)),
        (HolidayRegion.MARTINIQUE, date(2026, 5, 22)),
        (HolidayRegion.GUYANE, date(2026, 6, 10)),
        (HolidayRegion.REUNION, date(2026, 12, 20)),
        (HolidayRegion.MAYOTTE, date(2026, 4, 27)),
    ],
)
def test_a_region_adds_its_own_day(region: HolidayRegion, day: date) -> None:
    """Saint Stephen, Good Friday, and the days of the abolition of slavery."""
    assert day in public_holidays(day, day, region)
    assert day not in public_holidays(day, day)


def test_a_range_is_cut_at_both_ends_and_goes_over_new_year() -> None:
    """Both days of the range are in it, nothing around them."""
    assert list(public_holidays(date(2025, 12, 25), date(2026, 1, 1))) == [date(2025, 12, 25), date(2026, 1, 1)]
    assert public_holidays(date(2025, 12, 26), date(2025, 12, 31)) == {}


@pytest.mark.parametrize(("year", "zone"), WINTER)
def test_winter_breaks_are_those_of_the_decrees(year: int, zone: SchoolZone) -> None:
    """Each zone has its own two weeks, and they are over on the Monday after."""
    first, last = WINTER[year, zone]
    found = [
        day
        for day, name in school_holidays(date(year, 1, 20), date(year, 3, 25), zone).items()
        if name == "Vacances d'hiver"
    ]
    assert (found[0], found[-1], len(found)) == (first, last, 16)


def test_a_summer_ends_with_the_first_day_of_school() -> None:
    """2026: from Saturday 4 July until Monday 31 August."""
    summer = school_holidays(date(2026, 6, 20), date(2026, 9, 20), SchoolZone.B)
    assert (min(summer), max(summer)) == (date(2026, 7, 4), date(2026, 8, 31))


def test_christmas_goes_over_new_year() -> None:
    """The two weeks of 2026-2027 are one run of days."""
    found = school_holidays(date(2026, 12, 10), date(2027, 1, 20), SchoolZone.A)
    assert (min(found), max(found), len(found)) == (date(2026, 12, 19), date(2027, 1, 3), 16)


def test_school_holidays_past_the_last_decree_are_an_error() -> None:
    """The message says what was asked, what is known and what to do."""
    with pytest.raises(CalendarUnknown, match=r"found .* to 2028-09-01, expected .*2028-08-31: update"):
        school_holidays(SCHOOL_LAST_DAY, date(2028, 9, 1), SchoolZone.C)
