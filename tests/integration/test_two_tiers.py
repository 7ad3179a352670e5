"""Local analysis first and for everybody; the hosted one later, once, and never in the way."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from dagster import DagsterInstance
from psycopg.sql import SQL

from bench.support.world import COMPLAINT, THANKS, Gym, closed_session, make_gym
from jarvis.consents import HOSTED_PURPOSE
from jarvis.conversations import Analysis, AnalysisFailure
from ml.conversations.openai import OpenAIEngine
from orchestration.batches import AnalysisBatchFailed, analyse_due
from orchestration.engine_gate import Shelf
from orchestration.enrichment import EnrichmentReport, enrich_batch, enrich_due
from orchestration.live import ENRICH_JOB, LIVE_JOB, build_defs
from orchestration.resources import Analyst, Warehouse
from tests.conftest import REPOSITORY, Database, default_settings
from tests.support.cue_word_engine import CueWordEngine
from tests.support.first_tier import seen_again, seen_by_everybody
from tests.support.hosted_provider import Provider, changed, failure, hosted_engine, playing
from warehouse.stores import conversations, enrichments
from warehouse.stores import evidence as evidence_store
from warehouse.stores.conversations import MAX_ATTEMPTS
from warehouse.stores.paid_replies import KeptReplies
from warehouse.stores.privacy import UnknownMember, record_consent


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on a free port of the loopback."""
    with playing() as played:
        yield played


def one_row(connection: psycopg.Connection, columns: str) -> tuple[Any, ...]:
    row = connection.execute(SQL("select {} from conversation_summaries").format(SQL(columns))).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return tuple(row)


def alerts_of(connection: psycopg.Connection, gym: Gym) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select alert_type, dedup_key, status, occurrence_count from manager_alerts where gym_id = %s order by 1, 2",
        [gym.gym_id],
    ).fetchall()


def due_at_once(admin: psycopg.Connection) -> None:
    admin.execute("update app.enrichments set retry_at = null")


@pytest.mark.timeout(60)
def test_alerts_are_there_while_the_provider_hangs_and_the_enrichment_comes_later_once(
    database: Database, provider: Provider
) -> None:
    """A provider that does not answer holds its own queue row; the local row, its alerts and new closes go on."""
    provider.hold = threading.Event()
    engine = hosted_engine(provider.url)
    reports: list[EnrichmentReport] = []
    with (
        database.admin() as admin,
        database.connect("pipeline") as live,
        database.connect("pipeline") as second,
    ):
        gym = make_gym(admin)
        closed_session(admin, gym)
        assert seen_by_everybody(live).written.total() == 2
        asking = threading.Thread(target=lambda: reports.append(enrich_due(second, engine)), daemon=True)
        asking.start()
        assert provider.is_answering.wait(10), "the provider has been asked and does not answer"

        closed_session(admin, gym)
        with admin.transaction():
            # Nothing a live run or a correction needs is locked meanwhile.
            admin.execute("set local lock_timeout = '500ms'")
            admin.execute("update conversation_summaries set last_error = last_error")
        seen_by_everybody(live)
        rows = admin.execute(
            "select tier, enrichment_state, alerted_at is not null, sentiment_score::float "
            "from conversation_summaries order by queued_at"
        ).fetchall()
        assert rows == [("local", "waiting", True, -0.8)] * 2

        provider.hold.set()
        asking.join(20)
        assert [report.enriched for report in reports] == [1]
        assert enrich_due(second, engine).enriched == 1
        assert enrich_due(second, engine).claimed == 0
        states = admin.execute("select distinct tier, enrichment_state from conversation_summaries").fetchall()
    assert states == [("hosted", "done")]
    assert len(provider.chats) == 2


