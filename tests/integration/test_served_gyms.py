"""A suspended gym, or one of a suspended franchise, gets no report, alert or digest, and all of them once resumed.

Its kiosks are refused: `test_suspended_gym.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection

from bench.support.world import Gym, make_gym
from jarvis.quality import BY_NAME
from tests.conftest import Database
from warehouse.stores import alert_choices, alert_digests, alert_upkeep, kiosk_health, quality, reports

NOW = datetime.now(UTC)
MONDAY = (NOW - timedelta(days=NOW.weekday())).date()


def digests_made(pipeline: Connection) -> set[UUID]:
    """The gyms that get a digest of the week, each made anew."""
    pipeline.execute("delete from alert_digests")
    alert_digests.make(pipeline, week_starts_on=MONDAY, now=NOW)
    return {gym_id for (gym_id,) in pipeline.execute("select gym_id from alert_digests")}


def usual_volumes(pipeline: Connection) -> set[UUID]:
    """The gyms whose check-ins are compared with their usual number."""
    return {UUID(found) for found in quality.frame(pipeline, BY_NAME["visit_volume_is_usual"], now=NOW)["gym_id"]}


def letters_to_send(pipeline: Connection) -> set[UUID]:
    """The gyms of which a report that was published before goes out, or that of their franchise."""
    found = set()
    with pipeline.transaction(force_rollback=True):
        for one in reports.claim_due(pipeline, now=NOW, batch_size=10):
            if one.is_served:
                found.add(one.report_id)
    return {
        gym_id
        for (gym_id,) in pipeline.execute(
            "select gyms.id from gyms inner join insights_reports as reports "
            "on reports.gym_id = gyms.id or reports.franchise_id = gyms.franchise_id where reports.id = any (%s)",
            [list(found)],
        )
    }


# What is asked of every gym that is open.
OF_OPEN_GYMS: Mapping[str, Callable[[Connection], set[UUID]]] = {
    "churn alerts: their budget": lambda pipeline: set(alert_choices.budgets(pipeline, now=NOW)),
    "churn alerts: members at risk": lambda pipeline: {
        one.gym_id for one in alert_choices.candidates(pipeline, now=NOW)
    },
    "alerts about data": lambda pipeline: {one.gym_id for one in alert_upkeep.gym_data(pipeline, now=NOW)},
    "alerts about kiosks": lambda pipeline: {one.gym_id for one in kiosk_health.kiosks_in_service(pipeline, now=NOW)},
    "check of volumes": usual_volumes,
    "digests made": digests_made,
}
# What goes on in a gym that is in maintenance, too.
OF_SERVED_GYMS: Mapping[str, Callable[[Connection], set[UUID]]] = {
    "reports of gyms": lambda pipeline: {one.gym_id for one in reports.subjects(pipeline) if one.gym_id},
    "reports of franchises": lambda pipeline: {
        gym_id for one in reports.subjects(pipeline) if one.franchise_id for gym_id in one.gym_ids
    },
    "alerts that rise or end": lambda pipeline: {one.gym_id for one in alert_upkeep.open_alerts(pipeline, now=NOW)},
    "letters of reports": lambda pipeline: letters_to_send(pipeline),
    "milestones": lambda pipeline: {one.gym_id for one in alert_upkeep.arrivals(pipeline, now=NOW)},
}
EVERYTHING = {**OF_OPEN_GYMS, **OF_SERVED_GYMS}


def a_published_report(admin: psycopg.Connection, gym: Gym) -> None:
    """It waits to be sent to the gym's manager since it was published."""
    identities = {"user": uuid4(), "report": uuid4(), "gym": gym.gym_id, "email": f"{gym.gym_id}@salle.test"}
    admin.execute(
        "insert into users (id, email, full_name, role, gym_id) "
        "values (%(user)s, %(email)s, 'Ana', 'gym_manager', %(gym)s)",
        identities,
    )
    admin.execute(
        "insert into insights_reports (id, gym_id, report_type, period_start, period_end, title, metrics, trends, "
        "status, published_at) values (%(report)s, %(gym)s, 'weekly', now() - interval '7 days', now(), 'Rapport', "
        "'{}', '{}', 'published', now())",
        identities,
    )
    admin.execute(
        "insert into report_deliveries (gym_id, report_id, recipient_user_id, channel, status, due_at, attempted_at) "
        "values (%(gym)s, %(report)s, %(user)s, 'email', 'waiting', now() - interval '1 hour', now())",
        identities,
    )


