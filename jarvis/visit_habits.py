"""A member's visits against the member's own habit: how often, how long between two, and whether they are missed.

Pure: days in, judgement out; all days are the gym's own. Muted days (`jarvis/absences.py`) are not
counted, neither in the habit nor in an absence. `jarvis/members.py` puts the result into a member's row;
docs/members.md says the method in words.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise
from math import sqrt
from statistics import fmean, pvariance

# How far back visits are read, in calendar days: twelve weeks of counted days before a visit half a year ago.
LOOK_BACK_DAYS = 420
# A habit is read from the last twelve weeks of counted days before the last visit, so that an absence does not blur it…
HABIT_DAYS = 84
# …and a recent stretch is four of them.
RECENT_DAYS = 28
# The day from which a gym's visits are on record, where none has been recorded yet.
NO_RECORD = date.max
# Less than two weeks of counted days would make a habit of a good first week.
LEAST_HABIT_DAYS = 14
# After half a year of counted days without a visit there is no habit to measure by.
FORGOTTEN_AFTER_DAYS = 180

# An absence is unusual when 98 of 100 of the member's own gaps would be over by now (normal quantile of 0.98)…
GAP_Z = 2.054
# …and longer than a week: nobody calls a daily visitor on the third day.
LEAST_GAP_DAYS = 7.0
# Weight, in gaps, of the assumption that visits fall at random: few gaps say little of a member's regularity.
PRIOR_GAPS = 4

# Rising or falling: beyond chance (one in ten) and by at least a quarter.
TREND_Z = 1.645
RISING_FROM = 1.25
FALLING_FROM = 0.75
# Fewer counted days before the recent stretch are nothing to compare with.
LEAST_EARLIER_DAYS = 28


class VisitTrend(StrEnum):
    """Where a member's visits go, by the member's own habit."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Known:
    """From when on a member's visits are known: what came before is no absence, for nobody knows of it."""

    joined_on: date | None
    """None where nobody knows."""
    recorded_from: date | None
    """The first visit that the gym has on record; after today while it has none, None where it is as old as the
    membership."""

    @property
    def since(self) -> date | None:
        """The first day of which a visit of the member would be on record; None where all their days are."""
        return max((one for one in (self.joined_on, self.recorded_from) if one is not None), default=None)

    def is_before(self, day: date) -> bool:
        """True where nothing of the day, nor of any before it, is on record."""
        return self.recorded_from is not None and day < self.recorded_from

    def unseen_since(self, last_seen: date | None) -> date | None:
        """The day from which an absence is counted: the last visit, or where the record of visits begins after it."""
        if last_seen is None:
            return self.since
        return max(last_seen, self.recorded_from or last_seen)


class CountedDays:
    """Which days up to today count, and how many lie between two of them."""

    def __init__(self, muted: Collection[date] | Mapping[date, object], *, today: date) -> None:
        self.today = today
        self.first = today - timedelta(days=LOOK_BACK_DAYS)
        self._counts = [self.first + timedelta(days=number) not in muted for number in range(LOOK_BACK_DAYS + 1)]
        self._until = list(accumulate(self._counts))
        self.total = self._until[-1]

    def counts(self, day: date) -> bool:
        """Whether the day is not muted; False before the look-back."""
        number = (day - self.first).days
        return 0 <= number <= LOOK_BACK_DAYS and self._counts[number]

    def until(self, day: date) -> int:
        """Counted days up to and with `day`, since the look-back began; 0 before it."""
        number = (day - self.first).days
        return 0 if number < 0 else self._until[min(number, LOOK_BACK_DAYS)]

    def since(self, day: date) -> int:
        """Counted days after `day`, today included."""
        return self.total - self.until(day)

    def start_of_last(self, number: int) -> date:
        """The first day of the shortest stretch to today that has so many counted days; the look-back's at most."""
        return self.first if number > self.total else self.first_after(self.total - number)

    def first_after(self, number: int) -> date:
        """The first day up to which, itself included, more than `number` days of the look-back count."""
        return self.first + timedelta(days=bisect_right(self._until, number))


