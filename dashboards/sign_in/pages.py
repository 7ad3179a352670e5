"""The sign-in's pages: made from templates, in the language of the request that is being answered.

The code and the templates speak French; `texts_en.json` holds the English of each sentence, and tests find
those that have none. A link on every page changes the language, and a cookie keeps the choice.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
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
    other_url: str | None = None


_FRENCH = Speech()
_speech: ContextVar[Speech] = ContextVar("speech", default=_FRENCH)


@contextmanager
def answering(request: Request) -> Iterator[None]:
    """Pages made inside are in the language the request asks for."""
    asked = request.query_params.get(PARAMETER)
    cookies = {COOKIE: asked} if asked in LANGUAGES else request.cookies
    language = preferred(cookies, request.headers.get("accept-language", ""))
    other = request.url.include_query_params(**{PARAMETER: "en" if language == "fr" else "fr"})
    kept = _speech.set(Speech(language, f"{other.path}?{other.query}"))
    try:
        yield
    finally:
        _speech.reset(kept)


def keep_choice(request: Request, answer: Response, *, secure: bool) -> None:
    """The browser keeps the language it switched to, where this request was the switch."""
    asked = request.query_params.get(PARAMETER)
    if asked in LANGUAGES:
        answer.set_cookie(
            COOKIE, asked, max_age=_COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="strict"
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
