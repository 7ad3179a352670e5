"""Days that do not count: each cause alone, the strongest of several, and when it is over."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jarvis.absences import (
    Away,
    GymCalendar,
    Mute,
    MuteReason,
    Period,
    current_mute,
    ended_by_return,
    gym_muted_days,
    muted_days,
)
from jarvis.calendars import HolidayRegion, SchoolZone, days_between

# A stretch without any holiday: Monday 2 to Sunday 29 March 2026 in zone A.
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 29)
OPEN = GymCalendar()
NOBODY_AWAY = Away()


def test_an_ordinary_month_has_no_muted_day() -> None:
    """Without a cause every day counts."""
    assert muted_days(GymCalendar(school_zone=SchoolZone.A), NOBODY_AWAY, FIRST, LAST) == {}


def test_a_declared_absence_mutes_its_days_and_no_others() -> None:
    """Both ends included."""
    away = Away(absences=(Period(date(2026, 3, 9), date(2026, 3, 11)),))
    assert muted_days(OPEN, away, FIRST, LAST) == dict.fromkeys(
        (date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11)), MuteReason.ABSENCE
    )


def test_an_absence_without_an_end_is_over_when_the_member_comes() -> None:
    """The visit of the first day itself is the one at which they said so."""
    away = Away(absences=(Period(date(2026, 3, 9)),))
    assert max(muted_days(OPEN, away, FIRST, LAST)) == LAST
    back = muted_days(OPEN, away, FIRST, LAST, visits=(date(2026, 3, 9), date(2026, 3, 20)))
    assert (min(back), max(back)) == (date(2026, 3, 9), date(2026, 3, 19))


def test_a_dated_absence_stays_as_it_was_said() -> None:
    """One visit before leaving, or a guest on the way, takes nothing back."""
    absence = Period(date(2026, 3, 9), date(2026, 3, 27))
    assert ended_by_return(absence, (date(2026, 3, 10),)) == absence


def test_a_pause_a_closure_and_holidays_mute() -> None:
    """Each with its own reason; Easter Monday 2026 is in no zone's holidays but A's spring break begins before it."""
    gym = GymCalendar(closures=(Period(date(2026, 3, 30), date(2026, 3, 31)),), school_zone=SchoolZone.B)
    away = Away(pauses=(Period(date(2026, 4, 8), date(2026, 4, 9)),))
    muted = muted_days(gym, away, date(2026, 3, 30), date(2026, 4, 12))
    assert muted == {
        date(2026, 3, 30): MuteReason.CLOSURE,
        date(2026, 3, 31): MuteReason.CLOSURE,
        date(2026, 4, 6): MuteReason.PUBLIC_HOLIDAY,
        date(2026, 4, 8): MuteReason.FROZEN,
        date(2026, 4, 9): MuteReason.FROZEN,
        date(2026, 4, 11): MuteReason.SCHOOL_HOLIDAY,
        date(2026, 4, 12): MuteReason.SCHOOL_HOLIDAY,
    }


def test_a_gym_without_a_zone_has_no_school_holidays() -> None:
    """Whether school holidays empty a gym is the gym's to say."""
    assert gym_muted_days(OPEN, date(2026, 7, 15), date(2026, 8, 10)) == {}


def test_a_gym_overseas_keeps_its_own_public_holidays() -> None:
    """20 December is a public holiday of La Réunion alone."""
    day = date(2026, 12, 20)
    assert gym_muted_days(GymCalendar(holiday_region=HolidayRegion.REUNION), day, day) == {
        day: MuteReason.PUBLIC_HOLIDAY
    }
    assert gym_muted_days(OPEN, day, day) == {}


def test_school_holidays_end_where_decrees_end() -> None:
    """After the last decree days count again; nothing is guessed and nothing breaks."""
    muted = gym_muted_days(GymCalendar(school_zone=SchoolZone.A), date(2028, 8, 30), date(2028, 9, 3))
    assert set(muted) == {date(2028, 8, 30), date(2028, 8, 31)}


def test_a_day_with_several_causes_has_the_strongest() -> None:
    """A declared absence over a pause, a closure and a school holiday."""
    day = date(2026, 7, 20)
    period = (Period(day, day),)
    gym = GymCalendar(closures=period, school_zone=SchoolZone.A)
    assert muted_days(gym, NOBODY_AWAY, day, day)[day] is MuteReason.CLOSURE
    assert muted_days(gym, Away(pauses=period), day, day)[day] is MuteReason.FROZEN
    assert muted_days(gym, Away(absences=period, pauses=period), day, day)[day] is MuteReason.ABSENCE


def test_the_mute_of_today_lasts_over_several_causes() -> None:
    """An absence that ends where a closure begins is one run; after it days count."""
    gym = GymCalendar(closures=(Period(date(2026, 3, 12), date(2026, 3, 13)),))
    away = Away(absences=(Period(date(2026, 3, 9), date(2026, 3, 11)),))
    muted = muted_days(gym, away, FIRST, LAST)
    assert current_mute(muted, date(2026, 3, 8), horizon=LAST) is None
    assert current_mute(muted, date(2026, 3, 10), horizon=LAST) == Mute(MuteReason.ABSENCE, date(2026, 3, 13))
    assert current_mute(muted, date(2026, 3, 14), horizon=LAST) is None


def test_a_mute_that_reaches_the_horizon_has_no_end() -> None:
    """Nobody says until when."""
    muted = muted_days(OPEN, Away(absences=(Period(date(2026, 3, 9)),)), FIRST, LAST)
    assert current_mute(muted, date(2026, 3, 10), horizon=LAST) == Mute(MuteReason.ABSENCE, None)


_DAYS = st.integers(-40, 60).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """A period around the month, a third of them open."""
    start = draw(_DAYS)
    length = draw(st.one_of(st.none(), st.integers(0, 30), st.integers(0, 30)))
    return Period(start, None if length is None else start + timedelta(days=length))


@given(st.lists(periods(), max_size=4), st.lists(periods(), max_size=3), st.lists(_DAYS, max_size=5))
def test_muted_days_are_the_union_of_the_periods(
    absences: list[Period], pauses: list[Period], visits: list[date]
) -> None:
    """Day by day: muted where any period holds the day; a further absence never makes a day count again."""
    away = Away(tuple(absences), tuple(pauses))
    muted = muted_days(OPEN, away, FIRST, LAST, visits=visits)
    whole = [*(ended_by_return(one, visits) for one in absences), *pauses]
    for day in days_between(FIRST, LAST):
        held = any(one.starts_on <= day and (one.ends_on is None or day <= one.ends_on) for one in whole)
        assert (day in muted) == held
