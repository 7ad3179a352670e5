"""`python -m orchestration.worker live|heavy|enrichment`: a Celery worker that has its code location imported.

Dagster's launcher puts a run into the queue; a child of this worker executes it without importing
anything first. One worker a queue and machine: before it takes work it settles the runs that a dead
one left behind, whose rows are pending again because their transaction never ended.
"""

import base64
import fcntl
import importlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from orchestration.queues import ENRICHMENT, HEAVY, LIVE, QUEUE_TAG, QUEUES, QueueName
from orchestration.stopping import exit_with_parent

if TYPE_CHECKING:
    from celery import Celery
    from dagster import DagsterInstance, DagsterRun

logger = logging.getLogger("jarvis.worker")

PRELOADED = {LIVE: "orchestration.live", HEAVY: "orchestration.analytics", ENRICHMENT: "orchestration.live"}

# A child is replaced after this many runs, so that what a library leaks goes with it.
RUNS_PER_CHILD = {LIVE: 500, HEAVY: 20, ENRICHMENT: 500}

# On a machine under load the models take their time.
CHILD_START_SECONDS = 120.0

# The child of a worker that was killed needs a moment to notice.
LOCK_PATIENCE_SECONDS = 15.0

# Results and taken messages are of use while their run is monitored, not for long after.
KEEP_FILES_SECONDS = 3600


class WorkerError(RuntimeError):
    """The worker cannot start; the message says what to do."""


def main(arguments: list[str]) -> int:
    """The worker has run until it was told to stop."""
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        sys.stderr.write(f"usage: python -m orchestration.worker {'|'.join(QUEUES)}\n")
        return 2
    queue = next(name for name in QUEUES if name == arguments[0])
    home = Path(os.environ.get("DAGSTER_HOME", ""))
    if not (home / "dagster.yaml").is_file():
        raise WorkerError(f"DAGSTER_HOME: found no dagster.yaml in '{home}', expected what `jarvis up` prepares there")
    with only_worker_of(queue, home):
        app = celery_app(queue, home)
        # Before the children are made: they have the definitions from birth.
        importlib.import_module(PRELOADED[queue]).process_defs()
        app.worker_main(
            [
                *("worker", "--pool", "prefork", "--concurrency", "1", "--queues", queue),
                *("--hostname", f"{queue}@%h", "--loglevel", "WARNING"),
                *("--max-tasks-per-child", str(RUNS_PER_CHILD[queue])),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            ]
        )
    return 0


@contextmanager
def only_worker_of(queue: QueueName, home: Path) -> Iterator[None]:
    """No other worker of this queue runs here meanwhile; the lock goes with the worker and its children.

    Raises:
        WorkerError: when one is still running after a while.
    """
    with (home / f"worker-{queue}.lock").open("w") as lock:
        until = time.monotonic() + LOCK_PATIENCE_SECONDS
        while not _locked(lock):
            if time.monotonic() > until:
                raise WorkerError(f"queue {queue}: found a running worker in {home}, expected none: stop it")
            time.sleep(0.1)
        yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def celery_app(queue: QueueName, home: Path) -> "Celery":
    """The launcher's own Celery app, with Dagster's tasks, after the dead worker's runs are settled."""
    from celery import signals
    from dagster import DagsterInstance
    from dagster_celery.launcher import CeleryRunLauncher
    from dagster_celery.make_app import make_app
    from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

    with DagsterInstance.get() as instance:
        launcher = instance.run_launcher
        if not isinstance(launcher, CeleryRunLauncher):
            raise WorkerError(f"run launcher: found {type(launcher).__name__}, expected CeleryRunLauncher")
        app: Celery = make_app(app_args=launcher.app_args())  # type: ignore[no-untyped-call]
        settle_lost_runs(instance, queue=queue, waiting=waiting_messages(home / "broker"))
    # A child loads the models before it says that it is up; Celery would kill it after 4 s.
    app.conf.worker_proc_alive_timeout = CHILD_START_SECONDS
    create_execute_job_task(app)
    create_resume_job_task(app)
    signals.worker_process_init.connect(lambda **_: _warm_child(queue, home), weak=False)
    signals.worker_shutting_down.connect(lambda **_: _exit_when_idle(), weak=False)
    return app


def _exit_when_idle() -> None:
    """A worker that is told to stop finishes its run and ends at once; Celery's own way out takes seconds more."""
    from celery.worker import state

    def wait_and_exit() -> None:
        while state.active_requests or state.reserved_requests:
            time.sleep(0.05)
        os._exit(0)

    threading.Thread(target=wait_and_exit, name="exit-when-idle", daemon=True).start()


def settle_lost_runs(instance: "DagsterInstance", *, queue: QueueName, waiting: str) -> list[str]:
    """Every run of the queue that a dead worker had taken is failed; ids of those runs.

    Args:
        instance: Dagster's instance.
        queue: the queue whose only worker is about to start.
        waiting: the messages still in the queue; a run named there was not lost.
    """
    from dagster import DagsterRunStatus, RunsFilter

    taken = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    settled = []
    for run in instance.get_runs(RunsFilter(statuses=taken)):
        if _queue_of(run) == queue and run.run_id not in waiting:
            instance.report_run_failed(run, "The worker that had taken this run died; what it left waits again.")
            # Its place in a pool, too: the next tick must not wait for the monitoring to find that nobody sits there.
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            settled.append(run.run_id)
    if settled:
        logger.warning("lost runs settled", extra={"queue": queue, "runs": len(settled)})
    return settled


def waiting_messages(folder: Path) -> str:
    """The decoded bodies of all messages still in a broker folder, as one text to look for run ids in."""
    return "\n".join(_body(path) for path in sorted(folder.glob("*.msg")))


def _body(path: Path) -> str:
    try:
        message: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        # Taken this very moment, or not ours.
        return ""
    return base64.b64decode(message.get("body", "")).decode(errors="replace")


def _queue_of(run: "DagsterRun") -> str:
    return run.tags.get(QUEUE_TAG, HEAVY)


def _warm_child(queue: QueueName, home: Path) -> None:
    """This child has everything loaded that its first run would wait for, and ends when the worker does."""
    exit_with_parent()
    remove_old_files(home / "results", home / "broker" / "taken", now=time.time())
    if queue != HEAVY:
        from orchestration.engine_gate import admit
        from orchestration.live import process_defs
        from orchestration.resources import Analyst, Warehouse

        process_defs().get_repository_def().get_all_jobs()
        engine = Analyst().engine() if queue == LIVE else Analyst().hosted_engine()
        # A version that nobody has seen is scored here, and no member waits for it.
        with Warehouse().connect() as connection:
            admit(connection, engine, shelf=Analyst().shelf())
            connection.commit()


def remove_old_files(*folders: Path, now: float) -> int:
    """Files last changed more than an hour before `now` are gone; how many."""
    removed = 0
    for folder in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                is_old = path.is_file() and path.stat().st_mtime < now - KEEP_FILES_SECONDS
            except FileNotFoundError:
                continue
            if is_old:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
