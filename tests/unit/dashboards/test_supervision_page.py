"""« Supervision » on rows in memory and a gateway of our own: what is ill is told, a gateway away breaks nothing."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import streamlit as st
from prometheus_client import generate_latest
from streamlit.testing.v1 import AppTest

from dashboards import access, supervision, supervision_board, texts_fr
from dashboards.gateway_watch import GatewayState, GatewayWatch, page_of
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords
from voice_gateway.metrics import Metrics
from warehouse.embedded import free_port

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def a_state(**changes: object) -> dict[str, object]:
    return {
        "database_bytes": 50 * 2**20, "connection_count": 12,
        "most_connections": 200, "pipeline_seen_at": NOW - timedelta(minutes=4),
        "marts_built_at": NOW - timedelta(minutes=9), "waiting_count": 3, "oldest_waiting_at": NOW,
        "given_up_count": 0, "quality_ran_at": NOW, "unmet_expectation_count": 0, "retention_ran_at": NOW,
        "retention_error_count": 0, **changes,
    }  # fmt: skip


def well() -> GatewayState:
    return GatewayState(is_alive=True, parts={"status": "ready", "upstream": "ok", "upstream_kind": "standin"})


def ill(gateway: GatewayState, **changes: object) -> list[str]:
    """The parts that need a look."""
    return [sign.part for sign in supervision.signs(gateway, a_state(**changes), now=NOW) if sign.is_well is False]


def test_a_machine_that_is_well_shows_no_cross() -> None:
    """Every part has its sign."""
    assert ill(well()) == []
    assert supervision_board.signs_html(supervision.signs(well(), a_state(), now=NOW)).count("✓") == 8


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"pipeline_seen_at": NOW - timedelta(minutes=16)}, ["Pipeline"]),
        ({"pipeline_seen_at": None}, ["Pipeline"]),
        ({"marts_built_at": NOW - timedelta(hours=2)}, ["Chiffres"]),
        ({"oldest_waiting_at": NOW - timedelta(minutes=30)}, ["Analyses en attente"]),
        ({"given_up_count": 1}, ["Analyses en attente"]),
        ({"connection_count": 190}, ["Base de données"]),
        ({"unmet_expectation_count": 2}, ["Contrôles de qualité"]),
        ({"retention_error_count": 1}, ["Conservation"]),
        ({"quality_ran_at": NOW - timedelta(days=2)}, ["Contrôles de qualité"]),
        ({"retention_ran_at": NOW - timedelta(days=8)}, ["Conservation"]),
        ({"quality_ran_at": None, "retention_ran_at": None}, []),
    ],
)
def test_what_is_ill_is_told(changes: dict[str, object], parts: list[str]) -> None:
    """One part, and no other."""
    assert ill(well(), **changes) == parts


def test_work_whose_first_hour_has_not_come_is_neither_well_nor_ill() -> None:
    """A tick would say that somebody had looked."""
    state = a_state(quality_ran_at=None, retention_ran_at=None)
    found = {sign.part: sign.is_well for sign in supervision.signs(well(), state, now=NOW)}
    assert found["Contrôles de qualité"] is None
    assert found["Conservation"] is None
    assert supervision_board.signs_html(supervision.signs(well(), state, now=NOW)).count("✓") == 6


def test_every_sign_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that count something too: no French word is left."""
    monkeypatch.setitem(st.session_state, "language", "en")
    state = a_state(given_up_count=3, unmet_expectation_count=2)
    shown = supervision_board.signs_html(supervision.signs(well(), state, now=NOW))
    assert "3 given up" in shown and "2 not met" in shown and "12/200 connections" in shown and "\u00a0MB" in shown
    assert "stand-in for demonstrations" in shown
    assert supervision.span(3 * 86_400) == "3\u00a0d"


def test_a_gateway_that_is_away_takes_only_its_own_figures() -> None:
    """Nobody listens there: it is told within its patience, and the rest stands."""
    state = GatewayWatch(f"http://127.0.0.1:{free_port()}").look()
    assert not state.is_alive
    assert ill(state) == ["Passerelle", "Service vocal"]
    assert [line["count"] for line in supervision.voice_lines(state.meters, None)] == [0, 0]


class _Other(BaseHTTPRequestHandler):
    """Answers, and is no gateway."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_another_program_on_its_port_is_no_gateway() -> None:
    """Nonsense is not taken for health."""
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        state = GatewayWatch(f"http://127.0.0.1:{server.server_port}").look()
        server.shutdown()
    assert not state.is_alive


def test_routes_with_errors_come_first() -> None:
    """From the gateway's own meters: count, percentiles and errors by route."""
    metrics = Metrics()
    for route, status, seconds in (("/a", "2xx", 0.003), ("/a", "2xx", 0.004), ("/b", "2xx", 0.3), ("/c", "5xx", 0.01)):
        metrics.http_answers.labels("GET", route, status).inc()
        metrics.http_latency.labels("GET", route).observe(seconds)
    page = page_of(generate_latest(metrics.registry).decode())
    lines = supervision.route_lines(page)
    assert [(line["route"], line["answer_count"], line["error_count"]) for line in lines] == [
        ("GET /c", 1, 1), ("GET /b", 1, 0), ("GET /a", 2, 0),
    ]  # fmt: skip
    assert 2 < lines[2]["p50_ms"] <= 5
    assert 200 < lines[1]["p99_ms"] <= 500
    assert supervision.every_route(page)["error_share"] == 0.25


