"""Dagster's own history has an end, and nothing that still runs is touched."""

from datetime import UTC, datetime, timedelta

from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.storage.dagster_run import DagsterRun

from orchestration.live import build_defs
from orchestration.schedules.run_history import purge_run_history, purge_runs


def test_only_finished_runs_before_the_moment_are_deleted() -> None:
    """A finished run goes once it is old enough; one in progress stays however old."""
    with DagsterInstance.ephemeral() as instance:
        for run_id, status in (("done", DagsterRunStatus.SUCCESS), ("going", DagsterRunStatus.STARTED)):
            instance.add_run(DagsterRun(job_name="any", run_id=run_id, status=status))
        now = datetime.now(UTC)
        assert purge_runs(instance, before=now - timedelta(days=1)) == 0
        assert purge_runs(instance, before=now + timedelta(days=1)) == 1
        assert [run.run_id for run in instance.get_runs()] == ["going"]


def test_it_runs_every_night_and_says_how_many() -> None:
    """The schedule is on, in UTC, and the job succeeds on an empty history."""
    (schedule,) = [one for one in build_defs().schedules or () if one.name == "purge_run_history_schedule"]
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 3 * * *", "UTC")  # type: ignore[union-attr]
    assert purge_run_history.execute_in_process().success
