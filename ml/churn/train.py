"""Trains a churn model on what is settled, judges it on later months, and says whether it may be promoted.

Pure. Split by time, three times over: months to fit on, later ones to calibrate and choose on, still later ones to
judge on, and between them a gap in which every label settles. The chosen candidate is fitted again on all months
before the test, judged beside the rules and the champion, and is itself the artifact: what was measured is what scores.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jarvis.churn import ChurnThresholds, MemberHistory
from ml.churn.drift import MIN_REFERENCE_ROWS, reference
from ml.churn.features import FEATURES, FEATURES_VERSION, Timeline
from ml.churn.metrics import auc_gain_interval, average_precision, figures, recall_at, reliability
from ml.churn.model import ChurnModel, fit_average, with_calibration
from ml.churn.rules import apply_rules, rules_version, total
from ml.churn.scoring import banded, rule_facts
from ml.churn.snapshots import HORIZON_DAYS, SETTLED_DAYS, Snapshots, month_starts, snapshots

# Each learner alone, and both together counting alike.
LEARNERS = ("logistic", "ratios")
CANDIDATES: tuple[tuple[str, ...], ...] = (("logistic",), ("ratios",), ("logistic", "ratios"))

# A habit must have had time to show before the first snapshot.
HISTORY_BEFORE_DAYS = 84
TEST_MONTHS = 3
CALIBRATION_MONTHS = 3
# Leavers all kept, stayers sampled: the calibration slice is whole and puts the probabilities right again.
MAX_FIT_ROWS = 10_000
MIN_LEAVERS = 60
MIN_TEST_LEAVERS = 20

# A challenger that ranks a hundredth worse than the champion, as far as can be told, is refused.
CHAMPION_MARGIN = 0.01


class TooLittleHistory(ValueError):
    """No model can be trained or judged yet; the message says what is missing. The rules go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A candidate with all that is known of it."""

    model: ChurnModel
    window_starts_on: date
    window_ends_on: date
    training_rows: int
    metrics: Mapping[str, Any]
    """The candidate's figures on the test months, beside the rules' and the champion's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate may decide."""

    may_be_promoted: bool
    reasons: tuple[str, ...]
    """One sentence per comparison."""


def train(
    histories: Sequence[MemberHistory],
    *,
    today: date,
    thresholds: ChurnThresholds,
    champion: ChurnModel | None = None,
    taken_back: Mapping[str, ChurnModel] | None = None,
) -> Trained:
    """The better of two candidates, fitted on settled months and judged on later ones.

    Args:
        taken_back: models that somebody took back, by version: a candidate must be better than each of them.

    Raises:
        TooLittleHistory: when there are too few months or too few who left.
    """
    started = time.perf_counter()
    timeline = Timeline.of(histories)
    months = split_days(timeline, today=today)
    training = snapshots(timeline, months.before_test, new_member_days=thresholds.new_member_days)
    early, late = training.on(months.fit), training.on(months.calibration)
    for name, part, least in (("to fit", early, MIN_LEAVERS), ("to calibrate", late, MIN_TEST_LEAVERS)):
        if part.labels.sum() < least:
            raise TooLittleHistory(
                f"found {int(part.labels.sum())} leavers {name} on, expected at least {least}: wait for more history"
            )
    snapshot_seconds = time.perf_counter() - started

    started = time.perf_counter()
    best = fit_best(early, late, training)
    fit_seconds = time.perf_counter() - started

    test = snapshots(timeline, months.test, new_member_days=thresholds.new_member_days)
    if test.labels.sum() < MIN_TEST_LEAVERS or test.labels.all():
        raise TooLittleHistory(
            f"found {int(test.labels.sum())} leavers to judge on, expected at least {MIN_TEST_LEAVERS}"
        )
    leavers: Counter[str] = Counter(
        str(timeline.members[place].gym_id) for place in training.places[training.labels == 1]
    )
    # Of the rows as they are, not of the sample in which leavers abound.
    about = {
        "features_version": FEATURES_VERSION,
        "gym_references": _gym_references(timeline, training),
        "typical": np.nanmedian(_nan_safe(training.rows), axis=0).tolist(),
        "gym_leavers": dict(leavers),
        "spread": spread_of(best, late),
    }
    best = replace(best, about=about)
    metrics = judged(best, test, timeline=timeline, days=months.test, thresholds=thresholds, champion=champion)
    unwanted = {
        version: _gain(test, best.probabilities(test.rows), other.probabilities(test.rows))
        for version, other in (taken_back or {}).items()
    }
    metrics |= {
        "gain_over_taken_back": unwanted,
        "horizon_days": HORIZON_DAYS,
        "snapshot_seconds": round(snapshot_seconds, 3),
        "fit_seconds": round(fit_seconds, 3),
        "calibration_days": [day.isoformat() for day in months.calibration],
        "base_rate": round(float(training.labels.mean()), 4),
    }
    return Trained(
        model=best,
        window_starts_on=months.before_test[0],
        window_ends_on=months.before_test[-1],
        training_rows=len(training.labels),
        metrics=metrics,
    )


