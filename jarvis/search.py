"""What is looked for in a gym's conversations and what is found: frozen records, and how two rankings become one.

Pure. The words and vectors are compared in the database (`warehouse/stores/search.py`), the answer is
written by `ml/conversations/answers.py`, and `orchestration/questions.py` puts them together.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from jarvis.conversations import Sentiment, Topic

# Of Cormack, Clarke and Büttcher (SIGIR 2009): how little the very first places weigh more than the next.
RANK_OFFSET = 60

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which conversations are searched; None is all of them."""

    since: date | None = None
    """First day, in the gym's time zone."""
    until: date | None = None
    """Last day, in the gym's time zone."""
    sentiment: Sentiment | None = None
    topic: Topic | None = None
    member_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FoundTurn:
    """One turn of a member's in a conversation that was found."""

    turn_id: UUID
    text: str
    sentiment: Sentiment | None
    idea_share: float
    """How much of the question's ideas the turn holds, weighed by how rare each is in the gym, 0 to 1."""


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """One conversation that was found."""

    session_id: UUID
    member_id: UUID | None
    said_on: date
    """Day, in the gym's time zone."""
    topics: tuple[Topic, ...]
    sentiment: Sentiment
    known_of_member: tuple[str, ...]
    """What is known of the member and may not be shown."""
    turns: tuple[FoundTurn, ...]
    idea_share: float
    """The same over all its member's turns together, 0 to 1."""


def fuse(rankings: Iterable[Sequence[Item]]) -> list[Item]:
    """All that any ranking names, best first, by reciprocal rank fusion; ties in the order first met."""
    scores: dict[Item, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RANK_OFFSET + place)
    return sorted(scores, key=lambda item: -scores[item])
