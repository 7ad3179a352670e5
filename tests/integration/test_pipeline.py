"""The live job in one process: assets, checks and the sensor's decision, against a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus, Definitions, ExecuteInProcessResult

from bench.support.world import closed_session, make_gym
from orchestration import batches
from orchestration.engine_gate import Shelf
from orchestration.live import CHECKS_JOB, LIVE_JOB, build_defs
from orchestration.resources import Analyst
from orchestration.sensors.closed_sessions import run_failed_since, run_in_progress, wait_for_work
from tests.conftest import Database, default_settings
from tests.support.cue_word_engine import CueWordEngine
from tests.support.live_in_process import WarehouseAt, run
from warehouse.sql import queries
from warehouse.stores import conversations
from warehouse.stores.holdings import holding


class CueWordAnalyst(Analyst):
    """An analyst that needs no model and no settings."""

    def engine(self) -> CueWordEngine:  # type: ignore[override]
        return CueWordEngine()

    def has_second_tier(self) -> bool:
        return False

    def shelf(self) -> Shelf:
        return Shelf(default_settings())

    def negative_feedback_below(self) -> float:
        return -0.5


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def definitions(database: Database) -> Definitions:
    return build_defs(
        resource_overrides={
            "warehouse": WarehouseAt(address=database.url_for("pipeline")),
            "analyst": CueWordAnalyst(),
        }
    )


def test_one_run_takes_a_complaint_to_an_alert(
    database: Database, definitions: Definitions, instance: DagsterInstance
) -> None:
    """Summary, analytics and alerts are there, and each asset says what it did."""
    with database.admin() as admin:
        closed_session(admin, make_gym(admin))
        result = run(definitions, LIVE_JOB, instance)
        assert result.success
        counts = admin.execute(
            "select (select count(*) from conversation_summaries where alerted_at is not null), "
            "(select count(*) from member_analytics), (select count(*) from manager_alerts)"
        ).fetchone()
    assert counts == (1, 1, 2)
    reported = {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert reported["conversation_summaries"]["completed"] == 1
    assert reported["member_analytics"]["members"] == 1
    assert reported["manager_alerts"]["alerts"] == 2
    assert {name: told.get("dagster/row_count") for name, told in reported.items()} == {
        "engine_versions": 1, "conversation_summaries": None, "member_analytics": 1, "manager_alerts": 2,
    }  # fmt: skip
    assert reported["conversation_summaries"]["row_count_of_last_day"] == 1
    assert reported["conversation_summaries"]["preview"].splitlines() == [
        "| sentiment_label | row_count_of_last_day |", "| --- | --- |", "| negative | 1 |",
    ]  # fmt: skip


def test_a_live_run_counts_no_conversation_of_the_days_before(database: Database) -> None:
    """What is told of conversations costs the same however many there are."""
    with database.admin() as admin:
        gym = make_gym(admin)
        for _ in range(2):
            closed_session(admin, gym)
    with database.connect("pipeline") as pipeline:
        batches.analyse_due(pipeline, CueWordEngine())
        for asset in ("conversation_summaries", "enriched_conversations"):
            assert holding(pipeline, asset).row_count == 2
        pipeline.execute(
            "update conversation_summaries set analysed_at = now() - interval '25 hours' "
            "where session_id = (select session_id from conversation_summaries limit 1)"
        )
        for asset in ("conversation_summaries", "enriched_conversations"):
            assert holding(pipeline, asset).row_count == 1


# What Dagster's pages may tell rows apart by: closed vocabularies and days, and nothing of a person.
LABELS = {
    "alert_type", "as_of_date", "channel", "churn_risk_level", "decision", "enrichment_state", "is_dry", "kind",
    "report_type", "risk_level", "rule_name", "sentiment_label", "status", "tier", "week_starts_on",
}  # fmt: skip


def test_every_python_asset_tells_what_it_holds_by_label(database: Database, definitions: Definitions) -> None:
    """Each has its counts, by labels alone; the candidate and the champion are rows of one table."""
    from orchestration.analytics import build_defs as build_analytics

    python = {
        key.to_user_string()
        for location in (definitions, build_analytics(settings=database.settings))
        for key in location.resolve_asset_graph().executable_asset_keys
    }
    with database.connect("pipeline") as pipeline:
        found = {name: holding(pipeline, name).labels for name in queries("holdings")}
    assert set(found) == {name for name in python if "/" not in name} - {"churn_champion"}
    assert {label for labels in found.values() for label in labels} == LABELS


def test_a_crash_between_two_stages_loses_nothing(
    database: Database, definitions: Definitions, instance: DagsterInstance
) -> None:
    """The first asset alone has run; the sensor sees work left behind, and the next run finishes it."""
    with database.admin() as admin, psycopg.connect(database.url_for("pipeline"), autocommit=True) as waiting:
        closed_session(admin, make_gym(admin))
        definitions.resolve_job_def(LIVE_JOB).execute_in_process(
            instance=instance, asset_selection=[AssetKey("conversation_summaries")]
        )
        assert admin.execute("select count(*) from manager_alerts").fetchone() == (0,)
        admin.execute("update conversation_summaries set analysed_at = now() - interval '1 minute'")
        assert conversations.are_stages_behind(waiting)
        assert wait_for_work(waiting, instance, job_name=LIVE_JOB, seconds=1)
        assert run(definitions, LIVE_JOB, instance).success
        assert admin.execute("select count(*) from manager_alerts").fetchone() == (2,)
        assert not conversations.are_stages_behind(waiting)


def test_the_sensor_does_not_ask_while_a_run_is_on_its_way(database: Database, instance: DagsterInstance) -> None:
    """A queue with a run in progress asks for no second one; an old run may be dead and is not waited for."""
    from dagster._core.storage.dagster_run import DagsterRun

    with database.admin() as admin, psycopg.connect(database.url_for("pipeline"), autocommit=True) as waiting:
        closed_session(admin, make_gym(admin))
        assert wait_for_work(waiting, instance, job_name=LIVE_JOB, seconds=1)
        instance.add_run(DagsterRun(job_name=LIVE_JOB, run_id="on-its-way", status=DagsterRunStatus.STARTED))
        assert not wait_for_work(waiting, instance, job_name=LIVE_JOB, seconds=0.2)
        now = datetime.now(UTC)
        assert run_in_progress(instance, job_name=LIVE_JOB, now=now)
        assert not run_in_progress(instance, job_name=LIVE_JOB, now=now + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("status", "seconds", "is_trusted"),
    [
        (DagsterRunStatus.STARTING, 10, True),
        (DagsterRunStatus.STARTING, 30, False),
        (DagsterRunStatus.STARTED, 30, True),
        (DagsterRunStatus.STARTED, 90, False),
    ],
)
def test_a_run_that_no_worker_begins_is_trusted_for_less_long(
    instance: DagsterInstance, status: DagsterRunStatus, seconds: int, is_trusted: bool
) -> None:
    """A message that was lost with its worker's child costs twenty seconds, not a minute."""
    from dagster._core.storage.dagster_run import DagsterRun

    instance.add_run(DagsterRun(job_name=LIVE_JOB, run_id="on-its-way", status=status))
    later = datetime.now(UTC) + timedelta(seconds=seconds)
    assert run_in_progress(instance, job_name=LIVE_JOB, now=later) is is_trusted


