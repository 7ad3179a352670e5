"""The managers' pages for everybody: axe in light and dark, a label corrected, two people in one browser.

Two windows are signed in once, one light and one dark, and shared: what axe reads does not depend on how one came.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.support.dashboards_door import COMPLAINT, Network, RunningDoor, add_alert
from tests.support.pages import come_to_rest, enter, overhang, photograph, pick, serious_faults, type_password

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]

# What is in the menu and on a page of one gym, and in no other gym's.
ONLY_DAX = ("Inès", "Larrieu", COMPLAINT[:20], "Salle de Dax", "Camille Durand")


@pytest.fixture(scope="module")
def talk(admin: psycopg.Connection, network: Network) -> UUID:
    """A conversation of Dax's member, said, analysed, and of bad mood; the member is at risk."""
    session_id = uuid4()
    admin.execute(
        "insert into openai_realtime_sessions "
        "(id, gym_id, kiosk_id, member_id, badge_outcome, started_at, has_analysis_consent) "
        "values (%s, %s, %s, %s, 'known', now() - interval '5 minutes', true)",
        [session_id, network.dax, network.kiosk, network.member],
    )
    turns = [
        ("member", COMPLAINT, -0.7),
        ("assistant", "Merci, je le signale à l'équipe.", None),
        ("member", "Bon.", 0),
    ]
    for position, (role, text, score) in enumerate(turns):
        admin.execute(
            "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at, ended_at, "
            "sentiment_score, sentiment_label) values (%s, %s, %s, %s, %s, %s, now() - interval '4 minutes', "
            "now() - interval '3 minutes', %s, %s)",
            [
                session_id, network.dax, str(position), position, role, text, score,
                None if score is None else "negative" if score < 0 else "neutral",
            ],
        )  # fmt: skip
    admin.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_left', ended_at = now() "
        "where id = %s",
        [session_id],
    )
    admin.execute(
        "update conversation_summaries set status = 'completed', sentiment_score = -0.7, sentiment_label = 'negative', "
        "summary_text = 'Douches froides.', key_topics = '{showers_lockers}', emotion_detected = 'frustration', "
        "intents_detected = '{complain}', outcome = 'handed_over', embedding = array_fill(0.1, array[1536])::vector, "
        "embedding_model = 'x', engine = 'local', engine_version = '1', analysed_at = clock_timestamp() "
        "where session_id = %s",
        [session_id],
    )
    return session_id


@pytest.fixture(scope="module")
def windows(browser: "Browser", door: RunningDoor) -> "Iterator[dict[Scheme, Page]]":
    """Camille's window, once light and once dark, signed in."""
    opened: dict[Scheme, Page] = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, locale="fr-FR")
        window = context.new_page()
        enter(window, door, "dax")
        opened[scheme] = window
    yield opened
    for window in opened.values():
        window.context.close()


