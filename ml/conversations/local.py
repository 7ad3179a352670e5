"""The engine that needs no network and sends no member's words anywhere.

Lives here: from probabilities (`reading`) to one analysis, and what a conversation without words
gets. Not here: the features, the heads, the rules, each in a module of its own. Made by
`engine.engine_for`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from jarvis.conversations import (
    Analysis,
    AnalysisFailure,
    Conversation,
    Emotion,
    Intent,
    Outcome,
    Sentiment,
    Topic,
    TurnAnalysis,
    sentiment_label,
)
from jarvis.evidence import claim_of
from ml.conversations.actions import action_items
from ml.conversations.engine import EngineError
from ml.conversations.heads import WEIGHTS, HeadSet, WeightsError, load
from ml.conversations.health import unlabelled
from ml.conversations.issues import issues_in
from ml.conversations.leaving import Leave, leave_of, satisfaction, says_solved
from ml.conversations.reading import (
    ACKNOWLEDGEMENT_CHARACTERS,
    INTENT_FROM,
    TOPIC_FROM,
    Reading,
    TurnReading,
    chosen,
    member_text,
    read,
)
from ml.conversations.sentences import EMBEDDING_MODEL, VectorsOf, embed, mean_vector
from ml.conversations.summary import summarise

# Raised when the code reads the same probabilities differently; weights carry their own hash.
RULES_VERSION = "8"

# Rows of a batch that are embedded together; bounds memory, not results.
_BATCH = 64


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Sentence vectors, linear heads and rules."""

    heads: HeadSet
    version: str = RULES_VERSION
    weights: Path | None = None
    """The file the heads were read from, where they were."""
    vectors_of: VectorsOf = embed
    """Where sentence vectors come from; a measurement remembers them from one analysis to the next."""
    name: str = field(default="local", init=False)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "LocalEngine":
        """The engine with the shipped weights; its version is the rules' and the weights' own.

        Raises:
            EngineError: when the weights cannot be read.
        """
        try:
            heads = load(path)
        except WeightsError as error:
            raise EngineError(str(error)) from error
        return cls(heads, f"{RULES_VERSION}+{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}", path)

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        """One result per conversation, in order; one in which the member says nothing is a failure."""
        results: list[Analysis | AnalysisFailure] = [
            AnalysisFailure(conversation.session_id, "found no words of the member's, expected at least one", True)
            for conversation in conversations
        ]
        spoken = [place for place, conversation in enumerate(conversations) if member_text(conversation)]
        for start in range(0, len(spoken), _BATCH):
            places = spoken[start : start + _BATCH]
            readings = read([conversations[p] for p in places], self.heads, vectors_of=self.vectors_of)
            for place, reading in zip(places, readings, strict=True):
                results[place] = self._analysis(conversations[place], reading)
        return results

    def _analysis(self, conversation: Conversation, reading: Reading) -> Analysis:
        if not conversation.keeps_health:
            reading = unlabelled(reading)
        score = reading.score
        label = sentiment_label(score)
        emotion = _emotion(reading.emotion, label)
        topics = _without_rest(chosen(reading.topics, start=TOPIC_FROM), Topic.OTHER)
        intents = _intents(reading, label)
        outcome = _outcome(conversation, reading.outcome)
        issues = issues_in(reading.turns, topics, intents)
        summary, quoted = summarise(
            reading.turns,
            language=conversation.language,
            topics=topics,
            intents=intents,
            sentiment=label,
            outcome=outcome,
            names=conversation.known_of_member,
        )
        return Analysis(
            session_id=conversation.session_id,
            summary=summary,
            key_topics=topics,
            sentiment_score=score,
            sentiment_label=label,
            emotion=emotion,
            intents=intents,
            outcome=outcome,
            action_items=action_items(
                reading.turns,
                topics=topics,
                intents=intents,
                sentiment=label,
                emotion=emotion,
                outcome=outcome,
                issues=issues,
            ),
            evidence=_evidence(
                conversation, reading, label=label, emotion=emotion, topics=topics, intents=intents, quoted=quoted
            ),
            turns=tuple(_turn(turn) for turn in _all_member_turns(conversation, reading)),
            embedding=mean_vector(reading.vectors),
            embedding_model=EMBEDDING_MODEL,
            engine=self.name,
            engine_version=self.version,
            issues=issues,
            satisfaction=satisfaction(
                conversation,
                sentiment=reading.sentiment,
                turns=[turn.sentiment for turn in reading.turns],
                outcome=reading.outcome,
            ),
        )


Label = TypeVar("Label", Topic, Intent)

# Emotions that a negative or a positive stance rules out: a member who is pleased is not angry.
_BY_STANCE: Mapping[Sentiment, frozenset[Emotion]] = {
    Sentiment.POSITIVE: frozenset({Emotion.JOY, Emotion.GRATITUDE, Emotion.MOTIVATION}),
    Sentiment.NEUTRAL: frozenset(Emotion) - {Emotion.ANGER, Emotion.FRUSTRATION, Emotion.GRATITUDE, Emotion.JOY},
    Sentiment.NEGATIVE: frozenset(Emotion) - {Emotion.JOY, Emotion.GRATITUDE, Emotion.MOTIVATION, Emotion.NEUTRAL},
}


