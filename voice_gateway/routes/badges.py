"""Takes the badges that a kiosk's agent read: live ones open a session on the kiosk's page, all of them count."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import Refused, refusals
from voice_gateway.routes.bodies import read_body, taking
from voice_gateway.routes.callers import calling_kiosk, unknown_token
from voice_gateway.routes.guards import DEVICE
from voice_gateway.routes.kiosk_answers import BadgeTaken
from voice_gateway.routes.limits import limited
from voice_gateway.services import Services
from warehouse.stores.kiosk_badges import Scan, take_scan

router = APIRouter(prefix="/api/kiosk", tags=["kiosk"], dependencies=[Depends(limited(RateClass.API))])

# Told by the agent's own clock that never jumps: a kiosk whose time of day is wrong is served all the same.
_LIVE_SECONDS = 5.0
_OLDEST = timedelta(days=31)
_NEWEST = timedelta(minutes=10)


class BadgeRequest(BaseModel):
    """One scan."""

    model_config = ConfigDict(extra="forbid")

    uid: Annotated[str, Field(min_length=1, max_length=64)]
    scanned_at: AwareDatetime
    waited_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


@router.post(
    "/badges", operation_id="report_badge", summary="Report a badge scan", response_model=BadgeTaken,
    responses=refusals(400, 401, 413, 422, 429, 503), dependencies=[Depends(DEVICE)], **taking(BadgeRequest),
)  # fmt: skip
async def take(request: Request) -> JSONResponse:
    """The scan counts, once, at its own time; a live one is on its way to the kiosk's page."""
    services: Services = request.app.state.services
    kiosk = await calling_kiosk(request)
    if kiosk is None:
        raise unknown_token()
    body = await read_body(request, BadgeRequest)
    now = datetime.now(UTC)
    if not now - _OLDEST <= body.scanned_at <= now + _NEWEST:
        raise Refused(
            422, "invalid_time",
            "found a scan of over 31 days ago or 10 minutes ahead, expected one in between: set the kiosk's clock",
        )  # fmt: skip
    async with services.pool.connection() as connection:
        scan = Scan(body.uid, body.scanned_at)
        taken = await take_scan(connection, kiosk, scan, is_live=body.waited_seconds <= _LIVE_SECONDS)
    return JSONResponse({"outcome": taken.outcome.value, "is_new": taken.is_new})
