"""How we run dbt: with which login, from which folder, and with what it has already read.

Addresses and passwords come from the settings, results go to `home/dbt`, so the project's folder
holds nothing of any machine. Called by the marts' assets, by the supervisor before Dagster starts,
by tests, and by hand: `python -m orchestration.dbt build --select fct_sessions`.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from jarvis.settings import Settings, load_settings

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"


class DbtError(RuntimeError):
    """dbt could not do what was asked; the message ends with its own last lines."""


def environment(settings: Settings) -> dict[str, str]:
    """The variables with which dbt logs in as the pipeline and leaves the project's folder clean."""
    url = urlsplit(settings.database_url_for("pipeline"))
    folder = state_folder(settings)
    return {
        "JARVIS_DBT_HOST": url.hostname or "127.0.0.1",
        "JARVIS_DBT_PORT": str(url.port or 5432),
        "JARVIS_DBT_USER": unquote(url.username or ""),
        # dbt blots out of its logs what a variable of this prefix holds.
        "DBT_ENV_SECRET_JARVIS_PASSWORD": unquote(url.password or ""),
        "JARVIS_DBT_DATABASE": unquote(url.path.removeprefix("/")),
        "JARVIS_DBT_SSLMODE": parse_qs(url.query).get("sslmode", ["prefer"])[0],
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
    }


def state_folder(settings: Settings) -> Path:
    """Where dbt's results, logs and the prepared manifest are kept."""
    return settings.home / "dbt"


def executable() -> str:
    """The dbt of this interpreter's environment, whatever the PATH says."""
    return str(Path(sys.executable).with_name("dbt"))


def manifest_path(settings: Settings) -> Path:
    """Where the manifest of the project as it stands now is, once `prepare` has made it."""
    return state_folder(settings) / f"manifest-{fingerprint()}.json"


def metrics_path(manifest: Path) -> Path:
    """Where dbt's account of the metrics is: beside the manifest of the same project."""
    return manifest.with_name(manifest.name.replace("manifest", "metrics", 1))


def prepare(settings: Settings) -> Path:
    """The manifest of the project as it stands now is on disk; its path. Costs nothing when it already was.

    The metrics' own stands beside it.

    Raises:
        DbtError: when the project does not parse.
    """
    path = manifest_path(settings)
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="parse-") as folder:
        run(settings, "parse", "--no-partial-parse", overrides={"DBT_TARGET_PATH": folder})
        # Two processes may prepare at once: whoever comes last puts the same content in place, whole. The manifest
        # comes last, as it says that both are there.
        Path(folder, "semantic_manifest.json").replace(metrics_path(path))
        Path(folder, "manifest.json").replace(path)
    for kind in ("manifest", "metrics"):
        for older in path.parent.glob(f"{kind}-*.json"):
            if older not in (path, metrics_path(path)):
                older.unlink(missing_ok=True)
    return path


def is_mart(node: Mapping[str, Any]) -> bool:
    """True for a node of the manifest that people ask: a table, a view or a history in the schema of the marts."""
    return node["resource_type"] in ("model", "snapshot") and node["schema"] == "marts"


def run(settings: Settings, *arguments: str, overrides: Mapping[str, str] | None = None) -> str:
    """dbt has done what the arguments say; what it printed.

    Raises:
        DbtError: when it failed.
    """
    completed = subprocess.run(
        [executable(), *arguments],
        env={**os.environ, **environment(settings), **(overrides or {})},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode != 0:
        lines = [line for line in (completed.stdout + completed.stderr).splitlines() if line.strip()]
        raise DbtError(f"dbt {arguments[0]} failed:\n" + "\n".join(lines[-40:]))
    return completed.stdout


@contextmanager
def exported(variables: Mapping[str, str]) -> Iterator[None]:
    """The variables stand in this process's environment, which is all that dagster-dbt hands on; then they are gone."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def fingerprint() -> str:
    """Changes whenever dbt would read the project differently."""
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml", ".md", ".csv"}:
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def main() -> int:
    """dbt with our settings, its own output and its own exit code."""
    return subprocess.run(
        [executable(), *sys.argv[1:]], env={**os.environ, **environment(load_settings())}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
