"""The kiosk's screen as a member meets it: Chromium with a microphone, the real gateway, a real database.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from jarvis.cli import main
from jarvis.settings import Settings
from tests.support.cut_line import line_to
from tests.support.gateway_processes import (
    GatewayProcess,
    Network,
    make_network,
    running_gateway,
    running_standin,
    wait_until,
)
from tests.support.kiosk_screen import (
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    Microphone,
    another_chromium,
    at_rest,
    badge,
    captions,
    in_state,
    linked,
    new_window,
    running_chromium,
    states_seen,
    type_code,
)
from tests.support.pages import serious_faults
from voice_gateway.kiosk.commands import create_code

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = pytest.mark.browser

COMPLAINT = "Les douches sont sales, c'est inadmissible."
QUESTION = "À quelle heure fermez-vous ce soir ?"

# The greeting is over by then, and the microphone counts again.
AFTER_THE_GREETING_SECONDS = 9.0

_numbers = count(1)


@pytest.fixture(scope="module")
def admin(settings: Settings) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """The superuser, who sees past row security."""
    with psycopg.connect(settings.administration_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def network(settings: Settings) -> Network:
    """Gyms and members to badge."""
    with psycopg.connect(settings.administration_url, autocommit=True) as connection:
        return make_network(connection)


@pytest.fixture(scope="module")
def standin_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a stand-in upstream."""
    with running_standin(tmp_path_factory.mktemp("standin") / "standin.log") as port:
        yield port


@pytest.fixture(scope="module")
def gateway(settings: Settings, network: Network, standin_port: int) -> Iterator[GatewayProcess]:
    """A gateway that serves, and keeps a session for a cut-off kiosk as long as it does in earnest."""
    log = settings.home / "gateway.log"
    with running_gateway(settings, standin_port=standin_port, log=log, session={"RESUME_SECONDS": 15}) as process:
        yield process


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Microphone:
    """What the browser's microphone hears."""
    return Microphone(tmp_path_factory.mktemp("microphone") / "heard.wav")


@pytest.fixture(scope="module")
def browser(microphone: Microphone) -> "Iterator[Browser]":
    """Chromium without 3D, so that the sphere takes no time from the voice on a small machine."""
    microphone.hears()
    with running_chromium(microphone, "--disable-gpu", "--disable-3d-apis") as started:
        yield started


@pytest.fixture
def page(browser: "Browser", microphone: Microphone) -> "Iterator[Page]":
    """A fresh screen in a quiet room; it may call nobody but us, and break no rule of its own policy."""
    microphone.hears()
    context = new_window(browser, viewport=PHONE)
    window = context.new_page()
    complaints: list[str] = []
    window.on("pageerror", lambda error: complaints.append(str(error)))
    window.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    window.on(
        "request",
        lambda request: None if request.url.startswith("http://127.0.0.1:") else complaints.append(request.url),
    )
    yield window
    context.close()
    assert complaints == []


@pytest.fixture
def kiosk(page: "Page", gateway: GatewayProcess, settings: Settings, admin: psycopg.Connection) -> "Page":
    """The screen of a provisioned kiosk, at rest; nobody has answered the notice yet."""
    admin.execute("delete from consents")
    linked(page, gateway, settings, name=f"Borne {next(_numbers)}")
    return page


def accept(page: "Page") -> None:
    """The notice is answered with yes, and a conversation without badge waits for the first word."""
    in_state(page, "consent")
    page.get_by_role("button", name="Oui, j'accepte").click()
    in_state(page, "listening")


def be_greeted(page: "Page", answer: str = "Oui, j'accepte") -> str:
    """The notice is answered, and whoever badged was greeted aloud to the end; the greeting's words."""
    in_state(page, "consent")
    page.get_by_role("button", name=answer).click()
    in_state(page, "speaking")
    in_state(page, "listening", timeout=30_000)
    [(role, words)] = answered(page, 1)
    assert role == "assistant"
    return words


def write(page: "Page", words: str) -> None:
    """The words were typed and sent."""
    page.get_by_label("Votre message").fill(words)
    page.get_by_role("button", name="Envoyer").click()


def answered(page: "Page", turns: int) -> list[tuple[str, str]]:
    """The captions, once there are so many turns and all of them are whole."""

    def whole() -> list[tuple[str, str]] | None:
        return captions(page) if page.locator("#captions [aria-busy=false]").count() == turns else None

    return wait_until(whole, seconds=20, what=f"{turns} whole captions")


