"""Signing in through an identity provider: what lets in, what does not, and what stays due here."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from jarvis.identity_provider import IdentityProvider
from jarvis.second_factor import code_at
from jarvis.settings import Settings
from tests.support.dashboards_door import form_of
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, PlayedProvider, played_provider
from tests.support.second_factors import plant_second_factor
from tests.support.sign_in_app import HTML, SignInApp, is_in, sign_in_app

WAY, BACK = "/login/fournisseur", "/login/fournisseur/retour"
DAX = {"email": "Dax@salle.test", "email_verified": True}


@pytest.fixture(scope="module")
def provider() -> Iterator[PlayedProvider]:
    """The provider, answering."""
    with played_provider() as played:
        yield played


@pytest.fixture(scope="module")
def served(provider: PlayedProvider, settings: Settings) -> Iterator[SignInApp]:
    """The app with this provider, on a database of this module's own."""
    client = IdentityProvider(
        issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="Landes ID"
    )
    with sign_in_app(replace(settings, identity_provider=client)) as app:
        yield app


@pytest.fixture
def app(served: SignInApp, provider: PlayedProvider) -> Iterator[SignInApp]:
    """The app; what a test changes is taken back."""
    key = provider.key
    with served.anew():
        yield served
    provider.key, provider.is_down, provider.discovered = key, False, {}
    # What it knows of the provider is an hour old for the next test.
    served.now += 3601


def through_provider(
    app: SignInApp, provider: PlayedProvider, client: TestClient, *, way: str = WAY, **claims: Any
) -> httpx.Response:
    """The answer to coming back from the provider with these claims."""
    left = client.get(way)
    assert left.status_code == 303, left.text
    return client.get(BACK, params=provider.sign_in(left.headers["location"], now=app.now, **claims))


def refusals(app: SignInApp) -> list[str]:
    """Why the audit trail says that nobody was let in, in order."""
    rows = app.admin.execute("select details ->> 'reason' from audit_log where action = 'provider_refused' order by id")
    return [row[0] for row in rows.fetchall()]


def test_the_provider_s_word_opens_a_session(app: SignInApp, provider: PlayedProvider) -> None:
    """The person of the verified e-mail is in, on the page they asked for; the trail says how."""
    client = app.client()
    assert "Se connecter avec Landes ID" in client.get("/login").text
    answer = through_provider(app, provider, client, way=f"{WAY}?next=/alertes%3Fgrave%3D1", **DAX)
    assert (answer.status_code, "url=/alertes?grave=1" in answer.text) == (200, True)
    assert is_in(client)
    assert app.actions("dax") == ["provider_linked", "signed_in"]
    row = app.admin.execute("select details ->> 'by' from audit_log where action = 'signed_in'").fetchone()
    assert row == ("provider",)


def test_whom_the_provider_knows_is_known_again_by_the_subject(app: SignInApp, provider: PlayedProvider) -> None:
    """A changed or missing e-mail doesn't matter any more; the same e-mail under another subject opens nothing."""
    through_provider(app, provider, app.client(), **DAX)
    again = app.client()
    through_provider(app, provider, again, email="autre@salle.test", email_verified=False)
    assert again.get("/alertes").text == str(app.network.users["dax"])
    other = app.client()
    answer = through_provider(app, provider, other, sub="subject-2", **DAX)
    assert (answer.status_code, is_in(other)) == (403, False)
    assert refusals(app) == ["other_subject"]


def test_a_second_factor_stays_due(app: SignInApp, provider: PlayedProvider) -> None:
    """The provider stands in for the password: the code is asked here, and set up where the role forces it."""
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    client = app.client()
    answer = through_provider(app, provider, client, **DAX)
    assert "url=/login/code?next=/" in answer.text
    assert not is_in(client)
    client.post("/login/code", data=form_of(client.get("/login/code").text, code=code_at(secret, moment=app.now)))
    assert is_in(client)
    boss = app.client()
    answer = through_provider(app, provider, boss, sub="boss", email="admin@salle.test", email_verified=True)
    assert ("url=/login/application" in answer.text, is_in(boss)) == (True, False)
    assert app.actions("dax") == ["provider_linked", "provider_accepted", "signed_in"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "token"),
        ({"nonce": None}, "token"),
        ({"aud": "somebody-else"}, "token"),
        ({"aud": ["jarvis", "somebody-else"], "azp": "somebody-else"}, "token"),
        ({"iss": "https://ailleurs.test"}, "token"),
        ({"exp": 1_700_000_000}, "token"),
        ({"exp": None}, "token"),
        ({"iat": 1_900_000_000}, "token"),
        ({"sub": None}, "token"),
        ({"email_verified": False}, "unverified"),
        ({"email_verified": "true"}, "unverified"),
        ({"email_verified": None}, "unverified"),
        ({"email": "personne@salle.test"}, "unknown"),
    ],
)
def test_an_answer_that_is_not_to_our_question_lets_nobody_in(
    app: SignInApp, provider: PlayedProvider, claims: dict[str, Any], reason: str
) -> None:
    """No session, a sentence on the form, the reason on record, and nobody made or linked."""
    client = app.client()
    answer = through_provider(app, provider, client, **{**DAX, **claims})
    assert answer.status_code in (400, 403)
    assert 'role="alert"' in answer.text
    assert not is_in(client)
    assert refusals(app) == [reason]
    counts = app.admin.execute("select (select count(*) from users), (select count(*) from provider_identities)")
    assert counts.fetchone() == (len(app.network.users), 0)


