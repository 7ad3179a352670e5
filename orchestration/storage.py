"""Dagster's Postgres storage with connections that stay open.

The stock one connects anew for every event it writes, some eighty times a live run; connecting costs
more than writing. Dagster's webserver already keeps its connections: this asks for the same in every
process.
"""

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config

# Purging an old event log may take long; a statement that takes longer than this hangs.
STATEMENT_TIMEOUT_MS = 600_000
RECYCLE_AFTER_SECONDS = 3600
# Threads of the daemon and of the code servers write at the same time.
MAX_OVERFLOW = 20


class PooledPostgresStorage(DagsterPostgresStorage):
    """`DagsterPostgresStorage`, optimised as the webserver's is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for storage in (self.run_storage, self.event_log_storage, self.schedule_storage):
            storage.optimize_for_webserver(STATEMENT_TIMEOUT_MS, RECYCLE_AFTER_SECONDS, MAX_OVERFLOW)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """The storage dagster.yaml describes."""
        return cls(
            inst_data=inst_data,
            postgres_url=pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
        )
