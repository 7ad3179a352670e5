"""What is lost when the gateway is killed under load: nothing of class A, and of class B the last milliseconds.

`python -m bench.gateway_kills --kills 200 --seed 7` prints one JSON line. Kiosks talk to a gateway against a scripted
upstream of this process; the gateway is killed (-9) at seeded moments and started again. Every event that a kiosk
had received is then looked for in the record: those of class A must be there once, with the turn and the bill that go
with them, and every tool must have run once. Exit status 1 when one is lost or doubled, or a session stays open.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from bench.support.database import scratch_database
from bench.support.gateway import Gateway, Heard, KioskLogin, Seen, gateway_of, keep_talking, make_kiosks
from bench.support.scripted_upstream import ScriptedUpstream, running_upstream
from jarvis.settings import Settings
from warehouse.embedded import free_port

_CLASS_A = frozenset(
    {
        "conversation.item.input_audio_transcription.completed", "conversation.item.input_audio_transcription.failed",
        "response.done", "conversation.item.truncated", "error",
    }
)  # fmt: skip
ANSWER_PIECES = 12
_TALK_SECONDS = 60.0
_ANSWER_BEGUN = """
select from openai_realtime_sessions as sessions inner join realtime_events as begun
    on begun.session_id = sessions.id and begun.event_type = 'response.created'
where sessions.state = 'active' and not exists (
    select from realtime_events as done
    where done.session_id = sessions.id and done.event_type = 'response.done' and done.seq > begun.seq
)
limit 1
"""
_SETTLE_SECONDS = 60.0


@dataclass
class Findings:
    """What all kills together showed."""

    kills: int = 0
    sessions: int = 0
    class_a: int = 0
    class_a_lost: list[str] = field(default_factory=list)
    class_a_doubled: list[str] = field(default_factory=list)
    class_b: int = 0
    class_b_lost: list[float] = field(default_factory=list)
    """Milliseconds between each lost frame's arrival at the kiosk and the kill."""
    tool_calls: int = 0
    tools_run_twice: int = 0
    sessions_unsettled: int = 0
    recovered_turns: int = 0
    unbilled_answers: int = 0

    @property
    def is_well(self) -> bool:
        """True when every promise was kept."""
        return not (
            self.class_a_lost or self.class_a_doubled or self.tools_run_twice or self.sessions_unsettled
        ) and bool(self.class_a)


def main() -> int:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.gateway_kills", description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--kiosks", type=int, default=6, help="concurrent sessions")
    options.add_argument("--seed", type=int, default=7)
    arguments = options.parse_args()
    started = time.monotonic()
    with scratch_database() as settings:
        found = asyncio.run(
            kill_and_look(settings, kills=arguments.kills, kiosks=arguments.kiosks, seed=arguments.seed)
        )
    print(
        json.dumps(
            {
                "bench": "gateway_kills", "kills": found.kills, "seed": arguments.seed, "kiosks": arguments.kiosks,
                "sessions": found.sessions, "class_a_acknowledged": found.class_a,
                "class_a_lost": len(found.class_a_lost), "class_a_doubled": len(found.class_a_doubled),
                "tool_calls": found.tool_calls, "tools_run_twice": found.tools_run_twice,
                "class_b_delivered": found.class_b, "class_b_lost": len(found.class_b_lost),
                "class_b_oldest_lost_ms": round(max(found.class_b_lost, default=0.0), 1),
                "sessions_unsettled": found.sessions_unsettled, "recovered_turns": found.recovered_turns,
                "unbilled_answers": found.unbilled_answers, "seconds": round(time.monotonic() - started, 1),
            }
        )
    )  # fmt: skip
    for kind, named in (("lost", found.class_a_lost), ("doubled", found.class_a_doubled)):
        for one in named[:20]:
            print(f"{kind}: {one}", file=sys.stderr)
    return 0 if found.is_well else 1


async def kill_and_look(
    settings: Settings,
    *,
    kills: int,
    kiosks: int,
    seed: int,
    answer_pieces: int = ANSWER_PIECES,
    in_answer: bool = False,
) -> Findings:
    """So many seeded kills of a gateway under the load of so many kiosks, and what each left.

    Args:
        answer_pieces: each takes 10 ms at least; of more, a kill finds more answers begun and on record so far.
        in_answer: each kill waits, after its seeded moment, until the record has the beginning of an answer.
    """
    settings = replace(settings, gateway_port=free_port())
    rng, found, upstream = random.Random(seed), Findings(), ScriptedUpstream(pieces=answer_pieces)
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        logins = make_kiosks(admin, kiosks)
        async with running_upstream(upstream) as port:
            url = f"ws://127.0.0.1:{port}/v1/realtime"
            with gateway_of(settings, realtime_url=url, log=settings.home / "gateway.log") as gateway:
                await asyncio.to_thread(gateway.start)
                for _ in range(kills):
                    heard, killed_at = await _kill_one(gateway, logins, rng, admin if in_answer else None)
                    await asyncio.to_thread(gateway.start)
                    await asyncio.to_thread(_look, admin, heard, killed_at, upstream, found)
    found.tools_run_twice = sum(times > 1 for times in upstream.tool_outputs.values())
    return found


