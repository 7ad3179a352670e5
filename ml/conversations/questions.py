"""A manager's question as ideas to look for: what is asked about, without the words every question has.

Pure. Each idea is one search expression of Postgres (`websearch_to_tsquery`): the word of the question or any that
is said for it at a gym, from `question_words_fr.txt`. Not here: the search, and the answer (`answers`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jarvis.conversations import Sentiment, Topic
from ml.conversations.cues import cue_counts, cue_names, plain
from ml.conversations.redaction import health_details

_WORDS = Path(__file__).parent / "question_words_fr.txt"
_WORD = re.compile(r"[^\W\d_]+|\d+")
_PHRASE = re.compile(r'"([^"]+)"|([^\s|"]+)')
# Endings that tell a plural or a feminine from its singular: for finding an idea, not for searching.
_ENDING = re.compile(r"(?:ees|ee|es|s|e|x)$")

# Of a question as long as a letter, the first words say what it is about.
MAX_IDEAS = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for."""

    text: str
    ideas: tuple[str, ...]
    """Search expressions, one per idea; none where the question holds only words every question has."""
    stance: Sentiment | None
    """Negative for "why do they complain", positive for "what do they like", None where it asks for neither."""
    topics: frozenset[Topic]
    """Topics that the question's own words point at; none where they point at no one."""
    is_of_health: bool
    """True where it asks how somebody is: only words whose member agreed to it may answer."""


def read_question(text: str) -> Question:
    """The question's ideas and its stance."""
    words = [word for word in _WORD.findall(plain(text)) if len(word) > 2 or word.isdigit()]
    framing, complaint, praise = (_section(name) for name in ("framing", "complaint", "praise"))
    ideas: dict[str, None] = {}
    for word in words:
        if word not in framing and word not in complaint and word not in praise:
            ideas[_idea(word)] = None
    stance = None
    if any(word in praise for word in words):
        stance = Sentiment.POSITIVE
    elif any(word in complaint for word in words):
        stance = Sentiment.NEGATIVE
    cues = zip(cue_names(), cue_counts(text), strict=True)
    pointed = {name.removeprefix("topic:") for name, count in cues if count and name.startswith("topic:")}
    topics = frozenset(map(Topic, pointed)) - {Topic.OTHER}
    is_of_health = Topic.INJURY_HEALTH in topics or bool(health_details(text))
    return Question(text, tuple(ideas)[:MAX_IDEAS], stance, topics, is_of_health)


def _idea(word: str) -> str:
    """The word and whatever is said for it, as one expression."""
    alternatives: dict[str, None] = {word: None}
    for group in _related():
        if _ENDING.sub("", word) in {_ENDING.sub("", other) for other in group}:
            alternatives.update(dict.fromkeys(group))
    return " or ".join(f'"{words}"' if " " in words else words for words in alternatives)


@cache
def _section(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())


@cache
def _related() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase or word for phrase, word in _PHRASE.findall(line)) for line in _lines("related"))


def _lines(name: str) -> Iterator[str]:
    section = ""
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif section == name and line and not line.startswith("#"):
            yield line
