"""How well labels were guessed, in the figures the model card gives.

Plain arithmetic over pairs of what was said and what is true; no model. Called by `train`
(batches left out) and `evaluate` (kept-back rows).
"""

from collections.abc import Collection, Hashable, Sequence

from jarvis.conversations import Analysis
from ml.conversations.examples import LabelledConversation


def accuracy(truth: Sequence[Hashable], guessed: Sequence[Hashable]) -> float:
    """The share of rows guessed right."""
    return sum(a == b for a, b in zip(truth, guessed, strict=True)) / len(truth) if truth else 0.0


def macro_f1(truth: Sequence[Hashable], guessed: Sequence[Hashable]) -> float:
    """The mean over the classes that occur in the truth of the harmonic mean of precision and recall."""
    scores = []
    for label in sorted(set(truth), key=str):
        hits = sum(a == b == label for a, b in zip(truth, guessed, strict=True))
        found = sum(b == label for b in guessed)
        there = sum(a == label for a in truth)
        scores.append(2 * hits / (found + there))
    return sum(scores) / len(scores) if scores else 0.0


def micro_f1(truth: Sequence[Collection[Hashable]], guessed: Sequence[Collection[Hashable]]) -> float:
    """Precision and recall over all labels of all rows together, as one harmonic mean."""
    hits = sum(len(set(a) & set(b)) for a, b in zip(truth, guessed, strict=True))
    total = sum(len(set(a)) for a in truth) + sum(len(set(b)) for b in guessed)
    return 2 * hits / total if total else 0.0


def hit_rate(truth: Sequence[Collection[Hashable]], guessed: Sequence[Collection[Hashable]]) -> float:
    """The share of rows where at least half of what was cited is right and something right was cited."""
    rows = [(set(a), set(b)) for a, b in zip(truth, guessed, strict=True)]
    return sum(bool(a & b) and 2 * len(a & b) >= len(b) for a, b in rows) / len(rows) if rows else 0.0


def recall_at(failed: Sequence[bool], content: Sequence[float], *, count: int) -> float:
    """The share of the failed that are among the `count` least content; ties at the border count by their share."""
    if not any(failed) or count <= 0:
        return 0.0
    border = sorted(content)[min(count, len(content)) - 1]
    below = [is_failed for is_failed, value in zip(failed, content, strict=True) if value < border]
    tied = [is_failed for is_failed, value in zip(failed, content, strict=True) if value == border]
    return (sum(below) + sum(tied) * (count - len(below)) / len(tied)) / sum(failed)


def rank_correlation(truth: Sequence[float], guessed: Sequence[float]) -> float:
    """Spearman's rho; 0 where one side never varies."""
    from scipy.stats import spearmanr

    if len(set(truth)) < 2 or len(set(guessed)) < 2:
        return 0.0
    return float(spearmanr(truth, guessed).statistic)


def conversation_figures(examples: Sequence[LabelledConversation], analyses: Sequence[Analysis]) -> dict[str, float]:
    """The goals' figures over labelled conversations and what an engine said of them, in the same order."""
    cited = [analysis.evidence.get("sentiment", ()) for analysis in analyses]
    evidence = [example.evidence_turn_ids for example in examples]
    return {
        "rows": len(examples),
        "sentiment_macro_f1": macro_f1([e.sentiment for e in examples], [a.sentiment_label for a in analyses]),
        "sentiment_accuracy": accuracy([e.sentiment for e in examples], [a.sentiment_label for a in analyses]),
        "emotion_accuracy": accuracy([e.emotion for e in examples], [a.emotion for a in analyses]),
        "topics_micro_f1": micro_f1([e.topics for e in examples], [a.key_topics for a in analyses]),
        "intents_micro_f1": micro_f1([e.intents for e in examples], [a.intents for a in analyses]),
        "outcome_accuracy": accuracy([e.outcome for e in examples], [a.outcome for a in analyses]),
        "evidence_hit": hit_rate(evidence, cited),
        "evidence_micro_f1": micro_f1(evidence, cited),
    }