async def _kill_one(
    gateway: Gateway, logins: Sequence[KioskLogin], rng: random.Random, record: psycopg.Connection | None
) -> tuple[list[Heard], float]:
    """Kiosks talk for a seeded while, then the gateway dies; what each had received, and when it died.

    Args:
        record: where the kill waits for the beginning of an answer; None to wait for nothing.
    """
    in_talk = [asyncio.Event() for _ in logins]
    talks = [
        asyncio.create_task(keep_talking(gateway, login, random.Random(rng.random()), in_talk=began))
        for login, began in zip(logins, in_talk, strict=True)
    ]
    # On a machine under load a kiosk is not in talk by a given moment, and a kill before that proves nothing.
    async with asyncio.timeout(_TALK_SECONDS):
        await asyncio.gather(*(began.wait() for began in in_talk))
    await asyncio.sleep(rng.uniform(0.0, 1.2))
    if record is not None:
        await asyncio.to_thread(_wait_for_an_answer, record)
    killed_at = time.monotonic()
    await asyncio.to_thread(gateway.kill)
    heard = await asyncio.gather(*talks)
    return [one for one in heard if one is not None], killed_at


def _wait_for_an_answer(record: psycopg.Connection) -> None:
    """An answer has begun that is on record so far, and its end is not."""
    deadline = time.monotonic() + _TALK_SECONDS
    while not _rows(record, _ANSWER_BEGUN):
        if time.monotonic() > deadline:
            raise TimeoutError(f"found no answer on record within {_TALK_SECONDS:.0f} s, expected kiosks that talk")
        time.sleep(0.01)


def _look(
    admin: psycopg.Connection, heard: Sequence[Heard], killed_at: float, upstream: ScriptedUpstream, found: Findings
) -> None:
    """The record is compared with what the kiosks had received."""
    found.kills += 1
    found.sessions += len(heard)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while _rows(admin, "select from openai_realtime_sessions where state = 'active'"):
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    for one in heard:
        look_at_session(admin, one, killed_at, upstream, found)


def look_at_session(
    admin: psycopg.Connection, heard: Heard, killed_at: float, upstream: ScriptedUpstream, found: Findings
) -> None:
    """What one kiosk had received of its session is compared with the record, and added to the findings."""
    session_id = heard.session_id
    closed = _rows(
        admin,
        "select from openai_realtime_sessions as sessions inner join conversation_summaries as summaries "
        "on summaries.session_id = sessions.id where sessions.id = %s and sessions.state = 'closed' "
        "and not exists (select from tool_calls where session_id = sessions.id and status = 'started')",
        session_id,
    )
    found.sessions_unsettled += len(closed) != 1
    logged = Counter(
        row[0]
        for row in _rows(
            admin,
            "select event_id from realtime_events where session_id = %s and direction = 'upstream_in'",
            session_id,
        )
    )
    turns = dict(_rows(admin, "select item_id, text from session_turns where session_id = %s", session_id))
    bills = Counter(
        row[0] for row in _rows(admin, "select source_id from realtime_usage where session_id = %s "
                                "and not is_usage_missing", session_id)
    )  # fmt: skip
    for seen in heard.frames:
        event = seen.event
        event_id = str(event.get("event_id"))
        if not event_id.startswith("event_"):
            continue  # Ours: it says what is on record, and is not looked for.
        times = logged[event_id]
        if not _is_class_a(event):
            found.class_b += 1
            if times == 0:
                found.class_b_lost.append((killed_at - seen.at) * 1000)
            continue
        found.class_a += 1
        name = f"{session_id} {event_id} {event['type']}"
        if times == 0 or not _has_consequence(seen, turns, bills):
            found.class_a_lost.append(name)
        if times > 1 or bills[_source(event)] > 1:
            found.class_a_doubled.append(name)
    calls = dict(_rows(admin, "select call_id, status from tool_calls where session_id = %s", session_id))
    found.tool_calls += len(calls)
    for call_id in upstream.tool_outputs:
        # Told to the model, so its end was on record before: told by this session where its row is.
        if call_id in calls and calls[call_id] in ("started", "unknown"):
            found.class_a_lost.append(f"{session_id} {call_id} tool output")
    found.recovered_turns += len(
        _rows(admin, "select from session_turns where session_id = %s and is_recovered", session_id)
    )
    found.unbilled_answers += len(
        _rows(admin, "select from realtime_usage where session_id = %s and is_usage_missing", session_id)
    )


def _is_class_a(event: dict[str, Any]) -> bool:
    if event["type"] == "conversation.item.added":
        return bool(event["item"].get("role") == "user")
    return event["type"] in _CLASS_A


def _source(event: dict[str, Any]) -> str:
    """The id under which an event is billed."""
    response = event.get("response")
    return str(response["id"] if isinstance(response, dict) else event.get("item_id"))


def _has_consequence(seen: Seen, turns: dict[str, str], bills: Counter[str]) -> bool:
    """True when the turn or the bill that the event brings is on record with it."""
    event: dict[str, Any] = seen.event
    match event["type"]:
        case "conversation.item.added":
            return turns.get(event["item"]["id"]) == event["item"]["content"][0]["text"]
        case "conversation.item.input_audio_transcription.completed":
            return turns.get(event["item_id"]) == event["transcript"] and bills[event["item_id"]] == 1
        case "response.done":
            return bills[event["response"]["id"]] == 1
    return True


def _rows(admin: psycopg.Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    return admin.execute(query, parameters).fetchall()  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
