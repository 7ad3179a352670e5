"""Alerts that come and go by themselves, end to end on Postgres, by a clock that is an argument."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from bench.support.world import Gym, make_gym
from orchestration.assets.alert_upkeep import choose_members, keep_up
from tests.conftest import Database
from warehouse.stores.alert_choices import set_budget

# The database's own clock says when an alert was made or closed.
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def add_member(admin: psycopg.Connection, gym: Gym, *, price: float = 30.0) -> UUID:
    """A member with a contract."""
    member_id = uuid4()
    admin.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, first_name, member_since) "
        "values (%s, %s, %s, 'Camille', current_date - 100)",
        [member_id, gym.gym_id, str(member_id)[:8]],
    )
    admin.execute(
        "insert into memberships (gym_id, member_id, plan, started_on, expires_on, monthly_price_eur) "
        "values (%s, %s, 'annuel', current_date - 100, current_date + 265, %s)",
        [gym.gym_id, member_id, price],
    )
    return member_id


def score(
    admin: psycopg.Connection, gym: Gym, member_id: UUID, value: float, *, at: datetime = NOW, held: str | None = None
) -> None:
    """The member's score of a day."""
    level = "critical" if value >= 0.7 else "high" if value >= 0.5 else "low"
    admin.execute(
        "insert into churn_scores "
        "(gym_id, member_id, as_of_date, rules_version, score, level, factors, held_back_reason) "
        "values (%s, %s, %s, 'seed-1', %s, %s, "
        '\'[{"factor": "absent", "points": 0.3, "text": "18 jours sans visite.", "data": {}}]\', %s) '
        "on conflict (gym_id, member_id, as_of_date) do update set score = excluded.score, level = excluded.level",
        [gym.gym_id, member_id, at.date(), value, level, held],
    )


def visit(admin: psycopg.Connection, gym: Gym, member_id: UUID, at: datetime) -> None:
    """The member came."""
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, %s)", [gym.gym_id, member_id, at]
    )


def alerts_of(admin: psycopg.Connection, alert_type: str) -> list[tuple[object, ...]]:
    """Priority, status, ending and count of each alert."""
    return admin.execute(
        "select priority, status, outcome_code, occurrence_count from manager_alerts where alert_type = %s "
        "order by created_at",
        [alert_type],
    ).fetchall()


def test_churn_risk_from_score_to_return(database: Database) -> None:
    """Raised once over many runs, ended by the member's visit, resting after it, raised anew when the level rises."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        visit(admin, gym, gym.member_id, NOW - 20 * DAY)
        score(admin, gym, gym.member_id, 0.6)
        for _ in range(10):
            keep_up(pipeline, now=NOW)
            choose_members(pipeline, now=NOW)
        assert alerts_of(admin, "churn_risk") == [("high", "pending", None, 1)]
        back = datetime.now(UTC)
        visit(admin, gym, gym.member_id, back)
        assert keep_up(pipeline, now=back)["ended"] == 1
        assert alerts_of(admin, "churn_risk") == [("high", "resolved", "cause_ended", 1)]
        next_week = NOW + 7 * DAY
        score(admin, gym, gym.member_id, 0.6, at=next_week)
        choose_members(pipeline, now=next_week)
        assert len(alerts_of(admin, "churn_risk")) == 1, "it rests"
        score(admin, gym, gym.member_id, 0.8, at=next_week)
        choose_members(pipeline, now=next_week)
        assert alerts_of(admin, "churn_risk")[1:] == [("urgent", "pending", None, 1)]


@pytest.mark.parametrize(("trend", "priority"), [("steady", "medium"), ("absent", "urgent")])
def test_who_keeps_a_slow_habit_waits(database: Database, trend: str, priority: str) -> None:
    """The member's own trend is read beside a score that only counts days."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_analytics (member_id, gym_id, visit_trend) values (%(member)s, %(gym)s, %(trend)s) "
            "on conflict (member_id) do update set visit_trend = excluded.visit_trend",
            {"member": gym.member_id, "gym": gym.gym_id, "trend": trend},
        )
        score(admin, gym, gym.member_id, 0.9)
        choose_members(pipeline, now=NOW)
        assert alerts_of(admin, "churn_risk") == [(priority, "pending", None, 1)]


