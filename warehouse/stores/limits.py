"""Requests counted over all gateway processes. `voice_gateway/rates.py` decides what a count means."""

from psycopg import AsyncConnection

from warehouse.sql import queries


async def take_token(
    connection: AsyncConnection, *, bucket: str, allowed_count: int, window_seconds: int
) -> tuple[int, float]:
    """The request is counted; how many its window holds, one above the limit at most, and for how many seconds more."""
    cursor = await connection.execute(
        queries("limits")["take_token"],
        {"bucket": bucket, "allowed_count": allowed_count, "window_seconds": window_seconds},
    )
    row = await cursor.fetchone()
    assert row is not None  # The function always answers.
    return row[0], row[1]
