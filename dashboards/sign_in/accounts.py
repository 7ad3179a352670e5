"""« Mon compte »: one's own sessions, second factor and password, behind the gate like every page.

Whatever changes how somebody signs in asks who they are again after ten minutes, gives the browser a new
cookie, and ends the sessions elsewhere. Plain pages without a script: none of it passes through Streamlit.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboards import texts_fr as labels
from dashboards.formats import NETWORK_TIMEZONE
from dashboards.gate import PROVIDER_WAY
from dashboards.sign_in import texts_fr
from dashboards.sign_in.desk import Desk, route, safe_path
from dashboards.sign_in.pages import go_to, language, page, say
from dashboards.sign_in.second_factor import told
from jarvis import formats_en, formats_fr
from jarvis.passwords import PasswordRefused
from warehouse.stores.accounts import CodeAnswer, OwnSession, Visit
from warehouse.stores.sign_in import Stage

PROOF = "/compte/confirmer"


class AccountPage:
    """The routes under `/compte`."""

    def __init__(self, desk: Desk, *, clock: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes, ready for the app."""
        return [
            route("/compte", self.page, "GET"),
            route("/compte/sessions", self.revoke, "POST"),
            route(PROOF, self.proof_page, "GET"),
            route(PROOF, self.prove, "POST"),
            route("/compte/mot-de-passe", self.password_page, "GET"),
            route("/compte/mot-de-passe", self.change_password, "POST"),
            route("/compte/codes", self.replace_codes, "POST"),
            route("/compte/application/retirer", self.drop_second_factor, "POST"),
        ]

    async def page(self, request: Request) -> Response:
        """Everything about one's own account."""
        token, visit = await self._holder(request)
        sessions = await self._desk.asks(self._desk.accounts.sessions, token)
        return page(
            "account.html",
            notice=texts_fr.NOTICES.get(request.query_params.get("fait", "")),
            name=visit.full_name or visit.email,
            email=visit.email,
            role=labels.ROLES[visit.role],
            has_password=visit.has_password,
            has_second_factor=visit.has_second_factor,
            is_forced=visit.must_have_second_factor,
            codes_left=_codes_left(visit.recovery_codes_left),
            sessions=_described(sessions, now=datetime.fromtimestamp(self._clock(), UTC)),
            csrf=self._desk.form_token(token),
        )

    async def revoke(self, request: Request) -> Response:
        """One of one's own sessions is over, or all but this one."""
        token, _visit = await self._holder(request)
        form = await self._desk.form(request, optional=["session"], token=token)
        try:
            named = UUID(form["session"]) if form["session"] else None
        except ValueError:
            return go_to("/compte")
        count = await self._desk.asks(self._desk.accounts.revoke_sessions, token, named)
        return go_to(f"/compte?fait={'sessions' if named is None else 'session'}" if count else "/compte")

    async def proof_page(self, request: Request) -> Response:
        """Who are you, again."""
        token, visit = await self._holder(request)
        return self._proof_form(token, visit, asked=_after_proof(request.query_params.get("next")))

    async def prove(self, request: Request) -> Response:
        """The session is freshly proven, under a new cookie."""
        token, visit = await self._holder(request)
        form = await self._desk.form(request, "next", optional=["password", "code"], token=token)
        asked = _after_proof(form["next"])
        if visit.has_password and not await self._desk.passwords.is_right(
            visit.email, form["password"], self._desk.visitor(request)
        ):
            return self._proof_form(token, visit, asked=asked, error=texts_fr.WRONG_PROOF, status=401)
        answer: str | CodeAnswer
        if visit.has_second_factor:
            answer = await self._desk.asks(self._desk.accounts.check_code, token, form["code"], moment=self._clock())
        elif visit.has_password:
            renewed = await self._desk.asks(self._desk.accounts.prove, token)
            answer = renewed or CodeAnswer.WRONG
        else:
            # Somebody who comes from a provider only proves who they are there.
            return go_to(f"{PROVIDER_WAY}?encore&next={quote(asked)}")
        if isinstance(answer, CodeAnswer):
            error = told(answer) if answer is CodeAnswer.CLOSED else texts_fr.WRONG_PROOF
            return self._proof_form(token, visit, asked=asked, error=error, status=401)
        return self._desk.keeps(request, go_to(asked), answer)

    async def password_page(self, request: Request) -> Response:
        """Two fields for the new password, for whoever has just proven who they are."""
        token, visit = await self._holder(request, back="/compte/mot-de-passe")
        if not visit.is_proven:
            return go_to(f"{PROOF}?next=/compte/mot-de-passe")
        return self._password_form(token, visit)

    async def change_password(self, request: Request) -> Response:
        """The password is the new one, under a new cookie; sessions elsewhere are over."""
        token, visit = await self._holder(request, back="/compte/mot-de-passe")
        form = await self._desk.form(request, "password", "again", token=token)
        if form["password"] != form["again"]:
            return self._password_form(token, visit, error=texts_fr.NOT_THE_SAME, status=422)
        try:
            password_hash = await self._desk.passwords.hash_of(form["password"])
        except PasswordRefused:
            return self._password_form(token, visit, error=texts_fr.WRONG_LENGTH, status=422)
        renewed = await self._desk.asks(self._desk.accounts.change_password, token, password_hash)
        if renewed is None:
            return go_to(f"{PROOF}?next=/compte/mot-de-passe")
        return self._desk.keeps(request, go_to("/compte?fait=mot-de-passe"), renewed)

    async def replace_codes(self, request: Request) -> Response:
        """New recovery codes, shown this once."""
        token, visit = await self._holder(request)
        await self._desk.form(request, token=token)
        replaced = await self._desk.asks(self._desk.accounts.replace_recovery_codes, token) if visit.is_proven else None
        if replaced is None:
            return go_to(f"{PROOF}?next=/compte")
        renewed, codes = replaced
        return self._desk.keeps(request, page("recovery.html", codes=codes, asked="/compte"), renewed)

    async def drop_second_factor(self, request: Request) -> Response:
        """No code is asked any more, where the role may do without."""
        token, visit = await self._holder(request)
        await self._desk.form(request, token=token)
        if visit.must_have_second_factor:
            return go_to("/compte")
        renewed = await self._desk.asks(self._desk.accounts.drop_second_factor, token)
        if renewed is None:
            return go_to(f"{PROOF}?next=/compte")
        return self._desk.keeps(request, go_to("/compte?fait=application"), renewed)

    async def _holder(self, request: Request, *, back: str = "/compte") -> tuple[str, Visit]:
        """The session of whoever asks; without one the browser is led to the sign-in, and from there `back`."""
        return await self._desk.admitted(request, Stage.OPEN, way_in=f"/login?next={back}")

    def _proof_form(
        self, token: str, visit: Visit, *, asked: str, error: str | None = None, status: int = 200
    ) -> Response:
        return page(
            "proof.html",
            status,
            asked=asked,
            email=visit.email,
            has_password=visit.has_password,
            has_second_factor=visit.has_second_factor,
            csrf=self._desk.form_token(token),
            error=error,
        )

    def _password_form(self, token: str, visit: Visit, *, error: str | None = None, status: int = 200) -> Response:
        return page("password.html", status, email=visit.email, csrf=self._desk.form_token(token), error=error)


