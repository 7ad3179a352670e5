"""How well leaving is foretold: our model, the rules, a plain logistic and LightGBM, on one split in one run.

    python -m bench.churn [--members 2000] [--gyms 20] [--days 730] [--data DIR]

simulates a network in a database of its own, trains on its settled months and judges every model on the same later
ones; then, where the real tables are in DIR, by the same five folds of each. Prints one JSON line: ROC AUC, average
precision, Brier score and recall among the top 10 % of each model, our model's ROC AUC over the others' as a ratio, and
the seconds in which our model is fitted anew on 10,000 members and scores 10,000, of the wall and of the processor,
beside theirs. Columns that a table's README names as stating the leaving are left out.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.support.database import scratch_database
from jarvis.churn import ChurnThresholds, MemberHistory
from ml.churn.evaluate import by_values
from ml.churn.features import FEATURES, Timeline
from ml.churn.metrics import auc_interval, auc_of, figures, recall_at, reliability
from ml.churn.model import ChurnModel, fit_average, fit_blend, with_calibration
from ml.churn.scoring import banded
from ml.churn.snapshots import Snapshots, snapshots
from ml.churn.tables import Encoder, labels_of, read_table
from ml.churn.train import Months, fit_best, rules_scores, sampled, split_days, spread_of
from warehouse.connection import connect
from warehouse.demo.simulate import simulate
from warehouse.stores import churn

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
SEED = 7
FOLDS = 5
SPEED_ROWS = 10_000
# What is read of the kiosk's words beside their tone.
WORDS = ("cancelling_84", "unsolved_84", "about_money_84")

# What the members of Barcelona did: their visits, beside age and sex.
VISITS = (
    "Edad", "Sexo", "TotalVisitas", "DiasActivo", "TiempoActivoDias", "Visitas", "PropUlt90", "PropVisitas",
    "DiasDesdeUltima", "tasa_caida_visitas", "Duracion", "Delta", "StdDias", "FrecuenciaModal", "MaxRacha",
    "SemanasConVisita", "HoraMedia", "DiaFav", "EstFav", "TieneAccesos",
)  # fmt: skip
# What the published model knew in its hardest setting, of 0.884 on the rows we do not have (its `FEATURES_3`).
PUBLISHED = (
    "Edad", "Sexo_Mujer", "UsoServiciosExtra", "ratio_cantidad_2025_2024", "Diversidad_servicios_extra",
    "TotalVisitas", "TienePagos", "DiasActivo", "VisitasUlt90", "VisitasUlt180", "TieneAccesos",
    "VisitasPrimerTrimestre", "VisitasUltimoTrimestre", "DiaFav", "EstFav",
)  # fmt: skip
# File, label, what is no feature (names of rows, and what the table's README says states the leaving), and the
# beginnings of the only columns that are features; all where empty.
TABLES: dict[str, tuple[str, str, str, tuple[str, ...], tuple[str, ...]]] = {
    "gym_cem_horta": (
        "gym_cem_horta",
        "members.csv",
        "Abandono",
        ("member", "FechaFin", "NumBajasEnPeriodo", "FechaUltimaBajaEnPeriodo", "MesesDesdeUltimaBaja"),
        (),
    ),
    # Three more columns of the front desk state the leaving (the command warns of them), and its dates and payments
    # tell who stopped paying when: without all of them a score rests on what a member did.
    "gym_cem_horta_habits": ("gym_cem_horta", "members.csv", "Abandono", (), tuple({*VISITS, *PUBLISHED})),
    "gym_cem_horta_visits": ("gym_cem_horta", "members.csv", "Abandono", (), VISITS),
    "gym_cem_horta_published": ("gym_cem_horta", "members.csv", "Abandono", (), PUBLISHED),
    "gym_churn_us": ("gym_churn_us", "gym_churn_us.csv", "Churn", ("row_id",), ()),
    "telco_churn_ibm": ("telco_churn_ibm", "telco_churn.csv", "Churn", ("customerID",), ()),
}

# Age, sex and tenure, whether they are features or not.
SLICES = {
    "gym_cem_horta_habits": ("Edad", "Sexo_Mujer", "VidaGymMeses"),
    "gym_churn_us": ("Age", "gender", "Lifetime"),
    "telco_churn_ibm": ("SeniorCitizen", "gender", "tenure"),
}

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


def simulated(
    *, members: int, days: int, gyms: int | None
) -> tuple[list[MemberHistory], datetime, dict[str, str | None]]:
    """The histories of a simulated network, the moment they end, and why each member left, as the truth has it."""
    truth = StringIO()
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with scratch_database() as settings, connect(settings.database_url_for("pipeline")) as connection:
        simulate(connection, days=days, members=members, gyms=gyms, seed=SEED, now=now, truth=truth)
        histories = churn.load_histories(connection, until=now.date(), since=now.date().replace(year=2000))
    records = [json.loads(record) for record in truth.getvalue().splitlines()]
    return histories, now, {one["member_id"]: one["reason"] for one in records}


def on_network(histories: Sequence[MemberHistory], now: datetime, reasons: Mapping[str, str | None]) -> dict[str, Any]:
    """Every model's figures on the test months of the network."""
    thresholds = ChurnThresholds()
    timeline = Timeline.of(histories)
    months = split_days(timeline, today=now.date())
    training = snapshots(timeline, months.before_test, new_member_days=thresholds.new_member_days)
    test = snapshots(timeline, months.test, new_member_days=thresholds.new_member_days)
    ours = fitted(training, months)
    scores = {
        "ours": ours.probabilities(test.rows),
        "rules": rules_scores(timeline, test, months.test, thresholds),
        # The peers get every row; ours draws some thousand of them.
        **{name: peer(training.rows, training.labels, test.rows) for name, peer in PEERS.items()},
    }
    levelled = replace(ours, about={"spread": spread_of(ours, training.on(months.calibration))})
    return compared(test.labels, scores) | {
        "levels": {
            name: called(test.labels, scores["ours"], high_from=one.high_from)
            for name, one in (("by_probability", thresholds), ("by_capacity", banded(thresholds, levelled)))
        },
        "words": {
            "read_apart": spoken(timeline, test, levelled, thresholds, reasons),
            "not_read_apart": spoken(
                timeline, silenced(test), of_words_together(training, months), thresholds, reasons
            ),
        },
        "gym_offsets": with_gym_offsets(timeline, training, months, test, ours),
        "rows": len(test.labels),
        "leavers": int(test.labels.sum()),
        "learner": "+".join(ours.learners),
    }


