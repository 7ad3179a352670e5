"""The sign-in's pages in the language a person chose, asked of the real sign-in on a real database."""

import re

import httpx
import pytest
from starlette.testclient import TestClient

from tests.support.second_factors import plant_second_factor
from tests.support.sign_in_app import HTML, SignInApp
from warehouse.stores.sign_in import Visitor

FRENCH, ENGLISH = {"accept-language": "fr"}, {"accept-language": "en"}


@pytest.fixture
def app(app: SignInApp) -> SignInApp:
    """As if nobody had ever chosen a language."""
    app.admin.execute("update users set language = null")
    return app


def chose(app: SignInApp, name: str, language: str) -> None:
    """The person said so once, on whichever machine."""
    app.admin.execute("update users set language = %s where id = %s", [language, app.network.users[name]])


def kept(app: SignInApp, name: str) -> str | None:
    """What the person chose."""
    row = app.admin.execute("select language from users where id = %s", [app.network.users[name]]).fetchone()
    assert row is not None
    found: str | None = row[0]
    return found


def look(client: TestClient, path: str, browser: dict[str, str] = FRENCH) -> httpx.Response:
    """The page, as a browser of this language asks for it."""
    answer = client.get(path, headers={**HTML, **browser})
    assert answer.status_code == 200, (path, answer.status_code)
    return answer


def spoken(answer: httpx.Response) -> str:
    """The language the page says it is in; its header agrees."""
    found = re.search(r'<html lang="(\w+)">', answer.text)
    assert found is not None
    assert answer.headers["content-language"] == found[1]
    return found[1]


@pytest.mark.parametrize("path", ["/compte", "/compte/confirmer"])
def test_the_account_speaks_the_language_of_its_person(app: SignInApp, path: str) -> None:
    """It counts more than the browser's own and than what was chosen in this browser, whoever did."""
    client = app.signed_in("dax")
    assert spoken(look(client, path, ENGLISH)) == "en"
    chose(app, "dax", "fr")
    assert spoken(look(client, path, ENGLISH)) == "fr"
    chose(app, "dax", "en")
    client.cookies.set("jarvis_language", "fr")
    assert spoken(look(client, path)) == "en"


def test_the_switch_on_the_account_is_kept_for_the_person(app: SignInApp) -> None:
    """From then on every page speaks it, here and wherever they sign in next; the link leads back."""
    client = app.signed_in("dax")
    chose(app, "dax", "fr")
    switched = look(client, "/compte?langue=en")
    assert (spoken(switched), kept(app, "dax"), kept(app, "pau")) == ("en", "en", None)
    assert 'href="/compte?langue=fr"' in switched.text
    assert spoken(look(client, "/compte/confirmer")) == "en"
    assert spoken(look(app.signed_in("dax"), "/compte")) == "en"


def test_nobody_is_known_before_the_code(app: SignInApp) -> None:
    """Whoever has the password alone changes nothing; the way in speaks the browser's language to its end."""
    plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    chose(app, "dax", "fr")
    client = app.client()
    assert app.sign_in(client, "dax").headers["location"].startswith("/login/code")
    assert spoken(look(client, "/login/code", ENGLISH)) == "en"
    assert spoken(look(client, "/login/code?langue=en")) == "en"
    assert kept(app, "dax") == "fr"


def test_a_link_speaks_the_language_of_whom_it_was_sent_to(app: SignInApp) -> None:
    """A browser in which nobody has chosen; where somebody has, that stays."""
    chose(app, "dax", "en")
    link = app.links.issue_reset("dax@salle.test", Visitor())
    assert link is not None
    client, path = app.client(), f"/mot-de-passe?lien={link.token}"
    assert spoken(look(client, path)) == "en"
    client.cookies.set("jarvis_language", "fr")
    assert spoken(look(client, path, ENGLISH)) == "fr"
    assert kept(app, "dax") == "en"
