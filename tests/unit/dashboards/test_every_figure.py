"""Every page, walked over rows in memory: each figure has its meaning, its age, the way to its rows, and its file.

A section is what stands under a heading. Where a section shows a figure (a tile, a chart, a table, a list of counts),
its question mark or « Que veulent dire ces chiffres ? » says what it counts, a link, a button or a clickable line leads
to the rows, and a CSV holds them; the page says of when they are. A new table that no walk reaches fails as
well. Each is walked over by who sees everything, a franchise's owner and a manager, and leads to pages of theirs only.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import streamlit as st
from prometheus_client import generate_latest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, HeadingBase

from dashboards import access, context, costs, navigation, tiles
from dashboards.gateway_watch import GatewayState, page_of
from jarvis.reports import ReadReport
from jarvis.tenancy import Permission, Scope, UserRole
from tests.support.app_pages import MemoryRecords
from tests.unit.dashboards import test_clients_pages as clients
from tests.unit.dashboards import test_conversations_pages as talks
from tests.unit.dashboards import test_incidents_page as incidents
from tests.unit.dashboards import test_journal_page as journal
from tests.unit.dashboards import test_kiosks_page as kiosks
from tests.unit.dashboards import test_members_pages as members
from tests.unit.dashboards import test_network_pages as network
from tests.unit.dashboards import test_people_pages as people
from tests.unit.dashboards import test_recommendations_page as reports
from tests.unit.dashboards import test_settings_page as settings
from tests.unit.dashboards import test_supervision_page as supervision
from tests.unit.dashboards import test_trends_page as trends
from tests.unit.dashboards.test_alerts_page import MemoryDesk, an_alert
from tests.unit.dashboards.test_rules import MODULES, PACKAGE
from voice_gateway.metrics import Metrics

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY, FIRST = NOW.date(), date(2026, 11, 1)
BUILT = NOW - timedelta(minutes=7)
DAX, PAU, SOMEBODY = UUID(int=1), UUID(int=2), UUID(int=70)

# What a section need not have, and why.
EXCEPTIONS = {
    ("supervision", "Supervision", "drill"): "how a part is: the sections below have the figures, with their rows",
    ("supervision", "L'API répond-elle assez vite ?", "drill"): "the gateway's meters: no rows are behind a histogram",
    ("supervision", "Quelles données sont en retard sur leur promesse ?", "drill"): "each line is an asset's own note",
    ("supervision", "Toutes les promesses (2)", "drill"): "as above",
    ("supervision", "Quelles requêtes dépassent 500 ms ?", "drill"): "the database counts the calls and keeps none",
    ("journal", "Journal", "drill"): "the trail itself: its lines are the rows",
    ("conversations", "L'humeur s'améliore-t-elle ?", "drill"): "the words below the chart are its rows",
    ("bornes", "Appareil et accès", "meaning"): "what the device is and who let it in; no figure",
    ("bornes", "Appareil et accès", "drill"): "as above",
    ("bornes", "Appareil et accès", "file"): "as above",
}  # fmt: skip

# Words that say of when a page's figures are.
AGES = re.compile(r"calculés? |à l[’']instant|En direct|arrêtés ")

# Lists of counts that are markup of our own.
COUNTS = re.compile(r'<(?:dl|table|ul) class="(j-counts|j-figures|j-pairs|j-signs)"')


# Calls that place a figure.
PLACING = ("st.dataframe", "st.metric", "charts.place", "charts.place_to_pick", "tiles.place")


@dataclass(frozen=True)
class Placed:
    """One element of a page, and the blocks it stands in."""

    element: Any
    inside: tuple[int, ...]

    @property
    def kind(self) -> str:
        """As Streamlit calls it."""
        return str(self.element.type)

    @property
    def key(self) -> str | None:
        """The one its page gave it."""
        return getattr(self.element, "key", None)

    @property
    def words(self) -> str:
        """What it says, of text and of markup."""
        return str(self.element.proto.body) if self.kind in ("markdown", "caption", "html") else ""

    @property
    def is_figure(self) -> bool:
        """A tile, a chart, a table, or a list of counts."""
        return self.kind in ("metric", "plotly_chart", "dataframe") or bool(COUNTS.search(self.words))

    def name(self, section: "Section") -> str:
        """What it is called in a list of holes: a tile by its words, anything else by its heading."""
        return str(self.element.label) if self.kind == "metric" else section.heading

    @property
    def leads(self) -> bool:
        """A link, a button that is no file, or buttons to choose one of."""
        return self.words.startswith("→") or self.kind in ("button", "button_group")

    def is_explained(self, section: "Section", meant: set[str]) -> bool:
        """Its own question mark or its heading's says what is counted; of a table, each column of numbers has one."""
        if self.kind == "metric":
            return bool(self.element.help)
        if self.kind != "dataframe":
            names = (r"<(?:dt|strong|th scope=\"row\")>(.+?)</", r"<th scope=\"col\">(?!Salle<)(.+?)</")
            named = [{unescape(one) for one in re.findall(name, self.words)} for name in names]
            return section.has_help or any(one and one <= meant for one in named)
        columns = json.loads(self.element.proto.columns)
        shown = set(self.element.proto.column_order) or set(self.element.value.columns)
        for name in self.element.value.select_dtypes("number").columns.intersection(list(shown)):
            column = columns.get(name, {})
            label = column if isinstance(column, str) else column.get("label") or name
            if label not in meant and not (isinstance(column, dict) and column.get("help")):
                return False
        return True

    def leads_on(self, section: "Section") -> bool:
        """A tile has its own link, or nothing to lead to; anything else can be clicked, or stands beside a way on."""
        if self.kind == "metric":
            beside = [one for one in section.elements if one.inside == self.inside and one.leads]
            return bool(beside) or self.element.value.strip("0 ") in ("", "–")
        return bool(self.kind == "dataframe" and self.element.proto.selection_mode) or any(
            one.leads for one in section.elements
        )


