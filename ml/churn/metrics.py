"""How good probabilities of leaving are: how they rank, what the staff's calls reach, and whether they are true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def figures(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, float]:
    """ROC AUC, average precision, Brier score, accuracy at one half, and recall among the top 10 %.

    Raises:
        ValueError: when only one of both labels occurs.
    """
    from sklearn.metrics import brier_score_loss, roc_auc_score

    return {
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "average_precision": average_precision(labels, probabilities),
        "brier": float(brier_score_loss(labels, np.clip(probabilities, 0.0, 1.0))),
        "accuracy": float(np.mean((probabilities >= 0.5) == labels)),
        "recall_at_10pct": recall_at(labels, probabilities, share=0.1),
    }


def average_precision(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """The share of leavers among those called, averaged over how far down the list the calls reach."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores))


def auc_of(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float | None:
    """ROC AUC to four digits; None where only one of both labels occurs."""
    from sklearn.metrics import roc_auc_score

    return round(float(roc_auc_score(labels, probabilities)), 4) if len(set(labels.tolist())) > 1 else None


def auc_interval(labels: NDArray[np.int64], scores: NDArray[np.float64], *, rounds: int = 400) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ROC AUC over rows drawn anew: how far other rows like these may lie.

    Raises:
        ValueError: when only one of both labels occurs.
    """
    from sklearn.metrics import roc_auc_score

    chance = np.random.default_rng(0)
    if len(set(labels.tolist())) < 2:
        raise ValueError("found one label only, expected both")
    found: list[float] = []
    while len(found) < rounds:
        drawn = chance.integers(0, len(labels), len(labels))
        if 0 < labels[drawn].sum() < len(labels):
            found.append(float(roc_auc_score(labels[drawn], scores[drawn])))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def recall_at(labels: NDArray[np.int64], probabilities: NDArray[np.float64], *, share: float) -> float:
    """Of those who left, the part among the share with the highest probabilities: what so many calls can reach."""
    called = max(1, round(share * len(labels)))
    order = np.argsort(-probabilities, kind="stable")
    return float(labels[order[:called]].sum() / max(1, labels.sum()))


def reliability(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], *, bins: int = 10
) -> list[dict[str, float]]:
    """For each tenth of the range of probabilities that holds anyone: how many, what was said, what came."""
    rows = []
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    for place in range(bins):
        inside = places == place
        if inside.any():
            rows.append(
                {
                    "from": place / bins,
                    "rows": int(inside.sum()),
                    "predicted": round(float(probabilities[inside].mean()), 4),
                    "observed": round(float(labels[inside].mean()), 4),
                }
            )
    return rows


def auc_gain_interval(
    labels: NDArray[np.int64],
    challenger: NDArray[np.float64],
    champion: NDArray[np.float64],
    *,
    groups: Sequence[Any] | NDArray[Any],
    rounds: int = 200,
) -> tuple[float, float, float]:
    """How much better the challenger ranks, with its 95 % bootstrap interval: (gain, low, high) in ROC AUC.

    Args:
        groups: whose row each is; members are drawn whole, as their rows are alike.
    """
    from sklearn.metrics import roc_auc_score

    chance = np.random.default_rng(0)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(np.bincount(member))
    starts = np.concatenate([[0], ends[:-1]])
    gains = []
    for _ in range(rounds):
        drawn = np.bincount(chance.integers(0, len(ends), len(ends)), minlength=len(ends))
        weights = np.zeros(len(labels))
        weights[order] = np.repeat(drawn, ends - starts)
        if not 0 < (weights * labels).sum() < weights.sum():
            continue
        gains.append(
            roc_auc_score(labels, challenger, sample_weight=weights)
            - roc_auc_score(labels, champion, sample_weight=weights)
        )
    gain = roc_auc_score(labels, challenger) - roc_auc_score(labels, champion)
    low, high = np.percentile(gains, [2.5, 97.5]) if gains else (float("-inf"), float("inf"))
    return float(gain), float(low), float(high)
