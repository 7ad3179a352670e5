"""Who makes an HTTP call: a kiosk by its token, else an address; and the refusals that say who may not."""

import re

import psycopg
from fastapi import Request
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from jarvis.kiosks import CLIENT_SECRET_PREFIX, Kiosk, token_hash
from voice_gateway.apologies import Trouble, apology
from voice_gateway.protocol.kiosk import GYM_SUSPENDED
from voice_gateway.routes.answers import Refused
from voice_gateway.services import Services
from warehouse.stores.kiosks import kiosk_of_token
from warehouse.stores.voice import token_behind_client_secret

DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)

_KIOSKS = "kiosks_by_token"

_BEARER = re.compile(r"^Bearer (?P<token>\S{1,256})$", re.IGNORECASE)


async def calling_kiosk(request: Request) -> Kiosk | None:
    """The kiosk whose token the call carries; None without a valid one.

    Raises:
        psycopg.OperationalError, PoolTimeout: when the database does not answer.
    """
    return await kiosk_showing(request, bearer_token(request.headers.get("authorization")))


async def kiosk_showing(request: Request, token: str | None) -> Kiosk | None:
    """The kiosk that holds the token, asked for once a request; None without a valid one.

    Raises:
        psycopg.OperationalError, PoolTimeout: when the database does not answer.
    """
    if token is None:
        return None
    # By token: the page's calls come with one in a cookie and are passed on with one in the header.
    known: dict[str, Kiosk | None] = getattr(request.state, _KIOSKS, {})
    if token not in known:
        services: Services = request.app.state.services
        async with services.pool.connection() as connection:
            known = {**known, token: await kiosk_with(connection, token)}
        setattr(request.state, _KIOSKS, known)
    return known[token]


async def kiosk_with(connection: AsyncConnection, token: str | None) -> Kiosk | None:
    """The kiosk that holds the token; None without one."""
    return await kiosk_of_token(connection, token_hash=token_hash(token)) if token else None


async def device_token_hash(connection: AsyncConnection, credential: str | None) -> bytes | None:
    """The hash of the device token behind what a websocket shows: its own, or the one a client secret stands for."""
    if credential is None:
        return None
    shown = token_hash(credential)
    if not credential.startswith(CLIENT_SECRET_PREFIX):
        return shown
    return await token_behind_client_secret(connection, secret_hash=shown)


def bearer_token(header: str | None) -> str | None:
    """The token of an Authorization header; None when there is none that could be ours."""
    match = _BEARER.match(header or "")
    return match["token"] if match else None


def client_ip(request: Request) -> str:
    """The caller's address: the peer's, or the one that our own proxy names (`voice_gateway/__main__.py`)."""
    return request.client.host if request.client else "unknown"


def unknown_token() -> Refused:
    """The token opens nothing."""
    return Refused(
        401, "invalid_token",
        "found no valid device token, expected the one given at provisioning: provision the kiosk again",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def gym_suspended(kiosk: Kiosk) -> Refused:
    """The token is right, and its gym is not served: in words for whoever stands there."""
    return Refused(403, GYM_SUSPENDED, apology(Trouble.SUSPENDED, kiosk.language))
