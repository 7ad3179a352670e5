"""The churn model: regularised logistics and gradient boosting, blended and calibrated, on one thread.

Pure. It takes a matrix of figures with NaN for what is missing, whatever they mean: the product's features
and any flat table alike. `train.py` chooses and judges, `registry.py` keeps.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]

LEARNERS = ("logistic", "splines", "boosting", "ratios")

# Ratios are made of the few columns that tell most by themselves: all pairs of many are noise.
_RATIO_COLUMNS = 8
# So many rows tell which columns tell most.
_RATIO_ROWS = 3000
# A learner's log odds are cut here, so that one sure mistake does not outweigh the others.
_SURE = 8.0
_FOLDS = 4
# By so much, over the root of the rarer class, two mixes differ in ROC AUC by chance: 0.002 at six hundred leavers.
_LUCK = 0.05
# Below so many of the rarer class a step function would learn the noise: a sigmoid has two figures to fit.
_ISOTONIC_FROM = 1000


class Known(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leaves out columns of which nothing is known: a boosting cannot bin them, and they tell nothing."""

    def fit(self, rows: Matrix, labels: Labels | None = None) -> "Known":
        """The columns with at least one value are chosen."""
        self.columns_ = np.flatnonzero(~np.isnan(rows).all(axis=0))
        return self

    def transform(self, rows: Matrix) -> Matrix:
        """The chosen columns."""
        return np.asarray(rows[:, self.columns_], dtype=float)


