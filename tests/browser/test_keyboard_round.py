"""A manager's round without a mouse: sign in, open an alert, act on it and leave, by Tab, Enter and the arrows.

Wherever the keyboard stands on the way, a person sees it: the element, or the frame around it, looks otherwise than
without it.
"""

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.dashboards_door import PASSWORD, Network, RunningDoor, add_alert
from tests.support.pages import come_to_rest, enter

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# More stops than any way on a page of one gym has: beyond it the keyboard goes round in circles.
MOST_STOPS = 90

# How the place of the keyboard looks, and what it is called.
_STOP = """() => {
    const at = document.activeElement;
    // What fades in or out has done so.
    const settle = () => {
        for (const one of document.getAnimations()) if (one.effect?.getComputedTiming().endTime < 1e4) one.finish();
    };
    const looks = (element) => [element, element.parentElement, element.parentElement?.parentElement]
        .filter(Boolean)
        .map((one) => {
            const style = getComputedStyle(one);
            return [style.outline, style.outlineOffset, style.boxShadow, style.border, style.backgroundColor,
                style.textDecoration, style.opacity].join("|");
        })
        .join("\\n");
    settle();
    const held = looks(at);
    at.blur();
    settle();
    const left = looks(at);
    at.focus({focusVisible: true, preventScroll: true});
    const words = at.getAttribute("aria-label") || at.innerText || at.labels?.[0]?.innerText || at.value || "";
    return {name: words.replace(/\\s+/g, " ").trim(), tag: at.tagName, kind: at.type || at.getAttribute("role") || "",
        canvas: at.tagName === "CANVAS", is_seen: held !== left};
}"""


def go_to(page: "Page", name: str, *, unseen: set[str]) -> None:
    """The keyboard stands at what is called so; stops on the way at which nobody would see it are noted."""
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        passed.append(stop["name"])
        if not stop["is_seen"] and stop["tag"] != "BODY":
            unseen.add(f"{stop['tag']} {stop['kind']} {stop['name']}")
        if stop["name"].endswith(name):
            return
    raise AssertionError(f"found no way by the keyboard to {name}, expected one among: {passed}")


def test_a_manager_s_round_needs_no_mouse(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """From the sign-in to the row in the database and out again, and the keyboard is in sight all the way."""
    alert_id = add_alert(admin, network, priority="urgent")
    unseen: set[str] = set()
    page.goto(f"{door.url}/login?autre")
    page.get_by_label("E-mail").wait_for()
    page.wait_for_function("document.activeElement.name === 'email'")
    page.keyboard.type("dax@salle.test")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=60_000)
    come_to_rest(page)
    go_to(page, "Alertes", unseen=unseen)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Alertes", exact=True).wait_for()
    page.get_by_role("button", name="Résoudre").wait_for()
    come_to_rest(page)
    go_to(page, "Résoudre", unseen=unseen)
    page.keyboard.press("Enter")
    page.get_by_text("Actualisation en pause").wait_for()
    come_to_rest(page)
    go_to(page, "Problème réglé", unseen=unseen)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    come_to_rest(page)
    go_to(page, "Résoudre l'alerte", unseen=unseen)
    page.keyboard.press("Enter")
    page.get_by_text("Rien à traiter").wait_for()
    come_to_rest(page)
    row = admin.execute("select status, outcome_code from manager_alerts where id = %s", [alert_id]).fetchone()
    assert row == ("resolved", "member_contacted")
    go_to(page, "Se déconnecter", unseen=unseen)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Connexion").wait_for()
    sessions = admin.execute(
        "select count(*) from dashboard_sessions where user_id = %s and revoked_at is null", [network.users["dax"]]
    ).fetchone()
    assert sessions == (0,)
    assert unseen == set()


@pytest.mark.parametrize(
    ("path", "sign"),
    [("adherents", "Exporter"), ("conversations", "Aucune conversation"), ("reglages", "Nom affiché"),
     ("equipe", "Inviter"), ("bornes", "Ajouter une borne"), ("compte", "Sessions ouvertes")],
)  # fmt: skip
def test_the_keyboard_is_in_sight_all_over_a_page(page: "Page", door: RunningDoor, path: str, sign: str) -> None:
    """Every stop of a page, from its first to its last."""
    enter(page, door, "dax")
    page.goto(f"{door.url}/{path}")
    page.get_by_text(sign).first.wait_for(timeout=60_000)
    come_to_rest(page)
    unseen, seen = set(), 0
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop["tag"] == "BODY":
            break
        seen += 1
        if not stop["is_seen"]:
            unseen.add(f"{stop['tag']} {stop['kind']} {stop['name']}")
    assert seen > 3
    assert unseen == set()
