"""Drafts and digests on Postgres: who may change and use a message, and who was told of the week."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from bench.support.world import THANKS, closed_session, make_gym
from orchestration.assets.alert_digests import send_digests
from orchestration.assets.alert_upkeep import choose_members, draft_messages, keep_up
from tests.conftest import Database
from tests.support.mail_sink import running_sink
from tests.tenants import PERSON, made_id, plant
from warehouse.connection import as_user
from warehouse.mailer import mailer_for

# A Monday, 08:20 in Paris.
MONDAY = datetime(2031, 11, 17, 7, 20, tzinfo=UTC)
LAST_WEEK = MONDAY - timedelta(days=4)


def test_draft_is_edited_used_and_audited_by_the_manager(database: Database) -> None:
    """Only people of the gym who may act; the words used stand; nobody is nobody, and the system uses none."""
    with database.admin() as admin:
        plant(admin)
    gym = made_id("gym", "dax")
    change = "update alert_messages set text = 'Bonjour Camille, un café ?' where gym_id = %s"
    use = "update alert_messages set used_at = now() where gym_id = %s"
    with database.connect("dashboard") as connection:
        for name, rows in (("staff_dax", 0), ("manager_pau", 0), ("manager_dax", 1)):
            with as_user(connection, PERSON[name].id):
                assert connection.execute(change, [gym]).rowcount == rows, name
        with as_user(connection, PERSON["manager_dax"].id):
            assert connection.execute(use, [gym]).rowcount == 1
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="what was sent stands"),
            as_user(connection, PERSON["manager_dax"].id),
        ):
            connection.execute("update alert_messages set text = 'Autre chose' where gym_id = %s", [gym])
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        manager = PERSON["manager_dax"].id
        kept = admin.execute("select edited_by, used_by from alert_messages where gym_id = %s", [gym]).fetchone()
        audited = admin.execute(
            "select actor_user_id, details from audit_log where action = 'alert_message_used'"
        ).fetchall()
        with pytest.raises(psycopg.errors.CheckViolation, match="nothing sends it by itself"):
            pipeline.execute("update alert_messages set used_at = now() where gym_id = %s", [made_id("gym", "pau")])
    assert kept == (manager, manager)
    assert audited == [(manager, {"language": "fr", "is_edited": True})]


def test_open_alerts_about_members_get_a_draft_once(database: Database) -> None:
    """A milestone in the member's language and tone; a second run adds nothing."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_preferences (member_id, gym_id, communication_style) values (%s, %s, 'direct')",
            [gym.member_id, gym.gym_id],
        )
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, now() - make_interval(days => day) from generate_series(0, 49) as days (day)",
            [gym.gym_id, gym.member_id],
        )
        closed_session(admin, gym, THANKS)
        keep_up(pipeline, now=datetime.now(UTC))
        assert [draft_messages(pipeline), draft_messages(pipeline)] == [2, 0]
        texts = " ".join(row[0] for row in admin.execute("select text from alert_messages"))
    assert "Bonjour Ada" in texts and "Votre 50e visite" in texts and "Un an déjà avec nous" in texts