def silenced(part: Snapshots) -> Snapshots:
    """The rows as if nobody had listened for cancelling, money, or complaints left unsolved."""
    rows = part.rows.copy()
    rows[:, [FEATURES.index(name) for name in WORDS]] = 0.0
    return replace(part, rows=rows)


def of_words_together(training: Snapshots, months: Months) -> ChurnModel:
    """Our model of such rows."""
    model = fitted(silenced(training), months)
    return replace(model, about={"spread": spread_of(model, silenced(training).on(months.calibration))})


def spoken(
    timeline: Timeline,
    test: Snapshots,
    model: ChurnModel,
    thresholds: ChurnThresholds,
    reasons: Mapping[str, str | None],
) -> dict[str, Any]:
    """How the model ranks all, and at which level stand those who left over a grievance or the price."""
    scores, levels = model.probabilities(test.rows), banded(thresholds, model)
    why = np.array([reasons.get(str(timeline.members[place].member_id)) for place in test.places])
    over_it = (test.labels == 1) & np.isin(why, ["grievance", "price"])
    return {
        "average_precision": round(figures(test.labels, scores)["average_precision"], 4),
        "recall_at_5pct": round(recall_at(test.labels, scores, share=0.05), 4),
        "left_over_grievance_or_price": int(over_it.sum()),
        "of_them_by_level": dict(Counter(levels.level(score).value for score in scores[over_it])),
        "of_them_no_negative_word_in_84_days": int((test.rows[over_it, FEATURES.index("negative_84")] == 0).sum()),
        "of_them_no_word_in_84_days": int((test.rows[over_it, FEATURES.index("talks_84")] == 0).sum()),
    }


def called(labels: Labels, scores: NDArray[np.float64], *, high_from: float) -> dict[str, float | None]:
    """What calling everybody at high or above reaches."""
    is_high = scores >= high_from
    return {
        "high_from": high_from,
        "share_called": round(float(is_high.mean()), 4),
        "recall": round(float(is_high[labels == 1].mean()), 4),
        "precision": round(float(labels[is_high].mean()), 4) if is_high.any() else None,
    }


