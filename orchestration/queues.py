"""The two Celery queues: a live run never waits behind a dbt build.

Named here, apart from everything heavy, because both code locations, the instance and the workers
agree on them.
"""

from typing import Literal

QUEUE_TAG = "dagster-celery/queue"

LIVE: Literal["live"] = "live"
HEAVY: Literal["heavy"] = "heavy"

QueueName = Literal["live", "heavy"]
