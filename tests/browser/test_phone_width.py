"""The managers' pages at a telephone's width: nothing stands beyond the edge but what scrolls by itself."""

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.dashboards_door import Network, RunningDoor, add_alert
from tests.support.pages import come_to_rest, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PAGES = {
    "": "Qui appeler", "alertes": "Tout choisir", "adherents": "Exporter", "conversations": "Aucune conversation",
    "bornes": "Ajouter une borne", "equipe": "Inviter", "reglages": "Nom affiché",
}  # fmt: skip

# Grids and charts are windows of their own: what is wider scrolls inside.
_BEYOND = """() => [...document.querySelectorAll(".stMain button, .stMain input, .stMain label, .stMain p, .stMain h1")]
    .filter((one) => !one.closest(".stDataFrame, .stPlotlyChart"))
    .map((one) => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.width > 0 && (box.right > innerWidth + 1 || box.left < -1))
    .map(([_box, one]) => (one.getAttribute("aria-label") || one.innerText).trim())"""


def test_nothing_stands_beyond_a_telephone_s_edge(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Filters, choices of several, buttons and words of every page, 390 pixels wide."""
    add_alert(admin, network, priority="urgent")
    add_alert(admin, network, title="Étape franchie", alert_type="milestone")
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, door, "dax")
    found = {}
    for path, sign in PAGES.items():
        page.goto(f"{door.url}/{path}")
        page.get_by_text(sign).first.wait_for(timeout=60_000)
        come_to_rest(page)
        found[path] = page.evaluate(_BEYOND)
    assert {path: words for path, words in found.items() if words} == {}
