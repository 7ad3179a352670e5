"""The stand-in as its users meet it: a process on a port, for the unmodified openai client and bare websockets."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.unit.voice_gateway.standin.wire import check_strictly
from voice_gateway.standin.audio import duration_ms, silence
from voice_gateway.standin.ears import EarsError
from voice_gateway.standin.ears_process import EarsProcess
from voice_gateway.standin.voice import speak

REPOSITORY = Path(__file__).resolve().parents[2]
COMPLAINT = "Le tapis numéro quatre est en panne et personne ne s'en occupe."
TOOL = {
    "type": "function",
    "name": "get_opening_hours",
    "parameters": {"type": "object", "properties": {"day": {"type": "string", "enum": ["today", "dimanche"]}}},
}

Event = dict[str, Any]


@contextlib.contextmanager
def standin_process() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A stand-in in a process of its own; gives the process and its port."""
    command = [sys.executable, "-m", "voice_gateway.standin", "--port", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield process, int(line.rpartition(":")[2].partition("/")[0])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=15)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of one stand-in for all tests of this module."""
    with standin_process() as (_, chosen):
        yield chosen


@pytest.fixture(autouse=True)
def in_good_health(port: int) -> Iterator[None]:
    """Faults posted by one test do not reach the next."""
    yield
    httpx.post(f"http://127.0.0.1:{port}/control/faults", json={}).raise_for_status()


@contextlib.asynccontextmanager
async def session(port: int, query: str = "", **options: Any) -> AsyncIterator[ClientConnection]:
    """A bare websocket session, `session.created` already read."""
    async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m{query}", close_timeout=1, **options) as websocket:
        created = json.loads(await websocket.recv())
        assert created["type"] == "session.created"
        yield websocket


async def until(websocket: ClientConnection, event_type: str) -> list[Event]:
    """The events up to and including the first of that type, each checked strictly."""
    events: list[Event] = []
    async with asyncio.timeout(20):
        while not events or events[-1]["type"] != event_type:
            events.append(json.loads(await websocket.recv()))
            check_strictly(events[-1])
    return events


async def send(websocket: ClientConnection, event_type: str, **fields: Any) -> None:
    await websocket.send(json.dumps({"type": event_type, **fields}))


async def answer(websocket: ClientConnection) -> str:
    """What the assistant says to a bare `response.create`."""
    await send(websocket, "response.create")
    done = (await until(websocket, "response.done"))[-1]["response"]
    return str(done["output"][0]["content"][0]["transcript"])


def children_of(pid: int) -> list[int]:
    """The processes `pid` started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_unmodified_openai_client_holds_a_spoken_conversation(port: int) -> None:
    """Audio in, its transcript, audio out, usage; then a tool call and the answer built on its result."""
    from openai import AsyncOpenAI

    async def talk() -> tuple[list[Any], list[Any]]:
        client = AsyncOpenAI(api_key="any", base_url=f"http://127.0.0.1:{port}/v1")
        async with client.realtime.connect(model="gpt-realtime-2.1-mini") as connection, asyncio.timeout(30):
            await connection.session.update(
                session={
                    "type": "realtime",
                    "instructions": "L'adhérent s'appelle Léa.",
                    "tools": [TOOL],  # type: ignore[list-item]  # a plain dict where the SDK wants its TypedDict
                    "audio": {"input": {"transcription": {"model": "gpt-4o-mini-transcribe", "language": "fr"}}},
                }
            )
            spoken: list[Any] = []
            pcm = silence(300) + speak(COMPLAINT) + silence(800)
            for start in range(0, len(pcm), 4800):
                frame = base64.b64encode(pcm[start : start + 4800]).decode()
                await connection.input_audio_buffer.append(audio=frame)
            async for event in connection:
                spoken.append(event)
                if event.type == "response.done":
                    break
            asked: list[Any] = []
            text = {"type": "input_text", "text": "Êtes-vous ouverts le dimanche ?"}
            await connection.conversation.item.create(
                item={"type": "message", "role": "user", "content": [text]}  # type: ignore[typeddict-item,list-item]
            )
            await connection.response.create()
            async for event in connection:
                asked.append(event)
                if event.type == "response.function_call_arguments.done":
                    output = json.dumps({"message": "Dimanche, de 9 heures à 18 heures."})
                    await connection.conversation.item.create(
                        item={"type": "function_call_output", "call_id": event.call_id, "output": output}
                    )
                    await connection.response.create()
                if event.type == "response.output_audio_transcript.done":
                    return spoken, asked
        raise AssertionError("the connection ended before the answer")

    spoken, asked = asyncio.run(talk())
    by_type = {event.type: event for event in spoken}
    assert by_type["conversation.item.input_audio_transcription.completed"].transcript == COMPLAINT
    audio = b"".join(base64.b64decode(event.delta) for event in spoken if event.type == "response.output_audio.delta")
    assert duration_ms(audio) > 1500
    assert "Léa" in by_type["response.output_audio_transcript.done"].transcript
    usage = by_type["response.done"].response.usage
    assert usage.input_token_details.audio_tokens > 0
    assert usage.output_token_details.audio_tokens > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    calls = [event for event in asked if event.type == "response.function_call_arguments.done"]
    assert [json.loads(call.arguments) for call in calls] == [{"day": "dimanche"}]
    assert asked[-1].transcript == "Dimanche, de 9 heures à 18 heures."


