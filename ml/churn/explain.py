"""Why a model's score is high, in a manager's words, and what would bring it down.

Pure. A reason is a group of features; its points are what the score loses when those features are put back to
what is usual for the member or harmless for anybody, so taking the first reason away lowers the score by what
the row says. A counterfactual is a history that goes on for some weeks, scored again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jarvis.absences import Declared
from jarvis.churn import UNCOUNTED, Contract, Factor, MemberHistory
from jarvis.visit_habits import FALLING_FROM
from ml.churn.features import FEATURES
from ml.churn.rules import absence, decimal, in_counted_days, in_days, never_seen

Matrix = NDArray[np.float64]

MAX_REASONS = 3
# A rise of the price beyond the gym's by less is no news to a manager: the reason stays untold, and the next one
# that can be acted on takes its place. Both must be reached: two euros of 60 are nothing, and so is a tenth of 9.
DEARER_FROM_EUR = 2.0
DEARER_FROM_SHARE = 0.05
# What the others pay more is named from here on: cents are a rounding.
LEAST_RISE_EUR = 0.1
# A part that moves the score by less is nothing to tell a manager.
LEAST_POINTS = 0.01
# Visits a week. Of somebody who comes once a month a month without any is chance, not less than usual.
LEAST_HABIT_TO_FALL_FROM = 0.5
# An end that is further off is nothing to talk about yet.
EXPIRES_WITHIN_DAYS = 90

_AT = {name: place for place, name in enumerate(FEATURES)}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way a member's next weeks may go."""

    text: str
    """Goes on « Repasserait sous élevé … »."""
    visit_days: tuple[int, ...]
    """Days after the score's day with a visit."""
    days: int
    """When to look again."""
    renews: bool = False


SCENARIOS = (
    Scenario("avec une visite par semaine pendant deux semaines", (3, 10), 14),
    Scenario("avec deux visites par semaine pendant deux semaines", (2, 5, 9, 12), 14),
    Scenario("avec deux visites par semaine pendant quatre semaines", (2, 5, 9, 12, 16, 19, 23, 26), 28),
    Scenario("en renouvelant son abonnement", (), 1, renews=True),
    Scenario(
        "en renouvelant son abonnement, avec une visite par semaine pendant deux semaines", (3, 10), 14, renews=True
    ),
)


def reasons(
    rows: Matrix,
    described: Sequence[Mapping[str, Any]],
    scores: NDArray[np.float64],
    *,
    score_of: Callable[[Matrix], NDArray[np.float64]],
    typical: Sequence[float],
) -> list[tuple[Factor, ...]]:
    """At most three reasons a row, the heaviest first.

    Args:
        rows: columns as FEATURES.
        described: the same rows as a snapshot shows them, with `as_of` and `last_seen`.
        scores: what `score_of` says of the rows.
        typical: the median of each feature over the training rows.
    """
    points = {name: np.zeros(len(rows)) for name in _NEUTRAL}
    # Nothing can be taken from who has no risk: most members.
    at_risk = scores >= LEAST_POINTS
    for name in _NEUTRAL if at_risk.any() else ():
        points[name][at_risk] = scores[at_risk] - score_of(without(rows[at_risk], name, typical))
    found = []
    for place, row in enumerate(described):
        weighed = sorted(((float(points[name][place]), name) for name in _NEUTRAL), reverse=True)
        factors: list[Factor] = []
        for weight, name in weighed:
            told = _TOLD[name](row) if weight >= LEAST_POINTS and len(factors) < MAX_REASONS else None
            if told is not None and not _is_told(name, row, factors):
                factors.append(Factor(name, round(weight, 3), told[0], told[1]))
        found.append(tuple(factors))
    return found


def _is_told(name: str, row: Mapping[str, Any], told: Sequence[Factor]) -> bool:
    """True where a heavier reason says the same: no visit since a day, and none in four weeks."""
    pair = {"absent", "declining"}
    said = {one.factor for one in told} & pair
    return name in pair and bool(said) and not row["counted_visits_28"]


def without(rows: Matrix, factor: str, typical: Sequence[float]) -> Matrix:
    """The rows as they would be without this reason; a new matrix."""
    changed = rows.copy()
    _NEUTRAL[factor](changed, typical)
    return changed