@dataclass
class Section:
    """What stands under one heading."""

    heading: str
    has_help: bool = False
    elements: list[Placed] = field(default_factory=list)


@dataclass
class Page:
    """A page that was run: its sections, and what each file held."""

    name: str
    url_path: str
    sections: list[Section]
    files: dict[str, int]
    """Key of each download button to the lines of its file, the heading's among them."""
    run: AppTest


@dataclass(frozen=True)
class Walk:
    """One way to open a page."""

    name: str
    url_path: str
    address: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


KIOSK = {"borne": str(kiosks.BORNE)}
WALKS = (
    *(Walk(entry.url_path, entry.url_path) for entry in navigation.ENTRIES),
    Walk("a member", "adherents", {"adherent": str(members.ZELDA)}),
    Walk("a member's visits", "adherents", {"adherent": str(members.ZELDA), "lignes": "visites"}),
    Walk("a conversation", "conversations", {"conversation": str(talks.TALK)}),
    Walk("trends of talks", "analyses", {"partie": "Conversations"}),
    Walk("trends of loyalty", "analyses", {"partie": "Fidélité"}),
    Walk("trends as tables", "analyses", state={"as-table-passages": True}),
    Walk("a report", "recommandations", {"rapport": str(reports.REPORT)}),
    Walk("an incident", "incidents", {"incident": str(incidents.FOUR)}),
    Walk("a kiosk", "bornes", KIOSK),
    *(
        Walk(f"a kiosk's {name}", "bornes", {**KIOSK, "lignes": name})
        for name in ("jours", "silences", "micro", "lecteur", "signes", "passages")
    ),
    Walk("lines of the voice", "couts", {"lignes": "voix"}),
    Walk("what is paid for", "couts", {"partie": "Ce qui est payé"}),
    Walk("lines of a part", "couts", {"partie": "Ce qui est payé"}, state={"cost-part": "audio"}),
    Walk("costs of gyms", "couts", {"partie": "Salles"}),
    Walk("dearest talks", "couts", {"partie": "Échanges"}),
    Walk("a franchise", "franchises", {"franchise": str(clients.LANDES)}),
    Walk("a gym", "salles", {"salle": str(clients.DAX)}),
    Walk("a person", "utilisateurs", {"personne": str(people.NOE)}),
    Walk("a colleague", "equipe", {"personne": str(people.NOE)}),
)  # fmt: skip

