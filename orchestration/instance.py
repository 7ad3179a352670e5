"""Dagster's instance on our settings, and the processes that make it run.

`prepare` writes DAGSTER_HOME and makes the storage; `processes` lists what the supervisor starts:
a code server per location, the webserver, the daemon and a warm worker per queue. Called by `jarvis/up.py`.
"""

import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from jarvis.processes import Process
from jarvis.settings import DAGSTER_DATABASE_NAME, Settings
from orchestration.broker import TRANSPORT
from orchestration.queues import ENRICHMENT, HEAVY, HOSTED_MODEL_POOL, LIVE, MARTS_POOL, QueueName

WORKSPACE = Path(__file__).resolve().parent.parent / "workspace.yaml"

LOCATIONS = {"live": "orchestration.live", "analytics": "orchestration.analytics"}

# Below what Linux hands out to outgoing connections (32768 and up).
CODE_SERVER_PORTS = range(20_000, 32_000)

# How often a worker looks for a run: half of it is added to every run's start.
BROKER_POLL_SECONDS = 0.02

# Names of files whose whole content is JSON: YAML reads it too, and nothing has to be quoted by hand.
_CONFIGURATION = "dagster.yaml"


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of these settings."""
    return settings.home / "dagster"


def broker_folder(settings: Settings) -> Path:
    """Where Celery's messages wait."""
    return dagster_home(settings) / "broker"


def results_folder(settings: Settings) -> Path:
    """Where Celery keeps each task's state."""
    return dagster_home(settings) / "results"


def prepare(settings: Settings) -> Path:
    """DAGSTER_HOME is complete and its storage has its tables; can be repeated.

    Raises:
        DatabaseUnreachable: when the server does not answer.
    """
    from warehouse.migrate import create_database

    home = dagster_home(settings)
    for folder in (home, broker_folder(settings), broker_folder(settings) / "taken", results_folder(settings)):
        folder.mkdir(parents=True, exist_ok=True)
    (home / _CONFIGURATION).write_text(json.dumps(configuration(settings), indent=2) + "\n", encoding="utf-8")
    administration = urlunsplit(
        urlsplit(settings.administration_url)._replace(path=urlsplit(settings.dagster_database_url()).path)
    )
    name = urlsplit(administration).path.lstrip("/") or DAGSTER_DATABASE_NAME
    create_database(administration, name, owner="jarvis_pipeline")
    _make_tables(settings)
    return home


def configuration(settings: Settings) -> dict[str, object]:
    """The content of dagster.yaml; the password stays in the environment."""
    return {
        "storage": {
            "custom": {
                "module": "orchestration.storage",
                "class": "PooledPostgresStorage",
                "config": {
                    "postgres_url": {"env": "JARVIS_DAGSTER_DATABASE_URL"},
                    # `prepare` makes them; looking for them would cost every run three round trips.
                    "should_autocreate_tables": False,
                },
            }
        },
        # Without the queue's daemon in between: a run goes to its worker at once.
        "run_coordinator": {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"},
        "run_launcher": {
            "module": "dagster_celery.launcher",
            "class": "CeleryRunLauncher",
            "config": {
                "broker": "filesystem://",
                "backend": f"file://{results_folder(settings)}",
                # What somebody starts by hand in the UI must not hold up the live runs.
                "default_queue": HEAVY,
                "config_source": {
                    "broker_transport": TRANSPORT,
                    "broker_transport_options": {
                        "data_folder_in": str(broker_folder(settings)),
                        "data_folder_out": str(broker_folder(settings)),
                        # Kept beside the queue: a rename within one file system is whole, a copy to /tmp is not.
                        "store_processed": True,
                        "processed_folder": str(broker_folder(settings) / "taken"),
                        "control_folder": str(broker_folder(settings) / "control"),
                        "polling_interval": BROKER_POLL_SECONDS,
                    },
                    "worker_prefetch_multiplier": 1,
                    "broker_connection_retry_on_startup": True,
                },
            },
        },
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 120,
            "cancel_timeout_seconds": 60,
            "max_resume_run_attempts": 1,
            "poll_interval_seconds": 5,
            "free_slots_after_run_end_seconds": 30,
        },
        # How many steps of a pool run at once; `prepare` gives each pool its limit.
        "concurrency": {"pools": {"granularity": "op"}},
        # A sensor that waits in its tick must not hold up the others.
        "sensors": {"use_threads": True, "num_workers": 4},
        "schedules": {"use_threads": True, "num_workers": 2},
        "retention": {
            "sensor": {"purge_after_days": {"skipped": 1, "success": 14, "failure": 30, "started": 7}},
            "schedule": {"purge_after_days": 30},
        },
        # Capturing what steps print starts two processes a step, which is most of a live run's time.
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(dagster_home(settings))},
        },
        # Every event is in the UI all the same; the worker's log keeps what went wrong.
        "python_logs": {"python_log_level": "INFO"},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }


