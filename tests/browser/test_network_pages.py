"""The pages over several gyms as people meet them: a click into a gym, a budget that is set, the machine at a glance.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from jarvis.settings import Settings
from orchestration import dbt
from tests.support.dashboards_door import Network, RunningDoor, running_door
from tests.support.pages import come_to_rest, open_page, overhang, photograph, serious_faults

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# A row's own box, left of its cells: the header is as high as a row.
BOX_X, HEADER_Y, ROW_Y = 18, 38, 38


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network, admin: psycopg.Connection) -> Iterator[RunningDoor]:
    """The door on two gyms of one franchise, each with six members, a month of visits and one bill; marts built."""
    for gym_id, kiosk_id, visits in ((network.dax, network.kiosk, 5), (network.pau, uuid4(), 2)):
        plant_gym(admin, gym_id, kiosk_id, visits=visits)
    dbt.run(settings, "build", "--resource-type", "seed", "--resource-type", "snapshot", "--resource-type", "model")
    with running_door(settings, settings.home / "dashboards.log") as running:
        yield running


def plant_gym(admin: psycopg.Connection, gym_id: UUID, kiosk_id: UUID, *, visits: int) -> None:
    """Six members who came so often last month, and a conversation that cost four cents today."""
    session_id = uuid4()
    values = {"gym": gym_id, "kiosk": kiosk_id, "visits": visits, "session": session_id}
    for statement in (
        "insert into kiosks (id, gym_id, slug, name) values (%(kiosk)s, %(gym)s, 'entree', 'Borne entrée') "
        "on conflict do nothing",
        "insert into gym_members_v2 (id, gym_id, badge_id, first_name, last_name) "
        "select gen_random_uuid(), %(gym)s, 'V' || number, 'Anne', 'Onyme' from generate_series(1, 6) as number",
        "insert into member_visits (gym_id, member_id, visited_at) "
        "select %(gym)s, id, date_trunc('month', now()) - interval '10 days' - number * interval '1 day' "
        "from gym_members_v2, generate_series(1, %(visits)s) as number "
        "where gym_id = %(gym)s and badge_id like 'V%%'",
        "insert into openai_realtime_sessions (id, gym_id, kiosk_id, badge_outcome, state, started_at, ended_at, "
        "close_reason) values (%(session)s, %(gym)s, %(kiosk)s, 'unknown', 'closed', now() - interval '2 minutes', "
        "now() - interval '1 minute', 'member_left')",
        "insert into realtime_usage (session_id, gym_id, source_kind, source_id, model, price_version, "
        "text_input_tokens, cost_usd, occurred_at) values (%(session)s, %(gym)s, 'response', 'r', "
        "'gpt-realtime-2.1-mini', '2026-11-22', 1000, 0.04, now() - interval '1 minute')",
    ):
        admin.execute(statement, values)  # type: ignore[arg-type]


def pick_row(page: "Page", key: str, row: int = 0) -> None:
    """A row of a table is chosen, by the box at its beginning; the table is drawn, so that a place is all there is."""
    table = page.locator(f".st-key-{key} [data-testid=stDataFrame] .dvn-scroller").first
    table.wait_for(timeout=60_000)
    # Charts above it take their room while the page is placed.
    come_to_rest(page)
    table.click(position={"x": BOX_X, "y": HEADER_Y + ROW_Y * row + ROW_Y / 2})


def test_an_owner_enters_a_gym_from_the_network(page: "Page", door: RunningDoor) -> None:
    """The gym of most visits is the first line; a click opens it, chosen in the sidebar."""
    from playwright.sync_api import expect

    open_page(page, door, "franchise", "reseau", "Réseau")
    page.get_by_role("heading", name="Toutes les salles, côte à côte").wait_for(timeout=60_000)
    pick_row(page, "network-gyms")
    page.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=60_000)
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Salle")
    expect(chosen).to_have_value("Salle de Dax", timeout=30_000)


def test_an_owner_s_tables_fit_a_laptop(page: "Page", door: RunningDoor) -> None:
    """Nothing stands beyond the right edge at 1280 pixels, the gym's column included."""
    for path, name, table in (("reseau", "Réseau", "network-gyms"), ("adherents", "Adhérents", "member-list")):
        open_page(page, door, "franchise", path, name)
        scroller = page.locator(f".st-key-{table} [data-testid=stDataFrame] .dvn-scroller").first
        scroller.wait_for(timeout=60_000)
        come_to_rest(page)
        assert scroller.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0, path


def test_an_owner_sets_a_budget(page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network) -> None:
    """From the table's line to the gym's row, and the table says where the budget stands."""
    open_page(page, door, "franchise", "couts", "Coûts")
    page.get_by_text("0,08 $").first.wait_for(timeout=60_000)
    page.get_by_role("tab", name="Salles").click()
    pick_row(page, "cost-gyms")
    page.get_by_text("Limiter la voix de cette salle").click(timeout=30_000)
    page.get_by_label("Dollars par mois").fill("12.5")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Budget enregistré").wait_for(timeout=30_000)
    rows = admin.execute("select voice_budget_usd from gyms where voice_budget_usd is not null").fetchall()
    assert rows == [(Decimal("12.50"),)]
    photograph(page, "costs")