def test_a_critical_score_is_urgent_once_its_member_is_missed(database: Database) -> None:
    """Nine days within a gap of eleven: high. Three days later the same alert is critical and urgent."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for days, told in ((9, ("high", "Risque de départ élevé")), (12, ("urgent", "Risque de départ critique"))):
            admin.execute(
                "insert into member_analytics (member_id, gym_id, visit_trend, expected_gap_days, "
                "counted_days_since_last_visit) values (%(member)s, %(gym)s, 'falling', 11, %(days)s) "
                "on conflict (member_id) do update set counted_days_since_last_visit = %(days)s",
                {"member": gym.member_id, "gym": gym.gym_id, "days": days},
            )
            score(admin, gym, gym.member_id, 0.9)
            choose_members(pipeline, now=NOW)
            assert admin.execute("select priority, title from manager_alerts").fetchall() == [told]


@pytest.mark.parametrize(("days_before", "is_called"), [(20, 0), (3, 1)])
def test_who_came_since_the_score_is_back(database: Database, days_before: int, is_called: int) -> None:
    """Missed for three weeks and here this morning: nobody calls. Who came three days ago as well was not missed."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        visit(admin, gym, gym.member_id, NOW - days_before * DAY)
        score(admin, gym, gym.member_id, 0.6)
        visit(admin, gym, gym.member_id, NOW)
        assert choose_members(pipeline, now=NOW)["alert"] == is_called


def test_open_alert_rises_with_the_level(database: Database) -> None:
    """High, then critical: the same alert, urgent, without a second row or count."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        score(admin, gym, gym.member_id, 0.6)
        choose_members(pipeline, now=NOW)
        score(admin, gym, gym.member_id, 0.9)
        choose_members(pipeline, now=NOW)
        assert alerts_of(admin, "churn_risk") == [("urgent", "pending", None, 1)]
        score(admin, gym, gym.member_id, 0.1)
        assert keep_up(pipeline, now=NOW)["ended"] == 1


def test_an_alert_of_last_week_that_rises_spends_nothing(database: Database) -> None:
    """Budget 1: last week's alert rises, and this week's own is still there for somebody else."""
    next_week = NOW + 7 * DAY
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("update gyms set alert_budget_per_week = 1")
        score(admin, gym, gym.member_id, 0.6)
        choose_members(pipeline, now=NOW)
        score(admin, gym, gym.member_id, 0.9, at=next_week)
        choose_members(pipeline, now=next_week)
        other = add_member(admin, gym)
        score(admin, gym, other, 0.8, at=next_week)
        choose_members(pipeline, now=next_week)
        alerted = admin.execute("select member_id from manager_alerts order by created_at, member_id").fetchall()
        drawn = admin.execute("select member_id, decision from alert_choices order by week_starts_on").fetchall()
    assert {member_id for (member_id,) in alerted} == {gym.member_id, other}
    assert drawn == [(gym.member_id, "alert"), (other, "alert")]


def test_who_has_no_score_any_more_raises_no_alert(database: Database) -> None:
    """At high risk yesterday, refusing to be profiled since: today's scores know them not, and nobody calls."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        other = add_member(admin, gym)
        score(admin, gym, gym.member_id, 0.9, at=NOW - DAY)
        score(admin, gym, other, 0.1)
        assert choose_members(pipeline, now=NOW)["alert"] == 0