def test_a_failed_run_is_not_followed_by_another_at_once(database: Database, instance: DagsterInstance) -> None:
    """An engine that cannot be made would otherwise fail a run a second, for ever."""
    from dagster._core.storage.dagster_run import DagsterRun

    with database.admin() as admin, psycopg.connect(database.url_for("pipeline"), autocommit=True) as waiting:
        closed_session(admin, make_gym(admin))
        instance.add_run(DagsterRun(job_name=LIVE_JOB, run_id="failed", status=DagsterRunStatus.FAILURE))
        assert not wait_for_work(waiting, instance, job_name=LIVE_JOB, seconds=0.2)
        now = datetime.now(UTC)
        assert run_failed_since(instance, job_name=LIVE_JOB, since=now - timedelta(seconds=5))
        assert not run_failed_since(instance, job_name=LIVE_JOB, since=now + timedelta(seconds=5))


def test_an_empty_queue_is_waited_for(database: Database, instance: DagsterInstance) -> None:
    """Nothing waits: the sensor asks for no empty run."""
    with psycopg.connect(database.url_for("pipeline"), autocommit=True) as waiting:
        conversations.listen(waiting)
        assert not wait_for_work(waiting, instance, job_name=LIVE_JOB, seconds=0.2)


def test_a_refused_conversation_is_named_and_the_run_succeeds(
    database: Database, definitions: Definitions, instance: DagsterInstance
) -> None:
    """The data team reads which session and why on the asset and in the run's log."""
    with database.admin() as admin:
        session_id = closed_session(admin, make_gym(admin))
        admin.execute("alter table member_analytics add constraint nobody check (false)")
        result = run(definitions, LIVE_JOB, instance)
        (counted,) = [
            event.materialization
            for event in result.get_asset_materialization_events()
            if event.asset_key and event.asset_key.to_user_string() == "member_analytics"
        ]
        assert counted.metadata["put_off"].value == 1
        assert counted.metadata["refused"].value == {str(session_id): "refused by the database: nobody"}
        logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
        assert f"session {session_id} put off: refused by the database: nobody" in logged
        assert admin.execute("select count(*) from manager_alerts").fetchone() == (2,)


