"""Postgres goes away under talking kiosks and comes back: the small version of `bench/postgres_outage.py`."""

import asyncio

from bench.postgres_outage import fail_and_look
from bench.support.database import scratch_database


def test_an_outage_of_postgres_loses_and_doubles_nothing() -> None:
    """Answers are heard all the while, and every event that a kiosk received is on record once when it is back."""
    with scratch_database() as settings:
        found = asyncio.run(fail_and_look(settings, seconds=3, kiosks=2, seed=7))
    assert found.answers_during > 0 and found.journal_bytes > 0
    record = found.record
    assert record.class_a and not (record.class_a_lost or record.class_a_doubled or record.class_b_lost)
    assert (record.tools_run_twice, record.sessions_unsettled, found.gaps) == (0, 0, 0)
