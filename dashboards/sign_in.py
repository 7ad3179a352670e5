"""Signing in and out: the only pages that need no session.

Every refusal is the same sentence after the same time, whether the e-mail is unknown, the password
wrong, the account closed or its person suspended; `warehouse/stores/sign_in.py` checks the password.
"""

import base64
import hashlib
import html
import logging
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboards.gate import PLAIN_COOKIE, SECURE_COOKIE, UNAVAILABLE, is_own_origin, is_secure, session_token
from warehouse.stores.sign_in import LIFETIME, REFUSAL_SECONDS, PasswordCheck, SessionStore, TooManyTries

PAGE = Path(__file__).with_name("login_page.html")

REFUSED = "E-mail ou mot de passe incorrect. Après plusieurs essais, le compte se ferme pour quinze minutes."
FOREIGN = "Demande refusée : ouvrez la page de connexion de ce site et recommencez."
CROWDED = "Trop de connexions en même temps. Réessayez dans un instant."
SIGNED_OUT = "Vous êtes déconnecté."

# An e-mail, a password and a page's path fit in this; a longer body is not a sign-in.
LONGEST_FORM_BYTES = 4096

_logger = logging.getLogger(__name__)


class SignIn:
    """The routes `/login`, `/logout` and `/healthz`."""

    def __init__(
        self, *, sessions: SessionStore, public_url: str | None, refusal_seconds: float = REFUSAL_SECONDS
    ) -> None:
        self._sessions = sessions
        self._public_url = public_url
        self._passwords = PasswordCheck(sessions, refusal_seconds=refusal_seconds)

    def routes(self) -> list[Route]:
        """The routes, ready for the app."""
        return [
            Route("/login", self.page, methods=["GET"]),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
            Route("/healthz", _health, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """The form, or the asked page for somebody who is signed in already."""
        asked = safe_path(request.query_params.get("next"))
        if await self._is_signed_in(request):
            return RedirectResponse(asked, 303, {"cache-control": "no-store"})
        notice = SIGNED_OUT if "sorti" in request.query_params else None
        return _form(asked=asked, notice=notice)

    async def sign_in(self, request: Request) -> Response:
        """A new session and its cookie, or the form again with one sentence for every reason."""
        if not is_own_origin(request, public_url=self._public_url):
            return PlainTextResponse(FOREIGN, 403)
        form = await _read_form(request)
        if form is None:
            return PlainTextResponse("Formulaire illisible : un e-mail et un mot de passe sont attendus.", 400)
        email, password, asked = form["email"].strip(), form["password"], safe_path(form["next"])
        try:
            token = await self._passwords.token_for(email, password)
        except TooManyTries:
            return _form(email=email, asked=asked, error=CROWDED, status=503)
        except (psycopg.Error, PoolTimeout) as error:
            _logger.error("sign-in not possible", extra={"error": type(error).__name__})
            return _form(email=email, asked=asked, error=UNAVAILABLE, status=503)
        if token is None:
            return _form(email=email, asked=asked, error=REFUSED, status=401)
        await self._revoke(request)
        answer = RedirectResponse(asked, 303)
        secure = is_secure(request, public_url=self._public_url)
        answer.set_cookie(
            SECURE_COOKIE if secure else PLAIN_COOKIE,
            token,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        """The session is revoked and its cookie gone."""
        if not is_own_origin(request, public_url=self._public_url):
            return PlainTextResponse(FOREIGN, 403)
        await self._revoke(request)
        answer = RedirectResponse("/login?sorti", 303)
        for name, secure in ((SECURE_COOKIE, True), (PLAIN_COOKIE, False)):
            answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
        return answer

    async def _is_signed_in(self, request: Request) -> bool:
        """True when the browser's session opens the pages; False too while nobody can tell."""
        token = session_token(request.cookies)
        if token is None:
            return False
        try:
            person = await anyio.to_thread.run_sync(lambda: self._sessions.resolve(token, is_activity=False))
        except (psycopg.Error, PoolTimeout) as error:
            _logger.error("session not resolved", extra={"error": type(error).__name__})
            return False
        return person is not None

    async def _revoke(self, request: Request) -> None:
        token = session_token(request.cookies)
        if token is not None:
            await anyio.to_thread.run_sync(self._sessions.revoke, token)


def safe_path(asked: str | None) -> str:
    """The path of a page of ours to go to after signing in; `/` for anything that could lead elsewhere."""
    if asked is None or not re.fullmatch(r"/[A-Za-z0-9_\-/]*", asked) or asked.startswith("//"):
        return "/"
    return "/" if asked in ("/login", "/logout") else asked


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _read_form(request: Request) -> Mapping[str, str] | None:
    """The three fields; None where the body is too long, not a form, or lacks one."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM_BYTES:
            return None
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        return None
    if not {"email", "password"} <= fields.keys():
        return None
    return {name: fields.get(name, [""])[0] for name in ("email", "password", "next")}


def _form(
    *, asked: str, email: str = "", error: str | None = None, notice: str | None = None, status: int = 200
) -> Response:
    template, style_hash = _template()
    message = ""
    if error is not None:
        message = f'<p class="message error" id="message" role="alert">{html.escape(error)}</p>'
    elif notice is not None:
        message = f'<p class="message" id="message" role="status">{html.escape(notice)}</p>'
    page = template.substitute(
        message=message,
        email=html.escape(email, quote=True),
        next=html.escape(asked, quote=True),
        invalid="true" if error is not None else "false",
        focus_email="" if email else "autofocus",
        focus_password="autofocus" if email else "",
    )
    policy = (
        f"default-src 'none'; style-src '{style_hash}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return HTMLResponse(page, status, {"cache-control": "no-store", "content-security-policy": policy})


@cache
def _template() -> tuple[Template, str]:
    """The page, and the hash by which the browser knows its one style sheet."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    style = found.group(1) if found else ""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Template(text), f"sha256-{digest}"
