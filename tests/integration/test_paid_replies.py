"""A hosted reply is paid once, whatever happens between its arrival and its use."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from bench.support.world import closed_session, make_gym
from orchestration.enrichment import enrich_due
from tests.conftest import REPOSITORY, Database
from tests.support.first_tier import seen_by_everybody
from tests.support.hosted_provider import GOOD, Provider, changed, completion, failure, hosted_engine, playing
from warehouse.stores.paid_replies import FORGOTTEN_AT_ONCE, KEEP_FOR, KeptReplies


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on a free port of the loopback."""
    with playing() as played:
        yield played


def asked(provider: Provider) -> tuple[int, int]:
    """How many chats and how many embedding calls were paid for."""
    return len(provider.chats), len(provider.embeddings)


def kept_count(admin: psycopg.Connection) -> int:
    row = admin.execute("select count(*)::integer from app.paid_replies").fetchone()
    assert row is not None
    return int(row[0])


def due_at_once(admin: psycopg.Connection) -> None:
    admin.execute("update app.enrichments set retry_at = null")


@pytest.mark.timeout(60)
def test_a_run_killed_between_reply_and_use_is_made_good_for_nothing(database: Database, provider: Provider) -> None:
    """SIGKILL with three analyses in hand: the next run writes them, asks nothing, and books their price once."""
    url = database.url_for("pipeline")
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for _ in range(3):
            closed_session(admin, gym)
        seen_by_everybody(pipeline)
        died = subprocess.run(
            [sys.executable, "-m", "tests.support.dying_analyst", provider.url, url], cwd=REPOSITORY, check=False
        )
        assert died.returncode == -9
        assert asked(provider) == (3, 1)
        assert kept_count(admin) == 6
        written = admin.execute("select distinct tier, enrichment_state, tokens from conversation_summaries")
        assert written.fetchall() == [("local", "waiting", 0)]

        report = enrich_due(pipeline, hosted_engine(provider.url, paid_replies=KeptReplies(url)))
        assert asked(provider) == (3, 1)
        assert (report.enriched, report.tokens) == (3, 3 * 1300 + 100)
        assert kept_count(admin) == 0


def test_what_is_written_is_forgotten_and_a_new_analysis_is_a_new_request(
    database: Database, provider: Provider
) -> None:
    """A re-analysis that somebody asks for is asked, and paid, anew."""
    engine = hosted_engine(provider.url, paid_replies=KeptReplies(database.url_for("pipeline")))
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, engine).enriched == 1
        admin.execute("update conversation_summaries set status = 'pending'")
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, engine).enriched == 1
    assert asked(provider) == (2, 2)


def test_broken_replies_of_an_earlier_try_are_booked_and_not_asked_again(
    database: Database, provider: Provider
) -> None:
    """Two broken replies fail the first try; the second asks once more, and its row bears the price of all three."""
    provider.answers = [changed(outcome=None), changed(outcome=None), completion(json.dumps(GOOD))]
    engine = hosted_engine(provider.url, paid_replies=KeptReplies(database.url_for("pipeline")))
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        assert enrich_due(pipeline, engine).retried == 1
        due_at_once(admin)
        report = enrich_due(pipeline, engine)
    assert asked(provider) == (3, 1)
    assert (report.enriched, report.tokens) == (1, 3 * 1300 + 100)


def test_an_outage_after_the_vectors_does_not_pay_them_again(database: Database, provider: Provider) -> None:
    """The provider goes away between the two calls of a conversation: the later run asks only for what is missing."""
    provider.answers = [*[failure(500)] * 4, completion(json.dumps(GOOD))]
    engine = hosted_engine(provider.url, paid_replies=KeptReplies(database.url_for("pipeline")))
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        seen_by_everybody(pipeline)
        with pytest.raises(RuntimeError, match="500"):
            enrich_due(pipeline, engine)
        due_at_once(admin)
        assert enrich_due(pipeline, engine).tokens == 1400
    assert len(provider.embeddings) == 1


def test_the_same_words_in_two_sessions_are_two_requests(database: Database, provider: Provider) -> None:
    """A reply is its session's: nothing that one gym paid for or was told reaches another."""
    replies = KeptReplies(database.url_for("pipeline"))
    with database.admin() as admin:
        one, other = (str(closed_session(admin, make_gym(admin, slug))) for slug in ("pau", "lyon"))
        digest = "a" * 64
        replies.keep({(one, digest): "{}"})
        assert replies.stored([(one, digest), (other, digest)]) == {(one, digest): "{}"}
        replies.keep({(one, digest): '{"late": true}'})
        assert replies.stored([(one, digest)]) == {(one, digest): "{}"}
        admin.execute("delete from openai_realtime_sessions where id = %s", [one])
        assert replies.stored([(one, digest)]) == {}


def test_old_replies_go_some_at_a_time(database: Database) -> None:
    """What nobody came back for in a week is cleared away by whoever keeps the next reply."""
    replies = KeptReplies(database.url_for("pipeline"))
    with database.admin() as admin:
        session_id = str(closed_session(admin, make_gym(admin)))
        replies.keep({(session_id, f"{place:064x}"): "{}" for place in range(FORGOTTEN_AT_ONCE + 5)})
        admin.execute("update app.paid_replies set arrived_at = now() - %s", [KEEP_FOR + timedelta(hours=1)])
        replies.keep({(session_id, "b" * 64): "{}"})
        assert kept_count(admin) == 6
        replies.keep({(session_id, "c" * 64): "{}"})
        assert kept_count(admin) == 2


@pytest.mark.parametrize("door", ["gateway", "dashboard"])
def test_no_other_door_reads_them(database: Database, door: str) -> None:
    """Neither grant nor policy: the replies are the pipeline's alone."""
    with database.connect(door) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):  # type: ignore[arg-type]
        connection.execute("select 1 from app.paid_replies")