def test_barge_in_over_the_wire(port: int) -> None:
    """A member who speaks over a real-time answer cuts it; what was produced can be truncated, more cannot."""

    async def talk() -> list[Event]:
        async with session(port, "&delta_pacing=1") as websocket:
            await send(websocket, "response.create")
            await until(websocket, "response.output_audio.delta")
            await send(websocket, "input_audio_buffer.append", audio=base64.b64encode(speak(COMPLAINT)).decode())
            events = await until(websocket, "response.done")
            item_id = events[-1]["response"]["output"][0]["id"]
            for audio_end_ms in (100, 90_000):
                place = {"item_id": item_id, "content_index": 0, "audio_end_ms": audio_end_ms}
                await send(websocket, "conversation.item.truncate", **place)
            return events + await until(websocket, "error")

    events = asyncio.run(talk())
    done = next(event for event in events if event["type"] == "response.done")["response"]
    assert done["status_details"]["reason"] == "turn_detected"
    assert [event["type"] for event in events[-2:]] == ["conversation.item.truncated", "error"]


@pytest.mark.parametrize("is_posted_first", [True, False])
def test_a_script_is_said_by_the_session_of_its_request_id(port: int, is_posted_first: bool) -> None:
    """Posted before or after the connection opened: that session says it line by line, its neighbour does not."""
    request_id = f"replay-{is_posted_first}"
    lines = ["Bonjour, service client.", "Très bien, au revoir."]

    async def post() -> None:
        async with httpx.AsyncClient() as client:
            body = {"request_id": request_id, "assistant_lines": lines}
            (await client.post(f"http://127.0.0.1:{port}/control/scripts", json=body)).raise_for_status()

    async def talk() -> list[str]:
        if is_posted_first:
            await post()
        headers = {"X-Client-Request-Id": request_id}
        async with session(port, additional_headers=headers) as scripted, session(port) as neighbour:
            if not is_posted_first:
                await post()
            return [await answer(scripted), await answer(neighbour), await answer(scripted), await answer(scripted)]

    said = asyncio.run(talk())
    assert [said[0], said[2]] == lines
    assert "Jarvis" in said[1]
    assert said[3] == "Puis-je vous aider pour autre chose ?"


def test_malformed_messages_get_an_error_and_the_session_lives(port: int) -> None:
    """Not JSON, not an object, binary, an unknown type: an error each, and the next event is served."""

    async def talk() -> list[str]:
        codes = []
        async with session(port) as websocket:
            for message in ("{", "[1]", b"\xff\x00", '{"type": "banana"}'):
                await websocket.send(message)
                codes.append((await until(websocket, "error"))[-1]["error"]["code"])
            await send(websocket, "session.update", session={"type": "realtime"})
            await until(websocket, "session.updated")
        return codes

    assert asyncio.run(talk()) == ["invalid_json", "invalid_json", "invalid_json", "invalid_value"]


def test_subprotocols_are_optional(port: int) -> None:
    """A browser's offer gets exactly `realtime`; a client that offers none is accepted all the same."""

    async def talk() -> list[str | None]:
        offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.x")]
        async with session(port, subprotocols=offered) as browser, session(port) as other:
            return [browser.subprotocol, other.subprotocol]

    assert asyncio.run(talk()) == ["realtime", None]


def test_a_beta_client_is_closed_as_the_provider_does(port: int) -> None:
    """4000 beta_api_shape_disabled."""

    async def talk() -> tuple[int | None, str | None]:
        address = f"ws://127.0.0.1:{port}/v1/realtime?model=m"
        async with connect(address, additional_headers={"OpenAI-Beta": "realtime=v1"}) as websocket:
            with pytest.raises(ConnectionClosed):
                await websocket.recv()
            return websocket.close_code, websocket.close_reason

    assert asyncio.run(talk()) == (4000, "beta_api_shape_disabled")


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/realtime?refuse_connection=1", 503), ("/v1/realtime?ttfb_ms=soon", 400), ("/v2", 404)]
)
def test_refused_upgrades(port: int, path: str, status: int) -> None:
    """Before the upgrade, with a reason."""

    async def talk() -> int:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://127.0.0.1:{port}{path}"):
                raise AssertionError("the upgrade was accepted")
        return refused.value.response.status_code

    assert asyncio.run(talk()) == status


@pytest.mark.parametrize(("query", "code"), [("&session_max_seconds=0.3", 1001), ("&eof_after_ms=300", 1006)])
def test_connections_end_as_told(port: int, query: str, code: int) -> None:
    """At the session's limit with 1001; at an EOF without a closing handshake, which a client sees as 1006."""

    async def talk() -> int | None:
        async with session(port, query) as websocket, asyncio.timeout(5):
            with pytest.raises(ConnectionClosed):
                await websocket.recv()
            return websocket.close_code

    assert asyncio.run(talk()) == code


