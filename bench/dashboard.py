"""How long each page of the dashboards takes, on the server and in a browser, beside an empty Streamlit page.

`python -m bench.dashboard` prints one JSON line. It makes a network (small by default; DESIGN 7 is `--gyms 100
--members 10000 --days 730 --talk 7`, which takes an hour of a busy machine: `--home FOLDER` keeps it for the next
run), builds the marts, serves the dashboards and an empty page, and asks each page of the menu of the administration,
whoever sees most:

- `server_ms`: from the question to the end of the script over its websocket, every element sent, again and again by
  one person; `first` is the visit that may load code.
- `cpu_ms`: what one visit costs on a processor, in the server and in the database: what it takes where nobody else
  wants the machine.
- `browser_ms`: from the address to the last change of what is drawn in Chromium, with an empty cache and again; what
  stands inside a canvas for screen readers is never drawn.
- `together`: the same question by several people at once, nobody resting, each with the pages in another order.

Visits to the empty page alternate with those to each page, and `over_empty` divides by them: a machine that others use
slows both. Needs Chromium for the browser's part; everything is on the loopback address, and ends with the run.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, LiteralString
from uuid import UUID

import httpx
import psycopg
from psycopg import sql

from bench.support.database import scratch_database
from bench.support.processor import family_cpu_seconds
from bench.support.streamlit_client import visitor
from jarvis.settings import Settings
from warehouse.demo.simulate import simulate
from warehouse.embedded import free_port

SEED = 7
REPOSITORY = Path(__file__).resolve().parents[1]
COOKIE = "jarvis_session"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# What the pipeline would have written of each member and of unhappy talks: levels and alerts in a lifelike number.
PIPELINE_RESULTS: tuple[LiteralString, ...] = (
    """
    insert into public.member_analytics (member_id, gym_id, churn_risk_score, churn_risk_level, visit_trend)
    select
        id, gym_id, (abs(hashtext(id::text)) % 1000) / 1000.0,
        case
            when abs(hashtext(id::text)) % 1000 < 300 then 'low' when abs(hashtext(id::text)) % 1000 < 500 then 'medium'
            when abs(hashtext(id::text)) % 1000 < 700 then 'high' else 'critical'
        end,
        'steady'
    from public.gym_members_v2
    on conflict (member_id) do nothing
    """,
    """
    insert into public.manager_alerts (gym_id, member_id, session_id, alert_type, title, dedup_key, created_at)
    select gym_id, member_id, id, 'negative_feedback', 'Avis négatif', id::text, started_at
    from public.openai_realtime_sessions
    where abs(hashtext(id::text)) % 40 = 0
    """,
    "analyze",
)

# Notes when what is drawn last changed; the browser runs it before the page's own scripts. A data grid puts a table for
# screen readers inside its canvas a third of a second after everything stands on the screen: it is never drawn.
_WATCH = """
    window.lastChange = 0;
    const isDrawn = ({target}) => !(target instanceof Element && target.closest("canvas"));
    new MutationObserver((changes) => { if (changes.some(isDrawn)) window.lastChange = performance.now(); })
        .observe(document, {childList: true, subtree: true});
"""
# The script has ended, nothing is still being loaded, and no element came for longer than a live page's pulse leaves.
_IS_STILL = """
    () => document.querySelector('[data-test-script-state="notRunning"]')
        && document.querySelector('h1')
        && !document.querySelector('[data-testid="stSkeleton"]')
        && performance.now() - window.lastChange > 600
