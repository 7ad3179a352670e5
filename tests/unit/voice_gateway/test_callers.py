"""Who calls: a device token is looked up once a request, however many parts of a route ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request

from voice_gateway.routes import callers
from voice_gateway.routes.callers import calling_kiosk, kiosk_showing


class Pool:
    """Counts how often somebody was looked up."""

    lookups = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        self.lookups += 1
        yield None


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A database that knows the tokens that begin with jk_."""

    async def known(_connection: None, token: str) -> object:
        return SimpleNamespace(kiosk_id=uuid4(), token=token) if token.startswith("jk_") else None

    monkeypatch.setattr(callers, "kiosk_with", known)
    return Pool()


def request_of(pool: Pool, token: str) -> Request:
    """A call with this bearer token."""
    app: Any = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(pool=pool)))
    return Request({"type": "http", "app": app, "headers": [(b"authorization", f"Bearer {token}".encode())]})


@pytest.mark.parametrize(("token", "is_known"), [("jk_one", True), ("nobody's", False)])
def test_a_token_is_looked_up_once_a_request(pool: Pool, token: str, is_known: bool) -> None:
    """The limit and the route ask the same; another request asks again."""
    request = request_of(pool, token)
    found = [asyncio.run(calling_kiosk(request)) for _ in range(2)]
    assert (pool.lookups, found[0] is found[1], found[0] is not None) == (1, True, is_known)
    asyncio.run(calling_kiosk(request_of(pool, token)))
    assert pool.lookups == 2


def test_another_token_of_the_same_request_is_another_kiosk(pool: Pool) -> None:
    """The page's call comes with one in a cookie and is passed on with one in the header."""
    request = request_of(pool, "jk_one")
    assert asyncio.run(kiosk_showing(request, "jk_two")) is not asyncio.run(calling_kiosk(request))
    assert pool.lookups == 2
    assert asyncio.run(kiosk_showing(request, None)) is None
