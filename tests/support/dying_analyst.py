"""A run of the second tier that is killed once its replies have arrived and before anything of it is written.

Called with the provider's and the pipeline's URL.
"""

import os
import signal
import sys

from ml.conversations.openai import OpenAIEngine
from orchestration.enrichment import enrich_batch
from tests.support.hosted_provider import hosted_engine
from warehouse.connection import connect
from warehouse.stores.paid_replies import KeptReplies


class DyingEngine(OpenAIEngine):
    """Dies with its analyses in its hands."""

    def analyse(self, conversations: object) -> list[object]:  # type: ignore[override]
        super().analyse(conversations)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGKILL)
        return []


if __name__ == "__main__":
    provider_url, database_url = sys.argv[1:]
    engine = hosted_engine(provider_url, paid_replies=KeptReplies(database_url), kind=DyingEngine)
    with connect(database_url) as connection:
        enrich_batch(connection, engine)
