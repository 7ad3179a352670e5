"""The kiosk's page as it is served: headers, caching, its cookie, and who is refused. Chromium: tests/browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess
from voice_gateway.kiosk.commands import create_code

PAGE = Path(__file__).resolve().parents[2] / "voice_gateway" / "page"


pytestmark = pytest.mark.one_gateway


def client(gateway: GatewayProcess, **headers: str) -> httpx.Client:
    """A browser's manners: its own cookies and the page's Origin."""
    return httpx.Client(base_url=gateway.url, headers={"origin": gateway.url, **headers}, trust_env=False, timeout=10)


@contextmanager
def provisioned(database: Database, gateway: GatewayProcess, name: str) -> Iterator[tuple[httpx.Client, str]]:
    """A browser whose cookie opens the kiosk's door, and the kiosk's slug."""
    made = create_code(database.settings, "dax", name)
    body = {"code": made["code"], "device_id": f"page-{made['slug']}"}
    with client(gateway) as browser:
        answer = browser.post(f"/kiosk/{made['slug']}/provision", json=body)
        assert answer.status_code == 200, answer.text
        assert "token" not in answer.text
        assert "jk_" not in answer.text
        yield browser, made["slug"]


def test_the_page_trusts_nothing_but_itself(gateway: GatewayProcess) -> None:
    """No inline script or style, no third party, no frame; the document itself names no foreign address."""
    with client(gateway) as browser:
        answer = browser.get("/kiosk/borne-entree")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert answer.status_code == 200
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src", "font-src")} == {"'self'"}
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'",) * 3
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert "microphone=(self)" in answer.headers["permissions-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)
    assert "://" not in answer.text


def test_files_are_kept_for_good_and_the_page_is_asked_for_anew(gateway: GatewayProcess) -> None:
    """Every file the page names exists under this version, for ever; the page answers 304 to who has it."""
    with client(gateway) as browser:
        answer = browser.get("/kiosk/borne-entree")
        again = browser.get("/kiosk/borne-sortie", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert answer.headers["cache-control"] == "no-cache"
        named = re.findall(r'(?:src|href)="(/kiosk/assets/[^"]+)"', answer.text)
        version = named[0].split("/")[3]
        for path in [*named, *(f"/kiosk/assets/{version}/{file.name}" for file in PAGE.glob("*.js"))]:
            file = browser.get(path)
            assert file.status_code == 200, path
            assert "immutable" in file.headers["cache-control"]
            assert file.headers["x-content-type-options"] == "nosniff"
        assert browser.get(f"/kiosk/assets/{version}/main.js").headers["content-type"].startswith("text/javascript")
        assert browser.get(f"/kiosk/assets/{version}/index.html").status_code == 404
        assert browser.get("/kiosk/assets/0123456789abcdef/main.js").status_code == 404


@pytest.mark.parametrize(
    "slug", ["Borne", "borne--x", "-borne", "borne_1", "b" * 101, "%00", "borne%20entree", "..%2Fx"]
)
def test_what_cannot_be_an_address_is_told_so(gateway: GatewayProcess, slug: str) -> None:
    """A page that says there is no kiosk, with the real one's headers; calls get the one shape of refusals."""
    with client(gateway) as browser:
        answer = browser.get(f"/kiosk/{slug}")
        assert answer.status_code == 404
        if "content-security-policy" in answer.headers:
            assert "Aucune borne à cette adresse" in answer.text
        assert browser.post(f"/kiosk/{slug}/session").json()["error"]["code"] in ("not_found", "method_not_allowed")


def test_the_token_is_in_a_cookie_that_scripts_cannot_read(database: Database, gateway: GatewayProcess) -> None:
    """HttpOnly, this kiosk's path only, same site only; and Secure as soon as the page came encrypted."""
    with provisioned(database, gateway, "Borne Cookie") as (browser, slug):
        answer = browser.post(f"/kiosk/{slug}/session")
        assert answer.json()["name"] == "Borne Cookie"
        assert answer.json()["has_badge_simulator"] is True
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("jarvis_kiosk=jk_")
        for word in ("httponly", f"path=/kiosk/{slug};", "samesite=strict", "max-age="):
            assert word in cookie
        assert "secure" not in cookie
        host = httpx.URL(gateway.url).netloc.decode()
        encrypted = browser.post(f"/kiosk/{slug}/session", headers={"origin": f"https://{host}"})
        assert "secure" in encrypted.headers["set-cookie"].lower()