# What staff see is what their manager sees, without the buttons.
SCOPES = {
    scope.role: scope
    for scope in (
        Scope(user_id=SOMEBODY, role=UserRole.SUPER_ADMIN, full_name="Alix Admin"),
        Scope(
            user_id=SOMEBODY, role=UserRole.FRANCHISE_OWNER, full_name="Fanny Etcheverry", franchise_id=clients.LANDES,
            franchise_name="Landes Fitness",
        ),
        Scope(user_id=SOMEBODY, role=UserRole.GYM_MANAGER, full_name="Camille Durand", gym_id=DAX, gym_name="Dax"),
    )
}  # fmt: skip


def offered_to(scope: Scope) -> set[str]:
    """The pages of this person's menu; the administration's also that of teams, which is theirs under another name."""
    pages = {entry.url_path for entry in navigation.offered(scope)}
    return pages | ({"equipe"} if scope.role is UserRole.SUPER_ADMIN else set())


# Whoever sees most opens everything, and the others what their menu offers.
OPENED = [
    (role, walk) for role, scope in SCOPES.items() for walk in WALKS if walk.url_path in offered_to(scope)
]  # fmt: skip


class Frozen(datetime):
    """The same moment for every page."""

    @classmethod
    def now(cls, tz: Any = None) -> "datetime":  # type: ignore[override]
        return NOW


class Records(MemoryRecords):
    """Answers in memory; an id that is given finds that row alone."""

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        found = super().rows(scope, question, **values)
        assert question in self.answers, f"a page asks {question}: give the walk rows of it"
        return found


