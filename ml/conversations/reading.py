"""What the heads say of conversations, turn by turn and as a whole, in probabilities.

Lives here: which texts are shown to which head and how the answers are put together. Not here:
turning answers into an analysis (`local`), fitting (`train`). Both `local` and the measurements
in `train` read conversations through `read`, so what is measured is what runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from jarvis.conversations import (
    NEGATIVE_BELOW,
    POSITIVE_FROM,
    Conversation,
    Emotion,
    Intent,
    Outcome,
    Role,
    Sentiment,
    Topic,
)
from ml.conversations.heads import HeadSet
from ml.conversations.sentences import VectorsOf, clean_text, embed

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

Label = TypeVar("Label", bound=StrEnum)

# How much the member's view at the end rests on the whole text, on the last words, on all turns alike.
# Chosen on our own corpus by leaving one batch out (`train` prints the figures).
_WHOLE, _LAST, _MEAN = 0.5, 0.2, 0.3
# Whoever ends with warm words was won over, whatever they began with: then the last words count most.
_WARM_FROM = 0.7
_WARM_WHOLE, _WARM_LAST, _WARM_MEAN = 0.3, 0.5, 0.2

# An emotion is the one that dominates the talk, not the one it ends on: the whole text, and the turns by their
# length, up to this many characters; a few words count as these many more. Left-out batches: 0.625 to 0.640.
_FELT_WHOLE = 0.3
_FELT_CHARACTERS, _FELT_LEAST = 80, 10

# The register decides more than it mixes: half-way between two heads is neither's reading.
_REGISTER_POWER = 3

# What the member asked, beside what was answered, in the features of the outcome.
ASKED_WEIGHT = 0.5

# How much a topic rests on the turn that tells it most: a second one takes a sentence, not the whole talk.
_TOLD = 0.3

# A label is given from this probability on; where none reaches it, the most probable one is.
TOPIC_FROM = 0.55
INTENT_FROM = 0.55

# A turn that only acknowledges ("ok", "oui") says little of how the member feels at the end.
ACKNOWLEDGEMENT_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class TurnReading:
    """Probabilities for one member turn."""

    turn_id: str
    text: str
    """Cleaned."""
    sentiment: Mapping[Sentiment, float]
    emotion: Mapping[Emotion, float]
    intents: Mapping[Intent, float]
    topics: Mapping[Topic, float]
    """Of the turn alone: which turn a topic of the conversation is told by."""

    @property
    def score(self) -> float:
        """-1 to 1, two decimals, within the thresholds of the most probable label."""
        return score_of(self.sentiment)


@dataclass(frozen=True, slots=True)
class Reading:
    """Probabilities for one conversation that has at least one word of the member's."""

    sentiment: Mapping[Sentiment, float]
    emotion: Mapping[Emotion, float]
    topics: Mapping[Topic, float]
    intents: Mapping[Intent, float]
    outcome: Mapping[Outcome, float]
    turns: tuple[TurnReading, ...]
    vectors: "Array"
    """One row per turn with words, member's and assistant's, in order."""

    @property
    def score(self) -> float:
        """The member's view at the end, -1 to 1, two decimals, within the thresholds of the most probable label."""
        return score_of(self.sentiment)


def member_text(conversation: Conversation) -> str:
    """All the member said, in one text."""
    return " ".join(text for turn in conversation.member_turns if (text := clean_text(turn.text)))


def closing_text(conversation: Conversation) -> str:
    """The assistant's last answer, or a dash where it never spoke: most of how the conversation ended."""
    answers = [text for turn in conversation.turns if turn.role is Role.ASSISTANT and (text := clean_text(turn.text))]
    return answers[-1] if answers else "-"


def ending_rows(closing_rows: Any, whole_rows: Any) -> Any:
    """What the outcome is read from: the assistant's last answer, and what it was an answer to."""
    from scipy import sparse

    return sparse.hstack([closing_rows, whole_rows * ASKED_WEIGHT]).tocsr()


