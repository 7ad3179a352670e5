"""dbt's docs and the data docs, behind the same sign-in as the pages, for the roles that may read them.

The gate has let the request in and said who it is; here the person's role is asked for, as each site has its readers.
Files only: whatever the address says, nothing outside the site's folder is answered.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboards.gate import session_token
from jarvis.documentation import PREFIX, READERS, Site, folder_of
from warehouse.stores.sign_in import SessionStore

FORBIDDEN = "Cette documentation n'est pas ouverte à votre rôle."
UNKNOWN = "Page inconnue."
UNWRITTEN = "Cette documentation n'est pas encore écrite : elle l'est chaque nuit."

# Seen again at each visit: the pages change every night, and nobody else's browser may keep them.
_HEADERS = {"cache-control": "private, no-cache"}


def docs_routes(*, sessions: SessionStore, home: Path) -> list[Route]:
    """One route a site, ready for the app."""
    return [
        route
        for site in Site
        for route in (
            Route(f"{PREFIX}/{site.value}", lambda request: RedirectResponse(f"{request.url.path}/", 308)),
            Route(f"{PREFIX}/{site.value}/{{path:path}}", _answering(site, sessions=sessions, home=home)),
        )
    ]


def _answering(site: Site, *, sessions: SessionStore, home: Path) -> Callable[[Request], Awaitable[Response]]:
    folder = folder_of(home, site)

    async def answer(request: Request) -> Response:
        """A file of the site, for a reader of it."""
        token = session_token(request.cookies)
        person = await anyio.to_thread.run_sync(lambda: sessions.resolve(token, is_activity=False)) if token else None
        if person is None:
            return PlainTextResponse("Connexion requise : ouvrez /login.", 401)
        if person.role not in READERS[site]:
            return PlainTextResponse(FORBIDDEN, 403)
        path = await anyio.to_thread.run_sync(lambda: _file(folder, request.path_params["path"]))
        if path is not None:
            return FileResponse(path, headers=_HEADERS)
        return PlainTextResponse(UNKNOWN if folder.is_dir() else UNWRITTEN, 404, headers=_HEADERS)

    return answer


def _file(folder: Path, asked: str) -> Path | None:
    """The file of the folder that an address means, a folder's index for a folder; None where there is none inside."""
    if "\x00" in asked:
        return None
    root = folder.resolve()
    path = (root / asked).resolve()
    if path.is_dir():
        path = path / "index.html"
    return path if path.is_relative_to(root) and path.is_file() else None
