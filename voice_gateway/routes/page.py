"""The kiosk's own screen at `/kiosk/{slug}`: its page, its files, and the calls that only the page makes.

The address is only an address: slugs are unique within a gym, so who the screen is comes from its device
token alone. The page never holds that token. Provisioning puts it into a cookie that scripts cannot read and
that the browser sends to `/kiosk/{slug}/…` of this kiosk only, where the page's websocket is too; a script that
slipped in past the content policy could use the kiosk while the page is open, and take nothing away.
"""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import orjson
from fastapi import APIRouter, Depends, Request, WebSocket
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import MutableHeaders

from jarvis.kiosks import CODE_ALPHABET, CODE_LENGTH, TOKEN_PREFIX
from voice_gateway.rates import RateClass
from voice_gateway.routes import kiosks
from voice_gateway.routes.answers import Refused
from voice_gateway.routes.callers import (
    DATABASE_AWAY,
    client_ip,
    gym_suspended,
    kiosk_showing,
    unknown_token,
)
from voice_gateway.routes.guards import own_origin
from voice_gateway.routes.limits import limited
from voice_gateway.routes.realtime import serve
from voice_gateway.services import Services

router = APIRouter(prefix="/kiosk", include_in_schema=False)

COOKIE = "jarvis_kiosk"
# The longest that browsers keep a cookie; each start of the page renews it.
_COOKIE_SECONDS = 400 * 24 * 3600
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_SLUG = 100

