"""Dates, durations and numbers as French people write them. Pure; the clock is an argument."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip

# Between a number and its unit, so that a line never breaks there.
_NBSP = "\u00a0"


def local_date(moment: datetime, *, timezone: str) -> date:
    """The calendar day in the gym's zone: half past midnight belongs to the day that has begun there."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def clock(moment: datetime, *, timezone: str) -> str:
    """Hour and minute in the gym's zone: 9 h 05."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local.hour}{_NBSP}h{_NBSP}{local.minute:02d}"


def day(moment: datetime, *, now: datetime, timezone: str) -> str:
    """The day as one says it: aujourd'hui, hier, mardi, le 3 novembre, le 1er mars 2024."""
    local, today = local_date(moment, timezone=timezone), local_date(now, timezone=timezone)
    days_ago = (today - local).days
    if days_ago == 0:
        return "aujourd'hui"
    if days_ago == 1:
        return "hier"
    if 1 < days_ago < 7:
        return _DAYS[local.weekday()]
    number = "1er" if local.day == 1 else str(local.day)
    year = "" if local.year == today.year else f" {local.year}"
    return f"le {number} {_MONTHS[local.month - 1]}{year}"


def moment(at: datetime, *, now: datetime, timezone: str) -> str:
    """Day and hour: hier à 18 h 30."""
    return f"{day(at, now=now, timezone=timezone)} à {clock(at, timezone=timezone)}"


def stamp(at: datetime, *, timezone: str) -> str:
    """Day and hour as a column of a list has room for: 23/11 9 h 05."""
    return f"{local_date(at, timezone=timezone):%d/%m} {clock(at, timezone=timezone)}"


def elapsed(at: datetime, *, now: datetime) -> tuple[int, str]:
    """How many whole min, h or d have passed, in the one unit that matters; 0 within the first minute."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < 60:
        return minutes, "min"
    return (minutes // 60, "h") if minutes < 48 * 60 else (minutes // (24 * 60), "d")


def age(at: datetime, *, now: datetime) -> str:
    """How long ago, in the one unit that matters: à l'instant, il y a 5 min, il y a 3 h, il y a 2 j."""
    count, unit = elapsed(at, now=now)
    return f"il y a {count}{_NBSP}{'j' if unit == 'd' else unit}" if count else "à l'instant"


def number(value: float, *, decimals: int = 0) -> str:
    """A number with a thin space between thousands, a comma and a real minus: 12 345,6; −0,5."""
    return f"{value:,.{decimals}f}".replace(",", "\u202f").replace(".", ",").replace("-", "−")


def month(of: date) -> str:
    """The day's month: novembre 2026."""
    return f"{_MONTHS[of.month - 1]} {of.year}"


def full_date(of: date) -> str:
    """The day in full: lundi 23 novembre 2026."""
    number = "1er" if of.day == 1 else str(of.day)
    return f"{_DAYS[of.weekday()]} {number} {_MONTHS[of.month - 1]} {of.year}"


def phone(number: str) -> str:
    """A French number in pairs, 06 39 98 40 67; any other as it is."""
    digits = f"0{number[3:]}" if number.startswith("+33") else number
    is_french = len(digits) == 10 and digits.isdecimal() and digits.startswith("0")
    return _NBSP.join(digits[start : start + 2] for start in range(0, 10, 2)) if is_french else number


def member_name(*parts: str | None) -> str:
    """First and last name, as far as they are known."""
    return " ".join(part for part in parts if part) or "Adhérent sans nom"
