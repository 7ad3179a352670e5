"""The managers' door from outside: its own process, a real database, a browser's requests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
import streamlit
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as open_websocket

from dashboards.app import sign_in_routes
from dashboards.sign_in.links import Postman
from dashboards.unsubscribe import unsubscribe_routes
from jarvis.mail_kinds import UNSUBSCRIBE_PATH
from jarvis.settings import Settings
from tests.support.dashboards_door import (
    PASSWORD,
    Network,
    RunningDoor,
    form_of,
    make_network,
    running_door,
)  # fmt: skip
from warehouse import people
from warehouse.mailer import NoMailer
from warehouse.people import Database as PeopleDatabase
from warehouse.stores.account_links import AccountLinks


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network) -> Iterator[RunningDoor]:
    """The door, serving."""
    with running_door(settings, settings.home / "dashboards.log") as running:
        yield running


def websocket_answer(door: RunningDoor, *, cookie: str = "", origin: str | None = None) -> int:
    """101 when the page's websocket opens, else the status it was refused with."""
    url = door.url.replace("http", "ws") + "/_stcore/stream"
    headers = {"cookie": cookie} if cookie else {}
    try:
        with open_websocket(
            url,
            origin=origin,
            additional_headers=headers,
            subprotocols=["streamlit"],
            proxy=None,  # type: ignore[arg-type,list-item]
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize(
    "path", ["/alertes", "/alertes/1", "/_stcore/host-config", "/_stcore/health", "/_stcore/metrics", "/media/x"]
)
def test_a_browser_without_session_is_sent_to_the_sign_in(door: RunningDoor, path: str) -> None:
    """No page, known or guessed, answers somebody who has not signed in."""
    answer = door.client().get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_stcore/host-config"), ("GET", "/static/js/index.js"), ("GET", "/media/0.png"), ("POST", "/"),
        ("GET", "/component/x/index.html"), ("PUT", "/_stcore/upload_file/a/b"), ("GET", "/login/../alertes"),
        ("GET", "//login"), ("GET", "/LOGIN"), ("POST", "/logout"), ("GET", "/healthz/../_stcore/metrics"),
        ("GET", "/auth/login"), ("GET", "/oauth2callback"),
    ],
)  # fmt: skip
def test_a_request_without_session_is_refused(door: RunningDoor, method: str, path: str) -> None:
    """Files, uploads and routes answer 401 without a session, whatever the path is dressed up as."""
    assert door.client().request(method, door.url + path).status_code == 401


