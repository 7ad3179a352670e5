"""Backfills by day give the rows of a build from nothing, and no more runs than a pool has room for ask at once."""

import threading
from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest
from dagster import DagsterInstance, Definitions, asset, in_process_executor

from orchestration.analytics import build_defs
from orchestration.days import Days, DaysRefused, span
from orchestration.mart_backfill import GROWING
from orchestration.queues import HOSTED_MODEL_POOL
from orchestration.reanalysis import reanalyse_days
from orchestration.warm_dbt import invoke
from tests.conftest import Database
from tests.support.built_marts import own_warehouse
from tests.support.growing_marts import EVERYTHING, all_rows, rows

BACKFILL_JOB = "backfill_marts"

# Of 3 to 5 March, nine days and more before the newest: a turn, a bill and a heartbeat that came later than any
# incremental build looks back.
VERY_LATE: tuple[LiteralString, ...] = (
    "insert into public.session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
    "select id, gym_id, 'late', 9, 'member', 'Encore une chose.', started_at from public.openai_realtime_sessions "
    "where id = md5('day1')::uuid",
    "insert into public.realtime_usage "
    "(session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, occurred_at) "
    "select id, gym_id, 'response', 'late', 'gpt-realtime-2.1-mini', '2026-11-22', 0.02, started_at "
    "from public.openai_realtime_sessions where id in (md5('day2')::uuid, md5('day3')::uuid)",
    "insert into public.kiosk_heartbeats (gym_id, kiosk_id, received_at) "
    "select gym_id, kiosk_id, '2026-03-05 15:00+00' from public.kiosk_heartbeats limit 1",
)


@pytest.fixture(scope="module")
def planted(days: Database) -> Database:
    """Twelve days in Dax, the marts built, and then rows that come very late."""
    with days.admin() as admin:
        for statement in VERY_LATE:
            admin.execute(statement)
    return days


@pytest.fixture(scope="module")
def definitions(planted: Database) -> Definitions:
    """The analytics location on that database."""
    return build_defs(settings=planted.settings, resource_overrides={"warehouse": own_warehouse(planted)})


def backfill(definitions: Definitions, day: str, *, last: str = "") -> set[str]:
    """The job has run for these days; what it made."""
    job = definitions.resolve_job_def(BACKFILL_JOB)
    with DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(
            instance=instance, partition_key=day, run_config={"ops": {"make_days_anew": {"config": {"last": last}}}}
        )
    assert run.success
    return {event.asset_key.to_user_string() for event in run.get_asset_materialization_events() if event.asset_key}


def test_a_backfill_of_three_days_is_a_full_refresh(planted: Database, definitions: Definitions) -> None:
    """Too late for any build; made anew in one run, and one of the days again: the rows of a build from nothing."""
    stale = all_rows(planted)
    invoke(planted.settings, "build", *EVERYTHING).raise_if_failed()
    assert all_rows(planted)["fct_costs_daily"] == stale["fct_costs_daily"]
    made = backfill(definitions, "2026-03-03", last="2026-03-05")
    assert {"marts/fct_sessions", "marts/fct_gym_daily"} <= made
    once = all_rows(planted)
    backfill(definitions, "2026-03-04")
    twice = all_rows(planted)
    with planted.connect("pipeline") as pipeline:
        pipeline.execute("drop table marts.fct_kiosk_daily")
        pipeline.commit()
    invoke(planted.settings, "build", "--full-refresh", *EVERYTHING).raise_if_failed()
    whole = all_rows(planted)
    assert {mart for mart in GROWING if stale[mart] == whole[mart]} == set()
    assert once == twice == whole


def test_days_whose_heartbeats_are_gone_stay(planted: Database, definitions: Definitions) -> None:
    """They are kept for good: a backfill makes anew only what it can still count."""
    before = rows(planted, "fct_kiosk_daily")
    with planted.admin() as admin:
        gone = admin.execute(
            "delete from public.kiosk_heartbeats where received_at < '2026-03-05' returning *"
        ).fetchall()
        backfill(definitions, "2026-03-03", last="2026-03-07")
        assert gone
        assert rows(planted, "fct_kiosk_daily") == before