def answers() -> dict[str, Sequence[Mapping[str, object]]]:
    """Rows for every question that the pages ask."""
    days = [TODAY - timedelta(days=ago) for ago in range(90, 0, -1)]
    usual = [Decimal("1.00") if day != TODAY - timedelta(days=2) else Decimal("9.00") for day in days]
    look = trends.a_look()
    kiosk = kiosks.a_row(last_heartbeat_at=NOW, gym_id=DAX)
    beat = {
        "received_at": BUILT, "network_ms": 40, "microphone_ok": False, "reader_ok": False, "software_version": "1.4",
        "chosen_count": 1,
    }  # fmt: skip
    kiosk_day = {
        "local_date": TODAY, "availability_rate": 0.98, "heard_slot_count": 280, "due_slot_count": 288,
        "heartbeat_count": 1400, "microphone_fault_count": 1, "reader_fault_count": 2, "median_network_ms": 40.0,
        "built_at": BUILT, "kiosk_name": "Borne", "gym_name": "Dax",
    }  # fmt: skip
    return {
        "context.gyms": [],
        "marts_today.days": [
            {"local_date": TODAY - timedelta(days=ago), "visit_count": 9, "session_count": 3,
             "negative_session_count": 1, "built_at": BUILT} for ago in range(14, 0, -1)
        ],
        "marts_today.members": [{"active_member_count": 90, "at_risk_member_count": 4}],
        "members.listing": [members.a_member()], "members.member": [members.a_member()],
        "members.weeks": [{"week": TODAY - timedelta(weeks=ago), "visit_count": 2} for ago in range(26, 0, -1)],
        "members.visits": [{"visited_at": BUILT.replace(tzinfo=None), "source": "badge", "gym_name": "Dax"}],
        "members.timeline": [members.an_event("session", "negative", "Douche froide.", "unsolved")],
        "conversations.listing": [talks.a_talk()], "conversations.conversation": [talks.a_talk()],
        "conversations.turns": [
            talks.a_turn("member", "La douche est froide.", sentiment_label="negative", sentiment_score=-0.8),
            talks.a_turn("assistant", "Je préviens l'équipe.", answer_seconds=1.3),
            talks.a_turn("member", "Merci.", sentiment_label="positive", sentiment_score=0.6),
        ],
        "conversations.tool_calls": [],
        "alerts.alerts": [{
            "created_at": BUILT, "last_occurred_at": BUILT, "gym_name": "Dax", "alert_type": "churn_risk",
            "priority": "high", "status": "pending", "title": "À appeler", "first_name": "Zélda", "last_name": "Roux",
            "kiosk_name": None, "occurrence_count": 1, "assignee_name": None, "resolved_at": None, "outcome_code": None,
        }],
        "marts_trends.record": [{"first_date": trends.LONG_AGO, "comparable_date": trends.LONG_AGO, "built_at": BUILT}],
        "marts_trends.days": [*trends.days(look.span.before, 8), *trends.days(look.span, 9)],
        "marts_trends.topics": [trends.a_topic("crowding", 6, 5)],
        "marts_trends.hours": [{"weekday_number": 1, "local_hour": hour, "visit_count": 9} for hour in range(8, 20)],
        "marts_trends.endings": [
            trends.an_ending(9, 3, is_now=True, part=4), trends.an_ending(9, 3, is_now=True, part=None),
        ],
        "marts_trends.leavers": [trends.a_month(date(2026, month, 1), month) for month in range(4, 11)],
        "marts_trends.stays": [
            {"month_number": month, "member_count": 90, "retained_count": 90 - 9 * month} for month in range(3)
        ],
        "marts_trends.costs": [{"local_date": look.span.first, "cost_kind": "response", "cost_usd": Decimal("1.2")}],
        "recommendations.reports": [reports.a_row()],
        "recommendations.open_counts": [{"open_count": 2, "late_count": 1, "unfounded_count": 1}],
        "recommendations.action_items": [reports.an_item()], "recommendations.deliveries": [],
        "incidents.list": [incidents.an_incident()],
        "incidents.reports": [incidents.a_report(uuid4()), incidents.a_report(uuid4())],
        "kiosks.mark": [{"kiosk_count": 1, "digest": "x"}], "kiosks.wall": [kiosk],
        "kiosks.silences": [{"began_at": BUILT - timedelta(hours=2), "ended_at": BUILT}], "kiosks.parts": [],
        "kiosks.signs": [{"heartbeat_count": 60, "median_network_ms": 40.0, "spooled_count": 0}],
        "kiosks.incidents": [], "kiosks.history": [], "kiosks.device": [],
        "kiosks.beats": [beat],
        "kiosks.passages": [{"visited_at": BUILT, "source": "badge", "member_id": SOMEBODY, "chosen_count": 1}],
        "kiosks.conversations": [{
            "id": talks.TALK, "started_at": BUILT, "state": "closed", "close_reason": "idle", "duration_seconds": 60.0,
            "sentiment_label": "neutral", "outcome": "solved", "median_seconds": 1.2,
        }],
        "marts_kiosks.days": [kiosk_day], "marts_kiosks.export": [kiosk_day],
        "network.kiosk_setting_layers": [kiosks.LAYERS], "network.kiosk_access": [],
        "marts_network.months": [
            network.a_month(number, month, visit_count=400 + 50 * number + month.month)
            for number in (1, 2) for month in (date(2026, 9, 1), date(2026, 10, 1))
        ],
        "marts_costs.days": [
            {"gym_id": DAX, "dates": days, "costs_usd": usual, "voice_costs_usd": usual, "built_at": BUILT},
            {"gym_id": PAU, "dates": days[:-2], "costs_usd": usual[:-2], "voice_costs_usd": usual[:-2],
             "built_at": BUILT},
        ],
        "costs.gyms": [
            network.a_gym(gym_id=DAX, franchise_name="Landes Fitness"), network.a_gym(gym_id=PAU, gym_name="Pau"),
        ],
        "marts_costs.sessions": [
            {"gym_id": gym, "session_count": 40, "median_usd": 0.02, "high_usd": 0.08} for gym in (DAX, PAU, None)
        ],
        "marts_costs.members": [
            {"gym_id": gym, "cost_per_member_usd": Decimal("0.2"), "member_count": 90} for gym in (DAX, PAU)
        ],
        "marts_costs.parts": [
            {"kind": kind, "part": "audio" if kind == "part" else None, "model": "gpt-realtime-2.1-mini",
             "cost_usd": Decimal("30.00"), "token_count": 9000, "audio_seconds": Decimal("90.0")}
            for kind in ("part", "model")
        ],
        "marts_costs.ledger": [{
            "gym_id": DAX, "gym_name": "Dax", "local_date": TODAY - timedelta(days=2), "part": "audio",
            "model": "gpt-realtime-2.1-mini", "cost_usd": Decimal("9.00"), "token_count": 900,
            "audio_seconds": Decimal("9.0"), "chosen_count": 1, "chosen_usd": Decimal("9.00"),
        }],
        "marts_costs.dearest": [{
            "session_id": talks.TALK, "started_at": BUILT, "gym_name": "Dax", "timezone": "Europe/Paris",
            "duration_seconds": 65.0, "turn_count": 4, "close_reason": "idle", "voice_cost_usd": Decimal("0.04"),
            "analysis_cost_usd": Decimal("0.001"), "cost_usd": Decimal("0.041"),
        }],
        "clients.gyms": [clients.A_GYM], "clients.franchises": [clients.A_FRANCHISE],
        "marts_clients.costs": [{"gym_id": clients.DAX, "cost_usd": 1.5, "built_at": BUILT}],
        "team.people": [people.a_person()], "team.places": [{"id": DAX, "name": "Dax", "kind": "gym"}],
        "page_views.by_person": [{
            "user_id": SOMEBODY, "full_name": "Camille Durand", "email": "camille@salle.test", "role": "gym_manager",
            "gym_name": "Dax", "page": "alertes", "view_count": 4, "day_count": 2, "last_date": TODAY,
        }],
        "journal.entries": [journal.an_entry()],
        "supervision.state": [supervision.a_state()], "supervision.incidents": [],
        "supervision.waits": [{"answer_count": 9, "p50": 0.8, "p95": 1.4, "p99": 2.0}],
        "supervision.promises": [
            {"asset": "members", "as_of_at": BUILT, "promise_seconds": 900, "late_by_seconds": by, "is_late": by > 0}
            for by in (0, 60)
        ],
        "supervision.slow": [{
            "statement": "select 1", "login": "jarvis_dashboard", "call_count": 3, "mean_ms": 510.0, "max_ms": 900.0,
            "total_ms": 1530.0,
        }],
        "supervision.kiosks": [{
            "kiosk_id": kiosks.BORNE, "gym_name": "Dax", "kiosk_name": "Borne", "status": "online",
            "last_heartbeat_at": NOW, "software_version": "1.4",
        }],
        "marts_supervision.uptime": [{"kiosk_id": kiosks.BORNE, "availability_rate": 0.98}],
        "gym_settings.profile": [settings.PROFILE], "gym_settings.gym": [settings.GYM],
    }  # fmt: skip


