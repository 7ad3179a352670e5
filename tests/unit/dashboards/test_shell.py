"""The page in which Streamlit runs: whose first page it is, its language, and where it looks for the server."""

import asyncio
import json
import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import streamlit
from starlette.applications import Starlette

from dashboards import shell
from dashboards.shell import shell_routes
from jarvis.tenancy import Scope, UserRole
from tests.unit.dashboards.test_gate import MemorySessions

STREAMLIT = Path(streamlit.__file__).parent
WORDS = Path(__file__).resolve().parents[3] / "dashboards" / "streamlit_fr.json"


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


def test_streamlit_s_own_words_are_told_in_french() -> None:
    """The page carries the French of each word, before Streamlit's script begins."""
    page = ask("/").text
    assert '"Previous page": "Page précédente"' in page
    assert "(WORDS)" not in page
    assert page.index("Page précédente") < page.index('<script type="module"')


def test_each_word_is_still_streamlit_s() -> None:
    """A new version that says it otherwise is noticed here, and not by a manager."""
    scripts = "".join(path.read_text("utf-8") for path in (STREAMLIT / "static" / "static" / "js").glob("*.js"))
    words = json.loads(WORDS.read_text("utf-8"))
    # A word stands between quotes; one with a gap is put together from its parts.
    known = {word for word in words if any(f"{mark}{word}{mark}" in scripts for mark in "`\"'")}
    gaps = {word: word.replace("{}", "").split() for word in words if "{}" in word}
    known |= {word for word, parts in gaps.items() if all(part in scripts for part in parts)}
    # Of a page that is not there it puts two sentences together.
    known |= {
        word for word in words if "{}" not in word and all(part in scripts for part in re.split(r"(?<=\w)\. ", word))
    }
    assert set(words) - known == set()
    assert {word for word, told in words.items() if word.count("{}") != told.count("{}")} == set()
    assert list(words) == sorted(words)


@pytest.mark.parametrize(("path", "parts"), [("/analyses", {"PlotlyChart"}), ("/couts", {"PlotlyChart", "DataFrame"})])
def test_what_draws_a_page_s_charts_is_fetched_with_the_page(path: str, parts: set[str]) -> None:
    """With all that it imports, each file once; the files are there, and the scripts' own words name no other."""
    page = ask(path, role=UserRole.SUPER_ADMIN).text
    found = preloaded(page)
    assert {*parts, *shell._EVERYWHERE} <= {name.split(".")[0] for name in found}
    assert len(found) == len(set(found))
    scripts = STREAMLIT / "static" / "static" / "js"
    first = re.findall(r'src="\./static/js/(index\..+?\.js)"', page)
    for name in found:
        imported = re.findall(r'(?<!\w)(?:from|import)"\./([^"]+)"', (scripts / name).read_text(encoding="utf-8"))
        assert set(imported) <= {*found, *first}, name


@pytest.mark.parametrize("path", ["/", "/alertes", "/bornes"])
def test_a_page_without_charts_fetches_none_ahead(path: str) -> None:
    """Four megabytes of script are no gift to whoever reads alerts."""
    found = {name.split(".")[0] for name in preloaded(ask(path).text)}
    assert set(shell._EVERYWHERE) <= found
    assert not {shell._CHARTS, shell._TABLES} & found


def preloaded(page: str) -> list[str]:
    """The scripts that a page fetches beside its first."""
    head = page[: page.index("</head>")]
    return re.findall(r'<link rel="modulepreload" crossorigin href="\./static/js/(.+?\.js)">', head)


def test_a_part_that_streamlit_no_longer_has_is_named() -> None:
    """Another version of Streamlit says so when the app starts, not when a page stays empty."""
    with pytest.raises(LookupError, match="found 0 of NoSuchPart"):
        shell._built("NoSuchPart")
