"""Whether today's members still look like those the model was fitted on, and whether a gym has fallen silent.

Pure. A silent gym makes every member look absent, a drifted feature makes every score a guess: both hold
alerts back, with the reason in the row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.churn.features import FEATURES

# The usual reading of the population stability index: over 0.25 the population is another one.
DRIFTED_ABOVE = 0.25
# So many features of a gym must have moved together before its scores are held back.
DRIFTED_FEATURES = 8
# Below so many members an index is noise.
MIN_MEMBERS = 60
# So many rows of its own in the training window make a gym's reference.
MIN_REFERENCE_ROWS = 300
_BINS = 10
# What moves with the calendar or with each gym's own prices is no sign of broken data.
_WATCHED = tuple(
    name for name in FEATURES
    if name not in ("gym_trend", "muted_28", "term_elapsed", "days_to_expiry", "monthly_price_eur", "tenure_days")
)  # fmt: skip

# A last week of less than this share of the usual one, on days that neither a holiday nor a closure explains.
SILENT_BELOW = 0.6
SILENT_DAYS = 7
USUAL_DAYS = 56
# A gym needs a usual week of so many visits for a fall to be told from chance.
MIN_USUAL_VISITS = 20


def reference(rows: NDArray[np.float64]) -> dict[str, dict[str, list[float]]]:
    """Feature to the edges of its tenths on these rows and the share of rows in each; the last share is of NaN."""
    found = {}
    for place, name in enumerate(FEATURES):
        values = rows[:, place]
        known = values[~np.isnan(values)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.array([0.0])
        found[name] = {"edges": edges.tolist(), "shares": _shares(values, edges).tolist()}
    return found


def stability(rows: NDArray[np.float64], expected: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Feature to its population stability index against the reference: 0 the same, over 0.25 another population."""
    found = {}
    for place, name in enumerate(FEATURES):
        then = np.maximum(np.asarray(expected[name]["shares"]), 1e-3)
        now = np.maximum(_shares(rows[:, place], np.asarray(expected[name]["edges"])), 1e-3)
        found[name] = float(((now - then) * np.log(now / then)).sum())
    return found


def drifted_features(rows: NDArray[np.float64], expected: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """The watched features whose index is over 0.25 beyond chance, the most moved first; none for too few members.

    Args:
        rows: a gym's members today, one row each; columns `FEATURES`.
        expected: that gym's own `reference`: gyms differ from one another for good, and that is no fault.
    """
    if len(rows) < MIN_MEMBERS:
        return []
    index = stability(rows, expected)
    # Of so many rows out of the very same population the index is about (bins - 1) / rows, not 0.
    chance = _BINS / len(rows)
    moved = [name for name in _WATCHED if index[name] - chance > DRIFTED_ABOVE]
    return sorted(moved, key=lambda name: -index[name])


def is_silent(visits_by_day: Sequence[int], muted: Sequence[bool]) -> bool:
    """True when the gym's last week brought far fewer visits than the eight weeks before it.

    Args:
        visits_by_day: visits of the gym on each of the last 63 days, oldest first.
        muted: whether a closure or a holiday explains a quiet day; such days are left out on both sides.
    """
    visits, counted = np.asarray(visits_by_day, dtype=float), ~np.asarray(muted, dtype=bool)
    recent, before = slice(-SILENT_DAYS, None), slice(-SILENT_DAYS - USUAL_DAYS, -SILENT_DAYS)
    if counted[recent].sum() < 3 or counted[before].sum() < 14:
        return False
    usual = float(visits[before][counted[before]].mean())
    now = float(visits[recent][counted[recent]].mean())
    # Poisson: a small gym's quiet week is not a broken door.
    expected = usual * counted[recent].sum()
    return (
        usual * 7 >= MIN_USUAL_VISITS
        and now < SILENT_BELOW * usual
        and expected - visits[recent][counted[recent]].sum() > 3 * np.sqrt(expected)
    )


def _shares(values: NDArray[Any], edges: NDArray[Any]) -> NDArray[np.float64]:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known)) / max(1, len(values))
