"""Setting a password by a link: what invitations lead to, and what « Mot de passe oublié » sends.

Asking for a link answers the same sentence at once for every e-mail: the looking up and the sending happen
afterwards, one at a time, so that neither the words nor the time tell which e-mails exist.
"""

import logging
import queue
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboards.sign_in import texts_fr
from dashboards.sign_in.desk import Desk, route
from dashboards.sign_in.pages import go_to, page, speak
from jarvis.account_letters import password_reset
from jarvis.mail import message
from jarvis.passwords import PasswordRefused
from jarvis.settings import Settings
from warehouse.mailer import Mailer
from warehouse.stores.account_links import (
    LINK_PATH,
    RESET_LASTS,
    TOKEN_PARAMETER,
    AccountLink,
    AccountLinks,
    LinkPurpose,
    link_url,
)
from warehouse.stores.sign_in import Visitor

FORGOTTEN = "/mot-de-passe-oublie"

# Requests of one address in a quarter of an hour, and letters to one person in an hour.
ASKED_PER_ADDRESS, ADDRESS_SECONDS = 5, 900
LETTERS_PER_PERSON, PERSON_SECONDS = 3, 3600

# Past this many waiting letters somebody is flooding us, and what comes is dropped.
MOST_WAITING = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """Somebody asked for a link."""

    email: str
    visitor: Visitor


class Postman:
    """Sends links from a thread of its own; a failure is logged without saying whose."""

    def __init__(self, settings: Settings, links: AccountLinks, mailer: Mailer) -> None:
        self._settings = settings
        self._links = links
        self._mailer = mailer
        self._waiting: queue.Queue[ResetAsked | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="sign-in letters", daemon=True)

    @property
    def can_send(self) -> bool:
        """False where no mail server is given."""
        return self._mailer.is_configured

    def open(self) -> None:
        """Letters go from now on."""
        self._thread.start()

    def close(self) -> None:
        """What waits has gone, and nothing goes any more."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(timeout=5)

    def settle(self) -> None:
        """Every letter asked for until now has gone, or failed."""
        self._waiting.join()

    def ask(self, asked: ResetAsked) -> None:
        """The request waits its turn; the caller does not."""
        try:
            self._waiting.put_nowait(asked)
        except queue.Full:
            log.warning("password reset dropped: too many wait")

    def _work(self) -> None:
        while (asked := self._waiting.get()) is not None:
            try:
                self._send(asked)
            except Exception as error:
                # The thread serves everybody after this one, and a message could hold an address.
                log.error("password reset not sent", extra={"error": type(error).__name__})
            finally:
                self._waiting.task_done()

    def _send(self, asked: ResetAsked) -> None:
        link = self._links.issue_reset(asked.email, asked.visitor)
        if link is None:
            return
        letter = password_reset(
            full_name=link.full_name,
            url=link_url(self._settings.dashboards_address, link.token),
            minutes=int(RESET_LASTS.total_seconds() // 60),
        )
        self._mailer.send(
            message(
                letter,
                sender=self._settings.mail_from,
                recipients=[link.email],
                sent_at=datetime.now(UTC),
                # A key of this very link, which does not tell it.
                key=sha256(link.token.encode()).hexdigest(),
            )
        )


class PasswordLinks:
    """The routes `/mot-de-passe-oublie` and `/mot-de-passe`."""

    def __init__(self, desk: Desk, *, links: AccountLinks, postman: Postman) -> None:
        self._desk = desk
        self._links = links
        self._postman = postman

    def routes(self) -> list[Route]:
        """The routes, ready for the app."""
        return [
            route(FORGOTTEN, self.forgotten_page, "GET"),
            route(FORGOTTEN, self.ask, "POST"),
            route(LINK_PATH, self.link_page, "GET"),
            route(LINK_PATH, self.use, "POST"),
        ]

    async def forgotten_page(self, _request: Request) -> Response:
        """The field for the e-mail, or whom to ask where no mail can be sent."""
        return page("forgotten.html", can_send=self._postman.can_send)

    async def ask(self, request: Request) -> Response:
        """The same sentence for every e-mail."""
        email = (await self._desk.form(request, "email"))["email"].strip().lower()
        if not self._postman.can_send:
            return page("forgotten.html", can_send=False)
        visitor = self._desk.visitor(request)
        address = (visitor.address_hash or b"").hex()
        if not await self._desk.asks(
            self._desk.sessions.take, f"reset/ip/{address}", ASKED_PER_ADDRESS, ADDRESS_SECONDS
        ):
            return page("forgotten.html", 429, can_send=True, error=texts_fr.TOO_OFTEN)
        person = sha256(self._desk.address_key + email.encode("utf-8", "surrogateescape")).hexdigest()
        # Counted for unknown e-mails too, and never told: a flooded mailbox is nobody else's business.
        if await self._desk.asks(self._desk.sessions.take, f"reset/mail/{person}", LETTERS_PER_PERSON, PERSON_SECONDS):
            self._postman.ask(ResetAsked(email, visitor))
        return page("forgotten.html", can_send=True, notice=texts_fr.LINK_SENT)

    async def link_page(self, request: Request) -> Response:
        """Two fields for the password, or that the link does not work."""
        token = request.query_params.get(TOKEN_PARAMETER, "")
        link = await self._read(token)
        return _spent() if link is None else _form(link, token)

    async def use(self, request: Request) -> Response:
        """The password is set, every session is over, and the sign-in page follows."""
        form = await self._desk.form(request, TOKEN_PARAMETER, "password", "again")
        token = form[TOKEN_PARAMETER]
        link = await self._read(token)
        if link is None:
            return _spent()
        if form["password"] != form["again"]:
            return _form(link, token, error=texts_fr.NOT_THE_SAME)
        try:
            password_hash = await self._desk.passwords.hash_of(form["password"])
        except PasswordRefused:
            return _form(link, token, error=texts_fr.WRONG_LENGTH)
        if not await self._desk.asks(self._links.use, token, password_hash, self._desk.visitor(request)):
            return _spent()
        return go_to("/login?pret&autre")

    async def _read(self, token: str) -> AccountLink | None:
        """The link, where it works; the answer speaks its person's language."""
        link = await self._desk.asks(self._links.read, token)
        if link is not None:
            speak(link.language, is_signed_in=False)
        return link


def _form(link: AccountLink, token: str, *, error: str | None = None) -> Response:
    return page(
        "link.html",
        200 if error is None else 422,
        email=link.email,
        is_invitation=link.purpose is LinkPurpose.INVITATION,
        link=token,
        error=error,
    )


def _spent() -> Response:
    return page("link_spent.html", 410)
