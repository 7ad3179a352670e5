"""How many requests a caller may make: counted in Postgres for all gateway processes, here alone while it is away.

A window opens with a caller's first request and lasts a minute. While Postgres does not answer, every
process counts by itself against the same limit: the door stays open, and nobody gets past it unlimited.
`routes/limits.py` puts this in front of routes.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jarvis.settings import Settings
from warehouse.connection import check_alive_async
from warehouse.stores.limits import take_token

WINDOW_SECONDS = 60
# A caller who waits for a count waits no longer than this.
_PATIENCE_SECONDS = 0.5
# Each is held for a fraction of a millisecond.
_COUNTING_CONNECTIONS = 2
# After Postgres did not answer, requests are counted here for as long, so that not each of them waits.
_AWAY_SECONDS = 2.0
_MAX_REMEMBERED = 10_000


class RateClass(StrEnum):
    """Seed, "Rate Limiting": voice and administration have numbers of their own."""

    API = "api"
    VOICE = "voice"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Quota:
    """Where a caller stands after a request."""

    limit: int
    used_count: int
    """Requests in this window; above the limit when this one is refused."""
    ends_at: float
    """Unix seconds at which the window ends."""

    @property
    def is_spent(self) -> bool:
        """True when this request was one too many."""
        return self.used_count > self.limit

    def headers(self) -> dict[str, str]:
        """What a client may know: the limit, what is left, and the Unix second at which it starts anew."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used_count)),
            "X-RateLimit-Reset": str(int(self.ends_at) + 1),
        }

    def retry_after_seconds(self, now: float) -> int:
        """Whole seconds until a request can be taken again, at least one."""
        return max(1, int(self.ends_at - now) + 1)


class LocalWindows:
    """What one process has counted by itself; bounded, whatever callers come."""

    def __init__(self, *, max_count: int = _MAX_REMEMBERED) -> None:
        self._max_count = max_count
        self._quotas: dict[str, Quota] = {}

    def __len__(self) -> int:
        return len(self._quotas)

    def take(self, bucket: str, limit: int, now: float) -> Quota:
        """The request is counted here."""
        known = self._quotas.get(bucket)
        if known is None or known.ends_at <= now:
            quota = Quota(limit, 1, now + WINDOW_SECONDS)
        else:
            quota = Quota(limit, min(known.used_count, limit) + 1, known.ends_at)
        self.keep(bucket, quota, now)
        return quota

    def keep(self, bucket: str, quota: Quota, now: float) -> None:
        """The caller stands where the quota says."""
        # Put last: what is dropped first when there is no more room is what was used longest ago.
        self._quotas.pop(bucket, None)
        if len(self._quotas) >= self._max_count:
            self._quotas = {name: kept for name, kept in self._quotas.items() if kept.ends_at > now}
            while len(self._quotas) >= self._max_count:
                del self._quotas[next(iter(self._quotas))]
        self._quotas[bucket] = quota

    def spent(self, bucket: str, now: float) -> Quota | None:
        """The quota of a caller who is known to have none left; None for everybody else."""
        known = self._quotas.get(bucket)
        return known if known is not None and known.ends_at > now and known.is_spent else None


class RateLimiter:
    """One process's view of the shared counts."""

    def __init__(
        self,
        pool: "AsyncConnectionPool[AsyncConnection]",
        limits: Mapping[RateClass, int],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._now = now
        self._local = LocalWindows()
        self._counts_alone_until = 0.0

    async def take(self, rate_class: RateClass, caller: str) -> Quota:
        """The request is counted, for all processes where Postgres answers.

        Args:
            caller: kind and id, such as kiosk/<id>, user/<id> or ip/<address>.
        """
        bucket, limit, now = f"{rate_class}/{caller}"[:200], self._limits[rate_class], self._now()
        # Who is over the limit stays so until the window ends: a flood is answered without the database.
        if (spent := self._local.spent(bucket, now)) is not None:
            return spent
        if now < self._counts_alone_until:
            return self._local.take(bucket, limit, now)
        try:
            async with self._pool.connection(timeout=_PATIENCE_SECONDS) as connection:
                used_count, seconds_left = await take_token(
                    connection, bucket=bucket, allowed_count=limit, window_seconds=WINDOW_SECONDS
                )
        except (psycopg.Error, PoolTimeout, OSError):
            self._counts_alone_until = now + _AWAY_SECONDS
            return self._local.take(bucket, limit, now)
        quota = Quota(limit, used_count, now + seconds_left)
        self._local.keep(bucket, quota, now)
        return quota


def counting_pool(url: str) -> "AsyncConnectionPool[AsyncConnection]":
    """Connections that count and do nothing else, not yet open: a count never waits behind a slow question."""
    return AsyncConnectionPool(
        url,
        connection_class=AsyncConnection,
        # A count is one statement: as a transaction by itself it is one round trip, not three.
        kwargs={"autocommit": True},
        check=check_alive_async,
        min_size=1,
        max_size=_COUNTING_CONNECTIONS,
        open=False,
        name="rates",
    )


def limits_of(settings: Settings) -> dict[RateClass, int]:
    """Requests a minute by class, as the settings say."""
    return {
        RateClass.API: settings.api_requests_per_minute,
        RateClass.VOICE: settings.voice_requests_per_minute,
        RateClass.ADMIN: settings.admin_requests_per_minute,
    }