def continued(member: MemberHistory, as_of: date, scenario: Scenario) -> MemberHistory:
    """The member's history as it would be after the scenario; the future that is known is not in it."""
    seen = {day for day in member.seen_on if day < as_of} | {as_of + timedelta(days=one) for one in scenario.visit_days}
    known = member.contracts_known_on(as_of)
    begun = tuple(replace(one, known_until=date.max) for one in known if one.started_on < as_of)
    if scenario.renews and begun:
        last = begun[-1]
        term = last.expires_on - last.started_on
        begun += (
            Contract(
                plan=last.plan, started_on=as_of, expires_on=as_of + term, monthly_price_eur=last.monthly_price_eur
            ),
        )
    talks = tuple(one for one in member.talks if one.day < as_of)
    unknown = [one for one in (*member.away, *member.closed) if not one.is_known(as_of)]
    return replace(
        member,
        seen_on=tuple(sorted(seen)),
        talks=talks,
        contracts=begun,
        former_contracts=(),
        away=_as_known(member.away, as_of, scenario),
        closed=_as_known(member.closed, as_of, scenario),
        muted_on=tuple(
            day
            for day in member.muted_on
            if day < as_of or not any(one.starts_on <= day <= one.ends_on for one in unknown)
        ),
    )


def _as_known(declared: Sequence[Declared], as_of: date, scenario: Scenario) -> tuple[Declared, ...]:
    """What was known when the day began, as if nobody changed it until the scenario is over."""
    end = as_of + timedelta(days=scenario.days)
    return tuple(replace(one, known_until=max(one.known_until, end)) for one in declared if one.is_known(as_of))


def _not_absent(rows: Matrix, typical: Sequence[float]) -> None:
    usual = np.where(np.isnan(rows[:, _AT["gap_mean"]]), 7.0, rows[:, _AT["gap_mean"]])
    rows[:, _AT["days_away"]] = np.minimum(rows[:, _AT["days_away"]], np.clip(usual, 1, 14) / 2)
    rows[:, _AT["days_away_in_habits"]] = np.minimum(rows[:, _AT["days_away_in_habits"]], 0.5)


def _not_declining(rows: Matrix, typical: Sequence[float]) -> None:
    habit = rows[:, _AT["habit_per_week"]]
    usual = np.where(np.isnan(habit), typical[_AT["habit_per_week"]], habit)
    for name, weeks in (("visits_7", 1), ("visits_14", 2), ("visits_28", 4), ("visits_28_before", 4)):
        rows[:, _AT[name]] = np.maximum(rows[:, _AT[name]], np.round(usual * weeks))
    rows[:, _AT["visits_84"]] = np.maximum(rows[:, _AT["visits_84"]], np.round(usual * 12))
    rows[:, _AT["visits_against_habit"]] = np.maximum(rows[:, _AT["visits_against_habit"]], 1.0)
    for name in ("weeks_seen_of_12", "engagement_score"):
        rows[:, _AT[name]] = np.maximum(rows[:, _AT[name]], typical[_AT[name]])


def _not_irregular(rows: Matrix, typical: Sequence[float]) -> None:
    for name in ("gap_mean", "gap_deviation", "longest_gap"):
        rows[:, _AT[name]] = np.fmin(rows[:, _AT[name]], typical[_AT[name]])


def _not_unhappy(rows: Matrix, typical: Sequence[float]) -> None:
    for name in ("sentiment_84", "sentiment_last"):
        values = rows[:, _AT[name]]
        rows[:, _AT[name]] = np.where(np.isnan(values), values, np.maximum(values, 0.3))
    change = rows[:, _AT["sentiment_change"]]
    rows[:, _AT["sentiment_change"]] = np.where(np.isnan(change), change, np.maximum(change, 0.0))
    rows[:, [_AT["negative_84"], _AT["negative_count"]]] = 0.0


def _not_unsolved(rows: Matrix, typical: Sequence[float]) -> None:
    rows[:, _AT["unsolved_84"]] = 0.0


def _not_about_money(rows: Matrix, typical: Sequence[float]) -> None:
    rows[:, _AT["about_money_84"]] = 0.0


