"""How well leaving is foretold: our model, the rules, a plain logistic and LightGBM, on one split in one run.

    python -m bench.churn [--members 2000] [--days 730] [--data DIR]

simulates a network in a database of its own, trains on its settled months and judges every model on the same later
ones; then, where the real tables are in DIR, by the same five folds of each. Prints one JSON line: ROC AUC, average
precision, Brier score and recall among the top 10 % of each model, our model's ROC AUC over the others' as a ratio, and
the seconds in which our model is fitted anew on 10,000 members and scores 10,000, of the wall and of the processor,
beside LightGBM's. Columns that a table's README names as stating the leaving are left out.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.support.database import scratch_database
from jarvis.churn import ChurnThresholds, MemberHistory
from ml.churn.features import FEATURES, Timeline
from ml.churn.metrics import figures
from ml.churn.model import fit_blend
from ml.churn.snapshots import snapshots
from ml.churn.tables import Encoder, labels_of, read_table
from ml.churn.train import CALIBRATION_SHARE, fit_best, rules_scores, sampled, split_days
from warehouse.connection import connect
from warehouse.demo.simulate import simulate
from warehouse.stores import churn

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
SEED = 7
FOLDS = 5
SPEED_ROWS = 10_000

# File, label, and what is no feature: names of rows, and what the table's README says states the leaving.
TABLES = {
    "gym_cem_horta": (
        "members.csv",
        "Abandono",
        ("member", "FechaFin", "NumBajasEnPeriodo", "FechaUltimaBajaEnPeriodo", "MesesDesdeUltimaBaja"),
    ),
    # The same members by what they did and nothing the front desk wrote: the published model's hardest setting.
    "gym_cem_horta_behaviour": ("members.csv", "Abandono", ()),
    "gym_churn_us": ("gym_churn_us.csv", "Churn", ("row_id",)),
    "telco_churn_ibm": ("telco_churn.csv", "Churn", ("customerID",)),
}
BEHAVIOUR = (
    "Edad", "Sexo", "TotalVisitas", "DiasActivo", "Visitas", "PropUlt90", "PropVisitas", "DiasDesdeUltima",
    "tasa_caida_visitas", "Duracion", "Delta", "StdDias", "FrecuenciaModal", "MaxRacha", "SemanasConVisita",
    "HoraMedia", "DiaFav", "EstFav", "TieneAccesos",
)  # fmt: skip

Rows, Labels = NDArray[np.float64], NDArray[np.int64]
# Fitted on the first two, asked about the third.
Peer = Callable[[Rows, Labels, Rows], NDArray[np.float64]]


def plain_logistic(rows: Rows, labels: Labels, unseen: Rows) -> NDArray[np.float64]:
    """What anybody would try first."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=2000))
    return np.asarray(model.fit(rows, labels).predict_proba(unseen)[:, 1])


def lightgbm(rows: Rows, labels: Labels, unseen: Rows) -> NDArray[np.float64]:
    """LightGBM as it comes, on one thread."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_jobs=1, verbosity=-1, random_state=0).fit(rows, labels)
    return np.asarray(model.predict_proba(unseen))[:, 1]


PEERS: dict[str, Peer] = {"plain_logistic": plain_logistic, "lightgbm": lightgbm}


def simulated(*, members: int, days: int) -> tuple[list[MemberHistory], datetime]:
    """The histories of a simulated network and the moment they end."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with scratch_database() as settings, connect(settings.database_url_for("pipeline")) as connection:
        simulate(connection, days=days, members=members, seed=SEED, now=now)
        return churn.load_histories(connection, until=now.date(), since=now.date().replace(year=2000)), now


