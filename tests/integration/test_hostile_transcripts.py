"""Hostile transcripts through the whole analysis: no field leaves its schema, no other row moves."""

from bench.support.world import THANKS, closed_session, make_gym
from jarvis.conversations import Emotion, Intent, Outcome, Sentiment, Topic
from ml.conversations.local import LocalEngine
from orchestration.batches import AnalysisReport, analyse_due
from tests.conftest import Database
from tests.support.hostile_texts import hostile_texts
from warehouse.stores.conversations import has_due

_OTHERS = """
    select md5(string_agg(rows::text, '|' order by rows::text)) from (
        select to_jsonb(summaries) as rows from conversation_summaries as summaries where gym_id = %(gym)s
        union all
        select to_jsonb(turns) from session_turns as turns where gym_id = %(gym)s
        union all
        select to_jsonb(members) from gym_members_v2 as members where gym_id = %(gym)s
        union all
        select to_jsonb(analytics) from member_analytics as analytics where gym_id = %(gym)s
        union all
        select to_jsonb(alerts) from manager_alerts as alerts where gym_id = %(gym)s
    ) as everything
"""


def test_hostile_words_stay_words(database: Database) -> None:
    """150 texts are analysed into closed vocabularies, and another gym's rows are what they were."""
    texts = hostile_texts()
    assert len(texts) >= 150
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        other = make_gym(admin, "dax")
        closed_session(admin, other, THANKS)
        analyse_due(pipeline, LocalEngine.load())
        before = admin.execute(_OTHERS, {"gym": other.gym_id}).fetchone()
        attacked = make_gym(admin)
        sessions = [closed_session(admin, attacked, (text,)) for text in texts]
        engine, report = LocalEngine.load(), AnalysisReport()
        while has_due(pipeline):
            pipeline.rollback()  # Looking opened a transaction; each batch commits its own.
            report += analyse_due(pipeline, engine)
        rows = admin.execute(
            "select session_id, status, sentiment_label, emotion_detected, key_topics, intents_detected, outcome, "
            "evidence, summary_text from conversation_summaries where gym_id = %s",
            [attacked.gym_id],
        ).fetchall()
        after = admin.execute(_OTHERS, {"gym": other.gym_id}).fetchone()
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
