"""The sign-in's pages: made from templates, in the language of the request that is being answered.

The code and the templates speak French; `texts_en.json` holds the English of each sentence, and tests find
those that have none. A link on every page changes the language, and a cookie keeps the choice; whoever is signed in
reads the one they chose for themselves, wherever that was.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.language import COOKIE, LANGUAGES, preferred
from dashboards.language import english as pages_english

TEMPLATES = Path(__file__).with_name("html")
TEXTS = Path(__file__).with_name("texts_en.json")

PARAMETER = "langue"

_COOKIE_SECONDS = 400 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Speech:
    """In which language a request is answered, and where the same page is in the other one."""

    language: str = "fr"
    address: URL | None = None
    """What was asked for; None where nothing was."""
    switched_to: str | None = None
    """The language, where the request is the switch itself."""
    is_kept: bool = False
    """True where somebody chose the language in this browser before."""

    @property
    def other_url(self) -> str | None:
        """Where the same page is in the other language."""
        if self.address is None:
            return None
        other = self.address.include_query_params(**{PARAMETER: "en" if self.language == "fr" else "fr"})
        return f"{other.path}?{other.query}"


_FRENCH = Speech()
_speech: ContextVar[Speech] = ContextVar("speech", default=_FRENCH)


@contextmanager
def answering(request: Request) -> Iterator[None]:
    """Pages made inside are in the language the request asks for."""
    asked = request.query_params.get(PARAMETER)
    switched_to = asked if asked in LANGUAGES else None
    cookies = request.cookies if switched_to is None else {COOKIE: switched_to}
    language = preferred(cookies, request.headers.get("accept-language", ""))
    kept = _speech.set(Speech(language, request.url, switched_to, cookies.get(COOKIE) in LANGUAGES))
    try:
        yield
    finally:
        _speech.reset(kept)


def speak(own: str | None, *, is_signed_in: bool) -> None:
    """What is made from now on is in the person's own language, where they have one and did not just switch.

    Args:
        own: the one they chose; None before they have.
        is_signed_in: False for somebody a link names: what was chosen in this browser counts more.
    """
    speech = _speech.get()
    if own is not None and speech.switched_to is None and (is_signed_in or not speech.is_kept):
        _speech.set(replace(speech, language=own))


def switched_to() -> str | None:
    """The language that the request which is being answered switches to; None where it is no switch."""
    return _speech.get().switched_to


def keep_choice(answer: Response, *, secure: bool) -> None:
    """The browser keeps the language it switched to, where this request was the switch."""
    if (chosen := switched_to()) is not None:
        answer.set_cookie(
            COOKIE, chosen, max_age=_COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="strict"
        )


def language() -> str:
    """The language of the request that is being answered."""
    return _speech.get().language


def say(french: str) -> str:
    """The sentence in the language of the request that is being answered."""
    return english().get(french, french) if language() == "en" else french


@cache
def english() -> Mapping[str, str]:
    """The English of each sentence, by its French: the sign-in's own, and the labels it shares with the pages."""
    own: Mapping[str, str] = json.loads(TEXTS.read_text(encoding="utf-8"))
    return {**pages_english(), **own}


def page(name: str, /, status: int = 200, **values: object) -> Response:
    """A page of the sign-in; every value in it is escaped."""
    environment, style_hash = _templates()
    policy = (
        f"default-src 'none'; style-src '{style_hash}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    speech = _speech.get()
    texts = {"language": speech.language, "other_url": speech.other_url, "error": None, "notice": None}
    body = environment.get_template(name).render({**texts, **values})
    return HTMLResponse(
        body, status,
        {"cache-control": "no-store", "content-security-policy": policy, "content-language": speech.language},
    )  # fmt: skip


def go_to(path: str) -> Response:
    """On to another page of ours."""
    return RedirectResponse(path, 303, {"cache-control": "no-store"})


@cache
def _templates() -> tuple[Environment, str]:
    """The templates, and the hash by which the browser knows their one style sheet."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    # Global, so that the macros say it too.
    environment.globals["say"] = say
    style = re.search(r"<style>(.*?)</style>", (TEMPLATES / "layout.html").read_text(encoding="utf-8"), re.DOTALL)
    if style is None:
        raise LookupError("layout.html: found no style sheet, expected one: every page of the sign-in wears it")
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    return environment, f"sha256-{digest}"