def test_the_row_says_which_tier_gave_it(database: Database, provider: Provider) -> None:
    """Tier, engine, version, prompt and moment; the fields are the provider's, the vector stays the searchable one."""
    engine = hosted_engine(provider.url, embedding_model="")
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        local = one_row(admin, "tier, engine, engine_version, prompt_version, enriched_at, embedding_model")
        assert local == ("local", "local", "cue-words-1", None, None, "cue-words")
        enrich_due(pipeline, engine)
        enriched = one_row(
            admin,
            "tier, engine, engine_version, enrichment_state, enrichment_reason, enriched_at >= analysed_at, "
            "prompt_version is not null, embedding_model, sentiment_score::float, key_topics, tokens > 0",
        )
        turn_ids = {
            row[0] for row in admin.execute("select id::text from session_turns where session_id = %s", [session_id])
        }
        (evidence,) = one_row(admin, "evidence")
        labels = admin.execute(
            "select sentiment_score::float from session_turns where role = 'member' order by position"
        ).fetchall()
        items = admin.execute("select text from action_items").fetchall()
        made_up = evidence_store.turns_not_found(pipeline, window=conversations.STAGE_GRACE, limit=1)
        claims = evidence_store.claims_without_turns(pipeline, window=conversations.STAGE_GRACE, limit=1)
    assert enriched == (
        "hosted", "openai", engine.version, "done", None, True, True, "cue-words", -0.62, ["equipment"], True,
    )  # fmt: skip
    assert evidence["sentiment"] and {one for ids in evidence.values() for one in ids} <= turn_ids
    assert labels == [(-0.6,), (-0.4,)]
    assert items == [("Réparer le tapis 4.",)]
    assert (made_up.total, claims.total) == (0, 0)
    assert provider.embeddings == [], "nobody pays for a vector that is not kept"


def test_an_enrichment_neither_doubles_an_alert_nor_reopens_one(database: Database, provider: Provider) -> None:
    """The provider names the machine less exactly and sees danger: the open alert keeps its name and rises."""
    provider.answers = [
        changed(
            key_topics=["safety"],
            issues=[{"topic": "safety", "machine": "tapis de course", "zone": None, "source_turn_ids": ["t1"]}],
        )
    ]
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym)
        seen_by_everybody(pipeline)
        before = alerts_of(admin, gym)
        admin.execute("update manager_alerts set status = 'resolved' where alert_type = 'negative_feedback'")
        enrich_due(pipeline, hosted_engine(provider.url))
        assert seen_again(pipeline).written.total() == 1
        after = alerts_of(admin, gym)
        risen = admin.execute(
            "select title, priority from manager_alerts where alert_type = 'equipment_issue'"
        ).fetchone()
        recounted = admin.execute("select negative_sentiment_count, total_conversations from member_analytics")
        assert recounted.fetchone() == (1, 1)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert [(row[2], row[3]) for row in after] == [("pending", 1), ("resolved", 1)]
    assert risen is not None
    assert "tapis 4" in risen[0].lower()
    assert risen[1] == "urgent"


def test_what_the_provider_finds_beyond_the_local_engine_is_a_new_alert(database: Database, provider: Provider) -> None:
    """Thanks for the local engine, a broken machine for the hosted one: the manager hears of it."""
    provider.answers = [
        changed(
            turns=[{"turn_id": "t1", "sentiment_score": -0.6, "emotion": "frustration", "intents": ["report_issue"]}],
            evidence={name: ["t1"] for name in ("summary", "key_topics", "sentiment", "emotion", "intents", "outcome")},
        )
    ]
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym, ("Merci, mais le tapis 4 est mort.",))
        assert seen_by_everybody(pipeline).written.total() == 0
        enrich_due(pipeline, hosted_engine(provider.url))
        assert seen_again(pipeline).written.total() == 2
        assert len(alerts_of(admin, gym)) == 2


@pytest.mark.parametrize("status", [429, 500])
def test_a_provider_that_fails_leaves_the_local_analysis_and_says_why(
    database: Database, provider: Provider, status: int
) -> None:
    """The row stays, visible, with its alerts; it waits, with the reason, and no try is counted."""
    provider.answers = [failure(status)]
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        with pytest.raises(AnalysisBatchFailed):
            enrich_due(pipeline, hosted_engine(provider.url))
        tier, state, reason, alerted = one_row(
            admin, "tier, enrichment_state, enrichment_reason, alerted_at is not null"
        )
    assert (tier, state, alerted) == ("local", "waiting", True)
    assert str(status) in reason


