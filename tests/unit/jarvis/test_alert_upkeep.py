"""When alerts end or rise by themselves, and what dates and data raise."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from jarvis.alert_upkeep import (
    EQUIPMENT_QUIET_SESSIONS,
    Arrival,
    Ending,
    GymData,
    OpenAlert,
    data_faults,
    ending,
    escalated,
    milestones,
)
from jarvis.alerts import AlertType, Priority
from jarvis.churn import HeldBack, RiskLevel

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)

CHURN = OpenAlert(
    alert_id=UUID(int=1),
    gym_id=UUID(int=2),
    alert_type=AlertType.CHURN_RISK,
    priority=Priority.HIGH,
    is_taken=False,
    is_escalated=False,
    dedup_key="churn_risk:1",
    created_at=NOW - 2 * DAY,
    last_occurred_at=NOW - 2 * DAY,
    level=RiskLevel.HIGH,
    scored_on=NOW.date(),
    visited_before=NOW - 20 * DAY,
)


def test_return_of_a_missed_member_ends_the_alert() -> None:
    """A visit after it does, taken or not; for somebody who came all along it is no return."""
    assert ending(CHURN, now=NOW) is None
    assert ending(replace(CHURN, visited_at=NOW - DAY), now=NOW) is not None
    assert ending(replace(CHURN, visited_at=NOW - DAY, is_taken=True), now=NOW) is not None
    regular = replace(CHURN, visited_at=NOW - DAY, visited_before=CHURN.created_at - DAY)
    assert ending(regular, now=NOW) is None


def test_alert_of_somebody_who_left_ends_as_no_success() -> None:
    """Taken or not, whatever the score says; what they complained of stays for the others."""
    left = replace(CHURN, has_left=True)
    for one in (left, replace(left, is_taken=True), replace(left, visited_at=NOW - DAY)):
        assert ending(one, now=NOW) == Ending("member_left", "L'adhérent a quitté la salle.")
    back = ending(replace(CHURN, visited_at=NOW - DAY), now=NOW)
    assert back is not None and back.outcome_code == "cause_ended"
    assert ending(replace(left, alert_type=AlertType.NEGATIVE_FEEDBACK), now=NOW) is None
    assert ending(replace(left, alert_type=AlertType.EQUIPMENT_ISSUE), now=NOW) is None


@pytest.mark.parametrize(("level", "ends"), [(RiskLevel.MEDIUM, True), (RiskLevel.LOW, True), (RiskLevel.HIGH, False)])
def test_score_under_the_level_ends_the_alert(level: RiskLevel, ends: bool) -> None:
    """Only a score at least as new as the alert counts, and none is no good news."""
    assert (ending(replace(CHURN, level=level), now=NOW) is not None) is ends
    assert ending(replace(CHURN, level=level, scored_on=CHURN.created_at.date() - DAY), now=NOW) is None
    assert ending(replace(CHURN, level=None, scored_on=None), now=NOW) is None


def test_machine_nobody_mentions_any_more_is_repaired() -> None:
    """Three weeks of silence end it only where members went on talking, and nobody works on it."""
    quiet = replace(
        CHURN,
        alert_type=AlertType.EQUIPMENT_ISSUE,
        last_occurred_at=NOW - 21 * DAY,
        sessions_since=EQUIPMENT_QUIET_SESSIONS,
    )
    assert ending(quiet, now=NOW) is not None
    assert ending(replace(quiet, sessions_since=EQUIPMENT_QUIET_SESSIONS - 1), now=NOW) is None
    assert ending(replace(quiet, last_occurred_at=NOW - 20 * DAY), now=NOW) is None
    assert ending(replace(quiet, is_taken=True), now=NOW) is None


def test_old_congratulations_end() -> None:
    """Two weeks after it, a milestone is no news; a complaint stays until somebody answers it."""
    old = replace(CHURN, created_at=NOW - 14 * DAY)
    assert ending(replace(old, alert_type=AlertType.MILESTONE), now=NOW) is not None
    assert ending(replace(old, alert_type=AlertType.NEGATIVE_FEEDBACK), now=NOW) is None


@pytest.mark.parametrize(
    ("priority", "days", "expected"),
    [
        (Priority.URGENT, 1, Priority.URGENT),
        (Priority.HIGH, 2.9, None),
        (Priority.HIGH, 3, Priority.URGENT),
        (Priority.MEDIUM, 7, Priority.HIGH),
        (Priority.LOW, 100, None),
    ],
)
def test_untaken_alert_goes_up_a_step(priority: Priority, days: float, expected: Priority | None) -> None:
    """After its days, once; never while somebody has it."""
    one = replace(CHURN, priority=priority, created_at=NOW - days * DAY)
    assert escalated(one, now=NOW) == expected
    assert escalated(replace(one, is_taken=True), now=NOW) is None
    assert escalated(replace(one, is_escalated=True), now=NOW) is None
    assert escalated(replace(one, alert_type=AlertType.MILESTONE), now=NOW) is None


ARRIVAL = Arrival(
    gym_id=UUID(int=2),
    member_id=UUID(int=3),
    last_visit_at=NOW,
    total_visits=42,
    visits_before_fresh=40,
    member_since=None,
    goal_id=None,
    goal_kind=None,
    goal_target=None,
    goal_started_at=None,
)


def titles(arrival: Arrival, *, today: date = TODAY) -> list[str]:
    return [alert.title for alert in milestones(arrival, today=today)]


def test_milestones() -> None:
    """The hundredth visit, years at the gym within a week of the day, and a goal of visits."""
    assert titles(ARRIVAL) == []
    assert titles(replace(ARRIVAL, total_visits=100, visits_before_fresh=98)) == ["100e visite"]
    assert titles(replace(ARRIVAL, member_since=date(2023, 11, 18))) == ["3 ans à la salle"]
    assert titles(replace(ARRIVAL, member_since=date(2025, 11, 12))) == ["1 an à la salle"]
    assert titles(replace(ARRIVAL, member_since=date(2025, 11, 11))) == []
    assert titles(replace(ARRIVAL, member_since=date(2022, 11, 18))) == [], "four years are none"
    goal = replace(
        ARRIVAL, goal_id=UUID(int=9), goal_kind="total_visits", goal_target=41, goal_started_at=NOW - 30 * DAY
    )
    assert titles(goal) == ["Objectif atteint"]
    assert titles(replace(goal, goal_target=43)) == []
    weekly = replace(goal, goal_kind="weekly_visits", goal_target=2)
    (reached,) = milestones(weekly, today=TODAY)
    assert reached.description.endswith(": 2 visites par semaine.")
    assert titles(replace(weekly, goal_target=3)) == []
    assert titles(replace(weekly, goal_started_at=NOW - DAY)) == [], "its first week is not over"


def test_leap_day_members_have_their_year() -> None:
    """29 February is celebrated on 1 March."""
    leapling = replace(ARRIVAL, member_since=date(2024, 2, 29))
    assert titles(leapling, today=date(2026, 2, 28)) == []
    assert titles(leapling, today=date(2026, 3, 1)) == ["2 ans à la salle"]


GYM = GymData(
    gym_id=UUID(int=2), last_visit_at=NOW - 2 * DAY, visits_a_day=40.0, is_closed=False, held_back=frozenset()
)


def test_door_that_counts_nobody_is_a_fault() -> None:
    """Two days without a visit where forty a day are usual; not in a closed gym, nor in one that is always quiet."""
    assert list(data_faults(GYM, now=NOW)) == ["data_quality:checkins"]
    assert data_faults(replace(GYM, is_closed=True), now=NOW) == {}
    assert data_faults(replace(GYM, visits_a_day=4.0), now=NOW) == {}
    assert data_faults(replace(GYM, last_visit_at=NOW - DAY), now=NOW) == {}
    assert data_faults(replace(GYM, last_visit_at=None), now=NOW) == {}


def test_scores_held_back_for_the_gym_are_told() -> None:
    """Drift and incomplete check-ins; what holds back one member alone is not the gym's data."""
    well = replace(GYM, last_visit_at=NOW)
    assert list(data_faults(replace(well, held_back=frozenset({HeldBack.FEATURES_DRIFTED})), now=NOW)) == [
        "data_quality:drift"
    ]
    assert list(data_faults(replace(well, held_back=frozenset({HeldBack.CHECKINS_SILENT})), now=NOW)) == [
        "data_quality:checkins"
    ]
    assert data_faults(replace(well, held_back=frozenset({HeldBack.DECLARED_ABSENCE})), now=NOW) == {}
