"""Marts that grow, and histories: late rows and corrections reach them, who was erased leaves them, few stay untold."""

from typing import LiteralString

import pytest
from psycopg import sql

from orchestration.mart_backfill import GROWING
from orchestration.warm_dbt import invoke
from tests.conftest import Database
from tests.support.growing_marts import rows
from tests.tenants import made_id

SNAPSHOTS = ("snp_memberships", "snp_member_risk", "snp_kiosks")


# What comes late, is corrected or goes: a turn and a bill three days late, a heartbeat of the day before yesterday, a
# second analysis and an erased member of the oldest sessions, and a session that was taken out altogether.
LATER: tuple[LiteralString, ...] = (
    "insert into public.session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
    "select id, gym_id, 'late', 9, 'member', 'Encore une chose.', started_at from public.openai_realtime_sessions "
    "where id = md5('day8')::uuid",
    "insert into public.realtime_usage "
    "(session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, occurred_at) "
    "select id, gym_id, 'response', 'late', 'gpt-realtime-2.1-mini', '2026-11-22', 0.02, started_at "
    "from public.openai_realtime_sessions where id = md5('day8')::uuid",
    "insert into public.kiosk_heartbeats (gym_id, kiosk_id, received_at) "
    "select gym_id, kiosk_id, '2026-03-11 15:00+00' from public.kiosk_heartbeats limit 1",
    "update public.conversation_summaries set status = 'completed', analysed_at = '2026-03-14', "
    "summary_text = 'Douche froide.', key_topics = '{showers_lockers}', sentiment_score = -0.60, "
    "sentiment_label = 'negative', emotion_detected = 'frustration', intents_detected = '{complain}', "
    "outcome = 'unsolved', embedding = array_fill(0.0::real, array[1536])::vector, embedding_model = 'test', "
    "engine = 'local', engine_version = '1', cost_usd = 0 where session_id = md5('day1')::uuid",
    "update public.openai_realtime_sessions set member_id = null where id = md5('day2')::uuid",
    "delete from public.openai_realtime_sessions where id = md5('day3')::uuid",
)


SPOKEN_OF_PARKING: LiteralString = """
    insert into marts.fct_sessions (
        session_id, gym_id, kiosk_id, member_id, local_date, started_at, ended_at, duration_seconds, close_reason,
        language, member_turn_count, assistant_turn_count, interrupted_turn_count, has_analysis_consent,
        analysis_status, sentiment_score, key_topics, unfounded_claim_count, voice_cost_usd, analysis_cost_usd,
        cost_usd, built_at
    )
    select gen_random_uuid(), %(gym)s, %(kiosk)s, gen_random_uuid(), '2026-03-02', now(), now(), 1, 'idle', 'fr', 1, 1,
        0, true, 'completed', 0.5, '{parking}', 0, 0, 0, 0, now()
    from generate_series(1, %(members)s)
"""

TOLD_OF_PARKING: LiteralString = """
    select is_suppressed, session_count, member_count, mean_sentiment_score::float
    from marts.fct_franchise_topics_monthly where topic = 'parking'
"""


@pytest.fixture(scope="module")
def grown(days: Database) -> Database:
    """Twelve days in Dax, built once, changed, and built again."""
    with days.admin() as admin:
        for statement in LATER:
            admin.execute(statement)
        admin.execute(
            "update public.memberships set status = 'cancelled', cancelled_on = '2026-03-01' where gym_id = %s",
            [made_id("gym", "dax")],
        )
        admin.execute("delete from public.gym_members_v2 where gym_id = %s", [made_id("gym", "lyon")])
    build(days)
    return days


def build(database: Database, *arguments: str) -> None:
    """The growing marts and the histories, with what they are made of; their tests are another file's."""
    kinds = [word for kind in ("model", "seed", "snapshot") for word in ("--resource-type", kind)]
    selected = [f"+{name}" for name in (*GROWING, *SNAPSHOTS)]
    invoke(database.settings, "build", *arguments, *kinds, "--select", *selected).raise_if_failed()