def test_an_address_that_is_no_route_is_named_and_counts_for_none() -> None:
    """Whoever guesses addresses is seen, and makes the API neither faster nor better than it is."""
    metrics = Metrics()
    for route, status, seconds in (("none", "4xx", 0.001), ("none", "4xx", 0.001), ("/b", "5xx", 0.3)):
        metrics.http_answers.labels("GET", route, status).inc()
        metrics.http_latency.labels("GET", route).observe(seconds)
    page = page_of(generate_latest(metrics.registry).decode())
    assert [line["route"] for line in supervision.route_lines(page)] == ["GET /b", "GET Adresse inconnue"]
    every = supervision.every_route(page)
    assert (every["answer_count"], every["error_share"]) == (1, 1.0)
    assert every["p50_ms"] > 200


def test_the_page_says_which_gateway_it_asked() -> None:
    """Of several, one is asked: the one on this machine."""
    port = free_port()
    state = GatewayWatch(f"http://127.0.0.1:{port}").look()
    assert supervision.signs(state, a_state(), now=NOW)[0].more == f"127.0.0.1:{port}, sur cette machine"


@pytest.mark.parametrize(
    ("status", "minutes", "is_heard"),
    [("online", 1, True), ("online", 10, False), ("offline", None, False), ("offline", 1, False),
     ("maintenance", 99, None)],
)  # fmt: skip
def test_a_kiosk_is_up_while_it_is_heard(status: str, minutes: int | None, is_heard: bool | None) -> None:
    """As « Bornes » says it: silent from the tenth minute on, and what is put away is neither up nor down."""
    heard_at = None if minutes is None else NOW - timedelta(minutes=minutes)
    kiosk = {"kiosk_id": UUID(int=3), "status": status, "last_heartbeat_at": heard_at}
    [line] = supervision.kiosk_lines([kiosk], [{"kiosk_id": UUID(int=3), "availability_rate": 0.98}], now=NOW)
    assert (line["is_heard"], line["availability_rate"]) == (is_heard, 0.98)
    # What it last said of itself is not its state once it is silent.
    assert line["status"] == ("offline" if is_heard is False else kiosk["status"])


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.admin import supervision

    supervision.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords(
        {
            "supervision.state": [a_state()],
            "supervision.incidents": [
                {"summary": "Run *failed*", "first_at": NOW, "occurrence_count": 2, "ended_at": None}
            ],
            "supervision.promises": [
                {"asset": "marts/fct_sessions", "as_of_at": NOW, "promise_seconds": 3600, "late_by_seconds": 7300,
                 "is_late": True}
            ],
            "supervision.slow": [],
            "supervision.kiosks": [
                {"kiosk_id": uuid4(), "kiosk_name": "Borne 1", "gym_name": "Dax", "status": "online",
                 "last_heartbeat_at": NOW, "software_version": "0.1.0"}
            ],
        }
    )  # fmt: skip


@pytest.fixture
def page(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for the administration, with no gateway, not run yet."""
    scope = Scope(user_id=uuid4(), role=UserRole.SUPER_ADMIN, full_name="Alix Admin")
    monkeypatch.setattr(access, "current_scope", lambda **_: scope)
    door = SimpleNamespace(
        records=records, gateway=GatewayWatch(f"http://127.0.0.1:{free_port()}"), tells_operators=True
    )
    monkeypatch.setattr(access, "door", lambda: door)
    yield AppTest.from_function(script, default_timeout=20)


def test_the_page_stands_without_a_gateway(page: AppTest) -> None:
    """It says that the gateway is away, and shows incidents, promises and kiosks all the same."""
    page.run()
    assert not page.exception
    assert [found.value for found in page.warning] == [
        "La passerelle ne répond pas : ses mesures manquent ici, et les bornes ne peuvent pas parler."
    ]
    assert r"Run \*failed\*" in page.error[0].value
    frames = {frame.value.columns[0]: frame.value for frame in page.dataframe}
    assert frames["asset"].loc[0, "asset"] == "marts/fct_sessions"
    assert frames["gym_name"].loc[0, "status"] == "Hors ligne"
    [kiosks] = [frame for frame in page.dataframe if frame.value.columns[0] == "gym_name"]
    assert json.loads(kiosks.proto.columns)["last_heartbeat_at"]["type_config"]["timezone"] == "Europe/Paris"


def test_the_page_says_that_nobody_is_told_and_how_to_mend_it(page: AppTest) -> None:
    """Without a mail server or a recipient the watch does not run: the first sentence of the page."""
    access.door().tells_operators = False  # type: ignore[misc]
    page.run()
    assert page.warning[0].value == texts_fr.NOBODY_TOLD
    assert all(name in texts_fr.NOBODY_TOLD for name in ("JARVIS_SMTP_URL", "JARVIS_OPERATORS_MAIL"))


def test_every_figure_of_the_board_is_defined(page: AppTest) -> None:
    """Its own sentences and dbt's, folded away; and of when it was read."""
    page.run()
    said = " ".join(found.value for found in page.markdown)
    assert all(f"**{heading}** : " in said for heading in (*supervision_board._DEFINED, *supervision_board._OURS))
    assert any(found.value.startswith("Lu à l’instant : ") for found in page.caption)


@pytest.mark.parametrize("role", [UserRole.FRANCHISE_OWNER, UserRole.GYM_MANAGER, UserRole.GYM_STAFF, UserRole.ANALYST])
def test_the_machine_is_the_administrations(page: AppTest, monkeypatch: pytest.MonkeyPatch, role: UserRole) -> None:
    """Anybody else reads that the page is not theirs."""
    scope = Scope(user_id=uuid4(), role=role, full_name="Camille Durand")
    monkeypatch.setattr(access, "current_scope", lambda **_: scope)
    page.run()
    assert [found.value for found in page.info] == [texts_fr.NO_PAGE]
    assert not page.dataframe