def latest_session(admin: psycopg.Connection[dict[str, Any]]) -> dict[str, Any]:
    """The session opened last, once it is closed."""

    def closed() -> dict[str, Any] | None:
        found = admin.execute("select * from openai_realtime_sessions order by started_at desc limit 1").fetchone()
        return found if found and found["state"] == "closed" else None

    return wait_until(closed, seconds=10, what="a closed session")


def record(admin: psycopg.Connection[dict[str, Any]], session_id: object) -> list[tuple[str, str]]:
    """The turns of a session as Postgres has them."""
    found = admin.execute(
        "select role, text from session_turns where session_id = %s order by position", [session_id]
    ).fetchall()
    return [(row["role"], row["text"]) for row in found]


def hang_up(page: "Page") -> None:
    """The member touched the end button."""
    page.locator("#end").click()
    in_state(page, "farewell", "idle")


def test_a_new_screen_becomes_a_kiosk_by_its_code(page: "Page", gateway: GatewayProcess, settings: Settings) -> None:
    """A wrong code is told plainly; the right one works from touch keys, survives a reload, and leaves no token."""
    made = create_code(settings, "dax", f"Borne {next(_numbers)}")
    page.goto(f"{gateway.url}/kiosk/{made['slug']}")
    in_state(page, "provisioning")
    assert page.get_by_text(f"/kiosk/{made['slug']}").is_visible()
    page.get_by_role("button", name="Relier", exact=True).click()
    page.get_by_text("Il manque des caractères").wait_for()
    type_code(page, "ACDEFG")
    page.get_by_text("Ce code ne convient pas").wait_for()
    assert serious_faults(page) == []
    # The keyboard is as good as touch.
    page.keyboard.type(made["code"].lower() + "x")
    page.keyboard.press("Enter")
    at_rest(page)
    page.reload()
    at_rest(page)
    assert page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)") == "{}{}"
    assert page.get_by_text(made["slug"].replace("borne-", "Borne ")).is_visible()


def test_a_code_of_another_kiosk_leads_to_its_address(
    page: "Page", gateway: GatewayProcess, settings: Settings
) -> None:
    """Who the screen is comes from the code; the address follows."""
    made = create_code(settings, "dax", f"Borne {next(_numbers)}")
    page.goto(f"{gateway.url}/kiosk/adresse-au-hasard")
    in_state(page, "provisioning")
    type_code(page, made["code"])
    page.wait_for_url(f"**/kiosk/{made['slug']}")
    at_rest(page)


def test_a_spoken_exchange_is_on_the_screen_as_on_record(
    kiosk: "Page", microphone: Microphone, admin: psycopg.Connection[dict[str, Any]], network: Network
) -> None:
    """Badge, notice, greeting, voice in, voice out: every state in its turn, no fault, and the words of the record."""
    microphone.hears(COMPLAINT, lead_seconds=AFTER_THE_GREETING_SECONDS)
    faults = {"idle": serious_faults(kiosk)}
    badge(kiosk, "B-LEA")
    in_state(kiosk, "consent")
    assert kiosk.locator("#notice-text").inner_text().startswith("Vous parlez à Jarvis")
    faults["consent"] = serious_faults(kiosk)
    assert be_greeted(kiosk).startswith("Bonjour, Léa")
    assert kiosk.get_by_role("heading", name="Bonjour Léa").is_visible()
    in_state(kiosk, "speaking", timeout=20_000)
    in_state(kiosk, "listening", timeout=30_000)
    shown = answered(kiosk, 3)
    faults["listening"] = serious_faults(kiosk)
    seen = states_seen(kiosk)
    assert seen[seen.index("idle") :] == [
        "idle", "connecting", "consent", "connecting", "listening", "thinking", "speaking", "listening",
        "thinking", "speaking", "listening",
    ]  # fmt: skip
    hang_up(kiosk)
    faults["farewell"] = serious_faults(kiosk)
    session = latest_session(admin)
    assert session["member_id"] == network.member_id
    assert shown == record(admin, session["id"])
    assert shown[1] == ("member", COMPLAINT)
    assert faults == {state: [] for state in faults}
    # Playback was reported as it went, up to the end of the greeting and of the answer.
    spoken = admin.execute(
        "select payload->>'item_id' as item_id, sum((payload->>'audio_bytes')::integer) / 48 as ms "
        "from realtime_events where session_id = %s and event_type = 'response.output_audio.delta' group by 1",
        [session["id"]],
    ).fetchall()
    assert len(spoken) == 2
    for sound in spoken:
        played = admin.execute(
            "select (payload->>'played_ms')::integer as ms from realtime_events "
            "where session_id = %s and event_type = 'kiosk.playback' and payload->>'item_id' = %s order by seq",
            [session["id"], sound["item_id"]],
        ).fetchall()
        heard = [row["ms"] for row in played]
        assert len(heard) >= 3
        assert heard == sorted(heard)
        assert abs(heard[-1] - sound["ms"]) <= 20
    at_rest(kiosk)


