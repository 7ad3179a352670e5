"""The managers' pages in Chromium: whose window it is, which page stands in it, and what axe finds there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.dashboards_door import PASSWORD, RunningDoor

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Streamlit's own markup: its list holds more than entries.
MENU = "[data-testid=stSidebarNavItems]"


def type_password(page: "Page", door: RunningDoor, name: str) -> None:
    """The e-mail and the password are sent."""
    page.goto(f"{door.url}/login?autre")
    page.get_by_label("E-mail").fill(f"{name}@salle.test")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()


def enter(page: "Page", door: RunningDoor, name: str) -> None:
    """The window is this person's, second factor and all, and nobody's before; the form has tests of its own."""
    cookies = door.signed_in(name).cookies
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": value, "url": door.url} for name, value in cookies.items()])


def show(page: "Page", door: RunningDoor, path: str, heading: str) -> None:
    """The page of this path stands."""
    page.goto(f"{door.url}/{path}")
    page.get_by_role("heading", name=heading, exact=True).wait_for(timeout=60_000)


def open_page(page: "Page", door: RunningDoor, name: str, path: str, heading: str) -> None:
    """The person is signed in and on the page."""
    enter(page, door, name)
    show(page, door, path, heading)


# A run under way fades what it has not placed again, and what it placed comes back by degrees.
STANDS_STILL = """() => !document.querySelector('[data-test-script-state="running"], [data-stale="true"]')
    && !document.getAnimations().some(one => one instanceof CSSTransition)"""
NOTE_MOVES = """() => {
    window.moves = 0;
    window.watch = new MutationObserver(() => { window.moves += 1; });
    window.watch.observe(document.body, {subtree: true, attributes: true,
        attributeFilter: ["data-stale", "data-test-script-state"]});
}"""
STOOD_STILL = f"() => {{ window.watch.disconnect(); return window.moves === 0 && ({STANDS_STILL})(); }}"
LOOKS = 10

# A list that does not stay open after so many tries is broken.
TRIES_OF_A_LIST = 10

# The layout follows a window's new size a moment later.
OVERHANG = """() => new Promise((done) => {
    const begun = performance.now();
    const look = () => {
        const overhang = document.scrollingElement.scrollWidth - window.innerWidth;
        if (overhang <= 0 || performance.now() - begun > 5_000) done(overhang);
        else requestAnimationFrame(look);
    };
    look();
})"""


def come_to_rest(page: "Page") -> None:
    """No run is under way and nothing fades: what is placed stays, and is there once."""
    page.wait_for_function(STANDS_STILL, timeout=60_000)


def pick(page: "Page", field: str, option: str) -> None:
    """The list is opened by the keyboard and the option clicked; a list closes while the page still moves."""
    from playwright.sync_api import TimeoutError as NotInTime

    chosen = page.get_by_role("option", name=option)
    for _ in range(TRIES_OF_A_LIST):
        come_to_rest(page)
        if not chosen.is_visible():
            page.get_by_role("combobox", name=field).press("ArrowDown")
        try:
            return chosen.click(timeout=2_000)
        except NotInTime:
            continue
    raise AssertionError(f"found no {option} in {TRIES_OF_A_LIST} openings of {field}, expected it in the list")


def overhang(page: "Page") -> int:
    """By how many pixels the page that stands is wider than its window: 0 where nothing scrolls sideways."""
    come_to_rest(page)
    found: int = page.evaluate(OVERHANG)
    return found


def serious_faults(page: "Page") -> list[str]:
    """What axe finds serious or critical, and where; the menu apart.

    Colours count only while nothing fades: a look during which a run began or ended is taken again.
    """
    from axe_playwright_python.sync_playwright import Axe

    for _ in range(LOOKS):
        come_to_rest(page)
        page.evaluate(NOTE_MOVES)
        # The pages forbid scripts; the checker's own is let in for the moment of the check.
        found = Axe().run(page, context={"exclude": [[MENU]]}).response["violations"]
        if page.evaluate(STOOD_STILL):
            break
    else:
        raise AssertionError(f"found {page.url} moving during {LOOKS} looks in a row, expected it to come to rest")
    return [
        f"{one['id']}: {node['html'][:200]} {' '.join(why['message'] for why in node['any'])}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def photograph(page: "Page", name: str) -> None:
    """The window's picture is kept where somebody asked for pictures."""
    folder = os.environ.get("JARVIS_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
