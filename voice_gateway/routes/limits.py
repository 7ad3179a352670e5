"""Puts a limit in front of routes: 429 for one request too many, and `X-RateLimit-*` on every answer.

`APIRouter(dependencies=[Depends(limited(RateClass.API))])` is all a router needs. Routes whose callers
are people give a `caller_of` of their own.
"""

import time
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice_gateway.rates import Quota, RateClass, RateLimiter
from voice_gateway.routes.answers import Refused
from voice_gateway.routes.callers import DATABASE_AWAY, calling_kiosk, client_ip

CallerOf = Callable[[Request], Awaitable[str]]

_STATE = "rate_quota"


class TooManyRequests(Refused):
    """A caller's window is full; the message says when it opens again."""

    def __init__(self, quota: Quota) -> None:
        wait = quota.retry_after_seconds(time.time())
        super().__init__(
            429, "rate_limited",
            f"found more than {quota.limit} requests in a minute, expected at most that: "
            f"wait {wait} s, as Retry-After says",
            headers={"Retry-After": str(wait)},
        )  # fmt: skip


async def kiosk_or_address(request: Request) -> str:
    """`kiosk/<id>` with a valid device token, else `ip/<address>`: whoever has no token shares their address."""
    try:
        kiosk = await calling_kiosk(request)
    except DATABASE_AWAY:
        kiosk = None
    return f"kiosk/{kiosk.kiosk_id}" if kiosk is not None else f"ip/{client_ip(request)}"


def limited(rate_class: RateClass, *, caller_of: CallerOf = kiosk_or_address) -> Callable[[Request], Awaitable[None]]:
    """A dependency that counts each request of the routes behind it.

    Args:
        caller_of: kind and id of who calls, such as user/<id>.

    Raises:
        TooManyRequests: from the dependency, when the caller's window is full.
    """

    async def count(request: Request) -> None:
        limiter: RateLimiter = request.app.state.rate_limiter
        quota = await limiter.take(rate_class, await caller_of(request))
        setattr(request.state, _STATE, quota)
        if quota.is_spent:
            raise TooManyRequests(quota)

    return count


class RateHeaders:
    """ASGI middleware: an answer whose request was counted says where its caller stands, refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer carries the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def with_headers(message: Message) -> None:
            quota = state.get(_STATE)
            if message["type"] == "http.response.start" and isinstance(quota, Quota):
                MutableHeaders(scope=message).update(quota.headers())
            await send(message)

        await self._app(scope, receive, with_headers)
