"""The command line's refusals: one clear line each, and nothing started."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from jarvis.cli import main, parser
from tests.conftest import Database
from warehouse.embedded import free_port
from warehouse.migrate import MigrationError, _alone, check_server, migrate_up

JARVIS = Path(sys.executable).with_name("jarvis")


def jarvis(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command on a home of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JARVIS_", "OPENAI_"))}
    return subprocess.run(
        [JARVIS, *arguments],
        env={**inherited, "JARVIS_HOME": str(home), **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_busy_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    """`jarvis up` with a taken gateway port says which setting moves it and starts nothing."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        completed = jarvis(tmp_path, "up", JARVIS_GATEWAY_PORT=str(port))
    assert completed.returncode == 1
    assert completed.stderr.strip() == (
        f"jarvis: port {port} is taken by another program: set JARVIS_GATEWAY_PORT to a free one"
    )
    assert not (tmp_path / "postgres").exists()


def test_an_unreachable_database_is_one_line_without_the_password(tmp_path: Path) -> None:
    """The address is named, the password is not."""
    port = free_port()
    completed = jarvis(
        tmp_path, "migrate", "status", JARVIS_DATABASE_URL=f"postgresql://someone:hunter2@127.0.0.1:{port}/gym"
    )
    assert completed.returncode == 1
    assert len(completed.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}/gym" in completed.stderr
    assert "hunter2" not in completed.stderr


def test_every_wrong_setting_is_listed_at_once(tmp_path: Path) -> None:
    """Two wrong settings give two lines and exit code 2."""
    completed = jarvis(tmp_path, "url", JARVIS_GATEWAY_PORT="eighty", JARVIS_ANALYSIS_ENGINE="magic")
    assert completed.returncode == 2
    assert "JARVIS_GATEWAY_PORT: found 'eighty'" in completed.stderr
    assert "JARVIS_ANALYSIS_ENGINE: found 'magic'" in completed.stderr


def test_migrate_goes_up_and_down_by_command(database: Database, tmp_path: Path) -> None:
    """status, down to nothing and up again work on a given database."""
    given = {"JARVIS_DATABASE_URL": database.url_for("admin")}
    assert "pending" not in jarvis(tmp_path, "migrate", "status", **given).stdout
    down = jarvis(tmp_path, "migrate", "down", **given)
    assert down.returncode == 0, down.stderr
    assert "applied " not in jarvis(tmp_path, "migrate", "status", **given).stdout
    up = jarvis(tmp_path, "migrate", "up", **given)
    assert up.returncode == 0, up.stderr
    assert "pending" not in jarvis(tmp_path, "migrate", "status", **given).stdout