def gateway() -> GatewayState:
    """One that serves and has answered once."""
    metrics = Metrics()
    metrics.http_answers.labels("GET", "/a", "2xx").inc()
    metrics.http_latency.labels("GET", "/a").observe(0.01)
    return GatewayState(
        is_alive=True, parts={"status": "ready", "upstream": "ok", "upstream_kind": "standin"},
        meters=page_of(generate_latest(metrics.registry).decode()),
    )  # fmt: skip


def door(records: MemoryRecords, *, role: UserRole) -> SimpleNamespace:
    """All that pages work with, in memory; a report of several gyms is read by who sees several."""
    weeks = [
        {"first": "2026-11-16", "last": f"2026-11-{day}", "visit_count": 80, "year_before": None}
        for day in ("08", "15", "22")
    ]
    figures = {"visit_count": 85, "session_count": 20, "negative_session_count": 7, "alert_opened_count": 8}
    kept = reports.a_report(
        metrics={
            **reports.a_report().metrics, "weeks": weeks,
            "gyms": [{"name": "Dax", "figures": figures, "at_risk_member_count": 6}]
            if SCOPES[role].may(Permission.CHOOSE_GYM)
            else [],
        }
    )  # fmt: skip
    return SimpleNamespace(
        records=records, alerts=MemoryDesk([an_alert()]), reports=reports.MemoryReports(ReadReport(kept, ())),
        gateway=SimpleNamespace(look=gateway), tells_operators=True, gateway_address="https://bornes.example.org",
        conversation_search=None, team=people.MemoryTeam(), invitations=None, clients=clients.MemoryClients(),
        negative_feedback_below=-0.5,
    )  # fmt: skip


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    import streamlit

    from dashboards import navigation

    walked = streamlit.session_state["walked"]
    next(entry for entry in navigation.ENTRIES if entry.url_path == walked).place()


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    """What stands in for the app, as long as the pages are walked over."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@pytest.fixture(scope="module")
def open_page(patched: pytest.MonkeyPatch, reached: set[tuple[str, int]]) -> Callable[..., Page]:
    """A page for somebody of a role; links are words, files are made at once, and who placed what is noted."""
    whose = [SCOPES[UserRole.SUPER_ADMIN]]
    opened = {role: door(Records(answers()), role=role) for role in SCOPES}
    files: dict[str, int] = {}
    place_button = st.download_button

    def link(url_path: str, label: str, query: Mapping[str, str] | None = None) -> None:
        assert url_path in offered_to(whose[0]), f"« {label} » leads to {url_path}, which {whose[0].role} may not open"
        st.markdown(f"→ {label}")

    def button(label: str, data: Any, **more: Any) -> bool:
        files[more["key"]] = 0 if more.get("disabled") or more["mime"] != "text/csv" else len(data().splitlines())
        return place_button(label, data, **more)

    def noted(place: Callable[..., Any]) -> Callable[..., Any]:
        def placed(*args: Any, **more: Any) -> Any:
            frame = sys._getframe(1)
            while frame is not None:
                if frame.f_code.co_filename.startswith(str(PACKAGE)):
                    reached.add((frame.f_code.co_filename, frame.f_lineno))
                frame = frame.f_back  # type: ignore[assignment]
            return place(*args, **more)

        return placed

    def require(permission: Permission, **_: object) -> Scope:
        assert whose[0].may(permission), (
            f"found {whose[0].role} without {permission}, expected the menu to leave it out"
        )
        return whose[0]

    patched.setattr(access, "require", require)
    patched.setattr(access, "current_scope", lambda **_: whose[0])
    patched.setattr(access, "door", lambda: opened[whose[0].role])
    patched.setattr(navigation, "link", link)
    patched.setattr(st, "download_button", button)
    for name in ("dataframe", "plotly_chart", "metric"):
        patched.setattr(st, name, noted(getattr(st, name)))
    for entry in navigation.ENTRIES:
        module = import_module(f"dashboards.app_pages.{entry.module}")
        if hasattr(module, "datetime"):
            patched.setattr(module, "datetime", Frozen)

    def run(walk: Walk, role: UserRole = UserRole.SUPER_ADMIN) -> Page:
        whose[0] = SCOPES[role]
        files.clear()
        page = AppTest.from_function(script, default_timeout=60)
        for name, value in walk.address.items():
            page.query_params[name] = value
        for name, value in {"walked": walk.url_path, **walk.state}.items():
            page.session_state[name] = value
        page.run()
        assert not page.exception, page.exception
        return Page(walk.name, walk.url_path, sections_of(page.main), dict(files), page)

    return run


@pytest.fixture(scope="module")
def reached() -> set[tuple[str, int]]:
    """File and line of whatever placed a figure, over all walks."""
    return set()


@pytest.fixture(scope="module")
def holes_of(open_page: Callable[..., Page]) -> Callable[..., list[tuple[str, str, str]]]:
    """What a page's figures lack; each page is walked over once a role, whichever test asks first."""
    found: dict[tuple[UserRole, str], list[tuple[str, str, str]]] = {}

    def of(walk: Walk, role: UserRole = UserRole.SUPER_ADMIN) -> list[tuple[str, str, str]]:
        if (role, walk.name) not in found:
            found[role, walk.name] = holes(open_page(walk, role))
        return found[role, walk.name]

    return of


