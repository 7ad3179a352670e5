"""Days of many members as flat arrays: those they were seen on, those that do not count, and how many lie between two.

Pure. One sorted array of keys holds the days of all members, so that windows are counted for all of them at once.
`features.py` makes a member's figures of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jarvis.churn import MemberHistory
from jarvis.visit_habits import LOOK_BACK_DAYS

# One stride per member in the combined keys: more than any ordinal day.
STRIDE = 4_000_000

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Days:
    """Days of all members in one sorted array of keys: member's place × stride + ordinal."""

    keys: NDArray[np.int64]
    members: int

    @classmethod
    def of(cls, days: Sequence[Sequence[date]]) -> "Days":
        lengths = np.fromiter((len(one) for one in days), dtype=np.int64, count=len(days))
        ordinals = np.fromiter((day.toordinal() for one in days for day in one), dtype=np.int64, count=lengths.sum())
        return cls(np.repeat(np.arange(len(days), dtype=np.int64), lengths) * STRIDE + ordinals, len(days))

    def places(self, ordinal: int | Array) -> NDArray[np.int64]:
        """For each member, how many keys of all members come before this day of theirs."""
        days = np.arange(self.members, dtype=np.int64) * STRIDE + ordinal
        return np.asarray(np.searchsorted(self.keys, days), dtype=np.int64)

    def count(self, since: int | Array, until: int | Array) -> NDArray[np.int64]:
        """For each member, the days from `since` up to and without `until`."""
        return np.asarray(np.maximum(0, self.places(until) - self.places(since)), dtype=np.int64)

    def without(self, keys: NDArray[np.int64]) -> "Days":
        """The days whose keys are not among these, which ascend."""
        if not len(keys):
            return self
        places = np.minimum(np.searchsorted(keys, self.keys), len(keys) - 1)
        return Days(self.keys[keys[places] != self.keys], self.members)

    def last(self, until: int) -> NDArray[np.float64]:
        """For each member, the last day before `until`; NaN where there is none."""
        places = self.places(until)
        found = places > self.places(0)
        keys = self.keys if len(self.keys) else np.zeros(1, dtype=np.int64)
        days: NDArray[np.float64] = np.where(found, keys[np.maximum(places - 1, 0)] % STRIDE, np.nan)
        return days


@dataclass(frozen=True, slots=True)
class TwoDays:
    """Days in two arrays that have none in common."""

    most: Days
    rest: Days

    def count(self, since: int | Array, until: int | Array) -> NDArray[np.int64]:
        """As `Days.count`, of both."""
        return self.most.count(since, until) + self.rest.count(since, until)


@dataclass(frozen=True, slots=True)
class Counted:
    """The days up to one day, itself included, that are not muted; as `jarvis.visit_habits.CountedDays`, for all."""

    day: int
    muted: Days | TwoDays
    members: int

    @property
    def first(self) -> int:
        """Where the look-back begins."""
        return self.day - LOOK_BACK_DAYS

    def between(self, since: int | Array, until: int | Array) -> NDArray[np.int64]:
        """For each member, the counted days from `since` up to and without `until`; the day after today at most."""
        days = np.maximum(0, np.asarray(until) - since) - self.muted.count(since, until)
        return np.asarray(days, dtype=np.int64)

    def start_of_last(self, number: int, until: int | Array) -> NDArray[np.int64]:
        """The first day of the shortest stretch up to and without `until` with so many counted days; the look-back's
        at most."""
        low = np.full(self.members, self.first, dtype=np.int64)
        high = np.maximum(low + 1, until)
        while (high - low > 1).any():
            middle = (low + high) // 2
            is_enough = self.between(middle, until) >= number
            low, high = np.where(is_enough, middle, low), np.where(is_enough, high, middle)
        return low


@dataclass(frozen=True, slots=True)
class Late:
    """Muted days that were declared after they had begun, changed or withdrawn; one entry per day and version."""

    keys: NDArray[np.int64]
    known_from: NDArray[np.int64]
    known_until: NDArray[np.int64]

    @classmethod
    def of(cls, members: Sequence[MemberHistory]) -> "Late":
        rows = [
            (place * STRIDE + day.toordinal(), declared.known_from.toordinal(), declared.known_until.toordinal())
            for place, one in enumerate(members)
            if any(declared.late_days() for declared in (*one.away, *one.closed))
            for in_time in (set(one.muted_on),)
            for declared in (*one.away, *one.closed)
            for day in declared.late_days()
            if day not in in_time
        ]
        keys, known_from, known_until = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return cls(keys, known_from, known_until)

    def known_on(self, ordinal: int) -> NDArray[np.int64]:
        """The keys that were known when the day began, ascending, each once."""
        return np.unique(self.keys[(self.known_from <= ordinal) & (ordinal <= self.known_until)])
