"""The agent on a kiosk's machine: brings badges to the gateway, says how the kiosk is, renews its token.

Three tasks beside the reader's thread. A badge is on disk before it is sent and is sent until the gateway
answers for it, so it counts whatever is down; the gateway absorbs what comes twice. Nothing here reads the
database: an agent knows its gateway's address and its own token.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from jarvis.kiosk_config import KioskConfig, config_of
from voice_gateway.kiosk.errors import KioskError
from voice_gateway.kiosk.spool import Spool, SpooledScan
from voice_gateway.kiosk.token_file import KeptToken, TokenFile

log = logging.getLogger(__name__)

_HTTP_SECONDS = 5.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_UNAUTHORISED_SECONDS = 30.0
_ROTATION_LOOK_SECONDS = 60.0


class ReadBadges(Protocol):
    """`voice_gateway.kiosk.reader.read_badges`, or a stand-in for it."""

    def __call__(self, *, should_stop: Callable[[], bool], on_state: Callable[[bool], None]) -> Iterator[str]:
        """Yields each badge; tells whether there is a reader."""


class GatewayAway(RuntimeError):
    """The gateway gave no answer that settles anything; asking again later may."""

    def __init__(self, why: str, *, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds
        """How long to wait at least, where the gateway said so."""


class Agent:
    """One kiosk's agent; `run` is its life."""

    def __init__(
        self,
        gateway_url: str,
        *,
        spool: Spool,
        token_file: TokenFile,
        read_badges: ReadBadges | None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """
        Args:
            read_badges: the card reader; None for a kiosk without one.
            transport: how to reach the gateway; over the network when None.
        """
        self._spool = spool
        self._token_file = token_file
        self._read_badges = read_badges
        self._client = httpx.AsyncClient(
            base_url=gateway_url, timeout=_HTTP_SECONDS, transport=transport, trust_env=_may_use_proxy(gateway_url)
        )
        self._config = KioskConfig()
        self._config_version: int | None = None
        self._network_ms: int | None = None
        self._is_reader_well: bool | None = None
        self._something = asyncio.Event()
        self._is_stopping = threading.Event()

    async def run(self) -> None:
        """Badges are read and sent until the task is cancelled, or the reader cannot be used at all.

        Raises:
            KioskError: when there is no token.
            ReaderUnavailable: when the machine has no way to read cards.
        """
        self._token_file.read()
        work = [self._send_forever(), self._report_forever(), self._renew_forever()]
        if self._read_badges is not None:
            work.append(self._read_forever(self._read_badges))
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._is_stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """No connection to the gateway is left open."""
        await self._client.aclose()

    # Badges.

    async def _read_forever(self, read_badges: ReadBadges) -> None:
        loop = asyncio.get_running_loop()

        def read() -> None:
            for uid in read_badges(should_stop=self._is_stopping.is_set, on_state=self._reader_is):
                # On disk in this thread, before the loop hears of it.
                self._spool.add(uid)
                loop.call_soon_threadsafe(self._something.set)

        await asyncio.to_thread(read)

    def _reader_is(self, is_well: bool) -> None:
        if is_well is not self._is_reader_well:
            log.info("card reader", extra={"is_well": is_well})
        self._is_reader_well = is_well

    async def _send_forever(self) -> None:
        attempt = 0
        while True:
            self._something.clear()
            try:
                for scan in self._spool.waiting():
                    await self._send(scan)
                    attempt = 0
            except GatewayAway as error:
                log.warning("badges wait", extra={"count": len(self._spool), "why": str(error)})
                await asyncio.sleep(max(error.seconds or 0.0, _RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)]))
                attempt += 1
                continue
            await self._something.wait()

    async def _send(self, scan: SpooledScan) -> None:
        answer = await self._ask(
            "POST",
            "/api/kiosk/badges",
            json={"uid": scan.uid, "scanned_at": scan.scanned_at, "waited_seconds": scan.waited_seconds()},
        )
        if answer.is_error:
            # Asked again it would be refused again, and hold up all those behind it.
            log.error("badge refused by the gateway", extra={"status": answer.status_code})
        self._spool.done(scan)

    # How the kiosk is, and how it is to be.

    async def _report_forever(self) -> None:
        while True:
            try:
                await self._report()
            except GatewayAway as error:
                log.warning("no heartbeat", extra={"why": str(error)})
            await asyncio.sleep(self._config.heartbeat_seconds)

    async def _report(self) -> None:
        began = time.monotonic()
        answer = await self._ask(
            "POST",
            "/api/kiosk/heartbeat",
            json={
                "software_version": version("jarvis"),
                "reader_ok": self._is_reader_well,
                "network_ms": self._network_ms,
                "details": {
                    "from": "agent",
                    "spooled_count": len(self._spool),
                    "wanted_version": self._config.software_version,
                },
            },
        )
        self._network_ms = round((time.monotonic() - began) * 1000)
        if answer.is_success and answer.json().get("config_version") != self._config_version:
            await self._read_config()

    async def _read_config(self) -> None:
        answer = await self._ask("GET", "/api/kiosk/config")
        if answer.is_success:
            content = answer.json()
            self._config, self._config_version = config_of(content["config"]), content["version"]
            log.info("configured", extra={"version": self._config_version})

    # Its token.

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(_ROTATION_LOOK_SECONDS)
            try:
                await self.renew_token(older_than=timedelta(days=self._config.rotate_token_days))
            except GatewayAway as error:
                log.warning("token not renewed", extra={"why": str(error)})

    async def renew_token(self, *, older_than: timedelta) -> bool:
        """A token of that age is replaced by a new one, which the gateway has taken; True when it was.

        Raises:
            GatewayAway: when the gateway does not answer; the old token goes on.
        """
        if datetime.now(UTC) - self._token_file.read().obtained_at < older_than:
            return False
        answer = await self._ask("POST", "/api/kiosk/token/rotate")
        if answer.is_error:
            raise GatewayAway(f"status {answer.status_code}")
        self._token_file.renew(str(answer.json()["token"]))
        # Its first use, at once: unused it would lapse.
        await self._ask("GET", "/api/kiosk/config")
        return True

    async def _ask(self, method: str, path: str, *, json: dict[str, Any] | None = None) -> httpx.Response:
        """The gateway's answer, a refusal included.

        Raises:
            GatewayAway: when there is none, or one that says to come back.
        """
        kept = self._token_file.read()
        answer = await self._request(method, path, kept.token, json)
        if answer.status_code == 401 and kept.previous is not None:
            answer = await self._request(method, path, kept.previous, json)
            if answer.status_code != 401:
                # The new one lapsed before it was used.
                self._token_file.settle(on_previous=True)
        elif answer.status_code != 401 and kept.previous is not None:
            self._token_file.settle()
        if answer.status_code == 401:
            raise GatewayAway(
                "the gateway does not know this token: provision the kiosk", seconds=_UNAUTHORISED_SECONDS
            )
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = answer.headers.get("Retry-After", "")
            raise GatewayAway(f"status {answer.status_code}", seconds=float(wait) if wait.isdigit() else None)
        return answer

    async def _request(self, method: str, path: str, token: str, json: dict[str, Any] | None) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=json, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            # The type only: messages quote requests.
            raise GatewayAway(type(error).__name__) from None
        is_away = answer.status_code == 429 or answer.status_code >= 500
        if not is_away and (answer.is_redirect or not _is_json(answer)):
            # A proxy's redirect or a network's sign-in page: it neither takes a badge nor refuses one.
            raise GatewayAway(f"status {answer.status_code}, expected a gateway's JSON: check --gateway")
        return answer


def _is_json(answer: httpx.Response) -> bool:
    content_type: str = answer.headers.get("Content-Type", "")
    return content_type.partition(";")[0].strip().lower() == "application/json"


def provisioned(gateway_url: str, *, code: str, device_id: str, token_file: TokenFile) -> None:
    """The code is spent, and its token kept.

    Raises:
        KioskError: when the gateway refuses, or the token cannot be kept.
    """
    try:
        answer = httpx.post(
            f"{gateway_url}/api/kiosk/provision",
            json={"code": code, "device_id": device_id, "hardware_info": {"kind": "agent"}},
            timeout=_HTTP_SECONDS,
            trust_env=_may_use_proxy(gateway_url),
        )
        content = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise KioskError(f"the gateway at {gateway_url} does not answer ({type(error).__name__})") from None
    if answer.is_error:
        raise KioskError(f"the gateway refused the code: {content.get('error', {}).get('message', answer.status_code)}")
    token_file.write(KeptToken(str(content["token"]), datetime.now(UTC)))


def _may_use_proxy(gateway_url: str) -> bool:
    """False for a gateway on this machine, which no proxy can reach."""
    return urlsplit(gateway_url).hostname not in ("127.0.0.1", "localhost", "::1")
