"""Dates and numbers as French people write them."""

from datetime import UTC, date, datetime

import pytest

from jarvis import formats_fr

NOW = datetime(2025, 3, 12, 14, 30, tzinfo=UTC)  # a Wednesday, 15 h 30 in Paris


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2025, 3, 12, 8, 5, tzinfo=UTC), "aujourd'hui à 9 h 05"),
        (datetime(2025, 3, 11, 22, 59, tzinfo=UTC), "hier à 23 h 59"),
        (datetime(2025, 3, 11, 23, 1, tzinfo=UTC), "aujourd'hui à 0 h 01"),
        (datetime(2025, 3, 7, 11, 0, tzinfo=UTC), "vendredi à 12 h 00"),
        (datetime(2025, 3, 1, 11, 0, tzinfo=UTC), "le 1er mars à 12 h 00"),
        (datetime(2024, 8, 15, 10, 0, tzinfo=UTC), "le 15 août 2024 à 12 h 00"),
    ],
)
def test_a_moment_is_said_in_the_gym_s_time(at: datetime, expected: str) -> None:
    """Midnight falls where the gym stands, and summer time counts."""
    assert formats_fr.moment(at, now=NOW, timezone="Europe/Paris").replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "à l'instant"), (5, "il y a 5 min"), (59, "il y a 59 min"), (61, "il y a 1 h"), (47 * 60, "il y a 47 h"),
     (3 * 24 * 60, "il y a 3 j")],
)  # fmt: skip
def test_an_age_has_one_unit(minutes: int, expected: str) -> None:
    """The unit that matters, and no other."""
    at = datetime.fromtimestamp(NOW.timestamp() - minutes * 60, UTC)
    assert formats_fr.age(at, now=NOW).replace("\u00a0", " ") == expected


def test_a_number_has_a_comma_and_thin_spaces() -> None:
    """12 345,6 and not 12,345.6."""
    assert formats_fr.number(12345.6, decimals=1) == "12\u202f345,6"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+33639984067", "06 39 98 40 67"),
        ("0559000000", "05 59 00 00 00"),
        ("+351912345678", "+351912345678"),
        ("", ""),
    ],
)
def test_a_telephone_number_is_read_in_pairs(stored: str, shown: str) -> None:
    """As French people dictate it; a foreign number stays as it was given."""
    assert formats_fr.phone(stored).replace("\u00a0", " ") == shown


def test_half_past_midnight_is_a_day_that_has_begun() -> None:
    """The day and the hour are those of the gym, and never the one of here and the other of there."""
    at = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    assert formats_fr.local_date(at, timezone="Europe/Paris") == date(2026, 3, 13)
    assert formats_fr.stamp(at, timezone="Europe/Paris").replace("\u00a0", " ") == "13/03 0 h 30"