def test_a_failed_night_leaves_yesterdays_scores_to_act_on(database: Database) -> None:
    """Nobody was scored today: yesterday's high risk still raises its alert."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        score(admin, gym, gym.member_id, 0.9, at=NOW - DAY)
        assert choose_members(pipeline, now=NOW)["alert"] == 1


def test_who_is_held_back_at_random_stays_so_all_week(database: Database) -> None:
    """The share goes to nothing in the middle of the week: no alert before the next Monday."""
    monday = NOW - NOW.weekday() * DAY
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        members = [add_member(admin, gym) for _ in range(12)]
        admin.execute("update gyms set churn_control_share = 0.5")
        for member_id in members:
            score(admin, gym, member_id, 0.8, at=monday)
        held = choose_members(pipeline, now=monday)["control"]
        admin.execute("update gyms set churn_control_share = 0")
        assert choose_members(pipeline, now=monday + DAY / 2) == {"alert": 0, "digest": 0, "control": held}
        assert len(alerts_of(admin, "churn_risk")) == len(members) - held
        for member_id in members:
            score(admin, gym, member_id, 0.8, at=monday + 7 * DAY)
        assert choose_members(pipeline, now=monday + 7 * DAY)["alert"] == held > 0


def test_held_back_scores_raise_nothing_but_their_reason(database: Database) -> None:
    """A gym whose check-ins fell silent gets one alert about its data, none about members; it ends by itself."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        score(admin, gym, gym.member_id, 0.9, held="checkins_silent")
        for _ in range(3):
            choose_members(pipeline, now=NOW)
            keep_up(pipeline, now=NOW)
        assert alerts_of(admin, "churn_risk") == []
        assert alerts_of(admin, "data_quality") == [("high", "pending", None, 1)]
        score(admin, gym, gym.member_id, 0.4, at=NOW + DAY)
        keep_up(pipeline, now=NOW + DAY)
        assert alerts_of(admin, "data_quality") == [("high", "resolved", "cause_ended", 1)]


def test_budget_and_control_group_are_kept(database: Database) -> None:
    """Budget 3, nine at risk: three alerts for the dearest contracts, six in the digest; next week's budget is new."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("update gyms set alert_budget_per_week = 3")
        members = [add_member(admin, gym, price=20.0 + number) for number in range(9)]
        for member_id in members:
            score(admin, gym, member_id, 0.8)
        for _ in range(3):
            choose_members(pipeline, now=NOW)
        alerted = admin.execute("select member_id from manager_alerts").fetchall()
        kept = admin.execute(
            "select decision, count(*), count(alert_id) from alert_choices group by decision order by decision"
        ).fetchall()
        assert {member_id for (member_id,) in alerted} == set(members[6:])
        assert kept == [("alert", 3, 3), ("digest", 6, 0)]
        next_week = NOW + 7 * DAY
        admin.execute("update gyms set churn_control_share = 0.5")
        for member_id in members:
            score(admin, gym, member_id, 0.8, at=next_week)
        for _ in range(3):
            choose_members(pipeline, now=next_week)
        decided = admin.execute(
            "select member_id, decision from alert_choices where week_starts_on = %s",
            [(next_week - next_week.weekday() * DAY).date()],
        ).fetchall()
        held = {member_id for member_id, decision in decided if decision == "control"}
        now_alerted = {row[0] for row in admin.execute("select member_id from manager_alerts")}
        assert not held & now_alerted
        assert len(now_alerted) <= 6


def test_untaken_alert_rises_once_and_it_is_audited(database: Database) -> None:
    """After three days high becomes urgent; the next runs leave it, and the audit trail names the system."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        score(admin, gym, gym.member_id, 0.6)
        choose_members(pipeline, now=NOW)
        for days in (2, 3, 4, 9):
            score(admin, gym, gym.member_id, 0.6, at=NOW + days * DAY)
            # The alert is as old as the database says, NOW as this module: a test may wait long for its turn.
            keep_up(pipeline, now=datetime.now(UTC) + days * DAY + timedelta(minutes=5))
            assert alerts_of(admin, "churn_risk")[0][0] == ("high" if days < 3 else "urgent")
        audited = admin.execute(
            "select actor_role, actor_user_id, details ->> 'from', details ->> 'to' from audit_log "
            "where action = 'alert_escalated'"
        ).fetchall()
    assert audited == [("jarvis_pipeline", None, "high", "urgent")]


