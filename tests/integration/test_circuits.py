"""A provider that fails is left alone by all workers, tried by one, and asked by all once it answers."""

import psycopg
import pytest

from bench.support.world import closed_session, make_gym
from orchestration.batches import AnalysisBatchFailed
from orchestration.enrichment import EnrichmentReport, enrich_due
from tests.conftest import Database
from tests.support.first_tier import seen_by_everybody
from tests.support.hosted_provider import failure, hosted_engine, playing
from warehouse.stores.circuits import FIRST_WAIT, LONGEST_WAIT, OPENS_AT, ask_passage, close, count_failure


def due_at_once(admin: psycopg.Connection) -> None:
    admin.execute("update app.enrichments set retry_at = null")


def its_time_is_over(admin: psycopg.Connection) -> None:
    admin.execute("update app.provider_circuits set open_until = now() - interval '1 second'")


def test_a_provider_that_fails_is_left_alone_and_tried_with_one_conversation(database: Database) -> None:
    """Three failed batches open the circuit; then no call, a failed probe, a good probe, and everybody's turn."""
    with playing() as provider, database.admin() as admin, database.connect("pipeline") as pipeline:
        good = provider.answers
        provider.answers = [failure(500)]
        engine = hosted_engine(provider.url)
        gym = make_gym(admin)
        for _ in range(3):
            closed_session(admin, gym)
        seen_by_everybody(pipeline)
        for _ in range(OPENS_AT):
            due_at_once(admin)
            with pytest.raises(AnalysisBatchFailed):
                enrich_due(pipeline, engine)
        asked = len(provider.chats)

        due_at_once(admin)
        assert enrich_due(pipeline, engine) == EnrichmentReport(put_off=3)
        assert len(provider.chats) == asked
        rows = admin.execute(
            "select distinct enrichment_state, enrichment_reason like '%%left alone%%', queue.attempts, "
            "queue.retry_at > now() and queue.retry_at <= now() + %s "
            "from conversation_summaries join app.enrichments as queue using (session_id)",
            [FIRST_WAIT],
        ).fetchall()
        assert rows == [("waiting", True, 0, True)], "no try is counted: it was not they that failed"

        its_time_is_over(admin)
        due_at_once(admin)
        with pytest.raises(AnalysisBatchFailed):
            enrich_due(pipeline, engine)
        assert len({str(chat["messages"]) for chat in provider.chats[asked:]}) == 1, "one conversation tries"
        passage = ask_passage(pipeline, "openai")
        pipeline.rollback()
        assert passage.wait is not None
        assert passage.wait > FIRST_WAIT, "twice as long as before"

        provider.answers = good
        its_time_is_over(admin)
        due_at_once(admin)
        assert enrich_due(pipeline, engine).enriched == 1
        assert enrich_due(pipeline, engine).enriched == 2


def test_one_worker_tries_and_a_dead_one_gives_the_try_back(database: Database) -> None:
    """While one transaction probes, the other waits; when it dies, the other may."""
    with database.admin() as admin, database.connect("pipeline") as one, database.connect("pipeline") as other:
        for _ in range(OPENS_AT):
            count_failure(admin, "openai")
        assert ask_passage(other, "openai").wait is not None
        its_time_is_over(admin)
        other.rollback()
        assert ask_passage(one, "openai").is_probe
        assert ask_passage(other, "openai").wait is not None
        one.rollback()
        assert ask_passage(other, "openai").is_probe


def test_an_answer_in_between_begins_the_count_anew_and_the_wait_has_a_bound(database: Database) -> None:
    """Two failures and an answer open nothing; a provider away for days is tried every half hour."""
    with database.admin() as admin:
        for _ in range(OPENS_AT - 1):
            count_failure(admin, "openai")
        close(admin, "openai")
        count_failure(admin, "openai")
        assert ask_passage(admin, "openai").wait is None
        for _ in range(40):
            its_time_is_over(admin)
            count_failure(admin, "openai")
        wait = ask_passage(admin, "openai").wait
        assert wait is not None
        assert LONGEST_WAIT * 0.9 < wait <= LONGEST_WAIT
