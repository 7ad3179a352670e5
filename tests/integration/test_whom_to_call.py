"""Who a report tells to call: nobody whose score is held back, nobody of the control group, nobody of another gym."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from bench.support.world import Gym, make_gym
from jarvis.alert_choices import period_of, week_of
from jarvis.churn import HeldBack
from jarvis.reports import ReadReport
from jarvis.reports_fr import NOBODY_TO_CALL
from ml.conversations.redaction import redact
from tests.conftest import REPOSITORY, Database
from warehouse.connection import as_user
from warehouse.sql import queries, read_blocks
from warehouse.stores import report_reading

LISTED = {"levels": [], "trends": [], "is_new": False, "shows_former": False, "name": None, "most": 50}


def add_scored(admin: psycopg.Connection, gym: Gym, score: float, *, held: str | None = None) -> UUID:
    """A member whose newest score is this; high from 0.5 on."""
    member_id = uuid4()
    admin.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, first_name) values (%s, %s, %s, 'Camille')",
        [member_id, gym.gym_id, str(member_id)[:8]],
    )
    admin.execute(
        "insert into member_analytics "
        "(member_id, gym_id, churn_risk_score, churn_risk_level, churn_held_back_reason) values (%s, %s, %s, %s, %s)",
        [member_id, gym.gym_id, score, "high" if score >= 0.5 else "low", held],
    )
    return member_id


def choose(admin: psycopg.Connection, gym: Gym, member_id: UUID, decision: str, *, period: str | None = None) -> None:
    """The week's choice about the member."""
    now = datetime.now(UTC)
    admin.execute(
        "insert into alert_choices "
        "(gym_id, member_id, week_starts_on, period, decision, as_of_date, score, level, expected_value_eur) "
        "values (%s, %s, %s, %s, %s, %s, 0.9, 'high', 300)",
        [gym.gym_id, member_id, week_of(now.date()), period or period_of(now), decision, now.date()],
    )


def manager_of(admin: psycopg.Connection, gym: Gym) -> UUID:
    """Somebody who manages the gym."""
    user_id = uuid4()
    admin.execute(
        "insert into users (id, email, role, gym_id) values (%s, %s, 'gym_manager', %s)",
        [user_id, f"{user_id}@salle.test", gym.gym_id],
    )
    return user_id


def read_by(database: Database, admin: psycopg.Connection, gym: Gym, manager: UUID) -> ReadReport:
    """The gym's report of a week, as its manager reads it."""
    report_id = uuid4()
    admin.execute(
        "insert into insights_reports (id, gym_id, report_type, period_start, period_end, title, status, published_at) "
        "values (%s, %s, 'weekly', '2026-02-23', '2026-03-02', 'Semaine 9', 'published', '2026-03-02')",
        [report_id, gym.gym_id],
    )
    with database.connect("dashboard") as readers, as_user(readers, manager):
        read = report_reading.read(readers, report_id, masked=redact)
    assert read is not None
    return read


def test_held_back_scores_and_the_control_group_are_not_called(database: Database) -> None:
    """The highest score first among the others; who was held back at random in another quarter is one of them."""
    with database.admin() as admin:
        gym = make_gym(admin)
        add_scored(admin, gym, 0.99, held="declared_absence")
        control = add_scored(admin, gym, 0.95)
        first, second, before = (add_scored(admin, gym, score) for score in (0.9, 0.8, 0.7))
        add_scored(admin, gym, 0.2)
        choose(admin, gym, control, "control")
        choose(admin, gym, second, "digest")
        choose(admin, gym, before, "control", period="2020-Q1")
        read = read_by(database, admin, gym, manager_of(admin, gym))
    assert [one.member_id for one in read.whom_to_call] == [first, second, before]
    assert read.why_nobody is None


@pytest.mark.parametrize("reason", list(HeldBack))
def test_when_all_scores_are_held_the_report_says_why(database: Database, reason: HeldBack) -> None:
    """Ten at high risk in a gym whose scores may not be acted on: no name, one sentence, none counted at risk."""
    with database.admin() as admin:
        gym = make_gym(admin)
        for number in range(10):
            add_scored(admin, gym, 0.6 + number / 100, held=reason)
        read = read_by(database, admin, gym, manager_of(admin, gym))
        standing = admin.execute(queries("reports")["members_at_risk"], {"gym_ids": [gym.gym_id]}).fetchone()
    assert (read.whom_to_call, read.why_nobody) == ((), NOBODY_TO_CALL[reason])
    assert standing is not None and standing[2:] == (11, 0)


def test_a_quiet_gym_has_nothing_to_explain(database: Database) -> None:
    """Nobody at risk, and a low score that is held back: no sentence."""
    with database.admin() as admin:
        gym = make_gym(admin)
        add_scored(admin, gym, 0.1, held="declared_absence")
        read = read_by(database, admin, gym, manager_of(admin, gym))
    assert (read.whom_to_call, read.why_nobody) == ((), None)


def test_nobody_of_another_gym_is_named(database: Database) -> None:
    """The function answers for the gyms that the person sees, whichever are asked for."""
    with database.admin() as admin, database.connect("dashboard") as readers:
        pau, dax = make_gym(admin), make_gym(admin, "dax")
        own, foreign = add_scored(admin, pau, 0.9), add_scored(admin, dax, 0.9)
        asked = [[pau.gym_id, dax.gym_id], 5]
        with as_user(readers, manager_of(admin, pau)):
            found = readers.execute("select member_id from app.members_to_call(%s, %s)", asked).fetchall()
        with as_user(readers, uuid4()):
            unknown = readers.execute("select member_id from app.members_to_call(%s, %s)", asked).fetchall()
    assert (found, unknown) == ([(own,)], [])
    assert foreign != own


def test_the_list_of_members_puts_held_back_scores_last(database: Database) -> None:
    """They stand after every other score, and a filter by level gives only who counts as at risk."""
    listing = read_blocks(REPOSITORY / "dashboards" / "queries" / "members.sql")["listing"]
    with database.admin() as admin, database.connect("dashboard") as readers:
        gym = make_gym(admin)
        held, high, low = (
            add_scored(admin, gym, score, held=reason)
            for score, reason in ((0.99, "checkins_silent"), (0.6, None), (0.1, None))
        )
        with as_user(readers, manager_of(admin, gym)), readers.cursor(row_factory=dict_row) as cursor:
            every = cursor.execute(listing, {**LISTED, "gym_id": gym.gym_id}).fetchall()
            risky = cursor.execute(listing, {**LISTED, "gym_id": gym.gym_id, "levels": ["high", "critical"]}).fetchall()
    assert [row["id"] for row in every] == [high, low, gym.member_id, held]
    assert [row["id"] for row in risky] == [high]
