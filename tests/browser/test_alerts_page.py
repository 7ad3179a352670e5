"""« Alertes » as a manager meets it: Chromium, the real door, a real database.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psycopg
import pytest

from jarvis.settings import Settings
from tests.support.dashboards_door import (
    COMPLAINT,
    PASSWORD,
    Network,
    RunningDoor,
    add_alert,
    cloned_database,
    make_network,
    running_door,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

HOSTILE = (
    "<script>document.title='pris'</script><img src=x onerror=alert(1)> **gras** $\\frac{1}{2}$ [lien](http://x.test)"
)


@pytest.fixture(scope="module")
def settings(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A database of this module's own."""
    with cloned_database(server_settings, template_database, tmp_path_factory.mktemp("door")) as cloned:
        yield cloned


@pytest.fixture(scope="module")
def admin(settings: Settings) -> Iterator[psycopg.Connection]:
    """The superuser, who sees past row security."""
    with psycopg.connect(settings.administration_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network) -> Iterator[RunningDoor]:
    """The door, serving."""
    with running_door(settings, settings.home / "dashboards.log") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium of the distribution."""
    if CHROMIUM is None:
        # In its own lane a missing browser is a broken lane, not a reason to look away.
        if os.environ.get("CI") or os.environ.get("JARVIS_BROWSER_LANE"):
            pytest.fail("found no chromium, expected the one make test-browser installs")
        pytest.skip("found no chromium: run make test-browser, which installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser", admin: psycopg.Connection) -> "Iterator[Page]":
    """A fresh window, and an empty desk."""
    admin.execute("delete from manager_alerts")
    admin.execute("delete from audit_log")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    yield context.new_page()
    context.close()


def sign_in(page: "Page", door: RunningDoor, name: str) -> None:
    """The person is on the alerts page."""
    page.goto(f"{door.url}/login")
    page.get_by_label("E-mail").fill(f"{name}@salle.test")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=30_000)
    page.goto(f"{door.url}/alertes")
    page.get_by_role("heading", name="Alertes").wait_for(timeout=30_000)


def photograph(page: "Page", name: str) -> None:
    """The window's picture is kept where somebody asked for pictures."""
    folder = os.environ.get("JARVIS_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_manager_reads_the_words_and_takes_the_alert(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """From the sign-in page to the row in the database, the member's own words in between."""
    alert_id = add_alert(admin, network, priority="urgent")
    add_alert(
        admin, network, title="Problème signalé : tapis 4 (équipement)", alert_type="equipment_issue",
        words="Le tapis quatre s'arrête tout seul au bout de deux minutes.",
        description="Signalé à la borne, dans les mots cités ci-dessous.",
        actions=["Vérifier sur place", "Afficher « hors service » si nécessaire", "Planifier l'intervention"],
        priority="medium", minutes_ago=300,
    )  # fmt: skip
    page.goto(f"{door.url}/login")
    page.get_by_role("button", name="Se connecter").wait_for()
    photograph(page, "sign_in")
    sign_in(page, door, "dax")
    page.get_by_text(COMPLAINT).wait_for()
    assert page.get_by_text("Inès Larrieu").count() == 1
    page.get_by_role("button", name="Prendre en charge").first.wait_for()
    photograph(page, "alerts")
    page.get_by_role("button", name="Prendre en charge").first.click()
    page.get_by_text("elle est à votre nom").wait_for()
    page.get_by_text("En cours : Camille Durand").wait_for()
    row = admin.execute("select status, assigned_to from manager_alerts where id = %s", [alert_id]).fetchone()
    assert row == ("in_progress", network.users["dax"])
    photograph(page, "alert_taken")


def test_a_new_alert_appears_by_itself(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Nobody reloads the page: the empty desk fills when the pipeline writes."""
    sign_in(page, door, "dax")
    page.get_by_text("Rien à traiter").wait_for()
    photograph(page, "alerts_empty")
    add_alert(admin, network)
    page.get_by_text(COMPLAINT).wait_for(timeout=3_000)
    page.get_by_text("1 nouvelle alerte").wait_for()


def test_a_page_that_refreshes_keeps_nobody_signed_in(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """An empty chair's page shows the new alert, and its session goes on growing old."""
    sign_in(page, door, "dax")
    page.get_by_text("Rien à traiter").wait_for()
    admin.execute(
        "update dashboard_sessions set last_seen_at = now() - interval '2 hours' where user_id = %s",
        [network.users["dax"]],
    )
    add_alert(admin, network)
    page.get_by_text(COMPLAINT).wait_for(timeout=3_000)
    ages = admin.execute(
        "select count(*) from dashboard_sessions where user_id = %s and last_seen_at > now() - interval '1 hour'",
        [network.users["dax"]],
    ).fetchone()
    assert ages == (0,)


def test_an_alert_is_resolved_with_a_note(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The outcome and the note reach the row, the step reaches the audit trail, the card leaves the desk."""
    alert_id = add_alert(admin, network)
    sign_in(page, door, "dax")
    page.get_by_role("button", name="Résoudre").click()
    page.get_by_role("radio", name="Adhérent contacté").click()
    page.get_by_label("Note (facultative)").fill("Appelée, séance offerte.")
    photograph(page, "alert_resolve_form")
    page.get_by_role("button", name="Résoudre l'alerte").click()
    page.get_by_text("Alerte résolue.").wait_for()
    page.get_by_text("Rien à traiter").wait_for()
    row = admin.execute(
        "select status, outcome_code, resolution_notes, assigned_to from manager_alerts where id = %s", [alert_id]
    ).fetchone()
    assert row == ("resolved", "member_contacted", "Appelée, séance offerte.", network.users["dax"])
    trail = admin.execute(
        "select action, actor_user_id from audit_log where subject_id = %s", [str(alert_id)]
    ).fetchall()
    assert trail == [("alert_resolved", network.users["dax"])]


def test_dismissing_asks_for_a_reason(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Without a reason nothing changes; with one the alert is closed."""
    alert_id = add_alert(admin, network)
    sign_in(page, door, "dax")
    page.get_by_role("button", name="Classer sans suite").click()
    page.get_by_role("button", name="Classer l'alerte sans suite").click()
    page.get_by_text("Un motif est obligatoire").wait_for()
    page.get_by_label("Motif (obligatoire)").fill("Travaux annoncés la semaine dernière.")
    page.get_by_role("button", name="Classer l'alerte sans suite").click()
    page.get_by_text("Alerte classée sans suite.").wait_for()
    row = admin.execute("select status from manager_alerts where id = %s", [alert_id]).fetchone()
    assert row == ("dismissed",)


def test_somebody_was_faster(page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """Two managers, one alert: the second one is told who has it, and nothing of the first one's is lost."""
    alert_id = add_alert(admin, network)
    sign_in(page, door, "dax")
    page.get_by_role("button", name="Résoudre").click()
    page.get_by_label("Note (facultative)").fill("Trop tard.")
    admin.execute(
        "update manager_alerts set status = 'in_progress', assigned_to = %s where id = %s",
        [network.users["dax-adjoint"], alert_id],
    )
    page.get_by_role("button", name="Résoudre l'alerte").click()
    page.get_by_text("vient d'être prise en charge par Sacha Petit").wait_for()
    row = admin.execute("select status, resolution_notes from manager_alerts where id = %s", [alert_id]).fetchone()
    assert row == ("in_progress", None)


def test_the_neighbour_sees_nothing(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The manager of Pau has an empty desk while Dax has an urgent alert."""
    add_alert(admin, network, priority="urgent")
    sign_in(page, door, "pau")
    page.get_by_text("Rien à traiter").wait_for()
    assert COMPLAINT not in page.content()


def test_staff_reads_without_buttons(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The team sees the words and what to do, and is offered nothing it may not do."""
    add_alert(admin, network)
    sign_in(page, door, "equipe-dax")
    page.get_by_text(COMPLAINT).wait_for()
    page.get_by_text("Lecture seule").wait_for()
    assert page.get_by_role("button", name="Prendre en charge").count() == 0
    assert page.get_by_role("button", name="Résoudre").count() == 0


def test_an_analyst_has_no_page(page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """What members said stays with their gym: the analyst's door is SQL, also by the page's address."""
    add_alert(admin, network)
    page.goto(f"{door.url}/alertes")
    page.get_by_label("E-mail").fill("analyste@salle.test")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_text("l'accès des analystes se fait en SQL").wait_for(timeout=30_000)
    assert COMPLAINT not in page.content()


def test_an_owner_chooses_among_gyms(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The franchise's owner sees both gyms, named, and nothing of the rival's."""
    add_alert(admin, network, title="Alerte de Dax")
    add_alert(admin, network, gym_id=network.pau, title="Alerte de Pau")
    add_alert(admin, network, gym_id=network.lyon, title="Alerte de Lyon")
    sign_in(page, door, "franchise")
    page.get_by_role("heading", name="Alerte de Dax").wait_for()
    page.get_by_role("heading", name="Alerte de Pau").wait_for()
    photograph(page, "alerts_franchise")
    assert page.get_by_role("heading", name="Alerte de Lyon").count() == 0
    page.get_by_role("combobox", name="Salle").click()
    page.get_by_role("option", name="Salle de Pau").click()
    page.get_by_role("heading", name="Alerte de Dax").wait_for(state="detached")
    assert page.get_by_role("heading", name="Alerte de Pau").count() == 1
    assert page.get_by_role("option", name="Salle de Lyon").count() == 0


def test_members_words_are_only_words(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Markup, Markdown and LaTeX in a quote or a title are shown letter by letter."""
    add_alert(admin, network, words=HOSTILE, title=HOSTILE)
    sign_in(page, door, "dax")
    page.get_by_role("heading", name=HOSTILE).wait_for()
    page.get_by_text(f"« {HOSTILE} »").wait_for()
    assert page.title() != "pris"
    assert page.locator("img[src=x], .katex, article a").count() == 0


def test_a_revoked_session_loses_the_open_page(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The page's next refresh shows the way back in, and no alert any more."""
    add_alert(admin, network)
    sign_in(page, door, "dax")
    page.get_by_text(COMPLAINT).wait_for()
    admin.execute("update dashboard_sessions set revoked_at = now() where user_id = %s", [network.users["dax"]])
    page.get_by_text("Votre session est terminée").wait_for(timeout=5_000)
    page.get_by_text(COMPLAINT).wait_for(state="detached")
    photograph(page, "session_ended")


def test_signing_out_leads_to_the_sign_in(page: "Page", door: RunningDoor) -> None:
    """One click, and going back shows nothing."""
    sign_in(page, door, "dax")
    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_text("Vous êtes déconnecté.").wait_for()
    page.goto(f"{door.url}/alertes")
    page.get_by_label("Mot de passe").wait_for()


@pytest.mark.parametrize(("name", "width", "scheme"), [("phone", 390, "light"), ("dark", 1280, "dark")])
def test_the_page_fits_where_it_is_read(
    browser: "Browser", page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network,
    name: str, width: int, scheme: Literal["light", "dark"],
) -> None:  # fmt: skip
    """On a phone and on a dark desk every card is inside the window, and nothing scrolls sideways."""
    add_alert(admin, network, priority="urgent")
    add_alert(admin, network, priority="high")
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="fr-FR")
    window = context.new_page()
    sign_in(window, door, "dax")
    window.get_by_role("button", name="Prendre en charge").first.wait_for()
    photograph(window, f"alerts_{name}")
    sticks_out = window.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    box = window.locator("article").first.bounding_box()
    context.close()
    assert sticks_out <= 0
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_the_page_calls_nobody_else(page: "Page", door: RunningDoor) -> None:
    """No telemetry, no foreign font, no error of the content policy."""
    foreign: list[str] = []
    refused: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith((door.url, "data:", "blob:")) else foreign.append(request.url),
    )
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    sign_in(page, door, "dax")
    page.get_by_text("Rien à traiter").wait_for()
    page.wait_for_load_state("networkidle")
    assert (foreign, refused) == ([], [])
