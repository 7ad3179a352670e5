"""The gate in front of every page, route, file and websocket: no session, no answer.

ASGI middleware around the whole Streamlit app. Only the public page, the sign-in page, the health route and
the page that ends letters are open. It also keeps other sites' pages away from the websocket and sets
the headers that keep ours out of other sites' frames.
"""

import html
import logging
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
import psycopg
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from dashboards.sign_in.pages import answering, keep_choice, page
from jarvis.mail_kinds import UNSUBSCRIBE_PATH
from jarvis.tenancy import Scope
from warehouse.stores.sign_in import SessionStore

# What JARVIS is, for whoever comes by; the seed's own address.
LANDING = "/landing-client"

# Leaving for the identity provider, and coming back.
PROVIDER_WAY, PROVIDER_BACK = "/login/fournisseur", "/login/fournisseur/retour"

# Each of these asks the session itself, or needs none.
OPEN_PATHS = frozenset({
    LANDING, "/login", "/login/code", "/login/application", PROVIDER_WAY, PROVIDER_BACK,
    "/mot-de-passe-oublie", "/mot-de-passe", "/healthz", UNSUBSCRIBE_PATH,
})  # fmt: skip

# Streamlit binds its own reconnection to this header, so that one person never resumes another's page.
IDENTITY_HEADER = "x-jarvis-user"

# The name tells the browser to refuse it without TLS or from a neighbour host; plain http cannot use it.
SECURE_COOKIE = "__Host-jarvis_session"
PLAIN_COOKIE = "jarvis_session"

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# Streamlit sets styles and compiles table code in the page; everything else comes from us alone.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

UNAVAILABLE = "Le service est momentanément indisponible. Réessayez dans un instant."

# Streamlit's own files, the same for everybody: a first visit asks for a hundred of them within a moment, and whoever
# was let in is not looked up for each. Longer than that moment it would outlive a session's end for nothing.
_FILES, _FILES_SECONDS = "/static/", 2.0

_logger = logging.getLogger(__name__)


class SessionGate:
    """Lets through those whose cookie opens a session, and says who they are to what lies behind."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: SessionStore,
        public_url: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._public_url = public_url
        self._clock = clock
        # Until when a token opens files without being looked up.
        self._let_in: dict[str, float] = {}
        # A page's hundred files arrive at once; they queue here, not on the database's connections.
        self._at_once = anyio.CapacityLimiter(4)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answers itself, or passes the request on with its identity."""
        if scope["type"] == "http":
            await self._http(scope, receive, _with_security_headers(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        if self._is_let_in(scope):
            await self._app(scope, receive, send)
            return
        wants_page = scope["method"] in ("GET", "HEAD") and "text/html" in Headers(scope=scope).get("accept", "")
        try:
            person = await self._person(scope, is_activity=wants_page)
        except (psycopg.Error, PoolTimeout) as error:
            _logger.error("session not resolved", extra={"error": type(error).__name__})
            away = self._trouble(scope) if wants_page else PlainTextResponse(UNAVAILABLE, 503)
            away.headers["retry-after"] = "5"
            await away(scope, receive, send)
            return
        if person is not None:
            if scope["path"].startswith(_FILES):
                self._remember(scope)
            await self._app(_introduced(scope, person), receive, send)
            return
        answer: Response = (
            self._way_in(scope) if wants_page else PlainTextResponse("Connexion requise : ouvrez /login.", 401)
        )
        answer.headers["cache-control"] = "no-store"
        await answer(scope, receive, send)

    def _trouble(self, scope: Connection) -> Response:
        """The page that says to come back, in the reader's language; why is for the log alone."""
        request = Request(scope)
        with answering(request):
            answer = page("trouble.html", 503, trouble=UNAVAILABLE)
            keep_choice(answer, secure=is_secure(request, public_url=self._public_url))
            return answer

    def _way_in(self, scope: Connection) -> Response:
        asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        if Headers(scope=scope).get("sec-fetch-site") == "cross-site":
            # A link in a letter: the browser keeps a strict cookie from the first request, and sends it with ours.
            return onward(asked)
        return RedirectResponse(LANDING if asked == "/" else f"/login?next={quote(asked)}", 303)

    async def _websocket(self, scope: Connection, receive: Receive, send: Send) -> None:
        try:
            # A cookie travels with a request that another site's script started: the origin tells them apart.
            person = (
                await self._person(scope, is_activity=True)
                if is_own_origin(HTTPConnection(scope), public_url=self._public_url)
                else None
            )
        except (psycopg.Error, PoolTimeout) as error:
            _logger.error("session not resolved", extra={"error": type(error).__name__})
            person = None
        if person is None:
            # Closing before accepting is a refused handshake: HTTP 403, and no script has run.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(_introduced(scope, person), receive, send)

    def _is_let_in(self, scope: Connection) -> bool:
        token = session_token(HTTPConnection(scope).cookies) if scope["path"].startswith(_FILES) else None
        return token is not None and self._let_in.get(token, 0.0) > self._clock()

    def _remember(self, scope: Connection) -> None:
        now = self._clock()
        self._let_in = {token: until for token, until in self._let_in.items() if until > now}
        if (token := session_token(HTTPConnection(scope).cookies)) is not None:
            self._let_in[token] = now + _FILES_SECONDS

    async def _person(self, scope: Connection, *, is_activity: bool) -> Scope | None:
        token = session_token(HTTPConnection(scope).cookies)
        if token is None:
            return None
        return await anyio.to_thread.run_sync(
            lambda: self._sessions.resolve(token, is_activity=is_activity), limiter=self._at_once
        )


def onward(path: str) -> Response:
    """A page that leads on by itself to another of ours, as its own visitor: strict cookies travel with that."""
    return HTMLResponse(
        f'<!doctype html><meta http-equiv="refresh" content="0; url={html.escape(path)}"><title>JARVIS</title>',
        headers={"cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'"},
    )


def session_token(cookies: Mapping[str, str]) -> str | None:
    """The session token among a browser's cookies, the secure cookie first; None where there is none."""
    return cookies.get(SECURE_COOKIE) or cookies.get(PLAIN_COOKIE) or None


def is_own_origin(connection: HTTPConnection, *, public_url: str | None) -> bool:
    """True when the request comes from a page of ours: its Origin is the host it asks, or our public URL."""
    try:
        origin = urlsplit(connection.headers.get("origin", ""))
    except ValueError:
        return False
    if origin.scheme not in ("http", "https") or not origin.netloc:
        return False
    own = {connection.headers.get("host", "")}
    if public_url is not None:
        own.add(urlsplit(public_url).netloc)
    return origin.netloc in own


def is_secure(connection: HTTPConnection, *, public_url: str | None) -> bool:
    """True when the browser reaches us over TLS, here or at the proxy in front of us."""
    return connection.url.scheme in ("https", "wss") or (public_url or "").startswith("https://")


def _introduced(scope: Connection, person: Scope) -> Connection:
    """The same request with our word for who it is, and nobody else's."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != IDENTITY_HEADER.encode()]
    headers.append((IDENTITY_HEADER.encode(), str(person.user_id).encode()))
    return {**scope, "headers": headers}


def _with_security_headers(send: Send) -> Send:
    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            if "content-security-policy" not in headers:
                headers["content-security-policy"] = PAGE_POLICY
        await send(message)

    return send_guarded
