"""The jobs with which the data team has sessions analysed again, or tried again where a stage gave them up.

They only queue: the live flow does the work, as after a close. Started by hand, in the Launchpad, or as a backfill of
days. Where the settings choose a hosted engine, each session is paid for again.
"""

from uuid import UUID

from dagster import Config, Failure, OpExecutionContext, in_process_executor, job, op
from pydantic import Field

from orchestration.days import DAYS, Days, span
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import Analyst, Warehouse
from warehouse.stores import conversations, enrichments

# More than this at once is a change of engine or a long outage: run the job again for the rest.
MOST_PARKED = 10_000


class Reanalysis(Config):
    """Which sessions."""

    sessions: list[str] = Field(default=[], description="Ids of sessions to analyse anew, whatever became of them.")
    parked: bool = Field(default=False, description="True: every session that was given up, as well.")


@op
def queue_sessions(context: OpExecutionContext, config: Reanalysis, warehouse: Warehouse, analyst: Analyst) -> None:
    """The sessions wait for the stage that shall have them again; one that is unknown is named, the others wait."""
    unknown: list[str] = []
    with warehouse.connect() as connection:
        given_up = conversations.parked_sessions(connection, limit=MOST_PARKED) if config.parked else []
        asked = dict.fromkeys(
            [*config.sessions, *(str(one.session_id) for one in given_up if one.stage == "conversations")]
        )
        queued = 0
        for session_id in asked:
            try:
                with connection.transaction():
                    conversations.request_reanalysis(connection, str(UUID(session_id)))
                queued += 1
            except (conversations.UnknownSession, ValueError):
                unknown.append(session_id)
        # Their analysis is good, and was perhaps paid for: only the later stage tries again.
        tried_again = conversations.retry_stages(connection, [one.session_id for one in given_up])
        unenriched = (
            enrichments.failed_ids(connection, limit=MOST_PARKED) if config.parked and analyst.has_second_tier() else []
        )
        for failed_id in unenriched:
            enrichments.queue(connection, str(failed_id))
        connection.commit()
    context.add_output_metadata(
        {
            "queued": queued,
            "tried_again": tried_again,
            "to_enrich": len(unenriched),
            "unknown": len(unknown),
        }
    )
    if not asked and not config.parked:
        raise Failure("found neither sessions nor parked: true, expected one of them in the config")
    if unknown:
        raise Failure(
            f"{queued} sessions are queued; {len(unknown)} are unknown, still open or may not be analysed: "
            + ", ".join(unknown[:20])
        )


@op
def queue_days(context: OpExecutionContext, config: Days, warehouse: Warehouse) -> None:
    """Every session that began on these days of its gym, and that may be analysed, waits for the live flow."""
    first, last = span(context.partition_key, config)
    with warehouse.connect() as connection:
        queued = conversations.request_reanalysis_of_days(connection, first=first, last=last)
        connection.commit()
    context.add_output_metadata({"first_day": str(first), "last_day": str(last), "queued": queued})


@job(
    partitions_def=DAYS,
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY},
)
def reanalyse_days() -> None:
    """Queues the sessions of a day to be analysed again; by partition, or up to `last`."""
    queue_days()


@job(
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY},
)
def reanalyse() -> None:
    """Queues sessions to be analysed again: some by id, or every one that was given up."""
    queue_sessions()
