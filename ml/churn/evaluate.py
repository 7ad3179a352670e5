"""Fits the churn model on any flat table and judges it on another: `jarvis churn evaluate`.

Pure but for reading the two files. The estimator is the product's; the columns are whatever the table has.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.churn.tables import Encoder, Table, TableError, groups_of, labels_of, read_table

# A column that ranks the rows so well by itself states the leaving rather than foretells it.
LEAK_AUC = 0.99


def evaluate(
    train_path: Path,
    test_path: Path,
    *,
    label: str,
    identifier: str | None = None,
    drop: Sequence[str] = (),
    slices: Sequence[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """The figures of the model on the test rows, and what should be known beside them.

    Args:
        label: the column that says who left.
        identifier: the column that names the rows; it is not learned from.
        drop: columns to leave out, for example because they are known only after the leaving.
        slices: columns of the test rows by whose values the figures are told as well.

    Raises:
        TableError: when a file cannot be learned from or judged on.
    """
    train, test = read_table(train_path), read_table(test_path)
    for name in (*drop, *([identifier] if identifier else [])):
        if name not in train.columns:
            raise TableError(f"{train.name}: found no column {name} to leave out, expected one of its own columns")
    without = [*drop, *([identifier] if identifier else [])]
    return evaluate_tables(train, test, label=label, without=without, slices=slices)


def evaluate_tables(
    train: Table, test: Table, *, label: str, without: Sequence[str], slices: Sequence[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """As `evaluate`, of tables that are read already."""
    from ml.churn.metrics import figures, reliability
    from ml.churn.model import fit_blend

    train_labels, test_labels = labels_of(train, label), labels_of(test, label)
    started = time.perf_counter()
    encoder = Encoder.fit(train, without=[label, *without])
    rows = encoder.matrix(train)
    model = fit_blend(rows, train_labels, columns=encoder.names)
    fit_seconds = time.perf_counter() - started
    probabilities = model.probabilities(encoder.matrix(test))
    blend = "+".join(f"{share:g}×{name}" for name, share in model.weights.items())
    report: dict[str, Any] = {name: round(value, 4) for name, value in figures(test_labels, probabilities).items()} | {
        "rows": test.rows,
        "train_rows": train.rows,
        "model": f"{blend}, {type(model.calibration).__name__}",
        "fit_seconds": round(fit_seconds, 3),
        "reliability": reliability(test_labels, probabilities),
    }
    if slices:
        report["slices"] = [one for name in slices for one in by_values(test, name, test_labels, probabilities)]
    return report, warnings_of(encoder, rows, train_labels)


def by_values(
    table: Table, name: str, labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """What was said and what came for each value of a column, or for each quarter of the rows where it has many.

    Recall is that of calling the tenth of all rows with the highest probabilities.

    Raises:
        TableError: when the table has no such column.
    """
    from ml.churn.metrics import auc_of

    is_called = probabilities >= np.quantile(probabilities, 0.9)
    found = []
    for value, inside in groups_of(table, name):
        left = inside & (labels == 1)
        found.append(
            {
                "slice": name,
                "value": value,
                "rows": int(inside.sum()),
                "leavers": int(left.sum()),
                "roc_auc": auc_of(labels[inside], probabilities[inside]),
                "recall_at_10pct": round(float(is_called[left].mean()), 4) if left.any() else None,
                "predicted": round(float(probabilities[inside].mean()), 4),
                "observed": round(float(labels[inside].mean()), 4),
            }
        )
    return found


def warnings_of(encoder: Encoder, rows: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> list[str]:
    """Columns that were left out, and those that look as if they stated the leaving."""
    from sklearn.metrics import roc_auc_score

    told = [f"column {name} left out: {reason}" for name, reason in encoder.left_out.items()]
    place = 0
    for column in encoder.columns:
        ends = place + len(column.outputs)
        aucs = []
        for values in rows[:, place:ends].T:
            # That a value is missing can state the leaving as well as the value.
            filled = np.where(np.isnan(values), np.nanmin(values, initial=0.0) - 1, values)
            aucs.append(roc_auc_score(labels, filled))
            # So can any single value of it: -1 for whoever has left.
            aucs.extend(roc_auc_score(labels, filled == value) for value in _frequent(filled))
        place = ends
        best = max(max(auc, 1 - auc) for auc in aucs)
        if best > LEAK_AUC:
            told.append(
                f"column {column.name} alone gives an AUC of {best:.3f}: does it state the leaving? "
                f"--drop {column.name}"
            )
    return told


def _frequent(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    found, counts = np.unique(values, return_counts=True)
    return np.asarray(found[np.argsort(-counts)[:3]])
