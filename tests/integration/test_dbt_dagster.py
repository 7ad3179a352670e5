"""The marts built by Dagster: dbt's models are materialised, dbt's tests answer as checks; and the API tells them."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import httpx
import pytest
from dagster import AssetKey, DagsterInstance, Definitions, ExecuteInProcessResult
from psycopg.rows import dict_row

from jarvis.second_factor import code_at
from jarvis.small_numbers import LEAST, Hidden, side_by_side
from orchestration import dbt
from orchestration.queues import HEAVY, QUEUE_TAG
from tests.conftest import Database
from tests.support.api_server import serving
from tests.support.built_marts import MARTS_JOB
from tests.support.second_factors import plant_second_factor
from voice_gateway.app import create_app
from warehouse.connection import as_user
from warehouse.demo.simulate import DEMO_PASSWORD
from warehouse.embedded import free_port
from warehouse.stores import kpis

# Activity lies before, within and after it, so that both of its ends matter.
SINCE, UNTIL = date(2026, 11, 14), date(2026, 11, 19)
PERIOD = {"since": SINCE, "until": UNTIL}

# Of Dax, and how many of the four gyms they see.
ASKERS = {"gym_manager": 1, "franchise_owner": 2, "super_admin": 4}

# The figures from the rows they count, whatever the API reads; minutes are the days' own, which are rounded.
DIRECT: LiteralString = """
    with
    members as (
        select * from marts.dim_members where is_active and (%(gym)s::uuid is null or gym_id = %(gym)s)
    ),
    sessions as (
        select * from marts.fct_sessions
        where local_date >= %(since)s and local_date <= %(until)s and (%(gym)s::uuid is null or gym_id = %(gym)s)
    ),
    judged as (
        select * from marts.fct_label_agreement
        where local_month_date = '2026-11-01' and (%(gym)s::uuid is null or gym_id = %(gym)s)
    ),
    days as (
        select * from marts.fct_gym_daily
        where local_date >= %(since)s and local_date <= %(until)s and (%(gym)s::uuid is null or gym_id = %(gym)s)
    )
    select
        (select count(*) from members) as active_member_count,
        (select count(*) from members where is_at_risk) as at_risk_member_count,
        (select sum(visit_count) from days)::bigint as visit_count,
        (select count(*) from sessions) as session_count,
        (select sum(session_minutes) from days)::float8 as session_minutes,
        (select count(*) from sessions where sentiment_score is not null) as analysed_session_count,
        (select count(*) from sessions where sentiment_label = 'negative') as negative_session_count,
        (select count(*) from sessions where sentiment_label = 'positive') as positive_session_count,
        (select count(*) from sessions where not has_analysis_consent) as unconsented_session_count,
        (select avg(sentiment_score) from sessions)::float8 as mean_sentiment_score,
        (select count(*) from sessions where satisfaction is not null) as estimated_session_count,
        (select avg(satisfaction) from sessions)::float8 as mean_satisfaction,
        (select count(*) from sessions where unfounded_claim_count > 0) as unfounded_session_count,
        (select coalesce(sum(judged_count), 0) from judged)::bigint as judged_label_count,
        (select coalesce(sum(agreed_count), 0) from judged)::bigint as agreed_label_count,
        (select sum(agreed_count)::float8 / sum(judged_count) from judged) as agreement_rate,
        (select sum(alert_opened_count) from days)::bigint as alert_opened_count,
        (select sum(cost_usd) from sessions)::float8 as cost_usd