def _not_leaving(rows: Matrix, typical: Sequence[float]) -> None:
    rows[:, [_AT["wants_out_84"], _AT["cancelling_84"]]] = 0.0


def _not_expiring(rows: Matrix, typical: Sequence[float]) -> None:
    left, term = rows[:, _AT["days_to_expiry"]], rows[:, _AT["term_days"]]
    rows[:, _AT["days_to_expiry"]] = np.where(np.isnan(left), left, np.maximum(left, np.maximum(term, 90) * 0.75))
    elapsed = rows[:, _AT["term_elapsed"]]
    rows[:, _AT["term_elapsed"]] = np.where(np.isnan(elapsed), elapsed, np.minimum(elapsed, 0.25))


def _not_dearer(rows: Matrix, typical: Sequence[float]) -> None:
    # What everybody of the gym pays more stays: the member alone can be asked less.
    beyond = np.maximum(np.nan_to_num(rows[:, _AT["price_change_beyond_gym"]]), 0.0)
    for name in ("price_change_beyond_gym", "price_change", "monthly_price_eur"):
        rows[:, _AT[name]] -= beyond


_NEUTRAL: Mapping[str, Callable[[Matrix, Sequence[float]], None]] = {
    "absent": _not_absent,
    "declining": _not_declining,
    "irregular": _not_irregular,
    "negative_talks": _not_unhappy,
    "unsolved": _not_unsolved,
    "about_money": _not_about_money,
    "wants_out": _not_leaving,
    "expiry": _not_expiring,
    "dearer": _not_dearer,
}

_Told = tuple[str, dict[str, Any]] | None


def muted_days(row: Mapping[str, Any]) -> int:
    """How many days since the last visit, or since where the absence is counted from, do not count as away."""
    return int(row["as_of"].toordinal() - row["unseen_since"] - row["counted_away"])


def last_seen_on(row: Mapping[str, Any]) -> date | None:
    """The last visit, where the absence is counted from it."""
    return None if isnan(row["last_seen"]) or row["is_since_record"] else date.fromordinal(int(row["last_seen"]))


def recorded_from(row: Mapping[str, Any]) -> date | None:
    """The beginning of the gym's record of visits, where the absence is counted from it."""
    return date.fromordinal(int(row["unseen_since"])) if row["is_since_record"] else None


def _tell_absent(row: Mapping[str, Any]) -> _Told:
    days, habit = int(row["counted_away"]), row["habit_per_week"]
    # In counted days, as the habit beside it on the member's page.
    usual = None if isnan(habit) else max(1, round(7 / habit))
    if days < 4 or (usual is not None and days <= usual):
        return None
    away = in_counted_days(days, muted=muted_days(row))
    seen, recorded = last_seen_on(row), recorded_from(row)
    data = absence(days, last_seen_on=seen, recorded_from=recorded)
    if seen is None:
        return never_seen(days, muted=muted_days(row), recorded_from=recorded), data
    if usual is None:
        return f"Aucune visite depuis {away}.", data
    every = "chaque jour" if usual == 1 else f"tous les {usual} jours"
    return f"Aucune visite depuis {away} ; d'habitude une {every}.", data | {"usual_gap_days": usual}


def _tell_declining(row: Mapping[str, Any]) -> _Told:
    # Both in counted days: the habit is `usual_visits_per_week` of the member's analytics.
    now, habit, count = row["now_per_week"], row["habit_per_week"], int(row["counted_visits_28"])
    is_less = not isnan(habit) and now <= FALLING_FROM * habit and habit >= LEAST_HABIT_TO_FALL_FROM
    if not row["is_recorded_28"]:
        return None
    if count == 0:
        away = in_counted_days(int(row["counted_away"]), muted=muted_days(row))
        usual = f" ; d'habitude {decimal(habit)} par semaine" if is_less else ""
        data = {"visits_28": 0} | ({"habit_per_week": round(habit, 2)} if is_less else {})
        return f"Vient {'moins' if is_less else 'peu'} : aucune visite depuis {away}{usual}.", data
    uncounted = f", {UNCOUNTED}" if row["muted_among_28"] else ""
    if not is_less:
        if count > 4:
            return None
        visits = "une seule visite" if count == 1 else f"{count} visites"
        return f"Vient peu : {visits} en quatre semaines{uncounted}.", {"visits_28": count}
    rates = f"{decimal(now)} visite par semaine ces quatre semaines, {decimal(habit)} d'habitude"
    return f"Vient moins : {rates}{uncounted}.", {"visits_28": count, "habit_per_week": round(habit, 2)}


