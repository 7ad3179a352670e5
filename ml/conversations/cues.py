"""Words that point at a topic, an intent or a feeling in French, English and Spanish.

The heads learn what each cue is worth; nothing is decided here. Cues are stems without accents,
matched at the start of a word on `plain` text, because the recogniser drops accents and endings.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

_CUES = Path(__file__).parent / "corpus" / "cues.txt"


def plain(text: str) -> str:
    """The text in lower case without accents or curly quotes, as the recogniser would have it at its worst."""
    folded = unicodedata.normalize("NFD", text.lower().replace("’", "'").replace("œ", "oe"))
    return " ".join("".join(char for char in folded if not unicodedata.combining(char)).split())


def cue_names() -> tuple[str, ...]:
    """The names of the cues, in the order `cue_counts` counts them."""
    return tuple(name for name, _ in _patterns())


def cue_counts(text: str) -> tuple[float, ...]:
    """For each cue, 0 where it is absent, 1 where it occurs, 1.5 where it comes back."""
    words = plain(text)
    return tuple(_strength(len(pattern.findall(words))) for _, pattern in _patterns())


def _strength(hits: int) -> float:
    return 0.0 if hits == 0 else 1.0 if hits == 1 else 1.5


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each cue's name and pattern, in the file's order."""
    alternatives: dict[str, list[str]] = {}
    name = ""
    for line in _CUES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            alternatives[name] = []
        elif line and not line.startswith("#"):
            alternatives[name].extend(line.split(" | "))
    return tuple((name, re.compile(_any_of(stems))) for name, stems in alternatives.items())


def _any_of(stems: Sequence[str]) -> str:
    """The stems in their order, at the start of a word; signs, and stems that place themselves, as they are.

    Whether a word starts here is asked once for all neighbouring stems: asked for each, it is most of the work.
    """
    groups = groupby(stems, key=lambda stem: stem[0] in "!^\\…")
    return "|".join(
        "|".join(group) if places_itself else rf"(?<!\w)(?:{'|'.join(group)})" for places_itself, group in groups
    )
