"""How a kiosk gets its token, and how it says that it is alive."""

from hashlib import sha256
from typing import Annotated, Any

import orjson
import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from jarvis.kiosk_config import config_of
from jarvis.kiosks import ROTATION_GRACE_SECONDS, CodeFormatError, new_token, stored_code, token_hash
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import Refused, refusals
from voice_gateway.routes.bodies import read_body, taking
from voice_gateway.routes.callers import bearer_token, calling_kiosk, client_ip, unknown_token
from voice_gateway.routes.guards import DEVICE
from voice_gateway.routes.kiosk_answers import Beat, KioskConfig, Provisioned, Rotated
from voice_gateway.routes.limits import limited
from voice_gateway.services import Services
from warehouse.stores.kiosk_settings import KioskSettings, settings_of
from warehouse.stores.kiosks import Heartbeat, claim_kiosk, record_heartbeat, rotate_token

router = APIRouter(prefix="/api/kiosk", tags=["kiosk"], dependencies=[Depends(limited(RateClass.API))])


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


@router.post(
    "/provision", operation_id="provision_kiosk", summary="Spend a code for a device token",
    response_model=Provisioned, responses=refusals(400, 403, 409, 413, 422, 429, 503), **taking(ProvisionRequest),
)  # fmt: skip
async def provision(request: Request) -> JSONResponse:
    """A code becomes a device token, once."""
    services: Services = request.app.state.services
    body = await read_body(request, ProvisionRequest)
    try:
        code = stored_code(body.code)
    except CodeFormatError as error:
        raise Refused(400, "invalid_code", str(error)) from None
    token = new_token()
    try:
        async with services.pool.connection() as connection:
            kiosk = await claim_kiosk(
                connection,
                code=code,
                token_hash=token_hash(token),
                device_id=body.device_id,
                ip=client_ip(request),
                hardware_info=body.hardware_info,
            )
    except psycopg.errors.UniqueViolation:
        message = "found this device_id on another kiosk of the gym, expected each device once: use its own id"
        raise Refused(409, "device_taken", message) from None
    if kiosk is None:
        # The same words for wrong, expired, used and too many tries: no oracle for guessing.
        raise Refused(
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


@router.post(
    "/token/rotate", operation_id="rotate_kiosk_token", summary="Renew the device token", response_model=Rotated,
    responses=refusals(401, 429, 503), dependencies=[Depends(DEVICE)],
)  # fmt: skip
async def rotate(request: Request) -> JSONResponse:
    """A new token beside the one of this call, which ends when the new one is first used."""
    services: Services = request.app.state.services
    old_token = bearer_token(request.headers.get("authorization"))
    new = new_token()
    kiosk = await calling_kiosk(request)
    if kiosk is None or old_token is None:
        raise unknown_token()
    async with services.pool.connection() as connection:
        is_rotated = await rotate_token(connection, old_hash=token_hash(old_token), new_hash=token_hash(new))
    if not is_rotated:
        raise unknown_token()
    return JSONResponse(
        {"kiosk_id": str(kiosk.kiosk_id), "token": new, "use_within_seconds": ROTATION_GRACE_SECONDS},
        headers={"Cache-Control": "no-store"},
    )


@router.post(
    "/heartbeat", operation_id="send_heartbeat", summary="Say that the kiosk is alive", response_model=Beat,
    responses=refusals(400, 401, 413, 422, 429, 503), dependencies=[Depends(DEVICE)], **taking(HeartbeatRequest),
)  # fmt: skip
async def heartbeat(request: Request) -> JSONResponse:
    """The kiosk shows as online, or in error where it says that a part of it is not well."""
    services: Services = request.app.state.services
    kiosk = await calling_kiosk(request)
    # Nothing is read from a stranger, and no connection is held while a body trickles in.
    if kiosk is None:
        raise unknown_token()
    sign = Heartbeat(**(await read_body(request, HeartbeatRequest)).model_dump())
    async with services.pool.connection() as connection:
        status = await record_heartbeat(connection, kiosk, heartbeat=sign, ip=client_ip(request))
        known = (await settings_of(connection, [kiosk.kiosk_id])).get(kiosk.kiosk_id)
    return JSONResponse(
        {"kiosk_id": str(kiosk.kiosk_id), "status": status, "config_version": known.version if known else 0}
    )


@router.get(
    "/config", operation_id="read_kiosk_config", summary="How the kiosk is to behave", response_model=KioskConfig,
    responses={304: {"description": "As the caller knows it."}, **refusals(401, 429, 503)},
    dependencies=[Depends(DEVICE)],
)  # fmt: skip
async def config(request: Request) -> Response:
    """How this kiosk is to behave; 304 when it knows."""
    services: Services = request.app.state.services
    kiosk = await calling_kiosk(request)
    if kiosk is None:
        raise unknown_token()
    async with services.pool.connection() as connection:
        known = (await settings_of(connection, [kiosk.kiosk_id])).get(kiosk.kiosk_id, KioskSettings({}, 0))
    effective = config_of(known.settings).as_json()
    # Of the contents too: another release of the gateway may have other defaults.
    etag = f'"{known.version}-{sha256(orjson.dumps(effective)).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in (offered.strip() for offered in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return JSONResponse({"config": effective, "version": known.version}, headers=headers)
