"""Invitations, password resets and waits that grow, asked of the real sign-in with a mail server that listens."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest

from jarvis.settings import Settings
from jarvis.tenancy import UserRole
from tests.support.dashboards_door import PASSWORD, form_of
from tests.support.mail_sink import MailSink, running_sink
from tests.support.second_factors import plant_second_factor
from tests.support.sign_in_app import HTML, ORIGIN, SignInApp, is_in, sign_in_app, submit
from warehouse.stores import operator_accounts as accounts
from warehouse.stores.account_links import link_url

NEW_PASSWORD = "une-autre-phrase-de-passe"


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    """A mail server that keeps what it is sent."""
    with running_sink() as running:
        yield running


@pytest.fixture(scope="module")
def served(settings: Settings, sink: MailSink) -> Iterator[SignInApp]:
    """The sign-in, whose letters go there."""
    with sign_in_app(replace(settings, smtp_url=sink.url, dashboards_url=ORIGIN)) as made:
        yield made


@pytest.fixture
def app(app: SignInApp, sink: MailSink) -> SignInApp:
    """As if nobody had ever signed in or written."""
    sink.messages.clear()
    return app


def asked_for(app: SignInApp, email: str) -> str:
    """What the page says after somebody asked for a link; every letter has gone."""
    answer = app.client().post("/mot-de-passe-oublie", data={"email": email})
    assert answer.status_code == 200
    app.postman.settle()
    return answer.text


def link_of(sink: MailSink) -> str:
    """The path and query that the last letter links to."""
    body = sink.messages[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://salle\.test(/mot-de-passe\?lien=[A-Za-z0-9_-]+)", body.get_content())
    assert found is not None
    return found[1]


def test_a_forgotten_password_is_set_by_a_link(app: SignInApp, sink: MailSink) -> None:
    """The link is good once, the sessions of before are over, and the trail says both."""
    before = app.signed_in("dax")
    asked_for(app, " DAX@salle.test ")
    assert sink.subjects == ["Votre mot de passe JARVIS"]
    path, client = link_of(sink), app.client()
    answer = submit(client, path, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert answer.headers["location"].startswith("/login?pret")
    assert not is_in(before)
    assert app.sign_in(app.client(), "dax").status_code == 401
    assert app.sign_in(app.client(), "dax", NEW_PASSWORD).status_code == 303
    assert client.get(path, headers=HTML).status_code == 410
    assert app.actions("dax")[1:3] == ["password_reset_asked", "password_reset"]


def test_nobody_learns_which_emails_exist(app: SignInApp, sink: MailSink) -> None:
    """The page is the same to the letter; a suspended person gets no letter either."""
    app.admin.execute("update users set is_active = false where email = 'pau@salle.test'")
    pages = {asked_for(app, f"{name}@salle.test") for name in ("dax", "personne", "pau")}
    assert len(pages) == 1
    assert len(sink.messages) == 1


def test_a_reset_leaves_the_second_factor(app: SignInApp, sink: MailSink) -> None:
    """Whoever reads the mail still has no code."""
    plant_second_factor(app.admin, app.settings, app.network.users["dax"])
    asked_for(app, "dax@salle.test")
    submit(app.client(), link_of(sink), password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert app.sign_in(app.client(), "dax", NEW_PASSWORD).headers["location"].startswith("/login/code")


def test_a_reset_opens_a_closed_account(app: SignInApp, sink: MailSink) -> None:
    """The way back for somebody whom another's guesses shut out."""
    app.admin.execute("update user_credentials set failed_attempts = 5, locked_until = now() + interval '1 hour'")
    assert app.sign_in(app.client(), "dax").status_code == 401
    asked_for(app, "dax@salle.test")
    submit(app.client(), link_of(sink), password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert app.sign_in(app.client(), "dax", NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "change", ["update account_links set expires_at = now()", "update account_links set used_at = now()"]
)
def test_a_link_ends(app: SignInApp, sink: MailSink, change: LiteralString) -> None:
    """By time or by use: neither its page nor a form kept from before sets anything."""
    asked_for(app, "dax@salle.test")
    client, path = app.client(), link_of(sink)
    kept = form_of(client.get(path, headers=HTML).text, password=NEW_PASSWORD, again=NEW_PASSWORD)
    app.admin.execute(change)
    assert client.get(path, headers=HTML).status_code == 410
    assert client.post("/mot-de-passe", data=kept).status_code == 410
    assert app.sign_in(app.client(), "dax").status_code == 303


def test_a_later_link_replaces_the_one_before(app: SignInApp, sink: MailSink) -> None:
    """One works at a time, and only its hash is kept."""
    asked_for(app, "dax@salle.test")
    first = link_of(sink)
    asked_for(app, "dax@salle.test")
    assert app.client().get(first, headers=HTML).status_code == 410
    assert app.client().get(link_of(sink), headers=HTML).status_code == 200
    kept = app.admin.execute("select string_agg(l::text, '') from account_links as l").fetchone()
    assert kept is not None
    assert link_of(sink).split("=")[1] not in kept[0]


@pytest.mark.parametrize(("password", "again"), [("court", "court"), (NEW_PASSWORD, PASSWORD), ("x" * 257, "x" * 257)])
def test_a_refused_password_leaves_the_link(app: SignInApp, sink: MailSink, password: str, again: str) -> None:
    """One may try again with a better one."""
    asked_for(app, "dax@salle.test")
    assert submit(app.client(), link_of(sink), password=password, again=again).status_code == 422
    assert submit(app.client(), link_of(sink), password=NEW_PASSWORD, again=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize("token", ["", "A" * 43, "é", "' or true --"])
def test_a_guessed_link_sets_nothing(app: SignInApp, token: str) -> None:
    """What nobody was sent is a link that does not work."""
    client = app.client()
    assert client.get("/mot-de-passe", params={"lien": token}, headers=HTML).status_code == 410
    form = {"lien": token, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert client.post("/mot-de-passe", data=form).status_code == 410


def test_letters_are_few(app: SignInApp, sink: MailSink) -> None:
    """Three an hour to one person, whoever asks; five requests a quarter of an hour from one address."""
    for _ in range(4):
        asked_for(app, "dax@salle.test")
    assert len(sink.messages) == 3
    asked_for(app, "pau@salle.test")
    assert app.client().post("/mot-de-passe-oublie", data={"email": "lyon@salle.test"}).status_code == 429


def test_a_dead_mail_server_tells_nothing(app: SignInApp, sink: MailSink, caplog: pytest.LogCaptureFixture) -> None:
    """The page is the same, the log names nobody, and the next letter goes."""
    sink.answers.append("554 no")
    asked_for(app, "dax@salle.test")
    assert "password reset not sent" in caplog.text
    assert "salle.test" not in caplog.text
    asked_for(app, "pau@salle.test")
    assert len(sink.messages) == 1


def test_the_operator_invites(app: SignInApp) -> None:
    """The place fits the role, is there, and somebody with a password is not asked again."""
    refused = [
        {"role": UserRole.GYM_MANAGER},
        {"role": UserRole.GYM_MANAGER, "gym": "nulle-part"},
        {"role": UserRole.SUPER_ADMIN, "gym": "dax"},
        {"role": UserRole.FRANCHISE_OWNER, "gym": "dax"},
        {"role": UserRole.ANALYST},
    ]
    with psycopg.connect(app.settings.database_url_for("pipeline"), autocommit=True) as connection:
        for arguments in refused:
            with pytest.raises(accounts.InvitationRefused):
                accounts.invite(connection, email="lea@salle.test", **arguments)  # type: ignore[arg-type]
        with pytest.raises(accounts.InvitationRefused):
            accounts.invite(connection, email="dax@salle.test", role=UserRole.GYM_MANAGER, gym="dax")
        with pytest.raises(accounts.InvitationRefused, match="no e-mail address"):
            accounts.invite(connection, email="lea", role=UserRole.SUPER_ADMIN)
        assert connection.execute("select from users where email = 'lea'").fetchone() is None
        link = accounts.invite(connection, email="Lea@salle.test", role=UserRole.SUPER_ADMIN, full_name="Léa")
        second = accounts.invite(connection, email="lea@salle.test", role=UserRole.SUPER_ADMIN)
        assert app.client().get(link_url("", link.token), headers=HTML).status_code == 410
        client = app.client()
        submit(client, link_url("", second.token), password=NEW_PASSWORD, again=NEW_PASSWORD)
        answer = client.post("/login", data={"email": "lea@salle.test", "password": NEW_PASSWORD})
        assert answer.headers["location"].startswith("/login/application")
        user_id = connection.execute("select id from users where email = 'lea@salle.test'").fetchone()
        assert user_id is not None
        plant_second_factor(app.admin, app.settings, user_id[0])
        assert [accounts.forget_second_factor(connection, "lea@salle.test") for _ in range(2)] == [True, False]
        with pytest.raises(accounts.UnknownAccount):
            accounts.forget_second_factor(connection, "personne@salle.test")
    app.admin.execute("delete from users where email = 'lea@salle.test'")


def test_a_password_that_the_operator_sets_is_on_record(app: SignInApp) -> None:
    """Who asks the trail why somebody's sessions ended finds it there, as for any other password."""
    with psycopg.connect(app.settings.database_url_for("pipeline"), autocommit=True) as connection:
        accounts.set_password(connection, "dax@salle.test", NEW_PASSWORD)
        accounts.set_password(connection, "dax@salle.test", PASSWORD)
    trail = app.admin.execute(
        "select actor_role from audit_log join users on users.id::text = subject_id"
        " where action = 'password_changed' and email = 'dax@salle.test'"
    ).fetchall()
    assert trail == [("operator",)] * 2


def test_each_fifth_wrong_password_closes_for_longer(app: SignInApp) -> None:
    """15 minutes, 30, 60; a quiet day forgets them."""
    user_id = app.network.users["dax"]
    waits = []
    for _ in range(3):
        for _ in range(5):
            app.admin.execute("truncate app.sign_in_waits")
            app.sign_in(app.client(), "dax", "pas-le-bon")
        row = app.admin.execute(
            "select round(extract(epoch from locked_until - now()) / 60)::int from user_credentials where user_id = %s",
            [user_id],
        ).fetchone()
        waits.append(row and row[0])
        app.admin.execute("update user_credentials set locked_until = now() where user_id = %s", [user_id])
    assert waits == [15, 30, 60]
    app.admin.execute(
        "update user_credentials set last_tried_at = now() - interval '25 hours' where user_id = %s", [user_id]
    )
    app.sign_in(app.client(), "dax", "pas-le-bon")
    row = app.admin.execute("select failed_attempts from user_credentials where user_id = %s", [user_id]).fetchone()
    assert row == (1,)


def test_an_address_that_tries_many_accounts_waits(app: SignInApp) -> None:
    """The twentieth refusal closes it, the right password included; its own words say for how long."""
    for number in range(20):
        answer = app.sign_in(app.client(), f"personne-{number}", "pas-le-bon")
        assert answer.status_code == 401
    closed = app.sign_in(app.client(), "dax")
    assert (closed.status_code, "dans une minute" in closed.text) == (429, True)
    kept = app.admin.execute("select string_agg(w::text, '') from app.sign_in_waits as w").fetchone()
    assert kept is not None
    assert "203.0.113" not in kept[0]
    app.admin.execute("update app.sign_in_waits set locked_until = now()")
    assert app.sign_in(app.client(), "dax").status_code == 303
    unknown = app.admin.execute("select count(*) from audit_log where action = 'sign_in_unknown'").fetchone()
    assert unknown == (20,)


def test_the_trail_of_strangers_is_for_the_super_admin(app: SignInApp) -> None:
    """Unknown e-mails have no gym: whoever runs the network reads them, nobody else."""
    app.sign_in(app.client(), "personne", "pas-le-bon")

    def read_as(name: str) -> int:
        with psycopg.connect(app.settings.database_url_for("dashboard")) as connection:
            connection.execute("select set_config('app.user_id', %s, true)", [str(app.network.users[name])])
            row = connection.execute("select count(*) from audit_log where action = 'sign_in_unknown'").fetchone()
        assert row is not None
        return int(row[0])

    assert [read_as(name) for name in ("admin", "franchise", "dax")] == [1, 0, 0]