def read(conversations: Sequence[Conversation], heads: HeadSet, *, vectors_of: VectorsOf = embed) -> list[Reading]:
    """One reading per conversation, in order; each must hold at least one word of the member's.

    Args:
        vectors_of: where sentence vectors come from; a measurement that reads the same texts again remembers them.
    """
    import numpy

    spoken = [[(turn, clean_text(turn.text)) for turn in conversation.turns] for conversation in conversations]
    wholes = [member_text(conversation) for conversation in conversations]
    closings = [closing_text(conversation) for conversation in conversations]
    turn_texts = [text for turns in spoken for _, text in turns if text]
    vectors = vectors_of([*turn_texts, *wholes, *closings])
    turn_vectors, whole_vectors = vectors[: len(turn_texts)], vectors[len(turn_texts) : -len(closings)]
    features = heads.features
    whole_rows = features.matrix(wholes, whole_vectors)
    whole = {
        name: heads.heads[f"conversation_{name}"].probabilities(whole_rows)
        for name in ("sentiment", "emotion", "topics", "intents")
    }
    closing_rows = features.matrix(closings, vectors[-len(closings) :])
    outcomes = heads.heads["conversation_outcome"].probabilities(ending_rows(closing_rows, whole_rows))
    turn_rows = features.matrix(turn_texts, turn_vectors)
    parts = {name: heads.heads[f"turn_{name}"].probabilities(turn_rows) for name in ("sentiment", "emotion", "intents")}
    told_topics = heads.heads["conversation_topics"].probabilities(turn_rows)
    # A timeline has no assistant: only what stands alone can have been written for a public.
    alone = numpy.array([sum(bool(text) for _, text in turns) == 1 for turns in spoken], dtype=float)
    public = _public(wholes, whole_vectors, whole_rows, heads)
    shares = public.share * alone
    classes = {name: head.classes for name, head in heads.heads.items()}
    warm = classes["turn_sentiment"].index(Sentiment.POSITIVE)

    readings = []
    cursor = 0
    for place, turns in enumerate(spoken):
        said = [(turn, text) for turn, text in turns if text]
        rows = range(cursor, cursor + len(said))
        cursor += len(said)
        members = [row for row, (turn, _) in zip(rows, said, strict=True) if turn.role is Role.MEMBER]
        texts = {row: (turn.turn_id, text) for row, (turn, text) in zip(rows, said, strict=True)}
        last = next((row for row in reversed(members) if len(texts[row][1]) > ACKNOWLEDGEMENT_CHARACTERS), members[-1])

        is_warm = len(members) > 1 and parts["sentiment"][last][warm] > _WARM_FROM
        shares_of = (_WARM_WHOLE, _WARM_LAST, _WARM_MEAN) if is_warm else (_WHOLE, _LAST, _MEAN)
        views = (whole["sentiment"][place], parts["sentiment"][last], parts["sentiment"][members].mean(axis=0))
        view = sum(share * row for share, row in zip(shares_of, views, strict=True))
        lengths = [min(len(texts[row][1]), _FELT_CHARACTERS) + _FELT_LEAST for row in members]
        felt = numpy.average(parts["emotion"][members], axis=0, weights=lengths)
        sentiment, emotion = _agreed(view, _FELT_WHOLE * whole["emotion"][place] + (1 - _FELT_WHOLE) * felt, heads)
        said_to_all, share = public.sentiment[place], float(shares[place])
        heard = []
        for row in members:
            turn_sentiment, turn_emotion = _agreed(parts["sentiment"][row], parts["emotion"][row], heads)
            heard.append(
                TurnReading(
                    *texts[row],
                    sentiment=_named(
                        Sentiment, classes["turn_sentiment"], _blended(turn_sentiment, said_to_all, share)
                    ),
                    emotion=_named(Emotion, classes["turn_emotion"], turn_emotion),
                    intents=_named(Intent, classes["turn_intents"], parts["intents"][row]),
                    topics=_named(Topic, classes["conversation_topics"], told_topics[row]),
                )
            )
        readings.append(
            Reading(
                sentiment=_named(Sentiment, classes["turn_sentiment"], _blended(sentiment, said_to_all, share)),
                emotion=_named(Emotion, classes["turn_emotion"], emotion),
                topics=_named(
                    Topic,
                    classes["conversation_topics"],
                    (1 - _TOLD) * whole["topics"][place] + _TOLD * told_topics[members].max(axis=0),
                ),
                intents=_named(
                    Intent,
                    classes["conversation_intents"],
                    (whole["intents"][place] + parts["intents"][members].max(axis=0)) / 2,
                ),
                outcome=_named(Outcome, classes["conversation_outcome"], outcomes[place]),
                turns=tuple(heard),
                vectors=turn_vectors[rows.start : rows.stop],
            )
        )
    return readings


