"""Member analytics in the database: recomputed from the rows, once for each conversation, in any order."""

from datetime import timedelta

import psycopg
import pytest

from bench.support.world import THANKS, closed_session, make_gym
from orchestration.batches import MemberReport, analyse_due, count_members, raise_alerts
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from warehouse.stores import conversations, members


def test_a_conversation_moves_its_member(database: Database) -> None:
    """Counts, sentiment and visits of the member follow what was said; the mark is set with them."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, now() - make_interval(days => day) from unnest(array[1, 3, 8, 90]) as days (day)",
            [gym.gym_id, gym.member_id],
        )
        closed_session(admin, gym)
        closed_session(admin, gym, THANKS)
        analyse_due(pipeline, CueWordEngine())
        assert count_members(pipeline).recomputed == 1
        row = admin.execute(
            "select total_conversations, negative_sentiment_count, positive_sentiment_count, "
            "avg_sentiment_score::float, conversation_frequency, days_since_last_visit, "
            "visit_frequency_per_week::float, total_session_duration_seconds from member_analytics"
        ).fetchone()
        uncounted = admin.execute("select count(*) from conversation_summaries where counted_at is null").fetchone()
    assert row is not None
    # Four days with a visit: three badges and today's conversations.
    assert row[:7] == (2, 1, 1, -0.05, "monthly", 0, 1.0)
    assert 239 <= row[7] <= 241
    assert uncounted == (0,)


def test_counting_twice_changes_nothing(database: Database) -> None:
    """A re-analysed conversation is counted again, from the rows: the totals stay."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        query = "select total_conversations, negative_sentiment_count from member_analytics"
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        first = admin.execute(query).fetchall()
        conversations.request_reanalysis(pipeline, str(session_id))
        pipeline.commit()
        analyse_due(pipeline, CueWordEngine())
        assert count_members(pipeline).recomputed == 1
        assert admin.execute(query).fetchall() == first == [(1, 1)]


def test_the_churn_columns_are_left_alone(database: Database) -> None:
    """They belong to another stage."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_analytics (member_id, gym_id, churn_risk_score, churn_risk_level) "
            "values (%s, %s, 0.9, 'critical')",
            [gym.member_id, gym.gym_id],
        )
        closed_session(admin, gym)
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        row = admin.execute("select churn_risk_level, total_conversations from member_analytics").fetchone()
    assert row == ("critical", 1)


def test_an_unknown_badge_is_counted_for_nobody(database: Database) -> None:
    """The conversation goes on to the alerts, and no member's row appears."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin), is_member_known=False)
        analyse_due(pipeline, CueWordEngine())
        assert count_members(pipeline).recomputed == 0
        assert members.claim_uncounted(pipeline, batch_size=10) == []
        assert admin.execute("select count(*) from member_analytics").fetchone() == (0,)


def test_analytics_that_lag_behind_are_counted(database: Database) -> None:
    """A conversation analysed after the last recount shows in the check."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        analyse_due(pipeline, CueWordEngine())
        assert members.count_analytics_behind(pipeline, grace=timedelta(0)) == 1
        assert members.count_analytics_behind(pipeline, grace=timedelta(minutes=1)) == 0
        count_members(pipeline)
        pipeline.commit()
        assert members.count_analytics_behind(pipeline, grace=timedelta(0)) == 0


def test_a_member_whose_row_is_refused_is_put_off_alone_and_parked_in_the_end(database: Database) -> None:
    """The neighbours are counted in the same run; the third failure parks the conversation with its reason."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        refused, other = make_gym(admin, "pau"), make_gym(admin, "dax")
        session_id = closed_session(admin, refused)
        closed_session(admin, other)
        admin.execute(
            f"alter table member_analytics add constraint not_this_gym check (gym_id <> '{refused.gym_id}')"  # type: ignore[arg-type]
        )
        analyse_due(pipeline, CueWordEngine())
        report = count_members(pipeline)
        assert report.recomputed == 1
        assert [(one.session_id, one.is_parked) for one in report.refused] == [(session_id, False)]
        assert "not_this_gym" in report.refused[0].reason
        assert count_members(pipeline) == MemberReport(), "it waits for its next try"
        for is_last in (False, True):
            admin.execute("update conversation_summaries set count_retry_at = now() where count_retry_at is not null")
            assert [one.is_parked for one in count_members(pipeline).refused] == [is_last]
        assert count_members(pipeline) == MemberReport()
        (parked,) = conversations.parked_sessions(pipeline, limit=10)
        assert (parked.session_id, parked.stage, parked.attempts) == (session_id, "members", 3)
        admin.execute("update conversation_summaries set analysed_at = now() - interval '1 minute'")
        # The alerts of both sessions still wait; the parked count does not.
        raise_alerts(pipeline, negative_feedback_below=-0.5)
        assert not conversations.are_stages_behind(pipeline)


def test_a_session_that_cannot_be_counted_raises_its_alerts_all_the_same(database: Database) -> None:
    """A manager must not miss what was said because a number could not be written."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        admin.execute("alter table member_analytics add constraint nobody check (false)")
        analyse_due(pipeline, CueWordEngine())
        count_members(pipeline)
        assert raise_alerts(pipeline, negative_feedback_below=-0.5).written.total() == 2


def test_what_a_stage_gave_up_is_tried_again_on_request(database: Database) -> None:
    """The cause is mended: the conversation is counted without being analysed again."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        session_id = closed_session(admin, make_gym(admin))
        analyse_due(pipeline, CueWordEngine())
        admin.execute("update conversation_summaries set count_attempts = 3, count_retry_at = 'infinity'")
        assert count_members(pipeline) == MemberReport()
        assert conversations.count_parked(pipeline) == 1
        assert conversations.retry_stages(pipeline, [session_id]) == 1
        pipeline.commit()
        assert count_members(pipeline).recomputed == 1
        assert conversations.count_parked(pipeline) == 0


def test_a_fault_of_the_database_itself_counts_no_try(database: Database) -> None:
    """A table that is not there would meet every member: the run fails, and nothing is put off."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        analyse_due(pipeline, CueWordEngine())
        pipeline.commit()
        admin.execute("alter table member_analytics rename to elsewhere")
        with pytest.raises(psycopg.errors.UndefinedTable):
            count_members(pipeline)
        pipeline.rollback()
        assert admin.execute("select count_attempts from conversation_summaries").fetchone() == (0,)
