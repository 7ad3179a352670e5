"""Settings on a real database: who may set what, within which bounds, on record; and what the pipeline makes of it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from dashboards.records import Records
from jarvis.alert_thresholds import Thresholds
from jarvis.alerts import AlertType
from tests.tenants import PERSON, made_id, scope_of
from warehouse.people import Database
from warehouse.stores.alert_choices import candidates
from warehouse.stores.alert_thresholds import FranchiseNotFound, set_of_franchise, set_of_gym
from warehouse.stores.kiosk_health import kiosks_in_service

DAX = made_id("gym", "dax")
CHANGE: dict[str, object] = {"gym_id": DAX, "per_week": 4, "threshold": 0.8, "storage_level": "metadata_only"}
PROFILE: dict[str, object] = {
    "full_name": "Camille", "language": "en", "unwanted_kinds": ["daily_report"], "quiet_from": time(21),
    "quiet_until": time(8),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(planted: tuple[psycopg.Connection, Database]) -> tuple[psycopg.Connection, Records]:
    """The superuser's connection and the pages' records, over a small network."""
    return planted[0], Records(planted[1])


def actions(connection: psycopg.Connection, user: UUID) -> list[str]:
    rows = connection.execute("select action from audit_log where actor_user_id = %s order by id", [user]).fetchall()
    return [row[0] for row in rows]


def answer(records: Records, name: str, question: str, **values: object) -> Any:
    row = records.row(scope_of(name), question, **values)
    return None if row is None else row["answer"]


def test_a_manager_sets_their_gym_and_it_is_on_record(opened: tuple[psycopg.Connection, Records]) -> None:
    """Budget and threshold in one line, what is kept in another; said again it is no change."""
    connection, records = opened
    for _ in range(2):
        assert answer(records, "manager_dax", "gym_settings.change_gym", **CHANGE)
    assert actions(connection, PERSON["manager_dax"].id) == ["storage_level_changed", "alert_settings_changed"]
    row = records.row(scope_of("manager_dax"), "gym_settings.gym", gym_id=DAX)
    assert row is not None
    assert (row["alert_budget_per_week"], row["churn_alert_threshold"], row["storage_level"]) == (
        4, 0.8, "metadata_only",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["manager_pau", "owner_rhone", "suspended_manager"])
def test_a_neighbour_s_gym_is_none(opened: tuple[psycopg.Connection, Records], name: str) -> None:
    """A guessed id changes nothing, and shows nothing."""
    records = opened[1]
    assert not answer(records, name, "gym_settings.change_gym", **CHANGE)
    assert records.row(scope_of(name), "gym_settings.gym", gym_id=DAX) is None
    assert records.rows(scope_of(name), "gym_settings.absences", gym_id=DAX, today="2026-02-02") == []
    assert records.rows(scope_of(name), "gym_settings.members_named", gym_id=DAX, words="a") == []
    assert records.rows(scope_of(name), "alert_previews.gym", gym_id=DAX) == []


@pytest.mark.parametrize("name", ["staff_dax", "analyst_dax"])
def test_who_only_sees_the_gym_sets_nothing(opened: tuple[psycopg.Connection, Records], name: str) -> None:
    """Refused by name, as one sees the gym."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        answer(opened[1], name, "gym_settings.change_gym", **CHANGE)


@pytest.mark.parametrize(
    "wrong", [{"per_week": 201}, {"per_week": -1}, {"threshold": 0}, {"threshold": 1}, {"storage_level": "nothing"}]
)
def test_values_out_of_range_are_refused(
    opened: tuple[psycopg.Connection, Records], wrong: dict[str, object]
) -> None:  # fmt: skip
    """By the table itself, whatever the page lets through."""
    with pytest.raises(psycopg.errors.CheckViolation):
        answer(opened[1], "manager_dax", "gym_settings.change_gym", **{**CHANGE, **wrong})


