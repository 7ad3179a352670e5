"""English dates, ages and numbers beside the French ones: the same names, the same moments, no French word."""

import inspect
from datetime import UTC, date, datetime, timedelta

import pytest

from jarvis import formats_en, formats_fr

NOW = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
PARIS = "Europe/Paris"


def test_both_languages_answer_the_same_questions() -> None:
    """A page asks either by the same name with the same arguments."""
    french = {
        name: one
        for name, one in inspect.getmembers(formats_fr, inspect.isfunction)
        if one.__module__ == formats_fr.__name__
    }
    for name, one in french.items():
        assert inspect.signature(getattr(formats_en, name)) == inspect.signature(one), name


@pytest.mark.parametrize(
    ("ago", "day", "age"),
    [
        (timedelta(seconds=20), "today", "just now"),
        (timedelta(minutes=5), "today", "5\u00a0min ago"),
        (timedelta(hours=20), "yesterday", "20\u00a0h ago"),
        (timedelta(days=3), "Friday", "3\u00a0d ago"),
        (timedelta(days=22), "1 November", "22\u00a0d ago"),
        (timedelta(days=365), "23 November 2025", "365\u00a0d ago"),
    ],
)
def test_moments_are_told_as_one_says_them(ago: timedelta, day: str, age: str) -> None:
    """In the gym's own zone, where it is an hour later."""
    at = NOW - ago
    assert formats_en.day(at, now=NOW, timezone=PARIS) == day
    assert formats_en.age(at, now=NOW) == age
    assert formats_en.moment(at, now=NOW, timezone=PARIS).startswith(f"{day} at ")


def test_numbers_and_calendar_words() -> None:
    """Commas between thousands, a point, a real minus; months and days in full."""
    assert [formats_en.number(12345.6, decimals=1), formats_en.number(-0.5, decimals=1)] == ["12,345.6", "−0.5"]
    assert formats_en.clock(NOW, timezone=PARIS) == "10:05"
    assert formats_en.stamp(NOW, timezone=PARIS) == "23 Nov 10:05"
    assert formats_en.full_date(date(2026, 11, 23)) == "Monday 23 November 2026"
    assert formats_en.month(date(2026, 11, 23)) == "November 2026"
    assert formats_en.member_name(None, "") == "Member without a name"
