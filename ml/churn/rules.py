"""The seed's churn rules, as published: four rules, four weights, and a score that is the sum of what is shown.

Pure. The thresholds come from the settings; the weights are the version. The rules decide until a model
is promoted, and stay the baseline it must beat.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from jarvis.churn import UNCOUNTED, ChurnThresholds, Factor

# Seed, "Job 1": > 14 days 0.3, > 3 negative 0.2, engagement < 0.3 0.2, expires < 30 days 0.2. A change is a new name.
WEIGHTS_VERSION = "seed-1"
ABSENT_POINTS = 0.3
NEGATIVE_POINTS = 0.2
ENGAGEMENT_POINTS = 0.2
EXPIRY_POINTS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """What the rules look at, for one member on one day."""

    days_away: int
    """Days since the last visit, or since joining where there was none; neither muted days count nor those before the
    gym's visits are on record."""
    muted_days: int
    """Days since then that do not count: declared absences, suspensions, closures, holidays."""
    last_seen_on: date | None
    recorded_from: date | None = None
    """The beginning of the gym's record of visits, where the days are counted from it."""
    negative_count: int
    """Negative conversations since the beginning."""
    engagement_score: float | None
    """0 to 1; None while no visit is on record."""
    expires_on: date | None
    days_to_expiry: int | None
    """Negative once it has run out; None without a membership."""


def rules_version(thresholds: ChurnThresholds) -> str:
    """The name of these rules with these thresholds: `seed-1` for the seed's own."""
    return "-".join(filter(None, (WEIGHTS_VERSION, thresholds.fingerprint)))


def apply_rules(facts: RuleFacts, thresholds: ChurnThresholds) -> tuple[Factor, ...]:
    """Every rule that fires, the heaviest first."""
    return tuple(_fired(facts, thresholds))


def shown(factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """The parts as a row shows them: three at most, with the same sum.

    Where all four rules fire, not coming and hardly taking part are one reason: both are said in it.
    """
    if len(factors) < 4:
        return factors
    by_name = {one.factor: one for one in factors}
    absent, engagement = by_name["absent"], by_name["low_engagement"]
    both = Factor(
        absent.factor,
        round(absent.points + engagement.points, 3),
        f"{absent.text} {engagement.text}",
        {**absent.data, **engagement.data},
    )
    return (both, *(one for one in factors if one not in (absent, engagement)))


def total(factors: tuple[Factor, ...]) -> float:
    """The score: the sum of the parts, to the thousandth the database keeps."""
    return round(sum(one.points for one in factors), 3)


def in_days(count: int) -> str:
    """A number of days in French."""
    return f"{count} jour" if abs(count) < 2 else f"{count} jours"


def in_counted_days(count: int, *, muted: int) -> str:
    """The same, where the calendar has more days than count: a manager would find a sum that is wrong."""
    return f"{in_days(count)}, {UNCOUNTED}" if muted else in_days(count)


def never_seen(count: int, *, muted: int, recorded_from: date | None) -> str:
    """That no visit is known, and since when: as the calendar has it, with the counted days beside it.

    Args:
        recorded_from: the beginning of the gym's record of visits, where it came after the membership's.
    """
    days = f"{in_days(count + muted)}, dont {count} {UNCOUNTED}" if muted else in_days(count)
    since = (
        "son inscription"
        if recorded_from is None
        else f"le premier passage enregistré dans la salle, le {recorded_from:%d/%m/%Y}"
    )
    return f"Aucune visite connue depuis {since}, il y a {days}."


def absence(count: int, *, last_seen_on: date | None, recorded_from: date | None) -> dict[str, Any]:
    """What an absence rests on, as the manager can look it up."""
    seen = None if last_seen_on is None else last_seen_on.isoformat()
    data: dict[str, Any] = {"days_away": count, "last_seen_on": seen}
    return data if recorded_from is None else data | {"recorded_from": recorded_from.isoformat()}


def decimal(value: float) -> str:
    """A number with two decimals, as French writes it."""
    return f"{value:.2f}".replace(".", ",")


def _fired(facts: RuleFacts, thresholds: ChurnThresholds) -> Iterator[Factor]:
    if facts.days_away > thresholds.absent_over_days:
        days = in_counted_days(facts.days_away, muted=facts.muted_days)
        text = (
            never_seen(facts.days_away, muted=facts.muted_days, recorded_from=facts.recorded_from)
            if facts.last_seen_on is None
            else f"Aucune visite depuis {days}."
        )
        data = absence(facts.days_away, last_seen_on=facts.last_seen_on, recorded_from=facts.recorded_from)
        yield Factor("absent", ABSENT_POINTS, text, data)
    if facts.negative_count > thresholds.negative_over:
        text = f"{facts.negative_count} conversations négatives à la borne."
        yield Factor("negative_talks", NEGATIVE_POINTS, text, {"negative_count": facts.negative_count})
    if facts.engagement_score is not None and facts.engagement_score < thresholds.engagement_below:
        text = f"Engagement faible : {decimal(facts.engagement_score)} sur 1."
        yield Factor("low_engagement", ENGAGEMENT_POINTS, text, {"engagement_score": facts.engagement_score})
    if (
        facts.days_to_expiry is not None
        and facts.expires_on is not None
        and facts.days_to_expiry < thresholds.expires_within_days
    ):
        text = (
            f"Abonnement terminé depuis {in_days(-facts.days_to_expiry)}."
            if facts.days_to_expiry < 0
            else f"Abonnement à renouveler d'ici {in_days(facts.days_to_expiry)}."
        )
        yield Factor(
            "expiry",
            EXPIRY_POINTS,
            text,
            {"expires_on": facts.expires_on.isoformat(), "days_to_expiry": facts.days_to_expiry},
        )
