"""The one HTML page in which Streamlit runs, made ours, at the address of every page of the menu.

Streamlit's own guesses where its server is from the page's address, with a request that fails on every page but
the first, says it is English, and has words of its own in English only: `shell.js` says them as the pages speak,
by `streamlit_fr.json`. Whoever asks for their first page by its name is led to `/`, where Streamlit
keeps it: the addresses in letters and bookmarks work for every role. What draws an element is a script of its own,
which Streamlit fetches when the first of them arrives, megabytes for charts and tables: a page fetches what it is
known to have while the server works.
"""

import json
import re
from collections.abc import Mapping, Sequence
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
_WORDS = "<script>{script}</script>\n    "
_END_OF_HEAD = "</head>"
# A static import in a built script; `import(…)` waits until it is asked for.
_IMPORTED = re.compile(r'(?:\bfrom|\bimport)"\./([\w.-]+\.js)"')
_LANGUAGE, _TITLE, _SCRIPT = '<html lang="en">', "<title>Streamlit</title>", '<script type="module"'

# The parts of Streamlit's script that the header and nearly every page need, and those of a page's charts and tables.
_EVERYWHERE = ("Html", "Selectbox", "ButtonGroup", "PageLink")
_CHARTS, _TABLES = "PlotlyChart", "DataFrame"
_DRAWN_BY: Mapping[str, Sequence[str]] = {
    "analyses": (_CHARTS,), "reseau": (_CHARTS, _TABLES), "couts": (_CHARTS, _TABLES),
}  # fmt: skip


def shell_routes(*, sessions: SessionStore) -> list[Route]:
    """A route for each page of the menu, ready for the app; the gate has let the request in.

    Raises:
        LookupError: when Streamlit's page no longer reads as it did.
    """
    index = _drawing(_ours(_INDEX.read_text(encoding="utf-8")), _EVERYWHERE)
    named = {entry.url_path: _drawing(index, _DRAWN_BY.get(entry.url_path, ())) for entry in navigation.ENTRIES}
    pages = {"/": index, **{f"/{url_path}": page for url_path, page in named.items()}}

    async def answer(request: Request) -> Response:
        token = session_token(request.cookies)
        person = await anyio.to_thread.run_sync(lambda: sessions.resolve(token, is_activity=False)) if token else None
        offered = navigation.offered(person) if person else []
        if offered and request.url.path == f"/{offered[0].url_path}":
            return RedirectResponse(f"/?{request.url.query}".rstrip("?"), 303, {"cache-control": "no-store"})
        language = preferred(request.cookies, request.headers.get("accept-language", ""))
        page = pages[request.url.path].replace(_LANGUAGE, f'<html lang="{language}">', 1)
        return HTMLResponse(page, headers={"cache-control": "no-cache"})

    return [Route(path, answer) for path in pages]


def _ours(index: str) -> str:
    for mark in (_LANGUAGE, _TITLE, _SCRIPT, _END_OF_HEAD):
        if mark not in index:
            raise LookupError(f"Streamlit's index.html: found no {mark}, expected one: see what its new version holds")
    folder = Path(__file__).parent
    words = json.dumps(json.loads((folder / "streamlit_fr.json").read_text(encoding="utf-8")), ensure_ascii=False)
    script = (folder / "shell.js").read_text(encoding="utf-8").replace("(WORDS)", f"({words})", 1)
    ours = _SERVER + _WORDS.format(script=script)
    return index.replace(_TITLE, "<title>JARVIS</title>", 1).replace(_SCRIPT, ours + _SCRIPT, 1)


def _drawing(index: str, parts: Sequence[str]) -> str:
    """The page that fetches these parts of Streamlit's script, and what they import, beside its first one.

    Not run ahead: four megabytes of charts would keep the page from asking for its rows.
    """
    files = _ahead(index, [_built(part) for part in parts])
    links = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{file}">\n    ' for file in files)
    return index.replace(_END_OF_HEAD, links + _END_OF_HEAD, 1)


def _ahead(index: str, files: Sequence[str]) -> Sequence[str]:
    """The files and all they import that the page does not name yet, each once.

    A browser that finds them file by file fetches in four rounds what fits in one.
    """
    found: list[str] = []
    waiting = list(reversed(files))
    while waiting:
        name = waiting.pop()
        if name not in found and name not in index:
            found.append(name)
            waiting += _IMPORTED.findall((_INDEX.parent / "static" / "js" / name).read_text(encoding="utf-8"))
    return found


def _built(part: str) -> str:
    """The file's name, which changes with its content."""
    found = [path.name for path in (_INDEX.parent / "static" / "js").glob(f"{part}.*.js")]
    if len(found) != 1:
        raise LookupError(
            f"Streamlit's scripts: found {len(found)} of {part}, expected one: see what its version holds"
        )
    return found[0]
