"""How tools say days, times and lists in French, and how they read a day or a name that a member said. Pure."""

import unicodedata
from collections.abc import Sequence
from datetime import date, time, timedelta

from voice_gateway.tools.runner import ToolInputError

# Numbers as members say them, folded.
NUMBERS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "onze": 11, "douze": 12, "quinze": 15, "vingt": 20, "trente": 30, "quarante": 40, "soixante": 60,
}  # fmt: skip
# One of them in a pattern, or its digits.
NUMBER = rf"(?:\d{{1,4}}|{'|'.join(NUMBERS)})"

DAYS_FR = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAY_CHOICES = ("today", "tomorrow", *DAYS_FR)

_MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip


def clock(at: time) -> str:
    """For example « 18 h 30 », « 9 h »."""
    return f"{at.hour} h {at.minute:02d}" if at.minute else f"{at.hour} h"


def day_said(day: date, *, today: date) -> str:
    """« aujourd'hui », « demain », or the weekday of the coming week."""
    if day == today:
        return "aujourd'hui"
    return "demain" if day == today + timedelta(days=1) else DAYS_FR[day.weekday()]


def date_said(day: date) -> str:
    """For example « 1er mars 2026 »."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS_FR[day.month - 1]} {day.year}"


def day_of(choice: object, *, today: date) -> date | None:
    """The next day of that name, today included; None where no day was given.

    Raises:
        ToolInputError: when it is none of those offered.
    """
    if choice is None or choice == "":
        return None
    word = str(choice).lower()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    if word not in DAYS_FR:
        raise ToolInputError(f"Jour attendu : {', '.join(DAY_CHOICES)}.")
    return today + timedelta(days=(DAYS_FR.index(word) - today.weekday()) % 7)


def date_of(given: object) -> date | None:
    """The date a model gave; None where it gave none.

    Raises:
        ToolInputError: when it is no date.
    """
    if given is None or given == "":
        return None
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ToolInputError("Date attendue sous la forme 2026-12-31.") from None


def number_of(word: str) -> int:
    """The number that matched `NUMBER`."""
    return int(word) if word.isdecimal() else NUMBERS[word]


def listed(parts: Sequence[str], *, last: str = "et") -> str:
    """« a, b et c »."""
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def counted(count: int, noun: str) -> str:
    """« une place », « 3 places », « aucune place » for feminine nouns that take an s."""
    return f"aucune {noun}" if count == 0 else f"une {noun}" if count == 1 else f"{count} {noun}s"


def folded(text: str) -> str:
    """Lower case, no accents, words apart by one space: what names are compared by."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare.replace("œ", "oe")).split())