def a_busy_gym(admin: psycopg.Connection, slug: str) -> Gym:
    """A gym of a franchise of its own, for which there is something of everything."""
    gym, franchise = make_gym(admin, slug), uuid4()
    admin.execute("insert into franchises (id, name) values (%s, %s)", [franchise, f"Réseau {slug}"])
    admin.execute("update gyms set franchise_id = %s where id = %s", [franchise, gym.gym_id])
    admin.execute("update kiosks set status = 'online', last_heartbeat = now() where id = %s", [gym.kiosk_id])
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at) "
        "select %s, %s, now() - make_interval(days => series.day, mins => series.minute) "
        "from generate_series(0, 50) as days (day) cross join generate_series(0, 600, 10) as minutes (minute) "
        "cross join lateral (select days.day, minutes.minute) as series",
        [gym.gym_id, gym.member_id],
    )
    admin.execute(
        "insert into manager_alerts (gym_id, alert_type, priority, title, dedup_key, created_at) "
        "values (%s, 'negative_feedback', 'high', 'Avis négatif', 'negative_feedback:a', now() - interval '4 days')",
        [gym.gym_id],
    )
    a_published_report(admin, gym)
    admin.execute(
        "insert into churn_scores (gym_id, member_id, as_of_date, rules_version, score, level, factors) "
        "values (%s, %s, %s, 'seed-1', 0.9, 'critical', "
        '\'[{"factor": "absent", "points": 0.3, "text": "18 jours sans visite.", "data": {}}]\')',
        [gym.gym_id, gym.member_id, NOW.date()],
    )
    return gym


@pytest.fixture
def gyms(database: Database) -> Iterator[tuple[psycopg.Connection, Connection, Gym, Gym]]:
    """The administration, the pipeline, a gym, and one of another franchise."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        # What one question finds is not the state another one froze.
        pipeline.autocommit = True
        yield admin, pipeline, a_busy_gym(admin, "dax"), a_busy_gym(admin, "lyon")


def served(pipeline: Connection, gym: Gym) -> set[str]:
    """What the gym gets."""
    return {name for name, asked in EVERYTHING.items() if gym.gym_id in asked(pipeline)}


@pytest.mark.parametrize(
    "change",
    [
        "update gyms set status = %(status)s where slug = 'dax'",
        "update franchises set status = %(status)s where name = 'Réseau dax'",
    ],
    ids=["gym", "franchise"],
)
def test_a_suspension_stops_everything_until_it_ends(
    gyms: tuple[psycopg.Connection, Connection, Gym, Gym], change: str
) -> None:
    """Reports, alerts, checks and digests alike; the other franchise's gym has them all the while."""
    admin, pipeline, dax, lyon = gyms
    assert served(pipeline, dax) == set(EVERYTHING)
    admin.execute(change.encode(), {"status": "suspended"})
    assert served(pipeline, dax) == set()
    assert served(pipeline, lyon) == set(EVERYTHING)
    admin.execute(change.encode(), {"status": "active"})
    assert served(pipeline, dax) == set(EVERYTHING)


def test_a_gym_in_maintenance_has_its_reports_and_no_alerts(
    gyms: tuple[psycopg.Connection, Connection, Gym, Gym],
) -> None:
    """Works explain a silence and an absence; what happened is still told."""
    admin, pipeline, dax, _lyon = gyms
    admin.execute("update gyms set status = 'maintenance' where slug = 'dax'")
    assert served(pipeline, dax) == set(OF_SERVED_GYMS)


def test_a_franchise_on_trial_and_a_gym_of_none_are_served(
    gyms: tuple[psycopg.Connection, Connection, Gym, Gym],
) -> None:
    """Only a suspension ends the service."""
    admin, pipeline, dax, lyon = gyms
    admin.execute("update franchises set status = 'trial' where name = 'Réseau dax'")
    admin.execute("update gyms set franchise_id = null where slug = 'lyon'")
    assert served(pipeline, dax) == set(EVERYTHING)
    assert served(pipeline, lyon) == set(EVERYTHING) - {"reports of franchises"}


def test_a_digest_made_before_the_suspension_waits_for_its_end(
    gyms: tuple[psycopg.Connection, Connection, Gym, Gym],
) -> None:
    """Its letter goes to nobody meanwhile."""
    admin, pipeline, dax, lyon = gyms
    alert_digests.make(pipeline, week_starts_on=MONDAY, now=NOW)

    def due() -> set[UUID]:
        return {delivery.gym_id for delivery in alert_digests.due(pipeline, week_starts_on=MONDAY)}

    assert due() == {dax.gym_id, lyon.gym_id}
    admin.execute("update franchises set status = 'suspended' where name = 'Réseau dax'")
    assert due() == {lyon.gym_id}
    admin.execute("update franchises set status = 'active'")
    assert due() == {dax.gym_id, lyon.gym_id}
