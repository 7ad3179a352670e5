"""What a count means, without a database: windows, headers, bounds, and what happens while Postgres is away."""

import asyncio
from typing import Any

import psycopg

from voice_gateway.rates import WINDOW_SECONDS, LocalWindows, Quota, RateClass, RateLimiter

LIMITS = {RateClass.API: 3, RateClass.VOICE: 2, RateClass.ADMIN: 4}


class AwayPool:
    """A pool whose database does not answer."""

    def __init__(self) -> None:
        self.asked_count = 0

    def connection(self, timeout: float) -> Any:
        """Refused, as a pool refuses."""
        self.asked_count += 1
        raise psycopg.OperationalError("away")


def test_a_window_opens_with_the_first_request_and_lasts_a_minute() -> None:
    """Three pass, the fourth does not, and a minute after the first one three pass again."""
    windows = LocalWindows()
    quotas = [windows.take("api/ip/1", 3, float(now)) for now in (100, 101, 102, 103, 159, 160)]
    assert [quota.is_spent for quota in quotas] == [False, False, False, True, True, False]
    assert {quota.ends_at for quota in quotas[:5]} == {100.0 + WINDOW_SECONDS}


def test_callers_do_not_share_a_window() -> None:
    """What one has used says nothing of another."""
    windows = LocalWindows()
    for _ in range(5):
        windows.take("api/ip/1", 3, 0.0)
    assert not windows.take("api/ip/2", 3, 0.0).is_spent


def test_a_flood_of_callers_takes_no_more_room() -> None:
    """Windows that are over go first, then what was used longest ago; whoever is over the limit now stays so."""
    windows = LocalWindows(max_count=10)
    for number in range(1000):
        windows.take(f"api/ip/{number}", 3, float(number))
    assert len(windows) <= 10
    for _ in range(4):
        windows.take("api/ip/999", 3, 999.0)
    assert windows.spent("api/ip/999", 999.0) is not None
    assert windows.spent("api/ip/998", 999.0) is None


def test_what_a_client_may_know() -> None:
    """The headers never promise less than nothing, and the wait is never nothing."""
    quota = Quota(limit=3, used_count=4, ends_at=160.2)
    assert quota.headers() == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "161",
    }
    assert quota.retry_after_seconds(100.0) == 61
    assert quota.retry_after_seconds(200.0) == 1
    assert Quota(limit=3, used_count=1, ends_at=160.0).headers()["X-RateLimit-Remaining"] == "2"


def test_without_postgres_a_process_counts_alone() -> None:
    """Neither open nor shut: the same limit holds here, and Postgres is asked again after two seconds only."""
    now = 1000.0
    pool = AwayPool()
    limiter = RateLimiter(pool, LIMITS, now=lambda: now)  # type: ignore[arg-type]

    async def calls(count: int) -> list[bool]:
        return [(await limiter.take(RateClass.VOICE, "kiosk/1")).is_spent for _ in range(count)]

    assert asyncio.run(calls(3)) == [False, False, True]
    assert pool.asked_count == 1
    now += 2.5
    assert asyncio.run(calls(1)) == [True], "over the limit until the window ends"
    assert not asyncio.run(limiter.take(RateClass.API, "kiosk/1")).is_spent, "another class counts for itself"
    assert pool.asked_count == 2
