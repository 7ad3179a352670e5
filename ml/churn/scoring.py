"""Every member's score of one day, with its reasons: the champion's where there is one, the rules' otherwise.

Pure. Chooses who has a score at all, and holds back what an absence, a closed gym, a silent door or drifted
data explains. The churn stage of `orchestration` brings the histories and writes the result.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isnan
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from jarvis.churn import ChurnScore, ChurnThresholds, Factor, HeldBack, MemberHistory, RiskLevel
from ml.churn.drift import DRIFTED_FEATURES, SILENT_DAYS, USUAL_DAYS, drifted_features, is_silent
from ml.churn.explain import SCENARIOS, continued, last_seen_on, muted_days, reasons, recorded_from
from ml.churn.features import Timeline
from ml.churn.rules import RuleFacts, apply_rules, rules_version, shown, total
from ml.churn.snapshots import matrix

if TYPE_CHECKING:
    import polars as pl

    from ml.churn.model import ChurnModel

# A gym whose members gave the model fewer leavers than this borrows from all gyms, and its rows say so.
OWN_LEAVERS = 30

# A snapshot's rows to their scores.
_Score = Callable[["pl.DataFrame"], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Champion:
    """The promoted model."""

    version_id: UUID
    model: "ChurnModel"


def score_members(
    histories: Sequence[MemberHistory], *, as_of: date, thresholds: ChurnThresholds, champion: Champion | None = None
) -> list[ChurnScore]:
    """The scores of the day, one per member who is a member and whose pattern is known, in the given order."""
    import polars as pl

    timeline = Timeline.of(histories)
    frame = timeline.snapshot(as_of)
    chosen = [is_scored(timeline.members[row["place"]], row, thresholds) for row in frame.iter_rows(named=True)]
    frame = frame.filter(pl.Series(chosen, dtype=pl.Boolean))
    if frame.is_empty():
        return []
    rows = list(frame.iter_rows(named=True))
    members = [timeline.members[row["place"]] for row in rows]
    by_rules = [apply_rules(rule_facts(row, as_of), thresholds) for row in rows]
    score_of = _by_rules(thresholds) if champion is None else _by_model(champion.model)
    scores = score_of(frame)
    levels = thresholds if champion is None else banded(thresholds, champion.model)
    factors = (
        [shown(fired) for fired in by_rules]
        if champion is None
        else _model_reasons(champion.model, frame, rows, scores)
    )
    gyms = held_gyms(timeline, frame, as_of=as_of, champion=champion)
    own_leavers: Mapping[str, int] = {} if champion is None else champion.model.about["gym_leavers"]
    found = [
        ChurnScore(
            gym_id=member.gym_id,
            member_id=member.member_id,
            as_of=as_of,
            score=round(float(score), 3),
            level=levels.level(round(float(score), 3)),
            factors=told,
            rules_score=total(fired),
            rules_version=rules_version(thresholds),
            model_version_id=None if champion is None else champion.version_id,
            is_calibrated=champion is not None,
            pooled=champion is not None and own_leavers.get(str(member.gym_id), 0) < OWN_LEAVERS,
            held_back_reason=held_back(member, as_of) or gyms.get(member.gym_id),
        )
        for member, score, told, fired in zip(members, scores, factors, by_rules, strict=True)
    ]
    return _with_counterfactuals(found, members, frame, as_of=as_of, thresholds=levels, score_of=score_of)


def banded(thresholds: ChurnThresholds, model: "ChurnModel") -> ChurnThresholds:
    """The thresholds with levels that the staff can act on: « high » for no fewer than the share they can call.

    A calibrated probability of leaving within weeks seldom reaches one half, however sure the order is. The settings'
    levels stand as upper bounds; below them a level begins at the likeliest 3 shares (medium), one (high) and a third
    of one (critical) of the members whom the model was calibrated on.
    """
    if thresholds.call_share <= 0:
        return thresholds
    spread = np.asarray(model.about["spread"])

    def begins(share: float, at_most: float) -> float:
        return min(at_most, round(float(np.quantile(spread, 1 - min(1.0, share))), 3))

    share = thresholds.call_share
    return replace(
        thresholds,
        medium_from=begins(3 * share, thresholds.medium_from),
        high_from=begins(share, thresholds.high_from),
        critical_from=begins(share / 3, thresholds.critical_from),
    )


def is_scored(member: MemberHistory, row: Mapping[str, Any], thresholds: ChurnThresholds) -> bool:
    """True for who was a member on the row's day, for 21 days at least, and whose membership had not ended for good."""
    return bool(
        member.is_member_on(row["as_of"]) and row["is_valid"] and row["tenure_days"] >= thresholds.new_member_days
    )


