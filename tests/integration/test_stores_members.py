"""Member analytics in the database: recomputed from the rows, once for each conversation, in any order."""

from datetime import timedelta

from orchestration.batches import analyse_due, count_members
from tests.conftest import Database
from tests.support.pipeline_world import THANKS, CueWordEngine, closed_session, make_gym
from warehouse.stores import conversations, members


def test_a_conversation_moves_its_member(database: Database) -> None:
    """Counts, sentiment and visits of the member follow what was said; the mark is set with them."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = make_gym(admin)
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) "
            "select %s, %s, now() - make_interval(days => day) from unnest(array[1, 3, 8]) as days (day)",
            [gym.gym_id, gym.member_id],
        )
        closed_session(admin, gym)
        closed_session(admin, gym, THANKS)
        analyse_due(pipeline, CueWordEngine())
        assert count_members(pipeline) == 1
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
        assert count_members(pipeline) == 1
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
        assert count_members(pipeline) == 0
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
