"""What a kiosk asks about its conversations: a short-lived credential for the websocket, states, words, an end.

A session itself is opened by the websocket (`docs/doors/kiosks.md`). A kiosk sees its own sessions and no
others, and what members said only while they stand there and for ten minutes after.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from jarvis.kiosks import new_client_secret, token_hash
from jarvis.sessions import CloseReason
from voice_gateway.connection import KioskConnection
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.callers import bearer_token
from voice_gateway.routes.dashboard import found
from voice_gateway.routes.dashboard_answers import Page
from voice_gateway.routes.guards import KioskHere, own_origin
from voice_gateway.routes.limits import limited
from voice_gateway.routes.paging import KioskPaging
from voice_gateway.services import Services
from warehouse.stores import voice

router = APIRouter(
    prefix="/api/voice",
    tags=["voice"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.VOICE))],
    responses=ALWAYS,
)

CLIENT_SECRET_SECONDS = 60


class ClientSecret(BaseModel):
    """A credential for `/v1/realtime`, in the shape of OpenAI's client secrets."""

    value: Annotated[str, Field(description="Give it as the key; it opens connections until it ends.")]
    expires_at: Annotated[int, Field(description="Unix seconds.")]
    url: Annotated[str, Field(examples=["/v1/realtime"])]


class VoiceSession(BaseModel):
    """One session of this kiosk."""

    id: UUID
    state: Literal["active", "closed"]
    started_at: datetime
    ended_at: datetime | None
    close_reason: CloseReason | None
    language: str
    turn_count: int


class VoiceTurn(BaseModel):
    """One utterance, as it was heard."""

    item_id: str
    position: int
    role: Literal["member", "assistant"]
    text: str
    status: str
    started_at: datetime
    ended_at: datetime | None


class VoiceEnd(BaseModel):
    """Why the kiosk ends a session."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "member_goodbye"}]})

    reason: Literal["member_left", "member_goodbye"] = "member_left"


@router.post("/client-secrets", operation_id="create_client_secret", status_code=201, response_model=ClientSecret)
async def create_client_secret(request: Request, _kiosk: KioskHere, answer: Response) -> Any:
    """A credential of one minute, for a page or program that should not hold the device token.

    It stands for the token it was asked with: revoking that one ends the connections made with either.
    """
    services: Services = request.app.state.services
    secret = new_client_secret()
    async with services.pool.connection() as connection:
        ends = await voice.issue_client_secret(
            connection,
            token_hash=token_hash(bearer_token(request.headers.get("authorization")) or ""),
            secret_hash=token_hash(secret),
            valid_seconds=CLIENT_SECRET_SECONDS,
        )
    if ends is None:
        raise Refused(401, "invalid_token", "found a token that has just been revoked, expected a valid one")
    answer.headers["Cache-Control"] = "no-store"
    return {"value": secret, "expires_at": int(ends.timestamp()), "url": "/v1/realtime"}


@router.get("/sessions", operation_id="list_voice_sessions", response_model=Page[VoiceSession])
async def list_voice_sessions(
    request: Request, kiosk: KioskHere, paging: KioskPaging, state: Literal["active", "closed"] | None = None
) -> Any:
    """This kiosk's sessions, the latest first."""
    services: Services = request.app.state.services
    async with services.pool.connection() as connection:
        rows = await voice.sessions(
            connection, kiosk.kiosk_id, asked=paging.asked, state=state, after=(paging.key(0), paging.key(1))
        )
    return paging.page(rows, "started_at", "id")


@router.get(
    "/sessions/{session_id}", operation_id="read_voice_session", response_model=VoiceSession, responses=refusals(404)
)  # fmt: skip
async def read_voice_session(request: Request, session_id: UUID, kiosk: KioskHere) -> Any:
    """How a session of this kiosk stands."""
    services: Services = request.app.state.services
    async with services.pool.connection() as connection:
        return found(await voice.session(connection, kiosk.kiosk_id, session_id), "session")


@router.get(
    "/sessions/{session_id}/turns", operation_id="list_voice_turns", response_model=Page[VoiceTurn],
    responses=refusals(404),
)  # fmt: skip
async def list_voice_turns(request: Request, session_id: UUID, kiosk: KioskHere, paging: KioskPaging) -> Any:
    """What was said, in its order; empty once the session has been over for ten minutes."""
    services: Services = request.app.state.services
    async with services.pool.connection() as connection:
        found(await voice.session(connection, kiosk.kiosk_id, session_id), "session")
        rows = await voice.turns(
            connection, kiosk.kiosk_id, session_id, asked=paging.asked, after=(paging.key(0), paging.key(1))
        )
    return paging.page(rows, "position", "id")


@router.post(
    "/sessions/{session_id}/end", operation_id="end_voice_session", response_model=VoiceSession,
    responses=refusals(404, 409, 413), **taking(VoiceEnd),
)  # fmt: skip
async def end_voice_session(
    request: Request,
    session_id: UUID,
    kiosk: KioskHere,
    body: Annotated[VoiceEnd, Depends(json_body(VoiceEnd))],
) -> Any:
    """The session is closed on record; one that was closed already keeps its reason."""
    services: Services = request.app.state.services
    async with services.pool.connection() as connection:
        row = found(await voice.session(connection, kiosk.kiosk_id, session_id), "session")
    if row["state"] == "closed":
        return row
    connections: set[KioskConnection] = request.app.state.connections
    for held in list(connections):
        await held.end(session_id, CloseReason(body.reason))
    async with services.pool.connection() as connection:
        row = found(await voice.session(connection, kiosk.kiosk_id, session_id), "session")
    if row["state"] != "closed":
        raise Refused(
            409, "session_elsewhere",
            "found the session held by another gateway process, expected this one: end it over its own websocket",
        )  # fmt: skip
    return row
