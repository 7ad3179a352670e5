"""Churn scores in the database: one row per member and day, run twice without harm, and shown in the analytics."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from dagster import materialize

from bench.support.world import Gym, make_gym
from jarvis.churn import ChurnThresholds
from orchestration.assets.churn import churn_scores
from orchestration.churn import score_day
from orchestration.resources import Warehouse
from tests.conftest import Database

DAY = date(2026, 3, 2)
SEED = ChurnThresholds()


class GivenWarehouse(Warehouse):
    """The warehouse of a test's database."""

    given_url: str

    def url(self) -> str:
        """The test's own URL."""
        return self.given_url


def add_member(
    connection: psycopg.Connection, gym: Gym, *, seen: tuple[int, ...] = (), joined: int = 400, expires: int = 200
) -> UUID:
    """A member who came so many days before DAY, with a membership that ends so many days after it."""
    member_id = uuid4()
    connection.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, member_since) values (%s, %s, %s, %s)",
        [member_id, gym.gym_id, str(member_id), DAY - timedelta(days=joined)],
    )
    connection.execute(
        "insert into memberships (gym_id, member_id, plan, started_on, expires_on) values (%s, %s, 'premium', %s, %s)",
        [gym.gym_id, member_id, DAY - timedelta(days=joined), DAY + timedelta(days=expires)],
    )
    for days in seen:
        noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) - timedelta(days=days)
        connection.execute(
            "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, %s)",
            [gym.gym_id, member_id, noon],
        )
    return member_id


def leave(connection: psycopg.Connection, member_id: UUID, *, on: date) -> None:
    """No member any more, since noon of that day."""
    connection.execute("update gym_members_v2 set is_active = false where id = %s", [member_id])
    connection.execute(
        "update superseded_records set known_until = %s where member_id = %s",
        [datetime(on.year, on.month, on.day, 12, tzinfo=UTC), member_id],
    )


def test_scoring_writes_a_row_a_member_and_the_analytics_show_it(database: Database) -> None:
    """Absent, disengaged and expiring: 0.3 + 0.2 + 0.2, with the three reasons; a regular has none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        gone = add_member(admin, gym, seen=(40, 47), expires=10)
        regular = add_member(admin, gym, seen=(1, 3, 5, 8, 10, 12, 15, 17))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        rows = {
            row[0]: row[1:]
            for row in admin.execute(
                "select scores.member_id, score::float, level, jsonb_array_length(factors), rules_version, "
                "model_version_id, is_calibrated, churn_risk_score::float, churn_risk_level, "
                "churn_factors = factors from churn_scores as scores join member_analytics using (member_id)"
            )
        }
    assert rows[gone] == (0.7, "critical", 3, "seed-1", None, False, 0.7, "critical", True)
    assert rows[regular] == (0.0, "low", 0, "seed-1", None, False, 0.0, "low", True)


def test_scoring_a_day_again_replaces_it(database: Database) -> None:
    """Two runs leave one row per member, with the second run's figures; other days stay."""
    query = "select as_of_date, score::float from churn_scores order by as_of_date"
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("delete from gym_members_v2")
        member_id = add_member(admin, gym, seen=(20, 22, 24, 26, 27))
        score_day(pipeline, thresholds=SEED, as_of=DAY - timedelta(days=1))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        first = admin.execute(query).fetchall()
        # A visit that the door's import brought late.
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, '2026-02-28 10:00+00')",
            [gym.gym_id, member_id],
        )
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        second = admin.execute(query).fetchall()
    assert first == [(DAY - timedelta(days=1), 0.3), (DAY, 0.3)]
    assert second == [(DAY - timedelta(days=1), 0.3), (DAY, 0.0)]


def test_a_past_day_scored_again_leaves_todays_analytics(database: Database) -> None:
    """A backfill fills the history, and the manager keeps seeing the newest day."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("delete from gym_members_v2")
        add_member(admin, gym, seen=(1, 20))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        score_day(pipeline, thresholds=SEED, as_of=DAY - timedelta(days=2))
        history = admin.execute("select score::float from churn_scores order by as_of_date").fetchall()
        shown = admin.execute("select churn_risk_score::float from member_analytics").fetchall()
    assert history == [(0.5,), (0.0,)]
    assert shown == [(0.0,)]


def test_who_has_no_score(database: Database) -> None:
    """Under 21 days, left, lapsed for more than a month, or refusing to be profiled: no row; the day after, one."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("delete from gym_members_v2")
        add_member(admin, gym, joined=20)
        add_member(admin, gym, expires=-31)
        left = add_member(admin, gym)
        leave(admin, left, on=DAY - timedelta(days=1))
        refused = add_member(admin, gym)
        for answer, moment in ((True, "2026-01-01"), (False, "2026-02-01")):
            admin.execute(
                "insert into consents (gym_id, member_id, purpose, is_granted, notice_version, recorded_at) "
                "values (%s, %s, 'churn_profiling', %s, '2026-01', %s)",
                [gym.gym_id, refused, answer, moment],
            )
        scored = add_member(admin, gym, joined=21)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        rows = admin.execute("select member_id from churn_scores").fetchall()
    assert rows == [(scored,)]


def test_who_is_no_longer_scored_shows_no_old_score(database: Database) -> None:
    """A member who left keeps the history and loses the risk that the pages show."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("delete from gym_members_v2")
        member_id = add_member(admin, gym, seen=(30,))
        score_day(pipeline, thresholds=SEED, as_of=DAY - timedelta(days=1))
        leave(admin, member_id, on=DAY - timedelta(days=1))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        shown = admin.execute(
            "select churn_risk_score, churn_risk_level, churn_factors, last_churn_analysis_at is not null "
            "from member_analytics"
        ).fetchall()
        history = admin.execute("select count(*) from churn_scores").fetchone()
    assert shown == [(None, None, None, True)]
    assert history == (1,)


def test_the_asset_scores_the_day_it_is_given(database: Database) -> None:
    """A past day by configuration; its figures are in the run."""
    with database.admin() as admin:
        gym = make_gym(admin)
        admin.execute("delete from gym_members_v2")
        add_member(admin, gym, seen=(30,))
    result = materialize(
        [churn_scores],
        resources={"warehouse": GivenWarehouse(given_url=database.url_for("pipeline"))},
        run_config={"ops": {"churn_scores": {"config": {"as_of": DAY.isoformat()}}}},
    )
    (found,) = result.asset_materializations_for_node("churn_scores")
    assert found.metadata["as_of"].value == "2026-03-02"
    assert found.metadata["members"].value == 1
    assert found.metadata["by_level"].value == {"high": 1}
