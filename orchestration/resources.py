"""What assets, checks and sensors are given: a way to the warehouse, and the engines that analyse.

Shells only: each answers ordinary objects. Their configuration is the settings', read when a run
starts and never shown in the UI. Tests pass other shells through `build_defs(resource_overrides=…)`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from dagster import ConfigurableResource
from psycopg import Connection

from jarvis.settings import Settings, load_settings
from orchestration.engine_gate import Shelf
from warehouse.connection import connect
from warehouse.stores.paid_replies import KeptReplies

if TYPE_CHECKING:
    from ml.conversations.engine import AnalysisEngine


@cache
def process_settings() -> Settings:
    """The settings of this process; a worker reads them once."""
    return load_settings()


class Warehouse(ConfigurableResource[None]):
    """Connections to Postgres as the pipeline, who sees every gym."""

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[Connection]:
        """An open connection; it is closed, and what was not committed is taken back, at the end."""
        connection = connect(self.url(), autocommit=autocommit, application_name="jarvis-pipeline")
        try:
            yield connection
        finally:
            connection.close()

    def url(self) -> str:
        """The pipeline's database URL."""
        return process_settings().database_url_for("pipeline")


class Analyst(ConfigurableResource[None]):
    """The engine of each tier, and the thresholds that go with them."""

    def engine(self) -> "AnalysisEngine":
        """The local engine, which is always first; a worker loads its models once."""
        return _process_engine()

    def has_second_tier(self) -> bool:
        """True when the settings let a hosted engine enrich what the local one has said."""
        return process_settings().analysis_engine != "local"

    def hosted_engine(self) -> "AnalysisEngine":
        """The hosted engine the settings choose, with the replies that earlier runs have paid for."""
        return _process_hosted_engine()

    def shelf(self) -> Shelf:
        """Where the files of versions in service are kept, for the day after a deploy."""
        return Shelf(process_settings())

    def negative_feedback_below(self) -> float:
        """Sentiment score under which a conversation alone is reason for an alert."""
        return process_settings().negative_feedback_below


@cache
def _process_engine() -> "AnalysisEngine":
    from ml.conversations.engine import engine_for

    return engine_for(process_settings(), name="local")


@cache
def _process_hosted_engine() -> "AnalysisEngine":
    from ml.conversations.engine import engine_for

    settings = process_settings()
    # The row keeps the local engine's vector, in whose space questions are asked.
    return engine_for(
        settings,
        name=settings.analysis_engine,
        paid_replies=KeptReplies(settings.database_url_for("pipeline")),
        has_vectors=False,
    )
