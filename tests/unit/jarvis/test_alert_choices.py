"""Whom to call: the budget, who rests, the control group, and what a threshold would have done."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from jarvis.alert_choices import (
    PRIORITY_RULES_VERSION,
    Candidate,
    Decision,
    Preview,
    ScoredDay,
    choose,
    is_control,
    period_of,
    preview_churn,
    week_of,
)
from jarvis.alerts import CHURN_COOLDOWN, Priority
from jarvis.churn import RiskLevel

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)


def candidate(number: int = 1, *, score: float = 0.8, price: float | None = 30.0) -> Candidate:
    """A member at critical risk without any alert so far."""
    return Candidate(
        gym_id=UUID(int=1),
        member_id=UUID(int=1000 + number),
        as_of_date=NOW.date(),
        score=score,
        level=RiskLevel.CRITICAL if score >= 0.7 else RiskLevel.HIGH,
        is_calibrated=True,
        reasons=("18 jours sans visite.",),
        factors=("absent",),
        counterfactual="repasserait sous élevé avec une visite par semaine",
        monthly_price_eur=price,
        open_level=None,
        closed_at=None,
        closed_level=None,
        keeps_habit=False,
        is_within_gap=False,
        expected_gap_days=27.4,
        is_alerted_this_week=False,
        is_control_this_week=False,
        control_share=0.0,
        control_salt="salt",
    )


def decisions(*candidates: Candidate, budget: int = 15, spent: int = 0) -> list[tuple[UUID, Decision]]:
    """Who gets what, in order."""
    return [(one.candidate.member_id, one.decision) for one in choose(candidates, budget=budget, spent=spent, now=NOW)]


def test_budget_of_ten_takes_those_with_most_to_lose() -> None:
    """Twenty at risk: the ten with the highest expected value are alerts, the rest wait in the digest."""
    twenty = [candidate(number, price=20.0 + number) for number in range(20)]
    found = decisions(*twenty, budget=10)
    assert [number for number, decision in found if decision is Decision.ALERT] == [
        one.member_id for one in reversed(twenty[10:])
    ]
    assert Counter(decision for _, decision in found) == {Decision.ALERT: 10, Decision.DIGEST: 10}


def test_what_the_week_has_spent_is_gone() -> None:
    """A second run of the week has only what is left."""
    assert Counter(decision for _, decision in decisions(*map(candidate, range(5)), budget=10, spent=8)) == {
        Decision.ALERT: 2,
        Decision.DIGEST: 3,
    }


@pytest.mark.parametrize(("score", "priority"), [(0.5, Priority.HIGH), (0.7, Priority.URGENT)])
def test_level_gives_the_priority(score: float, priority: Priority) -> None:
    """High is high, critical is urgent."""
    (choice,) = choose([candidate(score=score)], budget=1, spent=0, now=NOW)
    assert choice.alert is not None and choice.alert.priority is priority


def test_nobody_is_urgent_while_they_come_in_their_own_rhythm() -> None:
    """Critical by the score, and here within the usual gap: high, and to be spoken to when they come."""
    (choice,) = choose([replace(candidate(score=0.9), is_within_gap=True)], budget=1, spent=0, now=NOW)
    assert choice.alert is not None
    assert (choice.alert.priority, choice.alert.title) == (Priority.HIGH, "Risque de départ élevé")
    assert "Pas encore inhabituel : jusqu'à 27 jours peuvent passer entre deux visites." in choice.alert.description
    assert dict(choice.alert.details) | {"level": "high", "priority_rules": PRIORITY_RULES_VERSION} == dict(
        choice.alert.details
    )


@pytest.mark.parametrize(
    "factor",
    ["absent", "declining", "irregular", "negative_talks", "unsolved", "about_money", "wants_out", "expiry", "dearer",
     "low_engagement"],
)  # fmt: skip
def test_every_reason_has_its_action(factor: str) -> None:
    """Of a model and of the rules; who stays away is called, whatever else they said."""
    (choice,) = choose([replace(candidate(), factors=(factor,))], budget=1, spent=0, now=NOW)
    (both,) = choose([replace(candidate(), factors=("declining", factor))], budget=1, spent=0, now=NOW)
    assert choice.alert is not None and both.alert is not None
    assert len(choice.alert.recommended_actions) == 2
    assert both.alert.recommended_actions[0].startswith("Appeler l'adhérent")
    assert set(choice.alert.recommended_actions) <= set(both.alert.recommended_actions)


@pytest.mark.parametrize("score", [0.5, 0.6, 0.7, 0.9])
def test_coming_never_makes_an_alert_louder(score: float) -> None:
    """Of two with the same score, the one who still comes is never the more urgent; high itself stays high."""
    order = list(Priority)
    missed, seen = (
        choose([replace(candidate(score=score), is_within_gap=is_within)], budget=1, spent=0, now=NOW)[0].alert
        for is_within in (False, True)
    )
    assert missed is not None and seen is not None
    assert seen.priority is Priority.HIGH
    assert order.index(missed.priority) >= order.index(seen.priority)


def test_an_open_alert_becomes_urgent_on_the_day_its_member_is_missed() -> None:
    """Within the gap nothing is said again; past it the same score raises the alert, without spending budget."""
    standing = replace(candidate(score=0.9), is_within_gap=True, open_level=RiskLevel.HIGH)
    assert choose([standing], budget=0, spent=0, now=NOW) == []
    (choice,) = choose([replace(standing, is_within_gap=False)], budget=0, spent=0, now=NOW)
    assert choice.alert is not None and choice.alert.priority is Priority.URGENT


def test_who_only_looks_lost_to_the_calendar_waits_behind_who_broke_a_habit() -> None:
    """Rules that count days call a fortnightly member critical: they come after who used to come twice a week."""
    fortnightly = replace(candidate(1, score=0.8), is_calibrated=False, keeps_habit=True, factors=("absent",))
    gone = replace(candidate(2, score=0.6), is_calibrated=False)
    waiting = choose([fortnightly, gone], budget=2, spent=0, now=NOW)
    assert [one.candidate.member_id for one in waiting] == [gone.member_id, fortnightly.member_id]
    assert [one.alert.priority for one in waiting if one.alert] == [Priority.HIGH, Priority.MEDIUM]
    assert waiting[1].alert is not None and "à appeler après les autres" in waiting[1].alert.description


@pytest.mark.parametrize(
    "changes",
    [{"factors": ("absent", "negative_talks")}, {"is_calibrated": True}, {"keeps_habit": False}],
)
def test_a_grievance_or_a_model_does_not_wait(changes: dict[str, object]) -> None:
    """Words, a probability that knows the habit, or a broken habit: each is urgent on its own."""
    one = replace(candidate(), is_calibrated=False, keeps_habit=True, factors=("absent",))
    (choice,) = choose([replace(one, **changes)], budget=1, spent=0, now=NOW)  # type: ignore[arg-type]
    assert choice.alert is not None and choice.alert.priority is Priority.URGENT


def test_alert_tells_its_reasons_and_what_would_change_it() -> None:
    """A calibrated score is a percentage; a sum of rules is not."""
    (choice,) = choose([candidate()], budget=1, spent=0, now=NOW)
    assert choice.alert is not None
    assert choice.alert.description == (
        "Risque de départ estimé à 80 %. 18 jours sans visite. Repasserait sous élevé avec une visite par semaine."
    )
    (summed,) = choose([replace(candidate(), is_calibrated=False)], budget=1, spent=0, now=NOW)
    assert summed.alert is not None and summed.alert.description == (
        "18 jours sans visite. Repasserait sous élevé avec une visite par semaine."
    )


def test_dealt_with_member_rests_unless_the_level_rises() -> None:
    """Closed at high: silence for the cool-down at high, an alert at critical; afterwards an alert again."""
    closed = replace(candidate(score=0.6), closed_at=NOW - timedelta(days=1), closed_level=RiskLevel.HIGH)
    assert decisions(closed) == []
    assert decisions(replace(closed, score=0.75, level=RiskLevel.CRITICAL)) != []
    assert decisions(replace(closed, closed_at=NOW - CHURN_COOLDOWN)) != []


def test_open_alert_is_only_touched_by_a_rise() -> None:
    """The same level again says nothing and costs no budget; a rise does even without any left."""
    standing = replace(candidate(), open_level=RiskLevel.CRITICAL)
    assert decisions(standing) == []
    risen = replace(candidate(), open_level=RiskLevel.HIGH)
    assert decisions(risen, budget=0) == [(risen.member_id, Decision.ALERT)]


def test_control_group_is_stable_and_as_large_as_asked() -> None:
    """A tenth of 10,000 members, the same ones at each look, others in the next quarter and with another salt."""
    members = [UUID(int=number) for number in range(10_000)]

    def group(period: str, salt: str) -> set[UUID]:
        return {one for one in members if is_control(one, period, share=0.1, salt=salt)}

    first = group("2026-Q4", "a")
    assert 900 < len(first) < 1100
    assert first == group("2026-Q4", "a")
    for other in (group("2027-Q1", "a"), group("2026-Q4", "b")):
        assert 50 < len(first & other) < 150, "independent groups overlap by a tenth"
    assert not any(is_control(one, "2026-Q4", share=0.0, salt="a") for one in members)


def test_control_members_are_held_back_and_spend_nothing() -> None:
    """With half of them in the control group, the budget still goes to ten alerts."""
    many = [replace(candidate(number), control_share=0.5) for number in range(40)]
    counts = Counter(decision for _, decision in decisions(*many, budget=10))
    assert counts[Decision.ALERT] == 10
    assert counts[Decision.CONTROL] > 0


def test_who_was_held_back_this_week_is_until_it_is_over() -> None:
    """Even with no control group any more, and even where no budget is left."""
    held = replace(candidate(), is_control_this_week=True)
    assert decisions(held) == decisions(held, budget=0) == [(held.member_id, Decision.CONTROL)]


def test_nobody_changes_sides_within_a_week() -> None:
    """Monday 28 September and Friday 2 October 2026 are drawn alike; the Monday after is another quarter."""
    days = [datetime(2026, 9, 28, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC)]
    assert [period_of(day) for day in days] == ["2026-Q3", "2026-Q3", "2026-Q4"]


def test_weeks_and_quarters() -> None:
    """A week begins on Monday, a quarter with its month."""
    assert week_of(date(2026, 11, 22)) == date(2026, 11, 16)
    assert [period_of(datetime(2026, month, 8, tzinfo=UTC)) for month in (1, 3, 4, 12)] == [
        "2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4",
    ]  # fmt: skip


def history(*scores: float, held: frozenset[int] = frozenset()) -> list[ScoredDay]:
    """One member's scores, a day each."""
    return [
        ScoredDay(UUID(int=1), date(2026, 10, 1) + timedelta(days=number), score, number in held)
        for number, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("scores", "held", "fired"),
    [
        ((0.2, 0.59, 0.3), frozenset(), 0),
        ((0.6,), frozenset(), 1),
        ((0.6, 0.7, 0.9, 0.6), frozenset(), 1),
        ((0.6, 0.2, 0.6, 0.6), frozenset(), 1),
        ((0.6, 0.2, *(0.1,) * 14, 0.6), frozenset(), 2),
        ((0.6, 0.2, *(0.6,) * 14), frozenset(), 2),
        ((0.6, 0.2, *(0.6,) * 13), frozenset(), 1),
        ((0.9, 0.9), frozenset({0, 1}), 0),
        ((0.9, 0.1, 0.9), frozenset({1}), 1),
    ],
)
def test_preview_counts_episodes(scores: tuple[float, ...], held: frozenset[int], fired: int) -> None:
    """One alert an episode, rest after its end, and nothing on scores that were held back."""
    assert preview_churn(history(*scores, held=held), threshold=0.6).fired == fired


