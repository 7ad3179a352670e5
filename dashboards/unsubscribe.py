"""The page behind a letter's unsubscribe link: it needs no session, the link's token says who and what.

Looking at it changes nothing, because mail scanners look at every link; a POST stops the letters, from the
page's button or straight from a mail program (RFC 8058). The tokens are `jarvis/mail_kinds.py`'s.
"""

import base64
import hashlib
import html
import logging
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

import anyio.to_thread
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dashboards.language import english, preferred
from jarvis.mail_kinds import LABELS, TOKEN_PARAMETER, UNSUBSCRIBE_PATH, Subscription, opened
from warehouse.people import Database
from warehouse.stores import mail_preferences

PAGE = Path(__file__).with_name("unsubscribe_page.html")

# The field that takes the letters up again; a mail program's own POST says List-Unsubscribe=One-Click.
RESUME = "reprendre"
LONGEST_BODY_BYTES = 1024

ELSEWHERE = "Vos autres courriels ne changent pas."

_logger = logging.getLogger(__name__)

Say = Callable[[str], str]
"""A French text in the reader's language."""


def unsubscribe_routes(database: Database, *, secret_key: str) -> list[Route]:
    """The one route, ready for the app."""

    async def look(request: Request) -> Response:
        """What the link would stop, with the button that does it."""
        subscription = _subscription(request, secret_key)
        language = await _language(request, database, subscription)
        say = _teller(language)
        if subscription is None:
            return _unknown(language)
        return _page(
            language,
            say("Ne plus recevoir ce courriel ?"),
            say("Vous recevez {kind} par courriel.").format(kind=say(LABELS[subscription.kind])),
            button=say("Ne plus le recevoir"),
            foot=say(ELSEWHERE),
        )

    async def change(request: Request) -> Response:
        """The letters of this kind have ended for this person, or come again; said twice it is the same."""
        subscription = _subscription(request, secret_key)
        language = await _language(request, database, subscription)
        say = _teller(language)
        if subscription is None:
            return _unknown(language)
        is_wanted = await _asks_to_resume(request)
        try:
            await anyio.to_thread.run_sync(lambda: _write(database, subscription, is_wanted=is_wanted))
        except psycopg.errors.ForeignKeyViolation:
            pass  # Nobody of this account is left to write to: what was asked is so.
        except (psycopg.Error, PoolTimeout) as error:
            _logger.error("subscription not changed", extra={"error": type(error).__name__})
            text = say("Le service est momentanément indisponible : rien n'a changé. Réessayez dans un instant.")
            return _page(language, say("Réessayez"), text, button=say("Réessayer"), status=503)
        kind = say(LABELS[subscription.kind])
        if is_wanted:
            text = say("Vous recevrez de nouveau {kind}.").format(kind=kind)
            return _page(language, say("C'est noté"), text, button=say("Ne plus le recevoir"))
        text = say("Vous ne recevrez plus {kind}.").format(kind=kind)
        return _page(
            language, say("C'est noté"), text, button=say("Le recevoir de nouveau"), resumes=True, foot=say(ELSEWHERE)
        )

    return [
        Route(UNSUBSCRIBE_PATH, look, methods=["GET"]),
        Route(UNSUBSCRIBE_PATH, change, methods=["POST"]),
    ]


async def _language(request: Request, database: Database, subscription: Subscription | None) -> str:
    """The person's own language where they chose one, else what their browser asks for."""
    asked = preferred(request.cookies, request.headers.get("accept-language", ""))
    if subscription is None:
        return asked
    try:
        return await anyio.to_thread.run_sync(_own_language, database, subscription) or asked
    except (psycopg.Error, PoolTimeout) as error:
        _logger.warning("language not read", extra={"error": type(error).__name__})
        return asked


def _own_language(database: Database, subscription: Subscription) -> str | None:
    with database.holder(subscription.user_id) as connection:
        return mail_preferences.language_of(connection, subscription.user_id)


def _teller(language: str) -> Say:
    return (lambda french: english().get(french, french)) if language == "en" else (lambda french: french)


def _write(database: Database, subscription: Subscription, *, is_wanted: bool) -> None:
    with database.holder(subscription.user_id) as connection:
        mail_preferences.change_kinds(connection, subscription.user_id, [subscription.kind], is_wanted=is_wanted)


def _subscription(request: Request, secret_key: str) -> Subscription | None:
    return opened(request.query_params.get(TOKEN_PARAMETER, ""), secret_key=secret_key)


async def _asks_to_resume(request: Request) -> bool:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY_BYTES:
            # No form of ours is so long; a mail program's may be, and means the same as an empty one.
            return False
    return RESUME in parse_qs(body.decode("ascii", "replace"))


def _unknown(language: str) -> Response:
    say = _teller(language)
    text = say(
        "Ce lien n'est pas complet, ou n'est pas de nous. Ouvrez celui d'un courriel récent, "
        "ou demandez à votre administrateur."
    )
    return _page(language, say("Lien inconnu"), text, status=404)


def _page(
    language: str, title: str, text: str, *, button: str | None = None, resumes: bool = False, foot: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    template, style_hash = _template()
    # To the same address, which carries the token.
    field = f'<input type="hidden" name="{RESUME}" value="1">' if resumes else ""
    form = f'<form method="post">{field}<button type="submit">{html.escape(button)}</button></form>' if button else ""
    page = template.substitute(
        language=language, title=html.escape(title), text=html.escape(text), form=form, foot=html.escape(foot)
    )
    policy = (
        f"default-src 'none'; style-src '{style_hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {"cache-control": "no-store", "content-security-policy": policy, "referrer-policy": "no-referrer"}
    return HTMLResponse(page, status, headers)


@cache
def _template() -> tuple[Template, str]:
    """The page, and the hash by which the browser knows its one style sheet."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256((found.group(1) if found else "").encode()).digest()).decode()
    return Template(text), f"sha256-{digest}"
