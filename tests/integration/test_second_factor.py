"""Codes, recovery codes and « Mon compte », asked of the real sign-in on a real database."""

import re
from typing import LiteralString
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from jarvis.second_factor import STEP_SECONDS, code_at
from tests.support.dashboards_door import PASSWORD, form_of
from tests.support.second_factors import plant_recovery_code, plant_second_factor
from tests.support.sign_in_app import HTML, SignInApp, is_in, submit

NEW_PASSWORD = "une-autre-phrase-de-passe"


def secret_shown(page: str) -> str:
    """The key a page of enrolment shows in words."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return found[1].replace(" ", "")


def enrol(app: SignInApp, client: TestClient) -> tuple[str, list[str]]:
    """The person sets up their application as the page asks; its secret and the recovery codes."""
    page = client.get("/login/application", headers=HTML).text
    secret = secret_shown(page)
    answer = client.post("/login/application", data=form_of(page, code=code_at(secret, moment=app.now)))
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<li><code>([A-Z2-7-]+)</code>", answer.text)


def test_a_super_admin_reaches_nothing_before_the_second_factor(app: SignInApp) -> None:
    """The password alone leads to one page; every other one, the account's too, answers as to a stranger."""
    client = app.client()
    assert app.sign_in(client, "admin").headers["location"].startswith("/login/application")
    assert not is_in(client)
    assert client.get("/", headers=HTML).headers["location"] == "/landing-client"
    for path in ("/compte", "/compte/mot-de-passe", "/alertes", "/compte/confirmer"):
        assert client.get(path, headers=HTML).headers["location"].startswith("/login")
    assert client.get("/login").headers["location"].startswith("/login/application")
    _secret, codes = enrol(app, client)
    assert (is_in(client), len(set(codes))) == (True, 10)
    assert app.actions("admin") == ["password_accepted", "second_factor_enabled"]


def test_enrolment_shows_what_an_application_reads(app: SignInApp) -> None:
    """The picture is an image of the page's own, and the key stands beside it for those who cannot photograph."""
    client = app.client()
    app.sign_in(client, "admin")
    answer = client.get("/login/application")
    assert 'src="data:image/svg+xml' in answer.text
    assert len(secret_shown(answer.text)) == 32
    assert secret_shown(client.get("/login/application").text) == secret_shown(answer.text)


def test_a_wrong_first_code_sets_nothing_up(app: SignInApp) -> None:
    """The session goes on waiting."""
    client = app.client()
    app.sign_in(client, "admin")
    assert submit(client, "/login/application", code="000000").status_code == 401
    assert not is_in(client)


def test_a_code_opens_the_session_under_a_new_cookie(app: SignInApp) -> None:
    """The cookie of the first step opens nothing, before and after."""
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    client = app.client()
    assert app.sign_in(client, "dax").headers["location"] == "/login/code?next=/"
    half = client.cookies["jarvis_session"]
    assert not is_in(client)
    answer = submit(client, "/login/code?next=/alertes", code=code_at(secret, moment=app.now))
    assert (answer.status_code, answer.headers["location"]) == (303, "/alertes")
    assert is_in(client)
    old = app.client()
    old.cookies.set("jarvis_session", half)
    assert not is_in(old)
    assert old.get("/login/code").headers["location"] == "/login"


def test_a_code_is_good_once(app: SignInApp) -> None:
    """Somebody who looked over the shoulder comes too late, also with the code before."""
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    first, second = app.client(), app.client()
    app.sign_in(first, "dax")
    app.sign_in(second, "dax")
    code, before = code_at(secret, moment=app.now), code_at(secret, moment=app.now - STEP_SECONDS)
    submit(first, "/login/code", code=code)
    assert submit(second, "/login/code", code=code).status_code == 401
    assert submit(second, "/login/code", code=before).status_code == 401
    assert (is_in(first), is_in(second)) == (True, False)
    app.now += STEP_SECONDS
    assert submit(second, "/login/code", code=code_at(secret, moment=app.now)).status_code == 303


