"""Stock Realtime clients, unmodified, hold a full exchange with our gateway; the record says what they say.

Each client is a script that speaks through its own library's public interface only, in an environment
of its own, and reports what it saw. Here that is compared with what is on record.
"""

import json
import os
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from jarvis.settings import Settings
from tests.clients.conftest import MatrixRow
from tests.support.gateway_processes import (
    GatewayProcess,
    make_network,
    new_token,
    running_gateway,
    running_standin,
    wait_until,
)
from voice_gateway.kiosk.audio import RATE_HZ, spoken

pytestmark = pytest.mark.clients

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[1] / ".venv-clients" / "bin" / "python"
NODE = ("node", "--no-warnings")
SENTENCE = "Est-ce que la salle est ouverte le dimanche ?"
# From the opening hours of `make_network`: only the tool knows them.
TOOLS_ANSWER = "Le dimanche, la salle est ouverte de 09:00 à 13:00."
# A client may keep the last piece of its silence back.
LONGEST_FRAME_BYTES = 100 * 48

CLIENTS: dict[str, tuple[str, ...]] = {
    "openai-python": (str(PYTHON), "with_openai.py"),
    "openai-agents-python": (str(PYTHON), "with_openai_agents.py"),
    "livekit-plugins-openai": (str(PYTHON), "with_livekit.py"),
    "pipecat": (str(PYTHON), "with_pipecat.py"),
    "agents-realtime": (*NODE, "with_agents_realtime.mjs"),
    # The package's own browser build: no headers, the token in a subprotocol, and `realtime` must come back.
    "agents-realtime-browser": (
        *NODE, "--conditions=browser", "--experimental-websocket", "with_agents_realtime.mjs",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Door:
    """A gateway that serves, and its database."""

    gateway: GatewayProcess
    settings: Settings

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows as the administrator sees them."""
        with psycopg.connect(self.settings.database_url_for("admin"), row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def door(settings: Settings, admin: psycopg.Connection) -> Iterator[Door]:
    """One gateway over one stand-in, for all clients."""
    make_network(admin)
    with (
        running_standin(settings.home / "standin.log") as standin_port,
        running_gateway(settings, standin_port=standin_port, log=settings.home / "gateway.log") as gateway,
    ):
        yield Door(gateway, settings)


@pytest.fixture(scope="module")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A member's question as a WAV file."""
    path = tmp_path_factory.mktemp("sentence") / "dimanche.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(spoken(SENTENCE))
    return path


def converse(client: str, door: Door, sentence: Path) -> dict[str, Any]:
    """What the client reports of its exchange."""
    if not PYTHON.exists() or not (HERE / "node_modules").is_dir():
        pytest.fail("found no clients, expected those that make test-clients installs")
    completed = subprocess.run(
        CLIENTS[client],
        cwd=HERE,
        # Nothing of ours and no key of anybody: the token and the address are all it gets.
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "JARVIS_CLIENT_URL": door.gateway.url.replace("http", "ws") + "/v1/realtime",
            "JARVIS_CLIENT_TOKEN": new_token(door.settings, door.gateway, name=client),
            "JARVIS_CLIENT_WAV": str(sentence),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr[-4000:]
    # How livekit complains of a conversation whose items do not follow one another.
    assert "unknown item" not in completed.stderr
    seen: dict[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stock_client_holds_a_full_exchange(client: str, door: Door, sentence: Path, matrix: list[MatrixRow]) -> None:
    """Sound in, both transcripts, the tool's effect but never its call, sound out, usage: as it is on record."""
    seen = converse(client, door, sentence)
    session = wait_until(
        lambda: door.rows(
            "select session.* from openai_realtime_sessions as session "
            "join kiosks on kiosks.id = session.kiosk_id where kiosks.name = %s and session.state = 'closed'",
            client,
        ),
        seconds=15,
        what="the close",
    )[0]
    session_id = session["id"]

    turns = door.rows(
        "select role, coalesce(generated_text, text) as words from session_turns where session_id = %s "
        "order by position",
        session_id,
    )
    said = {role: [turn["words"] for turn in turns if turn["role"] == role] for role in ("member", "assistant")}
    assert seen["member"] == said["member"] == [SENTENCE]
    assert seen["answers"] == said["assistant"]
    assert TOOLS_ANSWER in seen["answers"]

    calls = door.rows("select name, status from tool_calls where session_id = %s", session_id)
    assert [(call["name"], call["status"]) for call in calls] == [("get_opening_hours", "done")]
    assert seen["tool_calls"] == [] and seen["errors"] == []

    sound = door.rows(
        "select event_type, sum((payload ->> 'audio_bytes')::int) as bytes from realtime_events "
        "where session_id = %s and payload ? 'audio_bytes' group by event_type",
        session_id,
    )
    recorded = {row["event_type"]: row["bytes"] for row in sound}
    assert 0 <= seen["audio_in_bytes"] - recorded["input_audio_buffer.append"] <= LONGEST_FRAME_BYTES
    assert seen["audio_out_bytes"] == recorded["response.output_audio.delta"] > 0

    usage = door.rows(
        "select count(*) as responses, sum(text_input_tokens + audio_input_tokens) as input_tokens, "
        "sum(text_output_tokens + audio_output_tokens) as output_tokens, sum(cost_usd) as cost_usd "
        "from realtime_usage where session_id = %s and source_kind = 'response'",
        session_id,
    )[0]
    for name in ("responses", "input_tokens", "output_tokens"):
        assert seen[name] == usage[name] > 0, name
    assert usage["cost_usd"] > 0

    # What the client asked for and the gateway did not take.
    effective = door.rows(
        "select payload::text from realtime_events where session_id = %s and event_type = 'session.updated'", session_id
    )
    assert not any("Speak English" in row["payload"] or "open_the_till" in row["payload"] for row in effective)
    matrix.append(
        MatrixRow(
            client=seen["client"],
            version=seen["version"],
            said=f"1 turn, {len(seen['answers'])} answer{'s' if len(seen['answers']) > 1 else ''}",
            tool="get_opening_hours, unseen",
            sound=f"{seen['audio_in_bytes'] / 48_000:.1f} s in, {seen['audio_out_bytes'] / 48_000:.1f} s out",
            usage=f"{usage['responses']} responses, as on record",
        )
    )
