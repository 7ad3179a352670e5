"""From when on a gym is told: what is read of a row, what is typed, and that rules and previews take the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from jarvis.alert_thresholds import SET_BY_GYM, Thresholds, expected_steps, held, read_milestones, read_steps
from jarvis.alert_upkeep import Arrival, GymData, data_faults, milestones
from jarvis.alerts import AlertType
from jarvis.kiosk_health import KioskStanding, Watch, look

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
GYM = UUID(int=1)


def test_what_is_not_set_is_the_rules() -> None:
    """A null, and a column that is not there, are no number."""
    assert held({}) == held(dict.fromkeys(("kiosk_silence_minutes", "milestone_visits"))) == Thresholds()
    assert held(
        {"kiosk_silence_minutes": 45, "milestone_visits": [20, 10, 20], "checkins_silent_hours": 6}
    ) == Thresholds(timedelta(minutes=45), (10, 20), timedelta(hours=6))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("50, 100 et 200", (50, 100, 200)), ("1 000;10", (10, 1000)), ("1\u202f000", (1000,)), ("100", (100,)),
        ("50 75", (50, 75)), ("50,50", (50,)), ("", None), ("cent", None), ("0", None), ("10001", None),
        ("-5", None), ("5.5", None), (", ".join(map(str, range(1, 14))), None),
    ],
)  # fmt: skip
def test_milestones_are_read_as_people_write_them(text: str, steps: tuple[int, ...] | None) -> None:
    """One to twelve numbers, in any order; thousands may stand apart only where three figures follow."""
    assert read_milestones(text) == steps


@pytest.mark.parametrize(
    ("kind", "text", "steps"),
    [
        (AlertType.KIOSK_OFFLINE, "10", (10,)), (AlertType.KIOSK_OFFLINE, "9", None),
        (AlertType.KIOSK_OFFLINE, "1440", (1440,)), (AlertType.KIOSK_OFFLINE, "1441", None),
        (AlertType.DATA_QUALITY, "240", (240,)), (AlertType.DATA_QUALITY, "241", None),
        (AlertType.DATA_QUALITY, "4.5", None), (AlertType.MILESTONE, "10,20", (10, 20)),
    ],
)  # fmt: skip
def test_a_threshold_has_its_bounds(kind: AlertType, text: str, steps: tuple[int, ...] | None) -> None:
    """What stands at them is one, what lies past them is told what was expected."""
    assert read_steps(kind, text) == steps
    assert "default" in expected_steps(kind)


def test_only_these_kinds_are_a_gym_s_to_set_here() -> None:
    """The others have their number elsewhere, or none."""
    assert {str(one) for one in SET_BY_GYM} == {"kiosk_offline", "milestone", "data_quality"}


@pytest.mark.parametrize(("minutes", "is_told"), [(30, True), (40, True), (41, False)])
def test_a_silent_kiosk_is_told_from_its_gym_s_minutes_on(minutes: int, is_told: bool) -> None:
    """Forty minutes without a sign of life, beside a gym that is heard."""
    silent = KioskStanding(
        kiosk_id=UUID(int=2), gym_id=GYM, name="Accueil", status="online", opening_hours={}, timezone="Europe/Paris",
        last_heartbeat=NOW - timedelta(minutes=40), alert_after=timedelta(minutes=minutes),
    )  # fmt: skip
    heard = replace(silent, kiosk_id=UUID(int=3), gym_id=UUID(int=9), last_heartbeat=NOW)
    watch = Watch(NOW - timedelta(minutes=5), is_network_silent=False, heard_since=NOW - timedelta(days=1))
    assert bool(look([silent, heard], (), watch=watch, now=NOW).raised) is is_told


def test_a_visit_is_celebrated_at_the_gym_s_numbers() -> None:
    """The tenth, in a gym that says so, and nowhere else."""
    arrival = Arrival(
        gym_id=GYM, member_id=UUID(int=4), last_visit_at=NOW, total_visits=10, visits_before_fresh=8, member_since=None,
        goal_id=None, goal_kind=None, goal_target=None, goal_started_at=None, steps=(10, 20),
    )  # fmt: skip
    assert [one.dedup_key for one in milestones(arrival, today=NOW.date())] == [f"milestone:{UUID(int=4)}:10"]
    assert list(milestones(replace(arrival, steps=Thresholds().milestones), today=NOW.date())) == []


@pytest.mark.parametrize(("hours", "is_told"), [(6, True), (7, False), (48, False)])
def test_missing_check_ins_are_told_from_the_gym_s_hours_on(hours: int, is_told: bool) -> None:
    """Six hours without anybody, where forty a day are usual."""
    gym = GymData(
        gym_id=GYM, last_visit_at=NOW - timedelta(hours=6), visits_a_day=40.0, is_closed=False, held_back=frozenset(),
        silent_after=timedelta(hours=hours),
    )  # fmt: skip
    assert bool(data_faults(gym, now=NOW)) is is_told