def test_a_part_leads_to_its_lines_and_a_line_to_its_day(page: "Page", door: RunningDoor) -> None:
    """A button under the chart shows the lines; a click on one opens that gym's talks of that day."""
    open_page(page, door, "franchise", "couts", "Coûts")
    page.get_by_role("tab", name="Ce qui est payé").click(timeout=60_000)
    page.get_by_role("heading", name="Que coûte chaque modèle ?").wait_for(timeout=60_000)
    page.locator(".st-key-cost-part").get_by_text("Texte", exact=True).click()
    page.get_by_role("heading", name="Lignes de facture").wait_for(timeout=60_000)
    assert serious_faults(page) == []
    pick_row(page, "ledger-nature-modele")
    page.get_by_role("heading", name="Conversations", exact=True).wait_for(timeout=60_000)
    page.get_by_text("Toutes les dates").wait_for(timeout=60_000)
    asked = dict(re.findall(r"(du|au)=(\d{4}-\d\d-\d\d)", page.url))
    assert len(asked) == 2
    assert asked["du"] == asked["au"]


# Top and height of each tile, as whole pixels.
_TILES = """() => [...document.querySelectorAll('[class*="st-key-tile-"]')].map((one) => one.getBoundingClientRect())
    .map((box) => [Math.round(box.top), Math.round(box.height)])"""


def test_six_figures_stand_in_two_even_rows(page: "Page", door: RunningDoor) -> None:
    """Three and three, all of a row equally high, beside a telephone's two and two and two."""
    open_page(page, door, "franchise", "couts", "Coûts")
    page.get_by_text("Jours anormaux").first.wait_for(timeout=60_000)
    for width, rows in ((1280, 2), (390, 3)):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"() => new Set(({_TILES})().map(([top]) => top)).size === {rows}", timeout=30_000)
        tiles = page.evaluate(_TILES)
        assert len(tiles) == 6 and len({(top, height) for top, height in tiles}) == rows


def test_numbers_are_written_as_the_page_is(page: "Page", door: RunningDoor) -> None:
    """Tables and sliders ask for the browser's languages or its first: the page's is taken, with a real minus."""
    # Nobody else's here: the language is kept for the person.
    open_page(page, door, "lyon", "reglages", "Réglages")
    write = "(languages) => new Intl.NumberFormat(languages, {minimumFractionDigits: 2}).format(-1234.5)"
    assert page.evaluate(write, ["en-US", "en"]) == "−1\u202f234,50"
    first = page.evaluate("() => navigator.language")
    assert page.evaluate(write, first) == "−1\u202f234,50"
    assert page.evaluate("() => Intl.NumberFormat().format(0.5)") == "0,5", "as a function too"
    assert page.evaluate(write, "de") == "-1.234,50", "whoever names a language has its own writing"
    page.get_by_text("English", exact=True).click()
    page.get_by_role("heading", name="Settings", exact=True).wait_for(timeout=60_000)
    page.wait_for_function("() => document.documentElement.lang === 'en'", timeout=30_000)
    assert page.evaluate(write, ["fr-FR"]) == "−1,234.50"
    assert page.evaluate(write, first) == "−1,234.50"


def test_the_machine_at_a_glance(page: "Page", door: RunningDoor) -> None:
    """No gateway runs here: the page says so and shows the rest, to the administration."""
    cookies = door.signed_in("admin").cookies.items()
    page.context.add_cookies([{"name": name, "value": value, "url": door.url} for name, value in cookies])
    page.goto(f"{door.url}/supervision")
    page.get_by_text("La passerelle ne répond pas").wait_for(timeout=60_000)
    page.get_by_role("heading", name="Quelles requêtes dépassent 500 ms ?").wait_for(timeout=30_000)
    assert serious_faults(page) == []


def test_the_pages_are_usable_by_everybody(page: "Page", door: RunningDoor) -> None:
    """axe finds nothing serious, and nothing sticks out of a telephone."""
    from playwright.sync_api import expect

    found = {}
    for part, question in (
        ("Le mois", "Où finira le mois ?"), ("Ce qui est payé", "Que coûte chaque modèle ?"),
        ("Salles", "Quelles salles dépensent, et tiennent-elles leur budget ?"),
        ("Échanges", "Quels échanges ont coûté le plus ?"),
    ):  # fmt: skip
        open_page(page, door, "franchise", f"couts?partie={part}", "Coûts")
        page.get_by_role("heading", name=question).wait_for(timeout=60_000)
        # The page's own style is in force: a run that begins anew places it anew.
        expect(page.get_by_text("Chiffres calculés").first).to_have_css("color", "rgb(77, 88, 102)")
        found[part] = serious_faults(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{door.url}/reseau")
    page.get_by_role("heading", name="Toutes les salles, côte à côte").wait_for(timeout=60_000)
    found["network"] = serious_faults(page)
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert overhang(page) <= 0
