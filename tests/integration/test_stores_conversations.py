"""The queue of closed sessions: claimed once, analysed in one transaction, put off or parked on failure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from bench.support.world import THANKS, closed_session, make_gym, open_session
from jarvis.conversations import Analysis, AnalysisFailure, Conversation
from orchestration.batches import AnalysisBatchFailed, analyse_batch, analyse_due
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from warehouse.stores import conversations


def test_an_analysis_is_written_whole(database: Database) -> None:
    """Summary, labels of the member's turns, action item and padded embedding are all there."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        report = analyse_due(pipeline, CueWordEngine())
        summary = admin.execute(
            "select status, sentiment_score::float, vector_dims(embedding), engine_version, "
            "issues -> 0 ->> 'machine', request_number, sentiment_shift::float from conversation_summaries "
            "where session_id = %s",
            [session_id],
        ).fetchone()
        labels = admin.execute(
            "select role, sentiment_label from session_turns where session_id = %s order by position", [session_id]
        ).fetchall()
        items = admin.execute("select text from action_items where session_id = %s", [session_id]).fetchall()
    assert report.completed == 1
    assert summary == ("completed", -0.8, 1536, "cue-words-1", "Tapis 4", 1, 0.0)
    assert labels == [("member", "negative"), ("assistant", None), ("member", "negative"), ("assistant", None)]
    assert items == [("Réparer le tapis 4.",)]


class Telling(CueWordEngine):
    """Says how content the member left."""

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        return [replace(one, satisfaction=0.25) for one in super().analyse(conversations) if isinstance(one, Analysis)]


def test_how_content_the_member_left_stands_until_the_same_tier_says_otherwise(database: Database) -> None:
    """A hosted engine that does not say leaves it; a new local analysis writes its own, also none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = str(closed_session(admin, make_gym(admin)))
        kept = "select satisfaction::float from conversation_summaries"
        analyse_due(pipeline, Telling())
        assert admin.execute(kept).fetchone() == (0.25,)
        admin.execute("update conversation_summaries set enrichment_state = 'waiting'")
        (claimed,) = conversations.with_turns(
            pipeline,
            admin_rows(
                admin,
                "select session_id, gym_id, 'fr' as language, '{}'::text[] as known_of_member, true as keeps_health",
            ),
        )
        (silent,) = CueWordEngine().analyse([claimed])
        assert isinstance(silent, Analysis)
        assert conversations.save_analysis(pipeline, silent, is_enrichment=True)
        pipeline.commit()
        assert admin.execute(kept).fetchone() == (0.25,)
        conversations.request_reanalysis(pipeline, session_id)
        pipeline.commit()
        analyse_due(pipeline, CueWordEngine())
        assert admin.execute(kept).fetchone() == (None,)


def admin_rows(admin: psycopg.Connection, columns: LiteralString) -> list[dict[str, Any]]:
    """The summaries, as the stages claim them."""
    with admin.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(columns + " from conversation_summaries").fetchall()


def test_two_workers_never_take_the_same_session(database: Database) -> None:
    """What one open transaction has claimed, another claim passes over."""
    with database.admin() as admin, database.connect("pipeline") as one, database.connect("pipeline") as other:
        gym = make_gym(admin)
        expected = {str(closed_session(admin, gym)) for _ in range(4)}
        first = {claimed.session_id for claimed in conversations.claim_due(one, batch_size=3)}
        second = {claimed.session_id for claimed in conversations.claim_due(other, batch_size=3)}
    assert len(first) == 3
    assert first | second == expected
    assert not first & second


def test_a_claim_is_given_back_when_its_transaction_dies(database: Database) -> None:
    """A worker that dies leaves its rows pending, with no try counted."""
    with database.admin() as admin, database.connect("pipeline") as survivor:
        session_id = closed_session(admin, make_gym(admin))
        dying = database.connect("pipeline")
        assert len(conversations.claim_due(dying, batch_size=1)) == 1
        assert not conversations.has_due(survivor)
        survivor.rollback()
        admin.execute("select pg_terminate_backend(%s)", [dying.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            dying.execute("select 1")
        assert [one.session_id for one in conversations.claim_due(survivor, batch_size=1)] == [str(session_id)]


def test_a_poisoned_session_fails_alone(database: Database) -> None:
    """A conversation that breaks the engine is retried later; its neighbours are completed at once."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        poisoned = closed_session(admin, gym, ["poisoned words"])
        for _ in range(3):
            closed_session(admin, gym, THANKS)
        report = analyse_due(pipeline, CueWordEngine())
        row = admin.execute(
            "select status, attempts, last_error, retry_at > now() from conversation_summaries where session_id = %s",
            [poisoned],
        ).fetchone()
    assert (report.completed, report.retried) == (3, 1)
    assert row is not None
    assert row[0:2] == ("pending", 1)
    assert "RuntimeError" in row[2]
    assert "poisoned" not in row[2], "a reason never repeats the member's words"
    assert row[3] is True


