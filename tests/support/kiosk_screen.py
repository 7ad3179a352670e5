"""A kiosk's screen for tests: the real page in Chromium, with a microphone that hears what a test says."""

import io
import os
import shutil
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jarvis.settings import Settings
from tests.support.gateway_processes import GatewayProcess
from voice_gateway.kiosk.commands import create_code
from voice_gateway.standin.voice import speak

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PORTRAIT: "ViewportSize" = {"width": 1080, "height": 1920}
LANDSCAPE: "ViewportSize" = {"width": 1920, "height": 1080}
PHONE: "ViewportSize" = {"width": 390, "height": 844}

_RATE_HZ = 24_000
_MAX_PICTURE_BYTES = 190_000
# What the page's state was, in order: what a person standing there saw.
_WATCH_STATES = """
    window.statesSeen = [];
    document.addEventListener("DOMContentLoaded", () => {
        const note = () => {
            const state = document.body.dataset.state;
            if (window.statesSeen.at(-1) !== state) window.statesSeen.push(state);
        };
        new MutationObserver(note).observe(document.body, { attributeFilter: ["data-state"] });
        note();
    });
"""


@dataclass(frozen=True)
class Microphone:
    """The file that Chromium hears from its beginning each time the page opens the microphone."""

    path: Path

    def hears(self, *sentences: str, lead_seconds: float = 0.6, gap_seconds: float = 8.0) -> None:
        """The next opening of the microphone hears these sentences, with quiet before, between and after."""
        quiet = bytes(int(_RATE_HZ * gap_seconds) * 2)
        pcm = bytes(int(_RATE_HZ * lead_seconds) * 2) + b"".join(speak(one) + quiet for one in sentences)
        with wave.open(str(self.path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_RATE_HZ)
            file.writeframes(pcm or bytes(_RATE_HZ * 2))


@contextmanager
def running_chromium(microphone: Microphone, *extra: str) -> "Iterator[Browser]":
    """Chromium with the fake microphone; sound needs no touch, as on a kiosk."""
    if CHROMIUM is None:
        # In its own lane a missing browser is a broken lane, not a reason to look away.
        if os.environ.get("CI") or os.environ.get("JARVIS_BROWSER_LANE"):
            pytest.fail("found no chromium, expected the one make test-browser installs")
        pytest.skip("found no chromium: run make test-browser, which installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=_arguments(microphone, extra))
        yield started
        started.close()


@contextmanager
def another_chromium(first: "Browser", microphone: Microphone, *extra: str) -> "Iterator[Browser]":
    """A second Chromium beside the first, with other switches."""
    started = first.browser_type.launch(executable_path=CHROMIUM, args=_arguments(microphone, extra))
    yield started
    started.close()


def _arguments(microphone: Microphone, extra: tuple[str, ...]) -> list[str]:
    return [
        "--no-sandbox", "--disable-quic", "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone.path}%noloop",
        *extra,
    ]  # fmt: skip


def new_window(browser: "Browser", *, viewport: "ViewportSize", **options: Any) -> "BrowserContext":
    """A fresh screen of a French kiosk that remembers the states it went through."""
    context = browser.new_context(viewport=viewport, locale="fr-FR", **options)
    context.add_init_script(_WATCH_STATES)
    context.set_default_timeout(10_000)
    return context


def linked(page: "Page", gateway: GatewayProcess, settings: Settings, *, name: str, url: str | None = None) -> str:
    """The screen is a provisioned kiosk of Dax at rest, as if its code had been typed; its slug."""
    made, address = create_code(settings, "dax", name), url or gateway.url
    answer = page.context.request.post(
        f"{address}/kiosk/{made['slug']}/provision",
        data={"code": made["code"], "device_id": f"page-{made['slug']}"},
        headers={"origin": address},
    )
    assert answer.ok, answer.text()
    page.goto(f"{address}/kiosk/{made['slug']}")
    at_rest(page)
    return made["slug"]


def type_code(page: "Page", code: str) -> None:
    """The code was typed on the screen's own keys, and sent."""
    keys = page.get_by_role("group", name="Touches du code")
    for character in code:
        keys.get_by_role("button", name=character, exact=True).click()
    page.get_by_role("button", name="Relier", exact=True).click()


def at_rest(page: "Page") -> None:
    """The screen waits for a badge."""
    page.locator("body[data-state=idle]").wait_for()


def in_state(page: "Page", *states: str, timeout: float = 15_000) -> None:
    """The screen is in one of these states."""
    page.locator(", ".join(f"body[data-state={state}]" for state in states)).wait_for(timeout=timeout)


def states_seen(page: "Page") -> list[str]:
    """Every state the screen went through since it was loaded."""
    seen: list[str] = page.evaluate("window.statesSeen")
    return seen


def captions(page: "Page") -> list[tuple[str, str]]:
    """The conversation on the screen: role and words of each turn."""
    lines = page.locator("#captions [data-item]")
    return [(str(line.get_attribute("data-role")), line.locator("p").inner_text()) for line in lines.all()]


def badge(page: "Page", uid: str) -> None:
    """A badge was held up, through the screen's own simulator."""
    page.get_by_label("Badge de démonstration").fill(uid)
    page.get_by_role("button", name="Présenter").click()


def photograph(page: "Page", name: str) -> None:
    """The screen's picture, small enough for a document, is kept where somebody asked for pictures."""
    folder = os.environ.get("JARVIS_SCREENSHOTS")
    if not folder:
        return
    from PIL import Image

    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.thumbnail((720, 720), Image.Resampling.LANCZOS)
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / f"{name}.png"
    picture.save(path, optimize=True)
    if path.stat().st_size > _MAX_PICTURE_BYTES:
        picture.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=2).save(path, optimize=True)
