"""Alerts in the database: one open alert per cause, the words behind it, and nothing raised twice."""

from typing import Any

import psycopg

from bench.support.world import THANKS, closed_session, make_gym
from orchestration.batches import AlertReport, analyse_due, count_members, raise_alerts
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from warehouse.stores import alerts, conversations


def run_stages(pipeline: psycopg.Connection) -> dict[str, int]:
    analyse_due(pipeline, CueWordEngine())
    count_members(pipeline)
    return dict(raise_alerts(pipeline, negative_feedback_below=-0.5).written)


def open_alerts(admin: psycopg.Connection) -> list[tuple[Any, ...]]:
    return admin.execute(
        "select alert_type, priority, occurrence_count, jsonb_array_length(context -> 'turns') "
        "from manager_alerts where status in ('pending', 'in_progress') order by alert_type"
    ).fetchall()


def test_a_complaint_raises_feedback_and_a_repair_with_the_members_words(database: Database) -> None:
    """The manager reads what was said, in French, under the member's gym."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        session_id = closed_session(admin, gym)
        assert run_stages(pipeline) == {"negative_feedback": 1, "equipment_issue": 1}
        row = admin.execute(
            "select gym_id, member_id, session_id, title, context -> 'turns' -> 0 ->> 'text', "
            "(context -> 'turns' -> 0 ->> 'turn_id')::uuid in (select id from session_turns) "
            "from manager_alerts where alert_type = 'negative_feedback'"
        ).fetchone()
        repair = admin.execute(
            "select title, member_id, context ->> 'machine' from manager_alerts where alert_type = 'equipment_issue'"
        ).fetchone()
    assert row == (
        gym.gym_id, gym.member_id, session_id, "Avis négatif : machines et matériel",
        "Le tapis 4 est encore cassé, c'est inadmissible !", True,
    )  # fmt: skip
    assert repair == ("Problème signalé : Tapis 4 (machines et matériel)", None, "Tapis 4")


def test_the_same_cause_is_one_alert_with_a_count(database: Database) -> None:
    """Three members' sessions about one machine: one repair, counted three times, with all their words."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for _ in range(3):
            closed_session(admin, gym)
            run_stages(pipeline)
        assert open_alerts(admin) == [("equipment_issue", "medium", 3, 3), ("negative_feedback", "high", 3, 6)]


def test_another_gyms_same_machine_is_another_alert(database: Database) -> None:
    """Causes are counted within a gym."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        for slug in ("pau", "dax"):
            closed_session(admin, make_gym(admin, slug))
        assert run_stages(pipeline) == {"negative_feedback": 2, "equipment_issue": 2}


def test_a_reanalysis_counts_once(database: Database) -> None:
    """The same session analysed again is not a second occurrence."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        run_stages(pipeline)
        before = open_alerts(admin)
        conversations.request_reanalysis(pipeline, str(session_id))
        pipeline.commit()
        run_stages(pipeline)
        assert open_alerts(admin) == before


def test_a_dealt_with_session_does_not_come_back_but_a_new_one_does(database: Database) -> None:
    """Resolved, then re-analysed: nothing. A new complaint: a new open alert."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        session_id = closed_session(admin, gym)
        run_stages(pipeline)
        admin.execute("update manager_alerts set status = 'resolved'")
        conversations.request_reanalysis(pipeline, str(session_id))
        pipeline.commit()
        assert sum(run_stages(pipeline).values()) == 0
        closed_session(admin, gym)
        assert run_stages(pipeline) == {"negative_feedback": 1, "equipment_issue": 1}


def test_the_fiftieth_visit_is_celebrated_once_for_ever(database: Database) -> None:
    """The milestone is raised at the visit that passes it, and never again."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, now() - make_interval(days => day) from generate_series(0, 49) as days (day)",
            [gym.gym_id, gym.member_id],
        )
        closed_session(admin, gym, THANKS)
        assert run_stages(pipeline) == {"milestone": 1}
        admin.execute("update manager_alerts set status = 'dismissed', resolution_notes = 'fait'")
        closed_session(admin, gym, THANKS)
        assert run_stages(pipeline) == {}


def test_an_alert_without_its_words_is_counted(database: Database) -> None:
    """The check finds a negative-feedback alert whose quoted turns are not there."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        run_stages(pipeline)
        assert alerts.count_feedback_without_words(pipeline) == 0
        admin.execute("update manager_alerts set context = context || '{\"turns\": []}'")
        assert alerts.count_feedback_without_words(pipeline) == 1


def test_an_alert_the_database_refuses_stays_behind_alone(database: Database) -> None:
    """One gym's alerts cannot be written: the other gym's are, and the first are tried again later."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        refused_gym, other = make_gym(admin, "pau"), make_gym(admin, "dax")
        closed_session(admin, refused_gym)
        closed_session(admin, other)
        admin.execute(
            f"alter table manager_alerts add constraint not_this_gym check (gym_id <> '{refused_gym.gym_id}')"  # type: ignore[arg-type]
        )
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        report = raise_alerts(pipeline, negative_feedback_below=-0.5)
        assert (len(report.refused), report.written.total()) == (1, 2)
        assert "not_this_gym" in report.refused[0].reason
        assert raise_alerts(pipeline, negative_feedback_below=-0.5) == AlertReport(), "it waits for its next try"
        admin.execute("alter table manager_alerts drop constraint not_this_gym")
        admin.execute("update conversation_summaries set alert_retry_at = now() where alert_retry_at is not null")
        assert raise_alerts(pipeline, negative_feedback_below=-0.5).written.total() == 2


def test_an_alert_that_is_refused_three_times_is_parked(database: Database) -> None:
    """No run fails for ever on it, and the data team sees its reason."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        admin.execute("alter table manager_alerts add constraint nothing check (false)")
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        for is_last in (False, False, True):
            refused = raise_alerts(pipeline, negative_feedback_below=-0.5).refused
            assert [one.is_parked for one in refused] == [is_last]
            admin.execute("update conversation_summaries set alert_retry_at = now() where alert_retry_at < 'infinity'")
        assert raise_alerts(pipeline, negative_feedback_below=-0.5) == AlertReport()
        (parked,) = conversations.parked_sessions(pipeline, limit=10)
    assert (parked.session_id, parked.stage) == (session_id, "alerts")
    assert "nothing" in parked.reason


def test_an_analysis_that_cannot_be_read_is_put_off_alone(database: Database) -> None:
    """Issues are JSON that the database does not check: a bad one costs no neighbour its alerts."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        unreadable = closed_session(admin, gym)
        closed_session(admin, gym)
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        pipeline.commit()
        admin.execute(
            'update conversation_summaries set issues = \'[{"topic": "weather"}]\' where session_id = %s', [unreadable]
        )
        report = raise_alerts(pipeline, negative_feedback_below=-0.5)
    assert [one.session_id for one in report.refused] == [unreadable]
    assert report.written.total() == 2
