"""Which turns a claim rests on, and whether words that are quoted were said: names and rules, no I/O.

An analysis cites turns for each field, and for each topic and intent alone (`key_topics.billing`). The engines write
these names, the asset checks read them. Not here: what is personal in a text (`ml/conversations/redaction.py`).
"""

import re
from collections.abc import Sequence
from enum import StrEnum

# Each rests on at least one turn; so does every topic and intent, action item and issue.
CLAIMED_FIELDS = ("summary", "key_topics", "sentiment", "emotion", "intents", "outcome")

# What stands for personal data that was taken out.
_MARK = re.compile(r"\[[^\[\]]{2,40}\]")
_QUOTED = re.compile(r"«\s*(.+?)\s*»|“\s*([^”]+?)\s*”")
_SIGNS = re.compile(r"[«»“”\"]")
# What a quote may end in that was not said: it was cut, or its full stop went.
_CUT_END = " .…"


def claim_of(field: str, value: StrEnum | str) -> str:
    """The name under which the turns of one topic or one intent stand."""
    return f"{field}.{value}"


def quotes_in(text: str) -> tuple[str, ...]:
    """What stands between quotation marks, in order; quotes within a quote belong to it."""
    return tuple(inner or outer for inner, outer in _QUOTED.findall(text))


def is_said(quote: str, said: str) -> bool:
    """True when the words of the quote stand in what was said, in order; marks such as [nom] stand for any words.

    Case, spaces and quotation marks do not count, nor how a quote was cut.
    """
    words = _comparable(said)
    place = 0
    for piece in _MARK.split(quote):
        wanted = _comparable(piece).strip(_CUT_END)
        found = words.find(wanted, place)
        if found < 0:
            return False
        place = found + len(wanted)
    return True


def without_false_quotes(text: str, said: Sequence[str]) -> str:
    """The text without the quotation marks of what none of these turns holds: then it is told, not quoted."""

    def told(match: re.Match[str]) -> str:
        quote = match[1] or match[2]
        return match[0] if any(is_said(quote, one) for one in said) else quote

    return _QUOTED.sub(told, text)


def _comparable(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text.casefold()).split())
