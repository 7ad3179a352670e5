"""The page in which Streamlit runs: whose first page it is, its language, and where it looks for the server."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from dashboards.shell import shell_routes
from jarvis.tenancy import Scope, UserRole
from tests.unit.dashboards.test_gate import MemorySessions


def ask(path: str, role: UserRole = UserRole.GYM_MANAGER, **headers: str) -> httpx.Response:
    """The answer to somebody of this role."""
    sessions = MemorySessions()
    sessions.tokens["t"] = Scope(user_id=uuid4(), role=role, full_name="Camille Durand")
    app = Starlette(routes=shell_routes(sessions=sessions))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://salle.test") as client:
            return await client.get(path, headers={"cookie": "jarvis_session=t", **headers})

    return asyncio.run(send())


def test_the_first_page_answers_to_its_own_name() -> None:
    """A link to it leads to the root, where Streamlit keeps it, with all it asked."""
    answer = ask("/aujourdhui?alerte=7&vue=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?alerte=7&vue=a")
    assert ask("/aujourdhui").headers["location"] == "/"


@pytest.mark.parametrize("path", ["/", "/adherents", "/alertes"])
def test_other_pages_are_where_their_address_says(path: str) -> None:
    """They are Streamlit's page, which looks for its server at the root and asks nothing below the page's path."""
    answer = ask(path)
    assert answer.status_code == 200
    assert answer.text.index("BACKEND_BASE_URL: location.origin") < answer.text.index('<script type="module"')
    assert "<title>JARVIS</title>" in answer.text


def test_a_role_without_that_first_page_is_led_nowhere() -> None:
    """Whoever is offered no page gets the shell, and the script says so."""
    assert ask("/aujourdhui", role=UserRole.ANALYST).status_code == 200


def test_the_page_says_its_language() -> None:
    """A reader of screens pronounces French as French."""
    assert '<html lang="fr">' in ask("/").text
    assert '<html lang="en">' in ask("/", **{"accept-language": "en"}).text