def test_reading_first_is_set_by_who_manages_and_is_on_record(opened: tuple[psycopg.Connection, Records]) -> None:
    """A manager for their gym, an owner for their franchise; said again it is no change; nobody else's is in reach."""
    connection, records = opened
    landes = connection.execute("select franchise_id from gyms where id = %s", [DAX]).fetchone()
    assert landes is not None
    own_gym = {"gym_id": DAX, "franchise_id": None, "reads_first": True}
    own_franchise = {"gym_id": None, "franchise_id": landes[0], "reads_first": True}
    change = "gym_settings.change_reports"
    before = len(actions(connection, PERSON["manager_dax"].id))
    for _ in range(2):
        assert answer(records, "manager_dax", change, **own_gym)
    assert actions(connection, PERSON["manager_dax"].id)[before:] == ["report_settings_changed"]
    assert not answer(records, "manager_pau", change, **own_gym)
    assert not answer(records, "manager_dax", change, **own_franchise)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        answer(records, "staff_dax", change, **own_gym)
    owner = next(
        name for name, one in PERSON.items()
        if one.role == "franchise_owner" and records.rows(
            scope_of(name), "gym_settings.report_subjects", gym_id=DAX, franchise_id=None
        )
    )  # fmt: skip
    assert answer(records, owner, change, **own_franchise)
    (row,) = records.rows(scope_of(owner), "gym_settings.report_subjects", gym_id=None, franchise_id=None)
    assert (row["franchise_id"], row["reads_reports_first"]) == (landes[0], True)
    assert not answer(records, "owner_rhone", change, **own_franchise)


def test_a_gym_s_threshold_decides_whom_to_call_about(opened: tuple[psycopg.Connection, Records]) -> None:
    """Above the score they are candidates, below they are not; a gym without one takes every high risk."""
    connection, _records = opened
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with connection.transaction(force_rollback=True):
        connection.execute("update churn_scores set score = 0.7, level = 'critical'")
        # Who came on the day itself is back, and no candidate whatever the score.
        connection.execute("delete from member_visits")
        connection.execute(
            "update gyms set churn_alert_threshold = case slug when 'dax' then 0.8 when 'pau' then 0.6 end"
        )
        found = {one.gym_id for one in candidates(connection, now=now)}
    assert found == {made_id("gym", "pau"), made_id("gym", "lyon")}


def test_a_profile_is_one_s_own(opened: tuple[psycopg.Connection, Records]) -> None:
    """Everybody changes theirs and nobody else's; whoever is suspended has none."""
    connection, records = opened
    assert answer(records, "staff_dax", "gym_settings.change_profile", **PROFILE)
    row = records.row(scope_of("staff_dax"), "gym_settings.profile")
    assert row is not None
    assert {name: row[name] for name in PROFILE} == PROFILE
    changed = connection.execute("select count(*) from users where language is not null").fetchone()
    assert changed == (1,)
    assert actions(connection, PERSON["staff_dax"].id) == ["profile_changed"]
    assert not answer(records, "suspended_staff", "gym_settings.change_profile", **PROFILE)


def test_the_switch_keeps_the_language(opened: tuple[psycopg.Connection, Records]) -> None:
    """A known one; a made-up one is refused."""
    records = opened[1]
    assert answer(records, "manager_pau", "gym_settings.set_language", language="en")
    row = records.row(scope_of("manager_pau"), "gym_settings.profile")
    assert row is not None
    assert row["language"] == "en"
    with pytest.raises(psycopg.errors.CheckViolation):
        answer(records, "manager_pau", "gym_settings.set_language", language="xx")


THRESHOLD: dict[str, object] = {"gym_id": DAX, "kind": "kiosk_offline", "steps": [45]}