@pytest.mark.parametrize(("seconds_off", "expected"), [(-31, 303), (31, 303), (-95, 401), (95, 401)])
def test_a_telephone_may_be_a_step_off(app: SignInApp, seconds_off: int, expected: int) -> None:
    """No further: the window for guessing stays three codes wide."""
    app.now = 1_800_000_000.0 + 15
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    client = app.client()
    app.sign_in(client, "dax")
    assert submit(client, "/login/code", code=code_at(secret, moment=app.now + seconds_off)).status_code == expected


def test_five_wrong_codes_close_the_second_factor(app: SignInApp) -> None:
    """The right code too is not looked at, a new sign-in changes nothing, and the wait doubles."""
    user_id = app.network.users["dax"]
    secret = plant_second_factor(app.admin, app.settings, user_id)
    client = app.client()
    app.sign_in(client, "dax")
    for _ in range(5):
        assert submit(client, "/login/code", code="000000").status_code == 401
    again = app.client()
    app.sign_in(again, "dax")
    refused = submit(again, "/login/code", code=code_at(secret, moment=app.now))
    assert (refused.status_code, "Trop de codes faux" in refused.text) == (401, True)
    assert app.actions("dax").count("code_locked") == 1

    def minutes_closed() -> int:
        row = app.admin.execute(
            "select round(extract(epoch from locked_until - now()) / 60)::int from second_factors where user_id = %s",
            [user_id],
        ).fetchone()
        assert row is not None
        return int(row[0])

    assert minutes_closed() == 15
    app.admin.execute("update second_factors set locked_until = now() where user_id = %s", [user_id])
    for _ in range(5):
        submit(again, "/login/code", code="000000")
    assert minutes_closed() == 30


def test_a_recovery_code_replaces_the_application_once(app: SignInApp) -> None:
    """However its letters are typed; the second time it is worth nothing."""
    user_id = app.network.users["dax"]
    plant_second_factor(app.admin, app.settings, user_id)
    code = plant_recovery_code(app.admin, app.settings, user_id)
    first, second = app.client(), app.client()
    app.sign_in(first, "dax")
    assert submit(first, "/login/code", code=code.lower().replace("-", " ")).status_code == 303
    app.sign_in(second, "dax")
    assert submit(second, "/login/code", code=code).status_code == 401


def test_neither_secrets_nor_recovery_codes_can_be_read_in_the_database(app: SignInApp) -> None:
    """A copy of the tables makes no code: one is sealed, the others are keyed hashes."""
    client = app.client()
    app.sign_in(client, "admin")
    secret, codes = enrol(app, client)
    kept = app.admin.execute("select secret from second_factors").fetchone()
    hashes = app.admin.execute("select code_hash from recovery_codes").fetchall()
    assert kept is not None
    assert secret.encode() not in bytes(kept[0])
    assert not {code.replace("-", "").encode() for code in codes} & {bytes(row[0]) for row in hashes}


def test_a_secret_of_another_key_is_an_operators_matter(app: SignInApp, caplog: pytest.LogCaptureFixture) -> None:
    """The page says to come back, and the log names the setting and nobody."""
    user_id = app.network.users["dax"]
    plant_second_factor(app.admin, app.settings, user_id)
    app.admin.execute("update second_factors set secret = 'x' where user_id = %s", [user_id])
    client = app.client()
    app.sign_in(client, "dax")
    assert submit(client, "/login/code", code="123456").status_code == 503
    assert "JARVIS_SECRET_KEY" in caplog.text
    assert "dax@salle.test" not in caplog.text


def test_a_form_of_another_session_is_refused(app: SignInApp) -> None:
    """The token in a form is the session's own: another's, or none, does nothing."""
    mine, theirs = app.signed_in("dax"), app.signed_in("pau")
    foreign = form_of(theirs.get("/compte", headers=HTML).text)
    for data in (foreign, {}, {"csrf": ""}, {"csrf": "é"}):
        assert mine.post("/compte/sessions", data={"session": "", **data}).status_code == 403
    assert is_in(theirs)


