"""How long the HTTP API takes at rising request rates, beside a route of the same server that does nothing.

`python -m bench.api` prints one JSON line: for each rate, median and 99th percentile of milliseconds of
`GET /api/dashboard/alerts` (20 alerts, a signed-in manager, row security, the request counted) and of
`GET /healthz`, in the same run and by the same client, and their ratio. Requests are sent when they are due,
whether those before them were answered or not, and the time counts from when they were due.
"""

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg

from bench.support.database import scratch_database
from bench.support.world import make_gym
from jarvis.settings import Settings
from warehouse.embedded import free_port

ALERTS = 200
CONNECTIONS = 32
# A caller may ask 100 times a minute: so many requests come from many, each counted in a row of its own.
PEOPLE = 300
PATHS = {"alerts": "/api/dashboard/alerts?limit=20", "no_op": "/healthz"}


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    options.add_argument("--rates", type=int, nargs="+", default=[50, 100, 200, 500])
    options.add_argument("--seconds", type=float, default=4.0)
    arguments = options.parse_args()
    with scratch_database() as settings:
        fill(settings)
        with running_gateway(settings) as port:
            rates = [
                {"requests_per_second": rate, **asyncio.run(compared(port, rate, arguments.seconds))}
                for rate in arguments.rates
            ]
    print(json.dumps({"bench": "api", "goal_p99_ms_at_500": 10, "load_average": os.getloadavg()[0], "rates": rates}))


def fill(settings: Settings) -> None:
    """A gym with a manager who has signed in, and alerts."""
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        gym = make_gym(admin)
        for number in range(PEOPLE):
            person = uuid4()
            admin.execute(
                "insert into users (id, email, role, gym_id) values (%s, %s, 'gym_manager', %s)",
                [person, f"bench-{number}@example.org", gym.gym_id],
            )
            admin.execute(
                "insert into dashboard_sessions (token_hash, user_id, expires_at) "
                "values (%s, %s, now() + interval '1 day')",
                [hashlib.sha256(token_of(number).encode()).digest(), person],
            )
        admin.execute(
            "insert into manager_alerts (gym_id, member_id, alert_type, title, dedup_key, created_at) "
            "select %s, %s, 'negative_feedback', 'Douches froides', 'bench-' || number, "
            "now() - number * interval '1 min' from generate_series(1, %s) as number",
            [gym.gym_id, gym.member_id, ALERTS],
        )


@contextmanager
def running_gateway(settings: Settings) -> Iterator[int]:
    """Port of a gateway that answers; without an upstream, which nobody here talks to."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JARVIS_", "OPENAI_"))},
        "JARVIS_HOME": str(settings.home),
        "JARVIS_DATABASE_URL": settings.administration_url,
        "JARVIS_GATEWAY_PORT": str(port),
        "JARVIS_API_REQUESTS_PER_MINUTE": "1000000",
    }
    with (settings.home / "gateway.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "voice_gateway"], env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while asyncio.run(status_of(port)) != b"200":
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((settings.home / "gateway.log").read_text()[-2000:])
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


async def status_of(port: int) -> bytes:
    """What the alerts' route answers; nothing where nobody listens yet."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return b""
    try:
        return await asked(reader, writer, PATHS["alerts"], number=0)
    finally:
        writer.close()


async def compared(port: int, rate: int, seconds: float) -> dict[str, object]:
    """Both routes at one rate."""
    figures: dict[str, object] = {}
    percentile: dict[str, float] = {}
    for name, path in PATHS.items():
        taken = sorted(await load(port, path, rate, seconds))
        percentile[name] = taken[int(len(taken) * 0.99)]
        figures[name] = {"p50_ms": round(taken[len(taken) // 2], 2), "p99_ms": round(percentile[name], 2)}
    return {**figures, "p99_ratio": round(percentile["alerts"] / percentile["no_op"], 1)}


async def load(port: int, path: str, rate: int, seconds: float) -> list[float]:
    """Milliseconds from when each request was due to its whole answer."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    taken: list[float] = []

    async def one(number: int, due: float) -> None:
        connection = await free.get()
        status = await asked(*connection, path, number=number)
        if status != b"200":
            raise RuntimeError(f"found status {status.decode()} for {path}, expected 200")
        taken.append((time.perf_counter() - due) * 1000)
        free.put_nowait(connection)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(number, due))
    for _, writer in connections:
        writer.close()
    return taken


def token_of(number: int) -> str:
    """The token of one of the people, in turn."""
    return f"bench-session-{number % PEOPLE}"


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, number: int) -> bytes:
    """The status of one request on a connection that stays open, its body read to the end."""
    bearer = token_of(number)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
    await reader.readexactly(int(length))
    return head.split(b" ", 2)[1]


if __name__ == "__main__":
    main()