def test_digest_reaches_the_gyms_managers_once(database: Database) -> None:
    """Two over budget: both are in the letter of their own manager, not in the other gym's; a second run sends none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline, running_sink() as sink:
        plant(admin)
        admin.execute("delete from alert_digests")
        admin.execute("delete from churn_scores")
        admin.execute("update gyms set alert_budget_per_week = 0 where slug = 'dax'")
        admin.execute(
            "insert into churn_scores (gym_id, member_id, as_of_date, rules_version, score, level, factors) "
            "select gym_id, id, %s, 'seed-1', 0.8, 'critical', "
            '\'[{"factor": "absent", "points": 0.3, "text": "18 jours sans visite.", "data": {}}]\' '
            "from gym_members_v2 where gym_id = %s",
            [LAST_WEEK.date(), made_id("gym", "dax")],
        )
        assert choose_members(pipeline, now=LAST_WEEK)["digest"] == 1
        settings = replace(database.settings, smtp_url=sink.url)
        quiet = MONDAY - timedelta(hours=2)
        assert send_digests(pipeline, mailer_for(settings), settings, now=quiet)["sent"] == 0
        sink.answers = ["451 later"]
        first = send_digests(pipeline, mailer_for(settings), settings, now=MONDAY)
        assert first["failed"] == 1
        send_digests(pipeline, mailer_for(settings), settings, now=MONDAY + timedelta(hours=1))
        sent = {str(one["To"]): one.get_body(("plain",)).get_content() for one in sink.messages}  # type: ignore[union-attr]
        # Lyon has no manager: its franchise's owner runs it.
        assert set(sent) == {"manager_dax@example.org", "manager_pau@example.org", "owner_rhone@example.org"}
        assert "Camille : 18 jours sans visite" in sent["manager_dax@example.org"]
        assert "18 jours" not in sent["manager_pau@example.org"]
        again = send_digests(pipeline, mailer_for(settings), settings, now=MONDAY + timedelta(hours=2))
        assert (again["sent"], len(sink.messages)) == (0, 3)
        kept = admin.execute("select status, count(*) from alert_digest_deliveries group by status").fetchall()
    assert kept == [("sent", 3)]


def test_a_gym_without_a_manager_tells_its_owner(database: Database) -> None:
    """The franchise's owner has the digest of the gym they run, and no other; a manager who is back takes it."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        plant(admin)
        settings, dax = database.settings, made_id("gym", "dax")

        def told() -> set[tuple[UUID, UUID]]:
            admin.execute("delete from alert_digests")
            with running_sink() as sink:
                send_digests(pipeline, mailer_for(replace(settings, smtp_url=sink.url)), settings, now=MONDAY)
            pipeline.commit()
            return set(admin.execute("select gym_id, recipient_user_id from alert_digest_deliveries"))  # type: ignore[arg-type]

        with_manager = told()
        manager, owner = PERSON["manager_dax"].id, PERSON["owner_atlantique"].id
        admin.execute("update users set is_active = false where id = %s", [manager])
        without = told()
        admin.execute("update users set is_active = true where id = %s", [manager])
        assert (dax, manager) in with_manager and owner not in {user for _, user in with_manager}
        assert without == with_manager - {(dax, manager)} | {(dax, owner)}
        assert told() == with_manager


def test_the_digest_says_which_reports_wait_to_be_read(database: Database) -> None:
    """A draft is told to who may publish it; another gym's is not."""
    with database.admin() as admin, database.connect("pipeline") as pipeline, running_sink() as sink:
        plant(admin)
        admin.execute("delete from alert_digests")
        admin.execute(
            "insert into insights_reports (gym_id, report_type, period_start, period_end, title) "
            "values (%s, 'weekly', '2031-11-10', '2031-11-17', 'Semaine de Dax')",
            [made_id("gym", "dax")],
        )
        settings = replace(database.settings, smtp_url=sink.url)
        send_digests(pipeline, mailer_for(settings), settings, now=MONDAY)
        sent = {str(one["To"]): one.get_body(("plain",)).get_content() for one in sink.messages}  # type: ignore[union-attr]
    assert "Rapports à relire et à publier\r\n- Semaine de Dax" in sent["manager_dax@example.org"]
    assert "relire" not in sent["manager_pau@example.org"]


def test_without_a_mail_server_the_log_says_so(database: Database) -> None:
    """Nothing is sent, the digest is there, and each delivery has its reason."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        plant(admin)
        admin.execute("delete from alert_digests")
        send_digests(pipeline, mailer_for(database.settings), database.settings, now=MONDAY)
        reasons = admin.execute("select distinct status, reason from alert_digest_deliveries").fetchall()
        made = admin.execute("select count(*) from alert_digests where week_starts_on = '2031-11-10'").fetchone()
    assert (reasons, made) == ([("suppressed", "no mail server")], (3,))


def test_whoever_unsubscribed_gets_none(database: Database) -> None:
    """The mail preferences count for digests as for reports."""
    with database.admin() as admin, database.connect("pipeline") as pipeline, running_sink() as sink:
        plant(admin)
        admin.execute(
            "insert into mail_preferences (user_id, unsubscribed_kinds) values (%s, %s) "
            "on conflict (user_id) do update set unsubscribed_kinds = excluded.unsubscribed_kinds",
            [PERSON["manager_dax"].id, ["alert_digest"]],
        )
        settings = replace(database.settings, smtp_url=sink.url)
        send_digests(pipeline, mailer_for(settings), settings, now=MONDAY)
        assert sorted(str(one["To"]) for one in sink.messages) == ["manager_pau@example.org", "owner_rhone@example.org"]
