"""Kiosk health end to end: silence in the tables, one alert for the manager, and its end, all by the frozen clock."""

from datetime import UTC, datetime, timedelta

import psycopg

from bench.support.world import Gym, make_gym
from orchestration.assets.kiosk_health import watch_kiosks
from tests.conftest import Database

# Ahead of the database's own clock, which says when an alert was closed.
NOON = datetime(2031, 11, 19, 10, 0, tzinfo=UTC)


def heard(admin: psycopg.Connection, gym: Gym, at: datetime, *, status: str = "online") -> None:
    """The gym's kiosk gave its last sign of life then."""
    admin.execute("update kiosks set status = %s, last_heartbeat = %s where id = %s", [status, at, gym.kiosk_id])


def kiosk_alerts(admin: psycopg.Connection) -> list[tuple[object, ...]]:
    """What the manager sees of kiosks."""
    return admin.execute(
        "select priority, status, outcome_code, occurrence_count from manager_alerts "
        "where alert_type = 'kiosk_offline' order by created_at"
    ).fetchall()


def test_silence_is_told_once_and_its_end_ends_it(database: Database) -> None:
    """Offline after 10 minutes, one alert after 30, repeated looks change nothing, the return resolves it, audited."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        silent, other = make_gym(admin, "dax"), make_gym(admin, "pau")
        heard(admin, silent, NOON)
        for minutes in range(0, 65, 5):
            now = NOON + timedelta(minutes=minutes)
            heard(admin, other, now)
            for _ in range(2):
                watch_kiosks(pipeline, now=now)
            status = admin.execute("select status from kiosks where id = %s", [silent.kiosk_id]).fetchone()
            assert status == ("offline" if minutes >= 10 else "online",)
            assert kiosk_alerts(admin) == ([("high", "pending", None, 1)] if minutes >= 30 else [])
        heard(admin, silent, now)
        watch_kiosks(pipeline, now=now + timedelta(minutes=1))
        assert kiosk_alerts(admin) == [("high", "resolved", "cause_ended", 1)]
        audited = admin.execute(
            "select actor_role, actor_user_id, details ->> 'outcome_code' from audit_log "
            "where action = 'alert_resolved'"
        ).fetchall()
    assert audited == [("jarvis_pipeline", None, "cause_ended")]


def test_next_failure_is_a_new_alert(database: Database) -> None:
    """An ended alert is never opened again."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        silent, other = make_gym(admin, "dax"), make_gym(admin, "pau")
        for start in (NOON, NOON + timedelta(hours=3)):
            heard(admin, silent, start)
            for minutes in range(0, 40, 5):
                heard(admin, other, start + timedelta(minutes=minutes))
                watch_kiosks(pipeline, now=start + timedelta(minutes=minutes))
            heard(admin, silent, start + timedelta(minutes=40))
            watch_kiosks(pipeline, now=start + timedelta(minutes=40))
        assert kiosk_alerts(admin) == [("high", "resolved", "cause_ended", 1)] * 2


def test_kiosks_out_of_service_are_left_alone(database: Database) -> None:
    """Maintenance, not provisioned, a suspended gym, a gym closed for works: no alert, and what somebody set stays."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gyms = {slug: make_gym(admin, slug) for slug in ("dax", "pau", "lyon", "agen")}
        heard(admin, gyms["dax"], NOON, status="maintenance")
        heard(admin, gyms["pau"], NOON, status="provisioning")
        heard(admin, gyms["lyon"], NOON)
        admin.execute("update gyms set status = 'suspended' where slug = 'lyon'")
        closed = make_gym(admin, "nice")
        heard(admin, closed, NOON)
        admin.execute('update gyms set opening_hours = \'{"wed": ["06:00", "22:00"]}\' where id = %s', [closed.gym_id])
        admin.execute(
            "insert into gym_closures (gym_id, starts_on, ends_on, reason) values (%s, %s, %s, 'travaux')",
            [closed.gym_id, NOON.date(), NOON.date()],
        )
        for minutes in range(0, 65, 5):
            heard(admin, gyms["agen"], NOON + timedelta(minutes=minutes))
            watch_kiosks(pipeline, now=NOON + timedelta(minutes=minutes))
        assert kiosk_alerts(admin) == []
        left = admin.execute("select status from kiosks order by status").fetchall()
    assert left == [("maintenance",), ("offline",), ("online",), ("online",), ("provisioning",)]


def test_gateway_that_restarts_raises_no_storm(database: Database) -> None:
    """All kiosks of all gyms silent for an hour, then back one after the other: not one alert."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gyms = [make_gym(admin, f"gym-{number}") for number in range(6)]
        for gym in gyms:
            heard(admin, gym, NOON)
        for minutes in range(0, 60, 5):
            watch_kiosks(pipeline, now=NOON + timedelta(minutes=minutes))
        for number in range(len(gyms)):
            back = NOON + timedelta(minutes=60 + 5 * number)
            for returned in gyms[: number + 1]:
                heard(admin, returned, back)
            watch_kiosks(pipeline, now=back)
        assert kiosk_alerts(admin) == []
