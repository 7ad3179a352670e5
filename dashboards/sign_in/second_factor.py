"""The second step of signing in: a code where one is due, and setting up what makes codes.

Both pages stand outside the gate, because a session that waits for its code opens nothing behind it. Each
asks the session itself, and answers only one at the stage it is made for.
"""

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboards.sign_in import texts_fr
from dashboards.sign_in.desk import Desk, route, safe_path
from dashboards.sign_in.pages import go_to, page
from jarvis.second_factor import enrolment_uri, picture_of
from warehouse.stores.accounts import CodeAnswer, Visit
from warehouse.stores.sign_in import Stage


class SecondFactor:
    """The routes `/login/code` and `/login/application`."""

    def __init__(self, desk: Desk, *, clock: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes, ready for the app."""
        return [
            route("/login/code", self.code_page, "GET"),
            route("/login/code", self.enter_code, "POST"),
            route("/login/application", self.enrolment_page, "GET"),
            route("/login/application", self.enrol, "POST"),
        ]

    async def code_page(self, request: Request) -> Response:
        """The field for the code, for a session that waits for one."""
        token, _visit = await self._desk.admitted(request, Stage.AWAITS_CODE)
        return self._code_form(token, asked=safe_path(request.query_params.get("next")))

    async def enter_code(self, request: Request) -> Response:
        """An open session under a new cookie, or the field again."""
        token, _visit = await self._desk.admitted(request, Stage.AWAITS_CODE)
        form = await self._desk.form(request, "code", optional=["next"], token=token)
        asked = safe_path(form["next"])
        answer = await self._desk.asks(self._desk.accounts.check_code, token, form["code"], moment=self._clock())
        if isinstance(answer, CodeAnswer):
            return self._code_form(token, asked=asked, error=told(answer), status=401)
        return self._desk.keeps(request, go_to(asked), answer)

    async def enrolment_page(self, request: Request) -> Response:
        """The picture to photograph, for whoever must set it up, or has just proven who they are."""
        token, visit = await self._desk.admitted(request, Stage.OPEN, Stage.AWAITS_ENROLMENT)
        return await self._enrolment_form(token, visit, asked=safe_path(request.query_params.get("next")))

    async def enrol(self, request: Request) -> Response:
        """The second factor holds, its recovery codes are shown this once, and the cookie is a new one."""
        token, visit = await self._desk.admitted(request, Stage.OPEN, Stage.AWAITS_ENROLMENT)
        form = await self._desk.form(request, "code", optional=["next"], token=token)
        asked = safe_path(form["next"])
        confirmed = await self._desk.asks(self._desk.accounts.confirm_secret, token, form["code"], moment=self._clock())
        if confirmed is None:
            return await self._enrolment_form(token, visit, asked=asked, error=texts_fr.WRONG_CODE, status=401)
        renewed, codes = confirmed
        return self._desk.keeps(request, page("recovery.html", codes=codes, asked=asked), renewed)

    def _code_form(self, token: str, *, asked: str, error: str | None = None, status: int = 200) -> Response:
        return page("code.html", status, csrf=self._desk.form_token(token), asked=asked, error=error)

    async def _enrolment_form(
        self, token: str, visit: Visit, *, asked: str, error: str | None = None, status: int = 200
    ) -> Response:
        secret = await self._desk.asks(self._desk.accounts.offer_secret, token)
        if secret is None:
            return go_to("/compte/confirmer?next=/login/application")
        return page(
            "enrolment.html",
            status,
            is_forced=visit.stage is Stage.AWAITS_ENROLMENT,
            picture=picture_of(enrolment_uri(secret, email=visit.email)),
            secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            csrf=self._desk.form_token(token),
            asked=asked,
            error=error,
        )


def told(answer: CodeAnswer) -> str:
    """Why a code opened nothing, in words."""
    return texts_fr.CODES_CLOSED if answer is CodeAnswer.CLOSED else texts_fr.WRONG_CODE