LEAVES = (
    "update gym_members_v2 set is_active = false where id = %(member)s",
    "update memberships set status = 'cancelled', cancelled_on = %(today)s::date - 1 where member_id = %(member)s",
    "update memberships set started_on = %(today)s::date - 400, expires_on = %(today)s::date - 30 "
    "where member_id = %(member)s",
)
STAYS = (
    "update memberships set status = 'cancelled', cancelled_on = %(today)s::date + 20 where member_id = %(member)s",
    "update memberships set started_on = %(today)s::date - 400, expires_on = %(today)s::date - 29 "
    "where member_id = %(member)s",
    "delete from memberships where member_id = %(member)s",
)


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        *((change, ("high", "resolved", "member_left", 1)) for change in LEAVES),
        *((change, ("urgent", "pending", None, 1)) for change in STAYS),
    ],
)
def test_alert_of_somebody_who_left_ends_and_never_rises(
    database: Database, change: str, standing: tuple[object, ...]
) -> None:
    """Inactive, cancelled or not renewed within a month: closed as such; before that it rises like any other."""
    later = datetime.now(UTC) + 4 * DAY
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        member_id = add_member(admin, gym)
        score(admin, gym, member_id, 0.6)
        choose_members(pipeline, now=NOW)
        admin.execute(change, {"member": member_id, "today": later.date()})
        for _ in range(2):
            keep_up(pipeline, now=later)
        assert alerts_of(admin, "churn_risk") == [standing]
        noted = admin.execute(
            "select actor_role, details ->> 'outcome_code' from audit_log where action = 'alert_resolved'"
        ).fetchall()
    assert noted == ([("jarvis_pipeline", "member_left")] if standing[1] == "resolved" else [])


def test_milestones_of_members_who_never_talk(database: Database) -> None:
    """The hundredth visit and a year at the gym, each told once whatever becomes of its alert."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute("update gym_members_v2 set member_since = current_date - interval '1 year'")
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, now() - make_interval(days => day) from generate_series(0, 99) as days (day)",
            [gym.gym_id, gym.member_id],
        )
        later = datetime.now(UTC)
        for _ in range(2):
            keep_up(pipeline, now=later)
        titles = admin.execute("select title from manager_alerts order by title").fetchall()
        assert titles == [("1 an à la salle",), ("100e visite",)]
        admin.execute("update manager_alerts set status = 'resolved'")
        keep_up(pipeline, now=later)
        assert len(alerts_of(admin, "milestone")) == 2


def test_silent_door_is_told_and_ends_with_the_next_visit(database: Database) -> None:
    """Two days without any visit in a gym that counts ten a day."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, %s::timestamptz - make_interval(mins => minutes * 60) "
            "from generate_series(72, 700) as series (minutes)",
            [gym.gym_id, gym.member_id, NOW],
        )
        for _ in range(2):
            keep_up(pipeline, now=NOW)
        assert alerts_of(admin, "data_quality") == [("high", "pending", None, 1)]
        visit(admin, gym, gym.member_id, NOW)
        keep_up(pipeline, now=NOW)
        assert alerts_of(admin, "data_quality") == [("high", "resolved", "cause_ended", 1)]


def test_budget_is_set_and_audited(database: Database) -> None:
    """What is left out stays; a change is on record, looking is not."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        make_gym(admin)
        looked = set_budget(pipeline, gym_slug="pau", per_week=None, control_share=None)
        chosen = set_budget(pipeline, gym_slug="pau", per_week=10, control_share=Decimal("0.1"))
        kept = set_budget(pipeline, gym_slug="pau", per_week=None, control_share=None)
        audited = pipeline.execute("select details from audit_log where action = 'alert_budget_set'").fetchall()
    assert (looked, chosen, kept) == ((15, 0.0), (10, 0.1), (10, 0.1))
    assert audited == [({"per_week": 10, "control_share": 0.10},)]
