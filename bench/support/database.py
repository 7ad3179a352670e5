"""A database of a benchmark's own: started, migrated, and gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jarvis.settings import Settings, load_settings
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import create_database, migrate_up, set_door_passwords


@contextmanager
def scratch_database(kept_in: Path | None = None) -> Iterator[Settings]:
    """Settings of a migrated database with its doors open, and of a home that both go with the block.

    Args:
        kept_in: a home that stays, with what is in its database; empty for the first time.
    """
    # Not under a folder only root can enter: the server may run as another user.
    home = kept_in or Path(tempfile.mkdtemp(prefix="jarvis-bench-"))
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    try:
        settings = load_settings({"JARVIS_HOME": str(home), "JARVIS_DATABASE_PORT": str(free_port())})
        server = EmbeddedPostgres(
            data_dir=home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
        )
        server.start()
        try:
            create_database(settings.administration_url, "jarvis")
            migrate_up(settings.administration_url)
            doors = ("jarvis_pipeline", "jarvis_dashboard", "jarvis_gateway")
            set_door_passwords(settings.administration_url, {role: settings.role_password(role) for role in doors})
            yield settings
        finally:
            server.stop()
    finally:
        if kept_in is None:
            shutil.rmtree(home, ignore_errors=True)