class Filled(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Puts a column's median where a value is missing, and says in a column more that it was.

    As scikit-learn's `SimpleImputer(strategy="median", add_indicator=True)`, whose masked arrays take a sixth of a fit.
    """

    def fit(self, rows: Matrix, labels: Labels | None = None) -> "Filled":
        """The medians of what is known; each column has at least one value."""
        is_missing = np.isnan(rows)
        self.missing_ = np.flatnonzero(is_missing.any(axis=0))
        self.medians_ = np.array(
            [np.median(values[~missing]) for values, missing in zip(rows.T, is_missing.T, strict=True)]
        )
        return self

    def transform(self, rows: Matrix) -> Matrix:
        """The rows without a gap, with a column more per column that had gaps when it was fitted."""
        is_missing = np.isnan(rows)
        return np.hstack([np.where(is_missing, self.medians_, rows), is_missing[:, self.missing_].astype(float)])


class Ratios(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds the logarithm of the ratio of each pair of the most telling counts: this month's visits to last year's."""

    def __init__(self, columns: int = _RATIO_COLUMNS) -> None:
        self.columns = columns

    def fit(self, rows: Matrix, labels: Labels) -> "Ratios":
        """The pairs are chosen, on these rows."""
        telling = []
        step = max(1, len(rows) // _RATIO_ROWS)
        labels, sample = labels[::step], rows[::step]
        for place in range(rows.shape[1]):
            values = sample[:, place]
            known = values[~np.isnan(values)]
            if len(known) and known.min() >= 0 and len(np.unique(known)) >= 6:
                telling.append((abs(_auc(labels, values) - 0.5), place))
        best = [place for _, place in sorted(telling, reverse=True)[: self.columns]]
        self.pairs_ = [(one, other) for number, one in enumerate(best) for other in best[number + 1 :]]
        return self

    def transform(self, rows: Matrix) -> Matrix:
        """The rows with a column more per pair."""
        logs = np.log1p(np.maximum(rows, 0))
        return np.hstack([rows, *(logs[:, [one]] - logs[:, [other]] for one, other in self.pairs_)])


class Logs(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds the logarithm of each count: ten visits against five is more than a hundred against ninety-five."""

    def fit(self, rows: Matrix, labels: Labels | None = None) -> "Logs":
        """The columns without a negative value and with more than a few values are chosen."""
        self.columns_ = [
            place
            for place in range(rows.shape[1])
            if np.nanmin(rows[:, place], initial=0.0) >= 0 and len(np.unique(rows[:2000, place])) > 5
        ]
        return self

    def transform(self, rows: Matrix) -> Matrix:
        """The rows with a column more per chosen one."""
        return np.hstack([rows, np.log1p(np.maximum(rows[:, self.columns_], 0))])


@dataclass(frozen=True, slots=True)
class ChurnModel:
    """Fitted learners, how much each counts, and what makes their sum a probability."""

    columns: tuple[str, ...]
    learners: Mapping[str, Any]
    weights: Mapping[str, float]
    calibration: Any
    """An isotonic or a sigmoid regression on the blended log odds."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What scoring needs beside the learners: how the training rows were spread, and the typical row."""

    def only(self, name: str) -> "ChurnModel":
        """The model of this learner alone."""
        return replace(self, learners={name: self.learners[name]}, weights={name: 1.0})

    def log_odds(self, rows: Matrix) -> NDArray[np.float64]:
        """The blended log odds, not calibrated."""
        total = np.zeros(len(rows))
        with _one_thread():
            for name, learner in self.learners.items():
                total += self.weights[name] * _log_odds(learner, rows)
        return total

    def probabilities(self, rows: Matrix) -> NDArray[np.float64]:
        """The calibrated probability of leaving, one per row."""
        return calibrated(self.calibration, self.log_odds(rows))


def learner(name: str, *, rows: int) -> Any:
    """A learner that is not fitted yet; the more rows, the fewer and bolder the steps of the boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    many = rows > 6000
    # Ten thousand rows in a second on one thread: fewer pairs, and the boosting takes bolder steps.
    pairs_of = 5 if many else _RATIO_COLUMNS
    boosting = HistGradientBoostingClassifier(
        max_iter=60 if many else 150,
        learning_rate=0.1 if many else 0.05,
        max_leaf_nodes=8,
        min_samples_leaf=20,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=0,
    )
    if name == "boosting":
        return make_pipeline(Known(), boosting)
    if name == "ratios":
        return make_pipeline(Known(), Ratios(pairs_of), boosting)
    if name == "logistic":
        return make_pipeline(
            Known(),
            Filled(),
            Ratios(pairs_of),
            Logs(),
            StandardScaler(),
            LogisticRegression(C=0.02, max_iter=300, tol=1e-3),
        )
    if name == "splines":
        return make_pipeline(
            Known(),
            Filled(),
            # Every column bends on its own, and goes on straight beyond what was seen.
            SplineTransformer(n_knots=5, degree=2, knots="quantile", extrapolation="linear"),
            StandardScaler(),
            LogisticRegression(C=0.02 if many else 0.1, max_iter=300, tol=1e-3),
        )
    raise ValueError(f"found learner {name!r}, expected one of {', '.join(LEARNERS)}")


def fit_blend(rows: Matrix, labels: Labels, *, columns: Sequence[str]) -> ChurnModel:
    """The model on all of these rows; how much each learner counts is chosen, and calibrated, on rows it did not see.

    Args:
        rows: one row per member, NaN where nothing is known.
        labels: 1 for who left.
        columns: names of the columns, kept with the model.
    """
    from sklearn.model_selection import StratifiedKFold

    with _one_thread():
        folds = max(2, min(_FOLDS, int(min(labels.sum(), len(labels) - labels.sum()))))
        unseen = {name: np.zeros(len(labels)) for name in LEARNERS}
        splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(rows, labels)
        for train, test in splits:
            for name in LEARNERS:
                fitted = learner(name, rows=len(train)).fit(rows[train], labels[train])
                unseen[name][test] = _log_odds(fitted, rows[test])
        weights = _weights(unseen, labels)
        used = [name for name in LEARNERS if weights[name] > 0]
        return ChurnModel(
            columns=tuple(columns),
            learners={name: learner(name, rows=len(labels)).fit(rows, labels) for name in used},
            weights={name: weights[name] for name in used},
            calibration=fit_calibration(sum(weights[name] * unseen[name] for name in used), labels),
        )


def fit_average(names: Sequence[str], rows: Matrix, labels: Labels, *, columns: Sequence[str]) -> ChurnModel:
    """The learners of these names, each counting alike; `with_calibration` makes its log odds probabilities."""
    with _one_thread():
        return ChurnModel(
            columns=tuple(columns),
            learners={name: learner(name, rows=len(labels)).fit(rows, labels) for name in names},
            weights={name: 1 / len(names) for name in names},
            calibration=None,
        )


def with_calibration(model: ChurnModel, log_odds: NDArray[np.float64], labels: Labels) -> ChurnModel:
    """The model whose probabilities are what such log odds proved to mean.

    Args:
        log_odds: of rows that were not fitted on, one per label.
    """
    return replace(model, calibration=fit_calibration(log_odds, labels))


def fit_calibration(log_odds: Any, labels: Labels) -> Any:
    """What turns log odds into the probability they proved to mean: steps where there is much to learn from."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    if min(labels.sum(), len(labels) - labels.sum()) >= _ISOTONIC_FROM:
        return IsotonicRegression(y_min=0.001, y_max=0.999, out_of_bounds="clip").fit(log_odds, labels)
    return LogisticRegression(C=1.0).fit(np.asarray(log_odds).reshape(-1, 1), labels)


def calibrated(calibration: Any, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities; ties that the steps of an isotonic regression make are broken by the log odds."""
    if hasattr(calibration, "predict_proba"):
        return np.asarray(calibration.predict_proba(log_odds.reshape(-1, 1))[:, 1], dtype=float)
    return np.asarray(np.clip(calibration.predict(log_odds) + 1e-6 * np.tanh(log_odds / _SURE), 0.0, 1.0), dtype=float)


@contextmanager
def _one_thread() -> Iterator[None]:
    with _thread_pools().limit(limits=1):
        yield


@cache
def _thread_pools() -> Any:
    """The libraries that would start threads, looked for once: it takes longer than to score a thousand rows."""
    # They are found once they are loaded.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _log_odds(fitted: Any, rows: Matrix) -> NDArray[np.float64]:
    return np.asarray(np.clip(fitted.decision_function(rows), -_SURE, _SURE), dtype=float)


def _weights(unseen: Mapping[str, NDArray[np.float64]], labels: Labels) -> dict[str, float]:
    """The shares of the learners, in quarters: the most even of those that rank rows they did not see as well as any.

    The best of many mixes is partly the luckiest; what chance may give is left to the mix that leans on no learner.
    """
    quarters = np.array([shares for shares in product(range(5), repeat=len(LEARNERS)) if sum(shares) == 4]) / 4
    ranked = np.array(
        [_auc(labels, sum(share * unseen[name] for share, name in zip(one, LEARNERS, strict=True))) for one in quarters]
    )
    chance = _LUCK / np.sqrt(max(1, min(labels.sum(), len(labels) - labels.sum())))
    as_good = np.flatnonzero(ranked >= ranked.max() - chance)
    best = min(as_good, key=lambda place: ((quarters[place] ** 2).sum(), -ranked[place]))
    return {name: float(share) for name, share in zip(LEARNERS, quarters[best], strict=True)}


def _auc(labels: Labels, values: Any) -> float:
    """ROC AUC of the known values by their ranks; scikit-learn's own takes ten times as long."""
    known = ~np.isnan(values)
    is_left = labels[known] == 1
    left, stayed = int(is_left.sum()), int((~is_left).sum())
    if not left or not stayed:
        return 0.5
    _, places, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[is_left].sum() - left * (left + 1) / 2) / (left * stayed))
