"""dbt's account of the project, which takes it seconds to give: parsed once by a worker, lent to whoever needs it."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jarvis.settings import Settings, load_settings

# Stands wherever dbt writes the name of the database.
ANY_DATABASE = "any_database_of_a_test"


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest, beside dbt's account of the metrics."""
    from orchestration import dbt

    home, url = tmp_path_factory.mktemp("parsed"), f"postgresql://nobody@127.0.0.1/{ANY_DATABASE}"
    return dbt.prepare(load_settings({"JARVIS_HOME": str(home), "JARVIS_SECRET_KEY": "k", "JARVIS_DATABASE_URL": url}))


def lend(parsed: Path, settings: Settings) -> None:
    """Whoever prepares the project for this home and database finds that done."""
    folder = settings.home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    name = urlsplit(settings.database_url_for("pipeline")).path.removeprefix("/")
    for path in parsed.parent.glob("*.json"):
        (folder / path.name).write_text(path.read_text().replace(ANY_DATABASE, name))
