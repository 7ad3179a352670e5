"""Puts the gateway together: one FastAPI application from one set of settings.

`create_app` builds, the lifespan connects and settles what a dead process left, `drain` ends sessions
before the server goes. Nothing happens at import.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from jarvis.budgets import VoiceModels
from jarvis.prices import endings
from jarvis.sessions import CloseReason, Limits
from jarvis.settings import Settings
from voice_gateway.budget import voice_mode
from voice_gateway.connection import KioskConnection
from voice_gateway.devices import Devices
from voice_gateway.metrics import Metrics
from voice_gateway.people import People
from voice_gateway.rates import RateLimiter, counting_pool, limits_of
from voice_gateway.recorder import Recorder
from voice_gateway.routes import (
    action_items,
    admin,
    answers,
    auth,
    badges,
    corrections,
    dashboard,
    desk,
    health,
    kiosks,
    page,
    realtime,
    tools,
    voice,
)  # fmt: skip
from voice_gateway.routes.limits import RateHeaders
from voice_gateway.routes.paging import cursor_key
from voice_gateway.routes.timing import Timing
from voice_gateway.services import Services
from voice_gateway.storage import storage_level
from voice_gateway.tools.runner import toolbox
from voice_gateway.upstream import DialUpstream, dialler
from warehouse.connection import check_alive_async

log = logging.getLogger(__name__)

_POOL_SIZE = 10
_POOL_PATIENCE_SECONDS = 3.0


def create_app(settings: Settings, *, limits: Limits | None = None, dial: DialUpstream | None = None) -> FastAPI:
    """The gateway, not yet connected to anything.

    Args:
        settings: read once by the caller.
        limits: what one session may take; as the settings say when None.
        dial: how to reach the upstream; as the settings say when None.
    """
    limits = limits or settings.session_limits
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url_for("gateway")
        recorder = Recorder(url, settings.home / "journal", metrics, lease_seconds=limits.lease_seconds)
        pool = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection,
            min_size=1,
            max_size=_POOL_SIZE,
            timeout=_POOL_PATIENCE_SECONDS,
            # A member at a kiosk waits: a connection that died meanwhile is found before it is used.
            check=check_alive_async,
            open=False,
            name="gateway",
        )
        counting = counting_pool(url)
        for sentence in endings(settings.hosted_models, on=datetime.now(UTC).date()):
            log.warning("a model ends", extra={"detail": sentence})
        # Not waiting: a gateway that starts before its database serves what it can, and says so at /readyz.
        await pool.open(wait=False)
        await counting.open(wait=False)
        await recorder.start()
        app.state.services = Services(
            settings=settings,
            pool=pool,
            recorder=recorder,
            dial=dial or dialler(settings, ping_seconds=limits.ping_seconds),
            tools=toolbox(),
            mode_of=partial(voice_mode, pool, VoiceModels(settings.realtime_model, settings.budget_model)),
            storage_level_of=partial(storage_level, pool),
            metrics=metrics,
            limits=limits,
        )
        app.state.rate_limiter = RateLimiter(counting, limits_of(settings))
        app.state.people = People(settings)
        await app.state.people.open()
        devices = app.state.devices = Devices(pool, url)
        await devices.start()
        try:
            yield
        finally:
            await drain(app)
            await app.state.people.close()
            await devices.stop()
            await recorder.stop()
            await counting.close()
            await pool.close()

    app = FastAPI(
        title="JARVIS voice gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/openapi.json"
    )
    app.state.connections = set()
    app.state.is_draining = False
    app.add_middleware(RateHeaders)
    app.add_middleware(Timing)
    app.state.cursor_key = cursor_key(settings.secret_key)
    answers.install(app)
    app.include_router(health.router)
    app.include_router(kiosks.router)
    app.include_router(badges.router)
    app.include_router(realtime.router)
    app.include_router(auth.router)
    app.include_router(dashboard.router)
    app.include_router(corrections.router)
    app.include_router(action_items.router)
    app.include_router(desk.router)
    app.include_router(page.router)
    app.include_router(admin.router)
    app.include_router(voice.router)
    app.include_router(tools.router)
    return app


async def drain(app: FastAPI) -> None:
    """Every open session is closed on record because the operator stops the gateway; no new one opens."""
    connections: set[KioskConnection] = app.state.connections
    app.state.is_draining = True
    # All at once: each may wait for its last bill, and whoever stops us has little patience.
    stopped = await asyncio.gather(
        *(connection.stop(CloseReason.OPERATOR) for connection in list(connections)), return_exceptions=True
    )
    for outcome in stopped:
        if isinstance(outcome, Exception):
            log.error("a connection could not be stopped", extra={"error": type(outcome).__name__})