@pytest.mark.parametrize(
    ("last", "days"),
    {"": 1, "2026-03-05": 3, "2026-03-02": None, "2027-03-05": None, "mars": None}.items(),
)  # fmt: skip
def test_a_span_of_days_ends_after_it_begins(last: str, days: int | None) -> None:
    """One day, some days, and nothing else."""
    if days is None:
        with pytest.raises(DaysRefused, match="expected"):
            span("2026-03-03", Days(last=last))
    else:
        first, until = span("2026-03-03", Days(last=last))
        assert (first, (until - first).days + 1) == (date(2026, 3, 3), days)


def test_a_day_s_conversations_wait_again_however_often_they_are_asked_for(planted: Database) -> None:
    """Those of the gym's own day that may be analysed, and no other; a day twice is one queue."""
    with planted.admin() as admin:
        admin.execute(
            "update public.conversation_summaries set status = 'skipped', last_error = 'test' where status = 'pending'"
        )
        admin.execute(
            "update public.openai_realtime_sessions "
            "set has_analysis_consent = true, started_at = '2026-03-02 23:30+00' where id = md5('day1')::uuid"
        )
        admin.execute(
            "update public.openai_realtime_sessions set has_analysis_consent = id = md5('day2')::uuid "
            "where id in (md5('day2')::uuid, md5('day3')::uuid)"
        )
        ids = {number: admin.execute("select md5(%s)::uuid", [f"day{number}"]).fetchall()[0][0] for number in (1, 2, 3)}
    for _ in range(2):
        with DagsterInstance.ephemeral() as instance:
            run = reanalyse_days.execute_in_process(
                instance=instance,
                partition_key="2026-03-03",
                resources={"warehouse": own_warehouse(planted)},
                run_config={"ops": {"queue_days": {"config": {"last": "2026-03-05"}}}},
            )
        assert run.success
        with planted.admin() as admin:
            waiting = admin.execute("select session_id from public.conversation_summaries where status = 'pending'")
            assert {row[0] for row in waiting} == {ids[1], ids[2]}


def test_no_more_than_the_limit_ask_the_hosted_model_at_once(tmp_path: Path) -> None:
    """Two of three runs are let in; the third waits, where the pool shows it, until one is through."""
    # Runs of one process, in threads: the stock instance sets no logging up while others log.
    # Without capturing what steps print: in threads, the processes that do are left behind.
    kept = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    instance = DagsterInstance.local_temp(str(tmp_path), overrides={"compute_logs": kept})
    instance.event_log_storage.set_concurrency_slots(HOSTED_MODEL_POOL, 2)
    inside, all_in, may_go = [], threading.Semaphore(0), threading.Event()
    most = threading.Lock()
    seen: list[int] = []

    @asset(pool=HOSTED_MODEL_POOL)
    def asking() -> None:
        with most:
            inside.append(1)
            seen.append(len(inside))
        all_in.release()
        assert may_go.wait(60)
        with most:
            inside.pop()

    job = Definitions(assets=[asking], executor=in_process_executor).resolve_implicit_global_asset_job_def()
    runs = [threading.Thread(target=lambda: job.execute_in_process(instance=instance), daemon=True) for _ in range(3)]
    for run in runs:
        run.start()
    storage = instance.event_log_storage
    assert all_in.acquire(timeout=60) and all_in.acquire(timeout=60)
    pause = threading.Event()
    for _ in range(300):
        info = storage.get_concurrency_info(HOSTED_MODEL_POOL)
        # Dagster calls a step assigned when it is the next one to be let in.
        waiting = info.pending_step_count + info.assigned_step_count - info.active_slot_count
        if waiting == 1:
            break
        pause.wait(0.1)
    assert (info.slot_count, info.active_slot_count, waiting) == (2, 2, 1)
    may_go.set()
    for run in runs:
        run.join(60)
    assert len(seen) == 3 and max(seen) == 2
    assert storage.get_concurrency_info(HOSTED_MODEL_POOL).active_slot_count == 0


def test_the_second_tier_is_in_that_pool() -> None:
    """The one step that calls the provider, whichever job it is part of."""
    from orchestration.live import build_defs as build_live

    jobs = build_live().get_repository_def().get_all_jobs()
    pools = {
        node.name: node.definition.pool
        for job in jobs
        for node in job.nodes
        if node.definition.pool is not None  # type: ignore[union-attr]
    }
    assert pools == {"enriched_conversations": HOSTED_MODEL_POOL}
