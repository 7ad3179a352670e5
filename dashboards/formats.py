"""Dates, durations and numbers in the language of this run: as `jarvis/formats_fr.py` or `jarvis/formats_en.py`."""

from datetime import date, datetime

from dashboards.language import is_english
from jarvis import formats_en, formats_fr
from jarvis.formats_fr import local_date, phone

__all__ = [
    "NETWORK_TIMEZONE", "age", "clock", "day", "full_date", "local_date", "member_name", "moment", "month",
    "network_day", "number", "phone", "stamp",
]  # fmt: skip

# Of what is about the network, or about no one gym: its days begin in France.
NETWORK_TIMEZONE = "Europe/Paris"


def network_day(now: datetime) -> date:
    """The calendar day it is for the network."""
    return local_date(now, timezone=NETWORK_TIMEZONE)


def clock(moment: datetime, *, timezone: str) -> str:
    """Hour and minute in the gym's zone."""
    return formats_en.clock(moment, timezone=timezone) if is_english() else formats_fr.clock(moment, timezone=timezone)


def day(moment: datetime, *, now: datetime, timezone: str) -> str:
    """The day as one says it."""
    return (
        formats_en.day(moment, now=now, timezone=timezone)
        if is_english()
        else formats_fr.day(moment, now=now, timezone=timezone)
    )


def moment(at: datetime, *, now: datetime, timezone: str) -> str:
    """Day and hour."""
    return (
        formats_en.moment(at, now=now, timezone=timezone)
        if is_english()
        else formats_fr.moment(at, now=now, timezone=timezone)
    )


def stamp(at: datetime, *, timezone: str) -> str:
    """Day and hour as a column of a list has room for."""
    return formats_en.stamp(at, timezone=timezone) if is_english() else formats_fr.stamp(at, timezone=timezone)


def age(at: datetime, *, now: datetime) -> str:
    """How long ago, in the one unit that matters."""
    return formats_en.age(at, now=now) if is_english() else formats_fr.age(at, now=now)


def number(value: float, *, decimals: int = 0) -> str:
    """A number with its thousands, its decimals and a real minus."""
    return formats_en.number(value, decimals=decimals) if is_english() else formats_fr.number(value, decimals=decimals)


def month(of: date) -> str:
    """The day's month."""
    return formats_en.month(of) if is_english() else formats_fr.month(of)


def full_date(of: date) -> str:
    """The day in full."""
    return formats_en.full_date(of) if is_english() else formats_fr.full_date(of)


def member_name(*parts: str | None) -> str:
    """First and last name, as far as they are known."""
    return formats_en.member_name(*parts) if is_english() else formats_fr.member_name(*parts)
