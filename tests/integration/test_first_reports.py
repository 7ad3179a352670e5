"""The first reports of a network that starts on any day: written once its figures are whole, and never twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from dagster import AssetKey, DagsterInstance, Definitions, ExecuteInProcessResult, RunConfig, build_sensor_context
from psycopg import Connection

from jarvis.reports import ReportKind
from orchestration import reports
from orchestration.assets.reports import Reporting
from orchestration.schedules.reports import REPORTING_JOB
from orchestration.sensors.first_reports import wanted
from tests.conftest import Database
from tests.support.built_marts import MARTS_JOB, NOW
from warehouse.stores.first_reports import FirstReports, first_reports
from warehouse.stores.reports import subjects

# The Tuesday after the simulated network's last day: the last whole week ended two days before.
STARTED_AT = NOW + timedelta(days=2, hours=-6)


@pytest.fixture
def pipeline(simulated: Database, built: ExecuteInProcessResult) -> Iterator[Connection]:
    """The pipeline's connection to marts that were built just now, of conversations that are all analysed."""
    assert built.success
    with simulated.connect("pipeline") as connection:
        pending = _analysed(connection)
        (built_at,) = connection.execute("select max(built_at) from marts.fct_gym_daily").fetchone() or ()
        _built(connection, STARTED_AT)
        yield connection
        connection.rollback()
        connection.execute("delete from insights_reports")
        connection.execute(
            "update conversation_summaries set status = 'pending', last_error = null where session_id = any (%s)",
            [pending],
        )
        _built(connection, built_at)


def _analysed(connection: Connection) -> list[UUID]:
    rows = connection.execute(
        "update conversation_summaries set status = 'parked', last_error = 'a test' where status = 'pending' "
        "returning session_id"
    ).fetchall()
    connection.commit()
    return [row[0] for row in rows]


def _built(connection: Connection, at: datetime) -> None:
    connection.execute("update marts.fct_gym_daily set built_at = %s", [at])
    connection.commit()


def _kept(connection: Connection) -> list[Any]:
    return connection.execute(
        "select gym_id, franchise_id, report_type, period_start, status, published_at from insights_reports "
        "order by report_type, gym_id, franchise_id"
    ).fetchall()


def test_a_fresh_network_has_its_week_and_not_twice(pipeline: Connection) -> None:
    """Every subject has the last whole week; another run, and Monday's own, change nothing that was published."""
    everybody = len(subjects(pipeline))
    written = reports.write_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT, only_first=True)
    assert (written.published, written.unchanged) == (everybody, 0)
    before = _kept(pipeline)
    assert {row[3].astimezone(UTC).date() for row in before} == {(STARTED_AT - timedelta(days=9)).date()}
    assert reports.write_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT, only_first=True).published == 0
    assert reports.write_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT) == reports.Written(
        published=0, drafts=0, unchanged=everybody
    )
    assert _kept(pipeline) == before
    assert first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT) == FirstReports((), None)


def test_who_has_had_one_is_left_to_the_schedules(pipeline: Connection) -> None:
    """A week later only the gym without any report would be asked for."""
    reports.write_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT, only_first=True)
    (gym_id,) = (
        pipeline.execute(
            "delete from insights_reports where gym_id = (select min(gym_id::text)::uuid from insights_reports) "
            "returning gym_id"
        ).fetchone()
        or ()
    )
    found = first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT)
    assert [one.gym_id for one in found.ready] == [gym_id]


def test_a_conversation_that_waits_holds_its_gym_s_report_back(pipeline: Connection) -> None:
    """Its own gym's and its franchise's: the others are ready, and no build would help."""
    (gym_id, franchise_id) = (
        pipeline.execute(
            "update conversation_summaries set status = 'pending', last_error = null where session_id = ("
            "    select sessions.id from openai_realtime_sessions as sessions"
            "    inner join conversation_summaries as summaries on summaries.session_id = sessions.id"
            "    where summaries.status = 'parked' and sessions.started_at between %(now)s - interval '7 days'"
            "        and %(now)s - interval '3 days' limit 1"
            ") returning gym_id, (select franchise_id from gyms where gyms.id = gym_id)",
            {"now": STARTED_AT},
        ).fetchone()
        or ()
    )
    everybody = {(one.gym_id, one.franchise_id) for one in subjects(pipeline)}
    found = first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT)
    held = everybody - {(one.gym_id, one.franchise_id) for one in found.ready}
    assert held == {(gym_id, None)} | ({(None, franchise_id)} if franchise_id else set())
    assert found.behind_since is None