def on_network(histories: Sequence[MemberHistory], now: datetime) -> dict[str, Any]:
    """Every model's figures on the test months of the network."""
    thresholds = ChurnThresholds()
    timeline = Timeline.of(histories)
    training_days, test_days = split_days(timeline, today=now.date())
    training = snapshots(timeline, training_days, new_member_days=thresholds.new_member_days)
    test = snapshots(timeline, test_days, new_member_days=thresholds.new_member_days)
    held = np.array([one.member_id.int % CALIBRATION_SHARE == 0 for one in timeline.members])[training.places]
    ours = fit_best(sampled(training.where(~held)), training.where(held))
    scores = {
        "ours": ours.probabilities(test.rows),
        "rules": rules_scores(timeline, test, test_days, thresholds),
        # The peers get every row, ours keeps a quarter back for its calibration.
        **{name: peer(training.rows, training.labels, test.rows) for name, peer in PEERS.items()},
    }
    return compared(test.labels, scores) | {
        "rows": len(test.labels),
        "leavers": int(test.labels.sum()),
        "learner": "+".join(ours.learners),
    }


def on_table(path: Path, label: str, without: Sequence[str], *, only: Sequence[str] = ()) -> dict[str, Any]:
    """Every model's figures over five folds of a table."""
    from sklearn.model_selection import StratifiedKFold

    table = read_table(path)
    labels = labels_of(table, label)
    others = [name for name in table.columns if only and not name.startswith(tuple(only))]
    encoder = Encoder.fit(table, without=[label, *without, *others])
    rows = encoder.matrix(table)
    scores = {name: np.zeros(len(labels)) for name in ("ours", *PEERS)}
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(rows, labels):
        model = fit_blend(rows[train], labels[train], columns=encoder.names)
        scores["ours"][test] = model.probabilities(rows[test])
        for name, peer in PEERS.items():
            scores[name][test] = peer(rows[train], labels[train], rows[test])
    return compared(labels, scores) | {"rows": table.rows}


def compared(labels: Labels, scores: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The figures of each, and our ROC AUC as a multiple of the others'."""
    found = {
        name: {key: round(value, 4) for key, value in figures(labels, one).items()} for name, one in scores.items()
    }
    ratios = {
        f"auc_over_{name}": round(found["ours"]["roc_auc"] / found[name]["roc_auc"], 4)
        for name in scores
        if name != "ours"
    }
    return found | ratios


def speed(histories: Sequence[MemberHistory], now: datetime) -> dict[str, float]:
    """Seconds to fit and calibrate both candidates anew on 10,000 members' rows and to score 10,000."""
    timeline = Timeline.of(histories)
    training_days, _ = split_days(timeline, today=now.date())
    rows = snapshots(timeline, training_days, new_member_days=21)
    chance = np.random.default_rng(0)
    drawn = np.zeros(len(rows.labels), dtype=bool)
    drawn[chance.permutation(len(rows.labels))[:SPEED_ROWS]] = True
    rows = rows.where(drawn)
    held = np.arange(len(rows.labels)) % CALIBRATION_SHARE == 0
    fit_best(rows.where(~held), rows.where(held))  # Imports are paid once a process.
    wall, processor = time.perf_counter(), time.process_time()
    fit_best(rows.where(~held), rows.where(held)).probabilities(rows.rows)
    ours = time.perf_counter() - wall, time.process_time() - processor
    processor = time.process_time()
    lightgbm(rows.rows[~held], rows.labels[~held], rows.rows)
    theirs = time.process_time() - processor
    return {
        "members": len(rows.labels),
        "columns": len(FEATURES),
        "wall_seconds": round(ours[0], 3),
        "processor_seconds": round(ours[1], 3),
        "lightgbm_processor_seconds": round(theirs, 3),
        "over_lightgbm": round(ours[1] / max(theirs, 1e-9), 2),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.churn", description=__doc__)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the real tables")
    options = parser.parse_args(arguments)
    histories, now = simulated(members=options.members, days=options.days)
    line: dict[str, Any] = {
        "bench": "churn",
        "network": on_network(histories, now),
        "retrain_and_score": speed(histories, now),
    }
    for name, (file, label, without) in TABLES.items():
        folder, is_behaviour = name.removesuffix("_behaviour"), name.endswith("_behaviour")
        path = options.data / folder / file
        line[name] = (
            on_table(path, label, without, only=BEHAVIOUR if is_behaviour else ())
            if path.is_file()
            else f"not measured: {folder} is not there"
        )
        sys.stderr.write(f"{name} done\n")
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
