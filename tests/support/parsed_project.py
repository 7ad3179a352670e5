"""dbt's account of the project, which takes it seconds to give: parsed once by a worker, lent to whoever needs it."""

import shutil
from pathlib import Path

import pytest

from jarvis.settings import load_settings


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest, beside dbt's account of the metrics."""
    from orchestration import dbt

    home = tmp_path_factory.mktemp("parsed")
    return dbt.prepare(load_settings({"JARVIS_HOME": str(home), "JARVIS_SECRET_KEY": "k"}))


def lend(parsed: Path, home: Path) -> None:
    """Whoever prepares the project in this home finds that done."""
    folder = home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    for path in parsed.parent.glob("*.json"):
        shutil.copy(path, folder)