def test_preview_of_the_level_and_the_weeks_budget() -> None:
    """What was high counts, whatever its score; budget 1: the highest on Monday, the other in the week after."""
    monday = date(2026, 10, 5)
    days = [monday, monday + timedelta(days=1), monday + timedelta(days=7)]
    scores = [
        ScoredDay(UUID(int=member), day, score, False, is_high)
        for day in days
        for member, score, is_high in ((1, 0.12, True), (2, 0.3, True), (3, 0.11, False))
    ]
    assert preview_churn(scores, threshold=None, budget=1) == Preview(2, 2, 3, 2)
    assert preview_churn(scores[:6], threshold=None, budget=1) == Preview(2, 2, 2, 1)
    assert preview_churn(scores, threshold=None, budget=0) == Preview(2, 2, 3, 0)
    assert preview_churn(scores, threshold=0.2) == Preview(1, 1, 3, None)
    assert preview_churn(scores, threshold=0.05) == preview_churn(scores, threshold=None)


def test_preview_counts_members_and_days_with_data() -> None:
    """Two members, three days known of: the answer says how much history it rests on."""
    both = [*history(0.9, 0.9, 0.1), *(replace(one, member_id=UUID(int=2)) for one in history(0.8))]
    found = preview_churn(both, threshold=0.8)
    assert (found.fired, found.members, found.days) == (2, 2, 3)
