"""The managers' door over a network of each module's own, and a window of Chromium for each test."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from jarvis.settings import Settings
from tests.support.dashboards_door import Network, RunningDoor, make_network, running_door

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture(scope="module")
def door(settings: Settings, network: Network) -> Iterator[RunningDoor]:
    """The door, serving."""
    with running_door(settings, settings.home / "dashboards.log") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium of the distribution."""
    if CHROMIUM is None:
        # In its own lane a missing browser is a broken lane, not a reason to look away.
        if os.environ.get("CI") or os.environ.get("JARVIS_BROWSER_LANE"):
            pytest.fail("found no chromium, expected the one make test-browser installs")
        pytest.skip("found no chromium: run make test-browser, which installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser", admin: psycopg.Connection) -> "Iterator[Page]":
    """A fresh window, and an empty desk."""
    admin.execute("delete from manager_alerts")
    admin.execute("delete from audit_log")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    yield context.new_page()
    context.close()
