"""The documentation behind the sign-in: who reads which site, and that nothing outside its folder is answered."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboards.docs_pages import FORBIDDEN, UNWRITTEN, docs_routes
from dashboards.gate import PLAIN_COOKIE, SessionGate
from jarvis.documentation import READERS, Site, folder_of
from jarvis.tenancy import Scope, UserRole


class OneSession:
    """A person's session, by the token `open`; everything else the gate and the pages don't ask."""

    def __init__(self, role: UserRole) -> None:
        self._person = Scope(user_id=uuid4(), role=role, full_name="Camille")

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """The person, for their token."""
        return self._person if token == "open" else None


def ask(home: Path, path: str, *, role: UserRole = UserRole.SUPER_ADMIN, token: str | None = "open") -> httpx.Response:
    """What a browser of this person gets."""
    sessions = OneSession(role)
    app = Starlette(
        routes=docs_routes(sessions=sessions, home=home),  # type: ignore[arg-type]
        middleware=[Middleware(SessionGate, sessions=sessions, public_url=None)],
    )

    async def get() -> httpx.Response:
        cookies = {PLAIN_COOKIE: token} if token else None
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies) as client:
            return await client.get(path)

    return asyncio.run(get())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with both sites, and a secret beside them."""
    for site in Site:
        folder = folder_of(tmp_path, site)
        (folder / "deeper").mkdir(parents=True)
        (folder / "index.html").write_text(f"<h1>{site}</h1>", "utf-8")
        (folder / "deeper" / "page.html").write_text("<p>deeper</p>", "utf-8")
        (folder / "way_out").symlink_to(tmp_path)
    (tmp_path / "secret_key").write_text("secret", "utf-8")
    return tmp_path


@pytest.mark.parametrize("role", list(UserRole))
@pytest.mark.parametrize("site", list(Site))
def test_each_site_has_its_readers(home: Path, site: Site, role: UserRole) -> None:
    """A manager reads neither, an analyst and an owner the marts, who runs the network both."""
    answer = ask(home, f"/documentation/{site}/", role=role)
    expected = (200, f"<h1>{site}</h1>") if role in READERS[site] else (403, FORBIDDEN)
    assert (answer.status_code, answer.text) == expected


@pytest.mark.parametrize("token", [None, "guessed"])
@pytest.mark.parametrize("path", ["/documentation/marts/", "/documentation/quality/deeper/page.html"])
def test_nobody_without_a_session_reads_a_page(home: Path, path: str, token: str | None) -> None:
    """The gate answers, whatever is asked for."""
    answer = ask(home, path, token=token)
    assert answer.status_code == 401
    assert "<" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["../secret_key", "..%2fsecret_key", "%2e%2e/%2e%2e/secret_key", "/secret_key", "way_out/secret_key", "a%00b"],
)
def test_nothing_outside_the_folder_is_answered(home: Path, path: str) -> None:
    """Neither steps upwards, nor an absolute path, nor a link that leads out."""
    answer = ask(home, f"/documentation/marts/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_page_deeper_down_is_found_and_kept_by_no_proxy(home: Path) -> None:
    """Links between pages work, and the address without its last slash leads to the one with it."""
    answer = ask(home, "/documentation/quality/deeper/page.html")
    assert (answer.status_code, answer.text) == (200, "<p>deeper</p>")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert ask(home, "/documentation/marts").headers["location"] == "/documentation/marts/"


def test_what_is_not_written_yet_says_so(tmp_path: Path) -> None:
    """A new installation has no pages before its first night."""
    answer = ask(tmp_path, "/documentation/marts/")
    assert (answer.status_code, answer.text) == (404, UNWRITTEN)
