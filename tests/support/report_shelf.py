"""Reports, conversations and things to do for the network of `dashboards_door.py`, as the pipeline would leave them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.support.dashboards_door import Network

FIGURES = (
    "visit_count", "session_count", "session_minutes", "analysed_session_count", "mean_sentiment_score",
    "negative_session_count", "positive_session_count", "alert_opened_count", "cost_usd",
)  # fmt: skip


def add_report(
    connection: psycopg.Connection, network: Network, gym_id: UUID | None = None, *, status: str = "published",
    franchise_of: UUID | None = None, insights: tuple[dict[str, Any], ...] = (),
) -> UUID:  # fmt: skip
    """A report of the week that ended today, of Dax unless told otherwise, or of a gym's franchise."""
    identity, end = uuid4(), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, franchise = end - timedelta(days=7), None
    if franchise_of is not None:
        row = connection.execute("select franchise_id from gyms where id = %s", [franchise_of]).fetchone()
        franchise = None if row is None else row[0]
    last = (end - timedelta(days=1)).date()
    metrics = {
        "period": {"first": start.date().isoformat(), "last": last.isoformat()},
        "figures": {name: {"now": 85, "before": 79, "year_before": None} for name in FIGURES},
        "standing": {},
        "topics": [{"topic": "showers_lockers", "session_count": 5, "negative_count": 3}],
        "weeks": [
            {"last": (last - timedelta(days=7 * ago)).isoformat(), "visit_count": 80 + ago, "year_before": None}
            for ago in range(11, -1, -1)
        ],
        "gyms": [],
    }
    connection.execute(
        "insert into insights_reports (id, gym_id, franchise_id, report_type, period_start, period_end, title, "
        "summary, insights, metrics, recommendations, trends, status, published_at) "
        "values (%(id)s, %(gym)s, %(franchise)s, 'weekly', %(start)s, %(end)s, 'Rapport de la semaine, du 16 au 22', "
        "'85 passages, 14 conversations à la borne.', %(insights)s, %(metrics)s, %(actions)s, '{}', %(status)s, "
        "case when %(status)s <> 'draft' then now() end)",
        {
            "id": identity, "gym": None if franchise else gym_id or network.dax, "franchise": franchise,
            "start": start, "end": end, "insights": Jsonb(list(insights)), "metrics": Jsonb(metrics),
            "actions": Jsonb(["Faire contrôler les douches et les casiers cette semaine"]), "status": status,
        },
    )  # fmt: skip
    return identity


def topic_insight(*session_ids: UUID) -> dict[str, Any]:
    """What members complain of, and the conversations it was counted over."""
    return {
        "kind": "topic", "text": "3 conversations négatives parlent des douches et des casiers.", "weight": 0.4,
        "topic": "showers_lockers", "session_ids": [str(one) for one in session_ids], "alert_ids": [],
        "evidence_count": len(session_ids),
    }  # fmt: skip


def add_talk(connection: psycopg.Connection, network: Network, *, days_ago: int = 0, words: str | None = None) -> UUID:
    """A closed conversation of Dax's member, analysed as unhappy about the showers."""
    identity = uuid4()
    connection.execute(
        "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, started_at) "
        "values (%s, %s, %s, %s, 'known', now() - make_interval(days => %s, mins => 5))",
        [identity, network.dax, network.kiosk, network.member, days_ago],
    )
    if words is not None:
        connection.execute(
            "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
            "values (%s, %s, 'one', 0, 'member', %s, now() - make_interval(days => %s, mins => 4))",
            [identity, network.dax, words, days_ago],
        )
    connection.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_left', "
        "ended_at = started_at + interval '2 minutes' where id = %s",
        [identity],
    )
    connection.execute(
        "insert into conversation_summaries (session_id, gym_id, kiosk_id) values (%s, %s, %s) on conflict do nothing",
        [identity, network.dax, network.kiosk],
    )
    connection.execute(
        "update conversation_summaries set status = 'completed', analysed_at = now(), "
        "summary_text = 'Les douches sont froides.', key_topics = '{showers_lockers}', sentiment_score = -0.60, "
        "sentiment_label = 'negative', emotion_detected = 'frustration', intents_detected = '{complain}', "
        "outcome = 'unsolved', satisfaction = 0.20, "
        "embedding = array_fill(0.0::real, array[1536])::vector, embedding_model = 'test', "
        "engine = 'local', engine_version = '1', cost_usd = 0.000400 where session_id = %s",
        [identity],
    )
    return identity


def add_item(connection: psycopg.Connection, network: Network, session_id: UUID) -> UUID:
    """Something that a conversation of Dax left to do."""
    identity = uuid4()
    connection.execute(
        "insert into action_items (id, gym_id, session_id, position, text, owner) "
        "values (%s, %s, %s, 0, 'Vérifier et remettre en état : vélo 4.', 'staff')",
        [identity, network.dax, session_id],
    )
    return identity
