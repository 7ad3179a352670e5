"""The golden set, and whether one engine version does worse on it than another.

`golden/*.jsonl` holds conversations that no training reads, written apart from the corpus; conversations whose labels
people looked at join them (`orchestration/golden.py`). Pure: scores in, verdict out. Called by the engine's gate, by
`jarvis engine score` and by `evaluate --golden`.

Each conversation is scored field by field from 0 to 1: right or wrong for sentiment, emotion and outcome, F1 of
the sets for topics, intents and the turns that sentiment rests on; its whole score is the mean of the fields it is
judged by. Two versions are compared pair by pair on the conversations both have a score of: the mean difference, and
its bootstrap interval.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jarvis.conversations import Analysis
from jarvis.corrections import LabelField
from ml.conversations.engine import AnalysisEngine, analyse_each
from ml.conversations.examples import LabelledConversation, load_conversations

GOLDEN = Path(__file__).parent / "golden"

WHOLE = "whole"
# The turns that sentiment rests on, where a person named them: what turns are read as shows here, and in alerts.
EVIDENCE = "evidence"

_FIELDS: tuple[str, ...] = (WHOLE, *LabelField, EVIDENCE)

# Of 95 % of resamples' mean differences, the lowest and the highest bound.
BOUNDS = (0.025, 0.975)
RESAMPLES = 2000
# The same data give the same verdict.
SEED = 7

# On fewer conversations an interval says little: the versions count as not comparable.
FEWEST_ITEMS = 30

Scores = Mapping[str, Mapping[str, float]]
"""Item id to field to 0..1; `whole` is the mean of the item's fields."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of two versions on the same conversations; positive where the newer is better."""

    field: str
    item_count: int
    champion: float
    candidate: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """True when the whole interval is below zero."""
        return self.high < 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison of two versions came to."""

    differences: tuple[Difference, ...]
    """The whole score first; empty when too few conversations are scored by both."""
    item_count: int

    @property
    def is_comparable(self) -> bool:
        """True when both were scored on enough of the same conversations."""
        return bool(self.differences)

    @property
    def worse_fields(self) -> tuple[str, ...]:
        """The fields, `whole` among them, in which the newer version is worse beyond chance."""
        return tuple(one.field for one in self.differences if one.is_worse)

    @property
    def is_accepted(self) -> bool:
        """True when nothing is worse beyond chance."""
        return self.is_comparable and not self.worse_fields


def golden_conversations(folder: Path = GOLDEN) -> list[LabelledConversation]:
    """The conversations that ship with the code, in the order of the files' names."""
    return [example for path in sorted(folder.glob("*.jsonl")) for example in load_conversations(path)]


def item_id(example: LabelledConversation) -> str:
    """The same for the same words and the same labels: a relabelled conversation is another item."""
    content = [
        [[turn.role, turn.text] for turn in example.conversation.turns],
        [example.sentiment, example.emotion, example.outcome, sorted(example.topics), sorted(example.intents)],
        sorted(example.judged),
        sorted(example.evidence_turn_ids),
    ]
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()[:16]


def scores_of(engine: AnalysisEngine, examples: Sequence[LabelledConversation]) -> tuple[Scores, Sequence[Analysis]]:
    """The engine's score of each conversation, and what it said; a conversation it cannot analyse scores 0.

    Raises:
        EngineError: when the engine cannot go on.
    """
    results = analyse_each(engine, [example.conversation for example in examples])
    scores = {
        item_id(example): _scores(example, result if isinstance(result, Analysis) else None)
        for example, result in zip(examples, results, strict=True)
    }
    return scores, [result for result in results if isinstance(result, Analysis)]


def means_of(scores: Scores) -> dict[str, float]:
    """The mean of each field over the conversations judged by it, the whole score first."""
    found = {field: [item[field] for item in scores.values() if field in item] for field in _FIELDS}
    return {str(field): sum(values) / len(values) for field, values in found.items() if values}


def compare(*, champion: Scores, candidate: Scores) -> Verdict:
    """The candidate against the champion, pair by pair, with 95 % intervals of the mean differences."""
    shared = sorted(champion.keys() & candidate.keys())
    if len(shared) < FEWEST_ITEMS:
        return Verdict((), len(shared))
    return Verdict(
        tuple(
            difference
            for field in map(str, _FIELDS)
            if (difference := _difference(field, shared, champion, candidate)) is not None
        ),
        len(shared),
    )


def _difference(field: str, items: Sequence[str], champion: Scores, candidate: Scores) -> Difference | None:
    import numpy

    pairs = [
        (champion[item][field], candidate[item][field])
        for item in items
        if field in champion[item] and field in candidate[item]
    ]
    if len(pairs) < FEWEST_ITEMS:
        return None
    before, after = numpy.array(pairs, dtype=float).T
    random = numpy.random.default_rng(SEED)
    drawn = random.integers(0, len(pairs), size=(RESAMPLES, len(pairs)))
    low, high = numpy.quantile((after - before)[drawn].mean(axis=1), BOUNDS)
    return Difference(
        field=field,
        item_count=len(pairs),
        champion=float(before.mean()),
        candidate=float(after.mean()),
        low=float(low),
        high=float(high),
    )


def _scores(example: LabelledConversation, said: Analysis | None) -> dict[str, float]:
    by_field: dict[str, float] = {}
    for field in sorted(example.judged):
        by_field[str(field)] = 0.0 if said is None else _score(field, example, said)
    if example.evidence_turn_ids:
        cited = frozenset(said.evidence.get("sentiment", ())) if said else frozenset[str]()
        by_field[EVIDENCE] = _set_f1(frozenset(example.evidence_turn_ids), cited)
    by_field[WHOLE] = sum(by_field.values()) / len(by_field)
    return by_field


def _score(field: LabelField, example: LabelledConversation, said: Analysis) -> float:
    match field:
        case LabelField.SENTIMENT_LABEL:
            return float(said.sentiment_label == example.sentiment)
        case LabelField.EMOTION:
            return float(said.emotion == example.emotion)
        case LabelField.OUTCOME:
            return float(said.outcome == example.outcome)
        case LabelField.TOPICS:
            return _set_f1(frozenset(map(str, example.topics)), frozenset(map(str, said.key_topics)))
        case LabelField.INTENTS:
            return _set_f1(frozenset(map(str, example.intents)), frozenset(map(str, said.intents)))


def _set_f1(truth: frozenset[str], said: frozenset[str]) -> float:
    return 2 * len(truth & said) / (len(truth) + len(said)) if truth or said else 1.0
