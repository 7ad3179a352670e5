"""The administration's pages, « Réglages » and the switch to see a gym as its manager does, in Chromium.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.dashboards_door import Network, RunningDoor
from tests.support.pages import enter, open_page, overhang, photograph, pick, serious_faults, show

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_client_is_opened_on_one_page(page: "Page", door: RunningDoor, admin: psycopg.Connection) -> None:
    """From an empty form to a kiosk's code, with the gym in the list and the trail."""
    enter(page, door, "admin")
    show(page, door, "clients", "Clients")
    page.get_by_role("button", name="Ouvrir un client").click()
    page.get_by_label("Nom de la franchise").fill("Sud Forme")
    page.get_by_label("Nom de la salle").fill("Biarritz Plage")
    page.get_by_label("E-mail du responsable (facultatif)").fill("ines@biarritz.test")
    page.get_by_role("button", name="Ouvrir le client").click()
    page.get_by_text("Le client est ouvert.").wait_for(timeout=30_000)
    assert re.fullmatch(r"[A-Z0-9]{6}", page.get_by_test_id("stCode").first.inner_text().strip())
    photograph(page, "client_opened")
    made = admin.execute("select slug from gyms where name = 'Biarritz Plage'").fetchall()
    assert made == [("biarritz-plage",)]
    show(page, door, "journal", "Journal")
    actions = [row[0] for row in admin.execute("select action from audit_log order by id").fetchall()]
    assert actions[-5:] == ["franchise_created", "gym_created", "kiosk_created", "user_invited", "kiosk_code_issued"]


def test_an_owner_sees_a_gym_as_its_manager_does(page: "Page", door: RunningDoor) -> None:
    """The banner stands on each page until they go back, and the menu is the manager's."""
    from playwright.sync_api import expect

    open_page(page, door, "franchise", "", "Aujourd'hui")
    costs = page.get_by_role("link", name="Coûts")
    expect(costs).to_have_count(1)
    pick(page, "Salle", "Salle de Pau")
    page.get_by_role("button", name="Voir comme son responsable").click()
    banner = page.get_by_text("Vous voyez la salle Salle de Pau comme son responsable.")
    banner.wait_for(timeout=30_000)
    expect(costs).to_have_count(0)
    page.get_by_role("link", name="Équipe").click()
    page.get_by_role("heading", name="Équipe", exact=True).wait_for(timeout=30_000)
    page.get_by_text("1 personne").wait_for(timeout=30_000)
    expect(banner).to_be_visible()
    photograph(page, "seen_gym")
    page.get_by_role("button", name="Revenir à ma vue").click()
    costs.wait_for(timeout=30_000)
    # The menu comes first; what stood above the page goes when its run has ended.
    expect(banner).to_have_count(0)


def test_a_language_is_kept_for_the_person(page: "Page", door: RunningDoor, admin: psycopg.Connection) -> None:
    """Switched once, it is theirs in the next window too; Streamlit's own words follow, those that stand among them."""
    open_page(page, door, "lyon", "", "Aujourd'hui")
    page.get_by_test_id("stSidebar").hover()
    page.get_by_role("button", name="Replier le menu").wait_for()
    page.get_by_text("English").click()
    page.get_by_role("heading", name="Today", exact=True).wait_for(timeout=30_000)
    page.get_by_role("button", name="Collapse sidebar").wait_for()
    page.reload()
    page.get_by_role("heading", name="Today", exact=True).wait_for(timeout=30_000)
    assert admin.execute("select language from users where email = 'lyon@salle.test'").fetchall() == [("en",)]


def test_the_pages_are_usable_by_everybody(page: "Page", door: RunningDoor, network: Network) -> None:
    """axe finds nothing serious; nothing sticks out of a telephone."""
    enter(page, door, "admin")
    found, wide = {}, []
    for path, title in (
        ("clients", "Clients"), ("franchises", "Franchises"), ("salles", "Salles"), ("utilisateurs", "Utilisateurs"),
        ("journal", "Journal"), ("reglages", "Réglages"), (f"salles?salle={network.dax}", "Salles"),
        ("incidents", "Incidents"),
    ):  # fmt: skip
        page.set_viewport_size({"width": 1280, "height": 900})
        # By day and by night.
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            show(page, door, path, title)
            page.wait_for_load_state("networkidle")
            found[path, scheme] = serious_faults(page)
        page.set_viewport_size({"width": 390, "height": 844})
        if overhang(page) > 0:
            wide.append(path)
    assert {path: faults for path, faults in found.items() if faults} == {}
    assert wide == []