def test_one_sees_ones_own_sessions_and_ends_one(app: SignInApp) -> None:
    """The other browser is out at its next request; somebody else's sessions are neither shown nor ended."""
    here, there, other = (
        app.signed_in("dax"),
        app.client(user_agent="Mozilla/5.0 (iPhone) Safari/600"),
        app.signed_in("pau"),
    )
    app.sign_in(there, "dax")
    page = here.get("/compte", headers=HTML).text
    assert (page.count("203.0.113.0/24"), "Safari sous iPhone" in page) == (3, True)
    session_id = re.findall(r'name="session" value="([^"]+)"', page)
    token = form_of(page)["csrf"]
    theirs = app.admin.execute(
        "select id from dashboard_sessions where user_id = %s", [app.network.users["pau"]]
    ).fetchone()
    assert theirs is not None
    assert (
        here.post("/compte/sessions", data={"csrf": token, "session": str(theirs[0])}).headers["location"] == "/compte"
    )
    assert is_in(other)
    answer = here.post("/compte/sessions", data={"csrf": token, "session": session_id[0]})
    assert answer.headers["location"] == "/compte?fait=session"
    assert (is_in(here), is_in(there)) == (True, False)
    assert "Aucune autre session" in here.get("/compte?fait=session", headers=HTML).text


def test_all_other_sessions_end_at_once(app: SignInApp) -> None:
    """The one that asks stays."""
    here, there = app.signed_in("dax"), app.signed_in("dax")
    submit(here, "/compte", to="/compte/sessions", session="")
    assert (is_in(here), is_in(there)) == (True, False)


