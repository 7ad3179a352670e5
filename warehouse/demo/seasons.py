"""What the calendar does to a gym: the share of usual visits that each day leaves.

Pure. Public and school holidays are `jarvis/calendars.py`'s, by region and zone; summers are thin, January and
September full. Beyond the school years that decrees name, the calendar is empty rather than guessed.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from jarvis.calendars import (
    SCHOOL_FIRST_DAY,
    SCHOOL_LAST_DAY,
    HolidayRegion,
    SchoolZone,
    public_holidays,
    school_holidays,
)

# Share of usual visits by month: resolutions in January, the return in September, thin summers.
_MONTHS = (1.18, 1.06, 1.02, 1.0, 0.98, 0.95, 0.82, 0.7, 1.12, 1.06, 1.03, 0.85)
_ON_PUBLIC_HOLIDAYS = 0.3
_IN_SCHOOL_HOLIDAYS = 0.92


def attendance(days: Sequence[date], *, zone: SchoolZone, region: HolidayRegion | None) -> NDArray[np.float64]:
    """The share of usual visits on each of consecutive days, 1 on an ordinary one."""
    months = np.array([_MONTHS[day.month - 1] for day in days])
    found = public_holidays(days[0], days[-1], region)
    public = np.array([day in found for day in days])
    school = in_school_holidays(days, zone=zone)
    return months * np.where(public, _ON_PUBLIC_HOLIDAYS, 1.0) * np.where(school, _IN_SCHOOL_HOLIDAYS, 1.0)


def in_school_holidays(days: Sequence[date], *, zone: SchoolZone) -> NDArray[np.bool_]:
    """True for each of consecutive days within the school holidays of a zone."""
    first, last = max(days[0], SCHOOL_FIRST_DAY), min(days[-1], SCHOOL_LAST_DAY)
    found = school_holidays(first, last, zone) if first <= last else {}
    return np.array([day in found for day in days])