@dataclass(frozen=True, slots=True)
class Months:
    """Which days' snapshots serve what; between each two a gap in which every label of the earlier settles."""

    fit: Sequence[date]
    calibration: Sequence[date]
    before_test: Sequence[date]
    """All days whose labels are settled when the test begins: those above, and those of the gap between them."""
    test: Sequence[date]


def split_days(timeline: Timeline, *, today: date) -> Months:
    """The months to learn from, the later ones to calibrate on, and the last ones to judge on.

    Raises:
        TooLittleHistory: when there are not enough months for all three.
    """
    if not len(timeline.seen.keys):
        raise TooLittleHistory("found no visit, expected months of them: wait for more history")
    first = date.fromordinal(int((timeline.seen.keys % 4_000_000).min())) + timedelta(days=HISTORY_BEFORE_DAYS)
    settled = month_starts(first, today - timedelta(days=SETTLED_DAYS))
    test = settled[-TEST_MONTHS:]
    before_test = _settled_before(settled, test)
    # A young network calibrates on fewer months, that some are left to fit on.
    calibration = before_test[-min(CALIBRATION_MONTHS, max(1, len(before_test) // 4)) :]
    fit = _settled_before(before_test, calibration)
    if not fit:
        needed = TEST_MONTHS + 2 * (SETTLED_DAYS // 30) + 2
        raise TooLittleHistory(
            f"found {len(settled)} settled months, expected at least {needed}: wait for more history"
        )
    return Months(fit, calibration, before_test, test)


def _settled_before(days: Sequence[date], later: Sequence[date]) -> list[date]:
    return [day for day in days if later and day + timedelta(days=SETTLED_DAYS) <= later[0]]


def sampled(part: Snapshots, *, stayers_per_leaver: float | None = None) -> Snapshots:
    """Some thousand rows, enough for a fit: leavers, and stayers drawn by a fixed chance.

    Args:
        stayers_per_leaver: as many stayers as this times the leavers; as many as fit into MAX_FIT_ROWS when None.
    """
    left, stayed = np.flatnonzero(part.labels == 1), np.flatnonzero(part.labels == 0)
    if len(part.labels) <= MAX_FIT_ROWS and stayers_per_leaver is None:
        return part
    chance = np.random.default_rng(0)
    most = MAX_FIT_ROWS // 2 if stayers_per_leaver is None else int(MAX_FIT_ROWS / (1 + stayers_per_leaver))
    left = chance.permutation(left)[:most]
    wanted = MAX_FIT_ROWS - len(left) if stayers_per_leaver is None else round(stayers_per_leaver * len(left))
    chosen = np.zeros(len(part.labels), dtype=bool)
    chosen[np.concatenate([left, chance.permutation(stayed)[:wanted]])] = True
    return part.where(chosen)


def fit_best(early: Snapshots, late: Snapshots, whole: Snapshots) -> ChurnModel:
    """The candidate that ranks the late rows best, calibrated on them, and fitted again on the whole.

    Args:
        early: what the candidates are fitted on to be compared.
        late: rows of later months; none of their labels was open when those of the early ones settled.
        whole: both, and the months between them. Its rows are drawn with as many stayers to a leaver as the early
            ones were, so that log odds mean what they meant when they were calibrated.
    """
    drawn = sampled(early)
    fitted = fit_average(LEARNERS, drawn.rows, drawn.labels, columns=FEATURES)
    said = {name: fitted.only(name).log_odds(late.rows) for name in LEARNERS}
    together = {names: np.mean([said[name] for name in names], axis=0) for names in CANDIDATES}
    best = max(CANDIDATES, key=lambda names: average_precision(late.labels, together[names]))
    leavers = int(drawn.labels.sum())
    again = sampled(whole, stayers_per_leaver=(len(drawn.labels) - leavers) / leavers)
    return with_calibration(fit_average(best, again.rows, again.labels, columns=FEATURES), together[best], late.labels)


def spread_of(model: ChurnModel, part: Snapshots) -> list[float]:
    """How high the model's probabilities run on these rows: about a thousand of them, ascending."""
    return [float(one) for one in np.sort(model.probabilities(part.rows))[:: max(1, len(part.rows) // 1000)]]


def judged(
    model: ChurnModel,
    test: Snapshots,
    *,
    timeline: Timeline,
    days: Sequence[date],
    thresholds: ChurnThresholds,
    champion: ChurnModel | None,
) -> dict[str, Any]:
    """The figures of the model on the test rows, of the rules, of the champion, and by how much it beats them."""
    probabilities = model.probabilities(test.rows)
    bands = banded(thresholds, model)
    by_rules = rules_scores(timeline, test, days, thresholds)
    metrics: dict[str, Any] = {
        "learner": "+".join(model.learners),
        "model": _figures(test, probabilities),
        "rules": {"version": rules_version(thresholds)} | _figures(test, by_rules),
        "reliability": reliability(test.labels, probabilities),
        "bands": {name: getattr(bands, name) for name in ("medium_from", "high_from", "critical_from")},
        "lead_days": lead_days(timeline, test, probabilities, bands),
        "test_days": [day.isoformat() for day in days],
        "gain_over_rules": _gain(test, probabilities, by_rules),
        "slices": slices(timeline, test, probabilities, bands),
    }
    if champion is not None:
        by_champion = champion.probabilities(test.rows)
        metrics["champion"] = _figures(test, by_champion)
        metrics["gain_over_champion"] = _gain(test, probabilities, by_champion)
    return metrics


def verdict(metrics: Mapping[str, Any]) -> Verdict:
    """A candidate must beat the rules, and what was taken back, for sure, and must not be worse than the champion."""
    over_rules = metrics["gain_over_rules"]
    reasons = [_told("the rules", over_rules)]
    may = over_rules["low"] > 0
    over_champion = metrics.get("gain_over_champion")
    if over_champion is not None:
        reasons.append(_told("the champion", over_champion))
        may = may and over_champion["gain"] >= 0 - CHAMPION_MARGIN / 2 and over_champion["low"] > -CHAMPION_MARGIN
    for version, over in metrics.get("gain_over_taken_back", {}).items():
        reasons.append(_told(f"{version}, which was taken back", over))
        may = may and over["low"] > 0
    return Verdict(bool(may), tuple(reasons))


def rules_scores(
    timeline: Timeline, test: Snapshots, days: Sequence[date], thresholds: ChurnThresholds
) -> NDArray[np.float64]:
    """The rules' score of each row."""
    found = np.zeros(len(test.labels))
    for day in days:
        rows = {row["place"]: row for row in timeline.snapshot(day).iter_rows(named=True)}
        for number in np.flatnonzero(test.days == day.toordinal()):
            found[number] = total(apply_rules(rule_facts(rows[int(test.places[number])], day), thresholds))
    return found


def lead_days(
    timeline: Timeline, test: Snapshots, probabilities: NDArray[np.float64], thresholds: ChurnThresholds
) -> float | None:
    """Median days from a high score to the end of the membership, over those who left; None where nobody did."""
    chosen = (test.labels == 1) & (probabilities >= thresholds.high_from)
    found = []
    for place, day in zip(test.places[chosen], test.days[chosen], strict=True):
        ends = [
            min(one.expires_on, one.cancelled_on or one.expires_on).toordinal()
            for one in timeline.members[place].contracts
        ]
        found += [min(end - day for end in ends if end >= day)] if any(end >= day for end in ends) else []
    return float(np.median(found)) if found else None


def slices(
    timeline: Timeline, test: Snapshots, probabilities: NDArray[np.float64], thresholds: ChurnThresholds
) -> list[dict[str, Any]]:
    """Recall and alert rate by age, tenure and gym: whether the model serves some members worse than others."""
    ages, tenures, gyms = [], [], []
    for place, day in zip(test.places, test.days, strict=True):
        member = timeline.members[place]
        year = date.fromordinal(int(day)).year
        ages.append("inconnu" if member.birth_year is None else _band(year - member.birth_year, (26, 40, 60), "ans"))
        tenures.append(_band((int(day) - member.joined_on.toordinal()) // 30, (6, 12, 24), "mois"))
        gyms.append(str(member.gym_id))
    is_high = probabilities >= thresholds.high_from
    rows = []
    for dimension, names in (("age", ages), ("tenure", tenures), ("gym", gyms)):
        values = np.array(names)
        for value in sorted(set(names)):
            inside = values == value
            left = inside & (test.labels == 1)
            rows.append(
                {
                    "slice": dimension,
                    "value": value,
                    "rows": int(inside.sum()),
                    "leavers": int(left.sum()),
                    "alert_rate": round(float(is_high[inside].mean()), 4),
                    "recall": round(float(is_high[left].mean()), 4) if left.any() else None,
                    "predicted": round(float(probabilities[inside].mean()), 4),
                    "observed": round(float(test.labels[inside].mean()), 4),
                }
            )
    return rows


def _band(value: int, edges: Sequence[int], unit: str) -> str:
    for low, edge in zip((0, *edges), edges, strict=False):
        if value < edge:
            return f"{low:02d}–{edge - 1} {unit}"
    return f"{edges[-1]}+ {unit}"


def _figures(test: Snapshots, scores: NDArray[np.float64]) -> dict[str, float]:
    found = figures(test.labels, scores) | {"recall_at_5pct": recall_at(test.labels, scores, share=0.05)}
    return {name: round(value, 4) for name, value in found.items()}


def _gain(test: Snapshots, one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float]:
    gain, low, high = auc_gain_interval(test.labels, one, other, groups=test.places)
    return {"gain": round(gain, 4), "low": round(low, 4), "high": round(high, 4)}


def _told(whom: str, gain: Mapping[str, float]) -> str:
    return f"ROC AUC against {whom}: {gain['gain']:+.4f} (95 %: {gain['low']:+.4f} to {gain['high']:+.4f})"


def _gym_references(timeline: Timeline, training: Snapshots) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Gym id to what its members looked like in the training window; gyms with too few rows have none."""
    gyms = timeline.gyms[training.places]
    found = {}
    for place in np.unique(gyms):
        rows = training.rows[gyms == place]
        if len(rows) >= MIN_REFERENCE_ROWS:
            gym_id = timeline.members[int(np.argmax(timeline.gyms == place))].gym_id
            found[str(gym_id)] = reference(rows)
    return found


def _nan_safe(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """A column that is never known is typical at 0."""
    empty = np.isnan(rows).all(axis=0)
    return np.where(empty, 0.0, rows)