@dataclass(frozen=True, slots=True)
class _Public:
    """What the public head says of texts, and how sure it is that they were written for a public."""

    share: "Array"
    """One number a text, 0 (said to a kiosk) to 1 (written for a timeline)."""
    sentiment: "Array"
    """One row a text, in the order of the sentiment heads' classes."""


def _public(texts: Sequence[str], vectors: "Array", rows: Any, heads: HeadSet) -> _Public:
    """Shares of zero where no public head was fitted.

    Args:
        rows: the texts' features as the kiosk's heads read them.
    """
    import numpy

    if heads.public is None:
        return _Public(numpy.zeros(len(texts)), numpy.zeros((len(texts), len(Sentiment))))
    public = heads.public.matrix(texts, vectors)
    tweet, opinion = (_one_of(heads.heads[f"{kind}_sentiment"].probabilities(public)) for kind in ("public", "opinion"))
    is_opinion = _decided(heads.heads["opinion"].probabilities(public))
    share = _decided(heads.heads["register"].probabilities(rows))[:, 0]
    return _Public(share, tweet * (1 - is_opinion) + opinion * is_opinion)


def _decided(likely: "Array") -> "Array":
    """Probabilities of a register, further from the middle."""
    import numpy

    return numpy.asarray(likely**_REGISTER_POWER / (likely**_REGISTER_POWER + (1 - likely) ** _REGISTER_POWER))


def _one_of(judged: "Array") -> "Array":
    """Classes that were judged each alone, as shares that sum to 1."""
    import numpy

    return numpy.asarray(judged / judged.sum(axis=1, keepdims=True))


def _blended(own: "Array", public: "Array", share: float) -> "Array":
    """The kiosk's reading, or the public's, or what lies between where the register is not clear."""
    return own * (1 - share) + public * share


def _agreed(sentiment: "Array", emotion: "Array", heads: HeadSet) -> tuple["Array", "Array"]:
    """Both, each weighed by the best that goes with it in the other: what is most probable in one fits the other."""
    import numpy

    pairs = sentiment[:, None] * emotion[None, :] * heads.stances
    stance, feeling = pairs.max(axis=1), pairs.max(axis=0)
    return numpy.asarray(stance / stance.sum()), numpy.asarray(feeling / feeling.sum())


def score_of(sentiment: Mapping[Sentiment, float]) -> float:
    """Positive minus negative, kept on its own label's side of the kernel's thresholds.

    Two decimals are what the database keeps; the label read from the stored score is the label meant.
    """
    label = max(sentiment, key=lambda name: sentiment[name])
    difference = sentiment[Sentiment.POSITIVE] - sentiment[Sentiment.NEGATIVE]
    if label is Sentiment.NEGATIVE:
        difference = min(difference, NEGATIVE_BELOW - 0.01)
    elif label is Sentiment.POSITIVE:
        difference = max(difference, POSITIVE_FROM)
    else:
        difference = min(max(difference, NEGATIVE_BELOW), POSITIVE_FROM - 0.01)
    return round(difference, 2) + 0.0  # -0.0 is nobody's score


def chosen(probabilities: Mapping[Label, float], *, start: float) -> tuple[Label, ...]:
    """The labels from `start` on, most probable first, or the single most probable one."""
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    return tuple(label for label in ranked if probabilities[label] >= start) or tuple(ranked[:1])


def _named(kind: type[Label], classes: Sequence[str], values: "Array") -> dict[Label, float]:
    return {kind(name): float(value) for name, value in zip(classes, values, strict=True)}