"""


@pytest.fixture(scope="module")
def api(simulated: Database, built: ExecuteInProcessResult) -> Iterator[str]:
    """Where a gateway on the built database answers."""
    assert built.success
    settings = replace(simulated.settings, gateway_port=free_port())
    with serving(create_app(settings), settings.gateway_port) as url:
        yield url


def test_a_run_builds_and_checks_every_mart(simulated: Database, built: ExecuteInProcessResult) -> None:
    """Each model is materialised, each test is a check that passed, and the tables hold the gyms."""
    materialised = {event.asset_key for event in built.get_asset_materialization_events()}
    checks = built.get_asset_check_evaluations()
    marts = {AssetKey(["marts", name]) for name in ("dim_gyms", "dim_members", "fct_gym_daily", "fct_sessions")}
    assert built.success
    assert marts <= materialised
    assert {check.asset_key for check in checks} >= marts
    assert all(check.passed for check in checks)
    with simulated.admin() as admin:
        gyms = admin.execute("select count(*) from public.gyms").fetchone()
        assert admin.execute("select count(distinct gym_id) from marts.fct_gym_daily").fetchone() == gyms


def test_a_mart_says_what_it_holds_and_shows_no_row_about_a_member(
    simulated: Database, built: ExecuteInProcessResult
) -> None:
    """Row counts and costs as the tables have them; a few rows only where they are about a gym."""
    told = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in built.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[0] == "marts"
    }
    with simulated.admin() as admin:
        days, cost = admin.execute("select count(*), sum(cost_usd)::float8 from marts.fct_gym_daily").fetchall()[0]
    assert told["fct_gym_daily"]["dagster/row_count"].value == days > 0
    assert told["fct_gym_daily"]["cost_usd"].value == pytest.approx(cost)
    shown = str(told["fct_gym_daily"]["preview"].value).splitlines()
    assert shown[0].startswith("| local_date | ") and len(shown) == 2 + 5
    about_members = {"dim_members", "fct_sessions", "fct_alerts", "fct_member_weekly", "snp_memberships"}
    assert about_members <= set(told)
    assert {name for name in about_members if "preview" in told[name]} == set()
    assert [name for name, metadata in told.items() if "dagster/row_count" not in metadata] == []


def test_a_build_makes_only_what_changed(
    simulated: Database, definitions: Definitions, built: ExecuteInProcessResult
) -> None:
    """Nothing new, nothing made; an alert moved, and only what is downstream of alerts is."""
    assert built.success
    made, log = made_by_a_build(definitions)
    assert made == set()
    assert [line for line in log if "no table that a mart reads has changed" in line]
    with simulated.admin() as admin:
        admin.execute("update public.manager_alerts set priority = 'high' where priority <> 'high'")
    made, log = made_by_a_build(definitions)
    assert {"staging/stg_jarvis__alerts", "marts/fct_alerts", "marts/fct_gym_daily"} <= made
    assert not made & {"marts/fct_sessions", "marts/dim_members", "marts/fct_kiosk_daily"}
    # What stayed as it was is not listed, check by check; what moved is named.
    assert [line for line in log if "source:jarvis.manager_alerts+" in line]
    assert max(map(len, log)) < 1000


def made_by_a_build(definitions: Definitions) -> tuple[set[str], list[str]]:
    """What one more run of the job materialises, and its log's lines; it succeeds."""
    with DagsterInstance.ephemeral() as instance:
        run = definitions.resolve_job_def(MARTS_JOB).execute_in_process(instance=instance)
        log = [entry.user_message for entry in instance.all_logs(run.run_id)]
    assert run.success
    made = {event.asset_key.to_user_string() for event in run.get_asset_materialization_events() if event.asset_key}
    return made, log


def test_a_mart_follows_the_tables_it_is_made_of(definitions: Definitions) -> None:
    """Lineage runs from the live location's assets, through staging, to the mart."""
    graph = definitions.resolve_asset_graph()
    staging = graph.get(AssetKey(["marts", "fct_sessions"])).parent_keys
    sources = {key for parent in staging for key in graph.get(parent).parent_keys}
    assert {AssetKey("conversation_summaries"), AssetKey(["raw", "openai_realtime_sessions"])} <= sources


