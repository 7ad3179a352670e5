"""Dates, durations and numbers as English readers of the French pages see them: as `formats_fr.py` names them. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from jarvis.formats_fr import elapsed, local_date, phone

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NBSP = "\u00a0"

__all__ = [
    "age", "clock", "day", "elapsed", "full_date", "local_date", "member_name", "moment", "month", "number",
    "phone", "stamp",
]  # fmt: skip


def clock(moment: datetime, *, timezone: str) -> str:
    """Hour and minute in the gym's zone: 09:05."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%H:%M}"


def day(moment: datetime, *, now: datetime, timezone: str) -> str:
    """The day as one says it: today, yesterday, Tuesday, 3 November, 1 March 2024."""
    local, today = local_date(moment, timezone=timezone), local_date(now, timezone=timezone)
    days_ago = (today - local).days
    if days_ago == 0:
        return "today"
    if days_ago == 1:
        return "yesterday"
    if 1 < days_ago < 7:
        return _DAYS[local.weekday()]
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {_MONTHS[local.month - 1]}{year}"


def moment(at: datetime, *, now: datetime, timezone: str) -> str:
    """Day and hour: yesterday at 18:30."""
    return f"{day(at, now=now, timezone=timezone)} at {clock(at, timezone=timezone)}"


def stamp(at: datetime, *, timezone: str) -> str:
    """Day and hour as a column of a list has room for: 23 Nov 09:05."""
    local = local_date(at, timezone=timezone)
    return f"{local.day} {_MONTHS[local.month - 1][:3]} {clock(at, timezone=timezone)}"


def age(at: datetime, *, now: datetime) -> str:
    """How long ago, in the one unit that matters: just now, 5 min ago, 3 h ago, 2 d ago."""
    count, unit = elapsed(at, now=now)
    return f"{count}{_NBSP}{unit} ago" if count else "just now"


def number(value: float, *, decimals: int = 0) -> str:
    """A number with commas between thousands, a point and a real minus: 12,345.6; −0.5."""
    return f"{value:,.{decimals}f}".replace("-", "−")


def month(of: date) -> str:
    """The day's month: November 2026."""
    return f"{_MONTHS[of.month - 1]} {of.year}"


def full_date(of: date) -> str:
    """The day in full: Monday 23 November 2026."""
    return f"{_DAYS[of.weekday()]} {of.day} {_MONTHS[of.month - 1]} {of.year}"


def member_name(*parts: str | None) -> str:
    """First and last name, as far as they are known."""
    return " ".join(part for part in parts if part) or "Member without a name"
