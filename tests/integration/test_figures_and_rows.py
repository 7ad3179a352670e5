"""A figure of « Aujourd'hui », « Analyses » or a kiosk, and the rows its link leads to: one number, for each login."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from dashboards import access, kiosk_file, kiosk_lines, today, trend_choices
from dashboards.kiosks import KioskView
from dashboards.periods import PERIODS
from dashboards.records import Records
from dashboards.tiles import Drill
from dashboards.trends import Look
from jarvis.tenancy import Scope, UserRole
from tests.conftest import Database
from tests.support.app_pages import MemoryRecords, run_page
from tests.support.built_marts import NOW

SPAN = PERIODS["4s"].span(today=NOW.date())
EVERYBODY = [UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER, UserRole.GYM_MANAGER, UserRole.GYM_STAFF]

LISTS = {"adherents": "members.listing", "conversations": "conversations.listing"}

# Why the rows behind these are not counted here.
NO_ROWS_OF_THEIR_OWN = {
    "visit_count": "leads to « Analyses », whose table has the marts' own days (test_trends_page.py)",
    "passages": "leads to who comes less, and counts visits",
    "heures": "leads to the members, and counts visits by the hour",
    "anciennete": "leads to the members, and counts shares by month",
    "satisfaction": "leads to the negative ones, and means an estimate",
    "sujets": "a conversation of two topics counts twice; each topic leads to its own",
}


def members_page() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import members

    members.page()


def conversations_page() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import conversations

    conversations.page()


@pytest.fixture
def rows_of(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Scope, Drill], int]:  # fmt: skip
    """How many rows the page behind a link lists: the page says what it asks for, the database what there is."""
    scripts = {"adherents": members_page, "conversations": conversations_page}

    def found(scope: Scope, drill: Drill) -> int:
        asked = MemoryRecords({})
        monkeypatch.setattr(access, "require", lambda *_, **__: scope)
        monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=asked))
        monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
        run_page(scripts[drill.url_path], **drill.query)
        values = asked.last(LISTS[drill.url_path]) | {"most": None}
        count = len(records.rows(scope, LISTS[drill.url_path], **values))
        if drill.url_path == "conversations":
            told = records.row(scope, "conversations.listing_count", **values)
            assert told == {"chosen_count": count}
        return count

    return found


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_tiles_of_today_count_the_rows_they_lead_to(
    records: Records, simulated: Database, scope_of: Callable[[UserRole], Scope],
    rows_of: Callable[[Scope, Drill], int], role: UserRole,
) -> None:  # fmt: skip
    """Active members, those at risk, conversations and the negative ones of seven days."""
    scope = scope_of(role)
    first, last = NOW.date() - timedelta(days=14), NOW.date() - timedelta(days=1)
    days = days_of(simulated, scope, first=first, last=last)
    tiles = today.week(days, records.row(scope, "marts_today.members", gym_id=None))
    counted = {tile.source[1]: tile for tile in tiles if tile.source[1] not in NO_ROWS_OF_THEIR_OWN}
    assert len(counted) == 4
    for name, tile in counted.items():
        assert tile.drill is not None
        assert (name, rows_of(scope, tile.drill)) == (name, tile.value)
    assert counted["active_member_count"].value


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_charts_of_trends_count_the_rows_they_lead_to(
    records: Records, scope_of: Callable[[UserRole], Scope], rows_of: Callable[[Scope, Drill], int],
    monkeypatch: pytest.MonkeyPatch, role: UserRole,
) -> None:  # fmt: skip
    """Each topic, the endings that went badly, every conversation that cost, and who may leave."""
    scope = scope_of(role)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    record = records.row(scope, "marts_trends.record", gym_id=None)
    look = Look(period=PERIODS["4s"], span=SPAN, record=record)
    parts = [trend_choices.answers(scope, look, part, gym_id=None) for part in trend_choices.PARTS]
    found = {trend.key: trend for part in parts for trend in part}
    members = records.row(scope, "marts_today.members", gym_id=None)
    assert members is not None
    figures: dict[str, float] = {
        "issues": total(found["issues"].rows, "unsolved_count") + total(found["issues"].rows, "abandoned_count"),
        "couts": total(found["couts"].rows, "session_count"),
        "departs": members["at_risk_member_count"],
    }
    assert figures.keys() | NO_ROWS_OF_THEIR_OWN.keys() >= found.keys()
    for key, figure in figures.items():
        drill = found[key].drill
        assert drill is not None
        assert (key, rows_of(scope, drill)) == (key, figure)
    topics = {row["topic"]: row["session_count"] for row in found["sujets"].rows}
    assert found["sujets"].picks
    for topic, drill in found["sujets"].picks.items():
        assert (topic, rows_of(scope, drill)) == (topic, topics[topic])
    assert figures["couts"] > 0


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_tiles_of_a_kiosk_count_the_rows_they_lead_to(
    records: Records, simulated: Database, scope_of: Callable[[UserRole], Scope], role: UserRole
) -> None:
    """Faults and signs of life of the marts' own days; whoever does not see the kiosk is given none."""
    scope = scope_of(role)
    seen = {row["id"] for row in records.rows(scope, "kiosks.wall", gym_id=None, kiosk_id=None)}
    counted = 0
    for kiosk_id, (timezone, days) in kiosk_days(simulated).items():
        one = cast("KioskView", SimpleNamespace(id=kiosk_id, timezone=timezone, slug="borne"))
        told = {tile.label: tile for tile in kiosk_file.days_tiles(days, one)}
        last = next(day for day in reversed(days) if day["median_network_ms"] is not None)
        expected = {
            "Disponibilité": len(days), "Défauts du micro": told["Défauts du micro"].value,
            "Défauts du lecteur": told["Défauts du lecteur"].value, "Réseau": last["heartbeat_count"],
        }  # fmt: skip
        for label, count in expected.items():
            drill = told[label].drill
            assert drill is not None
            lines = kiosk_lines.chosen(scope, records, one, days, name=drill.query[kiosk_lines.NAMED])
            assert lines is not None
            if label != "Disponibilité":
                # The days are those the page read, which is where the kiosk is seen or not.
                assert (label, len(lines.read(None))) == (label, count if kiosk_id in seen else 0)
            counted += count if kiosk_id in seen else 0
        heard = sum(day["heard_slot_count"] for day in days) / sum(day["due_slot_count"] for day in days)
        assert told["Disponibilité"].value == pytest.approx(100 * heard)
    assert counted > 0


