"""Remote configuration: one gym's voice is changed without a restart, on record, and nobody else's."""

import asyncio
from typing import Any

import httpx
import pytest

from jarvis.settings import Settings
from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess, new_token
from tests.support.kiosk_sockets import kiosk_socket, until
from voice_gateway.kiosk.commands import configure
from voice_gateway.kiosk.errors import KioskError

pytestmark = pytest.mark.one_gateway


def set_later(settings: Settings, **scope: Any) -> Any:
    """A change from another thread, as an operator makes it."""
    return asyncio.to_thread(configure, settings, **scope)


def get_config(gateway: GatewayProcess, token: str, etag: str = "") -> httpx.Response:
    """What the kiosk reads over HTTP."""
    return httpx.get(
        f"{gateway.url}/api/kiosk/config",
        headers={"Authorization": f"Bearer {token}", "If-None-Match": etag},
        trust_env=False,
    )


def test_one_gyms_voice_changes_without_restart_and_on_record(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """Its open kiosk is told and speaks with it from the next session on; another gym's kiosk hears nothing of it."""
    other_token = new_token(database.settings, gateway, name="Borne Pau", gym="pau")

    async def exchange() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        async with kiosk_socket(gateway, token) as socket, kiosk_socket(gateway, other_token) as other:
            told = [await until(socket, "kiosk.config")]
            await until(other, "kiosk.config")
            await set_later(database.settings, gym="dax", assignments=["voice=cedar", "idle_seconds=45"])
            told.append(await until(socket, "kiosk.config"))
            for each in (socket, other):
                await each.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
                await until(each, "kiosk.upstream")
            await set_later(database.settings, gym="pau", assignments=["volume=0.5"])
            return told, await until(other, "kiosk.config")

    told, others = asyncio.run(exchange())
    assert (told[0]["version"], told[0]["config"]["voice"]) == (0, None)
    assert told[1]["version"] > 0
    assert (told[1]["config"]["voice"], told[1]["config"]["idle_seconds"]) == ("cedar", 45)
    assert (others["config"]["voice"], others["config"]["volume"]) == (None, 0.5)
    with database.admin() as admin:
        voices = admin.execute(
            "select gyms.slug, sessions.voice from openai_realtime_sessions as sessions "
            "inner join gyms on sessions.gym_id = gyms.id order by gyms.slug"
        ).fetchall()
        audited = admin.execute(
            "select actor_role, subject_table, details -> 'changed' from audit_log "
            "where action = 'kiosk_settings_changed' order by id"
        ).fetchall()
    assert voices == [("dax", "cedar"), ("pau", "marin")]
    assert audited == [
        (
            "jarvis_pipeline",
            "gyms",
            {"voice": {"from": None, "to": "cedar"}, "idle_seconds": {"from": None, "to": 45}},
        ),
        ("jarvis_pipeline", "gyms", {"volume": {"from": None, "to": 0.5}}),
    ]


def test_the_nearer_word_wins_and_leaves_again(database: Database, gateway: GatewayProcess, token: str) -> None:
    """Franchise, gym, kiosk; a key taken away is left to the wider scope, and each change has a greater version."""
    settings = database.settings
    seen = [get_config(gateway, token).json()]
    for scope, assignment in (
        ({"franchise": "réseau"}, "theme=contrast"),
        ({"gym": "dax"}, "theme=dark"),
        ({"gym": "dax", "kiosk": "borne-entree"}, "theme=contrast"),
        ({"gym": "dax", "kiosk": "borne-entree"}, "theme="),
        ({"gym": "dax"}, "theme="),
    ):
        configure(settings, **scope, assignments=[assignment])  # type: ignore[arg-type]
        seen.append(get_config(gateway, token).json())
    assert [one["config"]["theme"] for one in seen] == ["dark", "contrast", "dark", "contrast", "dark", "contrast"]
    versions = [one["version"] for one in seen]
    assert versions == sorted(set(versions))


def test_a_kiosk_that_knows_is_told_so(database: Database, gateway: GatewayProcess, token: str) -> None:
    """304 with the same ETag until something changes for this kiosk."""
    first = get_config(gateway, token)
    assert get_config(gateway, token, first.headers["ETag"]).status_code == 304
    configure(database.settings, gym="pau", assignments=["volume=0.1"])
    assert get_config(gateway, token, first.headers["ETag"]).status_code == 304
    configure(database.settings, gym="dax", assignments=["volume=0.1"])
    assert get_config(gateway, token, first.headers["ETag"]).json()["config"]["volume"] == 0.1
    assert get_config(gateway, "nobody").status_code == 401


@pytest.mark.parametrize(
    ("scope", "assignment", "message"),
    [
        ({"gym": "dax"}, "voice=darth", "voice: found 'darth', expected one of alloy"),
        ({"gym": "dax"}, "voic=cedar", "found the setting 'voic', expected one of voice"),
        ({"gym": "dax"}, "voic=", "found the setting 'voic', expected one of voice"),
        ({"gym": "dax"}, "voice", "found 'voice', expected key=value"),
        ({"gym": "nowhere"}, "voice=cedar", "found no gym 'nowhere', expected one of: dax, pau"),
        ({"franchise": "Nobody"}, "voice=cedar", "found no franchise 'Nobody', expected one of: Réseau"),
        ({"gym": "dax", "kiosk": "none"}, "voice=cedar", "found no kiosk 'none' in the gym 'dax'"),
    ],
)
def test_what_cannot_be_set_changes_nothing(
    database: Database, network: object, scope: dict[str, str], assignment: str, message: str
) -> None:
    """The refusal says what was found and what may be; the fit value beside it is not set either."""
    with pytest.raises(KioskError, match=message):
        configure(database.settings, **scope, assignments=["volume=0.2", assignment])  # type: ignore[arg-type]
    with database.admin() as admin:
        assert admin.execute("select count(*) from kiosk_settings").fetchone() == (0,)