def test_speaking_over_an_answer_stops_it(
    kiosk: "Page", microphone: Microphone, admin: psycopg.Connection[dict[str, Any]]
) -> None:
    """The sound stops at the member's first word, and the screen keeps as much of the answer as the record."""
    microphone.hears(
        COMPLAINT, "Merci beaucoup, c'est tout pour moi.", lead_seconds=AFTER_THE_GREETING_SECONDS, gap_seconds=3.2
    )
    badge(kiosk, "B-LEA")
    be_greeted(kiosk)
    in_state(kiosk, "speaking", timeout=20_000)
    kiosk.locator("#captions .cut").wait_for(timeout=20_000)
    shown = answered(kiosk, 5)
    in_state(kiosk, "listening", timeout=30_000)
    hang_up(kiosk)
    session = latest_session(admin)
    assert [role for role, _ in shown] == ["assistant", "member", "assistant", "member", "assistant"]
    assert shown == record(admin, session["id"])


def test_writing_is_as_good_as_speaking(kiosk: "Page", admin: psycopg.Connection[dict[str, Any]]) -> None:
    """Examples, the keys on the screen and a real keyboard all reach an answer, without a badge."""
    kiosk.get_by_role("button", name="Continuer sans badge").click()
    accept(kiosk)
    kiosk.get_by_role("button", name=QUESTION).click()
    answered(kiosk, 2)
    in_state(kiosk, "listening", timeout=30_000)
    kiosk.get_by_role("button", name="Clavier").click()
    keys = kiosk.get_by_role("group", name="Clavier")
    for character in "merci":
        keys.get_by_role("button", name=character, exact=True).click()
    assert kiosk.get_by_label("Votre message").input_value() == "Merci"
    kiosk.get_by_role("button", name="Envoyer").click()
    shown = answered(kiosk, 4)
    kiosk.get_by_label("Votre message").fill("Le tapis quatre est en panne")
    kiosk.keyboard.press("Enter")
    shown = answered(kiosk, 6)
    hang_up(kiosk)
    session = latest_session(admin)
    assert [words for role, words in shown if role == "member"] == [QUESTION, "Merci", "Le tapis quatre est en panne"]
    assert shown == record(admin, session["id"])
    assert session["member_id"] is None


def test_refusing_the_analysis_costs_nothing(kiosk: "Page", admin: psycopg.Connection[dict[str, Any]]) -> None:
    """A no is on record before the first word, the answer comes all the same, and the choice can be changed."""
    badge(kiosk, "B-LEA")
    be_greeted(kiosk, "Non, je refuse")
    kiosk.get_by_text("Sans analyse", exact=True).wait_for()
    write(kiosk, QUESTION)
    assert len(answered(kiosk, 3)) == 3
    kiosk.get_by_role("button", name="Modifier").click()
    in_state(kiosk, "consent")
    kiosk.get_by_role("button", name="Non, je refuse").click()
    in_state(kiosk, "listening", "speaking")
    hang_up(kiosk)
    session = latest_session(admin)
    assert session["has_analysis_consent"] is False
    given = admin.execute("select is_granted from consents where purpose = 'quality_analysis'").fetchall()
    assert [row["is_granted"] for row in given] == [False, False]


