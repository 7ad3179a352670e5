"""Which days a member's absence means nothing: declared absences, pauses, closures and holidays.

Pure: periods in, days out; all days are the gym's own (`gyms.timezone`). The rules of
`jarvis/members.py` do not count muted days, so that a member is missed only on days they could have
come. `warehouse/stores/members.py` brings the periods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from jarvis.calendars import (
    SCHOOL_FIRST_DAY,
    SCHOOL_LAST_DAY,
    HolidayRegion,
    SchoolZone,
    days_between,
    public_holidays,
    school_holidays,
)


class AbsenceReason(StrEnum):
    """Why a member said they would be away."""

    HOLIDAY = "holiday"
    INJURY = "injury"
    FROZEN = "frozen"
    TRAVEL = "travel"
    OTHER = "other"


class AbsenceSource(StrEnum):
    """Who declared an absence."""

    MEMBER = "member"
    STAFF = "staff"
    SIMULATOR = "simulator"


class MuteReason(StrEnum):
    """Why a day does not count, the strongest first: a day with several has the first of them."""

    ABSENCE = "absence"
    FROZEN = "frozen"
    CLOSURE = "closure"
    PUBLIC_HOLIDAY = "public_holiday"
    SCHOOL_HOLIDAY = "school_holiday"


# While one of these runs the member cannot or will not come, and nobody misses them. The gym's calendar
# only stops the count: whoever was missed before Christmas Day still is on it.
SILENCING = frozenset({MuteReason.ABSENCE, MuteReason.FROZEN, MuteReason.CLOSURE})


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    starts_on: date
    ends_on: date | None = None
    """None while the end is open."""

    def days_within(self, first: date, last: date) -> Sequence[date]:
        """The days of this period from `first` to `last`."""
        end = last if self.ends_on is None else min(last, self.ends_on)
        return tuple(days_between(max(first, self.starts_on), end))


@dataclass(frozen=True, slots=True)
class Declared:
    """Days that somebody declared, and on which days that was known."""

    starts_on: date
    ends_on: date = date.max
    """The last day; `date.max` while the end is open."""
    known_from: date = date.min
    """The first day that began with it known: the one after it was written down."""
    known_until: date = date.max
    """The last day that began with it known; `date.max` while it stands."""

    def holds(self, day: date) -> bool:
        """True when the day is one of these, as far as was known when it began."""
        return self.is_known(day) and self.starts_on <= day <= self.ends_on

    def is_known(self, day: date) -> bool:
        """True when it was known as the day began."""
        return self.known_from <= day <= self.known_until

    @property
    def in_time(self) -> Period | None:
        """The part of which each day began with it known, and still is: so do they know it who look back at the day."""
        first = max(self.starts_on, self.known_from)
        return Period(first, self.ends_on) if self.known_until == date.max and first <= self.ends_on else None

    def late_days(self) -> Sequence[date]:
        """The other days, which they themselves and a look back at them know or not, as its own day is."""
        if self.known_until == date.max and self.known_from <= self.starts_on:
            return ()
        last = min(
            self.ends_on, self.known_until if self.known_until < date.max else self.known_from - timedelta(days=1)
        )
        return tuple(days_between(self.starts_on, last)) if last >= self.starts_on else ()


@dataclass(frozen=True, slots=True)
class GymCalendar:
    """What closes or empties one gym."""

    closures: tuple[Period, ...] = ()
    school_zone: SchoolZone | None = None
    """None: school holidays do not mute."""
    holiday_region: HolidayRegion | None = None
    """None: the mainland's public holidays."""


@dataclass(frozen=True, slots=True)
class Away:
    """One member's own absences."""

    absences: tuple[Period, ...] = ()
    """Declared; one without an end ends with the member's first visit after its first day."""
    pauses: tuple[Period, ...] = ()
    """Of frozen memberships."""


@dataclass(frozen=True, slots=True)
class Mute:
    """A run of muted days without a gap that holds today."""

    reason: MuteReason
    """Today's."""
    until: date | None
    """The last muted day; None while the end is open, or further away than the days that were looked at."""


def gym_muted_days(gym: GymCalendar, first: date, last: date) -> dict[date, MuteReason]:
    """The days from `first` to `last` that are muted for every member of the gym, each with its reason.

    School holidays are known for the years that decrees name; outside them none are muted.
    """
    muted: dict[date, MuteReason] = {}
    if gym.school_zone is not None:
        begin, end = max(first, SCHOOL_FIRST_DAY), min(last, SCHOOL_LAST_DAY)
        if begin <= end:
            muted |= dict.fromkeys(school_holidays(begin, end, gym.school_zone), MuteReason.SCHOOL_HOLIDAY)
    muted |= dict.fromkeys(public_holidays(first, last, gym.holiday_region), MuteReason.PUBLIC_HOLIDAY)
    for closure in gym.closures:
        muted |= dict.fromkeys(closure.days_within(first, last), MuteReason.CLOSURE)
    return muted


def muted_days(
    gym: GymCalendar, away: Away, first: date, last: date, *, visits: Sequence[date] = ()
) -> dict[date, MuteReason]:
    """The days from `first` to `last` that are muted for one member, each with its strongest reason.

    Args:
        visits: days the member came; an absence without an end is over with the first of them after its first day.
    """
    return member_muted_days(gym_muted_days(gym, first, last), away, first, last, visits=visits)


def member_muted_days(
    of_the_gym: dict[date, MuteReason], away: Away, first: date, last: date, *, visits: Sequence[date] = ()
) -> dict[date, MuteReason]:
    """As `muted_days`, where the gym's own days are already known: one calendar serves all members of a gym."""
    if not away.absences and not away.pauses:
        return of_the_gym
    muted = dict(of_the_gym)
    for pause in away.pauses:
        muted |= dict.fromkeys(pause.days_within(first, last), MuteReason.FROZEN)
    for absence in away.absences:
        muted |= dict.fromkeys(ended_by_return(absence, visits).days_within(first, last), MuteReason.ABSENCE)
    return muted


def ended_by_return(absence: Period, visits: Sequence[date]) -> Period:
    """The absence with an end: where none was said, the day before the member came again."""
    if absence.ends_on is not None:
        return absence
    back = min((day for day in visits if day > absence.starts_on), default=None)
    return absence if back is None else Period(absence.starts_on, back - timedelta(days=1))


def current_mute(muted: Mapping[date, MuteReason], today: date, *, horizon: date) -> Mute | None:
    """Why today is muted and until when it stays so without a gap; None on a day that counts.

    Args:
        muted: the muted days, known up to `horizon`.
    """
    if today not in muted:
        return None
    last = today
    while last + timedelta(days=1) in muted:
        last += timedelta(days=1)
    return Mute(muted[today], None if last >= horizon else last)
