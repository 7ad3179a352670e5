"""Hostile transcripts through the whole analysis: no field leaves its schema, no other row moves."""

from dataclasses import replace
from uuid import uuid4

from bench.support.world import COMPLAINT, THANKS, closed_session, make_gym
from jarvis.conversations import Emotion, Intent, Outcome, Sentiment, Topic
from ml.conversations.local import LocalEngine
from orchestration.batches import AnalysisReport, analyse_due, count_members, raise_alerts
from tests.conftest import Database
from tests.support.hostile_texts import hostile_texts
from warehouse.stores.conversations import has_due

# All that is kept of another gym, and of another member of the same one.
_OTHERS = """
    select md5(string_agg(rows::text, '|' order by rows::text)) from (
        select to_jsonb(summaries) as rows from conversation_summaries as summaries
        where gym_id = %(gym)s or session_id = %(session)s
        union all
        select to_jsonb(turns) from session_turns as turns where gym_id = %(gym)s or session_id = %(session)s
        union all
        select to_jsonb(members) from gym_members_v2 as members where gym_id = %(gym)s or id = %(member)s
        union all
        select to_jsonb(analytics) from member_analytics as analytics where gym_id = %(gym)s or member_id = %(member)s
        union all
        select to_jsonb(alerts) from manager_alerts as alerts where gym_id = %(gym)s or member_id = %(member)s
    ) as everything
"""


def test_hostile_words_stay_words(database: Database) -> None:
    """150 texts are analysed into closed vocabularies; what is kept of others, there or next to it, is as it was."""
    texts = hostile_texts()
    assert len(texts) >= 150
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        other, attacked = make_gym(admin, "dax"), make_gym(admin)
        neighbour = replace(attacked, member_id=uuid4())
        admin.execute(
            "insert into gym_members_v2 (id, gym_id, badge_id, first_name, last_name, member_since) "
            "values (%s, %s, '0002', 'Inès', 'Larrieu', current_date - 365)",
            [neighbour.member_id, neighbour.gym_id],
        )
        closed_session(admin, other, THANKS)
        others = {
            "gym": other.gym_id,
            "member": neighbour.member_id,
            "session": closed_session(admin, neighbour, COMPLAINT),
        }
        analyse_due(pipeline, LocalEngine.load())
        count_members(pipeline)
        raise_alerts(pipeline, negative_feedback_below=-0.5)
        kept = admin.execute(
            "select (select count(*) from member_analytics where member_id = %(member)s), "
            "(select count(*) from manager_alerts where member_id = %(member)s)",
            others,
        ).fetchone()
        assert kept is not None and min(kept) > 0, "the neighbour has rows that could move"
        before = admin.execute(_OTHERS, others).fetchone()
        sessions = [closed_session(admin, attacked, (text,)) for text in texts]
        engine, report = LocalEngine.load(), AnalysisReport()
        while has_due(pipeline):
            pipeline.rollback()  # Looking opened a transaction; each batch commits its own.
            report += analyse_due(pipeline, engine)
        rows = admin.execute(
            "select session_id, status, sentiment_label, emotion_detected, key_topics, intents_detected, outcome, "
            "evidence, summary_text from conversation_summaries where session_id = any (%s)",
            [sessions],
        ).fetchall()
        count_members(pipeline)
        raise_alerts(pipeline, negative_feedback_below=-0.5)
        after = admin.execute(_OTHERS, others).fetchone()
        turn_ids = dict(
            admin.execute(
                "select session_id, array_agg(id::text) from session_turns where gym_id = %s group by session_id",
                [attacked.gym_id],
            ).fetchall()
        )
    assert (report.completed, report.parked, report.retried) == (len(texts), 0, 0)
    assert {row[0] for row in rows} == set(sessions)
    assert after == before
    for session_id, status, sentiment, emotion, topics, intents, outcome, evidence, summary in rows:
        assert status == "completed"
        assert sentiment in set(Sentiment)
        assert emotion in set(Emotion)
        assert set(topics) <= set(Topic) and topics
        assert set(intents) <= set(Intent) and intents
        assert outcome in set(Outcome)
        assert {turn for cited in evidence.values() for turn in cited} <= set(turn_ids[session_id])
        assert len(summary) < 1500
