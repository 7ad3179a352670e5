"""Pictures of every state of the kiosk's screen, for docs/doors/kiosks.md, and that none of them has a serious fault.

`JARVIS_SCREENSHOTS=docs/images/kiosk make test-browser ARGS=tests/browser/test_kiosk_pictures.py` makes them anew.
The gateway is played by the test: a state that lasts a moment stays for its picture.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jarvis.consents import notice_in
from tests.support.kiosk_screen import (
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    Microphone,
    in_state,
    new_window,
    photograph,
    running_chromium,
)
from tests.support.pages import serious_faults
from voice_gateway.routes.page import page as installed_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route, ViewportSize, WebSocketRoute

pytestmark = pytest.mark.browser

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "doors" / "kiosks.md"
FORMATS: "dict[str, ViewportSize]" = {"portrait": PORTRAIT, "landscape": LANDSCAPE, "phone": PHONE}
QUESTION = "Les douches du fond sont froides tous les soirs."
ANSWER = "Merci de me l'avoir signalé, Léa. Je préviens l'équipe technique tout de suite."


class Stage:
    """A screen whose gateway says what the test wants it to say."""

    def __init__(self, page: "Page", *, has_token: bool = True) -> None:
        self.page = page
        self._has_token = has_token
        self._sockets: list[WebSocketRoute] = []
        page.route("**/session", self._answer)
        page.route("**/heartbeat", lambda route: route.fulfill(json={}))
        page.route_web_socket("**/realtime*", lambda socket: self._sockets.append(socket))

    def say(self, *events: dict[str, Any]) -> None:
        """The gateway said these."""
        for event in events:
            self._sockets[-1].send(json.dumps({"session_id": "s1", **event}))

    def begin(self, *, first_name: str = "Léa") -> None:
        """A member is known and may speak."""
        self.say(
            {"type": "kiosk.member.identified", "first_name": first_name, "language": "fr"},
            {"type": "kiosk.upstream", "state": "connecting"},
        )

    def notice(self, *, needs_answer: bool) -> None:
        """The notice, asked or answered."""
        self.say(
            {
                "type": "kiosk.notice", "language": "fr", "text": notice_in("fr"), "version": "2026-11",
                "needs_answer": needs_answer, "analysis": None if needs_answer else True,
            }
        )  # fmt: skip

    def exchange(self, *, answer: str = "") -> None:
        """The member has asked, and so much of the answer was said."""
        self.say(
            {"type": "input_audio_buffer.speech_started", "item_id": "u1"},
            {"type": "input_audio_buffer.speech_stopped", "item_id": "u1"},
            {"type": "input_audio_buffer.committed", "item_id": "u1"},
            {
                "type": "conversation.item.input_audio_transcription.completed", "item_id": "u1",
                "transcript": QUESTION,
            },
            {"type": "response.created", "response": {"id": "r1"}},
        )  # fmt: skip
        if answer:
            item = {"id": "a1", "type": "message", "role": "assistant", "content": []}
            self.say(
                {"type": "response.output_item.added", "item": item},
                {"type": "response.output_audio_transcript.delta", "item_id": "a1", "delta": answer},
                {"type": "response.output_audio.delta", "item_id": "a1", "delta": hum(seconds=30)},
            )

    def cut(self) -> None:
        """The line is gone, and stays so."""
        self.page.unroute("**/session")
        self.page.route("**/session", lambda route: route.abort())
        self._sockets[-1].close()

    def _answer(self, route: "Route") -> None:
        if not self._has_token:
            route.fulfill(status=401, json={})
            return
        route.fulfill(json={
            "slug": "borne-entree", "name": "Borne Entrée", "language": "fr", "has_badge_simulator": False,
            "page_version": installed_page().version,
        })  # fmt: skip


class Files(BaseHTTPRequestHandler):
    """The page's own files, over a real socket: the audio thread fetches its modules past any interception."""

    def do_GET(self) -> None:
        """The document or one file."""
        name = self.path.rsplit("/", 1)[-1]
        file = installed_page().files.get(name)
        content, kind = (file.content, file.media_type) if file else (installed_page().document, "text/html")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the files are served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def hum(*, seconds: int) -> str:
    """A voice-like sound, so that the sphere has something to move with."""
    at = np.arange(24_000 * seconds) / 24_000
    samples = 9_000 * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * at)) * np.sin(2 * np.pi * 180 * at)
    return base64.b64encode(samples.astype("<i2").tobytes()).decode()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    """Chromium with the real sphere."""
    microphone = Microphone(tmp_path_factory.mktemp("microphone") / "heard.wav")
    microphone.hears(*["Il y a trop de monde le lundi soir."] * 8, lead_seconds=0, gap_seconds=0.2)
    with running_chromium(microphone, "--disable-gpu", "--enable-unsafe-swiftshader") as started:
        yield started


