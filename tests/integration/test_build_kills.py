"""kill -9 of a build of the marts in its middle: nothing is lost or there twice, and nobody waits for a dead run."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterInstance

from orchestration.instance import dagster_home, environment, prepare
from orchestration.queues import HEAVY, MARTS_POOL
from orchestration.warm_dbt import invoke
from orchestration.worker import settle_lost_runs
from tests.conftest import Database
from tests.support.growing_marts import EVERYTHING, all_rows
from warehouse.stores.marts import last_build

BUILD = """
import sys
from dagster import DagsterInstance
from jarvis.settings import load_settings
from orchestration.analytics import MARTS_JOB, build_defs
with DagsterInstance.get() as instance:
    run = build_defs(settings=load_settings()).resolve_job_def(MARTS_JOB).execute_in_process(instance=instance)
sys.exit(0 if run.success else 1)
"""


@pytest.fixture
def instance(days: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """Dagster's own storage, made as `jarvis up` makes it, as each of its processes opens it."""
    prepare(days.settings)
    for name, value in environment(days.settings).items():
        monkeypatch.setenv(name, value)
    with DagsterInstance.from_config(str(dagster_home(days.settings))) as opened:
        yield opened


def environment_of(database: Database) -> dict[str, str]:
    """What a process needs to find this database, and this interpreter's own environment."""
    return {
        **os.environ,
        **environment(database.settings),
        "JARVIS_DATABASE_URL": database.url_for("admin"),
        "JARVIS_SECRET_KEY": database.settings.secret_key,
    }


def wait_until_locked(database: Database, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """The process waits for the table that this test holds.

    Raises:
        AssertionError: when it ended before.
    """
    pause = threading.Event()
    with database.admin() as admin:
        while admin.execute("select from pg_locks where not granted and relation is not null").fetchone() is None:
            assert process.poll() is None, f"the build has ended, expected it to wait: {log.read_text()[-3000:]}"
            pause.wait(0.1)


def test_kill_9_in_the_middle_of_a_build_loses_and_doubles_nothing(
    days: Database, instance: DagsterInstance, tmp_path: Path
) -> None:
    """What was made stands, what was being made does not, its place in the pool is free, and the next build ends it."""
    before = all_rows(days)
    with psycopg.connect(days.url_for("pipeline")) as holder, (tmp_path / "build.log").open("wb") as log:
        # The build stops in its middle, before the day's mart is swapped.
        holder.execute("lock table marts.fct_gym_daily in access share mode")
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD],
            env=environment_of(days), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_until_locked(days, process, tmp_path / "build.log")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert instance.event_log_storage.get_concurrency_info(MARTS_POOL).active_slot_count == 1
    settle_lost_runs(instance, queue=HEAVY, waiting="")
    assert instance.event_log_storage.get_concurrency_info(MARTS_POOL).active_slot_count == 0
    with days.connect("pipeline") as pipeline:
        # Nothing is remembered of it, so the next tick makes everything, as on a new day.
        assert last_build(pipeline) is None
    invoke(days.settings, "build", *EVERYTHING).raise_if_failed()
    assert all_rows(days) == before
    with days.admin() as admin:
        left = admin.execute("select relname from pg_class where relname like '%__dbt_tmp' and relkind = 'r'")
        assert left.fetchall() == []
