"""« Bornes » as a manager meets it: Chromium, the real door, a real gateway that kiosks talk to, a real database.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx
import psycopg
import pytest

from dashboards.kiosk_wall import CARD_PIXELS
from jarvis.settings import Settings
from tests.support.dashboards_door import Network, RunningDoor
from tests.support.gateway_processes import GatewayProcess, running_gateway, running_standin
from tests.support.pages import come_to_rest, open_page, overhang, photograph, serious_faults
from voice_gateway.kiosk.commands import provision

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# What the page promises; the door looks every three seconds.
SECONDS = 10_000


@pytest.fixture(scope="module")
def gateway(settings: Settings, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway of the same database."""
    logs: Path = tmp_path_factory.mktemp("gateway")
    with (
        running_standin(logs / "standin.log") as port,
        running_gateway(settings, standin_port=port, log=logs / "gateway.log") as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def fresh(admin: psycopg.Connection, network: Network) -> None:
    """One kiosk in Dax, which is well, and nothing set."""
    admin.execute("delete from kiosks where slug <> 'entree'")
    admin.execute("delete from kiosk_settings")
    admin.execute(
        "update kiosks set status = 'online', last_heartbeat = now(), name = 'Borne entrée' where id = %s",
        [network.kiosk],
    )


@pytest.fixture
def wall(page: "Page", door: RunningDoor) -> "Page":
    """The manager of Dax is on « Bornes »."""
    open_page(page, door, "dax", "bornes", "Bornes")
    return page


def beat(gateway: GatewayProcess, token: str, **sign: object) -> None:
    """The kiosk says how it is, as a kiosk does."""
    answer = httpx.post(
        f"{gateway.url}/api/kiosk/heartbeat",
        json={"software_version": "9.9.9", "microphone_ok": True, "reader_ok": True, **sign},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text


def test_a_kiosk_is_provisioned_from_the_page_and_lives_on_the_wall(
    wall: "Page", door: RunningDoor, admin: psycopg.Connection, gateway: GatewayProcess
) -> None:
    """Made and coded on the page, provisioned as a kiosk does it, online, faulty, silent: each within ten seconds."""
    wall.get_by_text("Ajouter une borne").click()
    wall.get_by_label("Nom de la borne").fill("Borne vélos")
    wall.get_by_label("Emplacement").fill("près des vélos")
    wall.get_by_role("button", name="Créer la borne et son code").click()
    wall.get_by_text("Code d’installation de").wait_for()
    card = wall.get_by_role("article", name="Borne vélos")
    card.get_by_text("À installer").wait_for()
    code = wall.locator(".j-digits").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{6}", code)
    assert wall.get_by_role("img", name="Code QR").bounding_box() is not None
    photograph(wall, "kiosk_code")
    assert serious_faults(wall) == []

    token = provision(gateway.url, code, "tablette-velos")
    wall.get_by_text("le code a été utilisé").wait_for(timeout=SECONDS)
    # What stood in the run before is gone once this one has ended.
    come_to_rest(wall)
    assert code not in wall.content()
    beat(gateway, token)
    card.get_by_text("En ligne").wait_for(timeout=SECONDS)
    wall.get_by_text("Les 2 bornes répondent.").wait_for()
    assert "9.9.9" in card.inner_text()
    beat(gateway, token, reader_ok=False)
    card.get_by_text("Défaut signalé").wait_for(timeout=SECONDS)
    photograph(wall, "kiosks")
    # It falls silent: as much time passes as a clock set forward.
    admin.execute("update kiosks set last_heartbeat = now() - interval '4 minutes' where slug = 'borne-velos'")
    card.get_by_text("Ne répond plus").wait_for(timeout=SECONDS)
    wall.get_by_text("1 borne sur 2 ne répond pas.").wait_for()
    assert wall.get_by_role("article").first.get_attribute("aria-label") == "Borne vélos"
    beat(gateway, token)
    card.get_by_text("En ligne").wait_for(timeout=SECONDS)


def test_revoking_from_the_page_cuts_the_kiosk_off(
    wall: "Page", door: RunningDoor, network: Network, gateway: GatewayProcess
) -> None:
    """A second click does it; the kiosk's token opens nothing any more, and the trail says who."""
    wall.goto(f"{door.url}/bornes?borne={network.kiosk}")
    wall.get_by_role("tab", name="Installation et accès").click()
    wall.get_by_role("button", name="Code pour l'écran").click()
    token = provision(gateway.url, wall.locator(".j-digits").inner_text(), "tablette-entree")
    beat(gateway, token)
    wall.get_by_text("le code a été utilisé").wait_for(timeout=SECONDS)
    wall.get_by_role("tab", name="Installation et accès").click()
    photograph(wall, "kiosk_access")
    wall.get_by_role("button", name="Révoquer les accès").click()
    wall.get_by_text("même en pleine conversation").wait_for()
    assert serious_faults(wall) == []
    wall.get_by_role("button", name="Oui, révoquer").click()
    wall.get_by_text("Accès révoqués : la borne est déconnectée").wait_for()
    answer = httpx.get(f"{gateway.url}/api/kiosk/config", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert answer.status_code == 401
    wall.get_by_role("tab", name="Réglages").click()
    wall.locator(".j-timeline").get_by_text("Camille Durand").first.wait_for()


def test_a_setting_reaches_the_kiosk_and_a_late_one_overwrites_nothing(
    wall: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """What is being typed survives the page's own refresh; somebody else's change meanwhile is told."""
    wall.goto(f"{door.url}/bornes?borne={network.kiosk}")
    wall.get_by_role("tab", name="Réglages").click()
    photograph(wall, "kiosk_settings")
    assert serious_faults(wall) == []
    wall.get_by_role("button", name="Régler cette borne").click()
    wall.get_by_label("Volume (%)").fill("45")
    wall.get_by_label("Volume (%)").press("Tab")
    # The page runs again by itself while the form is open.
    admin.execute("update kiosks set name = 'Borne hall' where id = %s", [network.kiosk])
    wall.get_by_role("heading", name="Borne hall").wait_for(timeout=SECONDS)
    wall.get_by_role("button", name="Enregistrer les réglages").click()
    wall.get_by_text("Réglages enregistrés").wait_for()
    kept = admin.execute("select settings from kiosk_settings where kiosk_id = %s", [network.kiosk]).fetchone()
    assert kept == ({"volume": 0.45},)
    wall.get_by_role("tab", name="Réglages").click()
    wall.get_by_role("button", name="Régler cette borne").click()
    wall.get_by_label("Version attendue").fill("1.5")
    admin.execute("update kiosk_settings set settings = '{\"volume\": 0.2}' where kiosk_id = %s", [network.kiosk])
    wall.get_by_role("button", name="Enregistrer les réglages").click()
    wall.get_by_text("Quelqu'un d'autre vient de changer ces réglages").wait_for()
    kept = admin.execute("select settings from kiosk_settings where kiosk_id = %s", [network.kiosk]).fetchone()
    assert kept == ({"volume": 0.2},)


def test_the_neighbour_finds_nothing_under_a_guessed_address(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Pau's manager opens Dax's kiosk by its id; staff of Dax read it and are offered no change."""
    open_page(page, door, "pau", "bornes", "Bornes")
    page.goto(f"{door.url}/bornes?borne={network.kiosk}")
    page.get_by_text("Cette borne n'existe pas").wait_for()
    assert "Borne entrée" not in page.content()
    open_page(page, door, "equipe-dax", "bornes", "Bornes")
    page.get_by_role("article", name="Borne").first.wait_for()
    assert page.get_by_text("Ajouter une borne").count() == 0
    page.goto(f"{door.url}/bornes?borne={network.kiosk}")
    page.get_by_role("tab", name="Installation et accès").click()
    page.get_by_text("Lecture seule").wait_for()
    assert page.get_by_role("button", name="Révoquer les accès").count() == 0


@pytest.mark.parametrize(("name", "width", "scheme"), [("phone", 390, "light"), ("dark", 1280, "dark")])
def test_the_wall_fits_where_it_is_read(
    browser: "Browser", door: RunningDoor, admin: psycopg.Connection, network: Network, name: str, width: int,
    scheme: Literal["light", "dark"],
) -> None:  # fmt: skip
    """On a phone and on a dark desk nothing scrolls sideways, and axe finds nothing serious on wall and file."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="fr-FR")
    window = context.new_page()
    open_page(window, door, "dax", "bornes", "Bornes")
    window.get_by_role("article", name="Borne entrée").wait_for()
    faults = {"wall": serious_faults(window)}
    sticks_out = [overhang(window)]
    card, wall = (
        window.locator(f'[class*="st-key-kiosk{part}"]').first.evaluate("(one) => one.getBoundingClientRect().width")
        for part in ("-online-", "s-")
    )
    assert card == wall if width < 640 else card == CARD_PIXELS, "a telephone's whole width, else three in a row"
    photograph(window, f"kiosks_{name}")
    window.goto(f"{door.url}/bornes?borne={network.kiosk}")
    window.get_by_role("heading", name="Que dit-elle d'elle-même ?").wait_for()
    faults["file"] = serious_faults(window)
    sticks_out.append(overhang(window))
    photograph(window, f"kiosk_{name}")
    context.close()
    assert faults == {"wall": [], "file": []}
    assert max(sticks_out) <= 0


def test_an_idle_wall_asks_little(wall: "Page", admin: psycopg.Connection) -> None:
    """While nothing changes the page asks for the mark alone, and reads the wall again at most once a minute."""
    wall.get_by_role("article", name="Borne entrée").wait_for()

    def counts() -> tuple[int, int]:
        row = admin.execute(
            "select coalesce(sum(calls) filter (where query like '%as digest%'), 0)::int, "
            "coalesce(sum(calls) filter (where query like '%as talking_since%'), 0)::int "
            "from server_statistics.pg_stat_statements "
            "where dbid = (select oid from pg_database where datname = current_database())"
        ).fetchone()
        assert row
        return row[0], row[1]

    looks, reads = counts()
    deadline = time.monotonic() + 30
    while counts()[0] < looks + 4 and time.monotonic() < deadline:
        wall.wait_for_timeout(500)
    assert counts()[0] >= looks + 4
    assert counts()[1] <= reads + 1