def _tell_irregular(row: Mapping[str, Any]) -> _Told:
    if isnan(row["longest_gap"]):
        return None
    longest = int(row["longest_gap"])
    return f"Vient irrégulièrement : jusqu'à {in_days(longest)} entre deux visites.", {"longest_gap_days": longest}


def _tell_unhappy(row: Mapping[str, Any]) -> _Told:
    count = int(row["negative_84"])
    data = {"negative_84": count, "negative_count": int(row["negative_count"])}
    if count:
        what = "Une conversation négative" if count == 1 else f"{count} conversations négatives"
        return f"{what} à la borne en douze semaines.", data
    if not isnan(row["sentiment_last"]) and row["sentiment_last"] < 0.1:
        return "Son ton à la borne s'est refroidi.", data | {"sentiment_last": round(row["sentiment_last"], 2)}
    return None


def _tell_unsolved(row: Mapping[str, Any]) -> _Told:
    count = int(row["unsolved_84"])
    if not count:
        return None
    what = "Une réclamation est restée" if count == 1 else f"{count} réclamations sont restées"
    return f"{what} sans solution en douze semaines.", {"unsolved_84": count}


def _tell_about_money(row: Mapping[str, Any]) -> _Told:
    count = int(row["about_money_84"])
    if not count:
        return None
    often = "" if count == 1 else f", {count} fois en douze semaines"
    return f"A dit son mécontentement de l'abonnement ou de la facture{often}.", {"about_money_84": count}


def _tell_leaving(row: Mapping[str, Any]) -> _Told:
    if not row["wants_out_84"]:
        return None
    what = "résilier" if row["cancelling_84"] else "suspendre"
    return f"A parlé de {what} son abonnement.", {"conversations": int(row["wants_out_84"])}


def _tell_expiring(row: Mapping[str, Any]) -> _Told:
    if isnan(row["days_to_expiry"]) or row["days_to_expiry"] > EXPIRES_WITHIN_DAYS:
        return None
    left = int(row["days_to_expiry"])
    ends = (row["as_of"] + timedelta(days=left)).isoformat()
    text = (
        f"Abonnement terminé depuis {in_days(-left)}."
        if left < 0
        else f"Abonnement à renouveler d'ici {in_days(left)}."
    )
    return text, {"expires_on": ends, "days_to_expiry": left}


def _tell_dearer(row: Mapping[str, Any]) -> _Told:
    change, beyond, usual = row["price_change"], row["price_change_beyond_gym"], row["gym_price_rise"]
    before = row["monthly_price_eur"] - change
    # An index year that all had is no reason: only what comes on top of it is the member's own.
    if isnan(beyond) or beyond < max(DEARER_FROM_EUR, DEARER_FROM_SHARE * before):
        return None
    data = {"price_change_eur": round(change, 2)}
    text = f"Paie {decimal(change)} € de plus par mois qu'à son abonnement précédent"
    if isnan(usual):
        return f"{text}.", data
    data |= {"beyond_gym_eur": round(beyond, 2), "gym_rise_percent": round(100 * usual, 1)}
    if change - beyond < LEAST_RISE_EUR:
        return f"{text}, quand les autres adhérents de la salle ont renouvelé sans hausse.", data
    return f"{text}, dont {decimal(beyond)} € au-delà de la hausse des autres adhérents de la salle.", data


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], _Told]] = {
    "absent": _tell_absent,
    "declining": _tell_declining,
    "irregular": _tell_irregular,
    "negative_talks": _tell_unhappy,
    "unsolved": _tell_unsolved,
    "about_money": _tell_about_money,
    "wants_out": _tell_leaving,
    "expiry": _tell_expiring,
    "dearer": _tell_dearer,
}
