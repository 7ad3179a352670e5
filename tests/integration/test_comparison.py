"""Two versions over past conversations: flips, alerts and cost, with nothing written and nothing paid twice."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from psycopg import Connection

from bench.support.world import THANKS, closed_session, make_gym
from jarvis.conversations import Analysis, AnalysisFailure, Conversation, Sentiment
from ml.conversations.openai import OpenAIEngine
from orchestration.batches import analyse_due
from orchestration.comparison import as_json, compare, estimate, write_text
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from tests.support.hosted_provider import EMBEDDING, MODEL
from warehouse.stores.comparison import past_conversations


class Kind(CueWordEngine):
    """Hears no complaint in anything."""

    version = "kind-1"

    def _one(self, conversation: Conversation) -> Analysis | AnalysisFailure:
        said = super()._one(conversation)
        assert isinstance(said, Analysis)
        turns = tuple(
            replace(one, sentiment_label=Sentiment.POSITIVE, sentiment_score=0.5, intents=()) for one in said.turns
        )
        return replace(
            said, sentiment_label=Sentiment.POSITIVE, sentiment_score=0.5, intents=(), issues=(), turns=turns,
            engine_version=self.version, tokens=100, cost_usd=0.002,
        )  # fmt: skip


class Hosted(Kind):
    """The same as a hosted engine, which counts what it is asked."""

    name = "openai"


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """A complaint in Pau and thanks in Dax, analysed."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        closed_session(admin, make_gym(admin))
        closed_session(admin, make_gym(admin, "dax"), THANKS)
        analyse_due(pipeline, CueWordEngine())
        yield admin


def past_of(database: Database, **filters: object) -> Sequence[object]:
    with database.connect("pipeline") as connection:
        connection.read_only = True
        return past_conversations(connection, limit=10, **filters)  # type: ignore[arg-type]


def test_flips_alerts_and_cost_of_two_versions(database: Database, admin: Connection) -> None:
    """The complaint flips and its alerts cease; the thanks stay; ids are named and no words."""
    found = compare(CueWordEngine(), Kind(), past_of(database), negative_feedback_below=-0.5)  # type: ignore[arg-type]
    told = as_json(found)
    assert (told["sessions"], told["unanswered"]) == (2, 0)
    assert told["conversation_labels"]["sentiment_label"]["matrix"] == {"negative -> positive": 1}
    assert told["conversation_labels"]["intents"]["matrix"] == {"- report_issue": 1, "- complain": 1, "- praise": 1}
    assert {(one["alert_type"], one["kind"]) for one in told["alerts"]} == {
        ("negative_feedback", "ceases"), ("equipment_issue", "ceases"),
    }  # fmt: skip
    assert told["cost_difference_usd"] == 0.004
    out = io.StringIO()
    write_text(found, out)
    assert "negative -> positive" in out.getvalue() and "negative_feedback ceases" in out.getvalue()
    assert "cassé" not in out.getvalue() + json.dumps(told, ensure_ascii=False)


def test_a_stored_hosted_answer_is_not_paid_again(database: Database, admin: Connection) -> None:
    """What the version has said before stands, corrected labels as the engine gave them."""
    admin.execute(
        "update conversation_summaries set engine = 'openai', engine_version = 'kind-1', tokens = 50, "
        "cost_usd = 0.001, "
        "engine_labels = jsonb_build_object('sentiment_label', 'neutral') where sentiment_label = 'negative'"
    )
    hosted = Hosted()
    found = compare(CueWordEngine(), hosted, past_of(database), negative_feedback_below=-0.5)  # type: ignore[arg-type]
    assert len(hosted.seen) == 1
    assert (found.second.stored, found.second.tokens, round(found.second.cost_usd, 6)) == (1, 150, 0.003)
    assert as_json(found)["conversation_labels"]["sentiment_label"]["matrix"] == {"negative -> neutral": 1}


def test_an_estimate_asks_nobody(database: Database, admin: Connection) -> None:
    """Tokens and price of what is not stored; the local engine costs nothing."""
    engine = OpenAIEngine.connect(api_key="k", base_url="http://127.0.0.1:9", model=MODEL, embedding_model=EMBEDDING)
    past = past_of(database)
    dear = estimate(engine, past)  # type: ignore[arg-type]
    assert dear.to_ask == 2 and dear.tokens > 2000 and 0 < dear.cost_usd < 0.01
    assert estimate(CueWordEngine(), past).cost_usd == 0.0  # type: ignore[arg-type]


def test_filters_narrow_what_is_compared(database: Database, admin: Connection) -> None:
    """One gym; nothing from a day to come."""
    assert [one.conversation.turns[0].text for one in past_of(database, gym_slug="dax")] == [THANKS[0]]  # type: ignore[attr-defined]
    from datetime import UTC, datetime, timedelta

    assert past_of(database, since=(datetime.now(UTC) + timedelta(days=2)).date()) == []
