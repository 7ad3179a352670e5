"""The gateway is killed under load, again and again: the small version of `bench/gateway_kills.py`."""

import asyncio

from bench.gateway_kills import kill_and_look
from tests.conftest import Database


def test_kills_under_load_lose_nothing_of_class_a(database: Database) -> None:
    """Three kills with three kiosks: every event seen is on record once, every tool ran once, every session closed."""
    # Each in the middle of an answer that is on record so far, which is long enough not to be over meanwhile.
    found = asyncio.run(kill_and_look(database.settings, kills=3, kiosks=3, seed=11, answer_pieces=60, in_answer=True))
    assert found.kills == 3
    assert found.class_a > 0
    assert found.class_a_lost == []
    assert found.class_a_doubled == []
    assert (found.tools_run_twice, found.sessions_unsettled) == (0, 0)
    # Whoever is killed in mid-answer leaves something to put together.
    assert found.recovered_turns + found.unbilled_answers > 0