def test_a_second_badge_wipes_the_first_member(kiosk: "Page") -> None:
    """Name and words of the first are gone within a second of the second badge."""
    badge(kiosk, "B-LEA")
    be_greeted(kiosk)
    write(kiosk, QUESTION)
    answered(kiosk, 3)
    assert "Léa" in kiosk.content()
    badge(kiosk, "B-OLD")
    kiosk.get_by_text("Léa").wait_for(state="detached", timeout=1_000)
    in_state(kiosk, "consent")
    assert "Léa" not in kiosk.content()
    assert QUESTION not in kiosk.locator("#captions").inner_text()
    assert "Léa" not in be_greeted(kiosk)
    kiosk.get_by_text("Cet abonnement n'est plus actif").wait_for()


def test_the_end_wipes_the_screen(kiosk: "Page") -> None:
    """Within a second of the end nothing of the member is in the page, not even in its fields."""
    badge(kiosk, "B-LEA")
    be_greeted(kiosk)
    write(kiosk, "Mon casier ne s'ouvre plus")
    answered(kiosk, 3)
    kiosk.get_by_label("Votre message").fill("à moitié écrit")
    hang_up(kiosk)
    kiosk.get_by_text("casier").wait_for(state="detached", timeout=1_000)
    left = kiosk.content() + kiosk.get_by_label("Votre message").input_value()
    assert not re.search("Léa|casier|à moitié", left)
    at_rest(kiosk)


def test_each_badge_gets_its_own_words(kiosk: "Page") -> None:
    """Unknown and other gym: no name, an honest line, and service."""
    for uid, line in (("X-NOBODY", "Badge inconnu"), ("B-PAU", "Votre badge est celui d'une autre salle")):
        badge(kiosk, uid)
        be_greeted(kiosk)
        kiosk.get_by_text(line).wait_for()
        hang_up(kiosk)
        at_rest(kiosk)


def test_the_language_changes_with_a_touch(kiosk: "Page", admin: psycopg.Connection[dict[str, Any]]) -> None:
    """Labels, notice and document language follow at rest and in a session; the next one begins in French."""
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("heading", name="Hello").wait_for()
    assert kiosk.locator("html").get_attribute("lang") == "en"
    assert serious_faults(kiosk) == []
    kiosk.get_by_role("button", name="Continue without badge").click()
    in_state(kiosk, "consent")
    kiosk.get_by_text("You are talking to Jarvis").wait_for()
    kiosk.get_by_role("button", name="No, I refuse").click()
    in_state(kiosk, "listening")
    kiosk.get_by_role("button", name="Español").click()
    kiosk.get_by_role("button", name="Cambiar").click()
    kiosk.get_by_text("Habla con Jarvis").wait_for()
    kiosk.get_by_role("button", name="No, no acepto").click()
    in_state(kiosk, "listening")
    kiosk.get_by_role("button", name="Terminar", exact=True).click()
    at_rest(kiosk)
    kiosk.get_by_role("heading", name="Bonjour").wait_for()
    assert latest_session(admin)["language"] == "es"


def test_muting_stops_the_microphone(
    kiosk: "Page", microphone: Microphone, admin: psycopg.Connection[dict[str, Any]]
) -> None:
    """While it is muted nothing that is said arrives; the button says so and ends with the session."""
    badge(kiosk, "B-LEA")
    in_state(kiosk, "consent")
    microphone.hears(COMPLAINT, lead_seconds=AFTER_THE_GREETING_SECONDS)
    be_greeted(kiosk)
    kiosk.get_by_role("button", name="Couper le micro").click()
    kiosk.get_by_text("Micro coupé").wait_for()
    write(kiosk, QUESTION)
    answered(kiosk, 3)
    in_state(kiosk, "listening", timeout=30_000)
    assert kiosk.get_by_role("button", name="Rétablir le micro").get_attribute("aria-pressed") == "true"
    hang_up(kiosk)
    session = latest_session(admin)
    assert [role for role, _ in record(admin, session["id"])] == ["assistant", "member", "assistant"]


