"""One definition per metric: what pages, reports, alerts, the API and plain SQL tell is what MetricFlow counts.

The definitions are `dbt_project/models/marts/_marts__metrics.yml`; each number is compared to its last digit.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from dagster import ExecuteInProcessResult
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from dashboards import today
from dashboards.definitions import definition
from dashboards.network import MEASURES
from dashboards.records import QUERIES
from jarvis.cli import main
from jarvis.reports import Figures, Period, ReportKind
from orchestration.metrics import MetricRefused, defined, statement
from tests.conftest import REPOSITORY, Database
from warehouse.connection import as_user
from warehouse.sql import queries, read_blocks
from warehouse.stores import kpis, reports

# Activity lies before, within and after it, so that both of its ends matter.
SINCE, UNTIL = date(2026, 11, 14), date(2026, 11, 19)
PERIOD = {"since": SINCE, "until": UNTIL}

# What the pages take as today; their statements ask the database's clock.
TODAY = date(2026, 11, 22)

# From the tables that the gateway, the front desk and the pipeline write, past every mart.
RAW: Mapping[str, LiteralString] = {
    "active_member_count": "select count(*) from gym_members_v2 where gym_id = %(gym)s and is_active",
    "at_risk_member_count": """
        select count(*) from gym_members_v2 as members inner join member_analytics as analytics
            on analytics.member_id = members.id
        where members.gym_id = %(gym)s and is_active and churn_risk_level in ('high', 'critical')
            and churn_held_back_reason is null""",
    "at_risk_member_rate": """
        select (count(*) filter (
            where churn_risk_level in ('high', 'critical') and churn_held_back_reason is null))::float8 / count(*)
        from gym_members_v2 as members left join member_analytics as analytics on analytics.member_id = members.id
        where members.gym_id = %(gym)s and is_active""",
    "visit_count": """
        select count(*) from member_visits as visits inner join gyms on visits.gym_id = gyms.id
        where gyms.id = %(gym)s and (visited_at at time zone timezone)::date between %(since)s and %(until)s""",
    "session_count": "select count(*) from talks",
    "session_minutes": """
        select sum(minutes) from (
            select round(sum(extract(epoch from ended_at - started_at)::numeric(10, 3)) / 60, 2) as minutes
            from talks group by local_date
        ) as days""",
    "analysed_session_count": "select count(sentiment_score) from talks",
    "mean_sentiment_score": "select avg(sentiment_score) from talks",
    "negative_session_count": "select count(*) from talks where sentiment_label = 'negative'",
    "positive_session_count": "select count(*) from talks where sentiment_label = 'positive'",
    "negative_session_rate": """
        select (count(*) filter (where sentiment_label = 'negative'))::float8 / count(sentiment_score) from talks""",
    "unconsented_session_count": "select count(*) from talks where not has_analysis_consent",
    "estimated_session_count": "select count(satisfaction) from talks",
    "mean_satisfaction": "select avg(satisfaction) from talks",
    "unfounded_session_count": "select count(*) from talks where unfounded > 0",
    "judged_label_count": """
        select count(distinct (session_id, turn_id, field, engine, engine_version)) from label_corrections
        where gym_id = %(gym)s and corrected_at >= '2026-11-01' and corrected_at < '2026-12-01'""",
    "agreed_label_count": "select count(*) filter (where is_agreed) from label_corrections where gym_id = %(gym)s",
    "agreement_rate": "select avg(is_agreed::integer)::float8 from label_corrections where gym_id = %(gym)s",
    "cost_usd": "select sum(voice_usd + analysis_usd) from talks",
    "voice_cost_usd": "select sum(voice_usd) from talks",
    "cost_per_session_usd": "select sum(voice_usd + analysis_usd)::float8 / count(*) from talks",
    "alert_opened_count": "select count(*) from opened",
    "open_alert_count": "select count(*) from opened where status in ('pending', 'in_progress')",
    "median_minutes_to_first_move": """
        select percentile_cont(0.5) within group (
            order by (extract(epoch from moves.first_at - opened.created_at) / 60)::numeric(12, 1)
        )
        from opened inner join (
            select subject_id, min(occurred_at) as first_at from audit_log where action <> 'alert_edited' group by 1
        ) as moves on moves.subject_id = opened.id::text""",
}

# What no table holds but a mart: these are unit-tested in dbt, on rows that one can add up by hand.
FROM_A_MART: Mapping[str, LiteralString] = {
    "left_member_count": "select sum(left_count) from settled",
    "starting_member_count": "select sum(member_count) from settled",
    "churn_rate": "select sum(left_count)::float8 / sum(member_count) from settled",
    "heard_slot_count": "select sum(heard_slot_count) from kiosk_days",
    "due_slot_count": "select sum(due_slot_count) from kiosk_days",
    "kiosk_availability_rate": "select sum(heard_slot_count)::float8 / sum(due_slot_count) from kiosk_days",
}

VIEWS: LiteralString = """
    with talks as materialized (
        select
            sessions.*, (started_at at time zone timezone)::date as local_date, summaries.sentiment_score,
            summaries.sentiment_label, summaries.satisfaction,
            (select count(*) from jsonb_object_keys(summaries.unfounded_claims)) as unfounded,
            coalesce((select sum(cost_usd) from realtime_usage as usage where usage.session_id = sessions.id), 0)
                as voice_usd,
            coalesce(summaries.cost_usd, 0) as analysis_usd
        from openai_realtime_sessions as sessions
        inner join gyms on sessions.gym_id = gyms.id
        left join conversation_summaries as summaries on summaries.session_id = sessions.id
        where gyms.id = %(gym)s and sessions.state = 'closed'
            and (started_at at time zone timezone)::date between %(since)s and %(until)s
    ),
    opened as (
        select alerts.* from manager_alerts as alerts inner join gyms on alerts.gym_id = gyms.id
        where gyms.id = %(gym)s and (alerts.created_at at time zone timezone)::date between %(since)s and %(until)s
    ),
    settled as (select * from marts.fct_churn_monthly where gym_id = %(gym)s and is_settled),
    kiosk_days as (select * from marts.fct_kiosk_daily where gym_id = %(gym)s)