def kiosk_days(simulated: Database) -> dict[UUID, tuple[str, list[dict[str, Any]]]]:
    """Kiosk to its gym's zone and its days in the mart, whatever the machine's own day is."""
    with simulated.admin() as admin:
        rows = admin.cursor(row_factory=dict_row).execute(
            "select daily.*, gyms.timezone from marts.fct_kiosk_daily as daily join gyms on gyms.id = daily.gym_id "
            "order by daily.kiosk_id, daily.local_date"
        ).fetchall()  # fmt: skip
    found: dict[UUID, tuple[str, list[dict[str, Any]]]] = {}
    for row in rows:
        found.setdefault(row["kiosk_id"], (row["timezone"], []))[1].append(row)
    return found


def days_of(simulated: Database, scope: Scope, *, first: date, last: date) -> list[dict[str, Any]]:
    """`marts_today.days` of the days of the simulation: the block itself looks back from the machine's own day."""
    columns = ("local_date", "visit_count", "session_count", "negative_session_count")
    with simulated.admin() as admin:
        found = admin.execute(
            "select local_date, sum(visit_count), sum(session_count), sum(negative_session_count) "
            "from marts.fct_gym_daily join gyms on gyms.id = gym_id "
            "where local_date between %(first)s and %(last)s and (%(gym)s::uuid is null or gym_id = %(gym)s) "
            "and (%(franchise)s::uuid is null or franchise_id = %(franchise)s) group by local_date order by local_date",
            {"first": first, "last": last, "gym": scope.gym_id, "franchise": scope.franchise_id},
        ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in found]


def total(rows: Any, column: str) -> float:
    """What a column of the period's rows adds up to; the table holds the period before as well."""
    return sum(row[column] or 0 for row in rows if row["first"] >= SPAN.first)
