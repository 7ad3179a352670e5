"""The websocket kiosks speak through: checks the token before the upgrade, then hands over to the relay."""

import asyncio
import contextlib
import logging

from fastapi import APIRouter, WebSocket

from jarvis.kiosks import Kiosk
from jarvis.logs import place_of
from jarvis.sessions import CloseReason
from voice_gateway.connection import CloseSocket, KioskConnection
from voice_gateway.devices import Devices
from voice_gateway.outbound import Outbound
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol.kiosk import CREDENTIAL_SUBPROTOCOL, KIOSK_SUBPROTOCOL, SUBPROTOCOL
from voice_gateway.relay import LiveSession
from voice_gateway.routes.answers import Refused, database_away
from voice_gateway.routes.callers import DATABASE_AWAY, bearer_token, device_token_hash, gym_suspended, unknown_token
from voice_gateway.routes.guards import foreign_origin, is_own_origin
from voice_gateway.services import Services
from warehouse.stores.kiosks import kiosk_of_token

log = logging.getLogger(__name__)
router = APIRouter()

_CLOSE_SECONDS = 0.5
_SLOW_READER = "slow_reader"
# uvicorn tells a peer that vanished with 1005, and its own shutdown with 1012.
_REASONS = {1000: CloseReason.MEMBER_LEFT, 1012: CloseReason.OPERATOR}


@router.websocket("/v1/realtime")
async def realtime(websocket: WebSocket) -> None:
    """One device's connection, with the token it shows itself."""
    given = bearer_token(websocket.headers.get("authorization")) or _token_in(websocket.scope["subprotocols"])
    await serve(websocket, given)


async def serve(websocket: WebSocket, token: str | None) -> None:
    """One kiosk's connection, from the handshake to the record of its end."""
    services: Services = websocket.app.state.services
    try:
        kiosk, device_hash = await _let_in(websocket, token)
    except Refused as refused:
        await websocket.send_denial_response(refused.answer())
        return
    offered = websocket.scope["subprotocols"]
    is_kiosk = KIOSK_SUBPROTOCOL in offered or websocket.query_params.get("kiosk") == "1"
    # Browsers reject an answer they did not offer, some clients one that is not exactly this.
    await websocket.accept(
        subprotocol=SUBPROTOCOL
        if SUBPROTOCOL in offered
        else KIOSK_SUBPROTOCOL
        if KIOSK_SUBPROTOCOL in offered
        else None
    )

    serving = asyncio.current_task()
    is_stuck = False

    def give_up() -> None:
        """It reads nothing, or less than it is told: no frame is left out, the connection goes as a whole."""
        nonlocal is_stuck
        is_stuck = True
        services.metrics.kiosks_dropped.labels(_SLOW_READER).inc()
        log.warning("kiosk reads too slowly", extra={"kiosk_id": str(kiosk.kiosk_id)})
        if serving is not None:
            serving.cancel()

    outbound = Outbound(websocket.send_text, on_stuck=give_up)

    async def close(code: int, why: str) -> None:
        await outbound.drain()
        try:
            await websocket.close(code, why)
        except RuntimeError:
            return  # It closed first.

    devices: Devices = websocket.app.state.devices
    connection = KioskConnection(
        kiosk,
        services,
        token_hash=device_hash,
        is_kiosk=is_kiosk,
        tell=outbound.put,
        close=close,
        flush=outbound.drain,
        greets=websocket.query_params.get("greet") == "1",
    )
    connections: set[KioskConnection] = websocket.app.state.connections
    connections.add(connection)
    services.metrics.kiosks_connected.inc()
    watcher: asyncio.Task[None] | None = None
    reason = CloseReason.KIOSK_LOST
    try:
        await devices.enter(connection)
        if websocket.app.state.is_draining:
            # The drain began while this one was being let in.
            await connection.stop(CloseReason.OPERATOR)
        if not is_kiosk:
            live = await connection.open_without_badge()
            watcher = asyncio.create_task(_close_after(live, close))
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                reason = _REASONS.get(message.get("code", 1005), CloseReason.KIOSK_LOST)
                break
            await connection.frame(message["text"] if message.get("text") is not None else message.get("bytes") or b"")
    except asyncio.CancelledError:
        if not is_stuck:
            raise
        # It reaches one that still reads; whoever does not is hung up when this returns.
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await websocket.close(1008, _SLOW_READER)
    except kiosk_protocol.FrameError as error:
        log.warning("session refused", extra={"kiosk_id": str(kiosk.kiosk_id), "code": error.code})
        await websocket.close(1013, error.code)
    except Exception as error:
        # A fault of ours. Type and place only: the message could quote a frame.
        log.error(
            "kiosk's connection failed",
            extra={"kiosk_id": str(kiosk.kiosk_id), "error": type(error).__name__, "place": place_of(error)},
        )
        await close(1011, "internal_error")
    finally:
        if watcher is not None:
            watcher.cancel()
        devices.leave(connection)
        services.metrics.kiosks_connected.dec()
        outbound.close()
        try:
            await connection.lost(reason, _SLOW_READER if is_stuck else None)
        finally:
            # Not before: a session that waits for its kiosk is still to be stopped with the gateway.
            connections.discard(connection)


async def _let_in(websocket: WebSocket, token: str | None) -> tuple[Kiosk, bytes]:
    """The kiosk and the hash of its device token.

    Raises:
        Refused: the handshake is answered with it.
    """
    services: Services = websocket.app.state.services
    if not is_own_origin(websocket):
        raise foreign_origin()
    if websocket.app.state.is_draining:
        raise Refused(503, "gateway_stopping", "the gateway is stopping: connect again in a few seconds")
    try:
        async with services.pool.connection() as database:
            device_hash = await device_token_hash(database, token)
            kiosk = None if device_hash is None else await kiosk_of_token(database, token_hash=device_hash)
    except DATABASE_AWAY:
        raise database_away() from None
    if kiosk is None or device_hash is None:
        raise unknown_token()
    if not kiosk.is_served:
        raise gym_suspended(kiosk)
    return kiosk, device_hash


async def _close_after(live: LiveSession, close: CloseSocket) -> None:
    """A client without `kiosk.*` events learns from the close that its session is over."""
    await live.is_over.wait()
    reason = live.session.close_reason
    await close(1001, reason.value if reason else "")


def _token_in(subprotocols: list[str]) -> str | None:
    """The credential that browsers, which cannot set headers, offer as a subprotocol."""
    for offered in subprotocols:
        if offered.startswith(CREDENTIAL_SUBPROTOCOL):
            return offered.removeprefix(CREDENTIAL_SUBPROTOCOL) or None
    return None
