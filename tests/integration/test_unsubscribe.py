"""From a letter in somebody's mailbox to the one they no longer get: digest, link, door, the next week."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest

from jarvis.mail_kinds import MailKind, Subscription, unsubscribe_url
from jarvis.settings import Settings
from orchestration.assets.alert_digests import send_digests
from tests.support.dashboards_door import Network, RunningDoor, make_network, running_door
from tests.support.jarvis_command import run_jarvis
from tests.support.mail_sink import running_sink
from warehouse.connection import connect
from warehouse.mailer import mailer_for

# A Monday, 08:20 in Paris.
MONDAY = datetime(2031, 11, 17, 7, 20, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network) -> Iterator[RunningDoor]:
    """The door, serving."""
    with running_door(settings, settings.home / "dashboards.log") as running:
        yield running


def letters(settings: Settings, door: RunningDoor, *, now: datetime) -> dict[str, EmailMessage]:
    """The digests of the week before `now` as they arrive, by recipient."""
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        # A week with something to tell, in each gym.
        admin.execute(
            "insert into manager_alerts (gym_id, alert_type, priority, title, dedup_key, last_occurred_at, created_at) "
            "select id, 'equipment_issue', 'medium', 'Rameur en panne', %(at)s::text, %(at)s, %(at)s from gyms",
            {"at": now - timedelta(days=3)},
        )
    with running_sink() as sink, connect(settings.database_url_for("pipeline")) as pipeline:
        configured = replace(settings, smtp_url=sink.url, dashboards_url=door.url)
        send_digests(pipeline, mailer_for(configured), configured, now=now)
        return {str(one["To"]): one for one in sink.messages}


def kinds_of(settings: Settings, user_id: UUID) -> list[str]:
    """What the person has stopped."""
    with psycopg.connect(settings.administration_url) as admin:
        row = admin.execute("select unsubscribed_kinds from mail_preferences where user_id = %s", [user_id]).fetchone()
    return [] if row is None else row[0]


def test_one_click_stops_this_kind_for_this_person_until_they_take_it_up_again(
    settings: Settings, network: Network, door: RunningDoor
) -> None:
    """The mail program's POST needs no cookie and no page; a colleague's letters and other kinds go on."""
    first = letters(settings, door, now=MONDAY)
    assert {"dax@salle.test", "dax-adjoint@salle.test"} <= set(first)
    letter = first["dax@salle.test"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(letter["List-Unsubscribe"]).strip("<>")
    body = letter.get_body(("plain",))
    assert body is not None and f"Ne plus recevoir ce courriel : {url}" in body.get_content()
    page = letter.get_body(("html",))
    assert page is not None and f'href="{url}"' in page.get_content()

    stranger = door.client()
    answer = stranger.post(url, data=ONE_CLICK, headers={"origin": "https://mail.example"})
    assert answer.status_code == 200
    assert "Vous ne recevrez plus le récapitulatif des alertes." in answer.text
    assert kinds_of(settings, network.users["dax"]) == ["alert_digest"]
    second = letters(settings, door, now=MONDAY + timedelta(days=7))
    assert "dax@salle.test" not in second and "dax-adjoint@salle.test" in second
    # Again is the same.
    assert stranger.post(url, data=ONE_CLICK).status_code == 200
    assert kinds_of(settings, network.users["dax"]) == ["alert_digest"]

    resumed = stranger.post(url, data={"reprendre": "1"})
    assert "Vous recevrez de nouveau le récapitulatif des alertes." in resumed.text
    assert kinds_of(settings, network.users["dax"]) == []
    assert "dax@salle.test" in letters(settings, door, now=MONDAY + timedelta(days=14))


def test_a_look_at_the_link_changes_nothing(settings: Settings, network: Network, door: RunningDoor) -> None:
    """Mail scanners open links: they find a page in French whose button would stop the letters."""
    url = _link(settings, door, network.users["pau"])
    answer = door.client().get(url)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "Vous recevez le rapport de la semaine par courriel." in answer.text
    assert '<form method="post"><button type="submit">Ne plus le recevoir</button></form>' in answer.text
    assert kinds_of(settings, network.users["pau"]) == []


def test_a_link_that_is_not_ours_changes_nothing(settings: Settings, network: Network, door: RunningDoor) -> None:
    """Changed, cut, empty or made with another key: one page for all, and no row."""
    url = _link(settings, door, network.users["pau"])
    foreign = _link(replace(settings, secret_key="another"), door, network.users["pau"])
    for forged in (url[:-1] + ("A" if url[-1] != "A" else "B"), url[:-20], url.partition("?")[0], foreign):
        answer = door.client().post(forged, data=ONE_CLICK)
        assert (answer.status_code, "Lien inconnu" in answer.text) == (404, True)
    assert kinds_of(settings, network.users["pau"]) == []


def test_the_link_opens_nothing_else(settings: Settings, network: Network, door: RunningDoor) -> None:
    """It is no session: pages behind the sign-in stay closed to whoever holds it, and no cookie is given."""
    client = door.client()
    url = _link(settings, door, network.users["lyon"])
    assert "set-cookie" not in client.post(url, data=ONE_CLICK).headers
    query = urlsplit(url).query
    assert client.get(f"/?{query}", headers={"accept": "text/html"}).status_code == 303
    assert client.get(f"{urlsplit(url).path}/x?{query}").status_code == 401
    assert kinds_of(settings, network.users["lyon"]) == ["weekly_report"]


def test_somebody_who_is_gone_is_told_that_it_is_so(settings: Settings, network: Network, door: RunningDoor) -> None:
    """The account behind an old letter may be deleted; the door's log holds no token."""
    answer = door.client().post(_link(settings, door, UUID(int=1)), data=ONE_CLICK)
    assert (answer.status_code, "Vous ne recevrez plus" in answer.text) == (200, True)
    assert "jeton" not in door.log.read_text()


def test_the_operator_sees_stops_and_resumes(settings: Settings, network: Network) -> None:
    """`jarvis mail`: one kind or every kind, quiet hours, and one line for somebody unknown."""
    stopped = run_jarvis(settings, "mail", "stop", "franchise@salle.test", "--kind", "daily_report")
    assert json.loads(stopped.stdout)["stopped"] == ["daily_report"]
    every = json.loads(run_jarvis(settings, "mail", "stop", "franchise@salle.test").stdout)["stopped"]
    assert every == sorted(MailKind)
    resumed = json.loads(
        run_jarvis(settings, "mail", "resume", "franchise@salle.test", "--kind", "weekly_report").stdout
    )
    assert resumed["takes"] == ["weekly_report"]
    quiet = run_jarvis(settings, "mail", "quiet", "franchise@salle.test", "--from", "19:30", "--until", "08:00")
    assert json.loads(quiet.stdout)["quiet_from"] == "19:30"
    shown = json.loads(run_jarvis(settings, "mail", "show", "franchise@salle.test").stdout)
    assert (shown["takes"], shown["quiet_until"]) == (["weekly_report"], "08:00")
    nobody = run_jarvis(settings, "mail", "show", "nobody@salle.test")
    assert (nobody.returncode, nobody.stderr.count("\n"), "nobody@" in nobody.stderr) == (1, 1, False)


def _link(settings: Settings, door: RunningDoor, user_id: UUID) -> str:
    subscription = Subscription(user_id, MailKind.WEEKLY_REPORT)
    return unsubscribe_url(door.url, subscription, secret_key=settings.secret_key)
