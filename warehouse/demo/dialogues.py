"""The library of small dialogues that members hold in a simulation, read from `dialogues/*.txt`.

A file holds blocks: `== name language mood topic [left] intents=one,other [tags=one,other]`, then turns
`M:` (member) and `J:` (JARVIS). `[one|other]` is one of several wordings, `{slot}` a word of the gym or
the member; `left` marks a conversation that the member walks away from. Mood is the member's towards the
gym, mood, topic and intents are what an analysis of the words should find; tags say in which moment of a
life it is spoken (`words.py`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from jarvis.conversations import Intent, Role, Sentiment, Topic
from warehouse.demo.chance import one_of

FOLDER = Path(__file__).parent / "dialogues"

SLOTS = frozenset(
    {
        "tapis", "velo", "rameur", "casier", "kg", "n", "cours", "jour", "mois", "heure", "prix", "muscle",
        "coach_m", "coach_f", "prenom", "ouverture", "fermeture",
    }
)  # fmt: skip


class Moment(StrEnum):
    """A moment of a member's life that has words of its own."""

    LEAVING = "leaving"
    MOVING = "moving"
    HESITATING = "hesitating"
    FADING = "fading"
    AGAIN = "again"
    """The second complaint about the same thing."""
    PRICE = "price"
    INJURY = "injury"
    PAUSE = "pause"
    RETURN = "return"
    HOLIDAY = "holiday"


MACHINE_SLOTS = ("tapis", "velo", "rameur")
_OPTIONS = {"intents", "tags"}
_ROLES = {"M": Role.MEMBER, "J": Role.ASSISTANT}
_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")


class DialogueError(ValueError):
    """A dialogue file does not read as blocks; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue with its wordings still open."""

    name: str
    language: str
    mood: Sentiment
    topic: Topic
    is_left: bool
    """True where the member walks away before an end."""
    intents: tuple[Intent, ...]
    moments: frozenset[Moment]
    turns: tuple[tuple[Role, str], ...]
    names_the_member: bool
    """True when the assistant says the member's first name, so the badge must be known."""
    names_a_machine: str | None
    """The slot of the machine it is about, if any."""

    def spoken(self, chance: Random, words: Mapping[str, str]) -> list[tuple[Role, str]]:
        """The turns with one wording chosen and every slot filled."""
        return [
            (role, _ALTERNATIVES.sub(lambda match: one_of(chance, match[1].split("|")), text).format_map(words))
            for role, text in self.turns
        ]


@cache
def library() -> tuple[Dialogue, ...]:
    """All dialogues, in file and line order.

    Raises:
        DialogueError: at the first block that does not read.
    """
    found = tuple(one for path in sorted(FOLDER.glob("*.txt")) for one in read(path.name, path.read_text("utf-8")))
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DialogueError(f"found dialogues twice: {', '.join(twice)}; expected each name once")
    return found


def read(file_name: str, text: str) -> Iterator[Dialogue]:
    """The dialogues of one file's text.

    Raises:
        DialogueError: naming the line, what was found and what was expected.
    """
    for block in re.split(r"^(?=== )", text, flags=re.MULTILINE)[1:]:
        line = text[: text.index(block)].count("\n") + 1
        header, *body = block.strip().splitlines()
        try:
            yield _dialogue(header, body)
        except ValueError as error:
            raise DialogueError(f"{file_name}:{line}: {error}") from error


def _dialogue(header: str, lines: list[str]) -> Dialogue:
    fields = header.split()[1:]
    options = dict(field.split("=", 1) for field in fields if "=" in field)
    words = [field for field in fields if "=" not in field]
    is_whole = len(words) in (4, 5) and words[4:] in ([], ["left"]) and {"intents"} <= set(options) <= _OPTIONS
    if not is_whole:
        raise ValueError(f"found header '{header}', expected '== name language mood topic [left] intents=… [tags=…]'")
    turns = []
    for line in lines:
        mark, separator, text = line.partition(": ")
        if mark not in _ROLES or not separator or not text.strip():
            raise ValueError(f"found line '{line}', expected 'M: words' or 'J: words'")
        unknown = set(_SLOT.findall(text)) - SLOTS
        if unknown:
            raise ValueError(f"found slots {sorted(unknown)}, expected some of {sorted(SLOTS)}")
        turns.append((_ROLES[mark], text.strip()))
    if not any(role is Role.MEMBER for role, _ in turns):
        raise ValueError("found no turn of the member, expected at least one")
    name, language, mood, topic = words[:4]
    slots = {slot for _, text in turns for slot in _SLOT.findall(text)}
    return Dialogue(
        name=name,
        language=language,
        mood=Sentiment(mood),
        topic=Topic(topic),
        is_left=len(words) == 5,
        intents=tuple(map(Intent, options["intents"].split(","))),
        moments=frozenset(map(Moment, filter(None, options.get("tags", "").split(",")))),
        turns=tuple(turns),
        names_the_member="prenom" in slots,
        names_a_machine=next((slot for slot in MACHINE_SLOTS if slot in slots), None),
    )
