"""Twelve days of a small network and their marts, built once for all tests that change something and build again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, LiteralString

import pytest
from psycopg import sql

from jarvis.settings import Settings
from orchestration.warm_dbt import invoke
from tests.conftest import Database, cloned_database
from tests.support.parsed_project import lend
from tests.tenants import GYMS, made_id, plant

# All but dbt's tests, which have files of their own.
EVERYTHING = [word for kind in ("model", "seed", "snapshot") for word in ("--resource-type", kind)]

# One name for all of them, one after the other: dbt parses the project anew for each name of a database.
NAME = "growing_marts"

# The analysis of each gym's session, as the pipeline would write it.
ANALYSED: LiteralString = (
    "update public.conversation_summaries set status = 'completed', analysed_at = now(), "
    "summary_text = 'Douche froide.', key_topics = '{showers_lockers,staff_coaching}', sentiment_score = -0.60, "
    "sentiment_label = 'negative', emotion_detected = 'frustration', intents_detected = '{complain}', "
    "outcome = 'unsolved', embedding = array_fill(0.0::real, array[1536])::vector, embedding_model = 'test', "
    "engine = 'local', engine_version = '1', cost_usd = 0.000400 where session_id = any(%s)"
)

# Twelve days of one conversation a day in Dax, the newest on 13 March, each with a turn, a bill and an analysis.
TWELVE_DAYS: LiteralString = """
    with made as (
        insert into public.openai_realtime_sessions
            (id, gym_id, kiosk_id, member_id, badge_outcome, state, started_at, ended_at, close_reason)
        select md5('day' || number)::uuid, %(gym)s, %(kiosk)s, %(member)s, 'known', 'closed',
            '2026-03-02 11:00+00'::timestamptz + number * interval '1 day',
            '2026-03-02 11:01+00'::timestamptz + number * interval '1 day', 'member_left'
        from generate_series(1, 11) as days (number)
        returning id, gym_id, started_at
    ),
    billed as (
        insert into public.realtime_usage
            (session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, occurred_at)
        select id, gym_id, 'response', 'resp_1', 'gpt-realtime-2.1-mini', '2026-11-22', 0.01, started_at from made
        returning id
    )
    insert into public.kiosk_heartbeats (gym_id, kiosk_id, received_at)
    select %(gym)s, %(kiosk)s, started_at from made
"""


@pytest.fixture(scope="session")
def built_days(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database to clone: the network of `tests/tenants.py` and twelve days in Dax, the marts built."""
    kept, home = f"{NAME}_built", tmp_path_factory.mktemp("built_days")
    with ExitStack() as stack:
        with cloned_database(server_settings, template_database, home, name=NAME) as database:
            with database.admin() as admin:
                plant(admin)
                admin.execute(ANALYSED, [[made_id("session", gym) for gym in GYMS]])
                admin.execute(TWELVE_DAYS, {kind: made_id(kind, "dax") for kind in ("gym", "kiosk", "member")})
            invoke(database.settings, "build", *EVERYTHING).raise_if_failed()
            stack.enter_context(cloned_database(server_settings, NAME, home, name=kept))
        yield kept


@pytest.fixture(scope="module")
def days(
    server_settings: Settings, built_days: str, parsed_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """That, for one module to change and to build again."""
    with cloned_database(server_settings, built_days, tmp_path_factory.mktemp("days"), name=NAME) as database:
        lend(parsed_project, database.settings)
        yield database


def rows(database: Database, mart: str) -> list[dict[str, Any]]:
    """All rows without the moment they were made, in one order."""
    statement = sql.SQL("select to_jsonb(kept) - 'built_at' from {} as kept").format(sql.Identifier("marts", mart))
    with database.admin() as admin:
        return sorted((row[0] for row in admin.execute(statement)), key=str)


def all_rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every mart's rows without the moment they were made; histories apart."""
    with database.admin() as admin:
        marts = [row[0] for row in admin.execute("select tablename from pg_tables where schemaname = 'marts'")]
    return {mart: rows(database, mart) for mart in marts if not mart.startswith("snp_")}