def test_the_root_shows_what_jarvis_is(door: RunningDoor) -> None:
    """The seed's redirect: without a session to the public page, with one to the pages."""
    answer = door.client().get("/", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/landing-client")
    assert door.client().get("/landing-client").status_code == 200
    client = door.signed_in("dax")
    assert client.get("/", headers={"accept": "text/html"}).status_code == 200
    led = client.get("/aujourdhui?alerte=7", headers={"accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/?alerte=7")


def test_a_made_up_cookie_opens_nothing(door: RunningDoor) -> None:
    """A token nobody was given is no session, neither for pages nor for the websocket."""
    client = door.client()
    client.cookies.set("jarvis_session", "A" * 43)
    assert client.get("/").status_code == 401
    assert websocket_answer(door, cookie="jarvis_session=" + "A" * 43, origin=door.url) == 403


def test_the_websocket_is_refused_without_session(door: RunningDoor) -> None:
    """No script runs for somebody who has not signed in."""
    assert websocket_answer(door, origin=door.url) == 403


def test_the_websocket_is_refused_to_another_site(door: RunningDoor) -> None:
    """A foreign page that borrows the browser's cookie doesn't get the page's stream."""
    client = door.signed_in("dax")
    cookie = f"jarvis_session={client.cookies['jarvis_session']}"
    assert websocket_answer(door, cookie=cookie, origin="https://ailleurs.test") == 403
    assert websocket_answer(door, cookie=cookie) == 403
    assert websocket_answer(door, cookie=cookie, origin=door.url) == 101


def test_a_right_password_opens_a_session(door: RunningDoor) -> None:
    """The cookie is out of reach of scripts and other sites, and the page answers."""
    client = door.client()
    answer = client.post("/login", data={"email": "  DAX@salle.test ", "password": PASSWORD, "next": "/alertes"})
    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/alertes")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/", headers={"accept": "text/html"}).status_code == 200


def test_the_cookie_is_secure_behind_tls(door: RunningDoor) -> None:
    """A proxy that ends TLS gets the cookie browsers refuse to send in the clear."""
    answer = door.client().post(
        "/login",
        data={"email": "dax@salle.test", "password": PASSWORD},
        headers={"x-forwarded-proto": "https"},
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-jarvis_session=")
    assert "secure" in cookie.lower()


@pytest.mark.parametrize(
    ("email", "password"),
    [("dax@salle.test", "pas-le-bon-mot"), ("personne@salle.test", PASSWORD), ("", ""), ("dax@salle.test", "x" * 2000)],
)
def test_every_refusal_reads_the_same(door: RunningDoor, email: str, password: str) -> None:
    """The answer doesn't tell a wrong password from an unknown e-mail."""
    answer = door.client().post("/login", data={"email": email, "password": password})
    assert answer.status_code == 401
    assert "E-mail ou mot de passe incorrect" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_refusal_takes_the_same_time_for_an_unknown_e_mail(door: RunningDoor) -> None:
    """The clock doesn't tell which e-mails exist: both take the floor, which is longer than the work."""
    client = door.client()

    def seconds(email: str) -> float:
        return min(
            client.post("/login", data={"email": email, "password": "pas-le-bon"}).elapsed.total_seconds()
            # One try short of closing the account.
            for _ in range(4)
        )

    known, unknown = seconds("pau@salle.test"), seconds("inconnu@salle.test")
    assert min(known, unknown) >= 0.5
    assert abs(known - unknown) < 0.1


def test_another_site_cannot_post_the_form(door: RunningDoor) -> None:
    """A foreign page can neither sign somebody in nor out."""
    client = door.signed_in("dax")
    foreign = {"origin": "https://ailleurs.test"}
    data = {"email": "dax@salle.test", "password": PASSWORD}
    assert client.post("/login", data=data, headers=foreign).status_code == 403
    assert client.post("/logout", headers=foreign).status_code == 403
    assert client.get("/", headers={"accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"email=a", b"x" * 5000, b"email=a&password=b&" + b"a=1&" * 20])
def test_a_broken_form_is_refused(door: RunningDoor, body: bytes) -> None:
    """What is not the form gets a clear answer and no session."""
    answer = door.client().post("/login", content=body)
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


def test_signing_in_elsewhere_is_not_possible(door: RunningDoor) -> None:
    """`next` leads to our own pages only."""
    for asked in ("//ailleurs.test", "https://ailleurs.test", "/\\ailleurs.test", "/%2f%2failleurs.test", "/login"):
        answer = door.client().post("/login", data={"email": "dax@salle.test", "password": PASSWORD, "next": asked})
        assert answer.headers["location"] == "/"


def test_five_wrong_passwords_close_the_account(door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """The right password no longer opens the account, the answer stays the same, and time opens it again."""
    client, user_id = door.client(), network.users["lyon"]
    for _ in range(5):
        client.post("/login", data={"email": "lyon@salle.test", "password": "pas-le-bon"})
    right = {"email": "lyon@salle.test", "password": PASSWORD}
    answer = client.post("/login", data=right)
    assert (answer.status_code, "E-mail ou mot de passe incorrect" in answer.text) == (401, True)
    actions = [
        row[0]
        for row in admin.execute(
            "select action from audit_log where actor_user_id = %s order by id", [user_id]
        ).fetchall()
    ]
    assert actions == ["sign_in_failed"] * 4 + ["sign_in_locked"]
    admin.execute("update user_credentials set locked_until = now() where user_id = %s", [user_id])
    assert client.post("/login", data=right).status_code == 303
    count = admin.execute("select failed_attempts from user_credentials where user_id = %s", [user_id]).fetchone()
    assert count == (0,)


def test_a_revoked_session_is_out_at_once(door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """The next request and the next websocket are refused, with nobody having signed out."""
    client = door.signed_in("pau")
    cookie = f"jarvis_session={client.cookies['jarvis_session']}"
    assert client.get("/_stcore/host-config").status_code == 200
    admin.execute("update dashboard_sessions set revoked_at = now() where user_id = %s", [network.users["pau"]])
    assert client.get("/_stcore/host-config").status_code == 401
    assert websocket_answer(door, cookie=cookie, origin=door.url) == 403


def test_a_suspended_person_is_out_at_once(door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """Neither the open session nor the right password works any more."""
    client = door.signed_in("partante")
    admin.execute("update users set is_active = false where id = %s", [network.users["partante"]])
    assert client.get("/_stcore/host-config").status_code == 401
    answer = door.client().post("/login", data={"email": "partante@salle.test", "password": PASSWORD})
    assert (answer.status_code, "E-mail ou mot de passe incorrect" in answer.text) == (401, True)


@pytest.mark.parametrize(
    "aged",
    [
        "update dashboard_sessions set last_seen_at = now() - interval '9 hours' where user_id = %s",
        "update dashboard_sessions set expires_at = now() where user_id = %s",
    ],
)
def test_a_session_has_an_end(
    door: RunningDoor, admin: psycopg.Connection, network: Network, aged: LiteralString
) -> None:
    """Eight hours without activity, or the day's end, close it."""
    client = door.signed_in("franchise")
    admin.execute(aged, [network.users["franchise"]])
    assert client.get("/_stcore/host-config").status_code == 401


def test_signing_out_ends_the_session(door: RunningDoor) -> None:
    """The old cookie opens nothing, even when somebody kept it."""
    client = door.signed_in("dax")
    token = client.cookies["jarvis_session"]
    assert client.post("/logout").headers["location"] == "/login?sorti"
    assert "jarvis_session" not in client.cookies
    client.cookies.set("jarvis_session", token)
    assert client.get("/_stcore/host-config").status_code == 401


def test_signing_in_again_ends_the_session_before(door: RunningDoor) -> None:
    """Each sign-in has a token of its own, and leaves none behind in the same browser."""
    client = door.signed_in("dax")
    first = client.cookies["jarvis_session"]
    client.post("/login", data={"email": "dax@salle.test", "password": PASSWORD})
    assert client.cookies["jarvis_session"] != first
    old = door.client()
    old.cookies.set("jarvis_session", first)
    assert old.get("/_stcore/host-config").status_code == 401


def test_only_a_hash_of_the_token_is_kept(door: RunningDoor, admin: psycopg.Connection) -> None:
    """A copy of the table opens no door."""
    token = door.signed_in("dax").cookies["jarvis_session"]
    row = admin.execute("select count(*) from dashboard_sessions where token_hash = %s", [token.encode()]).fetchone()
    known = admin.execute(
        "select count(*) from dashboard_sessions where token_hash = sha256(%s)", [token.encode()]
    ).fetchone()
    assert (row, known) == ((0,), (1,))


def test_nothing_of_ours_fits_in_a_foreign_frame(door: RunningDoor) -> None:
    """The sign-in page and the pages forbid frames and foreign scripts."""
    for client, path in ((door.client(), "/login"), (door.signed_in("dax"), "/")):
        headers = client.get(path, headers={"accept": "text/html"}).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_log_holds_nothing_personal(door: RunningDoor) -> None:
    """Neither e-mails nor tokens nor passwords are logged, whatever was tried."""
    token = door.signed_in("dax").cookies["jarvis_session"]
    log = door.log.read_text()
    assert [secret for secret in ("@salle.test", PASSWORD, token) if secret in log] == []


def test_a_busy_port_is_one_clear_line(door: RunningDoor, settings: Settings) -> None:
    """A second door on the same port says which setting to change, and stops."""
    import os
    import subprocess
    import sys

    port = door.url.rsplit(":", 1)[1]
    second = subprocess.run(
        [sys.executable, "-m", "dashboards"],
        env={**os.environ, "JARVIS_HOME": str(settings.home), "JARVIS_DASHBOARDS_PORT": port},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.strip().splitlines() == [
        f"port {port} is taken by another program: set JARVIS_DASHBOARDS_PORT to a free one"
    ]


def test_the_dashboard_role_reads_no_hash_and_no_session(settings: Settings, network: Network) -> None:
    """The role that answers pages reaches both tables through the sign-in functions only."""
    with psycopg.connect(settings.database_url_for("dashboard")) as connection:
        for statement in ("select * from user_credentials", "select * from dashboard_sessions"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)


@pytest.mark.parametrize("role", ["gateway", "pipeline"])
def test_no_other_role_may_sign_people_in(settings: Settings, role: str) -> None:
    """The sign-in functions answer the managers' door alone."""
    with (
        psycopg.connect(settings.database_url_for(role)) as connection,  # type: ignore[arg-type]
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from app.begin_sign_in('dax@salle.test')")


def test_guesses_sent_at_once_count_too(settings: Settings, admin: psycopg.Connection, network: Network) -> None:
    """Ten tries that start before any has ended leave five passwords to check, not ten."""
    user_id: UUID = network.users["dax-adjoint"]
    with psycopg.connect(settings.database_url_for("dashboard"), autocommit=True) as connection:
        opened = [
            connection.execute("select is_open from app.begin_sign_in('dax-adjoint@salle.test')").fetchone()
            for _ in range(10)
        ]
    admin.execute("update user_credentials set failed_attempts = 0, locked_until = null where user_id = %s", [user_id])
    assert [row is not None and row[0] for row in opened] == [True] * 5 + [False] * 5


def test_no_question_of_a_page_outlives_the_patience_of_who_asks(
    settings: Settings, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock or a bad plan ends as an error that the page tells; the next question finds its connection well."""
    monkeypatch.setattr(people, "LONGEST_QUESTION_SECONDS", 1)
    database = PeopleDatabase(settings.database_url_for("dashboard"), most_connections=1)
    database.open()
    try:
        with pytest.raises(psycopg.errors.QueryCanceled), database.nobody() as connection:
            connection.execute("select pg_sleep(30)")
        with database.nobody() as connection:
            assert connection.execute("select 1 as one").fetchone() == {"one": 1}
    finally:
        database.close()


NO_SESSION_NEEDED = {"/landing-client", "/login", "/mot-de-passe-oublie", "/mot-de-passe", "/healthz", UNSUBSCRIBE_PATH}
"""The whole list: the forms by which one gets in, the letter's own link, and whether we are alive."""


def every_path(settings: Settings) -> list[tuple[str, str]]:
    """Method and path of every route of ours, of Streamlit's, and of every file it serves."""
    database = PeopleDatabase(settings.database_url_for("dashboard"))
    links = AccountLinks(database)
    routes = [
        *sign_in_routes(settings, database, Postman(settings, links, NoMailer())),
        *unsubscribe_routes(database, secret_key=settings.secret_key),
    ]
    ours = [(method, route.path) for route in routes for method in sorted(route.methods or ()) if method != "HEAD"]
    files = Path(streamlit.__file__).with_name("static")
    theirs = [("GET", "/" + str(path.relative_to(files))) for path in sorted(files.rglob("*")) if path.is_file()]
    pages = [("GET", path) for path in ("/", "/alertes", "/adherents", "/_stcore/host-config", "/_stcore/stream")]
    uploads = [("PUT", "/_stcore/upload_file/a/b"), ("DELETE", "/_stcore/upload_file/a/b"), ("GET", "/media/a.png")]
    assert len(ours) > 15
    assert len(theirs) > 100
    return [*ours, *theirs, *pages, *uploads]


@pytest.mark.parametrize("state", ["none", "expired", "idle", "revoked", "awaits_code", "suspended"])
def test_nothing_answers_without_an_open_session(
    door: RunningDoor, settings: Settings, admin: psycopg.Connection, network: Network, state: str
) -> None:
    """Every route, page, file and the websocket: only the ways in say anything, and none of them a name."""
    client, cookie = door.client(), ""
    if state != "none":
        client = door.signed_in("dax-adjoint")
        cookie = f"jarvis_session={client.cookies['jarvis_session']}"
        assert websocket_answer(door, cookie=cookie, origin=door.url) == 101
        change: Mapping[str, LiteralString] = {
            "expired": "update dashboard_sessions set expires_at = now() where user_id = %s",
            "idle": "update dashboard_sessions set last_seen_at = now() - interval '9 hours' where user_id = %s",
            "revoked": "update dashboard_sessions set revoked_at = now() where user_id = %s",
            "awaits_code": "update dashboard_sessions set stage = 'awaits_code' where user_id = %s",
            "suspended": "update users set is_active = false where id = %s",
        }
        admin.execute(change[state], [network.users["dax-adjoint"]])
    answered = set()
    for method, path in every_path(settings):
        # One file of the hundreds is enough for the other states: the gate reads no path but its own list.
        if state != "none" and path.startswith("/static/") and not path.endswith(".woff2"):
            continue
        answer = client.request(method, path, headers={"accept": "*/*"})
        if answer.status_code != 401 and not answer.headers.get("location", "").startswith(("/login", "/landing")):
            answered.add(path)
            assert "Sacha" not in answer.text
            assert "dax-adjoint" not in answer.text
    half_open = {"/login/code"} if state == "awaits_code" else set()
    assert answered == NO_SESSION_NEEDED | half_open - ({"/login"} if half_open else set())
    assert websocket_answer(door, cookie=cookie, origin=door.url) == 403
    admin.execute("update users set is_active = true where id = %s", [network.users["dax-adjoint"]])


def test_a_guessed_session_id_ends_nothing(door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """The handle of somebody else's session, known or made up, is nobody's to end."""
    mine, theirs = door.signed_in("dax"), door.signed_in("pau")
    row = admin.execute(
        "select id from dashboard_sessions where user_id = %s and revoked_at is null", [network.users["pau"]]
    ).fetchone()
    assert row is not None
    # Another session of one's own, so that the page has a form at all.
    door.signed_in("dax")
    form = form_of(mine.get("/compte", headers={"accept": "text/html"}).text)
    for guess in (str(row[0]), "0" * 32, "x"):
        answer = mine.post("/compte/sessions", data={**form, "session": guess})
        assert (answer.status_code, answer.headers.get("location")) == (303, "/compte"), answer.text[:200]
    assert theirs.get("/_stcore/host-config").status_code == 200
