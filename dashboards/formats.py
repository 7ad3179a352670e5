"""Dates, durations and numbers in the language of this run: as `jarvis/formats_fr.py` or `jarvis/formats_en.py`."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import ParamSpec

from dashboards.language import is_english
from jarvis import formats_en, formats_fr
from jarvis.formats_fr import local_date, phone

__all__ = [
    "NETWORK_TIMEZONE", "age", "clock", "day", "full_date", "local_date", "member_name", "moment", "moment_column",
    "month", "network_day", "number", "phone", "plain", "stamp",
]  # fmt: skip

_P = ParamSpec("_P")

# Of what is about the network, or about no one gym: its days begin in France.
NETWORK_TIMEZONE = "Europe/Paris"


def network_day(now: datetime) -> date:
    """The calendar day it is for the network."""
    return local_date(now, timezone=NETWORK_TIMEZONE)


def _spoken(french: Callable[_P, str], english: Callable[_P, str]) -> Callable[_P, str]:
    """The one of this run's language, which is known when it is called."""

    @wraps(french)
    def spoken(*args: _P.args, **kwargs: _P.kwargs) -> str:
        return (english if is_english() else french)(*args, **kwargs)

    return spoken


clock = _spoken(formats_fr.clock, formats_en.clock)
day = _spoken(formats_fr.day, formats_en.day)
moment = _spoken(formats_fr.moment, formats_en.moment)
stamp = _spoken(formats_fr.stamp, formats_en.stamp)
age = _spoken(formats_fr.age, formats_en.age)
number = _spoken(formats_fr.number, formats_en.number)
month = _spoken(formats_fr.month, formats_en.month)
full_date = _spoken(formats_fr.full_date, formats_en.full_date)
member_name = _spoken(formats_fr.member_name, formats_en.member_name)


def plain(words: str) -> str:
    """The words where Markdown is read: nothing in them is any."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|$~<>:" else sign for sign in words)


def moment_column() -> str:
    """How a table's column writes day and hour, in the words of moment.js: 23/11/2026 9 h 05."""
    return "DD/MM/YYYY HH:mm" if is_english() else "DD/MM/YYYY H [h] mm"