def test_a_process_killed_while_it_migrates_locks_nobody_out(database: Database) -> None:
    """Its row in yoyo's table of locks stays behind; the next start takes the database all the same."""
    with database.admin() as connection:
        connection.execute("insert into yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
        connection.commit()
        assert migrate_up(database.url_for("admin")) == []
        assert connection.execute("select count(*) from yoyo_lock").fetchone() == (0,)


def test_who_migrates_is_waited_for_and_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once would apply a migration twice: the second is told, after a while."""
    monkeypatch.setattr("warehouse.migrate._LOCK_WAIT", "50ms")
    with _alone(database.url_for("admin")), pytest.raises(MigrationError, match="another process migrating"):
        migrate_up(database.url_for("admin"))


def test_a_name_cut_short_takes_no_migration_back(database: Database, tmp_path: Path) -> None:
    """`--to 03` sorts before every 03…: it is refused, and the schema stands."""
    given = {"JARVIS_DATABASE_URL": database.url_for("admin")}
    for cut in ("03", "nosuch"):
        refused = jarvis(tmp_path, "migrate", "down", "--to", cut, **given)
        assert refused.returncode == 1
        assert f"found no migration '{cut}'" in refused.stderr
    assert "pending" not in jarvis(tmp_path, "migrate", "status", **given).stdout


def test_an_unknown_gym_is_not_one_without_rows(database: Database, tmp_path: Path) -> None:
    """What would print nothing for a gym that is not there says which there are."""
    given = {
        "JARVIS_DATABASE_URL": database.url_for("admin"),
        "JARVIS_DATABASE_URL_PIPELINE": database.url_for("pipeline"),
    }
    for arguments in (
        ("golden", "export", "--gym", "nosuch"),
        ("alerts", "incidents", "--gym", "nosuch"),
        ("kiosk", "revoke", "--gym", "nosuch", "--kiosk", "x"),
        ("user", "invite", "lea@example.org", "--role", "gym_staff", "--gym", "nosuch"),
    ):
        refused = jarvis(tmp_path, *arguments, **given)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert "found no gym 'nosuch', expected one of: " in refused.stderr


def test_a_mart_that_is_not_built_yet_is_told(database: Database, tmp_path: Path) -> None:
    """In the first minutes of a new database a metric is refused in a sentence."""
    from warehouse.export import ExportRefused, answer_as_csv

    with database.admin() as connection, pytest.raises(ExportRefused, match="not built yet"):
        list(answer_as_csv(connection, "select 1 from marts.nosuch"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("simulate --days x", "found x, expected a whole number"),
        ("analyst metric visit_count --since 2026-13-01", "found 2026-13-01, expected a day such as"),
        ("member export x", "found x, expected an id such as"),
        ("user invite a@b.fr --role nosuch", "found nosuch, expected one of super_admin, "),
        ("ask ? --gym g --topic nosuch", "found nosuch, expected one of equipment, "),
        ("alerts preview --gym g --type churn_risk --threshold nan", "found nan, expected a number"),
        ("alerts preview --gym g --type churn_risk --threshold 0.5 --days 99999999", "expected days from 1 to 3650"),
    ],
)
def test_a_wrong_argument_says_what_was_expected(arguments: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Never « invalid fromisoformat value »: what was found, and what would be right."""
    with pytest.raises(SystemExit) as refused:
        parser().parse_args(arguments.split())
    assert refused.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("ask ? --gym g --since 2026-12-02 --until 2026-12-01", 2, "found --until before --since"),
        ("analyst metric --since 2026-12-02 --until 2026-12-01", 2, "found --until before --since"),
        ("gym closure add --gym g --from 2026-12-02 --until 2026-12-01 --reason x", 2, "found --until before --from"),
        ("alerts threshold --gym g --type kiosk_offline --to 5", 2, "expected whole minutes from 10 to 1440"),
        ("alerts threshold --gym g --type milestone --to many", 2, "expected 1 to 12 numbers of visits"),
        ("simulate --truth .", 1, "found no way to open it (Is a directory)"),
        ("kiosk rotate --token é", 1, "found a token that cannot be one"),
        ("kiosk talk --token x --badge B --text \t", 1, "found nothing to say"),
        (f"kiosk code --gym g --name {'x' * 81}", 1, "expected at most 80"),
        ("kiosk replay /dev/null", 1, "found no dialogue"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: str,
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No traceback, nothing started: the line says what was found and what to do."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    assert main(arguments.split(" ")) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("jarvis: ")
    assert told in line
    assert not (tmp_path / "postgres").exists()


def test_an_interrupted_command_shows_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends any command as a shell expects it."""

    def interrupted(settings: object, options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    monkeypatch.setattr("jarvis.cli.stack._url", interrupted)
    assert main(["url"]) == 130


def test_a_reader_who_has_had_enough_is_no_fault(tmp_path: Path) -> None:
    """`… | head -1` closes the pipe: the command ends without a word."""
    environment = {**os.environ, "JARVIS_HOME": str(tmp_path)}
    command = subprocess.Popen(
        [JARVIS, "redact"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout is not None
    command.stdout.close()
    _, told = command.communicate(b'{"id": 1, "text": "Bonjour"}\n' * 5000, timeout=60)
    assert (command.returncode, told) == (141, b"")


def test_a_dotenv_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    """A `.env` in another encoding is named."""
    (tmp_path / ".env").write_bytes(b"OPENAI_BASE_URL=\xe9\n")
    refused = jarvis(tmp_path, "url")
    assert refused.returncode == 2
    assert ".env: cannot be read (UnicodeDecodeError), expected a text in UTF-8" in refused.stderr


class _Server:
    """What `check_server` asks of a connection, with answers of our choice."""

    def __init__(self, version: int, vector: str | None) -> None:
        self.info = SimpleNamespace(server_version=version, host="db", port=5432)
        self._vector = vector

    def execute(self, query: str) -> "_Server":
        return self

    def fetchone(self) -> tuple[str] | None:
        return (self._vector,) if self._vector else None


@pytest.mark.parametrize(
    ("version", "vector", "expected"),
    [
        (150004, "0.8.0", "Postgres 15.4"),
        (140020, "0.8.0", "Postgres 14.20"),
        (180000, None, "no extension vector"),
        (180000, "0.6.2", "pgvector 0.6.2"),
    ],
)
def test_an_unfit_server_is_refused_with_what_to_do(version: int, vector: str | None, expected: str) -> None:
    """Old versions, a missing pgvector and an old one are each named."""
    with pytest.raises(MigrationError, match=expected):
        check_server(_Server(version, vector))  # type: ignore[arg-type]


def test_a_patched_server_is_accepted() -> None:
    """The oldest accepted versions pass."""
    check_server(_Server(150014, "0.8.0"))  # type: ignore[arg-type]