"""


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    options.add_argument("--gyms", type=int, default=5)
    options.add_argument("--members", type=int, default=500)
    options.add_argument("--days", type=int, default=120)
    options.add_argument("--talk", type=float, default=1.0)
    options.add_argument("--visits", type=int, default=10, help="visits to each page by one person")
    options.add_argument("--users", type=int, default=20, help="people at once")
    options.add_argument("--pages", nargs="+", help="only these, by their address")
    options.add_argument("--no-browser", action="store_true")
    options.add_argument("--home", type=Path, help="a folder that keeps the network for the next run")
    arguments = options.parse_args()
    report: dict[str, Any] = {"bench": "dashboard", "goal_server_p95_ms": 250, "goal_browser_ms": 1000}
    with scratch_database(arguments.home) as settings:
        report |= fill(settings, arguments)
        with serving_dashboards(settings) as door, serving_empty() as empty:
            pages = arguments.pages or addresses()
            cookies = {COOKIE: signed_in(settings)}
            postmaster = int((settings.home / "postgres" / "postmaster.pid").read_text().split()[0])
            report["pages"] = asyncio.run(
                alone(door, empty, pages, visits=arguments.visits, cookies=cookies, postmaster=postmaster)
            )
            report["together"] = together_report(door, empty, pages, users=arguments.users, cookies=cookies)
            if not arguments.no_browser:
                in_browser(report, door.url, empty.url, pages, cookies)
    report["load_average"] = round(os.getloadavg()[0], 1)
    print(json.dumps(report))


def fill(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    """The database holds the network and its marts; how many rows, and how long that took."""
    from orchestration import dbt

    began = time.perf_counter()
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        is_filled = admin.execute("select from public.gyms limit 1").fetchone() is not None
    if not is_filled:
        simulate_network(settings, arguments)
    simulated = time.perf_counter()
    # Built again only where the project changed: a kept network is measured as it stands.
    built = settings.home / f"built-{dbt.fingerprint()}"
    if not built.exists():
        dbt.run(
            settings, "build", "--resource-type", "seed", "--resource-type", "snapshot", "--resource-type", "model"
        )  # fmt: skip
        built.touch()
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        admin.execute("analyze")
        rows = {
            table: admin.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            for table in ("gyms", "gym_members_v2", "openai_realtime_sessions", "session_turns")
        }
    seconds = {"simulate": round(simulated - began), "marts": round(time.perf_counter() - simulated)}
    return {"rows": {table: found[0] for table, found in rows.items() if found}, "fill_seconds": seconds}


def simulate_network(settings: Settings, arguments: argparse.Namespace) -> None:
    """The database holds the network, analysed."""
    with psycopg.connect(settings.database_url_for("pipeline")) as connection:
        simulate(
            connection, gyms=arguments.gyms, members=arguments.members, days=arguments.days, seed=SEED,
            talk=arguments.talk, now=datetime.now(UTC),
        )  # fmt: skip
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        for statement in PIPELINE_RESULTS:
            admin.execute(statement)


def addresses() -> list[str]:
    """The pages of the administration's menu by their address, the first one by none."""
    from dashboards import navigation
    from jarvis.tenancy import Scope, UserRole

    entries = navigation.offered(Scope(user_id=UUID(int=0), role=UserRole.SUPER_ADMIN, full_name="Bench"))
    return ["", *(entry.url_path for entry in entries[1:])]


def signed_in(settings: Settings) -> str:
    """The token of an open session of the administration."""
    token = hashlib.sha256(os.urandom(32)).hexdigest()
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        admin.execute(
            "insert into dashboard_sessions (token_hash, user_id, expires_at) "
            "select %s, id, now() + interval '1 day' from users where role = 'super_admin' order by id limit 1",
            [hashlib.sha256(token.encode()).digest()],
        )
    return token


async def alone(
    door: "Served", empty: "Served", pages: Sequence[str], *, visits: int, cookies: Mapping[str, str], postmaster: int
) -> dict[str, dict[str, Any]]:
    """What each page takes one person: times and processor time, and how many times those of the empty page."""
    found: dict[str, dict[str, Any]] = {}
    async with visitor(door.url, cookies=cookies) as person, visitor(empty.url, cookies={}) as nobody:
        await nobody.visit("")
        for page in pages:
            first = await person.visit(page)
            processors = (door.process_id, postmaster, empty.process_id)
            before = [family_cpu_seconds(one) for one in processors]
            times, floor = [], []
            for _ in range(visits):
                floor.append(await nobody.visit(""))
                times.append(await person.visit(page))
            spent = [family_cpu_seconds(one) - since for one, since in zip(processors, before, strict=True)]
            server, database, least = (_ms(seconds / visits) for seconds in spent)
            found[page] = {
                "server_ms": {"first": _ms(first), **spread(times)}, "empty_ms": spread(floor),
                "over_empty": round(median(times) / median(floor), 2),
                "cpu_ms": {"server": server, "database": database, "empty": least},
            }  # fmt: skip
    return found