def _emotion(probabilities: Mapping[Emotion, float], label: Sentiment) -> Emotion:
    return max(_BY_STANCE[label], key=lambda emotion: (probabilities[emotion], emotion.value))


def _outcome(conversation: Conversation, probabilities: Mapping[Outcome, float]) -> Outcome:
    """The most probable outcome, unless the member says it is settled, or was no longer there."""
    if says_solved(conversation):
        return Outcome.SOLVED
    likely = max(probabilities, key=lambda value: probabilities[value])
    if leave_of(conversation) is Leave.GONE and likely is not Outcome.HANDED_OVER:
        return Outcome.ABANDONED
    return likely


def _without_rest(labels: tuple[Label, ...], rest: Label) -> tuple[Label, ...]:
    """The labels without "other" where something more telling was found."""
    return tuple(label for label in labels if label != rest) or labels


def _intents(reading: Reading, label: Sentiment) -> tuple[Intent, ...]:
    """What the member wants; nobody praises without one pleased turn, nor complains without one displeased."""
    stances = {label, *(sentiment_label(turn.score) for turn in reading.turns)}
    possible = {
        intent: probability
        for intent, probability in reading.intents.items()
        if not (intent is Intent.PRAISE and Sentiment.POSITIVE not in stances)
        and not (intent is Intent.COMPLAIN and Sentiment.NEGATIVE not in stances)
    }
    return _without_rest(chosen(possible, start=INTENT_FROM), Intent.OTHER)


def _turn(turn: TurnReading) -> TurnAnalysis:
    score = turn.score
    label = sentiment_label(score)
    intents = tuple(intent for intent in chosen(turn.intents, start=INTENT_FROM) if turn.intents[intent] >= INTENT_FROM)
    return TurnAnalysis(turn.turn_id, score, label, _emotion(turn.emotion, label), intents)


def _all_member_turns(conversation: Conversation, reading: Reading) -> list[TurnReading]:
    """The readings in order, with a neutral one for a member turn in which nothing was heard."""
    heard = {turn.turn_id: turn for turn in reading.turns}
    return [heard.get(turn.turn_id) or _silence(turn.turn_id) for turn in conversation.member_turns]


def _silence(turn_id: str) -> TurnReading:
    return TurnReading(
        turn_id,
        "",
        {label: float(label is Sentiment.NEUTRAL) for label in Sentiment},
        {emotion: float(emotion is Emotion.NEUTRAL) for emotion in Emotion},
        dict.fromkeys(Intent, 0.0),
        dict.fromkeys(Topic, 0.0),
    )


def _evidence(
    conversation: Conversation,
    reading: Reading,
    *,
    label: Sentiment,
    emotion: Emotion,
    topics: Sequence[Topic],
    intents: Sequence[Intent],
    quoted: tuple[str, ...],
) -> dict[str, tuple[str, ...]]:
    """For each field, and each topic and intent alone, the turns it rests on, in the order they were spoken."""
    order = {turn.turn_id: place for place, turn in enumerate(conversation.turns)}
    turns = reading.turns
    strongest = max(turns, key=lambda turn: turn.sentiment[label])
    telling = [turn for turn in turns if len(turn.text) > ACKNOWLEDGEMENT_CHARACTERS] or list(turns)
    if label is Sentiment.NEUTRAL:
        stance = telling
    else:
        stance = [turn for turn in turns if sentiment_label(turn.score) is label]
        # Bare words ("Évidemment.") keep the stance they follow.
        if label is Sentiment.NEGATIVE and turns[-1] not in stance and turns[-1].score < 0:
            stance.append(turns[-1])
    wanted = [turn for turn in turns if any(turn.intents[intent] >= INTENT_FROM for intent in intents)]
    wanted = wanted or [max(telling, key=lambda turn: len(turn.text))]
    cited = {
        "sentiment": [turn.turn_id for turn in stance or [strongest]],
        "emotion": [max(turns, key=lambda turn: turn.emotion[emotion]).turn_id],
        "intents": [turn.turn_id for turn in wanted],
        "key_topics": [turn.turn_id for turn in telling],
        "outcome": [turn.turn_id for turn in conversation.turns if turn.text.strip()][-2:],
        "summary": list(quoted),
        **{
            claim_of("key_topics", topic): _carrying(telling, [turn.topics[topic] for turn in telling], TOPIC_FROM)
            for topic in topics
        },
        **{
            claim_of("intents", intent): _carrying(wanted, [turn.intents[intent] for turn in wanted], INTENT_FROM)
            for intent in intents
        },
    }
    return {name: tuple(sorted(dict.fromkeys(ids), key=order.__getitem__)) for name, ids in cited.items()}


def _carrying(turns: Sequence[TurnReading], probabilities: Sequence[float], start: float) -> list[str]:
    """Ids of the turns with at least this probability, or of the first most probable one."""
    least = min(start, max(probabilities))
    return [turn.turn_id for turn, probability in zip(turns, probabilities, strict=True) if probability >= least]
