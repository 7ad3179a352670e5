"""How a kiosk gets its token, and how it says that it is alive."""

import re
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ConfigDict, Field

from jarvis.kiosks import CodeFormatError, Kiosk, code_hash, new_token, token_hash
from voice_gateway.relay import Services
from voice_gateway.routes.bodies import BodyRefused, read_body, refusal
from warehouse.stores.kiosks import Heartbeat, claim_kiosk, kiosk_of_token, record_heartbeat

router = APIRouter(prefix="/api/kiosk")

_BEARER = re.compile(r"^Bearer (?P<token>\S{1,256})$", re.IGNORECASE)
_DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout, OSError)


class ProvisionRequest(BaseModel):
    """A kiosk that wants to become one of ours."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=32)]
    device_id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.:\-]+$")]
    hardware_info: dict[str, Any] = Field(default_factory=dict, max_length=64)


class HeartbeatRequest(BaseModel):
    """What a kiosk says of itself."""

    model_config = ConfigDict(extra="forbid")

    software_version: Annotated[str, Field(max_length=64)] | None = None
    microphone_ok: bool | None = None
    reader_ok: bool | None = None
    network_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    details: dict[str, Any] = Field(default_factory=dict, max_length=64)


@router.post("/provision")
async def provision(request: Request) -> JSONResponse:
    """A code becomes a device token, once."""
    services: Services = request.app.state.services
    try:
        body = await read_body(request, ProvisionRequest)
        hashed = code_hash(body.code)
    except BodyRefused as error:
        return refusal(error.status, error.code, str(error))
    except CodeFormatError as error:
        return refusal(400, "invalid_code", str(error))
    token = new_token()
    try:
        async with services.pool.connection() as connection:
            kiosk = await claim_kiosk(
                connection,
                code_hash=hashed,
                token_hash=token_hash(token),
                device_id=body.device_id,
                ip=client_ip(request),
                hardware_info=body.hardware_info,
            )
    except psycopg.errors.UniqueViolation:
        return refusal(
            409,
            "device_taken",
            "found this device_id on another kiosk of the gym, expected each device once: use its own id",
        )
    except psycopg.DataError:
        return unfit_for_storage()
    except _DATABASE_AWAY:
        return database_away()
    if kiosk is None:
        # The same words for wrong, expired, used and too many tries: no oracle for guessing.
        return refusal(
            403, "code_refused",
            "found no usable code, expected one made by `jarvis kiosk code` in the last ten minutes and not used yet",
        )  # fmt: skip
    return JSONResponse(
        {
            "kiosk_id": str(kiosk.kiosk_id), "gym_id": str(kiosk.gym_id), "slug": kiosk.slug, "name": kiosk.name,
            "token": token,
        },
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


@router.post("/heartbeat")
async def heartbeat(request: Request) -> JSONResponse:
    """The kiosk shows as online."""
    services: Services = request.app.state.services
    token = bearer_token(request.headers.get("authorization"))
    try:
        async with services.pool.connection() as connection:
            kiosk = await kiosk_with(connection, token)
        # Nothing is read from a stranger, and no connection is held while a body trickles in.
        if kiosk is None:
            return unknown_token()
        body = await read_body(request, HeartbeatRequest)
        async with services.pool.connection() as connection:
            sign = Heartbeat(**body.model_dump())
            await record_heartbeat(connection, kiosk, heartbeat=sign, ip=client_ip(request))
    except BodyRefused as error:
        return refusal(error.status, error.code, str(error))
    except psycopg.DataError:
        return unfit_for_storage()
    except _DATABASE_AWAY:
        return database_away()
    return JSONResponse({"kiosk_id": str(kiosk.kiosk_id), "status": "online"})


async def kiosk_with(connection: "psycopg.AsyncConnection", token: str | None) -> Kiosk | None:
    """The kiosk that holds the token; None without one."""
    return await kiosk_of_token(connection, token_hash=token_hash(token)) if token else None


def bearer_token(header: str | None) -> str | None:
    """The token of an Authorization header; None when there is none that could be ours."""
    match = _BEARER.match(header or "")
    return match["token"] if match else None


def client_ip(request: Request) -> str:
    """The peer's address; proxies' headers are not believed, as anybody can write them."""
    return request.client.host if request.client else "unknown"


def unknown_token() -> JSONResponse:
    """The token opens nothing."""
    return refusal(
        401, "invalid_token",
        "found no valid device token, expected the one given at provisioning: provision the kiosk again",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def unfit_for_storage() -> JSONResponse:
    """The database cannot keep such a value; it is not named, because its message would quote it."""
    return refusal(400, "invalid_value", "found a value that cannot be stored, expected plain JSON text and numbers")


def database_away() -> JSONResponse:
    """Nothing can be checked now."""
    return refusal(503, "database_unavailable", "the database does not answer: try again in a few seconds")