def test_a_gym_s_number_stands_over_its_franchise_s_and_both_over_the_rules(
    opened: tuple[psycopg.Connection, Records],
) -> None:
    """A manager sees what holds without seeing the franchise; what the page shows is what the rules that fire read."""
    connection, records = opened

    def holds() -> tuple[Any, Any]:
        row = records.row(scope_of("manager_dax"), "gym_settings.gym", gym_id=DAX)
        assert row is not None
        previewed = records.row(scope_of("manager_dax"), "alert_previews.gym", gym_id=DAX)
        assert previewed is not None and previewed["kiosk_silence_minutes"] == row["kiosk_silence_minutes"]
        [fired] = {
            one.alert_after / timedelta(minutes=1)
            for one in kiosks_in_service(connection, now=datetime.now(UTC))
            if one.gym_id == DAX
        }
        return row["kiosk_silence_minutes"], fired

    connection.execute("update kiosks set last_heartbeat = now(), status = 'online' where gym_id = %s", [DAX])
    assert holds() == (None, 30)
    connection.execute(
        "update franchises set kiosk_silence_minutes = 90 where id = (select franchise_id from gyms where id = %s)",
        [DAX],
    )
    assert holds() == (90, 90)
    assert answer(records, "manager_dax", "gym_settings.change_threshold", **THRESHOLD)
    assert holds() == (45, 45)
    assert answer(records, "manager_dax", "gym_settings.change_threshold", **{**THRESHOLD, "steps": None})
    assert holds() == (90, 90)
    told = connection.execute(
        "select details from audit_log where action = 'alert_settings_changed' and details ? 'alert_type' order by id"
    ).fetchall()
    assert [one[0] for one in told] == [
        {"alert_type": "kiosk_offline", "to": [45]},
        {"alert_type": "kiosk_offline", "from": 45},
    ]


@pytest.mark.parametrize("name", ["manager_pau", "owner_rhone", "suspended_manager"])
def test_a_neighbour_s_threshold_is_nobody_s(opened: tuple[psycopg.Connection, Records], name: str) -> None:
    """A guessed id changes nothing, and the function alone shows nothing either."""
    records = opened[1]
    assert not answer(records, name, "gym_settings.change_threshold", **THRESHOLD)
    assert records.row(scope_of(name), "gym_settings.gym", gym_id=DAX) is None


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("kiosk_offline", [9]), ("kiosk_offline", [1441]), ("data_quality", [0]), ("data_quality", [241]),
        ("milestone", []), ("milestone", [0, 5]), ("milestone", [10_001]),
        ("milestone", list(range(1, 14))), ("churn_risk", [1]),
    ],
)  # fmt: skip
def test_a_threshold_out_of_its_bounds_is_refused(
    opened: tuple[psycopg.Connection, Records], kind: str, steps: list[int]
) -> None:
    """By the table, whoever asks; nothing changes."""
    with pytest.raises(psycopg.errors.CheckViolation):
        answer(opened[1], "manager_dax", "gym_settings.change_threshold", gym_id=DAX, kind=kind, steps=steps)


def test_an_operator_sets_a_gym_s_and_a_franchise_s(opened: tuple[psycopg.Connection, Records]) -> None:
    """Each kind by itself; the others stay."""
    connection = opened[0]
    with connection.transaction(force_rollback=True):
        found = set_of_gym(connection, "dax", AlertType.MILESTONE, (10, 20))
        assert found.milestones == (10, 20)
        [name] = connection.execute(
            "select franchises.name from franchises inner join gyms on gyms.franchise_id = franchises.id "
            "where gyms.slug = 'dax'"
        ).fetchone() or [""]
        assert set_of_franchise(connection, name, AlertType.DATA_QUALITY, (6,)).checkins_silent_after == timedelta(
            hours=6
        )
        assert set_of_gym(connection, "dax", AlertType.MILESTONE, None) == Thresholds(
            kiosk_alert_after=timedelta(minutes=90), checkins_silent_after=timedelta(hours=6)
        )
        with pytest.raises(FranchiseNotFound):
            set_of_franchise(connection, "Nulle part", AlertType.DATA_QUALITY, (6,))
