"""The Celery queues, and the pools across them: a live run waits neither behind a dbt build nor behind a provider.

Named here, apart from everything heavy, because both code locations, the instance and the workers
agree on them.
"""

from typing import Literal

QUEUE_TAG = "dagster-celery/queue"

LIVE: Literal["live"] = "live"
HEAVY: Literal["heavy"] = "heavy"

# The second tier's: a provider may be slow for minutes, and the marts must not wait for it either.
ENRICHMENT: Literal["enrichment"] = "enrichment"

# Pools: so many steps at once over all queues and workers (`orchestration.instance.pools`).
MARTS_POOL = "marts"
HOSTED_MODEL_POOL = "hosted_model"

QueueName = Literal["live", "heavy", "enrichment"]

QUEUES: tuple[QueueName, ...] = (LIVE, HEAVY, ENRICHMENT)
