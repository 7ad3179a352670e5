"""« Incidents » as a manager meets it: two are put together and one is taken apart, and others have no way to it.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from bench.support.world import Gym
from dashboards import incident_desk
from dashboards.incident_file import NO_SUCH_INCIDENT
from jarvis.conversations import Topic
from jarvis.settings import Settings
from tests.integration.test_machine_incidents import Desk
from tests.support.dashboards_door import Network, RunningDoor
from tests.support.pages import come_to_rest, enter, open_page, overhang, photograph, serious_faults, show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FOUR, FIVE = "Problème signalé : tapis 4 (machines et matériel)", "Problème signalé : tapis 5 (machines et matériel)"


@pytest.fixture
def desk(page: "Page", admin: psycopg.Connection, network: Network, settings: Settings) -> Iterator[Desk]:
    """Two open incidents of Dax, each of one conversation."""
    with psycopg.connect(settings.database_url_for("pipeline")) as pipeline:
        made = Desk(admin, pipeline, {"dax": Gym(network.dax, network.kiosk, network.member)})
        for machine in ("tapis 4", "tapis 5"):
            made.report(machine, topic=Topic.EQUIPMENT, gym="dax")
        yield made


def choose_the_other(page: "Page") -> None:
    """The other incident is chosen, by the keyboard alone."""
    # A list closes while the page still moves.
    come_to_rest(page)
    field = page.get_by_role("combobox", name="Incident à réunir à celui-ci")
    field.press("ArrowDown")
    page.get_by_role("option", name=FIVE).wait_for()
    field.press("Enter")


def test_two_incidents_become_one_and_one_becomes_two(
    page: "Page", door: RunningDoor, desk: Desk, admin: psycopg.Connection, network: Network
) -> None:
    """From the list to the file and back: what is merged is counted together, what is split stands for itself."""
    from playwright.sync_api import expect

    open_page(page, door, "dax", "incidents", "Incidents")
    page.get_by_role("heading", name=FOUR).wait_for()
    expect(page.get_by_text("Peut-être la même machine que")).to_have_count(2)
    photograph(page, "incidents")
    assert serious_faults(page) == []
    page.get_by_role("link", name="Ouvrir : tapis 4 (machines et matériel)").click()
    page.get_by_text("Un incident d'un seul signalement ne se sépare pas.").wait_for()
    choose_the_other(page)
    assert serious_faults(page) == []
    page.get_by_role("button", name="Réunir", exact=True).click()
    page.get_by_text(incident_desk.MERGED).wait_for()
    page.get_by_text("C'est le seul incident ouvert de cette salle.").wait_for()
    (merged,) = desk.open()
    assert (merged["title"], merged["occurrence_count"]) == (FOUR, 2)
    assert admin.execute("select outcome_code from manager_alerts where title = %s", [FIVE]).fetchall() == [
        ("duplicate",)
    ]
    photograph(page, "incident_file")
    assert serious_faults(page) == []
    # Nothing ticked changes nothing, and the sentence says what to do.
    page.get_by_role("button", name="Séparer").click()
    page.get_by_text(incident_desk.NOTHING_CHOSEN).wait_for()
    # A run that has just begun places the new boxes before the old ones are gone.
    come_to_rest(page)
    page.get_by_role("checkbox", name="tapis 5").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Séparer").click()
    page.get_by_text(incident_desk.SPLIT).wait_for()
    page.get_by_role("link", name="Tous les incidents").click()
    page.get_by_role("link", name="Ouvrir : tapis 5 (machines et matériel)").wait_for()
    assert {(row["title"], row["occurrence_count"]) for row in desk.open()} == {(FOUR, 1), (FIVE, 1)}
    audited = admin.execute(
        "select distinct action, actor_user_id from audit_log where action like 'incident%%' order by action"
    ).fetchall()
    assert [actor for _action, actor in audited] == [network.users["dax"]] * len(audited)
    assert len(audited) == 2


def test_others_see_as_far_as_they_may(page: "Page", door: RunningDoor, desk: Desk, admin: psycopg.Connection) -> None:
    """The neighbour's manager has an empty list and a guessed address gives nothing; the gym's staff only reads."""
    (incident_id,) = admin.execute("select id from manager_alerts where title = %s", [FOUR]).fetchone() or ()
    open_page(page, door, "pau", "incidents", "Incidents")
    page.get_by_text("Aucun incident de matériel ouvert").wait_for()
    show(page, door, f"incidents?incident={incident_id}", "Incidents")
    page.get_by_text(NO_SUCH_INCIDENT).wait_for()
    assert "tapis 4" not in page.content()
    enter(page, door, "equipe-dax")
    show(page, door, f"incidents?incident={incident_id}", "Incidents")
    page.get_by_text(incident_desk.NOT_ALLOWED).wait_for()
    assert page.get_by_role("button", name="Réunir", exact=True).count() == 0


def test_the_file_fits_a_phone_in_the_dark(
    browser: "Browser", page: "Page", door: RunningDoor, desk: Desk, admin: psycopg.Connection
) -> None:
    """Nothing scrolls sideways at 390 pixels, and axe finds nothing serious on the dark ground."""
    (incident_id,) = admin.execute("select id from manager_alerts where title = %s", [FOUR]).fetchone() or ()
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", locale="fr-FR")
    window = context.new_page()
    open_page(window, door, "dax", f"incidents?incident={incident_id}", "Incidents")
    window.get_by_role("button", name="Réunir", exact=True).wait_for()
    faults = serious_faults(window)
    photograph(window, "incident_phone")
    sticks_out = overhang(window)
    context.close()
    assert (faults, sticks_out) == ([], 0)