def test_the_sound_test_hears_plays_and_sends_nothing(
    kiosk: "Page", microphone: Microphone, admin: psycopg.Connection[dict[str, Any]]
) -> None:
    """A level, a tone and one second there and back, all on the screen alone."""
    before = admin.execute("select count(*) as n from openai_realtime_sessions").fetchone()
    microphone.hears(COMPLAINT, COMPLAINT, lead_seconds=0.2, gap_seconds=0.3)
    kiosk.get_by_role("button", name="Tester le son").click()
    in_state(kiosk, "testing")
    kiosk.get_by_role("button", name="Écouter le micro").click()
    kiosk.get_by_text("Le micro vous entend.").wait_for()
    assert kiosk.get_by_role("meter", name="Niveau du micro").is_visible()
    kiosk.get_by_role("button", name="Enregistrer une seconde").click()
    kiosk.get_by_text("Enregistrement rejoué, puis effacé.").wait_for()
    kiosk.get_by_role("button", name="Jouer un son").click()
    kiosk.get_by_text("Son joué.").wait_for()
    assert serious_faults(kiosk) == []
    kiosk.get_by_role("button", name="Fermer").click()
    at_rest(kiosk)
    after = admin.execute("select count(*) as n from openai_realtime_sessions").fetchone()
    assert before == after


def test_a_spent_budget_leaves_the_written_word(
    kiosk: "Page", settings: Settings, admin: psycopg.Connection[dict[str, Any]], network: Network,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Once the month's bills reach what the operator allows, the screen says so and writes; with more, it speaks."""
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: settings)
    billed = admin.execute(
        "with session as (insert into openai_realtime_sessions (gym_id, kiosk_id, state, close_reason, ended_at) "
        "select gym_id, id, 'closed', 'member_left', now() from kiosks where gym_id = %s limit 1 returning id, gym_id) "
        "insert into realtime_usage (session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, "
        "occurred_at) select id, gym_id, 'response', 'r1', 'm', 'v', 50, now() from session returning session_id",
        [network.gym_id],
    ).fetchone()
    assert billed is not None
    assert main(["gym", "budget", "--gym", "dax", "--usd", "50"]) == 0
    badge(kiosk, "B-LEA")
    in_state(kiosk, "consent")
    kiosk.get_by_role("button", name="Oui, j'accepte").click()
    [(_, greeting)] = answered(kiosk, 1)
    assert greeting.startswith("Bonjour, Léa")
    kiosk.get_by_text("La voix est en pause pour le moment. Écrivez, je réponds par écrit.").wait_for()
    assert kiosk.locator("#mute").is_hidden()
    assert serious_faults(kiosk) == []
    write(kiosk, QUESTION)
    shown = answered(kiosk, 3)
    hang_up(kiosk)
    assert "speaking" not in states_seen(kiosk)
    session = latest_session(admin)
    assert shown == record(admin, session["id"])
    sound = "select from realtime_events where session_id = %s and event_type like 'response.output_audio%%'"
    assert admin.execute(sound, [session["id"]]).fetchall() == []
    alert = admin.execute("select priority from manager_alerts where alert_type = 'voice_budget'").fetchall()
    assert [row["priority"] for row in alert] == ["high"]
    at_rest(kiosk)
    assert main(["gym", "budget", "--gym", "dax", "--none"]) == 0
    badge(kiosk, "B-LEA")
    in_state(kiosk, "speaking")
    kiosk.get_by_role("button", name="Couper le micro").wait_for()


