"""The one HTML page in which Streamlit runs, made ours, at the address of every page of the menu.

Streamlit's own guesses where its server is from the page's address, with a request that fails on every page but
the first, and says it is English. Whoever asks for their first page by its name is led to `/`, where Streamlit
keeps it: the addresses in letters and bookmarks work for every role.
"""

from pathlib import Path

import anyio.to_thread
import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboards import navigation
from dashboards.gate import session_token
from dashboards.language import preferred
from warehouse.stores.sign_in import SessionStore

_INDEX = Path(streamlit.__file__).with_name("static") / "index.html"

# The server is where the page came from, not below its path.
_SERVER = '<script>window.__streamlit = {BACKEND_BASE_URL: location.origin + "/"}</script>\n    '
_LANGUAGE, _TITLE, _SCRIPT = '<html lang="en">', "<title>Streamlit</title>", '<script type="module"'


def shell_routes(*, sessions: SessionStore) -> list[Route]:
    """A route for each page of the menu, ready for the app; the gate has let the request in.

    Raises:
        LookupError: when Streamlit's page no longer reads as it did.
    """
    index = _ours(_INDEX.read_text(encoding="utf-8"))

    async def answer(request: Request) -> Response:
        token = session_token(request.cookies)
        person = await anyio.to_thread.run_sync(lambda: sessions.resolve(token, is_activity=False)) if token else None
        offered = navigation.offered(person) if person else []
        if offered and request.url.path == f"/{offered[0].url_path}":
            return RedirectResponse(f"/?{request.url.query}".rstrip("?"), 303, {"cache-control": "no-store"})
        language = preferred(request.cookies, request.headers.get("accept-language", ""))
        page = index.replace(_LANGUAGE, f'<html lang="{language}">', 1)
        return HTMLResponse(page, headers={"cache-control": "no-cache"})

    return [Route(path, answer) for path in ("/", *(f"/{entry.url_path}" for entry in navigation.ENTRIES))]


def _ours(index: str) -> str:
    for mark in (_LANGUAGE, _TITLE, _SCRIPT):
        if mark not in index:
            raise LookupError(f"Streamlit's index.html: found no {mark}, expected one: see what its new version holds")
    return index.replace(_TITLE, "<title>JARVIS</title>", 1).replace(_SCRIPT, _SERVER + _SCRIPT, 1)