def test_a_stranger_s_signature_lets_nobody_in(app: SignInApp, provider: PlayedProvider) -> None:
    """The right key id on another key, and a token signed with our own secret, are not the provider's."""
    client = app.client()
    through_provider(app, provider, app.client(), **DAX)
    known = provider.key
    provider.key = RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})
    assert through_provider(app, provider, client, **DAX).status_code == 400
    provider.key = known
    assert not is_in(client)
    assert refusals(app) == ["token"]


def test_a_provider_may_change_its_key(app: SignInApp, provider: PlayedProvider) -> None:
    """A key id that we do not know yet is asked for once."""
    through_provider(app, provider, app.client(), **DAX)
    provider.turn_key()
    client = app.client()
    through_provider(app, provider, client, **DAX)
    assert is_in(client)


def test_an_answer_is_good_once_and_for_its_browser(app: SignInApp, provider: PlayedProvider) -> None:
    """A replayed, a made-up and a stolen answer open nothing."""
    client, thief = app.client(), app.client()
    left = client.get(WAY)
    brought = provider.sign_in(left.headers["location"], now=app.now, **DAX)
    assert thief.get(BACK, params=brought).status_code == 400
    cookie = client.cookies.get("jarvis_provider", path=BACK)
    assert client.get(BACK, params=brought).status_code == 200
    replay = app.client()
    assert cookie is not None
    replay.cookies.set("jarvis_provider", cookie)
    assert replay.get(BACK, params=brought).status_code == 400
    assert replay.get(BACK, params={"state": "x", "code": "y"}).status_code == 400
    assert (is_in(thief), is_in(replay)) == (False, False)
    assert refusals(app) == ["state"] * 3


def test_an_answer_that_waits_too_long_is_forgotten(app: SignInApp, provider: PlayedProvider) -> None:
    """After ten minutes the sign-in begins anew."""
    client = app.client()
    brought = provider.sign_in(client.get(WAY).headers["location"], now=app.now, **DAX)
    app.admin.execute("update app.provider_sign_ins set expires_at = now()")
    assert client.get(BACK, params=brought).status_code == 400
    assert not is_in(client)


def test_a_provider_that_says_no_is_told_in_a_sentence(app: SignInApp, provider: PlayedProvider) -> None:
    """Its own words are not shown: anybody could have put them into the address."""
    client = app.client()
    brought = provider.sign_in(client.get(WAY).headers["location"], now=app.now, **DAX)
    answer = client.get(
        BACK, params={"state": brought["state"], "error": "access_denied", "error_description": "<b>x</b>"}
    )
    assert answer.status_code == 403
    assert "confirmé la connexion" in answer.text
    assert "<b>x" not in answer.text


def test_a_suspended_person_has_no_way_around(app: SignInApp, provider: PlayedProvider) -> None:
    """Neither at the first sign-in nor once linked."""
    through_provider(app, provider, app.client(), **DAX)
    app.admin.execute("update users set is_active = false where id = %s", [app.network.users["dax"]])
    client = app.client()
    assert through_provider(app, provider, client, **DAX).status_code == 403
    assert not is_in(client)
    app.admin.execute("update users set is_active = true where id = %s", [app.network.users["dax"]])


@pytest.mark.parametrize("broken", ["down", "issuer", "downgrade"])
def test_a_provider_that_is_away_or_another_is_not_asked(app: SignInApp, provider: PlayedProvider, broken: str) -> None:
    """The form says so, the password still works, and nobody is sent to an address that is not the provider's."""
    provider.is_down = broken == "down"
    provider.discovered = {
        "issuer": {"issuer": "https://ailleurs.test"},
        "downgrade": {"token_endpoint": "ftp://127.0.0.1/token"},
    }.get(broken, {})
    answer = app.client().get(WAY)
    assert (answer.status_code, "ne répond pas" in answer.text) == (502, True)
    app.signed_in("dax")


def test_who_has_no_password_proves_who_they_are_at_the_provider(app: SignInApp, provider: PlayedProvider) -> None:
    """A change to signing in asks the provider anew; an old proof is none, a fresh one ends the session before."""
    app.admin.execute("delete from user_credentials where user_id = %s", [app.network.users["dax"]])
    client = app.client()
    through_provider(app, provider, client, **DAX)
    app.admin.execute("update dashboard_sessions set proven_at = now() - interval '1 hour'")
    assert client.get("/compte/mot-de-passe").headers["location"].startswith("/compte/confirmer")
    page = client.get("/compte/confirmer?next=/compte/mot-de-passe", headers=HTML)
    asked = client.post("/compte/confirmer", data=form_of(page.text)).headers["location"]
    assert asked == "/login/fournisseur?encore&next=/compte/mot-de-passe"
    left = client.get(asked)
    assert "prompt=login" in left.headers["location"]
    old = provider.sign_in(left.headers["location"], now=app.now, auth_time=1_700_000_000, **DAX)
    assert client.get(BACK, params=old).status_code == 403
    began = app.admin.execute("select extract(epoch from now())::integer").fetchone()
    assert began is not None
    before = client.cookies["jarvis_session"]
    answer = through_provider(app, provider, client, way=asked, auth_time=began[0], **DAX)
    assert "url=/compte/mot-de-passe" in answer.text
    assert client.get("/compte/mot-de-passe", headers=HTML).status_code == 200
    stale = app.client()
    stale.cookies.set("jarvis_session", before)
    assert not is_in(stale)


def test_the_cookie_of_the_journey_is_not_the_session_s(app: SignInApp) -> None:
    """It comes back from the provider, so it is lax; it is out of reach of scripts, short-lived and for one path."""
    cookie = app.client().get(WAY).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert f"path={BACK}" in cookie
    assert "max-age=600" in cookie


def test_departures_of_one_address_are_counted(app: SignInApp) -> None:
    """A flood of them fills no table."""
    client = app.client()
    assert [client.get(WAY).status_code for _ in range(31)] == [303] * 30 + [429]
