"""« Alertes » as a manager meets it: Chromium, the real door, a real database.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

from typing import TYPE_CHECKING, Literal

import psycopg
import pytest

from dashboards.alerts import PAGE_SIZE
from tests.support.dashboards_door import (
    COMPLAINT,
    PASSWORD,
    Network,
    RunningDoor,
    add_alert,
)
from tests.support.pages import come_to_rest, open_page, overhang, photograph, pick, serious_faults

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title='pris'</script><img src=x onerror=alert(1)> **gras** $\\frac{1}{2}$ [lien](http://x.test)"
)


def test_a_manager_reads_the_words_and_takes_the_alert(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """From the member's own words on the page to the row in the database."""
    alert_id = add_alert(admin, network, priority="urgent")
    add_alert(
        admin, network, title="Problème signalé : tapis 4 (machines et matériel)", alert_type="equipment_issue",
        words="Le tapis quatre s'arrête tout seul au bout de deux minutes.",
        description="Signalé à la borne, dans les mots cités ci-dessous.",
        actions=["Vérifier sur place", "Afficher « hors service » si nécessaire", "Planifier l'intervention"],
        priority="medium", minutes_ago=300,
    )  # fmt: skip
    page.goto(f"{door.url}/login")
    page.get_by_role("button", name="Se connecter").wait_for()
    photograph(page, "sign_in")
    open_page(page, door, "dax", "alertes", "Alertes")
    page.get_by_text(COMPLAINT).wait_for()
    page.get_by_role("button", name="Prendre en charge").first.wait_for()
    come_to_rest(page)
    assert page.get_by_text("Inès Larrieu").count() == 1
    photograph(page, "alerts")
    page.get_by_role("button", name="Prendre en charge").first.click()
    page.get_by_text("elle est à votre nom").wait_for()
    page.get_by_text("En cours : Camille Durand").wait_for()
    row = admin.execute("select status, assigned_to from manager_alerts where id = %s", [alert_id]).fetchone()
    assert row == ("in_progress", network.users["dax"])
    photograph(page, "alert_taken")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_list_is_read_page_by_page_with_the_keyboard(
    browser: "Browser", page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network,
    scheme: Literal["light", "dark"],
) -> None:  # fmt: skip
    """The next page begins at its head, stays while alerts come and go, and what is past the end is the last page."""
    for number in range(2 * PAGE_SIZE + 1):
        add_alert(admin, network, title=f"Alerte {number + 1}", minutes_ago=number + 1)
    context = browser.new_context(viewport={"width": 1280, "height": 844}, color_scheme=scheme, locale="fr-FR")
    window = context.new_page()
    open_page(window, door, "dax", "alertes", "Alertes")
    window.get_by_text(f"{2 * PAGE_SIZE + 1} alertes, page 1 sur 3").wait_for()
    window.get_by_role("heading", name=f"Alerte {PAGE_SIZE}", exact=True).wait_for()
    assert window.get_by_role("heading", name=f"Alerte {PAGE_SIZE + 1}", exact=True).count() == 0
    photograph(window, f"alerts_pages_{scheme}")
    window.get_by_role("button", name="Page 3").press("Enter")
    window.get_by_text("page 3 sur 3").wait_for()
    window.get_by_role("heading", name=f"Alerte {2 * PAGE_SIZE + 1}", exact=True).wait_for()
    window.wait_for_function("document.activeElement.classList.contains('st-key-pages-head')")
    # The only card of the page goes, for good: the page before it is the last one, and somebody reads it at once.
    admin.execute("delete from manager_alerts where title = %s", [f"Alerte {2 * PAGE_SIZE + 1}"])
    window.get_by_text(f"{2 * PAGE_SIZE} alertes, page 2 sur 2").wait_for(timeout=5_000)
    window.get_by_role("heading", name=f"Alerte {2 * PAGE_SIZE}", exact=True).wait_for()
    window.get_by_role("button", name="Choisir toute la page").click()
    window.get_by_text(f"{PAGE_SIZE} alertes choisies sur cette page").wait_for()
    assert serious_faults(window) == []
    add_alert(admin, network, title="Douche bouchée", priority="urgent", minutes_ago=0)
    window.get_by_text("1 nouvelle alerte").wait_for(timeout=20_000)
    window.get_by_text(f"{2 * PAGE_SIZE + 1} alertes, page 2 sur 3").wait_for()
    assert window.get_by_role("heading", name="Douche bouchée").count() == 0
    window.get_by_role("button", name="Page suivante").press("Enter")
    window.get_by_text("page 3 sur 3").wait_for()
    context.close()
    assert "Session State API" not in door.log.read_text()