@dataclass(frozen=True, slots=True)
class VisitHabit:
    """How a member usually comes."""

    visits_per_week: float
    """Days with a visit per week of counted days."""
    expected_gap_days: float
    """Counted days without a visit after which the member is missed; at least a week."""


def visit_habit(visits: Sequence[date], counted: CountedDays, *, known: Known) -> VisitHabit | None:
    """The habit at the time of the last visit; None for somebody never seen, or not for half a year of counted days,
    or not since visits are on record.

    The gap that is expected is the 98 % quantile of a gamma distribution with the mean and the spread of the
    member's own gaps (Wilson and Hilferty 1931), the spread drawn towards that of visits at random.

    Args:
        visits: days with a visit within the look-back, oldest first, each once.
    """
    if not visits or counted.since(visits[-1]) > FORGOTTEN_AFTER_DAYS or known.is_before(visits[-1]):
        return None
    end = counted.until(visits[-1])
    start = max(end - HABIT_DAYS, _counted_before(known, counted))
    within = visits[bisect_left(visits, counted.first_after(start)) :]
    observed = max(end - start, LEAST_HABIT_DAYS)
    # Somebody who came on muted days alone came at least once.
    came = max(1, sum(map(counted.counts, within)))
    gaps = [later - earlier for earlier, later in pairwise(map(counted.until, within)) if later > earlier]
    return VisitHabit(7 * came / observed, expected_gap_days(observed / came, gaps))


def expected_gap_days(mean_gap: float, gaps: Sequence[int]) -> float:
    """The gap that 98 of 100 gaps of a member stay below, and at least a week.

    Args:
        mean_gap: counted days per visit.
        gaps: counted days between one visit and the next.
    """
    spread = pvariance(gaps) / fmean(gaps) ** 2 if gaps else 0.0
    squared_variation = (len(gaps) * spread + PRIOR_GAPS) / (len(gaps) + PRIOR_GAPS)
    ninth = squared_variation / 9
    return max(LEAST_GAP_DAYS, mean_gap * (1 - ninth + GAP_Z * sqrt(ninth)) ** 3)


def visit_trend(
    visits: Sequence[date],
    counted: CountedDays,
    habit: VisitHabit | None,
    *,
    known: Known,
    is_silenced: bool,
) -> VisitTrend:
    """Absent past the expected gap; else the last four weeks against the twelve before, in counted days.

    Without a habit the gap is a week, which must be on record.

    Args:
        visits: days with a visit within the look-back, oldest first, each once.
        is_silenced: the member cannot or will not come today, and said so or the gym did: never absent.
    """
    unseen_since = known.unseen_since(visits[-1] if visits else None)
    away = counted.total if unseen_since is None else counted.since(unseen_since)
    if not is_silenced and away > (LEAST_GAP_DAYS if habit is None else habit.expected_gap_days):
        return VisitTrend.ABSENT
    middle = counted.total - RECENT_DAYS
    start = max(middle - HABIT_DAYS, _counted_before(known, counted), 0)
    earlier_days = middle - start
    if earlier_days < LEAST_EARLIER_DAYS:
        return VisitTrend.STEADY
    since = visits[bisect_left(visits, counted.first_after(start)) :]
    numbers = [counted.until(day) for day in since if counted.counts(day)]
    recent = sum(number > middle for number in numbers)
    earlier = len(numbers) - recent
    return _compared(recent, earlier, share=RECENT_DAYS / earlier_days)


def _counted_before(known: Known, counted: CountedDays) -> int:
    """Counted days of the look-back of which nothing is known."""
    return 0 if known.since is None else counted.until(known.since - timedelta(days=1))


def _compared(recent: int, earlier: int, *, share: float) -> VisitTrend:
    """Two counts of Poisson events as square roots, whose spread does not depend on the rate (Huffman 1984).

    Args:
        share: days of the recent stretch for each of the earlier one.
    """
    z = 2 * (sqrt(recent + 3 / 8) - sqrt((earlier + 3 / 8) * share)) / sqrt(1 + share)
    expected = earlier * share
    if z > TREND_Z and recent >= RISING_FROM * expected:
        return VisitTrend.RISING
    return VisitTrend.FALLING if z < -TREND_Z and recent <= FALLING_FROM * expected else VisitTrend.STEADY
