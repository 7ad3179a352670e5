"""Many conversations at once give what each gives alone: the rows of a batch and of single runs are the same."""

from typing import Any

import psycopg

from bench.pipeline_throughput import numbered_talks, open_talk
from bench.support.world import Gym, close_session, make_gym
from ml.conversations.local import LocalEngine
from orchestration.batches import analyse_batch, count_members, raise_alerts
from tests.conftest import Database

SESSIONS = 12

# Ids differ between the two gyms: turns are named by their place, sessions by when they began.
SUMMARIES = """
select
    summaries.summary_text, summaries.key_topics, summaries.sentiment_score, summaries.emotion_detected,
    summaries.intents_detected, summaries.outcome, summaries.embedding::text, summaries.engine_version,
    (
        select jsonb_object_agg(fields.key, (
            select jsonb_agg(turns.position order by turns.position)
            from public.session_turns as turns where fields.value ? turns.id::text
        ))
        from jsonb_each(summaries.evidence) as fields
    ),
    (select array_agg(items.text order by items.position) from action_items as items
     where items.session_id = summaries.session_id),
    (
        select array_agg((turns.sentiment_score, turns.emotion, turns.intents)::text order by turns.position)
        from session_turns as turns where turns.session_id = summaries.session_id
    )
from conversation_summaries as summaries
where summaries.gym_id = %s
order by summaries.queued_at, summaries.session_id
"""
MEMBERS = """
select total_conversations, avg_sentiment_score, sentiment_trend, negative_sentiment_count, engagement_score
from member_analytics where gym_id = %s
"""
ALERTS = """
select
    alert_type, priority, title, description, occurrence_count,
    (select array_agg(quoted.turn ->> 'text' order by quoted.turn ->> 'text')
     from jsonb_array_elements(context -> 'turns') as quoted (turn))
from manager_alerts where gym_id = %s order by alert_type, title, description
"""


def test_a_batch_and_single_runs_write_the_same_rows(database: Database) -> None:
    """Summary, labels, evidence, vector to the last digit, action items, the member's row and the alerts."""
    engine = LocalEngine.load()
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        together, alone = make_gym(admin, "together"), make_gym(admin, "alone")
        rows = {}
        for gym, batch_size in ((together, 50), (alone, 1)):
            for turns in (turns for turns, _ in zip(numbered_talks(), range(SESSIONS), strict=False)):
                close_session(admin, open_talk(admin, gym, 0, turns))
            batches = 0
            while (report := analyse_batch(pipeline, engine, batch_size=batch_size)).claimed:
                batches += 1
                assert report.completed == min(SESSIONS, batch_size)
                later_stages(pipeline)
            assert batches == (1 if batch_size > 1 else SESSIONS)
            rows[gym.gym_id] = rows_of(admin, gym)
    assert len(rows[together.gym_id][0]) == SESSIONS
    assert rows[together.gym_id] == rows[alone.gym_id]


def later_stages(pipeline: psycopg.Connection) -> None:
    """The members and the alerts stage have seen what is new."""
    count_members(pipeline)
    raise_alerts(pipeline, negative_feedback_below=-0.5)


def rows_of(admin: psycopg.Connection, gym: Gym) -> tuple[list[tuple[Any, ...]], ...]:
    """All that the flow wrote of the gym, without ids and moments."""
    return tuple(admin.execute(statement, [gym.gym_id]).fetchall() for statement in (SUMMARIES, MEMBERS, ALERTS))  # type: ignore[call-overload]