def with_gym_offsets(
    timeline: Timeline, training: Snapshots, months: Months, test: Snapshots, ours: ChurnModel
) -> dict[str, float]:
    """Whether a shrunken offset per gym, learned on the calibration months, makes the test months' scores truer.

    Empirical Bayes: each gym's log odds are moved by its own excess of leavers, weighted by how much of the gyms'
    spread is more than chance. A gym's weight is 0 where it says nothing and 1 where it is all that counts.
    """
    from sklearn.metrics import log_loss

    late, size = training.on(months.calibration), int(timeline.gyms.max()) + 1
    early = fit_average(list(ours.learners), *drawn(training.on(months.fit)), columns=FEATURES)
    said = with_calibration(early, early.log_odds(late.rows), late.labels).probabilities(late.rows)
    gyms = timeline.gyms[late.places]
    excess = np.bincount(gyms, late.labels - said, minlength=size)
    information = np.maximum(np.bincount(gyms, said * (1 - said), minlength=size), 1e-9)
    own = excess / information
    between = max(0.0, float(((own**2 - 1 / information) * information).sum() / information.sum()))
    weight = information / (information + 1 / between) if between else np.zeros(size)
    pooled = ours.probabilities(test.rows)
    moved = 1 / (1 + np.exp(-(np.log(pooled / (1 - pooled)) + (weight * own)[timeline.gyms[test.places]])))
    return {
        "least_weight": round(float(weight.min()), 3),
        "most_weight": round(float(weight.max()), 3),
        "log_loss_pooled": round(float(log_loss(test.labels, pooled)), 5),
        "log_loss_with_offsets": round(float(log_loss(test.labels, moved)), 5),
        "brier_pooled": round(figures(test.labels, pooled)["brier"], 5),
        "brier_with_offsets": round(figures(test.labels, moved)["brier"], 5),
    }


def drawn(part: Snapshots) -> tuple[Rows, Labels]:
    """The rows and labels a fit draws."""
    some = sampled(part)
    return some.rows, some.labels


def fitted(training: Snapshots, months: Months) -> ChurnModel:
    """Our model, fitted, chosen and calibrated on these months as every week."""
    return fit_best(training.on(months.fit), training.on(months.calibration), training)


def on_table(
    path: Path, label: str, *, without: Sequence[str], only: Sequence[str], slices: Sequence[str] = ()
) -> dict[str, Any]:
    """Every model's figures over five folds of a table; ours also by the values of the columns in `slices`."""
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
    return compared(labels, scores) | {
        "rows": table.rows,
        "roc_auc_interval": [round(end, 4) for end in auc_interval(labels, scores["ours"])],
        "reliability": reliability(labels, scores["ours"]),
        "slices": [one for name in slices for one in by_values(table, name, labels, scores["ours"])],
    }


def published(path: Path) -> dict[str, float | None]:
    """ROC AUC of the published model's shipped scores: with money and tenure, without money, without both."""
    table = read_table(path)
    labels = labels_of(table, "Abandono")
    names = ("ref_prob_exp1", "ref_prob_exp2", "ref_prob_exp3")
    return {name: auc_of(labels, np.array(table.columns[name], dtype=float)) for name in names}


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
    months = split_days(timeline, today=now.date())
    rows = snapshots(timeline, months.before_test, new_member_days=21)
    chance = np.random.default_rng(0)
    drawn = np.zeros(len(rows.labels), dtype=bool)
    drawn[chance.permutation(len(rows.labels))[:SPEED_ROWS]] = True
    rows = rows.where(drawn)
    fitted(rows, months)  # Imports are paid once a process.
    wall, processor = time.perf_counter(), time.process_time()
    fitted(rows, months).probabilities(rows.rows)
    ours = time.perf_counter() - wall, time.process_time() - processor
    theirs = {}
    for name, peer in PEERS.items():
        processor = time.process_time()
        peer(rows.rows, rows.labels, rows.rows)
        theirs[name] = time.process_time() - processor
    return {
        "members": len(rows.labels),
        "columns": len(FEATURES),
        "wall_seconds": round(ours[0], 3),
        "processor_seconds": round(ours[1], 3),
        **{f"{name}_processor_seconds": round(seconds, 3) for name, seconds in theirs.items()},
        **{f"over_{name}": round(ours[1] / max(seconds, 1e-9), 2) for name, seconds in theirs.items()},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.churn", description=__doc__)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--gyms", type=int, help="as many as fit the members where left out")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the real tables")
    options = parser.parse_args(arguments)
    histories, now, reasons = simulated(members=options.members, days=options.days, gyms=options.gyms)
    line: dict[str, Any] = {
        "bench": "churn",
        "network": on_network(histories, now, reasons),
        "retrain_and_score": speed(histories, now),
    }
    for name, (folder, file, label, without, only) in TABLES.items():
        path = options.data / folder / file
        line[name] = (
            on_table(path, label, without=without, only=only, slices=SLICES.get(name, ()))
            if path.is_file()
            else f"not measured: {folder} is not there"
        )
        sys.stderr.write(f"{name} done\n")
    predictions = options.data / "gym_cem_horta" / "reference_predictions.csv"
    if predictions.is_file():
        # On the very rows that ours are judged on: the published model had other members to learn from.
        line["published_model_on_gym_cem_horta"] = published(predictions)
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
