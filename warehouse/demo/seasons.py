"""What the calendar does to a gym: the share of usual visits that each day leaves.

Pure. Public and school holidays come by zone; summers are thin, January and September full.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

# Share of usual visits by month: resolutions in January, the return in September, thin summers.
_MONTHS = (1.18, 1.06, 1.02, 1.0, 0.98, 0.95, 0.82, 0.7, 1.12, 1.06, 1.03, 0.85)
_ON_PUBLIC_HOLIDAYS = 0.3
_IN_SCHOOL_HOLIDAYS = 0.92

_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
# First and last (month, day) of the school holidays, the same days every year; winter and spring by zone.
_SCHOOL_HOLIDAYS = (((12, 20), (12, 31)), ((1, 1), (1, 4)), ((7, 4), (8, 31)), ((10, 18), (11, 2)))
_ZONED_HOLIDAYS = {
    "A": (((2, 7), (2, 22)), ((4, 4), (4, 19))),
    "B": (((2, 14), (3, 1)), ((4, 11), (4, 26))),
    "C": (((2, 21), (3, 8)), ((4, 18), (5, 3))),
}


def attendance(days: Sequence[date], *, zone: str) -> NDArray[np.float64]:
    """The share of usual visits on each day, 1 on an ordinary one."""
    return np.array([_share(day, zone) for day in days])


def is_school_holiday(day: date, zone: str) -> bool:
    """True within the school holidays of a zone."""
    return any(first <= (day.month, day.day) <= last for first, last in _SCHOOL_HOLIDAYS + _ZONED_HOLIDAYS[zone])


def is_public_holiday(day: date) -> bool:
    """True on one of France's eleven public holidays."""
    easter_monday = _easter(day.year) + timedelta(days=1)
    moving = (easter_monday, easter_monday + timedelta(days=38), easter_monday + timedelta(days=49))
    return (day.month, day.day) in _FIXED_HOLIDAYS or day in moving


def _share(day: date, zone: str) -> float:
    share = _MONTHS[day.month - 1]
    if is_public_holiday(day):
        share *= _ON_PUBLIC_HOLIDAYS
    if is_school_holiday(day, zone):
        share *= _IN_SCHOOL_HOLIDAYS
    return share


def _easter(year: int) -> date:
    # The anonymous Gregorian computus.
    century, in_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (in_century // 4) - epact - in_century % 4) % 7
    shift = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
