"""Who left, and the monthly snapshots a model learns from: features of a day, labels of the weeks after it.

Pure. Labels come from memberships; where a member never had one, from a month without a visit. A label
is used only once it can no longer change, which is what keeps a split by time honest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from jarvis.churn import MemberHistory
from ml.churn.features import FALLBACK_ABSENCE_DAYS, FEATURES, RENEWAL_GRACE_DAYS, Timeline

# A manager can still do something in two months, and two months hold enough leavers to learn from.
HORIZON_DAYS = 60
# A label of a day is settled when the horizon and the grace for a renewal are over.
SETTLED_DAYS = HORIZON_DAYS + RENEWAL_GRACE_DAYS


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Rows of many days; the arrays have one entry per row."""

    rows: NDArray[np.float64]
    """Columns as FEATURES."""
    labels: NDArray[np.int64]
    places: NDArray[np.int64]
    """Each row's member, by place in the timeline."""
    days: NDArray[np.int64]
    """Each row's day as an ordinal."""

    def where(self, chosen: NDArray[np.bool_]) -> "Snapshots":
        """The chosen rows."""
        return Snapshots(self.rows[chosen], self.labels[chosen], self.places[chosen], self.days[chosen])

    def on(self, days: Sequence[date]) -> "Snapshots":
        """The rows of these days."""
        return self.where(np.isin(self.days, [day.toordinal() for day in days]))


def month_starts(first: date, last: date) -> list[date]:
    """The first days of months from `first` to `last`, both included where they are such days."""
    days = []
    day = first if first.day == 1 else _next_month(first)
    while day <= last:
        days.append(day)
        day = _next_month(day)
    return days


def has_left(member: MemberHistory, as_of: date) -> bool | None:
    """Whether the member leaves within the horizon; None where they were no member on that day.

    A membership that is cancelled or runs out counts unless another one begins within 30 days of its end.
    Without any membership, whoever came in the last 30 days and does not in the next 30 has left.
    """
    if not member.contracts:
        first, end = as_of - timedelta(days=FALLBACK_ABSENCE_DAYS), as_of + timedelta(days=FALLBACK_ABSENCE_DAYS)
        if not any(first <= day < as_of for day in member.seen_on):
            return None
        return not any(as_of <= day < end for day in member.seen_on)
    begun = [contract for contract in member.contracts if contract.started_on < as_of]
    if not begun:
        return None
    # Of two at once the one that ends last keeps the member.
    ends_on = max(min(one.expires_on, one.cancelled_on or one.expires_on) for one in begun)
    if ends_on < as_of:
        return None
    if ends_on >= as_of + timedelta(days=HORIZON_DAYS):
        return False
    grace = ends_on + timedelta(days=RENEWAL_GRACE_DAYS)
    return not any(as_of <= other.started_on <= grace for other in member.contracts)


def snapshots(timeline: Timeline, days: Sequence[date], *, new_member_days: int) -> Snapshots:
    """One row per member and day on which they were a member with a pattern; the labels must be settled."""
    parts = []
    for day in days:
        frame = timeline.snapshot(day)
        places = frame["place"].to_numpy()
        labels = np.array([_label(timeline.members[place], day) for place in places], dtype=np.int64)
        kept = (labels >= 0) & (frame["tenure_days"].to_numpy() >= new_member_days)
        parts.append(
            Snapshots(
                rows=matrix(frame)[kept],
                labels=labels[kept],
                places=places[kept],
                days=np.full(int(kept.sum()), day.toordinal(), dtype=np.int64),
            )
        )
    return Snapshots(
        rows=np.vstack([part.rows for part in parts]) if parts else np.empty((0, len(FEATURES))),
        labels=np.concatenate([part.labels for part in parts]) if parts else np.empty(0, dtype=np.int64),
        places=np.concatenate([part.places for part in parts]) if parts else np.empty(0, dtype=np.int64),
        days=np.concatenate([part.days for part in parts]) if parts else np.empty(0, dtype=np.int64),
    )


def matrix(frame: object) -> NDArray[np.float64]:
    """The features of a snapshot as a matrix, columns as FEATURES."""
    import polars as pl

    assert isinstance(frame, pl.DataFrame)
    return np.column_stack([frame[name].to_numpy().astype(float) for name in FEATURES])


def _label(member: MemberHistory, day: date) -> int:
    left = has_left(member, day)
    return -1 if left is None else int(left)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
