"""What a card says of a score: as a manager speaks, and no more than the score says."""

import re
from datetime import date

import pytest

from jarvis.churn import ChurnThresholds, Factor
from jarvis.churn_fr import card_reasons, habit
from ml.churn.rules import RuleFacts, apply_rules, shown

TODAY = date(2026, 11, 18)


def told(*factors: Factor, usual: float | None = 2.0, has_stayed_away: bool = True) -> tuple[str, ...]:
    kept = [{"factor": one.factor, "points": one.points, "text": one.text, "data": dict(one.data)} for one in factors]
    return card_reasons(kept, usual_visits_per_week=usual, has_stayed_away=has_stayed_away)


def facts(**changes: object) -> RuleFacts:
    values = {
        "days_away": 21, "muted_days": 0, "last_seen_on": date(2026, 10, 28), "negative_count": 0,
        "engagement_score": 0.0, "expires_on": None, "days_to_expiry": None, **changes,
    }  # fmt: skip
    return RuleFacts(**values)  # type: ignore[arg-type]


def test_the_rules_reasons_have_no_decimals_on_a_card() -> None:
    """The habit is said beside the days, and an engagement in words."""
    fired = apply_rules(facts(), ChurnThresholds())
    assert any("0,00 sur 1" in one.text for one in fired), "the file's sentence changed: change the card's with it"
    assert told(*fired) == (
        "Venait 2 fois par semaine, aucune visite depuis 21 jours.",
        "Engagement très faible : presque ni visites ni conversations ces dernières semaines.",
    )


def test_two_rules_told_as_one_reason_lose_their_decimals_too() -> None:
    """Where all four fire, one sentence of the row holds two of them."""
    all_four = facts(negative_count=5, engagement_score=0.12, expires_on=TODAY, days_to_expiry=9, muted_days=4)
    first, *others = told(*shown(apply_rules(all_four, ChurnThresholds())))
    assert first == (
        "Venait 2 fois par semaine, aucune visite depuis 21 jours, hors absences et fermetures. "
        "Engagement faible : peu de visites et de conversations ces dernières semaines."
    )
    assert not any(re.search(r"\d,\d", one) for one in others)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        (
            "Aucune visite depuis 21 jours ; d'habitude une tous les 4 jours.", {"days_away": 21},
            "Venait 2 fois par semaine, aucune visite depuis 21 jours.",
        ),
        (
            "Vient moins : aucune visite depuis 30 jours ; d'habitude 1,33 par semaine.",
            {"visits_28": 0, "habit_per_week": 1.33},
            "Venait 1 à 2 fois par semaine, aucune visite depuis 30 jours.",
        ),
        (
            "Vient moins : 0,25 visite par semaine ces quatre semaines, 1,96 d'habitude, hors absences et fermetures.",
            {"visits_28": 1, "habit_per_week": 1.96},
            "Venait 2 fois par semaine, une seule visite en quatre semaines, hors absences et fermetures.",
        ),
        ("Vient peu : aucune visite depuis 30 jours.", {"visits_28": 0}, "Vient peu : aucune visite depuis 30 jours."),
        ("Paie 3,00 € de plus par mois.", {}, "Paie 3,00 € de plus par mois."),
    ],
)  # fmt: skip
def test_the_model_s_reasons_are_told_by_the_habit(text: str, data: dict[str, object], expected: str) -> None:
    """Rates become how often; an amount of money stays one."""
    assert told(Factor("one", 0.2, text, data)) == (expected,)


def test_the_habit_is_said_once_and_of_who_still_comes_in_the_present() -> None:
    """Two reasons that rest on visits do not repeat it; « venait » is for who is missed."""
    fewer = Factor(
        "declining", 0.2, "Vient moins : 0,50 visite par semaine ces quatre semaines, 2,00 d'habitude.",
        {"visits_28": 2, "habit_per_week": 2.0},
    )  # fmt: skip
    away = Factor("absent", 0.1, "Aucune visite depuis 15 jours ; d'habitude une tous les 4 jours.", {})
    assert told(fewer, away) == (
        "Venait 2 fois par semaine, 2 visites en quatre semaines.",
        "Aucune visite depuis 15 jours.",
    )
    assert told(away, has_stayed_away=False) == ("Vient 2 fois par semaine, aucune visite depuis 15 jours.",)


def test_where_no_habit_is_known_none_is_said() -> None:
    """The days alone, and of somebody never seen what is known."""
    assert told(Factor("absent", 0.3, "Aucune visite depuis 21 jours.", {}), usual=None) == (
        "Aucune visite depuis 21 jours.",
    )
    never = "Aucune visite connue depuis son inscription, il y a 30 jours."
    assert told(Factor("absent", 0.3, never, {})) == (never,)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (4.8, "5 fois par semaine"), (2.2, "2 fois par semaine"), (1.5, "1 à 2 fois par semaine"),
        (1.0, "1 fois par semaine"), (0.9, "1 fois par semaine"), (0.7, "tous les 10 jours"),
        (0.25, "environ une fois par mois"), (0.1, "moins d'une fois par mois"),
    ],
)  # fmt: skip
def test_a_rate_is_said_as_how_often(rate: float, words: str) -> None:
    """What lies between two whole numbers is said as lying there."""
    assert habit(rate) == words
