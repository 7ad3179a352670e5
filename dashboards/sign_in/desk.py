"""What every page of the sign-in works with: forms read and checked, sessions asked, cookies given and taken.

Three things stand between a foreign site and a form of ours: the cookie is SameSite=Strict, the request's
Origin must be ours, and a form that acts for a session carries a token only that session's pages know.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboards.gate import PLAIN_COOKIE, SECURE_COOKIE, is_own_origin, is_secure, session_token
from dashboards.sign_in import texts_fr
from dashboards.sign_in.pages import answering, go_to, keep_choice, page, say, speak, switched_to
from jarvis.second_factor import UnreadableSecret
from jarvis.visitors import address_hash, device_name, network_of
from warehouse.stores.accounts import Accounts, Visit
from warehouse.stores.sign_in import (
    LIFETIME,
    AddressClosed,
    PasswordCheck,
    SessionStore,
    Stage,
    TooManyTries,
    Visitor,
)

# Two passwords, an e-mail and a page's path fit in this; a longer body is none of our forms.
LONGEST_FORM_BYTES = 4096

_OWN_ADDRESS = re.compile(r"/[A-Za-z0-9_\-/]*(\?[A-Za-z0-9_\-=&%.+]*)?")

DATABASE_AWAY = (psycopg.Error, PoolTimeout)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Answered(Exception):
    """The request goes no further: `answer` refuses its form, or leads its browser to another page."""

    def __init__(self, answer: Response) -> None:
        super().__init__("request answered early")
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The sign-in's stores and the rules that all of its pages share."""

    sessions: SessionStore
    accounts: Accounts
    passwords: PasswordCheck
    public_url: str | None
    form_key: bytes = field(repr=False)
    """Signs the token of each session's forms."""
    address_key: bytes = field(repr=False)
    """Hashes the addresses whose refusals are counted."""
    provider_name: str | None = None
    """What the button of the identity provider says; None without one."""
    _at_once: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(4), repr=False)

    async def asks(
        self, work: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """The answer of something that waits for the database, while the loop goes on."""
        return await anyio.to_thread.run_sync(lambda: work(*arguments, **named), limiter=self._at_once)

    async def visit(self, request: Request, *stages: Stage) -> tuple[str, Visit] | None:
        """The browser's session and what it may, where it is at one of these stages.

        The answer speaks the language of whoever is signed in; where the request switches it, it is theirs from now on.
        """
        token = session_token(request.cookies)
        visit = None if token is None else await self.asks(self.accounts.visit, token)
        if token is None or visit is None:
            return None
        # Until the code is given nobody is signed in, and nothing of theirs changes.
        if visit.stage is Stage.OPEN:
            chosen = switched_to()
            if chosen is not None and chosen != visit.language:
                await self.asks(self.accounts.keep_language, visit, chosen)
            speak(visit.language, is_signed_in=True)
        return (token, visit) if visit.stage in stages else None

    async def admitted(self, request: Request, *stages: Stage, way_in: str = "/login") -> tuple[str, Visit]:
        """The browser's session and what it may, which is at one of these stages.

        Raises:
            Answered: when it is not; the browser is led to `way_in`.
        """
        found = await self.visit(request, *stages)
        if found is None:
            raise Answered(go_to(way_in))
        return found

    def form_token(self, token: str) -> str:
        """What the forms of this session's pages carry."""
        return hmac.new(self.form_key, token.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    async def form(
        self, request: Request, *fields: str, optional: Sequence[str] = (), token: str | None = None
    ) -> Mapping[str, str]:
        """The form's fields, an absent optional one empty.

        Args:
            fields: their names; what is named nowhere is dropped.
            token: the session the form acts for, whose token it must carry; None for one that needs no session.

        Raises:
            Answered: when it is unreadable, lacks a field, comes from elsewhere, or from another session's page.
        """
        if not is_own_origin(request, public_url=self.public_url):
            raise Answered(PlainTextResponse(say(texts_fr.FOREIGN), 403))
        found = await _read_form(request)
        if found is None or not found.keys() >= set(fields):
            raise Answered(PlainTextResponse(say(texts_fr.UNREADABLE), 400))
        if token is not None and not hmac.compare_digest(
            found.get("csrf", "").encode("utf-8", "surrogateescape"), self.form_token(token).encode()
        ):
            raise Answered(PlainTextResponse(say(texts_fr.STALE), 403))
        return {name: found.get(name, "") for name in (*fields, *optional)}

    def visitor(self, request: Request) -> Visitor:
        """From where a request comes, as far as anything keeps it."""
        host = "" if request.client is None else request.client.host
        return Visitor(
            device=device_name(request.headers.get("user-agent", "")),
            network=network_of(host),
            address_hash=address_hash(host, key=self.address_key),
        )

    def keeps(self, request: Request, answer: Response, token: str) -> Response:
        """The answer gives the browser this session's cookie."""
        secure = is_secure(request, public_url=self.public_url)
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


def route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> Route:
    """The route of a handler, which answers a refused form or stage, an absent database and a crowd in one place."""

    async def answered(request: Request) -> Response:
        with answering(request):
            answer = await told(request)
            keep_choice(answer, secure=is_secure(request, public_url=None))
            return answer

    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Answered as early:
            return early.answer
        except TooManyTries:
            return page("trouble.html", 503, trouble=texts_fr.CROWDED)
        except AddressClosed as closed:
            return page("trouble.html", 429, trouble=address_closed(closed.seconds))
        except DATABASE_AWAY as error:
            log.error("sign-in page failed", extra={"error": type(error).__name__})
            return page("trouble.html", 503, trouble=texts_fr.UNAVAILABLE)
        except UnreadableSecret as error:
            # The message names the setting to correct, and nobody.
            log.error("%s", error)
            return page("trouble.html", 503, trouble=texts_fr.UNAVAILABLE)

    return Route(path, answered, methods=[method])


def address_closed(seconds: float) -> str:
    """How long to wait, in words."""
    minutes = max(1, round(seconds / 60))
    return say(texts_fr.ADDRESS_CLOSED_A_MINUTE if minutes == 1 else texts_fr.ADDRESS_CLOSED).format(minutes=minutes)


def safe_path(asked: str | None) -> str:
    """The address of a page of ours to go to after signing in; `/` for anything that could lead elsewhere."""
    if asked is None or not _OWN_ADDRESS.fullmatch(asked) or asked.startswith("//"):
        return "/"
    return "/" if asked.partition("?")[0] in ("/login", "/logout") else asked


async def _read_form(request: Request) -> Mapping[str, str] | None:
    """The fields; None where the body is too long or not a form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM_BYTES:
            return None
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()}
