"""Personal data out of a text: a first depth for summaries and for what is sent to a hosted model.

Replaces the member's own known names (always), e-mail addresses, phone numbers, IBANs and other
long digit runs, and first names the text gives of other people, by a neutral word in brackets.
Not here yet: spoken-out numbers, addresses and health details, which issue 4's redaction covers.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from ml.conversations.cues import plain

NAME, EMAIL, PHONE, IBAN, NUMBER = "[nom]", "[e-mail]", "[téléphone]", "[IBAN]", "[numéro]"

_EMAIL = re.compile(
    r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+|\b[\w.+-]+ (?:arobase|arroba) [\w-]+ (?:point|punto) \w+", re.I
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(r"(?<![\w.])(?:\+\d{1,3}[\s.-]?|0)(?:\(0\)\s?)?\d(?:[\s.-]?\d){7,11}(?!\w)")
_DIGITS = re.compile(r"(?<!\w)\d(?:[\s.-]?\d){8,}(?!\w)")

# A word after one of these is a person's name when it begins with a capital.
_TITLE = re.compile(
    r"\b(monsieur|madame|mademoiselle|mme|mlle|m\.|mr|mrs|ms|miss|señor|señora|don|doña|docteur|dr|"
    r"je m'appelle|moi c'est|mon nom est|my name is|i'm|me llamo|soy|coach|prof|entrenador|monitora?)(\s+)"
    r"([A-ZÀ-ÖØ-Þ][\w'’-]+(?:\s+[A-ZÀ-ÖØ-Þ][\w'’-]+)*)",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FIRST_NAMES = Path(__file__).parent / "corpus" / "first_names.txt"


def redact(text: str, *, names: Sequence[str] = ()) -> str:
    """The text without personal data; `names` are the member's own, found whatever their case and accents."""
    found = _EMAIL.sub(EMAIL, text)
    found = _IBAN.sub(IBAN, found)
    found = _PHONE.sub(PHONE, found)
    found = _DIGITS.sub(NUMBER, found)
    found = _TITLE.sub(_titled, found)
    own = frozenset(part for name in names for part in plain(name).replace("-", " ").split() if len(part) > 1)
    return _collapsed(_WORD.sub(lambda match: _word(match, own), found))


def _titled(match: re.Match[str]) -> str:
    # The pattern ignores case for the title; the name itself must be written as one.
    return f"{match[1]}{match[2]}{NAME}" if match[3][0].isupper() else match[0]


def _word(match: re.Match[str], own: frozenset[str]) -> str:
    word = match[0]
    before = match.string[: match.start()]
    if before.endswith("[") and match.string[match.end() : match.end() + 1] == "]":
        return word  # One of our own markers.
    elided, apostrophe, name = word.rpartition("'") if "'" in word else ("", "", word)
    folded = plain(name)
    parts = folded.split("-")
    if folded in own or any(part in own for part in parts):
        return f"{elided}{apostrophe}{NAME}"
    certain, ambiguous = _first_names()
    is_written_as_name = name[:1].isupper() and bool(before.strip()) and before.rstrip()[-1] not in '.!?…:«"'
    if any(part in certain for part in parts) or (is_written_as_name and any(part in ambiguous for part in parts)):
        return f"{elided}{apostrophe}{NAME}"
    return word


def _collapsed(text: str) -> str:
    """Two neighbouring names are one person."""
    return re.sub(r"\[nom\](?:[\s-]+\[nom\])+", NAME, text)


@cache
def _first_names() -> tuple[frozenset[str], frozenset[str]]:
    """Names that are nothing else, and names that are also words (marked `?`: a name only with a capital)."""
    lines = _FIRST_NAMES.read_text(encoding="utf-8").split()
    certain = frozenset(plain(name) for name in lines if not name.endswith("?"))
    return certain, frozenset(plain(name[:-1]) for name in lines if name.endswith("?"))


Redactor = Callable[[str, Sequence[str]], str]
"""A hook of this shape, (text, the member's own names) -> text, may take this module's place."""


def first_depth(text: str, names: Sequence[str]) -> str:
    """`redact` in the shape of a hook."""
    return redact(text, names=names)