def test_late_rows_and_corrections_are_in(grown: Database) -> None:
    """A turn three days late, a second analysis of the oldest day, and nothing of a session that is gone."""
    sessions = {row["session_id"]: row for row in rows(grown, "fct_sessions")}
    with grown.admin() as admin:
        ids = {
            number: str(admin.execute("select md5(%s)::uuid", [f"day{number}"]).fetchall()[0][0])
            for number in range(12)
        }
    assert sessions[ids[8]]["member_turn_count"] == 1
    assert float(sessions[ids[8]]["cost_usd"]) == 0.03
    assert sessions[ids[1]]["sentiment_label"] == "negative"
    assert sessions[ids[2]]["member_id"] is None
    assert ids[3] not in sessions
    late = [row for row in rows(grown, "fct_kiosk_daily") if row["local_date"] == "2026-03-11"]
    assert [row["heartbeat_count"] for row in late] == [2]


def test_a_history_remembers_and_an_erased_member_is_in_none(grown: Database) -> None:
    """Between the two builds the membership was active, afterwards it is cancelled; Lyon's member is gone."""
    with grown.admin() as admin:
        versions = admin.execute(
            "select membership_status, dbt_valid_to = '9999-12-31'::timestamptz from marts.snp_memberships "
            "where gym_id = %s order by dbt_valid_from",
            [made_id("gym", "dax")],
        ).fetchall()
        then = admin.execute(
            "select membership_status from marts.snp_memberships where gym_id = %(gym)s "
            "and (select min(dbt_valid_to) - interval '1 second' from marts.snp_memberships where gym_id = %(gym)s) "
            "between dbt_valid_from and dbt_valid_to - interval '1 microsecond'",
            {"gym": made_id("gym", "dax")},
        ).fetchall()
        left = {
            name: admin.execute(
                sql.SQL("select count(*) from {} where gym_id = %s").format(sql.Identifier("marts", name)),
                [made_id("gym", "lyon")],
            ).fetchall()[0][0]
            for name in ("snp_memberships", "snp_member_risk")
        }
        named = admin.execute(
            "select count(member_id) from marts.fct_sessions where gym_id = %s", [made_id("gym", "lyon")]
        )
        assert named.fetchall() == [(0,)]
    assert versions == [("active", False), ("cancelled", True)]
    assert then == [("active",)]
    assert left == {"snp_memberships": 0, "snp_member_risk": 0}


def test_growing_is_the_same_as_making_whole(grown: Database) -> None:
    """Built twice with changes between, or once from nothing: the same rows, to the last digit."""
    before = {mart: rows(grown, mart) for mart in GROWING}
    with grown.connect("pipeline") as pipeline:
        # A full refresh leaves it alone, since heartbeats are not kept for ever.
        pipeline.execute("drop table marts.fct_kiosk_daily")
        pipeline.commit()
    build(grown, "--full-refresh")
    assert {mart: rows(grown, mart) for mart in GROWING} == before
    assert all(before.values())


def test_figures_of_fewer_than_five_members_are_not_told(grown: Database) -> None:
    """Four members who spoke of a topic are nobody's business elsewhere; a fifth makes it a figure."""
    view = ("build", "--resource-type", "model", "--select", "+fct_franchise_topics_monthly")
    invoke(grown.settings, *view).raise_if_failed()
    names = {"gym": made_id("gym", "dax"), "kiosk": made_id("kiosk", "dax")}
    with grown.admin() as admin:
        admin.execute(SPOKEN_OF_PARKING, {**names, "members": 4})
        assert admin.execute(TOLD_OF_PARKING).fetchall() == [(True, None, None, None)]
        admin.execute(SPOKEN_OF_PARKING, {**names, "members": 1})
        assert admin.execute(TOLD_OF_PARKING).fetchall() == [(False, 5, 5, 0.5)]
        admin.execute("delete from marts.fct_sessions where key_topics = '{parking}'")