def test_marts_that_are_behind_are_built_first(pipeline: Connection) -> None:
    """A build from before the week's end, or before an analysis: nobody is ready, and the cause is named."""
    _built(pipeline, STARTED_AT - timedelta(days=3))
    found = first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT)
    assert (found.ready, found.behind_since is not None) == ((), True)
    _built(pipeline, STARTED_AT)
    (late,) = (
        pipeline.execute(
            "update conversation_summaries set analysed_at = analysed_at + interval '1 hour' where session_id = ("
            "    select session_id from marts.fct_sessions where analysis_status = 'completed'"
            "        and started_at between %(now)s - interval '7 days' and %(now)s - interval '3 days' "
            "    order by analysed_at desc limit 1) returning analysed_at",
            {"now": STARTED_AT},
        ).fetchone()
        or ()
    )
    assert first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT).behind_since == late


def test_nothing_is_written_of_a_time_without_anything(pipeline: Connection) -> None:
    """A week long before the network's first day, and a gym that has not begun, have no report."""
    assert first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT - timedelta(days=1500)).ready == ()
    pipeline.execute("insert into gyms (slug, name) values ('neuve', 'Neuve')")
    assert "Neuve" not in {one.name for one in first_reports(pipeline, ReportKind.WEEKLY, now=STARTED_AT).ready}


def test_the_run_asked_for_can_be_run(pipeline: Connection, definitions: Definitions) -> None:
    """The sensor's job takes its configuration; and nobody is asked for the same twice."""
    (subject, *_) = subjects(pipeline)
    due = {ReportKind.WEEKLY: FirstReports((subject,), None), ReportKind.DAILY: FirstReports((), STARTED_AT)}
    asked = wanted(due, now=STARTED_AT, writing=REPORTING_JOB, building=MARTS_JOB)
    assert [one.job_name for one in asked] == [MARTS_JOB, REPORTING_JOB]
    again = wanted(due, now=STARTED_AT + timedelta(minutes=5), writing=REPORTING_JOB, building=MARTS_JOB)
    assert [one.run_key for one in again] == [one.run_key for one in asked]
    with DagsterInstance.ephemeral() as instance:
        done = definitions.resolve_job_def(REPORTING_JOB).execute_in_process(
            # Letters go through the process's own settings, which are no test's.
            instance=instance, asset_selection=[AssetKey("insights_reports")], run_config=RunConfig(ops={
                "insights_reports": Reporting(kind=ReportKind.WEEKLY, as_of=STARTED_AT.isoformat(), only_first=True)
            }),
        )  # fmt: skip
    assert done.success
    assert len(_kept(pipeline)) == len(subjects(pipeline))


def test_who_reads_first_finds_a_draft_that_the_job_leaves(
    simulated: Database, pipeline: Connection, definitions: Definitions
) -> None:
    """Through the job, run twice: the gym's report is a draft that nobody is sent, the others' are published."""
    (subject, *_) = (one for one in subjects(pipeline) if one.gym_id is not None)

    def read_first(wanted: bool) -> None:
        with simulated.admin() as admin:
            admin.execute("update gyms set reads_reports_first = %s where id = %s", [wanted, subject.gym_id])

    def run() -> None:
        with DagsterInstance.ephemeral() as instance:
            done = definitions.resolve_job_def(REPORTING_JOB).execute_in_process(
                instance=instance, asset_selection=[AssetKey("insights_reports")], run_config=RunConfig(ops={
                    "insights_reports": Reporting(kind=ReportKind.WEEKLY, as_of=STARTED_AT.isoformat())
                }),
            )  # fmt: skip
        assert done.success

    def kept() -> list[Any]:
        return pipeline.execute(
            "select reports.gym_id is not distinct from %s, reports.status, "
            "exists (select from report_deliveries where report_id = reports.id) "
            "from insights_reports as reports order by 1, 2, 3",
            [subject.gym_id],
        ).fetchall()

    read_first(True)
    run()
    first = kept()
    assert first[-1] == (True, "draft", False)
    assert {one[1] for one in first[:-1]} == {"published"} and len(first) == len(subjects(pipeline))
    run()
    assert kept() == first
    # Nobody reads first any more: the draft of the same week goes out with the next run.
    read_first(False)
    run()
    assert {one[1] for one in kept()} == {"published"}


def test_the_sensor_asks_with_its_own_eyes(pipeline: Connection, definitions: Definitions) -> None:
    """A tick on a real database gives runs of its two jobs, or says why not."""
    sensor = definitions.resolve_sensor_def("first_reports")
    with DagsterInstance.ephemeral() as instance:
        context = build_sensor_context(
            instance=instance, definitions=definitions, resources={"warehouse": definitions.resources["warehouse"]}
        )
        data = sensor.evaluate_tick(context)
    assert {one.job_name for one in data.run_requests or ()} <= {REPORTING_JOB, MARTS_JOB}
    assert data.run_requests or data.skip_message
