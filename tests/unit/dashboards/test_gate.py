"""The gate and the sign-in around a plain ASGI app: who gets through, and as whom."""

import asyncio
import re
from typing import cast
from uuid import UUID, uuid4

import httpx
import pytest
from psycopg import OperationalError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboards.gate import SessionGate
from dashboards.sign_in.desk import Desk, safe_path
from dashboards.sign_in.login import SignIn
from jarvis.passwords import hash_password
from jarvis.tenancy import Scope, UserRole
from warehouse.stores.accounts import Accounts, Visit
from warehouse.stores.sign_in import Account, Opened, PasswordCheck, Stage, Visitor

PASSWORD = "une-phrase-de-passe"
NOBODY = Visitor()
CAMILLE = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="Camille Durand")


class MemorySessions:
    """One person, any number of sessions; `is_down` stands for a database that is away."""

    def __init__(self) -> None:
        self.tokens: dict[str, Scope] = {}
        self.failures: list[UUID | None] = []
        self.activity: list[bool] = []
        self.is_down = False
        self._hash = hash_password(PASSWORD)

    def begin_sign_in(self, email: str) -> Account | None:
        self._answer()
        return Account(CAMILLE.user_id, self._hash, True) if email == "camille@salle.test" else None

    def fail_sign_in(self, user_id: UUID | None, visitor: Visitor) -> None:
        self.failures.append(user_id)

    def address_wait(self, visitor: Visitor) -> float:
        return 0.0

    def open(self, user_id: UUID, visitor: Visitor = NOBODY) -> Opened | None:
        return Opened(self.a_token(), Stage.OPEN)

    def a_token(self) -> str:
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = CAMILLE
        return token

    def visit(self, token: str) -> Visit | None:
        self._answer()
        if token not in self.tokens:
            return None
        return Visit(
            uuid4(), CAMILLE.user_id, "camille@salle.test", None, CAMILLE.role, Stage.OPEN, True, True, False, 0, None
        )

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        self._answer()
        self.activity.append(is_activity)
        return self.tokens.get(token)

    def revoke(self, token: str) -> None:
        self.tokens.pop(token, None)

    def _answer(self) -> None:
        if self.is_down:
            raise OperationalError("connection refused: host 10.0.0.1")


async def _who(request: Request) -> Response:
    return PlainTextResponse(",".join(request.headers.getlist("x-jarvis-user")))