def test_a_provider_that_is_not_there_leaves_the_local_analysis(database: Database) -> None:
    """Nobody listens at the address: the same."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        with pytest.raises(AnalysisBatchFailed):
            enrich_due(pipeline, hosted_engine("http://127.0.0.1:9/v1"))
        assert one_row(admin, "status, tier, enrichment_state, enrichment_reason is not null") == (
            "completed", "local", "waiting", True,
        )  # fmt: skip


def test_three_broken_replies_give_up_with_a_reason_and_can_be_asked_for_again(
    database: Database, provider: Provider
) -> None:
    """Failed after three tries: the local analysis stays, the reason stands in the row, the queue is empty."""
    good = provider.answers
    provider.answers = [changed(outcome=None)]
    engine = hosted_engine(provider.url)
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        for _ in range(MAX_ATTEMPTS - 1):
            assert enrich_due(pipeline, engine).retried == 1
            due_at_once(admin)
        assert enrich_due(pipeline, engine).failed == 1
        status, tier, state, reason = one_row(admin, "status, tier, enrichment_state, enrichment_reason")
        assert (status, tier, state) == ("completed", "local", "failed")
        assert "schema" in reason
        assert admin.execute("select count(*) from app.enrichments").fetchone() == (0,)
        assert enrichments.failed_ids(pipeline, limit=10) == [session_id]

        provider.answers = good
        enrichments.queue(pipeline, str(session_id))
        pipeline.commit()
        assert enrich_due(pipeline, engine).enriched == 1
        assert one_row(admin, "tier, enrichment_state, enrichment_reason") == ("hosted", "done", None)


@pytest.mark.timeout(60)
def test_a_run_killed_in_its_middle_is_made_good_once_and_paid_once(database: Database, provider: Provider) -> None:
    """SIGKILL with the reply in hand: the row waits on with its local analysis, and the next run asks nothing."""
    url = database.url_for("pipeline")
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym)
        seen_by_everybody(pipeline)
        died = subprocess.run(
            [sys.executable, "-m", "tests.support.dying_analyst", provider.url, url], cwd=REPOSITORY, check=False
        )
        assert died.returncode == -9
        paid = len(provider.chats)
        assert (paid, one_row(admin, "tier, enrichment_state")) == (1, ("local", "waiting"))
        assert enrich_due(pipeline, hosted_engine(provider.url, paid_replies=KeptReplies(url))).enriched == 1
        seen_again(pipeline)
        assert len(provider.chats) == paid
        assert one_row(admin, "tier, enrichment_state, tokens") == ("hosted", "done", 1400)
        assert [row[3] for row in alerts_of(admin, gym)] == [1, 1]


def test_a_member_who_keeps_their_words_in_the_house_is_analysed_there(database: Database, provider: Provider) -> None:
    """A refusal of the hosted provider rules it out, with the reason in the row; a later yes counts for later ones."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for is_granted in (True, False):
            record_consent(
                pipeline, gym.member_id, purpose=HOSTED_PURPOSE, is_granted=is_granted, notice_version="2026-11"
            )
        pipeline.commit()
        closed_session(admin, gym)
        assert seen_by_everybody(pipeline).written.total() == 2
        assert enrich_due(pipeline, hosted_engine(provider.url)).claimed == 0
        state, reason = one_row(admin, "enrichment_state, enrichment_reason")
    assert (state, provider.chats, provider.embeddings) == ("ruled_out", [], [])
    assert "member" in reason


def test_a_refusal_takes_what_waits_out_of_the_queue(database: Database, provider: Provider) -> None:
    """Said at the desk while the provider was away: nothing said before is sent any more, a neighbour's still is."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym)
        closed_session(admin, gym, is_member_known=False)
        seen_by_everybody(pipeline)
        record_consent(pipeline, gym.member_id, purpose=HOSTED_PURPOSE, is_granted=False, notice_version="2026-11")
        pipeline.commit()
        assert enrich_due(pipeline, hosted_engine(provider.url)).enriched == 1
        rows = admin.execute(
            "select member_id is not null, tier, enrichment_state from conversation_summaries order by 1"
        ).fetchall()
        with pytest.raises(UnknownMember):
            record_consent(pipeline, uuid4(), purpose=HOSTED_PURPOSE, is_granted=False, notice_version="2026-11")
    assert rows == [(False, "hosted", "done"), (True, "local", "ruled_out")]


def test_what_the_second_tier_owes_is_counted(database: Database, provider: Provider) -> None:
    """Given up, and waiting for longer than it should: both are the data team's to see."""
    provider.answers = [changed(outcome=None)]
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for _ in range(2):
            closed_session(admin, gym)
        seen_by_everybody(pipeline)
        assert enrichments.behind(pipeline, grace=timedelta(hours=1)).waiting_count == 0
        admin.execute("update app.enrichments set queued_at = now() - interval '2 days', attempts = 2")
        pipeline.commit()
        enrich_due(pipeline, hosted_engine(provider.url))
        closed_session(admin, gym)
        seen_by_everybody(pipeline)
        admin.execute("update app.enrichments set queued_at = now() - interval '2 days'")
        pipeline.commit()
        owed = enrichments.behind(pipeline, grace=timedelta(days=1))
    assert (owed.failed_count, owed.waiting_count, owed.waiting_since is not None) == (2, 1, True)


