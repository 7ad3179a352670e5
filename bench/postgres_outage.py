"""What a conversation loses while Postgres is away: nothing, and nothing is on record twice.

`python -m bench.postgres_outage --seconds 60` prints one JSON line. Kiosks talk to a gateway; Postgres is killed (-9),
stays away for so long, and is started again; the kiosks talk on through all of it. Once the journal is replayed, every
event that a kiosk had received is looked for in the record, with the turn and the bill that go with it. Exit status 1
when one is missing or twice, when a session's numbers have a gap, or when the conversation stopped meanwhile.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg

from bench.gateway_kills import Findings, look_at_session
from bench.support.database import scratch_database
from bench.support.gateway import Heard, gateway_of, keep_talking, make_kiosks
from bench.support.scripted_upstream import ScriptedUpstream, running_upstream
from jarvis.settings import Settings
from warehouse.embedded import EmbeddedPostgres, free_port

_BEFORE_AND_AFTER_SECONDS = 2.0
_REPLAY_SECONDS = 60.0


@dataclass
class Outage:
    """What one outage showed."""

    record: Findings = field(default_factory=Findings)
    answers_during: int = 0
    """Answers that kiosks heard to their end while the server was gone."""
    longest_wait_seconds: float = 0.0
    """Between two events of one kiosk, over the whole run."""
    journal_bytes: int = 0
    replay_seconds: float = 0.0
    """From the server's return to the last session closed on record."""
    gaps: int = 0

    @property
    def is_well(self) -> bool:
        """True when nothing was missed, doubled or interrupted."""
        return self.record.is_well and not (self.record.class_b_lost or self.gaps) and self.answers_during > 0


def main() -> int:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.postgres_outage", description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0, help="how long Postgres is away")
    options.add_argument("--kiosks", type=int, default=4, help="concurrent sessions")
    options.add_argument("--seed", type=int, default=7)
    arguments = options.parse_args()
    with scratch_database() as settings:
        found = asyncio.run(
            fail_and_look(settings, seconds=arguments.seconds, kiosks=arguments.kiosks, seed=arguments.seed)
        )
    record = found.record
    print(
        json.dumps(
            {
                "bench": "postgres_outage", "outage_seconds": arguments.seconds, "kiosks": arguments.kiosks,
                "sessions": record.sessions, "answers_during_outage": found.answers_during,
                "longest_wait_seconds": round(found.longest_wait_seconds, 2), "journal_bytes": found.journal_bytes,
                "replay_seconds": round(found.replay_seconds, 2), "class_a_acknowledged": record.class_a,
                "class_a_lost": len(record.class_a_lost), "class_a_doubled": len(record.class_a_doubled),
                "class_b_delivered": record.class_b, "class_b_lost": len(record.class_b_lost),
                "tool_calls": record.tool_calls, "tools_run_twice": record.tools_run_twice,
                "sessions_unsettled": record.sessions_unsettled, "sessions_with_gaps": found.gaps,
            }
        )
    )  # fmt: skip
    for one in [*record.class_a_lost, *record.class_a_doubled][:20]:
        print(one, file=sys.stderr)
    return 0 if found.is_well else 1


async def fail_and_look(settings: Settings, *, seconds: float, kiosks: int, seed: int) -> Outage:
    """One outage of so long under the load of so many kiosks, and what it left on record."""
    settings = replace(settings, gateway_port=free_port())
    server = EmbeddedPostgres(
        data_dir=settings.home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
    )
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        logins = make_kiosks(admin, kiosks)
    found, upstream, rng = Outage(), ScriptedUpstream(pause_seconds=0.05), random.Random(seed)
    async with running_upstream(upstream) as port:
        url = f"ws://127.0.0.1:{port}/v1/realtime"
        with gateway_of(settings, realtime_url=url, log=settings.home / "gateway.log") as gateway:
            await asyncio.to_thread(gateway.start)
            talks = [asyncio.create_task(keep_talking(gateway, login, random.Random(rng.random()))) for login in logins]
            await asyncio.sleep(_BEFORE_AND_AFTER_SECONDS)
            os.kill(int(server.postmaster_pid or 0), signal.SIGKILL)
            gone_at = time.monotonic()
            await asyncio.sleep(seconds)
            found.journal_bytes = sum(path.stat().st_size for path in (settings.home / "journal").glob("*.jsonl"))
            back_at = time.monotonic()
            await asyncio.to_thread(server.start)
            await asyncio.sleep(_BEFORE_AND_AFTER_SECONDS)
            await asyncio.to_thread(gateway.stop)
            heard = [one for one in await asyncio.gather(*talks) if one is not None]
    _measure(found, heard, gone_at, back_at)
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        _wait_for_closes(admin)
        found.replay_seconds = time.monotonic() - back_at
        for one in heard:
            look_at_session(admin, one, gone_at, upstream, found.record)
        query = """
            select count(*) from (
                select from public.realtime_events group by session_id having max(seq) <> count(*)
            ) as with_gaps
        """
        row = admin.execute(query).fetchone()
        found.gaps = row[0] if row else 0
    found.record.sessions = len(heard)
    found.record.tools_run_twice = sum(times > 1 for times in upstream.tool_outputs.values())
    return found


def _measure(found: Outage, heard: Sequence[Heard], gone_at: float, back_at: float) -> None:
    for one in heard:
        times = [seen.at for seen in one.frames]
        waits = [after - before for before, after in itertools.pairwise(times)]
        found.longest_wait_seconds = max(found.longest_wait_seconds, *waits)
        found.answers_during += sum(
            seen.event["type"] == "response.done" and gone_at < seen.at < back_at for seen in one.frames
        )


def _wait_for_closes(admin: psycopg.Connection) -> None:
    deadline = time.monotonic() + _REPLAY_SECONDS
    while admin.execute("select from openai_realtime_sessions where state = 'active'").fetchall():
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