def ask(
    sessions: MemorySessions,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    data: dict[str, str] | None = None,
    public_url: str | None = None,
) -> httpx.Response:
    """One request to a small app behind the real gate and sign-in."""
    desk = Desk(
        sessions=sessions,
        # It only asks whose session it is, which the same memory tells.
        accounts=cast(Accounts, sessions),
        passwords=PasswordCheck(sessions, refusal_seconds=0),
        public_url=public_url,
        form_key=b"k",
        address_key=b"k",
    )
    app = Starlette(
        routes=[
            *SignIn(desk).routes(),
            Route("/{path:path}", _who, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(SessionGate, sessions=sessions, public_url=public_url)],
    )

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://salle.test") as client:
            return await client.request(method, path, headers=headers, data=data)

    return asyncio.run(send())


def test_what_lies_behind_learns_who_it_is_from_us_alone() -> None:
    """A visitor's own identity header is dropped, whatever its case."""
    sessions = MemorySessions()
    token = sessions.a_token()
    answer = ask(sessions, "GET", "/x", headers={"cookie": f"jarvis_session={token}", "X-Jarvis-User": "admin"})
    assert answer.text == str(CAMILLE.user_id)


@pytest.mark.parametrize(("accept", "expected"), [("text/html", True), ("image/png", False)])
def test_only_a_page_is_activity(accept: str, expected: bool) -> None:
    """Files a page loads by itself don't put the idle limit off."""
    sessions = MemorySessions()
    token = sessions.a_token()
    ask(sessions, "GET", "/x", headers={"cookie": f"jarvis_session={token}", "accept": accept})
    assert sessions.activity == [expected]


def test_the_files_of_one_visit_ask_for_the_session_once() -> None:
    """A hundred of them come within a moment; another path, another token and the next moment are looked up."""
    sessions, now = MemorySessions(), [100.0]
    mine, others = sessions.a_token(), "nobody-s"
    gate = SessionGate(
        Starlette(routes=[Route("/{path:path}", _who)]), sessions=sessions, public_url=None, clock=lambda: now[0]
    )

    async def visit() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://salle.test") as client:
            asked = [
                (mine, "/static/js/a.js", 0.0), (mine, "/static/js/b.js", 1.0), (mine, "/_stcore/health", 1.0),
                (others, "/static/js/a.js", 1.0), (mine, "/static/js/c.js", 2.0),
            ]  # fmt: skip
            answers = []
            for token, path, seconds in asked:
                now[0] = 100.0 + seconds
                answers.append((await client.get(path, headers={"cookie": f"jarvis_session={token}"})).status_code)
            sessions.revoke(mine)
            now[0] = 104.0
            last = await client.get("/static/js/a.js", headers={"cookie": f"jarvis_session={mine}"})
            return [*answers, last.status_code]

    assert asyncio.run(visit()) == [200, 200, 200, 401, 200, 401]
    # Looked up: the first file, the page's own route, the stranger, the file after two seconds, the ended session.
    assert len(sessions.activity) == 5


def test_a_database_that_is_away_closes_the_door() -> None:
    """Nobody gets through, the answer says to come back, and no address is told."""
    sessions = MemorySessions()
    sessions.is_down = True
    answer = ask(sessions, "GET", "/x", headers={"cookie": "jarvis_session=t"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.0.0.1" not in answer.text


@pytest.mark.parametrize(
    ("language", "told", "again"),
    [("fr", "momentanément indisponible", "Réessayer"), ("en", "unavailable", "Try again")],
)
def test_a_page_asked_for_while_the_database_is_away_is_a_page(language: str, told: str, again: str) -> None:
    """In our own look and the reader's language, with the way to ask again; the cause stays inside."""
    sessions = MemorySessions()
    sessions.is_down = True
    headers = {"cookie": "jarvis_session=t", "accept": "text/html", "accept-language": language}
    answer = ask(sessions, "GET", "/adherents?risque=high", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"].startswith("text/html") and answer.headers["cache-control"] == "no-store"
    assert f'<html lang="{language}"' in answer.text and "<style>" in answer.text
    assert told in answer.text and f'href="">{again}</a>' in answer.text
    assert "10.0.0.1" not in answer.text


def test_signing_in_while_the_database_is_away_says_so() -> None:
    """The form comes back with its e-mail and a sentence; the cause stays inside."""
    sessions = MemorySessions()
    sessions.is_down = True
    data = {"email": "camille@salle.test", "password": PASSWORD}
    answer = ask(sessions, "POST", "/login", data=data, headers={"origin": "http://salle.test"})
    assert answer.status_code == 503
    assert "momentanément indisponible" in answer.text
    assert 'value="camille@salle.test"' in answer.text


def test_a_wrong_password_and_an_unknown_e_mail_are_recorded() -> None:
    """The second one for nobody."""
    sessions = MemorySessions()
    for email in ("camille@salle.test", "personne@salle.test"):
        data = {"email": email, "password": "pas-le-bon"}
        ask(sessions, "POST", "/login", data=data, headers={"origin": "http://salle.test"})
    assert sessions.failures == [CAMILLE.user_id, None]


@pytest.mark.parametrize(("path", "expected"), [("/login", "/"), ("/login?next=/alertes", "/alertes")])
def test_the_signed_in_are_led_on_from_the_form(path: str, expected: str) -> None:
    """They have nothing to sign in to."""
    sessions = MemorySessions()
    token = sessions.a_token()
    answer = ask(sessions, "GET", path, headers={"cookie": f"jarvis_session={token}"})
    assert (answer.status_code, answer.headers["location"]) == (303, expected)


@pytest.mark.parametrize("is_down", [False, True])
def test_an_ended_session_meets_the_form(is_down: bool) -> None:
    """So does everybody while the database is away: the form leads nowhere by itself."""
    sessions = MemorySessions()
    sessions.is_down = is_down
    answer = ask(sessions, "GET", "/login", headers={"cookie": "jarvis_session=ended"})
    assert (answer.status_code, "Mot de passe" in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("origin", "public_url", "expected"),
    [
        ("http://salle.test", None, 303),
        ("https://jarvis.salle.test", "https://jarvis.salle.test", 303),
        ("https://ailleurs.test", "https://jarvis.salle.test", 403),
        ("http://salle.test.ailleurs.test", None, 403),
        ("null", None, 403),
        ("", None, 403),
        ("http://[", None, 403),
        ("file://salle.test", None, 403),
    ],
)
def test_only_our_own_pages_post_the_form(origin: str, public_url: str | None, expected: int) -> None:
    """The origin is the host that was asked, or the public URL of the settings."""
    data = {"email": "camille@salle.test", "password": PASSWORD}
    answer = ask(MemorySessions(), "POST", "/login", data=data, headers={"origin": origin}, public_url=public_url)
    assert answer.status_code == expected


def test_behind_a_public_https_url_the_cookie_is_secure() -> None:
    """The settings know of the TLS in front of us even where no proxy header says so."""
    data = {"email": "camille@salle.test", "password": PASSWORD}
    url = "https://jarvis.salle.test"
    answer = ask(MemorySessions(), "POST", "/login", data=data, headers={"origin": url}, public_url=url)
    assert answer.headers["set-cookie"].startswith("__Host-jarvis_session=")
    assert "; Secure" in answer.headers["set-cookie"]


def test_what_was_typed_comes_back_as_text() -> None:
    """An e-mail can't break out of its field."""
    data = {"email": '"><script>alert(1)</script>', "password": "x"}
    answer = ask(MemorySessions(), "POST", "/login", data=data, headers={"origin": "http://salle.test"})
    assert "<script" not in answer.text
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/alertes", "/alertes"), ("/", "/"), (None, "/"), ("", "/"), ("//ailleurs.test", "/"),
        ("/\\ailleurs.test", "/"), ("https://ailleurs.test", "/"), ("/a\r\nset-cookie: x", "/"),
        ("/login", "/"), ("/logout", "/"), ("/a\n", "/"), ("/a?b=c", "/a?b=c"), ("/login?autre", "/"),
        ("/a?b=c#d", "/"), ("//ailleurs.test?a=b", "/"), ("/a?b=<c>", "/"), ("/?c=1", "/?c=1"),
    ],
)  # fmt: skip
def test_the_way_on_stays_in_our_pages(asked: str | None, expected: str) -> None:
    """Only a plain address of ours is followed after signing in."""
    assert safe_path(asked) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/landing-client"),
        ("/alertes", "/login?next=/alertes"),
        ("/adherents?adherent=7b&vue=a", "/login?next=/adherents%3Fadherent%3D7b%26vue%3Da"),
    ],
)
def test_whoever_has_no_session_is_led_in(path: str, expected: str) -> None:
    """The root shows what JARVIS is; a page's address is kept, with what it asks, until after the sign-in."""
    answer = ask(MemorySessions(), "GET", path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, expected)