def test_a_new_password_asks_who_one_is_again(app: SignInApp) -> None:
    """Ten minutes after signing in the old password is due; then everything is new but this browser's session."""
    here, there = app.signed_in("dax"), app.signed_in("dax")
    app.admin.execute("update dashboard_sessions set proven_at = now() - interval '11 minutes'")
    assert here.get("/compte/mot-de-passe", headers=HTML).headers["location"].startswith("/compte/confirmer")
    asked = "/compte/confirmer?next=/compte/mot-de-passe"
    assert submit(here, asked, password="pas-le-bon").status_code == 401
    before = here.cookies["jarvis_session"]
    assert submit(here, asked, password=PASSWORD).headers["location"] == "/compte/mot-de-passe"
    assert here.cookies["jarvis_session"] != before
    assert submit(here, "/compte/mot-de-passe", password="court", again="court").status_code == 422
    assert submit(here, "/compte/mot-de-passe", password=NEW_PASSWORD, again=PASSWORD).status_code == 422
    answer = submit(here, "/compte/mot-de-passe", password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert answer.headers["location"] == "/compte?fait=mot-de-passe"
    assert (is_in(here), is_in(there)) == (True, False)
    assert app.sign_in(app.client(), "dax").status_code == 401
    assert app.sign_in(app.client(), "dax", NEW_PASSWORD).status_code == 303
    assert app.actions("dax")[2:5] == ["sign_in_failed", "identity_confirmed", "password_changed"]


@pytest.mark.parametrize(
    "path", ["/compte/mot-de-passe", "/compte/codes", "/compte/application/retirer", "/login/application"]
)
def test_a_stale_session_changes_nothing_about_signing_in(app: SignInApp, path: str) -> None:
    """Even with a form kept from before: the database asks for the proof, too."""
    client = app.signed_in("dax")
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    kept = form_of(client.get("/compte", headers=HTML).text)
    app.admin.execute("update dashboard_sessions set proven_at = now() - interval '11 minutes'")
    form = {**kept, "password": NEW_PASSWORD, "again": NEW_PASSWORD, "code": code_at(secret, moment=app.now)}
    answer = client.post(path, data=form)
    assert (answer.status_code, unquote(answer.headers["location"]).split("?")[0]) == (303, "/compte/confirmer")
    state = app.admin.execute("select count(*) from second_factors where secret is not null").fetchone()
    assert state == (1,)
    assert app.sign_in(app.client(), "dax").status_code == 303


def test_the_proof_asks_for_the_code_where_there_is_one(app: SignInApp) -> None:
    """A stolen password and an open browser are not enough."""
    secret = plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    client = app.client()
    app.sign_in(client, "dax")
    submit(client, "/login/code", code=code_at(secret, moment=app.now))
    app.admin.execute("update dashboard_sessions set proven_at = now() - interval '11 minutes'")
    app.now += STEP_SECONDS
    for password, code in ((PASSWORD, "000000"), ("pas-le-bon", code_at(secret, moment=app.now)), (PASSWORD, "")):
        assert submit(client, "/compte/confirmer", password=password, code=code).status_code == 401
    right = code_at(secret, moment=app.now)
    assert submit(client, "/compte/confirmer", password=PASSWORD, code=right).status_code == 303
    assert client.get("/compte/mot-de-passe", headers=HTML).status_code == 200


def test_proving_oneself_often_does_not_close_the_account(app: SignInApp) -> None:
    """A right password is no wrong try, with a second factor or without."""
    client = app.signed_in("dax")
    for _ in range(6):
        assert submit(client, "/compte/confirmer", password=PASSWORD).status_code == 303
    assert app.sign_in(app.client(), "dax").status_code == 303


def test_a_manager_sets_up_and_takes_away_a_second_factor(app: SignInApp) -> None:
    """Both end the sessions elsewhere; a super_admin may not do without."""
    here, there = app.signed_in("dax"), app.signed_in("dax")
    enrol(app, here)
    assert (is_in(here), is_in(there)) == (True, False)
    assert app.admin.execute("select mfa_enabled from users where email like 'dax@%%'").fetchone() == (True,)
    assert "Il reste 10 codes" in here.get("/compte", headers=HTML).text
    answer = submit(here, "/compte", to="/compte/application/retirer")
    assert answer.headers["location"] == "/compte?fait=application"
    assert app.sign_in(app.client(), "dax").headers["location"] == "/"
    boss = app.client()
    app.sign_in(boss, "admin")
    enrol(app, boss)
    assert "Désactiver" not in boss.get("/compte", headers=HTML).text
    submit(boss, "/compte", to="/compte/application/retirer")
    assert app.sign_in(app.client(), "admin").headers["location"].startswith("/login/code")


def test_new_recovery_codes_take_the_place_of_the_old(app: SignInApp) -> None:
    """Those before open nothing."""
    client = app.signed_in("dax")
    _secret, old = enrol(app, client)
    answer = submit(client, "/compte", to="/compte/codes")
    new = re.findall(r"<li><code>([A-Z2-7-]+)</code>", answer.text)
    assert (len(new), set(new) & set(old)) == (10, set())
    half = app.client()
    app.sign_in(half, "dax")
    assert submit(half, "/login/code", code=old[0]).status_code == 401
    assert submit(half, "/login/code", code=new[0]).status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        "update users set role = 'gym_staff' where email = 'dax@salle.test'",
        "update users set gym_id = (select id from gyms where slug = 'pau') where email = 'dax@salle.test'",
        "update users set is_active = false where email = 'dax@salle.test'",
    ],
)
def test_other_rights_end_every_session(app: SignInApp, change: LiteralString) -> None:
    """What somebody was let in as is over, whoever changes it."""
    client = app.signed_in("dax")
    app.admin.execute(change)
    assert not is_in(client)


def test_the_trail_holds_networks_and_no_address(app: SignInApp) -> None:
    """Who, what, when and from which network; the address itself is kept nowhere."""
    app.signed_in("dax")
    rows = app.admin.execute("select action, details ->> 'network', details ->> 'device' from audit_log").fetchall()
    assert rows == [("signed_in", "203.0.113.0/24", "Firefox sous Linux")]
    text = app.admin.execute("select string_agg(s::text, '') from dashboard_sessions as s").fetchone()
    assert text is not None
    assert "203.0.113.7" not in text[0]


def test_without_a_mail_server_the_page_says_whom_to_ask(app: SignInApp) -> None:
    """A form that can send nothing is not shown."""
    client = app.client()
    for answer in (
        client.get("/mot-de-passe-oublie"),
        client.post("/mot-de-passe-oublie", data={"email": "dax@salle.test"}),
    ):
        assert "demandez à votre administrateur" in answer.text
        assert 'name="email"' not in answer.text