def test_a_new_alert_appears_by_itself(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Nobody reloads the page: the empty desk fills when the pipeline writes."""
    open_page(page, door, "dax", "alertes", "Alertes")
    page.get_by_text("Rien à traiter").wait_for()
    photograph(page, "alerts_empty")
    add_alert(admin, network)
    page.get_by_text(COMPLAINT).wait_for(timeout=3_000)
    page.get_by_text("1 nouvelle alerte").wait_for()


def test_a_page_that_refreshes_keeps_nobody_signed_in(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """An empty chair's page shows the new alert, and its session goes on growing old."""
    open_page(page, door, "dax", "alertes", "Alertes")
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
    open_page(page, door, "dax", "alertes", "Alertes")
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
    open_page(page, door, "dax", "alertes", "Alertes")
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
    open_page(page, door, "dax", "alertes", "Alertes")
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
    open_page(page, door, "pau", "alertes", "Alertes")
    page.get_by_text("Rien à traiter").wait_for()
    assert COMPLAINT not in page.content()


def test_staff_reads_without_buttons(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The team sees the words and what to do, and is offered nothing it may not do."""
    add_alert(admin, network)
    open_page(page, door, "equipe-dax", "alertes", "Alertes")
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
    from playwright.sync_api import expect

    add_alert(admin, network, title="Alerte de Dax")
    add_alert(admin, network, gym_id=network.pau, title="Alerte de Pau")
    add_alert(admin, network, gym_id=network.lyon, title="Alerte de Lyon")
    open_page(page, door, "franchise", "alertes", "Alertes")
    page.get_by_role("heading", name="Alerte de Dax").wait_for()
    page.get_by_role("heading", name="Alerte de Pau").wait_for()
    photograph(page, "alerts_franchise")
    assert page.get_by_role("heading", name="Alerte de Lyon").count() == 0
    come_to_rest(page)
    page.get_by_role("combobox", name="Salle").press("ArrowDown")
    page.get_by_role("option", name="Salle de Pau").wait_for()
    assert page.get_by_role("option", name="Salle de Lyon").count() == 0
    pick(page, "Salle", "Salle de Pau")
    # Where Dax's card stood Pau's is placed, while its own stands below until the run ends.
    expect(page.get_by_role("heading", name="Alerte de Dax")).to_have_count(0)
    expect(page.get_by_role("heading", name="Alerte de Pau")).to_have_count(1)


def test_members_words_are_only_words(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Markup, Markdown and LaTeX in a quote or a title are shown letter by letter."""
    add_alert(admin, network, words=HOSTILE, title=HOSTILE)
    open_page(page, door, "dax", "alertes", "Alertes")
    page.get_by_role("heading", name=HOSTILE).wait_for()
    page.get_by_text(f"« {HOSTILE} »").wait_for()
    assert page.title() != "pris"
    assert page.locator("img[src=x], .katex, article a").count() == 0


def test_a_revoked_session_loses_the_open_page(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The page's next refresh shows the way back in, and no alert any more."""
    add_alert(admin, network)
    open_page(page, door, "dax", "alertes", "Alertes")
    page.get_by_text(COMPLAINT).wait_for()
    admin.execute("update dashboard_sessions set revoked_at = now() where user_id = %s", [network.users["dax"]])
    page.get_by_text("Votre session est terminée").wait_for(timeout=5_000)
    page.get_by_text(COMPLAINT).wait_for(state="detached")
    photograph(page, "session_ended")


def test_signing_out_leads_to_the_sign_in(page: "Page", door: RunningDoor) -> None:
    """One click, and going back shows nothing."""
    open_page(page, door, "dax", "alertes", "Alertes")
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
    open_page(window, door, "dax", "alertes", "Alertes")
    window.get_by_role("button", name="Prendre en charge").first.wait_for()
    photograph(window, f"alerts_{name}")
    sticks_out = overhang(window)
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
    open_page(page, door, "dax", "alertes", "Alertes")
    page.get_by_text("Rien à traiter").wait_for()
    page.wait_for_load_state("networkidle")
    assert (foreign, refused) == ([], [])