def test_the_third_failure_parks_a_session(database: Database) -> None:
    """Two failures leave a session pending for later, the third parks it with its reason."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = str(closed_session(admin, make_gym(admin)))
        failure = AnalysisFailure(session_id, "found no JSON, expected an object")
        statuses = [conversations.save_failure(pipeline, failure) for _ in range(3)]
        parked = conversations.parked_sessions(pipeline, limit=10)
    assert statuses == ["pending", "pending", "parked"]
    assert [(str(one.session_id), one.stage, one.attempts, one.reason) for one in parked] == [
        (session_id, "conversations", 3, "found no JSON, expected an object")
    ]


def test_each_failure_waits_four_times_longer(database: Database) -> None:
    """The second try comes after 5 s, the third after 20 s."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = str(closed_session(admin, make_gym(admin)))
        waits = []
        for _ in range(2):
            conversations.save_failure(pipeline, AnalysisFailure(session_id, "found a time-out"))
            seconds = conversations.seconds_until_next_due(pipeline)
            assert seconds is not None
            waits.append(round(seconds))
            pipeline.commit()
    assert waits == [5, 20]


def test_a_silent_session_is_skipped(database: Database) -> None:
    """Nobody spoke: no engine is asked, and the row says why there is no summary."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin), [])
        engine = CueWordEngine()
        report = analyse_due(pipeline, engine)
        row = admin.execute("select status, last_error from conversation_summaries").fetchone()
    assert (report.skipped, engine.seen) == (1, [])
    assert row == ("skipped", "found no turn of the member, expected at least one")


def test_an_engine_that_is_down_costs_no_try(database: Database) -> None:
    """When the engine itself does not work, its batch is put off and nothing is parked."""
    from ml.conversations.engine import EngineError

    class DeadEngine(CueWordEngine):
        def analyse(self, conversations: object) -> list[object]:  # type: ignore[override]
            raise EngineError("found no answer from the provider, expected one within 30 s")

    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        with pytest.raises(AnalysisBatchFailed, match="no answer from the provider"):
            analyse_batch(pipeline, DeadEngine(), batch_size=10)  # type: ignore[arg-type]
        row = admin.execute(
            "select status, attempts, retry_at > now() + interval '20 s' from conversation_summaries"
        ).fetchone()
    assert row == ("pending", 0, True)


def test_what_an_engine_had_done_when_it_stopped_is_kept(database: Database) -> None:
    """The paid analysis is written, the others wait with no try counted, and the batch fails visibly."""
    from ml.conversations.engine import EngineError

    class DyingEngine(CueWordEngine):
        def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
            raise EngineError("the provider's quota is used up", done=super().analyse(conversations[:1]))

    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        for _ in range(3):
            closed_session(admin, gym)
        with pytest.raises(AnalysisBatchFailed, match="quota"):
            analyse_batch(pipeline, DyingEngine(), batch_size=10)
        rows = admin.execute("select status, attempts from conversation_summaries order by queued_at").fetchall()
    assert rows == [("completed", 0), ("pending", 0), ("pending", 0)]


def test_an_analysis_the_database_refuses_fails_alone(database: Database) -> None:
    """An embedding that is too long counts as one session's failure; the other one is completed."""

    class LongWinded(CueWordEngine):
        def _one(self, conversation):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            analysis = super()._one(conversation)
            assert isinstance(analysis, Analysis)
            is_thanks = "Merci" in conversation.member_turns[0].text
            return analysis if is_thanks else replace(analysis, embedding=[0.0] * 2000)

    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        closed_session(admin, gym)
        closed_session(admin, gym, THANKS)
        report = analyse_due(pipeline, LongWinded())
    assert (report.completed, report.retried) == (1, 1)


def test_reanalysis_works_twice_in_a_row(database: Database) -> None:
    """A completed session can be asked for again and again; each time it is analysed anew."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = str(closed_session(admin, make_gym(admin)))
        analyse_due(pipeline, CueWordEngine())
        for number in (2, 3):
            assert conversations.request_reanalysis(pipeline, session_id) == number
            pipeline.commit()
            assert analyse_due(pipeline, CueWordEngine()).completed == 1
        items = admin.execute("select count(*) from action_items").fetchone()
    assert items == (1,)


def test_reanalysis_of_an_unknown_or_open_session_is_refused(database: Database) -> None:
    """Only a session that closed can be analysed, and the error says so."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        still_open = open_session(admin, make_gym(admin))
        for session_id in (uuid4(), still_open):
            with pytest.raises(conversations.UnknownSession, match="found none that is closed"):
                conversations.request_reanalysis(pipeline, str(session_id))


def test_closing_a_session_wakes_who_listens(database: Database) -> None:
    """The notification arrives as soon as the close commits, and not before."""
    with database.admin() as admin, psycopg.connect(database.url_for("pipeline"), autocommit=True) as waiting:
        gym = make_gym(admin)
        conversations.listen(waiting)
        assert not conversations.wait_for_closed_session(waiting, timeout_seconds=0.05)
        closed_session(admin, gym)
        assert conversations.wait_for_closed_session(waiting, timeout_seconds=5)
        assert conversations.has_due(waiting)