def _after_proof(asked: str | None) -> str:
    path = safe_path(asked)
    return "/compte?fait=confirme" if path in ("/", "/compte", PROOF) else path


def _codes_left(count: int) -> str:
    if count == 0:
        return say(texts_fr.NO_CODE_LEFT)
    return say(texts_fr.ONE_CODE_LEFT if count == 1 else texts_fr.CODES_LEFT).format(count=count)


def _described(sessions: Sequence[OwnSession], *, now: datetime) -> list[dict[str, object]]:
    def facts(one: OwnSession) -> str:
        since = say(texts_fr.OPENED).format(moment=_moment(one.created_at, now=now))
        seen = say(texts_fr.ACTIVE).format(age=_age(one.last_seen_at, now=now))
        return " · ".join(filter(None, (since, seen, one.network)))

    return [
        {
            "id": one.id,
            "is_this_one": one.is_this_one,
            "device": _device(one.device),
            "facts": facts(one),
        }
        for one in sessions
    ]


def _device(name: str | None) -> str:
    if name is None:
        return say(texts_fr.OTHER_DEVICE)
    return name.replace(" sous ", " on ") if language() == "en" else name


def _moment(at: datetime, *, now: datetime) -> str:
    moment = formats_en.moment if language() == "en" else formats_fr.moment
    return moment(at, now=now, timezone=NETWORK_TIMEZONE)


def _age(at: datetime, *, now: datetime) -> str:
    return formats_en.age(at, now=now) if language() == "en" else formats_fr.age(at, now=now)