_HEADERS = {
    # Everything from ourselves, nothing inline: 'self' covers the page's own websocket.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page as it is sent."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Page:
    """The page and its files; any change of any file changes `version`, and with it every address."""

    version: str
    document: bytes
    unknown: bytes
    files: Mapping[str, PageFile]


async def _screen_or_address(request: Request) -> str:
    """`kiosk/<id>` with a cookie that opens a door, else `ip/<address>`."""
    try:
        kiosk = await kiosk_showing(request, token_in_cookie(request))
    except DATABASE_AWAY:
        kiosk = None
    return f"ip/{client_ip(request)}" if kiosk is None else f"kiosk/{kiosk.kiosk_id}"


async def _from_a_page_of_ours(request: Request, slug: str) -> None:
    """The address can be a kiosk's, and the call comes from no page of another site."""
    if not _is_slug(slug):
        raise Refused(
            404, "not_found", "found no kiosk's address, expected /kiosk/ and a slug as `jarvis kiosk code` prints"
        )
    await own_origin(request)


# In this order: who is refused has asked, and counts.
_GUARDED = [Depends(limited(RateClass.API, caller_of=_screen_or_address)), Depends(_from_a_page_of_ours)]


@cache
def page() -> Page:
    """The page as it was installed, read once."""
    folder = files("voice_gateway").joinpath("page")
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(name.encode() + b"\0" + contents[name] + b"\0")
    version = digest.hexdigest()[:16]
    documents = {
        name: contents.pop(name)
        .replace(b"{assets}", f"/kiosk/assets/{version}".encode())
        .replace(b"{alphabet}", CODE_ALPHABET.encode())
        .replace(b"{length}", str(CODE_LENGTH).encode())
        for name in ("index.html", "unknown.html")
    }
    return Page(
        version=version,
        document=documents["index.html"],
        unknown=documents["unknown.html"],
        files={name: PageFile(content, _media_type(name)) for name, content in contents.items()},
    )


@router.get("/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """One file, kept by the browser for good: another version has another address."""
    found = page().files.get(name)
    if found is None or version != page().version:
        raise Refused(404, "not_found", "found no such file, expected one that the page of this version names")
    headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{version}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.get("/{slug}")
async def document(request: Request, slug: str) -> Response:
    """The page; 304 where the browser has this version, and an honest page for what cannot be an address of ours."""
    headers = {**_HEADERS, "Cache-Control": "no-cache"}
    if not _is_slug(slug):
        return Response(page().unknown, status_code=404, media_type="text/html; charset=utf-8", headers=headers)
    headers["ETag"] = f'"{page().version}"'
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(page().document, media_type="text/html; charset=utf-8", headers=headers)


@router.post("/{slug}/provision", dependencies=_GUARDED)
async def provision(request: Request, slug: str) -> Response:
    """The code is spent and its token is in the cookie of the kiosk's own address, which the answer names."""
    answer = await kiosks.provision(request)
    kiosk = orjson.loads(bytes(answer.body))
    told = JSONResponse(
        {"slug": kiosk["slug"], "name": kiosk["name"], "page_version": page().version},
        headers={"Cache-Control": "no-store"},
    )
    _keep_token(told, request, slug=kiosk["slug"], token=kiosk["token"])
    return told


@router.post("/{slug}/session", dependencies=_GUARDED)
async def session(request: Request, slug: str) -> Response:
    """Which kiosk this screen is; 401 when it has no token that opens a door."""
    services: Services = request.app.state.services
    token = token_in_cookie(request)
    kiosk = await kiosk_showing(request, token)
    if kiosk is None or token is None:
        raise unknown_token()
    if not kiosk.is_served:
        raise gym_suspended(kiosk)
    told = JSONResponse(
        {
            "slug": kiosk.slug,
            "name": kiosk.name,
            "language": kiosk.language,
            "page_version": page().version,
            # Only where the upstream can be nothing but a stand-in: a real member never meets a simulated badge.
            "has_badge_simulator": services.settings.uses_standin,
        },
        headers={"Cache-Control": "no-store"},
    )
    _keep_token(told, request, slug=kiosk.slug, token=token)
    return told


@router.post("/{slug}/heartbeat", dependencies=_GUARDED)
async def heartbeat(request: Request, slug: str) -> Response:
    """The same sign of life as a device's, with the token of the cookie."""
    token = token_in_cookie(request)
    if token is None:
        raise unknown_token()
    return await kiosks.heartbeat(_as_device(request, token))


@router.post("/{slug}/rotate", dependencies=_GUARDED)
async def rotate(request: Request, slug: str) -> Response:
    """A new token in the cookie; the one before ends when this one is first used."""
    token = token_in_cookie(request)
    if token is None:
        raise unknown_token()
    answer = await kiosks.rotate(_as_device(request, token))
    told = JSONResponse({"is_rotated": True}, headers={"Cache-Control": "no-store"})
    _keep_token(told, request, slug=slug, token=orjson.loads(bytes(answer.body))["token"])
    return told


@router.websocket("/{slug}/realtime")
async def realtime(websocket: WebSocket, slug: str) -> None:
    """The kiosk's connection as at `/v1/realtime`, with the token of the cookie."""
    await serve(websocket, token_in_cookie(websocket))


def token_in_cookie(connection: Request | WebSocket) -> str | None:
    """The page's device token; None where the cookie holds none that could be ours."""
    token = connection.cookies.get(COOKIE, "")
    return token if token.startswith(TOKEN_PREFIX) and len(token) <= 256 else None


def _as_device(request: Request, token: str) -> Request:
    """The same call as a device makes it, with its token in the header."""
    headers = MutableHeaders(raw=list(request.scope["headers"]))
    headers["authorization"] = f"Bearer {token}"
    return Request({**request.scope, "headers": headers.raw}, request.receive)


def _keep_token(response: Response, request: Request, *, slug: str, token: str) -> None:
    # What the browser says of itself with each POST: behind a proxy that speaks TLS our own side is plain.
    is_encrypted = request.headers.get("origin", "").startswith("https:") or request.url.scheme == "https"
    response.set_cookie(
        COOKIE, token, max_age=_COOKIE_SECONDS, path=f"/kiosk/{slug}", secure=is_encrypted, httponly=True,
        samesite="strict",
    )  # fmt: skip


def _is_slug(slug: str) -> bool:
    return len(slug) <= _MAX_SLUG and _SLUG.fullmatch(slug) is not None


def _media_type(name: str) -> str:
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = "font/woff2" if name.endswith(".woff2") else kind
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