def together_report(
    door: "Served", empty: "Served", pages: Sequence[str], *, users: int, cookies: Mapping[str, str]
) -> dict[str, Any]:
    """What people at once wait for a page, beside as many who ask as often for the empty one."""
    asked = asyncio.run(together(door.url, pages, users=users, cookies=cookies))
    floor = asyncio.run(together(empty.url, [""] * len(pages), users=users, cookies={}))
    return {"users": users, **asked, "empty": floor, "over_empty": round(asked["p50"] / floor["p50"], 2)}


async def together(url: str, pages: Sequence[str], *, users: int, cookies: Mapping[str, str]) -> dict[str, float]:
    """Milliseconds of a page for people who all ask at once, each for every page once, in an order of their own."""

    async def one(number: int) -> list[float]:
        order = [pages[(number + step) % len(pages)] for step in range(len(pages))]
        async with visitor(url, cookies=cookies) as person:
            return [await person.visit(page) for page in order]

    began = time.perf_counter()
    times = await asyncio.gather(*(one(number) for number in range(users)))
    seconds = time.perf_counter() - began
    return {
        **spread([each for person in times for each in person]),
        "pages_per_second": round(users * len(pages) / seconds, 1),
    }


def in_browser(report: dict[str, Any], door: str, empty: str, pages: Sequence[str], cookies: Mapping[str, str]) -> None:
    """Each page of the report knows how long a browser took, with an empty cache and again, and the empty page too."""
    if CHROMIUM is None:
        report["browser"] = "found no chromium: run make test-browser, which installs it"
        return
    from playwright.sync_api import Browser, sync_playwright

    def measured(browser: Browser, url: str) -> dict[str, float]:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        page.add_init_script(_WATCH)
        times = []
        for _ in range(3):
            page.goto(url, wait_until="commit")
            page.wait_for_function(_IS_STILL, timeout=120_000, polling=100)
            times.append(page.evaluate("window.lastChange"))
        context.close()
        return {"first": round(times[0]), "again": round(min(times[1:]))}

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for page in pages:
            floor, times = measured(browser, empty), measured(browser, f"{door}/{page}")
            report["pages"][page] |= {
                "browser_ms": times, "browser_empty_ms": floor,
                "browser_over_empty": round(times["again"] / floor["again"], 2),
            }  # fmt: skip
        browser.close()


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds in the middle and at 95 per cent."""
    ordered = sorted(seconds)
    return {"p50": _ms(median(ordered)), "p95": _ms(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))])}


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    url: str
    process_id: int


@contextmanager
def serving_dashboards(settings: Settings) -> Iterator[Served]:
    """Where `python -m dashboards` answers on the filled database."""
    port = free_port()
    environment = {
        "JARVIS_HOME": str(settings.home),
        "JARVIS_DASHBOARDS_PORT": str(port),
        "JARVIS_GATEWAY_PORT": str(free_port()),
        "JARVIS_SECRET_KEY": settings.secret_key,
        "JARVIS_DATABASE_URL_DASHBOARD": settings.database_url_for("dashboard"),
    }
    with _serving([sys.executable, "-m", "dashboards"], environment, port, path="/healthz") as served:
        yield served


@contextmanager
def serving_empty() -> Iterator[Served]:
    """Where an empty Streamlit page answers."""
    port = free_port()
    command = [sys.executable, "-m", "bench.support.empty_door", str(port)]
    with _serving(command, {}, port, path="/_stcore/health") as served:
        yield served


@contextmanager
def _serving(command: Sequence[str], environment: Mapping[str, str], port: int, *, path: str) -> Iterator[Served]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JARVIS_", "OPENAI_"))}
    process = subprocess.Popen(command, cwd=REPOSITORY, env={**kept, **environment}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, f"http://127.0.0.1:{port}{path}")
        yield Served(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(process: "subprocess.Popen[bytes]", url: str, *, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"{url} did not answer within {seconds:.0f} seconds, or its server ended: see what it printed")


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


if __name__ == "__main__":
    main()