def test_an_open_screen_follows_its_configuration(
    kiosk: "Page", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an operator sets is seen and heard at once: colours change, the next sound is quieter, and back again."""
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: settings)
    kiosk.add_init_script(
        """
        const create = AudioContext.prototype.createGain;
        window.gains = [];
        AudioContext.prototype.createGain = function () {
            const gain = create.call(this);
            window.gains.push(gain);
            return gain;
        };
        """
    )
    kiosk.reload()
    at_rest(kiosk)

    def set_to(*assignments: str) -> None:
        assert main(["kiosk", "config", "set", "--gym", "dax", *assignments]) == 0

    def volume() -> float:
        return round(float(kiosk.evaluate("window.gains[0].gain.value")), 2)

    ground = "getComputedStyle(document.documentElement).backgroundColor"
    kiosk.locator("html[data-theme=dark]").wait_for(state="attached")
    dark = kiosk.evaluate(ground)
    set_to("theme=contrast", "volume=0.3")
    kiosk.locator("html[data-theme=contrast]").wait_for(state="attached")
    assert kiosk.evaluate(ground) != dark
    assert serious_faults(kiosk) == []
    kiosk.get_by_role("button", name="Tester le son").click()
    kiosk.get_by_role("button", name="Jouer un son").click()
    kiosk.get_by_text("Son joué.").wait_for()
    assert volume() == 0.3
    set_to("volume=0.6")
    wait_until(lambda: volume() == 0.6, seconds=10, what="the new volume")
    set_to("theme=", "volume=")
    kiosk.locator("html[data-theme=dark]").wait_for(state="attached")
    wait_until(lambda: volume() == 0.8, seconds=10, what="the volume of before")


def test_a_cut_network_is_told_and_mended(
    page: "Page", gateway: GatewayProcess, settings: Settings, admin: psycopg.Connection[dict[str, Any]]
) -> None:
    """The screen says that the line is cut, keeps what is typed, and goes on with the same session when it is back."""
    admin.execute("delete from consents")
    with line_to(gateway.settings.gateway_port) as line:
        linked(page, gateway, settings, name=f"Borne {next(_numbers)}", url=line.url)
        badge(page, "B-LEA")
        be_greeted(page)
        write(page, QUESTION)
        answered(page, 3)
        in_state(page, "listening", timeout=30_000)
        line.cut()
        in_state(page, "degraded")
        page.get_by_text("La liaison est coupée").wait_for()
        assert page.get_by_role("heading", name="Bonjour Léa").is_visible()
        assert serious_faults(page) == []
        write(page, "Merci beaucoup")
        page.get_by_text("Message gardé").wait_for()
        line.mend()
        shown = answered(page, 5)
        in_state(page, "listening", timeout=30_000)
        hang_up(page)
    session = latest_session(admin)
    assert shown == record(admin, session["id"])
    assert [words for role, words in shown if role == "member"] == [QUESTION, "Merci beaucoup"]


def test_a_line_that_stays_cut_leaves_nothing_of_the_member(
    page: "Page", gateway: GatewayProcess, settings: Settings, admin: psycopg.Connection[dict[str, Any]]
) -> None:
    """After the time for resuming the name and the words are gone, while the line is still away."""
    admin.execute("delete from consents")
    with line_to(gateway.settings.gateway_port) as line:
        linked(page, gateway, settings, name=f"Borne {next(_numbers)}", url=line.url)
        badge(page, "B-LEA")
        be_greeted(page)
        line.cut()
        in_state(page, "degraded")
        in_state(page, "unavailable", timeout=20_000)
        assert "Léa" not in page.content()


def test_a_kiosk_without_gateway_says_so_and_recovers(
    page: "Page", gateway: GatewayProcess, settings: Settings
) -> None:
    """At rest and cut off, the screen names the way to the front desk, and comes back by itself."""
    with line_to(gateway.settings.gateway_port) as line:
        linked(page, gateway, settings, name=f"Borne {next(_numbers)}", url=line.url)
        line.cut()
        in_state(page, "unavailable")
        page.get_by_text("L'équipe de l'accueil peut vous aider.").wait_for()
        assert serious_faults(page) == []
        # Whoever is impatient may ask; while the line is cut the answer is the same. The first touch of this screen
        # would start its loudspeaker, whose code cannot be had now: that is tried again, and breaks nothing.
        page.get_by_role("button", name="Réessayer maintenant").click()
        in_state(page, "unavailable")
        line.mend()
        page.locator("body[data-state=idle]").wait_for(timeout=20_000)


def test_a_revoked_screen_asks_for_a_code(kiosk: "Page", admin: psycopg.Connection[dict[str, Any]]) -> None:
    """Within moments of the revocation the screen is no kiosk any more, and a reload makes it none."""
    admin.execute("update kiosk_credentials set revoked_at = now() where kind = 'token'")
    in_state(kiosk, "provisioning")
    kiosk.reload()
    in_state(kiosk, "provisioning")


@pytest.mark.parametrize(("name", "viewport"), [("portrait", PORTRAIT), ("landscape", LANDSCAPE), ("phone", PHONE)])
def test_the_screen_fits_where_it_hangs(
    browser: "Browser", gateway: GatewayProcess, settings: Settings, admin: psycopg.Connection,
    name: str, viewport: "ViewportSize",
) -> None:  # fmt: skip
    """In each format every control is inside the window without scrolling, and large enough for a finger."""
    admin.execute("delete from consents")
    context = new_window(browser, viewport=viewport)
    window = context.new_page()
    linked(window, gateway, settings, name=f"Borne {next(_numbers)}")
    window.get_by_role("button", name="Continuer sans badge").click()
    in_state(window, "consent")
    checked = [fits(window, viewport)]
    accept(window)
    checked.append(fits(window, viewport))
    write(window, QUESTION)
    answered(window, 2)
    checked.append(fits(window, viewport))
    context.close()
    assert checked == [[], [], []]


def fits(page: "Page", viewport: "ViewportSize") -> list[str]:
    """The buttons and fields that stick out of the window or are too small to hit; the demonstration's aside."""
    wrong = []
    for control in page.locator("main button:visible, main input:visible, header button:visible").all():
        box = control.bounding_box()
        assert box is not None
        is_inside = box["x"] >= 0 and box["y"] >= 0
        is_inside = is_inside and box["x"] + box["width"] <= viewport["width"] + 1
        is_inside = is_inside and box["y"] + box["height"] <= viewport["height"] + 1
        if not is_inside or min(box["width"], box["height"]) < 32:
            wrong.append(f"{control.inner_text() or control.get_attribute('id')}: {box}")
    return wrong


def test_the_sphere_moves_with_the_voice(
    browser: "Browser", microphone: Microphone, gateway: GatewayProcess, settings: Settings, admin: psycopg.Connection
) -> None:
    """WebGL where there is some; its level follows what the microphone hears; less motion when asked for."""
    admin.execute("delete from consents")
    microphone.hears()
    with another_chromium(browser, microphone, "--disable-gpu", "--enable-unsafe-swiftshader") as with_webgl:
        context = new_window(with_webgl, viewport=PHONE)
        window = context.new_page()
        linked(window, gateway, settings, name=f"Borne {next(_numbers)}")
        assert window.locator("#shape").get_attribute("data-kind") == "webgl"
        window.emulate_media(reduced_motion="reduce")
        window.locator("#shape[data-kind=calm]").wait_for()
        window.emulate_media(reduced_motion="no-preference")
        window.locator("#shape[data-kind=webgl]").wait_for()
        quiet = float(window.evaluate("document.getElementById('shape').style.getPropertyValue('--level')"))
        microphone.hears(COMPLAINT, lead_seconds=0.1)
        window.get_by_role("button", name="Continuer sans badge").click()
        accept(window)

        def loud() -> float | None:
            level = float(window.evaluate("document.getElementById('shape').style.getPropertyValue('--level')"))
            return level if level > 0.1 else None

        assert wait_until(loud, seconds=10, what="a moving sphere") > quiet
        context.close()


def test_the_pure_modules_keep_their_promises(kiosk: "Page") -> None:
    """Each case of machine_cases.js holds, in the browser that runs the modules."""
    cases = (Path(__file__).parent / "machine_cases.js").read_text("utf-8")
    cases = "\n".join(line for line in cases.splitlines() if not line.startswith("//"))
    outcomes = kiosk.evaluate(
        """async (names) => {
            const assets = document.querySelector("script[type=module]").src.replace(/[^/]+$/, "");
            const modules = await Promise.all(names.map((name) => import(`${assets}${name}.js`)));
            return (CASES)(Object.fromEntries(names.map((name, index) => [name, modules[index]])));
        }""".replace("CASES", cases),
        ["machine", "session", "connection", "resampler"],
    )
    assert len(outcomes) > 20
    assert {name: problem for name, problem in outcomes.items() if problem} == {}


def test_every_text_is_there_in_three_languages(kiosk: "Page") -> None:
    """No language lacks a text or a placeholder that French has, and the page asks for none that is missing."""
    texts: dict[str, dict[str, str]] = kiosk.evaluate(
        """async () => {
            const assets = document.querySelector("script[type=module]").src.replace(/[^/]+$/, "");
            return (await import(`${assets}texts.js`)).TEXTS;
        }"""
    )
    folder = Path(__file__).resolve().parents[2] / "voice_gateway" / "page"
    asked = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', (folder / "index.html").read_text("utf-8")))
    places: Callable[[str], list[str]] = lambda text: sorted(re.findall(r"\{\w+\}", text))  # noqa: E731
    for language in ("en", "es"):
        assert texts[language].keys() == texts["fr"].keys()
        assert all(places(texts[language][name]) == places(text) for name, text in texts["fr"].items())
    assert asked <= texts["fr"].keys()