def test_a_build_never_stands_before_an_alert(definitions: Definitions) -> None:
    """The marts' runs go to the heavy queue."""
    assert definitions.resolve_job_def(MARTS_JOB).tags[QUEUE_TAG] == HEAVY


def test_the_manifest_is_parsed_once(simulated: Database, definitions: Definitions) -> None:
    """The location's own preparation left a manifest, and another one leaves it alone."""
    path = dbt.manifest_path(simulated.settings)
    made_at = path.stat().st_mtime_ns
    assert dbt.prepare(simulated.settings) == path
    assert path.stat().st_mtime_ns == made_at
    assert [found.name for found in dbt.state_folder(simulated.settings).glob("*manifest*")] == [path.name]


@pytest.mark.parametrize(("role", "gym_count"), ASKERS.items())
def test_the_api_s_figures_are_the_marts(simulated: Database, api: str, role: str, gym_count: int) -> None:
    """Together, by gym and day by day, each person reads what the marts' rows give under the same identity."""
    with simulated.admin() as admin:
        asker = admin.execute(
            "select users.id, users.email from public.users "
            "left join public.gyms on gyms.id = users.gym_id or gyms.franchise_id = users.franchise_id "
            "where users.role = %s and coalesce(gyms.city, 'Dax') = 'Dax'",
            [role],
        ).fetchone()
    assert asker is not None
    direct, daily = from_the_marts(simulated, asker[0])
    answer, days = from_the_api(api, simulated, *asker)

    by_gym = {gym_id: figures for gym_id, figures in direct.items() if gym_id is not None}
    assert len(by_gym) == gym_count
    assert direct[None]["session_count"] > direct[None]["analysed_session_count"] > 0
    assert {UUID(gym["gym_id"]) for gym in answer["gyms"]} == set(by_gym)
    gyms = {UUID(gym["gym_id"]): rounded({name: gym[name] for name in direct[None]}) for gym in answer["gyms"]}
    compares = role in ("franchise_owner", "super_admin")
    total = rounded(answer["total"])
    assert {name: value for name, value in rounded(direct[None]).items() if total[name] not in (value, None)} == {}
    assert (total["visit_count"], None in total.values() and not compares) == (direct[None]["visit_count"], False)
    sizes = {str(gym): figures["active_member_count"] for gym, figures in by_gym.items()}
    members = [sizes[str(gym)] for gym in gyms]
    expected = as_told([by_gym[gym] for gym in gyms], members, compares=compares)
    assert answered(list(gyms.values()), expected) == expected
    assert len(days) == len(daily) > (UNTIL - SINCE).days
    by_day: dict[str, list[tuple[int, dict[str, Any], dict[str, Any]]]] = {}
    for told, kept in zip(days, daily, strict=True):
        assert (told["gym_id"], told["local_date"]) == (str(kept["gym_id"]), str(kept["local_date"]))
        assert datetime.fromisoformat(told.pop("built_at")) == kept.pop("built_at")
        figures = {name: told[name] for name in told if name not in ("gym_id", "local_date")}
        raw = {name: kept[name] for name in figures}
        by_day.setdefault(told["local_date"], []).append((sizes[told["gym_id"]], figures, raw))
    for triples in by_day.values():
        members, shown, raws = ([one[place] for one in triples] for place in range(3))
        expected = as_told(raws, members, compares=compares)
        assert answered(shown, expected) == expected


COUNTS = frozenset(name for name in (*kpis.COUNTS, "distinct_visitor_count"))