def test_with_the_local_engine_alone_nothing_waits(database: Database) -> None:
    """The setting's other choice: no queue, no state but none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        analyse_due(pipeline, CueWordEngine())
        assert one_row(admin, "tier, enrichment_state") == ("local", "none")
        assert not enrichments.has_due(pipeline)


def test_an_answer_that_comes_after_a_new_analysis_was_asked_for_writes_nothing(
    database: Database, provider: Provider
) -> None:
    """The request goes first: the late reply is left, and the conversation waits for its turn again."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        provider.on_chat = lambda: admin.execute(  # type: ignore[assignment, return-value]
            "update conversation_summaries set status = 'pending', request_number = 2 where session_id = %s",
            [session_id],
        )
        assert enrich_due(pipeline, hosted_engine(provider.url)) == EnrichmentReport(late=1)
        assert one_row(admin, "status, tier") == ("pending", "local")
        provider.on_chat = lambda: None
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, hosted_engine(provider.url)).enriched == 1


class TwoTiers(Analyst):
    """An analyst with the cue-word engine first and a played provider second."""

    provider_url: str

    def engine(self) -> CueWordEngine:  # type: ignore[override]
        return CueWordEngine()

    def has_second_tier(self) -> bool:
        return True

    def hosted_engine(self) -> OpenAIEngine:
        return hosted_engine(self.provider_url)

    def shelf(self) -> Shelf:
        return Shelf(default_settings())

    def negative_feedback_below(self) -> float:
        return -0.5


class GivenWarehouse(Warehouse):
    """A warehouse at a given address."""

    address: str

    def url(self) -> str:
        return self.address


def test_the_two_jobs_take_a_close_to_an_enriched_row(database: Database, provider: Provider) -> None:
    """Dagster's own jobs: the live one with the provider away, the second tier's with members and alerts behind it."""
    definitions = build_defs(
        resource_overrides={
            "warehouse": GivenWarehouse(address=database.url_for("pipeline")),
            "analyst": TwoTiers(provider_url=provider.url),
        }
    )
    with DagsterInstance.ephemeral() as instance, database.admin() as admin:
        gym = make_gym(admin)
        closed_session(admin, gym, COMPLAINT)
        assert definitions.resolve_job_def(LIVE_JOB).execute_in_process(instance=instance).success
        assert (len(alerts_of(admin, gym)), provider.chats) == (2, [])
        result = definitions.resolve_job_def(ENRICH_JOB).execute_in_process(instance=instance)
        assert result.success
        assert one_row(admin, "tier, counted_at is not null, alerted_at is not null") == ("hosted", True, True)
        assert [row[3] for row in alerts_of(admin, gym)] == [1, 1]


def test_one_conversation_that_breaks_takes_no_other_with_it(database: Database) -> None:
    """A failure of one is its own: the neighbour is enriched, and its failure is counted in its row."""

    class HalfBroken(CueWordEngine):
        name = "openai"

        def _one(self, conversation: Any) -> Analysis | AnalysisFailure:
            if "Merci" in conversation.turns[0].text:
                return AnalysisFailure(conversation.session_id, "found a refusal, expected an analysis", True)
            return super()._one(conversation)

    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym)
        closed_session(admin, gym, THANKS)
        seen_by_everybody(pipeline)
        assert enrich_batch(pipeline, HalfBroken()) == EnrichmentReport(enriched=1, failed=1)
        rows = admin.execute("select tier, enrichment_state from conversation_summaries order by queued_at").fetchall()
    assert rows == [("hosted", "done"), ("local", "failed")]