"""

# Whole months for what is counted by month, the newest state for what has no period, and all days of the kiosks.
MONTH = {"since": date(2026, 11, 1), "until": UNTIL}
ALWAYS: Mapping[str, date] = {}
PERIOD_OF: Mapping[str, Mapping[str, date]] = {
    **dict.fromkeys(("judged_label_count", "agreed_label_count", "agreement_rate"), MONTH),
    **dict.fromkeys(("active_member_count", "at_risk_member_count", "at_risk_member_rate", *FROM_A_MART), ALWAYS),
}


def same(found: Mapping[str, Any]) -> dict[str, Any]:
    """To the last digit for a sum or a count; a share or a mean without the digits in which the engines differ."""
    return {
        name: round(float(value), 12) if isinstance(value, float) or "rate" in name or "mean" in name else value
        for name, value in found.items()
        if value is not None
    }


def measured(
    database: Database, names: Sequence[str], *, by: Sequence[str] = ("gym",), person: object = None, **period: date
) -> dict[Any, dict[str, Any]]:
    """The metrics as MetricFlow counts them, by gym; as a person who signs in, or as the pipeline."""
    sql = statement(database.settings, names, by=by, **period).encode()
    with (
        database.connect("dashboard" if person else "pipeline") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        if person is None:
            rows = cursor.execute(sql).fetchall()
        else:
            with as_user(connection, person):  # type: ignore[arg-type]
                rows = cursor.execute(sql).fetchall()
    return {row.get("gym"): {name: row[name] for name in names} for row in rows}


def people(database: Database) -> dict[str, Any]:
    """One person a role, those of Dax where the role has a gym."""
    with database.admin() as admin:
        return dict(
            admin.execute(
                "select users.role, users.id from public.users left join public.gyms "
                "on gyms.id = users.gym_id or gyms.franchise_id = users.franchise_id "
                "where users.role in ('gym_manager', 'franchise_owner', 'super_admin') "
                "and coalesce(gyms.city, 'Dax') = 'Dax'"
            ).fetchall()
        )


@pytest.fixture(scope="module")
def network(simulated: Database, built: ExecuteInProcessResult) -> Database:
    """The built marts."""
    assert built.success
    return simulated


@pytest.fixture(scope="module")
def gyms(network: Database) -> list[Any]:
    """Every gym's id."""
    with network.admin() as admin:
        return [row[0] for row in admin.execute("select id from public.gyms order by slug")]


