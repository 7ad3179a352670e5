"""Signing in with a code and « Mon compte » as a person meets them: Chromium, the real door, a real database.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from jarvis.second_factor import STEP_SECONDS, code_at
from tests.support.dashboards_door import Network, RunningDoor
from tests.support.pages import overhang, photograph, serious_faults, type_password

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_an_administrator_sets_up_a_second_factor_and_signs_in_with_it(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The picture, the first code, the recovery codes, the pages; and the next time a code, at a telephone's width."""
    from playwright.sync_api import expect

    page.goto(f"{door.url}/login")
    photograph(page, "sign_in")
    type_password(page, door, "admin")
    page.get_by_role("heading", name="Double authentification").wait_for()
    assert page.get_by_role("img", name="Code QR").bounding_box() is not None
    page.get_by_text("Je ne peux pas le photographier").click()
    photograph(page, "second_factor")
    secret = re.sub(r"\s", "", page.locator("details code").inner_text())
    begun = time.time()
    page.get_by_label("Code affiché par l'application").fill(code_at(secret, moment=begun))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Vos codes de secours").wait_for()
    expect(page.get_by_role("listitem")).to_have_count(10)
    photograph(page, "recovery_codes")
    page.get_by_role("link", name="Je les ai notés").click()
    page.get_by_role("link", name="Mon compte").wait_for(timeout=30_000)
    page.set_viewport_size({"width": 375, "height": 800})
    type_password(page, door, "admin")
    page.get_by_role("heading", name="Code de vérification").wait_for()
    photograph(page, "code")
    # A code is good once, and a telephone's clock may be a step ahead.
    moment = max(time.time(), begun + STEP_SECONDS)
    page.get_by_label("Code", exact=True).fill(code_at(secret, moment=moment))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{door.url}/")
    page.goto(f"{door.url}/compte")
    page.get_by_text("Il reste 10 codes de secours").wait_for()
    assert overhang(page) <= 0
    photograph(page, "account")


def test_the_sign_in_pages_are_usable_by_everybody(page: "Page", door: RunningDoor) -> None:
    """axe finds nothing serious in the form, its refusal, the forgotten password, the account and the proof."""
    found = {}
    for path in ("/login", "/mot-de-passe-oublie", "/mot-de-passe?lien=x"):
        page.goto(door.url + path)
        found[path] = serious_faults(page)
    type_password(page, door, "dax")
    page.get_by_role("link", name="Mon compte").wait_for(timeout=30_000)
    for path in ("/compte", "/compte/confirmer", "/compte/mot-de-passe", "/login/application"):
        page.goto(door.url + path)
        found[path] = serious_faults(page)
        photograph(page, path.strip("/").replace("/", "_"))
    assert {path: faults for path, faults in found.items() if faults} == {}
