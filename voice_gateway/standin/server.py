"""The stand-in's socket: `/v1/realtime` for sessions, `/healthz` and `/control/*` for those who run it, on one port.

Wiring only: `pump` runs a connection, `protocol` decides, `control` answers HTTP. Loopback by default; it accepts any
credential and looks at none.
"""

import asyncio
import contextlib
import functools
import http
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from voice_gateway.standin.connection import StandinConnection
from voice_gateway.standin.control import Answer, Control
from voice_gateway.standin.ears_process import EarsProcess
from voice_gateway.standin.faults import Faults, FaultsError
from voice_gateway.standin.protocol import RealtimeSession
from voice_gateway.standin.pump import SessionPump
from voice_gateway.standin.voice import speak

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "gpt-realtime-2.1-mini"
REALTIME_PATH = "/v1/realtime"
REQUEST_ID_HEADER = "X-Client-Request-Id"
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # 15 MiB of audio is 20 MiB of base64
_BETA_CLOSE_CODE = 4000  # what the provider closes a beta-shaped client with
_CLOSE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class _Live:
    pump: SessionPump
    request_id: str | None
    query: dict[str, str]  # the fault switches of its address


@dataclass
class _Server:
    """What the connections of one server share."""

    control: Control = field(default_factory=Control)
    ears: EarsProcess = field(default_factory=EarsProcess)
    # One thread: espeak-ng takes one caller at a time, and waiting for it must not hold the loop.
    voice: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="voice")
    )
    live: set[_Live] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.control.on_faults = self._change_live_faults

    def check_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets the upgrade go on; anything else is the answer to a plain GET or a refused connection."""
        path = urlsplit(request.path).path
        if path != REALTIME_PATH:
            return _response(self.control.answer("GET", path, b""))
        try:
            faults = self._faults_of(request)
        except FaultsError as error:
            return _response(Answer(400, {"error": str(error)}))
        if faults.refuse_connection:
            return _response(
                Answer(503, {"error": "found the switch refuse_connection on, expected clients to try again"})
            )
        if faults.unauthorized:
            return _response(Answer(401, {"error": "found the switch unauthorized on, expected clients to give up"}))
        return None

    async def converse(self, connection: ServerConnection) -> None:
        """The connection's session has run from its first event to its last."""
        request = connection.request
        assert request is not None  # the library calls the handler after the handshake
        if "realtime=v1" in request.headers.get("OpenAI-Beta", ""):
            await connection.close(_BETA_CLOSE_CODE, "beta_api_shape_disabled")
            return
        query = dict(parse_qsl(urlsplit(request.path).query))
        faults = self._faults_of(request)
        request_id = request.headers.get(REQUEST_ID_HEADER)
        session = RealtimeSession(
            session_id=uuid.uuid4().hex[:12],
            model=query.get("model", DEFAULT_MODEL),
            opened_at=int(time.time()),
            faults=faults,
            next_line=lambda: self.control.scripts.next_line(request_id),
        )
        pump = SessionPump(
            connection,
            session,
            recognise=self.ears.recognise,
            say=self._say,
            longest_seconds=faults.session_max_seconds,
        )
        live = _Live(pump=pump, request_id=request_id, query=_switches(query))
        self.live.add(live)
        self.control.open_connections = len(self.live)
        logger.info("session opened", extra={"session_id": session.settings["id"]})
        try:
            await pump.run()
        finally:
            self.live.discard(live)
            self.control.open_connections = len(self.live)
            logger.info("session ended", extra={"session_id": session.settings["id"]})

    async def _say(self, text: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self.voice, speak, text)

    def _faults_of(self, request: Request) -> Faults:
        return self.control.faults.changed(_switches(dict(parse_qsl(urlsplit(request.path).query))))

    def _change_live_faults(self, switches: dict[str, Any], request_id: str | None) -> None:
        for live in self.live:
            if request_id is None or request_id == live.request_id:
                live.pump.change_faults(Faults().changed(live.query | switches))


def _switches(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name in Faults.names()}


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    # Naming supported subprotocols to the library instead would refuse every client that offers none.
    return Subprotocol("realtime") if "realtime" in offered else None


def _response(answer: Answer) -> Response:
    body = json.dumps(answer.body, ensure_ascii=False).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(answer.status, http.HTTPStatus(answer.status).phrase, headers, body)


@contextlib.asynccontextmanager
async def running(*, port: int, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The stand-in serves inside the block; gives the port, which the system chooses when asked for 0."""
    shared = _Server()
    connection_type = functools.partial(StandinConnection, answer_http=shared.control.answer)
    async with serve(
        shared.converse,
        host,
        port,
        process_request=shared.check_request,
        select_subprotocol=_select_subprotocol,
        create_connection=cast(type[ServerConnection], connection_type),
        compression=None,  # with it, two hundred sessions compress more than they talk
        max_size=_MAX_MESSAGE_BYTES,
        close_timeout=_CLOSE_SECONDS,
        server_header="jarvis-standin",
    ) as server:
        # The acoustic model takes a moment to load: before the first member speaks, not after.
        warm_up = asyncio.create_task(shared.ears.recognise(b""))
        try:
            yield next(iter(server.sockets)).getsockname()[1]
        finally:
            warm_up.cancel()
            await asyncio.gather(warm_up, return_exceptions=True)
            server.close()
            await server.wait_closed()
            await shared.ears.close()
            shared.voice.shutdown(cancel_futures=True)