BREAKAGES = {
    "closed_sessions_are_queued": "delete from conversation_summaries",
    "every_claim_cites_a_turn": "update conversation_summaries set evidence = evidence - 'intents.complain'",
    "evidence_exists_in_its_session": (
        'update conversation_summaries set evidence = evidence || \'{"emotion": ["made-up"]}\''
    ),
    "summaries_quote_what_was_said": "update conversation_summaries set summary_text = 'Il dit « je pars demain ».'",
    "alerts_quote_what_was_said": (
        "update manager_alerts set context = jsonb_set(context, '{turns,0,text}', '\"Je pars demain.\"') "
        "where alert_type = 'equipment_issue'"
    ),
    "no_session_is_parked": (
        "update conversation_summaries set alerted_at = null, alert_retry_at = 'infinity', alert_error = 'refused'"
    ),
    "no_gym_keeps_more_than_it_says": (
        # A closed session keeps its end: only a replica may rewrite it.
        "set session_replication_role = replica; "
        "update openai_realtime_sessions set storage_level = 'metadata_only', "
        "started_at = started_at - interval '1 hour', ended_at = ended_at - interval '1 hour'"
    ),
    "enrichments_arrive": "update conversation_summaries set enrichment_state = 'failed', enrichment_reason = 'x'",
    "analytics_follow_conversations": (
        "update member_analytics set updated_at = now() - interval '1 day'; "
        "update conversation_summaries set analysed_at = now() - interval '1 hour'"
    ),
    "analytics_are_of_these_days": (
        "update member_analytics set observed_on = current_date - 5; "
        "update gym_members_v2 set created_at = now() - interval '5 days'"
    ),
    "negative_feedback_quotes_the_member": "update manager_alerts set context = context || '{\"turns\": []}'",
}


@pytest.mark.parametrize("broken", [None, *BREAKAGES])
def test_each_check_sees_its_own_breakage(
    database: Database, definitions: Definitions, instance: DagsterInstance, broken: str | None
) -> None:
    """All pass on what the pipeline made; one rule broken fails exactly its check."""
    with database.admin() as admin:
        closed_session(admin, make_gym(admin))
        run(definitions, LIVE_JOB, instance)
        for statement in BREAKAGES[broken].split("; ") if broken else ():
            admin.execute(statement)  # type: ignore[call-overload]
    result = run(definitions, CHECKS_JOB, instance, raise_on_error=False)
    passed = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert passed == {name: name != broken for name in BREAKAGES}


def test_the_job_reanalyse_queues_what_was_given_up_and_what_is_named(
    database: Database, definitions: Definitions, instance: DagsterInstance
) -> None:
    """A parked analysis and a named session are pending again, a parked count is due again without a new analysis."""
    with database.admin() as admin:
        gym = make_gym(admin)
        parked, counted, named, left = (closed_session(admin, gym) for _ in range(4))
        run(definitions, LIVE_JOB, instance)
        admin.execute(
            "update conversation_summaries set status = 'parked', last_error = 'x' where session_id = %s", [parked]
        )
        admin.execute(
            "update conversation_summaries set counted_at = null, count_attempts = 3, count_retry_at = 'infinity' "
            "where session_id = %s",
            [counted],
        )
        config = {"ops": {"queue_sessions": {"config": {"sessions": [str(named)], "parked": True}}}}
        assert reanalyse_in_process(definitions, instance, config).success
        found = dict(admin.execute("select session_id, status from conversation_summaries").fetchall())
        assert found == {parked: "pending", counted: "completed", named: "pending", left: "completed"}
        run(definitions, LIVE_JOB, instance)
        unfinished = admin.execute(
            "select count(*) from conversation_summaries "
            "where status <> 'completed' or counted_at is null or alerted_at is null"
        ).fetchone()
    assert unfinished == (0,)


@pytest.mark.parametrize("sessions", [["not an id"], ["5c2c24a1-0000-4000-8000-000000000000"], []])
def test_the_job_reanalyse_names_what_it_cannot_queue(
    database: Database, definitions: Definitions, instance: DagsterInstance, sessions: list[str]
) -> None:
    """An unknown id, or nothing at all, fails the run; the known ones beside it are queued."""
    with database.admin() as admin:
        known = closed_session(admin, make_gym(admin))
        run(definitions, LIVE_JOB, instance)
        asked = [*sessions, str(known)] if sessions else []
        config = {"ops": {"queue_sessions": {"config": {"sessions": asked}}}}
        assert not reanalyse_in_process(definitions, instance, config).success
        (status,) = admin.execute("select status from conversation_summaries").fetchall()
    assert status == ("pending" if sessions else "completed",)


def reanalyse_in_process(
    definitions: Definitions, instance: DagsterInstance, config: dict[str, object]
) -> ExecuteInProcessResult:
    return definitions.resolve_job_def("reanalyse").execute_in_process(
        instance=instance, run_config=config, raise_on_error=False
    )