def settle(page: "Page", sign: str) -> None:
    """The page shows this, and its script has ended."""
    page.get_by_text(sign).first.wait_for(timeout=30_000)
    come_to_rest(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_usable_by_everybody(
    windows: "dict[Scheme, Page]", page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network,
    talk: UUID, scheme: Scheme,
) -> None:  # fmt: skip
    """axe finds nothing serious in the managers' pages, lists and files alike, and in one's account."""
    add_alert(admin, network, priority="urgent")
    add_alert(admin, network, priority="low", title="Étape franchie", alert_type="milestone")
    window = windows[scheme]
    pages = {
        "/": "Qui appeler aujourd'hui",
        "/adherents": "Exporter",
        f"/adherents?adherent={network.member}": "Larrieu",
        "/conversations": "Exporter",
        f"/conversations?conversation={talk}": "Ce qui a été dit",
        "/alertes": "Tout choisir",
        "/compte": "Sessions ouvertes",
    }
    found = {}
    for path, sign in pages.items():
        window.goto(door.url + path)
        settle(window, sign)
        found[path] = serious_faults(window)
        if path == "/alertes":
            window.get_by_role("button", name="Résoudre").first.click()
            settle(window, "Actualisation en pause")
            found["/alertes, a form"] = serious_faults(window)
        photograph(window, f"axe{path.split('?')[0].replace('/', '_')}_{scheme}{'_file' if '?' in path else ''}")
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_in_is_usable_by_everybody(browser: "Browser", door: RunningDoor, scheme: Scheme) -> None:
    """The same for the public page and the forms, in both languages."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, locale="fr-FR")
    window = context.new_page()
    found = {}
    for path in ("/landing-client", "/login", "/mot-de-passe-oublie", "/landing-client?langue=en", "/login"):
        window.goto(door.url + path)
        found[path] = serious_faults(window)
        assert overhang(window) <= 0
    heading = window.get_by_role("heading").inner_text()
    context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}
    # The language chosen on the public page is the form's too.
    assert heading == "Sign in"


@pytest.mark.parametrize(
    ("language", "title", "body"),
    [
        ("fr", "Page introuvable", "ou ne fait pas partie des vôtres. Voici votre première page."),
        ("en", "Page not found", "Running the app's main page."),
    ],
)
def test_an_address_that_is_no_page_is_told_in_the_reader_s_language(
    browser: "Browser", door: RunningDoor, language: str, title: str, body: str
) -> None:
    """A manager who guesses the administration's address reads one language from the title to the last word."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    window = context.new_page()
    type_password(window, door, "dax")
    window.locator("[data-testid=stSidebarNav]").wait_for(timeout=30_000)
    context.add_cookies([{"name": "jarvis_language", "value": language, "url": door.url}])
    window.goto(f"{door.url}/clients")
    told = window.get_by_role("dialog")
    told.get_by_text(body).wait_for(timeout=30_000)
    words = told.inner_text()
    context.close()
    assert title in words
    others = ("main page", "not found") if language == "fr" else ("vôtres", "introuvable")
    assert not [word for word in others if word in words], words


def test_a_label_is_corrected_in_place(
    windows: "dict[Scheme, Page]", door: RunningDoor, admin: psycopg.Connection, network: Network, talk: UUID
) -> None:
    """From the transcript to the row: who corrected what is kept, and the page shows the person's word."""
    window = windows["light"]
    window.goto(f"{door.url}/conversations?conversation={talk}")
    settle(window, "Ce que l'analyse en retient")
    window.get_by_text("Corriger une étiquette").click()
    pick(window, "Valeur juste", "Neutre")
    window.get_by_role("button", name="Enregistrer").click()
    window.get_by_text("Correction enregistrée").wait_for()
    row = admin.execute(
        "select field, corrected_by, session_id from label_corrections where session_id = %s", [talk]
    ).fetchone()
    assert row == ("sentiment_label", network.users["dax"], talk)
    label = admin.execute("select sentiment_label from conversation_summaries where session_id = %s", [talk]).fetchone()
    assert label == ("neutral",)


def test_several_alerts_are_taken_from_the_keyboard(
    windows: "dict[Scheme, Page]", page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """Boxes and buttons are reached and pressed without a mouse; one audit row each, the third stays."""
    chosen = [add_alert(admin, network, title=f"Alerte {number}", minutes_ago=number) for number in (1, 2)]
    add_alert(admin, network, title="Alerte 3", minutes_ago=3)
    window = windows["light"]
    window.goto(f"{door.url}/alertes")
    settle(window, "Tout choisir")
    for number in (1, 2):
        window.get_by_role("checkbox", name=f"Choisir l'alerte {number}", exact=True).focus()
        window.keyboard.press("Space")
        settle(window, f"{number} alerte{'s' * (number > 1)} choisie{'s' * (number > 1)}")
    photograph(window, "alerts_several")
    window.locator(".st-key-bulk").get_by_role("button", name="Prendre en charge").focus()
    window.keyboard.press("Enter")
    window.get_by_text("2 alertes prises en charge.").wait_for()
    rows = admin.execute("select id, status from manager_alerts order by last_occurred_at desc").fetchall()
    assert [status for _id, status in rows] == ["in_progress", "in_progress", "pending"]
    trail = admin.execute("select subject_id from audit_log where action = 'alert_in_progress'").fetchall()
    assert {row[0] for row in trail} == {str(one) for one in chosen}


def test_the_next_person_in_one_browser_sees_nothing_of_the_one_before(
    browser: "Browser", page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network, talk: UUID
) -> None:
    """A tab of the first one is over once the second signs in; every page the second opens is their own gym's."""
    add_alert(admin, network)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    first, second = context.new_page(), context.new_page()
    type_password(first, door, "dax")
    first.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=30_000)
    first.get_by_text(COMPLAINT).wait_for()
    type_password(second, door, "pau")
    second.get_by_role("heading", name="Aujourd'hui", exact=True).wait_for(timeout=30_000)
    first.get_by_text("Votre session est terminée").wait_for(timeout=10_000)
    first.get_by_text(COMPLAINT).wait_for(state="detached")
    seen = {}
    for window, path, sign in (
        (second, "/", "Rien à traiter"),
        (second, "/alertes", "Rien à traiter"),
        (second, "/adherents", "Aucun adhérent"),
        (second, f"/adherents?adherent={network.member}", "n'existe pas"),
        (second, "/conversations", "Aucune conversation"),
        (second, f"/conversations?conversation={talk}", "n'existe pas"),
        # The first one's tab, loaded anew with the second one's cookie.
        (first, "/alertes", "Rien à traiter"),
    ):
        window.goto(door.url + path)
        settle(window, sign)
        content = window.content()
        seen[path] = [words for words in ONLY_DAX if words in content]
    context.close()
    assert {path: words for path, words in seen.items() if words} == {}