def sections_of(block: Block) -> list[Section]:
    """What the page placed, by heading; a tab and an expander are sections of their own."""
    found = [Section("")]

    def walk(one: Block, section: Section, inside: tuple[int, ...]) -> Section:
        for child in one.children.values():
            if isinstance(child, HeadingBase):
                section = Section(child.value.replace("\u00a0", " "), bool(child.proto.help))
                found.append(section)
            elif not isinstance(child, Block):
                section.elements.append(Placed(child, inside))
            elif child.type in ("tab", "expander"):
                found.append(Section(child.label))  # type: ignore[attr-defined]
                walk(child, found[-1], (*inside, id(child)))
            else:
                section = walk(child, section, (*inside, id(child)))
        return section

    walk(block, found[0], ())
    return found


def holes(page: Page) -> list[tuple[str, str, str]]:
    """The page, the figure, and what it lacks."""
    every = [placed for section in page.sections for placed in section.elements]
    words = " ".join(placed.words for placed in every)
    meant = set(re.findall(r"\*\*(.+?)\*\* :", " ".join(one.words for one in every if one.kind == "markdown")))
    found = []
    for section in page.sections:
        figures = [placed for placed in section.elements if placed.is_figure]
        has_file = any(page.files.get(placed.key or "", 0) >= 2 for placed in section.elements)
        for figure in figures:
            if not figure.is_explained(section, meant):
                found.append((page.url_path, figure.name(section), "meaning"))
            if not figure.leads_on(section):
                found.append((page.url_path, figure.name(section), "drill"))
            if not has_file:
                found.append((page.url_path, figure.name(section), "file"))
        if figures and not AGES.search(words):
            found.append((page.url_path, section.heading, "age"))
    return found


