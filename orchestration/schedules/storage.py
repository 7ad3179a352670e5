"""Every ten minutes: sessions that no stage will touch again are brought to their gym's storage level.

Most sessions are there already, in the transaction of their alerts (`orchestration/batches.py`). Left are those that
were never analysed, were given up, waited too long, were lowered afterwards, or were reached by a late journal; and
what people wrote about alerts that are over.
"""

from dagster import OpExecutionContext, ScheduleDefinition, in_process_executor, job, op

from orchestration import words
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import Warehouse
from orchestration.schedules.clock import by_the_clock

STORAGE_JOB = "settle_words"

# Lowering a gym with years of sessions takes minutes; batches commit, so a run cut short loses nothing.
MAX_RUNTIME_SECONDS = 3600


@op
def settle_left_behind(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """No closed session and no alert that is over keeps more than its level allows; how many were brought there."""
    with warehouse.connect() as connection:
        context.add_output_metadata(
            {
                "settled": words.settle_left_behind(connection),
                "alerts_settled": words.settle_people_s_words(connection),
            }
        )


@job(
    name=STORAGE_JOB,
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
)
def settle_words() -> None:
    """Brings sessions that no stage will touch again to their gym's storage level."""
    settle_left_behind()


def storage_schedule() -> ScheduleDefinition:
    """The job, and when it runs."""
    return by_the_clock(settle_words, "*/10 * * * *")