def test_the_cookie_opens_the_pages_websocket_and_heartbeat(database: Database, gateway: GatewayProcess) -> None:
    """With it a session can be held and a sign of life given; without it, or from another site, neither."""
    with provisioned(database, gateway, "Borne Porte") as (browser, slug):
        token = browser.cookies["jarvis_kiosk"]
        address = f"{gateway.url.replace('http', 'ws')}/kiosk/{slug}/realtime"
        cookie = {"Cookie": f"jarvis_kiosk={token}"}
        with connect(
            address,
            additional_headers=cookie,
            subprotocols=["jarvis.kiosk.v1"],
            origin=gateway.url,
            proxy=None,
        ) as socket:
            assert socket.subprotocol == "jarvis.kiosk.v1"
        for headers, origin, status in ((cookie, "http://evil.test", 403), ({}, gateway.url, 401)):
            with (
                pytest.raises(InvalidStatus) as refused,
                connect(
                    address,
                    additional_headers=headers,
                    origin=origin,
                    proxy=None,
                ),
            ):
                pass
            assert refused.value.response.status_code == status
        assert browser.post(f"/kiosk/{slug}/heartbeat", json={"microphone_ok": True}).json()["status"] == "online"
        for call in ("session", "heartbeat", "provision"):
            foreign = browser.post(f"/kiosk/{slug}/{call}", json={}, headers={"origin": "http://evil.test"})
            assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "foreign_origin")
    with client(gateway) as stranger:
        assert stranger.post(f"/kiosk/{slug}/session").status_code == 401
        assert stranger.post(f"/kiosk/{slug}/heartbeat", json={}).status_code == 401


def test_a_screen_at_anothers_address_learns_its_own(database: Database, gateway: GatewayProcess) -> None:
    """A code typed at a wrong address makes the screen the code's kiosk, and names that kiosk's address."""
    made = create_code(database.settings, "dax", "Borne Vraie")
    with client(gateway) as browser:
        body = {"code": made["code"], "device_id": "page-wrong-address"}
        answer = browser.post("/kiosk/une-autre/provision", json=body)
        assert answer.json()["slug"] == "borne-vraie"
        assert "path=/kiosk/borne-vraie;" in answer.headers["set-cookie"].lower()
        assert browser.post("/kiosk/borne-vraie/session").json()["slug"] == "borne-vraie"


def test_a_revoked_token_is_no_longer_a_kiosk(database: Database, gateway: GatewayProcess) -> None:
    """The page's next question is answered 401, so that it asks for a new code."""
    with provisioned(database, gateway, "Borne Perdue") as (browser, slug):
        with database.admin() as connection:
            connection.execute("update kiosk_credentials set revoked_at = now() where kind = 'token'")
        assert browser.post(f"/kiosk/{slug}/session").status_code == 401


def test_the_pages_token_is_rotated_without_being_shown(database: Database, gateway: GatewayProcess) -> None:
    """A new cookie opens the same kiosk, and the one before is over as soon as the new one was used."""
    with provisioned(database, gateway, "Borne Neuve") as (browser, slug):
        old = browser.cookies["jarvis_kiosk"]
        answer = browser.post(f"/kiosk/{slug}/rotate")
        assert (answer.status_code, answer.json()) == (200, {"is_rotated": True})
        assert browser.cookies["jarvis_kiosk"] != old
        assert browser.post(f"/kiosk/{slug}/session").status_code == 200
        with client(gateway, cookie=f"jarvis_kiosk={old}") as late:
            assert late.post(f"/kiosk/{slug}/session").status_code == 401
    with client(gateway) as stranger:
        assert stranger.post(f"/kiosk/{slug}/rotate").status_code == 401