def answered(rows: list[dict[str, Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    """The same figures as the API gives them."""
    return {name: [rounded(row)[name] for row in rows] for name in names}


def as_told(rows: list[dict[str, Any]], members: list[int], *, compares: bool) -> dict[str, list[Any]]:
    """Each figure of the gyms, as they may be told; what rests on a withheld count is left to the unit tests."""
    columns = {
        name: [
            None if compares and 0 < here < LEAST else rounded(row)[name]
            for row, here in zip(rows, members, strict=True)
        ]
        for name in rows[0]
    }
    if not compares:
        return columns
    return {
        name: [None if isinstance(one, Hidden) else one for one in side_by_side(column).counts]
        for name, column in columns.items()
        if name in COUNTS
    }


def test_one_gym_s_few_are_not_found_by_asking_the_api_in_other_ways(simulated: Database, api: str) -> None:
    """An owner who asks gym by gym, for all, and day by day, is told the same: no subtraction helps."""
    with simulated.admin() as admin:
        owner = admin.execute(
            "select users.id, users.email from public.users "
            "inner join public.gyms on gyms.franchise_id = users.franchise_id "
            "where users.role = 'franchise_owner' group by users.id having count(*) > 1 limit 1"
        ).fetchone()
    assert owner is not None
    tried = 0
    with signed_in(api, simulated, *owner) as client:
        for day in range(1, 15):
            period = {"since": f"2026-11-{day:02}", "until": f"2026-11-{day:02}"}
            everything = client.get("/api/dashboard/kpis", params=period).json()
            for gym in everything["gyms"]:
                alone = client.get("/api/dashboard/kpis", params={**period, "gym_id": gym["gym_id"]}).json()
                assert alone["gyms"] == [gym]
                assert alone["total"] == {name: gym[name] for name in alone["total"]}
            for name in kpis.COUNTS:
                counts = [gym[name] for gym in everything["gyms"]]
                assert not {1, 2, 3, 4} & {*counts, everything["total"][name]}
                if None in counts and everything["total"][name] is not None:
                    tried += 1
                    assert counts.count(None) > 1
    assert tried


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Without the last digits, in which a sum depends on its order."""
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in figures.items()}


def from_the_marts(database: Database, person_id: UUID) -> tuple[dict[UUID | None, dict[str, Any]], list[Any]]:
    """The figures of each gym this person sees, of all of them under None; and the rows of the days."""
    with (
        database.connect("dashboard") as connection,
        as_user(connection, person_id),
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        gyms = [row["gym_id"] for row in cursor.execute("select gym_id from marts.dim_gyms").fetchall()]
        figures = {gym: cursor.execute(DIRECT, {**PERIOD, "gym": gym}).fetchone() or {} for gym in (None, *gyms)}
        days = cursor.execute(
            "select *, cost_usd::float8 as cost_usd, session_minutes::float8 as session_minutes, "
            "mean_sentiment_score::float8 as mean_sentiment_score from marts.fct_gym_daily "
            "where local_date >= %(since)s and local_date <= %(until)s order by local_date desc, gym_id desc",
            PERIOD,
        ).fetchall()
    return figures, days


@contextmanager
def signed_in(url: str, database: Database, person_id: UUID, email: str) -> Iterator[httpx.Client]:
    """The API as this person has it."""
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        with database.admin() as admin:
            secret = plant_second_factor(admin, database.settings, person_id)
        proof = {"email": email, "password": DEMO_PASSWORD, "code": code_at(secret, moment=time.time())}
        session = client.post("/api/auth/sign-in", json=proof).json()
        client.headers["Authorization"] = f"Bearer {session['token']}"
        yield client


def from_the_api(url: str, database: Database, person_id: UUID, email: str) -> tuple[dict[str, Any], list[Any]]:
    """What `/api/dashboard/kpis` and, page by page, `/api/dashboard/kpis/daily` tell this person."""
    period = {name: day.isoformat() for name, day in PERIOD.items()}
    with signed_in(url, database, person_id, email) as client:
        answer = client.get("/api/dashboard/kpis", params=period)
        assert answer.status_code == 200, answer.text
        days: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = client.get("/api/dashboard/kpis/daily", params={**period, "limit": "7", **cursor}).json()
            days += page["items"]
            if page["next_cursor"] is None:
                return answer.json(), days
            cursor = {"cursor": page["next_cursor"]}
