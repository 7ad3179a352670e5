"""What JARVIS is, signing in and out: the first step, and pages that need no session.

Every refusal is the same sentence after the same time, whether the e-mail is unknown, the password
wrong, the account closed or its person suspended; `warehouse/stores/sign_in.py` checks the password.
The second step is in `dashboards/sign_in/second_factor.py`.
"""

import logging
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboards.gate import LANDING, PLAIN_COOKIE, PROVIDER_WAY, SECURE_COOKIE, is_own_origin, session_token
from dashboards.sign_in import texts_fr
from dashboards.sign_in.desk import DATABASE_AWAY, Desk, address_closed, route, safe_path
from dashboards.sign_in.pages import go_to, page, say
from warehouse.stores.sign_in import AddressClosed, Stage, TooManyTries

NEXT_STEP = {Stage.AWAITS_CODE: "/login/code", Stage.AWAITS_ENROLMENT: "/login/application"}

_logger = logging.getLogger(__name__)


class SignIn:
    """The routes `/landing-client`, `/login`, `/logout` and `/healthz`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """The routes, ready for the app."""
        return [
            route(LANDING, _landing, "GET"),
            route("/login", self.page, "GET"),
            route("/login", self.sign_in, "POST"),
            route("/logout", self.sign_out, "POST"),
            route("/healthz", _health, "GET"),
        ]

    async def page(self, request: Request) -> Response:
        """The form, or the page that comes next for somebody who is signed in, wholly or by half."""
        asked = safe_path(request.query_params.get("next"))
        try:
            found = await self._desk.visit(request, *Stage)
        except DATABASE_AWAY:
            # The form still answers, and says what is wrong when it is sent.
            found = None
        if found is not None and "autre" not in request.query_params:
            return go_to(next_page(found[1].stage, asked))
        return login_form(self._desk, asked=asked, notice=_notice(request))

    async def sign_in(self, request: Request) -> Response:
        """A new session and its cookie, or the form again with one sentence for every reason."""
        form = await self._desk.form(request, "email", "password", optional=["next"])
        email, password, asked = form["email"].strip(), form["password"], safe_path(form["next"])
        try:
            opened = await self._desk.passwords.session_for(email, password, self._desk.visitor(request))
        except TooManyTries:
            return login_form(self._desk, email=email, asked=asked, error=texts_fr.CROWDED, status=503)
        except AddressClosed as closed:
            return login_form(self._desk, email=email, asked=asked, error=address_closed(closed.seconds), status=429)
        except DATABASE_AWAY as error:
            _logger.error("sign-in not possible", extra={"error": type(error).__name__})
            return login_form(self._desk, email=email, asked=asked, error=texts_fr.UNAVAILABLE, status=503)
        if opened is None:
            return login_form(self._desk, email=email, asked=asked, error=texts_fr.REFUSED, status=401)
        await self._revoke(request)
        return self._desk.keeps(request, go_to(next_page(opened.stage, asked)), opened.token)

    async def sign_out(self, request: Request) -> Response:
        """The session is revoked and its cookie gone."""
        if not is_own_origin(request, public_url=self._desk.public_url):
            return PlainTextResponse(say(texts_fr.FOREIGN), 403)
        await self._revoke(request)
        answer = go_to("/login?sorti")
        for name in (SECURE_COOKIE, PLAIN_COOKIE):
            answer.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="strict")
        return answer

    async def _revoke(self, request: Request) -> None:
        token = session_token(request.cookies)
        if token is not None:
            await self._desk.asks(self._desk.sessions.revoke, token)


def next_page(stage: Stage, asked: str) -> str:
    """What follows a right password, or a provider's word: the page asked for, or what is still due."""
    step = NEXT_STEP.get(stage)
    return asked if step is None else f"{step}?next={quote(asked)}"


def _notice(request: Request) -> str | None:
    if "sorti" in request.query_params:
        return texts_fr.SIGNED_OUT
    return texts_fr.PASSWORD_SET if "pret" in request.query_params else None


def login_form(
    desk: Desk, *, asked: str, email: str = "", error: str | None = None, notice: str | None = None, status: int = 200
) -> Response:
    """The form, with what was typed and the sentence that says why it is here again."""
    return page(
        "login.html", status, asked=asked, email=email, error=error, notice=notice, provider_name=desk.provider_name,
        provider_way=f"{PROVIDER_WAY}?next={quote(asked)}",
    )  # fmt: skip


async def _landing(_request: Request) -> Response:
    return page("landing.html")


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")
