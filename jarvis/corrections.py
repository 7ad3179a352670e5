"""What a person may say of an engine's label: which fields, which values, and on what level. Pure rules.

The database checks the same (`warehouse/migrations/0140_label_corrections.sql`) and keeps each word of a person over
every later analysis; the API asks here first, so that a caller reads what was expected. Evaluations ask here which
fields a conversation is judged by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jarvis.conversations import Emotion, Intent, Outcome, Sentiment, Topic


class LabelField(StrEnum):
    """A label that an engine gives and a person may correct."""

    SENTIMENT_LABEL = "sentiment_label"
    EMOTION = "emotion"
    TOPICS = "topics"
    INTENTS = "intents"
    OUTCOME = "outcome"


VOCABULARY: Mapping[LabelField, type[StrEnum]] = {
    LabelField.SENTIMENT_LABEL: Sentiment,
    LabelField.EMOTION: Emotion,
    LabelField.TOPICS: Topic,
    LabelField.INTENTS: Intent,
    LabelField.OUTCOME: Outcome,
}

# Fields of which a conversation or a turn may have several values at once.
SEVERAL = frozenset({LabelField.TOPICS, LabelField.INTENTS})

# A turn has no topic and no outcome of its own.
OF_A_TURN = frozenset({LabelField.SENTIMENT_LABEL, LabelField.EMOTION, LabelField.INTENTS})


@dataclass(frozen=True, slots=True)
class Correction:
    """One label as a person says it is; the engine's own value makes it a confirmation."""

    field: LabelField
    value: tuple[str, ...]
    """One value, or several where the field takes several."""
    turn_id: UUID | None = None
    """A turn of the member's; None for the whole conversation."""


def correction(field: LabelField, value: Sequence[str], *, turn_id: UUID | None = None) -> Correction:
    """The checked correction; values said twice count once.

    Raises:
        ValueError: naming the field, with what it takes.
    """
    if turn_id is not None and field not in OF_A_TURN:
        raise ValueError(f"{field}: found a turn, expected the whole conversation: leave turn_id out")
    known = {str(member) for member in VOCABULARY[field]}
    values = tuple(dict.fromkeys(value))
    if not known.issuperset(values):
        raise ValueError(f"{field}: found a value that is none of its own, expected {', '.join(sorted(known))}")
    fewest = 0 if field in SEVERAL and turn_id is not None else 1
    if len(values) < fewest or (len(values) > 1 and field not in SEVERAL):
        expected = "one value" if field not in SEVERAL else "at least one value"
        raise ValueError(f"{field}: found {len(values)} values, expected {expected}")
    return Correction(field, values, turn_id)
