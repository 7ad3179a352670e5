"""Is the process alive, can it serve, and what has it counted."""

import asyncio

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg_pool import PoolTimeout

from voice_gateway.routes.kiosk_answers import Ready
from voice_gateway.services import Services
from voice_gateway.upstream import is_reachable

router = APIRouter(tags=["health"])

_PATIENCE_SECONDS = 2


@router.get("/healthz", operation_id="is_alive", summary="The process answers")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get(
    "/readyz", operation_id="is_ready", summary="A member could be served now", response_model=Ready,
    responses={503: {"model": Ready, "description": "Something is missing."}},
)  # fmt: skip
async def readyz(request: Request) -> JSONResponse:
    """200 when a member could be served now, else 503; each part says how it is."""
    services: Services = request.app.state.services
    database, upstream = await asyncio.gather(_answers(services), is_reachable(services.settings))
    parts = {
        "database": "ok" if database else "unreachable",
        "upstream": "ok" if upstream else "unreachable",
        "upstream_kind": "standin" if services.settings.uses_standin else "openai",
        "recorder": "postgres" if services.recorder.is_connected else "journal",
    }
    is_ready = database and upstream and services.recorder.is_accepting
    return JSONResponse({"status": "ready" if is_ready else "not_ready", **parts}, status_code=200 if is_ready else 503)


@router.get(
    "/metrics", operation_id="read_metrics", summary="The meters, for Prometheus", response_class=PlainTextResponse
)
async def metrics(request: Request) -> Response:
    """The meters, for Prometheus."""
    services: Services = request.app.state.services
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _answers(services: Services) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), services.pool.connection() as connection:
            await connection.execute("select 1")
    except (psycopg.OperationalError, PoolTimeout, OSError):
        return False
    return True