@pytest.mark.parametrize(
    ("role", "walk"), OPENED, ids=lambda one: one.name if isinstance(one, Walk) else one.value
)  # fmt: skip
def test_a_figure_has_its_meaning_its_age_its_rows_and_its_file(
    holes_of: Callable[..., list[tuple[str, str, str]]], role: UserRole, walk: Walk
) -> None:  # fmt: skip
    """Whatever is missing, by figure, for whoever sees most and for those who see a part."""
    assert [hole for hole in holes_of(walk, role) if hole not in EXCEPTIONS] == []


def test_each_role_walks_over_its_whole_menu() -> None:
    """A page that a role is offered and that no walk opens is one nobody judged for them."""
    for role, scope in SCOPES.items():
        assert {entry.url_path for entry in navigation.offered(scope)} <= {
            walk.url_path for opener, walk in OPENED if opener is role
        }


def bare() -> None:
    """A page as it must not be, and beside it one as it should be; run as a script of its own."""
    import streamlit

    streamlit.title("Nue")
    streamlit.metric("Visites", 3)
    streamlit.dataframe([{"Coût": 3.5, "Salle": "Dax"}])
    streamlit.html('<dl class="j-counts"><div><dt>À traiter</dt><dd>3</dd></div></dl>')
    streamlit.subheader("Vêtue", help="Ce qui est compté.")
    streamlit.plotly_chart({"data": [{"type": "bar", "x": [1], "y": [2]}]})
    streamlit.markdown("→ Les lignes")