def keep(stage: Stage, name: str) -> None:
    """The picture is kept once its layout and its sphere have settled, and the state has no serious fault."""
    stage.page.wait_for_timeout(1_800)
    photograph(stage.page, name)
    assert serious_faults(stage.page) == []


def provisioning(stage: Stage) -> None:
    """A screen that is nobody yet, half-way through its code."""
    in_state(stage.page, "provisioning")
    keys = stage.page.get_by_role("group", name="Touches du code")
    for character in "7KM":
        keys.get_by_role("button", name=character, exact=True).click()


def idle(stage: Stage) -> None:
    """At rest."""
    in_state(stage.page, "idle")


def sound_test(stage: Stage) -> None:
    """The sound test, hearing something."""
    idle(stage)
    stage.page.get_by_role("button", name="Tester le son").click()
    stage.page.get_by_role("button", name="Écouter le micro").click()
    stage.page.get_by_text("Le micro vous entend.").wait_for()


def consent(stage: Stage) -> None:
    """The notice."""
    idle(stage)
    stage.begin()
    stage.notice(needs_answer=True)
    in_state(stage.page, "consent")


def listening(stage: Stage) -> None:
    """Nothing said yet."""
    idle(stage)
    stage.begin()
    stage.notice(needs_answer=False)
    stage.say({"type": "kiosk.ready"})
    in_state(stage.page, "listening")


def thinking(stage: Stage) -> None:
    """Asked, not yet answered."""
    listening(stage)
    stage.exchange()
    in_state(stage.page, "thinking")


def speaking(stage: Stage) -> None:
    """Being answered."""
    listening(stage)
    stage.exchange(answer=ANSWER)
    in_state(stage.page, "speaking")


def writing(stage: Stage) -> None:
    """Text only, with the keys of the screen."""
    listening(stage)
    stage.say({"type": "kiosk.mode", "mode": "text", "reason": "budget"})
    stage.page.get_by_role("button", name="Clavier").click()
    stage.page.get_by_label("Votre message").fill("Le tapis 4 est en panne")
    stage.page.get_by_text("La voix est en pause pour le moment.").wait_for()


def degraded(stage: Stage) -> None:
    """The provider is away."""
    listening(stage)
    message = "Désolé, je n'arrive plus à joindre mon service vocal. Je réessaie."
    stage.say({"type": "kiosk.upstream", "state": "retrying", "message": message})
    in_state(stage.page, "degraded")
    stage.page.get_by_text(message).wait_for()


def unavailable(stage: Stage) -> None:
    """The gateway is away, nobody is there."""
    idle(stage)
    stage.cut()
    in_state(stage.page, "unavailable")


def farewell(stage: Stage) -> None:
    """The session is over."""
    listening(stage)
    stage.say({"type": "kiosk.session.closed", "reason": "member_left"})
    in_state(stage.page, "farewell")


STATES = (
    provisioning, idle, sound_test, consent, listening, thinking, speaking, writing, degraded, unavailable, farewell,
)  # fmt: skip
ELSEWHERE = [("landscape", idle), ("landscape", consent), ("landscape", speaking), ("phone", speaking)]


@pytest.mark.parametrize(("shape", "state"), [*(("portrait", state) for state in STATES), *ELSEWHERE])
def test_each_state_has_its_picture(
    browser: "Browser", origin: str, shape: str, state: Callable[[Stage], None]
) -> None:
    """The state is reached, without a serious fault, and photographed where somebody asked for pictures."""
    context = new_window(browser, viewport=FORMATS[shape])
    page = context.new_page()
    stage = Stage(page, has_token=state is not provisioning)
    page.goto(f"{origin}/kiosk/borne-entree")
    state(stage)
    name = state.__name__
    keep(stage, name if shape == "portrait" else f"{shape}_{name}")
    context.close()


def test_every_picture_is_shown_and_small() -> None:
    """The document shows each state's picture, and none of them is heavier than 200 kB."""
    shown = DOCUMENT.read_text("utf-8")
    for state in STATES:
        assert f"(../images/kiosk/{state.__name__}.png)" in shown
    pictures = list((DOCUMENT.parents[1] / "images" / "kiosk").glob("*.png"))
    assert len(pictures) == len(STATES) + len(ELSEWHERE)
    assert [picture.name for picture in pictures if picture.stat().st_size >= 200_000] == []
