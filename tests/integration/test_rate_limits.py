"""Requests counted over all gateway processes, in Postgres and at the door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess
from voice_gateway.rates import Quota, RateClass, RateLimiter, counting_pool

LIMITS = {RateClass.API: 20, RateClass.VOICE: 5, RateClass.ADMIN: 20}


@asynccontextmanager
async def limiter_of_a_process(database: Database) -> AsyncIterator[RateLimiter]:
    """What one gateway process has: a pool and a memory of its own."""
    async with counting_pool(database.url_for("gateway")) as pool:
        yield RateLimiter(pool, LIMITS)


def test_two_processes_count_together(database: Database) -> None:
    """Of 30 requests at once through two processes exactly the limit of 20 passes; another caller is not concerned."""

    async def calls() -> tuple[list[Quota], Quota]:
        async with limiter_of_a_process(database) as one, limiter_of_a_process(database) as other:
            quotas = await asyncio.gather(
                *(limiter.take(RateClass.API, "kiosk/1") for limiter in (one, other) for _ in range(15))
            )
            return quotas, await one.take(RateClass.API, "kiosk/2")

    quotas, stranger = asyncio.run(calls())
    assert sum(not quota.is_spent for quota in quotas) == 20
    assert stranger.used_count == 1


def test_a_connection_that_the_server_ended_is_not_given_out(database: Database) -> None:
    """It is replaced on its way out of the pool, though an idle one is not asked whether it is there."""

    async def process_ids() -> list[int]:
        async with counting_pool(database.url_for("gateway")) as pool:
            found = []
            for _ in range(2):
                async with pool.connection(timeout=20) as connection:
                    await connection.execute("select 1")
                    found.append(connection.info.backend_pid)
                with database.admin() as admin:
                    assert admin.execute("select pg_terminate_backend(%s, 5000)", found[-1:]).fetchone() == (True,)
            return found

    first, second = asyncio.run(process_ids())
    assert first != second


def test_a_window_that_is_over_is_forgotten(database: Database) -> None:
    """Its caller starts anew; whoever opens a window clears away those of others that are long over."""

    async def call(caller: str) -> Quota:
        async with limiter_of_a_process(database) as limiter:
            return await limiter.take(RateClass.VOICE, caller)

    for _ in range(6):
        asyncio.run(call("ip/1"))
    for number in range(3):
        asyncio.run(call(f"ip/old-{number}"))
    with database.admin() as admin:
        admin.execute("update app.rate_windows set ends_at = now() - interval '5 minutes'")
    assert asyncio.run(call("ip/1")).used_count == 1
    with database.admin() as admin:
        assert admin.execute("select bucket, used_count from app.rate_windows").fetchall() == [("voice/ip/1", 1)]


def test_the_door_says_where_a_caller_stands_and_refuses_one_too_many(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """Each kiosk has 100 a minute, and whoever shows no valid token shares their address's, refusals included."""
    with httpx.Client(base_url=gateway.url, trust_env=False) as client:

        def beat(bearer: str) -> httpx.Response:
            return client.post("/api/kiosk/heartbeat", json={}, headers={"Authorization": f"Bearer {bearer}"})

        first, second = beat(token), beat(token)
        assert (first.status_code, first.headers["X-RateLimit-Limit"]) == (200, "100")
        assert (first.headers["X-RateLimit-Remaining"], second.headers["X-RateLimit-Remaining"]) == ("99", "98")
        assert int(first.headers["X-RateLimit-Reset"]) > 1_700_000_000
        # The kiosk's window and its address's, filled without a hundred calls.
        with database.admin() as admin:
            admin.execute("update app.rate_windows set used_count = 99")
        assert [beat(token).status_code for _ in range(2)] == [200, 429]
        strangers = [beat(f"guess-{number}") for number in range(2)]
        assert [answer.status_code for answer in strangers] == [401, 429]
    refused = strangers[1]
    assert refused.json()["error"]["code"] == "rate_limited"
    assert "expected at most" in refused.json()["error"]["message"]
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
