"""How the machine does, as « Supervision » shows it: meters and rows in, lines out. No Streamlit, no query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards import formats
from dashboards.gateway_watch import GatewayState
from dashboards.kiosks import is_heard
from dashboards.language import say
from dashboards.records import Row
from jarvis.freshness import BUILT_BY_DBT
from jarvis.meters import NO_ROUTE, Histogram, Page

# The pipeline notes every five minutes; three of them missed is silence.
PIPELINE_IS_SILENT_AFTER = timedelta(minutes=15)

# Checks of quality run every night, retention on Sundays; an hour more is late.
QUALITY_IS_LATE_AFTER = timedelta(days=1, hours=1)
RETENTION_IS_LATE_AFTER = timedelta(days=7, hours=1)

BUSY_SHARE = 0.8

_UPSTREAMS: Mapping[str, str] = {"ok": "joignable", "unreachable": "injoignable"}
_KINDS: Mapping[str, str] = {"standin": "doublure de démonstration", "openai": "OpenAI"}
_HTTP, _ANSWERS = "jarvis_gateway_http_seconds", "jarvis_gateway_http_answers_total"
PERCENTILES: Mapping[str, float] = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


@dataclass(frozen=True, slots=True)
class Sign:
    """How one part of the machine is."""

    part: str
    is_well: bool | None
    """None for work whose first hour has not come."""
    words: str
    more: str = ""


def route_lines(meters: Page) -> list[dict[str, Any]]:
    """One line for each method and route that was asked: how often, how long, and how many answers were errors.

    Args:
        meters: the gateway's, since it started.
    """
    found = []
    for route in meters.values(_ANSWERS, "route"):
        for method in meters.values(_ANSWERS, "method"):
            count = meters.total(_ANSWERS, route=route, method=method)
            if not count:
                continue
            failed = meters.total(_ANSWERS, route=route, method=method, status="5xx")
            found.append(
                {
                    "route": f"{method} {say('Adresse inconnue') if route == NO_ROUTE else route}",
                    "answer_count": int(count), "error_count": int(failed),
                    "error_share": failed / count,
                    "refused_count": int(meters.total(_ANSWERS, route=route, method=method, status="4xx")),
                    **percentiles(meters.histogram(_HTTP, route=route, method=method)),
                }
            )  # fmt: skip
    return sorted(found, key=lambda line: (-line["error_count"], -(line["p95_ms"] or 0.0), line["route"]))


def every_route(meters: Page) -> dict[str, Any]:
    """All routes together, without addresses that are none: a guess is refused in no time, and is no work of ours."""
    meters = meters.leaving_out("route", NO_ROUTE)
    count = meters.total(_ANSWERS)
    failed = meters.total(_ANSWERS, status="5xx")
    return {
        "answer_count": int(count), "error_share": failed / count if count else None,
        **percentiles(meters.histogram(_HTTP)),
    }  # fmt: skip


def voice_lines(meters: Page, waits: Row | None) -> list[dict[str, Any]]:
    """How long the voice takes: dialling and the first sound since the gateway started, the answers of a week."""
    lines = [
        {"what": "Connexion au service vocal", "since": "Depuis le démarrage de la passerelle",
         **_timed(meters.histogram("jarvis_gateway_upstream_connect_seconds"))},
        {"what": "Premier son de la réponse", "since": "Depuis le démarrage de la passerelle",
         **_timed(meters.histogram("jarvis_gateway_answer_latency_seconds"))},
    ]  # fmt: skip
    if waits is not None:
        week = {name: None if waits[name[:3]] is None else 1000 * waits[name[:3]] for name in PERCENTILES}
        lines.append(
            {"what": "Attente d'une réponse", "since": "Sept derniers jours, toutes les conversations",
             "count": waits["answer_count"], **week}
        )  # fmt: skip
    return lines


def promise_line(row: Row, *, now: datetime) -> dict[str, str]:
    """How old an asset is and may be, in words."""
    return {
        "asset": row["asset"],
        "as_of": say("jamais construit") if row["as_of_at"] is None else formats.age(row["as_of_at"], now=now),
        "promise": span(row["promise_seconds"]),
        "late": span(row["late_by_seconds"]) if row["is_late"] else "",
    }


def span(seconds: float) -> str:
    """So long, in the one unit that matters."""
    if seconds < 7200:
        return f"{round(seconds / 60)}\u00a0min"
    if seconds < 172_800:
        return f"{round(seconds / 3600)}\u00a0h"
    return say("{count}\u00a0j").format(count=round(seconds / 86_400))


def percentiles(of: Histogram) -> dict[str, float | None]:
    """Milliseconds at each percentile."""
    return {name: None if (seconds := of.percentile(share)) is None else 1000 * seconds
            for name, share in PERCENTILES.items()}  # fmt: skip


def kiosk_lines(kiosks: Sequence[Row], uptime: Sequence[Row], *, now: datetime) -> list[dict[str, Any]]:
    """One line a kiosk, those not heard first: is it heard now, and how much of the last week it was."""
    shares = {row["kiosk_id"]: row["availability_rate"] for row in uptime}
    lines = []
    for kiosk in kiosks:
        heard = is_heard(kiosk, now=now)
        # What it last said of itself counts for nothing once it is silent: « Bornes » says so too.
        status = "offline" if heard is False else kiosk["status"]
        rate = shares.get(kiosk["kiosk_id"])
        lines.append({**kiosk, "status": status, "is_heard": heard, "availability_rate": rate})
    return sorted(lines, key=lambda line: line["is_heard"] is not False)


def signs(gateway: GatewayState, state: Row, *, now: datetime) -> list[Sign]:
    """The parts of the machine, each well or not; the words that hold no figure are in French."""
    seen, built = state["pipeline_seen_at"], state["marts_built_at"]
    is_seen = seen is not None and now - seen <= PIPELINE_IS_SILENT_AFTER
    return [
        Sign(
            "Passerelle", gateway.is_ready,
            "en service" if gateway.is_ready else "répond, mais ne peut pas servir" if gateway.is_alive
            else "ne répond pas",
            say("{address}, sur cette machine").format(address=gateway.address) if gateway.address else "",
        ),
        Sign(
            "Service vocal", gateway.parts.get("upstream") == "ok",
            _UPSTREAMS.get(gateway.parts.get("upstream", ""), "inconnu sans la passerelle"),
            _KINDS.get(gateway.parts.get("upstream_kind", ""), ""),
        ),
        Sign(
            "Pipeline", is_seen,
            "jamais vu" if seen is None else "signe de vie" if is_seen else "muet, dernier signe",
            "" if seen is None else formats.age(seen, now=now),
        ),
        Sign(
            "Chiffres", built is not None and now - built <= BUILT_BY_DBT,
            "jamais calculés" if built is None else "calculés", "" if built is None else formats.age(built, now=now),
        ),
        Sign(
            "Analyses en attente", not _is_stuck(state, now=now) and not state["given_up_count"],
            formats.number(state["waiting_count"]),
            _counted("{count} abandonnées", state["given_up_count"]) if state["given_up_count"] else "",
        ),
        Sign(
            "Base de données", state["connection_count"] < BUSY_SHARE * state["most_connections"],
            _counted("{count}\u00a0Mo", state["database_bytes"] / 2**20),
            say("{count} connexions").format(count=f"{state['connection_count']}/{state['most_connections']}"),
        ),
        Sign(
            "Contrôles de qualité",
            _is_done(state["quality_ran_at"], state["unmet_expectation_count"], QUALITY_IS_LATE_AFTER, now=now),
            "jamais faits" if state["quality_ran_at"] is None
            else _counted("{count} non tenus", state["unmet_expectation_count"]),
            "" if state["quality_ran_at"] is None else formats.age(state["quality_ran_at"], now=now),
        ),
        Sign(
            "Conservation",
            _is_done(state["retention_ran_at"], state["retention_error_count"], RETENTION_IS_LATE_AFTER, now=now),
            "jamais passée" if state["retention_ran_at"] is None else "passée",
            "" if state["retention_ran_at"] is None else formats.age(state["retention_ran_at"], now=now),
        ),
    ]  # fmt: skip


def _counted(french: str, count: float) -> str:
    return say(french).format(count=formats.number(count))


def _is_done(ran_at: datetime | None, failed: int, late_after: timedelta, *, now: datetime) -> bool | None:
    return None if ran_at is None else not failed and now - ran_at <= late_after


def _is_stuck(state: Row, *, now: datetime) -> bool:
    oldest = state["oldest_waiting_at"]
    return oldest is not None and now - oldest > timedelta(minutes=20)


def _timed(of: Histogram) -> dict[str, Any]:
    return {"count": of.count, **percentiles(of)}