def test_the_walk_finds_every_hole() -> None:
    """The check above can fail: for a tile, a table, a list of counts and a chart."""
    run = AppTest.from_function(bare).run()
    found = holes(Page("bare", "nue", sections_of(run.main), {}, run))
    lacks = {(name, lack) for _, name, lack in found}
    assert lacks == {
        ("Visites", "meaning"), ("Visites", "drill"), ("Visites", "file"), ("Nue", "meaning"), ("Nue", "drill"),
        ("Nue", "file"), ("Nue", "age"), ("Vêtue", "file"), ("Vêtue", "age"),
    }  # fmt: skip
    assert [name for _, name, lack in found if lack == "meaning"] == ["Visites", "Nue", "Nue"]


@pytest.mark.parametrize(
    ("walk", "button", "leads"),
    [
        (Walk("", "couts"), "cost-dear-0", [DAX, ("conversations", {"du": "2026-11-21", "au": "2026-11-21"})]),
        (Walk("", "salles", {"salle": str(clients.DAX)}), "gym-adherents", [clients.DAX, ("adherents", {})]),
        (Walk("", "salles", {"salle": str(clients.DAX)}), "gym-bornes", [clients.DAX, ("bornes", {})]),
    ],
    ids=["an odd day", "a gym's members", "a gym's kiosks"],
)
def test_a_button_leads_into_the_gym_it_speaks_of(
    open_page: Callable[[Walk], Page], monkeypatch: pytest.MonkeyPatch, walk: Walk, button: str, leads: list[object]
) -> None:
    """The gym is chosen for the next page, which shows that day where the figure is of one."""
    went: list[object] = []
    monkeypatch.setattr(context, "enter", went.append)
    monkeypatch.setattr(navigation, "go", lambda path, query=None: went.append((path, dict(query or {}))))
    page = open_page(walk).run
    next(found for found in page.button if found.key == button).click().run()
    assert went == leads


def test_odd_days_lead_to_the_latest_of_them() -> None:
    """One day is that day; of several, the others lie between; none leads nowhere."""
    month = costs.month(FIRST, today=TODAY)

    def drill(*dear: date) -> tiles.Drill | None:
        return costs.tiles(month, {}, None, [], dear, member_count=90)[-1].drill

    first, last = date(2026, 11, 9), date(2026, 11, 21)
    assert drill() is None
    assert drill(last) == tiles.Drill(
        url_path="conversations", query={"du": "2026-11-21", "au": "2026-11-21"}, label="Voir ce jour"
    )
    assert (several := drill(last, first)) and (several.label, several.query["du"]) == ("Voir le dernier", "2026-11-21")


@pytest.mark.parametrize("lines", ["", "partout", "passages"])
def test_lines_that_nobody_may_see_are_not_read(
    open_page: Callable[[Walk], Page], monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    """A word that names none, and passages for whoever sees no members."""
    monkeypatch.setattr(Scope, "may", lambda _, permission: permission is not Permission.SEE_MEMBERS)
    page = open_page(Walk("", "bornes", {**KIOSK, "lignes": lines}))
    assert not page.run.exception
    assert "kiosk-lines-passages" not in {one.key for section in page.sections for one in section.elements}


def test_every_exception_is_still_one(holes_of: Callable[[Walk], list[tuple[str, str, str]]]) -> None:
    """What is listed above is a hole that a walk finds."""
    assert {hole for walk in WALKS for hole in holes_of(walk)} >= set(EXCEPTIONS)


def test_every_table_and_chart_was_walked_over(
    holes_of: Callable[[Walk], list[tuple[str, str, str]]], reached: set[tuple[str, int]]
) -> None:  # fmt: skip
    """A call that places a figure and that no walk reaches is a figure that nobody looked at."""
    for walk in WALKS:
        holes_of(walk)
    sites = {
        (str(path), node.lineno, node.end_lineno or node.lineno)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PLACING
    }
    assert len(sites) > 20
    missed = {
        f"{path.removeprefix(str(PACKAGE))}:{first}"
        for path, first, last in sites
        if not any(file == path and first <= line <= last for file, line in reached)
    }
    assert missed == set()
