"""« Équipe » as people meet it: somebody is invited and comes in, somebody is suspended and is thrown out.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from jarvis.settings import Settings
from tests.support.dashboards_door import PASSWORD, Network, RunningDoor, running_door
from tests.support.mail_sink import MailSink, running_sink
from tests.support.pages import come_to_rest, open_page, overhang, photograph, serious_faults, type_password

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NEW_PASSWORD = "une-autre-phrase-de-passe"


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    """A mail server that keeps what it is sent."""
    with running_sink() as running:
        yield running


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network, sink: MailSink) -> Iterator[RunningDoor]:
    """The door, serving, with a mail server."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JARVIS_SMTP_URL", sink.url)
        with running_door(settings, settings.home / "dashboards.log") as running:
            yield running


def link_of(sink: MailSink) -> str:
    """What the last letter leads to."""
    body = sink.messages[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+/mot-de-passe\?lien=[A-Za-z0-9_-]+", body.get_content())
    assert found is not None
    return found[0]


def test_a_colleague_is_invited_follows_the_link_and_signs_in(
    page: "Page", browser: "Browser", door: RunningDoor, sink: MailSink
) -> None:
    """From the manager's form to the colleague's first page, by the letter alone."""
    open_page(page, door, "dax", "equipe", "Équipe")
    page.get_by_role("button", name="Inviter quelqu'un").click()
    page.get_by_label("E-mail", exact=True).fill("ines@salle.test")
    page.get_by_label("Nom", exact=True).fill("Inès Coach")
    photograph(page, "invitation")
    page.get_by_role("button", name="Envoyer l'invitation").click()
    page.get_by_text("Invitation envoyée à ines@salle.test.").wait_for()
    photograph(page, "team")
    context = browser.new_context(locale="fr-FR")
    theirs = context.new_page()
    theirs.goto(link_of(sink))
    for field in theirs.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    theirs.get_by_role("button").click()
    theirs.get_by_label("E-mail").fill("ines@salle.test")
    theirs.get_by_label("Mot de passe").fill(NEW_PASSWORD)
    theirs.get_by_role("button", name="Se connecter").click()
    theirs.get_by_text("Inès Coach").wait_for(timeout=30_000)
    # Staff manage nobody: the page they guess is not theirs.
    theirs.goto(f"{door.url}/equipe")
    theirs.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=30_000)
    context.close()


def test_a_suspended_person_is_thrown_out(
    page: "Page", browser: "Browser", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Their open page closes at its next look, their password opens nothing, and who did it is on record."""
    context = browser.new_context(locale="fr-FR")
    theirs = context.new_page()
    type_password(theirs, door, "equipe-dax")
    theirs.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=30_000)
    open_page(page, door, "dax", "equipe", "Équipe")
    page.goto(f"{door.url}/equipe?personne={network.users['equipe-dax']}")
    page.get_by_role("button", name="Suspendre").click()
    page.get_by_text("Suspendre Noé Labat ?").wait_for()
    # The button that asked stands beside the one that does it until the run has ended.
    come_to_rest(page)
    photograph(page, "suspension")
    page.get_by_role("button", name="Suspendre").click()
    page.get_by_text("L'accès de Noé Labat est suspendu").wait_for()
    photograph(page, "suspended")
    theirs.get_by_text("Votre session est terminée").wait_for(timeout=30_000)
    type_password(theirs, door, "equipe-dax")
    theirs.get_by_text("E-mail ou mot de passe incorrect").wait_for()
    context.close()
    rows = admin.execute("select actor_user_id, subject_id from audit_log where action = 'user_suspended'").fetchall()
    assert rows == [(network.users["dax"], str(network.users["equipe-dax"]))]


def test_an_old_session_proves_who_it_is_and_comes_back(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Ten minutes later a change asks for the password, and leads back to the same person."""
    open_page(page, door, "franchise", "equipe", "Équipe")
    admin.execute("update dashboard_sessions set proven_at = now() - interval '11 minutes'")
    address = f"{door.url}/equipe?personne={network.users['pau']}"
    page.goto(address)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_role("link", name="Confirmer mon identité").wait_for()
    page.get_by_role("link", name="Confirmer mon identité").click()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Confirmer").click()
    page.wait_for_url(address)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_role("button", name="Enregistrer").wait_for()


def test_the_team_page_is_usable_by_everybody(page: "Page", door: RunningDoor, network: Network) -> None:
    """axe finds nothing serious in the list, the invitation and a person's file; nothing sticks out of a telephone."""
    open_page(page, door, "franchise", "equipe", "Équipe")
    found = {"list": serious_faults(page)}
    page.get_by_role("button", name="Inviter quelqu'un").click()
    page.get_by_role("button", name="Envoyer l'invitation").wait_for()
    found["invitation"] = serious_faults(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{door.url}/equipe?personne={network.users['pau']}")
    page.get_by_role("button", name="Suspendre").wait_for()
    found["file"] = serious_faults(page)
    assert {part: faults for part, faults in found.items() if faults} == {}
    assert overhang(page) <= 0