def rule_facts(row: Mapping[str, Any], as_of: date) -> RuleFacts:
    """What the rules look at, from a row of a snapshot."""
    left = row["days_to_expiry"]
    days_to_expiry = None if left is None or isnan(left) else int(left)
    return RuleFacts(
        days_away=int(row["counted_away"]),
        muted_days=muted_days(row),
        last_seen_on=last_seen_on(row),
        recorded_from=recorded_from(row),
        negative_count=int(row["negative_count"]),
        engagement_score=None if isnan(row["engagement_score"]) else row["engagement_score"],
        expires_on=None if days_to_expiry is None else as_of + timedelta(days=days_to_expiry),
        days_to_expiry=days_to_expiry,
    )


def held_back(member: MemberHistory, as_of: date) -> HeldBack | None:
    """Why the member's not coming was no news that day, as far as was known when it began; None where it was."""
    if any(declared.holds(as_of) for declared in member.away):
        return HeldBack.DECLARED_ABSENCE
    return HeldBack.GYM_CLOSED if any(declared.holds(as_of) for declared in member.closed) else None


def held_gyms(
    timeline: Timeline, frame: "pl.DataFrame", *, as_of: date, champion: Champion | None
) -> dict[UUID, HeldBack]:
    """The gyms of which no score may be acted on: their door has fallen silent, or their data moved away."""
    day = as_of.toordinal()
    gyms = {place: timeline.members[int(np.argmax(timeline.gyms == place))].gym_id for place in set(timeline.gyms)}
    span = range(day - SILENT_DAYS - USUAL_DAYS, day)
    size = len(gyms)

    def by_gym(days: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(timeline.gyms, weights=days, minlength=size), dtype=float)

    visits = {one: by_gym(timeline.seen.count(one, one + 1)) for one in span}
    known = timeline.muted(as_of)
    muted = {one: by_gym(known.count(one, one + 1)) for one in span}
    members = np.bincount(timeline.gyms, minlength=size)
    found = {}
    places = timeline.gyms[frame["place"].to_numpy()]
    rows = matrix(frame)
    # A model of before had none: its gyms are watched from its next training on.
    references = {} if champion is None else champion.model.about.get("gym_references", {})
    for place, gym_id in gyms.items():
        by_day = [int(visits[one][place]) for one in span]
        # Closed for nearly everybody: the gym's own calendar, and not some members' absences.
        if is_silent(by_day, [bool(muted[one][place] > 0.9 * members[place]) for one in span]):
            found[gym_id] = HeldBack.CHECKINS_SILENT
        elif (expected := references.get(str(gym_id))) and len(
            drifted_features(rows[places == place], expected)
        ) >= DRIFTED_FEATURES:
            found[gym_id] = HeldBack.FEATURES_DRIFTED
    return found


def _by_rules(thresholds: ChurnThresholds) -> _Score:
    def scores(frame: "pl.DataFrame") -> NDArray[np.float64]:
        return np.array(
            [total(apply_rules(rule_facts(row, row["as_of"]), thresholds)) for row in frame.iter_rows(named=True)],
            dtype=float,
        )

    return scores


def _by_model(model: "ChurnModel") -> _Score:
    return lambda frame: model.probabilities(matrix(frame))


def _model_reasons(
    model: "ChurnModel", frame: "pl.DataFrame", rows: Sequence[Mapping[str, Any]], scores: NDArray[np.float64]
) -> list[tuple[Factor, ...]]:
    return reasons(
        matrix(frame), rows, scores, score_of=lambda changed: model.probabilities(changed),
        typical=model.about["typical"],
    )  # fmt: skip


def _with_counterfactuals(
    scores: list[ChurnScore],
    members: Sequence[MemberHistory],
    frame: "pl.DataFrame",
    *,
    as_of: date,
    thresholds: ChurnThresholds,
    score_of: _Score,
) -> list[ChurnScore]:
    """The first scenario under which a member at high or above is below it, verified by scoring that future."""
    import polars as pl

    found = list(scores)
    waiting = [place for place, one in enumerate(scores) if one.level in (RiskLevel.HIGH, RiskLevel.CRITICAL)]
    trend = frame["gym_trend"].to_numpy()
    for scenario in SCENARIOS:
        if not waiting:
            break
        day = as_of + timedelta(days=scenario.days)
        later = Timeline.of([continued(members[place], as_of, scenario) for place in waiting]).snapshot(day)
        # Their gym goes on as it does: only these members' own weeks are imagined.
        later = later.with_columns(pl.Series("gym_trend", trend[waiting]))
        after = score_of(later)
        still = []
        for place, score in zip(waiting, after, strict=True):
            if score < thresholds.high_from:
                found[place] = replace(found[place], counterfactual=f"Repasserait sous élevé {scenario.text}.")
            else:
                still.append(place)
        waiting = still
    return found