def test_a_link_in_a_letter_is_asked_again_as_our_own() -> None:
    """A foreign page's click comes without the strict cookie: ours asks once more, and nothing of it is markup."""
    headers = {"accept": "text/html", "sec-fetch-site": "cross-site"}
    answer = ask(MemorySessions(), "GET", '/alertes?a="><script>', headers=headers)
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0; url=/alertes?a=' in answer.text
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers


def test_the_public_page_needs_nobody_and_nothing() -> None:
    """It says what JARVIS is and leads to the sign-in, without a session, a script or a file from anywhere."""
    answer = ask(MemorySessions(), "GET", "/landing-client", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert 'href="/login"' in answer.text
    assert "l&#39;assistant vocal des salles de sport" in answer.text
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|href)="(?!/|data:)', answer.text) == []
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        ("/login", {}, "Connexion"),
        ("/login", {"accept-language": "en-GB,en;q=0.9,fr;q=0.8"}, "Sign in"),
        ("/login", {"accept-language": "de, fr;q=0.5, en;q=0.4"}, "Connexion"),
        ("/login?langue=en", {"accept-language": "fr"}, "Sign in"),
        ("/login?langue=xx", {"accept-language": "fr"}, "Connexion"),
        ("/login", {"accept-language": "fr", "cookie": "jarvis_language=en"}, "Sign in"),
    ],
)
def test_the_sign_in_speaks_the_language_asked_for(url: str, headers: dict[str, str], expected: str) -> None:
    """What was switched to, else the browser's preference, else French; the page says which it is."""
    answer = ask(MemorySessions(), "GET", url, headers={"accept": "text/html", **headers})
    assert f"<h1>{expected}</h1>" in answer.text
    language = "en" if expected == "Sign in" else "fr"
    assert f'<html lang="{language}">' in answer.text


def test_the_switch_keeps_the_page_and_is_remembered() -> None:
    """The link leads to the same page with all it was asked, and the browser keeps the language."""
    page = ask(MemorySessions(), "GET", "/login?next=%2Falertes", headers={"accept": "text/html"})
    assert 'href="/login?next=%2Falertes&amp;langue=en"' in page.text
    switched = ask(MemorySessions(), "GET", "/login?next=%2Falertes&langue=en", headers={"accept": "text/html"})
    assert switched.headers["set-cookie"].startswith("jarvis_language=en;")
    assert 'value="/alertes"' in switched.text
    assert "set-cookie" not in page.headers


def test_a_refusal_is_in_the_language_of_its_page() -> None:
    """Sentences of the code are said in English like those of the templates."""
    data = {"email": "camille@salle.test", "password": "pas-le-bon"}
    headers = {"origin": "http://salle.test", "accept-language": "en"}
    answer = ask(MemorySessions(), "POST", "/login", data=data, headers=headers)
    assert "Wrong e-mail or password." in answer.text