def environment(settings: Settings) -> dict[str, str]:
    """What every process of the pipeline needs in its environment."""
    return {
        "DAGSTER_HOME": str(dagster_home(settings)),
        "JARVIS_HOME": str(settings.home),
        "JARVIS_DAGSTER_DATABASE_URL": settings.dagster_database_url(),
        "JARVIS_DATABASE_URL_PIPELINE": settings.database_url_for("pipeline"),
        # A tick may be waiting for a session to close when its server is told to stop.
        "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": "1",
    }


def processes(
    settings: Settings, *, locations: Mapping[str, str] = LOCATIONS, workspace: Path = WORKSPACE
) -> list[Process]:
    """Every process of the pipeline, in the order to start them; each call picks free ports for the code servers.

    They run in DAGSTER_HOME: Dagster writes a `.env` of the folder it runs in over its environment, where our settings
    have it the other way round, and the pipeline would work on another database than the doors.

    Args:
        settings: theirs.
        locations: code location to the module that holds its `defs`; a test serves its own.
        workspace: the file that names these locations.
    """
    ports = {location: str(_code_server_port()) for location in locations}
    folder = dagster_home(settings)
    common = {
        **environment(settings),
        **{f"JARVIS_{location.upper()}_CODE_PORT": port for location, port in ports.items()},
    }
    code_servers = [
        Process(
            f"dagster-{location}",
            (
                *(sys.executable, "-m", "orchestration.code_server"),
                *("--module-name", module, "--attribute", "defs", "--location-name", location),
                *("--host", "127.0.0.1", "--port", ports[location]),
            ),
            common,
            folder,
        )
        for location, module in locations.items()
    ]
    webserver = Process(
        "dagster-webserver",
        (
            *(sys.executable, "-m", "dagster_webserver"),
            *("--host", "127.0.0.1", "--port", str(settings.dagster_port), "--workspace", str(workspace)),
        ),
        common,
        folder,
        ready_url=f"http://127.0.0.1:{settings.dagster_port}/server_info",
    )
    daemon = Process(
        "dagster-daemon",
        (sys.executable, "-m", "orchestration.daemon", "--workspace", str(workspace)),
        common,
        folder,
    )
    # Where nobody can be told there is nothing to watch for.
    watch = [Process("watch", (sys.executable, "-m", "orchestration.watch"), environment(settings), folder)]
    workers = [worker_process(settings, queue) for queue in queues_of(settings)]
    return [*code_servers, *workers, webserver, daemon, *(watch if settings.tells_operators else [])]


def _code_server_port() -> int:
    """A free port that no outgoing connection is given meanwhile: the server binds it only seconds later."""
    from warehouse.embedded import port_is_busy

    candidates = random.sample(CODE_SERVER_PORTS, k=100)
    return next(port for port in candidates if not port_is_busy(port))


def queues_of(settings: Settings) -> tuple[QueueName, ...]:
    """The queues these settings use: the second tier's only where there is a second tier."""
    return (LIVE, HEAVY) if settings.analysis_engine == "local" else (LIVE, HEAVY, ENRICHMENT)


def worker_process(settings: Settings, queue: QueueName) -> Process:
    """The warm worker of one queue."""
    command = (sys.executable, "-m", "orchestration.worker", queue)
    return Process(f"worker-{queue}", command, environment(settings), dagster_home(settings))


def pools(settings: Settings) -> dict[str, int]:
    """How many steps of each pool may run at once, over all queues and workers."""
    # Two builds at once would swap the same tables.
    return {MARTS_POOL: 1, HOSTED_MODEL_POOL: settings.hosted_model_runs}


def _make_tables(settings: Settings) -> None:
    """Dagster's tables exist, at this version, before several processes look for them at once; and the pools."""
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef

    # Stock storage makes its tables when it finds none.
    stock = {"storage": {"postgres": {"postgres_url": settings.dagster_database_url()}}}
    reference = InstanceRef.from_dir(str(dagster_home(settings)), overrides=stock)
    with DagsterInstance.from_ref(reference) as instance:
        instance.upgrade()
        for pool, limit in pools(settings).items():
            instance.event_log_storage.set_concurrency_slots(pool, limit)
