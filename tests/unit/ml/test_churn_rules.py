"""The seed's rules, one by one and at their boundaries; the score is the sum of the parts that are shown."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest

from jarvis.churn import ChurnThresholds, Contract, MemberHistory, RiskLevel, Talk
from ml.churn.rules import RuleFacts, apply_rules, rules_version, total
from ml.churn.scoring import score_members

DAY = date(2026, 3, 2)
SEED = ChurnThresholds()

CALM = RuleFacts(
    days_away=2,
    muted_days=0,
    last_seen_on=DAY - timedelta(days=2),
    negative_count=0,
    engagement_score=0.8,
    expires_on=DAY + timedelta(days=200),
    days_to_expiry=200,
)
ABSENT = {"days_away": 15}
UNHAPPY = {"negative_count": 4}
DISENGAGED = {"engagement_score": 0.29}
EXPIRING = {"days_to_expiry": 29, "expires_on": DAY + timedelta(days=29)}


def fired(**changes: object) -> dict[str, float]:
    """Rule to points, for a calm member but for these facts."""
    facts = replace(CALM, **changes)  # type: ignore[arg-type]
    return {one.factor: one.points for one in apply_rules(facts, SEED)}


def test_a_calm_member_has_no_risk() -> None:
    """No rule fires, and the score is 0."""
    assert fired() == {}
    assert total(apply_rules(CALM, SEED)) == 0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"days_away": 14}, {}),
        ({"days_away": 15}, {"absent": 0.3}),
        ({"negative_count": 3}, {}),
        ({"negative_count": 4}, {"negative_talks": 0.2}),
        ({"engagement_score": 0.3}, {}),
        ({"engagement_score": 0.29}, {"low_engagement": 0.2}),
        ({"days_to_expiry": 30}, {}),
        ({"days_to_expiry": 29}, {"expiry": 0.2}),
        ({"days_to_expiry": -3}, {"expiry": 0.2}),
        ({"days_to_expiry": None, "expires_on": None}, {}),
    ],
)
def test_a_rule_fires_past_its_threshold_and_not_at_it(facts: dict[str, object], expected: dict[str, float]) -> None:
    """Seed, "Job 1": more than 14 days, more than 3 negative, engagement under 0.3, under 30 days to the end."""
    assert fired(**facts) == expected


def test_the_score_is_the_sum_of_what_is_shown() -> None:
    """For every combination of the four rules, to the thousandth."""
    for chosen in product([False, True], repeat=4):
        facts: dict[str, object] = {}
        for part, is_on in zip((ABSENT, UNHAPPY, DISENGAGED, EXPIRING), chosen, strict=True):
            facts |= part if is_on else {}
        factors = apply_rules(replace(CALM, **facts), SEED)  # type: ignore[arg-type]
        weights = (0.3, 0.2, 0.2, 0.2)
        assert total(factors) == round(sum(weight for weight, is_on in zip(weights, chosen, strict=True) if is_on), 3)
        assert [one.points for one in factors] == sorted((one.points for one in factors), reverse=True)


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0.0, RiskLevel.LOW), (0.299, RiskLevel.LOW), (0.3, RiskLevel.MEDIUM), (0.499, RiskLevel.MEDIUM),
        (0.5, RiskLevel.HIGH), (0.699, RiskLevel.HIGH), (0.7, RiskLevel.CRITICAL), (1.0, RiskLevel.CRITICAL),
    ],
)  # fmt: skip
def test_levels_begin_where_the_design_says(score: float, level: RiskLevel) -> None:
    """low < 0.3 ≤ medium < 0.5 ≤ high < 0.7 ≤ critical."""
    assert SEED.level(score) is level


def test_thresholds_are_the_settings_and_show_in_the_version() -> None:
    """A gym network that misses people after 10 days says so in every row it writes."""
    stricter = replace(SEED, absent_over_days=10)
    assert [one.factor for one in apply_rules(replace(CALM, days_away=11), stricter)] == ["absent"]
    assert rules_version(SEED) == "seed-1"
    assert rules_version(stricter).startswith("seed-1-")
    assert rules_version(stricter) != rules_version(replace(SEED, absent_over_days=11))
    # Levels are no rules: the parts of a score do not change with them.
    assert rules_version(replace(SEED, high_from=0.6)) == "seed-1"


def test_every_reason_is_a_french_sentence_with_its_figures() -> None:
    """A manager can look each of them up."""
    facts = replace(CALM, **(ABSENT | UNHAPPY | DISENGAGED | EXPIRING))  # type: ignore[arg-type]
    reasons = {one.factor: one for one in apply_rules(facts, SEED)}
    assert reasons["absent"].text == "Aucune visite depuis 15 jours."
    assert reasons["absent"].data == {"days_away": 15, "last_seen_on": "2026-02-28"}
    assert reasons["negative_talks"].text == "4 conversations négatives à la borne."
    assert reasons["low_engagement"].text == "Engagement faible : 0,29 sur 1."
    assert reasons["expiry"].text == "Abonnement à renouveler d'ici 29 jours."
    assert reasons["expiry"].data == {"expires_on": "2026-03-31", "days_to_expiry": 29}


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (ABSENT | {"muted_days": 14}, "Aucune visite depuis 15 jours, hors absences et fermetures."),
        ({"last_seen_on": None, "days_away": 30}, "Aucune visite connue depuis son inscription, il y a 30 jours."),
        (
            {"last_seen_on": None, "days_away": 222, "muted_days": 131},
            "Aucune visite connue depuis son inscription, il y a 353 jours, dont 222 hors absences et fermetures.",
        ),
        ({"days_to_expiry": -1}, "Abonnement terminé depuis 1 jour."),
        ({"days_to_expiry": 1}, "Abonnement à renouveler d'ici 1 jour."),
    ],
)
def test_the_words_follow_the_case(facts: dict[str, object], text: str) -> None:
    """Never came, one day, already over."""
    [reason] = apply_rules(replace(CALM, **facts), SEED)  # type: ignore[arg-type]
    assert reason.text == text


def test_the_parts_that_a_row_shows_are_its_score_with_all_four_rules() -> None:
    """Three reasons at most and nothing left out: who does not come and hardly takes part is one of them."""
    member = MemberHistory(
        gym_id=UUID(int=1),
        member_id=UUID(int=2),
        joined_on=DAY - timedelta(days=400),
        seen_on=(DAY - timedelta(days=60),),
        talks=tuple(Talk(day=DAY - timedelta(days=90 + number), is_negative=True) for number in range(4)),
        contracts=(Contract(plan="a", started_on=DAY - timedelta(days=355), expires_on=DAY + timedelta(days=10)),),
    )
    (row,) = score_members([member], as_of=DAY, thresholds=SEED)
    assert row.score == 0.9
    assert [(one.factor, one.points) for one in row.factors] == [
        ("absent", 0.5), ("negative_talks", 0.2), ("expiry", 0.2),
    ]  # fmt: skip
    assert row.factors[0].text == "Aucune visite depuis 60 jours. Engagement faible : 0,00 sur 1."
    assert {"days_away", "engagement_score"} <= set(row.factors[0].data)