def test_every_metric_is_compared_here(network: Database) -> None:
    """A metric that is added is counted by hand, too."""
    assert set(defined(network.settings)) == {*RAW, *FROM_A_MART}


@pytest.mark.parametrize("name", [*RAW, *FROM_A_MART])
def test_a_metric_is_what_plain_sql_counts(network: Database, gyms: list[Any], name: str) -> None:
    """From the raw tables, gym by gym; and in no gym of the network is every one of them nothing."""
    period = PERIOD_OF.get(name, PERIOD)
    found = measured(network, [name], **period)
    with network.admin() as admin:
        direct = {
            gym: {name: admin.execute(VIEWS + {**RAW, **FROM_A_MART}[name], {**PERIOD, "gym": gym}).fetchall()[0][0]}
            for gym in gyms
        }
    assert {gym: same(found.get(gym, {})) for gym in gyms} == {
        gym: {name: value for name, value in same(one).items() if value or gym in found} for gym, one in direct.items()
    }
    if name != "unfounded_session_count" and not ("slot" in name or "kiosk" in name):
        assert any(one[name] for one in direct.values())


@pytest.mark.parametrize(("role", "count"), {"gym_manager": 1, "franchise_owner": 2, "super_admin": 4}.items())
def test_the_key_figures_are_the_metrics(network: Database, role: str, count: int) -> None:
    """What `/api/dashboard/kpis` reads, gym by gym, as each person; every figure of it is a metric."""
    person = people(network)[role]

    async def key_figures() -> Sequence[dict[str, Any]]:
        async with await AsyncConnection.connect(network.url_for("dashboard"), row_factory=dict_row) as connection:
            await connection.execute("select set_config('app.user_id', %s, true)", [str(person)])
            return await kpis.by_gym(connection, since=SINCE, until=UNTIL, gym_id=None)

    told = {row.pop("gym_id"): row for row in asyncio.run(key_figures())}
    assert len(told) == count
    names = [name for name in next(iter(told.values())) if name not in ("gym_name", "built_at")]
    assert set(names) <= set(defined(network.settings))
    for name in names:
        found = measured(network, [name], person=person, **PERIOD_OF.get(name, PERIOD))
        assert set(found) <= set(told)
        for gym, row in told.items():
            counted = found.get(gym, {name: None})[name]
            assert float(row[name] or 0) == pytest.approx(float(counted or 0), abs=1e-12), (name, gym)


