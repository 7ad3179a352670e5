"""kill -9 of the gateway in mid-session and of Postgres in mid-write: what was acknowledged is there, once.

Runs last of the acceptance tests (the file name says z): it breaks what the others use.
"""

import asyncio
import base64
import json
import os
import signal
from typing import Any

import pytest
import websockets

from tests.acceptance.conftest import System, wait_for

LINES = ("Bonjour, les vestiaires sont sales", "Et la machine à tirage est cassée", "Merci de prévenir le responsable")


async def open_session(system: System, token: str, badge: str) -> tuple[Any, str]:
    """A kiosk's connection whose session is open upstream, and the session's id."""
    kiosk = await websockets.connect(
        f"ws://127.0.0.1:{system.settings.gateway_port}/v1/realtime?kiosk=1",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        max_size=None,
    )
    await kiosk.send(json.dumps({"type": "kiosk.badge.scanned", "uid": badge, "reader": "test"}))
    session_id = ""
    async with asyncio.timeout(20):
        async for message in kiosk:
            event = json.loads(message)
            session_id = event.get("session_id", session_id)
            if event["type"] == "kiosk.notice" and event["needs_answer"]:
                await kiosk.send(json.dumps({"type": "kiosk.consent", "analysis": True}))
            if event["type"] == "session.updated" or (event["type"] == "kiosk.upstream" and event["state"] == "ready"):
                break
    return kiosk, session_id


async def say(kiosk: Any, line: str) -> dict[str, list[str]]:
    """Everything acknowledged for one line: ids of the items and of the response the kiosk was told of."""
    await kiosk.send(
        json.dumps(
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": line}]},
            }
        )
    )
    await kiosk.send(json.dumps({"type": "response.create"}))
    told: dict[str, list[str]] = {"member": [], "response": []}
    async with asyncio.timeout(30):
        async for message in kiosk:
            event = json.loads(message)
            if event["type"] == "conversation.item.done" and event["item"].get("role") == "user":
                told["member"].append(event["item"]["id"])
            if event["type"] == "response.done":
                told["response"].append(event["response"]["id"])
                break
    return told


def a_member(system: System) -> dict[str, Any]:
    """An active member and the slug of their gym."""
    return system.rows(
        """
        select members.badge_id, gyms.slug from gym_members_v2 as members
        inner join gyms on members.gym_id = gyms.id
        where members.is_active order by members.badge_id limit 1
        """
    )[0]


def assert_recorded_once(system: System, session_id: str, told: list[dict[str, list[str]]]) -> None:
    """Every acknowledged item is one turn, every acknowledged response one line of the bill."""
    items = [item for line in told for item in line["member"]]
    responses = [response for line in told for response in line["response"]]
    assert items and responses
    turns = system.rows("select item_id from session_turns where session_id = %(id)s", id=session_id)
    found = [turn["item_id"] for turn in turns]
    assert all(found.count(item) == 1 for item in items), (items, found)
    bills = system.rows(
        "select source_id from realtime_usage where session_id = %(id)s and source_kind = 'response'", id=session_id
    )
    billed = [bill["source_id"] for bill in bills]
    assert all(billed.count(response) == 1 for response in responses), (responses, billed)


def closed(system: System, session_id: str) -> list[dict[str, Any]]:
    """The session once it is closed."""
    return system.rows(
        "select close_reason from openai_realtime_sessions where id = %(id)s and state = 'closed'", id=session_id
    )


def test_kill_of_the_gateway_in_mid_session(system: System) -> None:
    """What the kiosk saw acknowledged is in the tables once; the reaper closes the session with a reason."""
    member = a_member(system)
    token = system.new_kiosk(member["slug"], "Borne panne")

    async def talk_and_kill() -> tuple[str, list[dict[str, list[str]]]]:
        kiosk, session_id = await open_session(system, token, member["badge_id"])
        told = [await say(kiosk, line) for line in LINES]
        # In the middle of a fourth line: nothing more is acknowledged.
        await kiosk.send(
            json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(9600)).decode()})
        )
        (gateway,) = system.process_ids("voice_gateway$")
        os.kill(gateway, signal.SIGKILL)
        with pytest.raises(websockets.ConnectionClosed):
            async with asyncio.timeout(20):
                while True:
                    await kiosk.recv()
        return session_id, told

    session_id, told = asyncio.run(talk_and_kill())
    assert_recorded_once(system, session_id, told)
    reason = wait_for(lambda: closed(system, session_id), seconds=120, what="the reaper")[0]["close_reason"]
    assert reason == "gateway_lost"
    summaries = system.rows("select from conversation_summaries where session_id = %(id)s", id=session_id)
    assert len(summaries) == 1


def test_kill_of_postgres_in_mid_session(system: System) -> None:
    """The conversation goes on, the journal is replayed, nothing is missing and nothing is there twice."""
    member = a_member(system)
    token = system.new_kiosk(member["slug"], "Borne base")
    postmaster = int((system.settings.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    async def talk_and_kill() -> tuple[str, list[dict[str, list[str]]]]:
        kiosk, session_id = await open_session(system, token, member["badge_id"])
        told = [await say(kiosk, LINES[0])]
        os.kill(postmaster, signal.SIGKILL)
        told += [await say(kiosk, line) for line in LINES[1:]]
        await kiosk.send(json.dumps({"type": "kiosk.session.end", "reason": "member_left"}))
        async with asyncio.timeout(30):
            async for message in kiosk:
                if json.loads(message)["type"] == "kiosk.session.closed":
                    break
        await kiosk.close()
        return session_id, told

    session_id, told = asyncio.run(talk_and_kill())

    def closed_again() -> list[dict[str, Any]]:
        try:
            return closed(system, session_id)
        except Exception as error:
            # The server is still coming back; only that is waited for.
            assert "OperationalError" in type(error).__name__ or "AdminShutdown" in type(error).__name__
            return []

    reason = wait_for(closed_again, seconds=60, what="the replay of the journal")[0]["close_reason"]
    assert reason in ("member_left", "member_goodbye")
    assert_recorded_once(system, session_id, told)
    turns = system.rows(
        "select position, text from session_turns where session_id = %(id)s and role = 'member' order by position",
        id=session_id,
    )
    assert [turn["text"] for turn in turns] == list(LINES)
