"""`jarvis up`: everything a fresh machine needs, started in order, watched, and stopped together.

Part of the composition root: the only place that knows all doors. Each child's environment holds its
own database login and no other, and it has its own log file and process group, so that Ctrl-C
reaches the supervisor alone and the stop happens in order. On one machine the doors share a user, so
the logins keep honest code apart, not an intruder: there, give each door its URL and its own machine.
"""

import contextlib
import ctypes
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, TypeVar

from jarvis.processes import Process
from jarvis.settings import DAGSTER_DATABASE_NAME, DATABASE_NAME, Settings, read_env_file

if TYPE_CHECKING:
    from psycopg import Connection

    from warehouse.embedded import EmbeddedPostgres

STOP_SECONDS = 15
READY_SECONDS = 90
# A child that dies more often than this within a minute is broken, not unlucky.
RESTARTS_PER_MINUTE = 5

# Habits need a past: a member is missed against their own.
DEMO_DAYS = 120
DEMO_MEMBERS = 240
DEMO_SEED = 7

Answer = TypeVar("Answer")


class UpError(RuntimeError):
    """The system cannot start; the message is one line that says what to do."""


def up(settings: Settings) -> int:
    """Everything ran until Ctrl-C or SIGTERM and is stopped; the exit code.

    Raises:
        UpError: when something it needs is missing, taken or broken.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_one_at_a_time(settings.home))
        check_ports(settings)
        server = stack.enter_context(migrated_database(settings, adopts=True))
        # Asked to stop meanwhile, it stops after the step it is in.
        if not stopping.is_set():
            seed_demo_network(settings)
        processes = [] if stopping.is_set() else _step("preparing the pipeline", lambda: prepare_processes(settings))
        supervisor = Supervisor(settings.home / "logs", stopping)
        stack.callback(supervisor.stop)
        for process in processes:
            supervisor.start(process)
        _step("waiting for every door to answer", supervisor.wait_until_ready)
        if not stopping.is_set():
            _print_welcome(settings, time.monotonic() - started)
        try:
            supervisor.watch(server)
        except UpError:
            from orchestration.watch import tell_end

            # Not the error's own text: it holds the last line a process wrote.
            tell_end(settings, reason="what keeps ending has stopped the whole system: see jarvis up")
            raise
        _say("stopping …")
    _say("stopped")
    return 0


def check_ports(settings: Settings) -> None:
    """Every port of ours is free.

    Raises:
        UpError: naming the port taken and the setting that changes it.
    """
    from warehouse.embedded import port_is_busy

    ports = {
        "JARVIS_GATEWAY_PORT": settings.gateway_port,
        "JARVIS_DAGSTER_PORT": settings.dagster_port,
        "JARVIS_DASHBOARDS_PORT": settings.dashboards_port,
    }
    if settings.runs_standin:
        ports["JARVIS_STANDIN_PORT"] = settings.standin_port
    if settings.uses_embedded_database:
        ports["JARVIS_DATABASE_PORT"] = settings.database_port
    names: dict[int, str] = {}
    for name, port in ports.items():
        if (other := names.setdefault(port, name)) != name:
            raise UpError(f"{other} and {name} are both {port}: set one of them to another port")
    # The database says itself when its port is taken, or is our own server, still running.
    for name, port in ports.items():
        if name != "JARVIS_DATABASE_PORT" and port_is_busy(port):
            raise UpError(f"port {port} is taken by another program: set {name} to a free one")


@contextlib.contextmanager
def database_server(settings: Settings, *, adopts: bool = False) -> "Iterator[EmbeddedPostgres | None]":
    """The given server, or the embedded one: started where nobody runs it yet, and then stopped again.

    Args:
        adopts: also stop one that already ran: what a killed supervisor left behind.
    """
    from warehouse.embedded import EmbeddedPostgres
    from warehouse.migrate import create_database

    if not settings.uses_embedded_database:
        yield None
        return
    embedded = EmbeddedPostgres(
        data_dir=settings.home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
    )
    is_ours = adopts or not embedded.is_running()
    embedded.start()
    try:
        create_database(settings.administration_url, DATABASE_NAME)
        yield embedded
    finally:
        if is_ours:
            embedded.stop()


@contextlib.contextmanager
def migrated_database(settings: Settings, *, adopts: bool = False) -> "Iterator[EmbeddedPostgres | None]":
    """The database answers and has the schema, the logins and the second database the doors expect."""
    from warehouse.migrate import create_database, migrate_up, set_door_passwords

    with contextlib.ExitStack() as stack:
        where = "the embedded Postgres" if settings.uses_embedded_database else "the given Postgres"
        server = _step(f"reaching {where}", lambda: stack.enter_context(database_server(settings, adopts=adopts)))
        url = settings.administration_url
        applied = _step("migrating the database", lambda: migrate_up(url))
        if applied:
            _say(f"    {len(applied)} migrations applied")
        set_door_passwords(
            url,
            {
                f"jarvis_{door}": settings.role_password(f"jarvis_{door}")
                for door in ("gateway", "dashboard", "pipeline")
                if door not in settings.door_database_urls
            },
        )
        create_database(url, DAGSTER_DATABASE_NAME, owner="jarvis_pipeline")
        yield server


def seed_demo_network(settings: Settings) -> None:
    """An empty database holds a small network to look at; one with gyms stays as it is."""
    from warehouse.connection import connect
    from warehouse.demo.second_factor import give_second_factor
    from warehouse.demo.simulate import is_empty

    with connect(settings.database_url_for("pipeline")) as connection:
        if is_empty(connection):
            simulate_network(settings, connection, days=DEMO_DAYS, members=DEMO_MEMBERS, seed=DEMO_SEED)
        give_second_factor(connection, settings)


def simulate_network(
    settings: Settings,
    connection: "Connection",
    *,
    days: int,
    members: int,
    seed: int,
    gyms: int | None = None,
    talk: float = 1.0,
    pending_days: int | None = None,
    truth: TextIO | None = None,
) -> None:
    """The empty database holds a network with its members counted; a password other than the README's has been said.

    Args:
        truth: gets what no table knows, a JSON line per member.

    Raises:
        SimulationRefused: when the database holds gyms already.
    """
    from orchestration.batches import refresh_members
    from orchestration.churn import score_day
    from warehouse.demo.simulate import DEMO_PASSWORD, simulate

    # The embedded database is this machine's own; a given one may be reached by people who read our README.
    password = DEMO_PASSWORD if settings.uses_embedded_database else secrets.token_urlsafe(12)
    report = _step(
        f"simulating a network ({members} members, {days} days)",
        lambda: simulate(
            connection,
            days=days,
            members=members,
            seed=seed,
            gyms=gyms,
            talk=talk,
            pending_days=pending_days,
            password=password,
            truth=truth,
        ),
    )
    _say(f"    {report}")
    # The pages need both today, and the night's runs are hours away.
    _step("counting every member's visits and habits", lambda: refresh_members(connection))
    _step("scoring every member's risk of leaving", lambda: score_day(connection, thresholds=settings.churn))
    if password != DEMO_PASSWORD:
        _say(f"    password of every simulated account, shown this once: {password}")


def prepare_processes(settings: Settings) -> list[Process]:
    """All processes in the order they start; what they read from disk is in place."""
    from orchestration import dbt, instance

    dbt.prepare(settings)
    instance.prepare(settings)
    python = sys.executable
    doors = [
        Process(
            name="gateway",
            argv=(python, "-m", "voice_gateway"),
            environment={"JARVIS_DATABASE_URL_GATEWAY": settings.database_url_for("gateway")},
            ready_url=f"http://127.0.0.1:{settings.gateway_port}/readyz",
        ),
        *instance.processes(settings),
        Process(
            name="dashboards",
            argv=(python, "-m", "dashboards"),
            environment={"JARVIS_DATABASE_URL_DASHBOARD": settings.database_url_for("dashboard")},
            ready_url=f"http://127.0.0.1:{settings.dashboards_port}/healthz",
        ),
    ]
    if settings.runs_standin:
        standin = Process(
            name="standin",
            argv=(python, "-m", "voice_gateway.standin", "--port", str(settings.standin_port)),
            ready_url=f"http://127.0.0.1:{settings.standin_port}/healthz",
        )
        doors.insert(0, standin)
    return doors


@dataclass(slots=True)
class _Child:
    process: Process
    popen: subprocess.Popen[bytes]
    starts: list[float] = field(default_factory=list)


class Supervisor:
    """Starts processes, starts again those that die, and stops them all in reverse order."""

    def __init__(self, log_directory: Path, stopping: threading.Event) -> None:
        self._logs = log_directory
        self._stopping = stopping
        self._children: list[_Child] = []
        self._logs.mkdir(parents=True, exist_ok=True)

    def start(self, process: Process) -> None:
        """The process runs, its output going to its own log."""
        if not self._stopping.is_set():
            self._children.append(_Child(process, self._spawn(process), [time.monotonic()]))

    def wait_until_ready(self) -> None:
        """Every process that serves has answered once.

        Raises:
            UpError: naming the first one that died or did not answer, and its log.
        """
        deadline = time.monotonic() + READY_SECONDS
        for child in self._children:
            while not self._stopping.is_set():
                if child.popen.poll() is not None:
                    raise UpError(f"{child.process.name} ended while starting: {self._last_words(child.process)}")
                if child.process.ready_url is None or _answers(child.process.ready_url):
                    break
                if time.monotonic() > deadline:
                    raise UpError(
                        f"{child.process.name} did not answer within {READY_SECONDS} s: see {self._log(child.process)}"
                    )
                self._stopping.wait(0.1)

    def watch(self, server: "EmbeddedPostgres | None") -> None:
        """Returns when a stop is asked for; until then, what dies is started again, the database too.

        Raises:
            UpError: when a process keeps dying, or the database does not come back.
        """
        from warehouse.embedded import EmbeddedPostgresError

        while not self._stopping.wait(0.5):
            if server is not None and not server.is_running():
                _say("the embedded Postgres ended: starting it again")
                try:
                    server.start()
                except EmbeddedPostgresError as error:
                    raise UpError(str(error)) from error
            for child in self._children:
                code = child.popen.poll()
                if code is None:
                    continue
                now = time.monotonic()
                child.starts = [start for start in child.starts if start > now - 60]
                if len(child.starts) >= RESTARTS_PER_MINUTE:
                    raise UpError(f"{child.process.name} keeps ending: {self._last_words(child.process)}")
                _say(f"{child.process.name} ended with {code}: starting it again (log: {self._log(child.process)})")
                # What it left behind in its group would hold its port.
                _signal_group(child.popen, signal.SIGKILL)
                child.popen = self._spawn(child.process)
                child.starts.append(now)

    def stop(self) -> None:
        """No process of ours runs any more."""
        for child in reversed(self._children):
            _signal_group(child.popen, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.popen.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(child.popen, signal.SIGKILL)
            child.popen.wait()

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        with self._log(process).open("ab") as log:
            return subprocess.Popen(
                process.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**_common_environment(), **process.environment},
                cwd=process.folder,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def _log(self, process: Process) -> Path:
        return self._logs / f"{process.name}.log"

    def _last_words(self, process: Process) -> str:
        lines: list[str] = self._log(process).read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (log: {self._log(process)})"


def _common_environment() -> Mapping[str, str]:
    """The supervisor's own environment, over `.env`, without any login: each door is given its own.

    The key stays in it: without it a door would make a key of its own, and open nothing that another one sealed.
    """
    given = {**read_env_file(Path(".env")), **os.environ}
    return {name: value for name, value in given.items() if not name.startswith("JARVIS_DATABASE_URL")}


def _end_with_parent() -> None:
    """A killed supervisor takes its children along: prctl(PR_SET_PDEATHSIG, SIGTERM)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _signal_group(popen: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, number)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def is_running(home: Path) -> bool:
    """True while a `jarvis up` holds this home."""
    try:
        with (home / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[IO[str]]:
    """This home belongs to us until the end."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpError(f"another jarvis runs on {home}: stop it, or set JARVIS_HOME to another folder") from None
        yield lock


def _step(title: str, work: Callable[[], Answer]) -> Answer:
    """The work's answer; its title and its seconds are on the screen."""
    print(f"  {title} … ", end="", flush=True)
    began = time.monotonic()
    try:
        answer = work()
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", flush=True)
    return answer


def _say(line: str) -> None:
    print(line, flush=True)


def _print_welcome(settings: Settings, seconds: float) -> None:
    from warehouse.connection import connect
    from warehouse.demo.second_factor import shown_secret
    from warehouse.demo.simulate import DEMO_BADGE, DEMO_PASSWORD, demo_logins

    upstream = "the stand-in (no OPENAI_API_KEY)" if settings.runs_standin else settings.realtime_url
    _say(f"\nJARVIS runs, {seconds:.1f} s after the start. Ctrl-C stops everything.\n")
    _say(f"  dashboards   http://127.0.0.1:{settings.dashboards_port}      managers sign in here")
    _say(f"  gateway      http://127.0.0.1:{settings.gateway_port}      kiosks, ws …/v1/realtime; upstream: {upstream}")
    _say(f"  dagster      http://127.0.0.1:{settings.dagster_port}      the data team's view of the pipeline")
    _say(f"  analysis     {settings.analysis_engine} engine;  logs in {settings.home / 'logs'}")
    with connect(settings.database_url_for("pipeline")) as connection:
        logins = demo_logins(connection)
        secret = shown_secret(connection, settings)
    if logins:
        password = DEMO_PASSWORD if settings.uses_embedded_database else "as shown when they were made"
        _say(f"\n  Demo logins, password {password}:")
        for login in logins:
            _say(f"    {login.email:<40} {login.label}")
        if secret is not None:
            _say(f"\n  The administration's second factor: add the key {secret} to an application,")
            _say("  or let jarvis user code show the six digits of this moment")
        _say(f"\n  Talk as a member of Dax with badge {DEMO_BADGE}: see README, jarvis kiosk code|provision|talk")
    _say("")