def test_the_tiles_are_the_metrics(network: Database, gyms: list[Any]) -> None:
    """« Aujourd'hui » of each gym and of all: seven days and the seven before, and the members of now."""
    root = people(network)["super_admin"]
    blocks = read_blocks(QUERIES / "marts_today.sql")
    for gym in (*gyms, None):
        with (
            network.connect("dashboard") as connection,
            as_user(connection, root),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            days = cursor.execute(at_today(blocks["days"]), {"gym_id": gym}).fetchall()
            members = cursor.execute(blocks["members"], {"gym_id": gym}).fetchone()
        tiles = today.week(days, members)
        by: Sequence[str] = () if gym is None else ("gym",)
        for tile in tiles:
            assert tile.source[0] == "metric"
            name = tile.source[1]
            is_of_now = name in ("active_member_count", "at_risk_member_count")
            spans = [{}] if is_of_now else [days_before_today(7, 1), days_before_today(14, 8)]
            counted = [measured(network, [name], by=by, **span).get(gym, {}).get(name) or 0 for span in spans]
            assert [tile.value, tile.before or 0][: len(counted)] == [float(one) for one in counted], (name, gym)
            assert gym is not None or counted[0] > 0
            assert definition(*tile.source) == defined(network.settings)[name]


def test_gyms_side_by_side_are_the_metrics(network: Database) -> None:
    """« Réseau » of each gym and month: its shares and costs; none where what it is reckoned from is one to four."""
    block = read_blocks(QUERIES / "marts_network.sql")["months"].encode()
    # The page's figure, what it is of the metric's, and the metric of which one to four are not told.
    told_as = {
        "negative": ("negative_session_rate", 100, "negative_session_count"),
        "cost": ("cost_per_session_usd", 1, "session_count"),
    }
    with network.connect("pipeline") as pipeline, pipeline.cursor(row_factory=dict_row) as cursor:
        first = date(2026, 11, 1)
        rows = cursor.execute(block, {"since": first, "before": first, "until": date(2026, 11, 30)}).fetchall()
    november = {"since": date(2026, 11, 1), "until": date(2026, 11, 30)}
    asked = [metric for name, _, count in told_as.values() for metric in (name, count)]
    counted = measured(network, asked, **november)
    for row in rows:
        for key, (name, times, count) in told_as.items():
            measure = MEASURES[key]
            assert (measure.source, definition(*measure.source)) == (("metric", name), defined(network.settings)[name])
            of_gym = counted[row["gym_id"]]
            expected = None if 1 <= of_gym[count] <= 4 else pytest.approx(times * float(of_gym[name]), abs=1e-9)
            assert measure.of(row) == expected, (name, row["gym_id"])
        assert float(row["session_count"]) > row["analysed_session_count"] > 0
    assert len(rows) == len(counted) == 4


def at_today(block: str) -> bytes:
    """The page's own statement, on the simulated network's last day."""
    return re.sub(r"\bcurrent_date\b", f"date '{TODAY}'", block).encode()


def days_before_today(first: int, last: int) -> dict[str, date]:
    """Whole days, so many before today."""
    return {"since": date.fromordinal(TODAY.toordinal() - first), "until": date.fromordinal(TODAY.toordinal() - last)}


def test_a_report_s_figures_are_the_metrics(network: Database, gyms: list[Any]) -> None:
    """Over one gym and over all of them, of the period and of the day the report is made."""
    period = Period(ReportKind.WEEKLY, SINCE, date.fromordinal(UNTIL.toordinal() + 1))
    names = [field.name for field in fields(Figures) if field.name != "active_days"]
    for own in (*([gym] for gym in gyms), gyms):
        by: Sequence[str] = ("gym",) if len(own) == 1 else ()
        key = own[0] if len(own) == 1 else None
        with network.connect("pipeline") as pipeline:
            figures = reports.figures(pipeline, own, period)
            standing = reports.standing(pipeline, own, now=datetime(2026, 11, 23, tzinfo=UTC))
        counted = measured(network, names, by=by, **PERIOD)[key]
        for name in names:
            assert getattr(figures, name) == pytest.approx(float(counted[name] or 0), abs=1e-12), (name, own)
        of_now = measured(network, ["active_member_count", "at_risk_member_count", "open_alert_count"], by=by)[key]
        assert {name: getattr(standing, name) for name in of_now} == of_now


def test_the_budget_s_alert_counts_the_voice_cost(network: Database, gyms: list[Any]) -> None:
    """What the alert on the monthly budget has seen spent is the month's voice cost, to the last digit."""
    month = {"since": date(2026, 11, 1), "until": date(2026, 11, 30)}
    counted = measured(network, ["voice_cost_usd"], **month)
    with network.admin() as admin, admin.cursor(row_factory=dict_row) as cursor:
        for gym in gyms:
            slug = cursor.execute("select slug from public.gyms where id = %s", [gym]).fetchall()[0]["slug"]
            moment = {"slug": slug, "moment": datetime(2026, 11, 22, 18, tzinfo=UTC)}
            spent = cursor.execute(queries("budgets")["gym_budget"], moment).fetchall()[0]["spent_usd"]
            assert spent == counted[gym]["voice_cost_usd"] > Decimal(0)


def test_the_cookbook_s_costs_are_the_metric(network: Database) -> None:
    """« Que coûte chaque salle par mois ? », gym by gym and month by month."""
    asked = (REPOSITORY / "docs" / "doors" / "cookbook" / "20_cout_par_mois.sql").read_bytes()
    sql = statement(network.settings, ["cost_usd"], by=["gym__gym_name", "metric_time__month"]).encode()
    with network.connect("pipeline") as pipeline, pipeline.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set local search_path = marts, public")
        told = {(row["gym_name"], row["month_date"]): row["cost_usd"] for row in cursor.execute(asked)}
        counted = {
            (row["gym__gym_name"], row["metric_time__month"].date()): row["cost_usd"] for row in cursor.execute(sql)
        }
    assert told == counted
    assert told


def test_a_metric_keeps_to_its_reader_s_rights(network: Database) -> None:
    """A manager of Dax who counts every gym's visits counts Dax's; nobody counts nothing."""
    asked = people(network)
    assert len(measured(network, ["visit_count"], person=asked["super_admin"], **PERIOD)) == 4
    assert len(measured(network, ["visit_count"], person=asked["gym_manager"], **PERIOD)) == 1
    with network.connect("dashboard") as connection:
        sql = statement(network.settings, ["visit_count"], by=["gym"]).encode()
        assert connection.execute(sql).fetchall() == []


def test_the_command_line_tells_a_metric_under_the_analyst_s_rights(
    network: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What there is, the statement, and the answer as CSV: the two gyms of the franchise, and no other."""
    monkeypatch.setenv("JARVIS_HOME", str(network.settings.home))
    monkeypatch.setenv("JARVIS_DATABASE_URL", network.url_for("admin"))
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    with network.admin() as admin:
        franchise, own = admin.execute(
            "select franchise_name, array_agg(gym_name order by gym_name) from marts.dim_gyms "
            "where franchise_name is not null group by 1 order by count(*) desc, 1 limit 1"
        ).fetchall()[0]
    asked = ["analyst", "metric", "visit_count", "--by", "gym__gym_name", "--since", str(SINCE), "--until", str(UNTIL)]
    assert main(["analyst", "add", "eve@example.org", "--franchise", franchise]) == 0
    capfd.readouterr()
    try:
        assert main(["analyst", "metric"]) == 0
        assert "visit_count  Visits of members to the gym (count)" in capfd.readouterr().out
        assert main([*asked, "--sql"]) == 0
        assert "SUM(" in capfd.readouterr().out
        assert main(asked) == 0
        header, *rows = capfd.readouterr().out.splitlines()
    finally:
        assert main(["analyst", "remove", "eve@example.org"]) == 0
    assert header == "gym__gym_name,visit_count"
    assert [row.rpartition(",")[0] for row in rows] == own


@pytest.mark.parametrize(
    ("names", "by", "message"),
    [
        ([], [], "found no metric, expected some of: active_member_count"),
        (["visitors"], [], "found visitors, expected some of: active_member_count"),
        (["visit_count"], ["session__language"], "found session__language, expected some of: gym, gym__city"),
    ],
)
def test_what_is_not_defined_is_named(network: Database, names: list[str], by: list[str], message: str) -> None:
    """With what there is instead."""
    with pytest.raises(MetricRefused, match=re.escape(message)):
        statement(network.settings, names, by=by)


def test_the_statement_plans_for_an_analyst(network: Database) -> None:
    """All metrics at once, by gym and week."""
    for name in defined(network.settings):
        sql = statement(network.settings, [name], by=["gym__gym_name", "metric_time__week"])
        with network.admin() as admin:
            admin.execute("set role jarvis_analyst")
            assert isinstance(admin.execute(f"explain {sql}".encode()).fetchall(), list)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                admin.execute("select count(*) from staging.stg_jarvis__sessions")