def test_a_frozen_session_does_not_even_pong(port: int) -> None:
    """Posted to a live session by its request id: the socket stays open, pings stay unanswered, others go on."""

    async def talk() -> None:
        headers = {"X-Client-Request-Id": "frozen"}
        async with session(port, additional_headers=headers) as frozen, session(port) as other:
            await asyncio.wait_for(await frozen.ping(), timeout=5)
            async with httpx.AsyncClient() as client:
                body = {"request_id": "frozen", "freeze_after_ms": 0}
                (await client.post(f"http://127.0.0.1:{port}/control/faults", json=body)).raise_for_status()
            assert await answer(other)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(await frozen.ping(), timeout=0.5)
            assert frozen.close_code is None
            frozen.transport.abort()

    asyncio.run(talk())


def test_faults_posted_for_all_reach_live_and_later_sessions(port: int) -> None:
    """A rate limit switched on in mid-session fails the next response, there and in a new session."""

    async def talk() -> list[str]:
        async with session(port) as live:
            assert await answer(live)
            async with httpx.AsyncClient() as client:
                await client.post(f"http://127.0.0.1:{port}/control/faults", json={"rate_limited": True})
            async with session(port) as later:
                statuses = []
                for websocket in (live, later):
                    await send(websocket, "response.create")
                    statuses.append((await until(websocket, "response.done"))[-1]["response"]["status"])
                return statuses

    assert asyncio.run(talk()) == ["failed", "failed"]


def test_http_beside_the_websocket(port: int) -> None:
    """Health by GET, wrong requests refused in JSON, a body split over packets put together."""
    base = f"http://127.0.0.1:{port}"
    assert httpx.get(f"{base}/healthz").json()["status"] == "ok"
    assert httpx.get(f"{base}/nowhere").status_code == 404
    assert httpx.post(f"{base}/control/faults", content=b"{").status_code == 400
    assert httpx.put(f"{base}/control/faults", json={}).status_code == 404
    script = {"request_id": "long", "assistant_lines": ["une ligne assez longue " * 20] * 500}
    assert httpx.post(f"{base}/control/scripts", json=script).json()["lines"] == 500


def test_ears_given_up_on_do_not_answer_the_next_caller() -> None:
    """A session that ends while it is being listened to leaves its answer to nobody."""

    async def talk() -> str | None:
        ears = EarsProcess()
        try:
            given_up = asyncio.create_task(ears.recognise(speak(COMPLAINT)))
            await asyncio.sleep(0.2)
            given_up.cancel()
            return (await ears.recognise(speak("Les douches sont sales, c'est inadmissible."))).transcript
        finally:
            await ears.close()

    assert asyncio.run(talk()) == "Les douches sont sales, c'est inadmissible."


def test_ears_that_died_start_again() -> None:
    """The utterance they died with is an error, the next one is understood."""

    async def talk() -> str | None:
        ears = EarsProcess()
        try:
            before = children_of(os.getpid())
            await ears.recognise(b"")
            (child,) = set(children_of(os.getpid())) - set(before)
            listening = asyncio.create_task(ears.recognise(speak(COMPLAINT)))
            await asyncio.sleep(0)
            os.kill(child, signal.SIGKILL)
            with pytest.raises(EarsError, match="starts again"):
                await listening
            return (await ears.recognise(speak(COMPLAINT))).transcript
        finally:
            await ears.close()

    assert asyncio.run(talk()) == COMPLAINT


def test_twenty_members_speak_at_once(port: int) -> None:
    """Each session gets its own transcript; the loop answers health checks while the ears work."""

    async def one() -> str:
        async with session(port) as websocket:
            transcribed = {"input": {"transcription": {"model": "gpt-4o-mini-transcribe"}}}
            await send(websocket, "session.update", session={"type": "realtime", "audio": transcribed})
            pcm = silence(300) + speak(COMPLAINT) + silence(800)
            await send(websocket, "input_audio_buffer.append", audio=base64.b64encode(pcm).decode())
            completed = "conversation.item.input_audio_transcription.completed"
            return str((await until(websocket, completed))[-1]["transcript"])

    async def talk() -> list[str]:
        return await asyncio.gather(*(one() for _ in range(20)))

    assert asyncio.run(talk()) == [COMPLAINT] * 20


def test_a_busy_port_is_one_clear_line(port: int) -> None:
    """Exit status 1, the address, and the setting to change."""
    command = [sys.executable, "-m", "voice_gateway.standin", "--port", str(port)]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.strip().count("\n") == 0
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "JARVIS_STANDIN_PORT" in ended.stderr


def test_the_ears_do_not_outlive_a_killed_server() -> None:
    """kill -9 of the server ends its ears' process too."""

    def is_running(pid: int) -> bool:
        try:
            return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False

    def wait_until(holds: Any) -> bool:
        end = time.monotonic() + 20
        while not holds() and time.monotonic() < end:
            time.sleep(0.05)
        return bool(holds())

    with standin_process() as (process, _):
        assert wait_until(lambda: children_of(process.pid))
        ears = children_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        assert wait_until(lambda: not any(is_running(child) for child in ears))
