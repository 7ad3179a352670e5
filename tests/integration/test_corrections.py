"""A person's label: shown at once, kept over every analysis, followed by members and alerts, and on the record."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection, Connection
from psycopg.rows import dict_row

from bench.support.world import COMPLAINT
from jarvis.corrections import Correction, LabelField, correction
from orchestration.batches import analyse_due, count_members, raise_alerts
from tests.conftest import Database
from tests.support.cue_word_engine import CueWordEngine
from tests.tenants import PERSON, Person, made_id, plant
from warehouse.connection import as_user_async
from warehouse.stores import conversations, corrections

SESSION = made_id("session", "dax")


class NewerEngine(CueWordEngine):
    """Another version of the engine."""

    version = "cue-words-2"


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """The superuser; a complaint in Dax has been analysed, counted and raised its alerts."""
    with database.admin() as admin:
        plant(admin)
        admin.execute("update session_turns set text = %s where session_id = %s", [COMPLAINT[0], SESSION])
        admin.execute("delete from manager_alerts where session_id = %s", [SESSION])
        stages(database)
        yield admin


def stages(database: Database, engine: CueWordEngine | None = None) -> None:
    """Every stage has done what waited."""
    with database.connect("pipeline") as pipeline:
        analyse_due(pipeline, engine or CueWordEngine())
        count_members(pipeline)
        raise_alerts(pipeline, negative_feedback_below=-0.5)


def correct(
    database: Database, person: Person, *given: Correction, session_id: UUID = SESSION
) -> Sequence[dict[str, Any]] | None:
    """What the store answers this person."""

    async def ask() -> Sequence[dict[str, Any]] | None:
        connection: AsyncConnection[dict[str, Any]] = await AsyncConnection.connect(
            database.url_for("dashboard"), row_factory=dict_row
        )
        async with connection, as_user_async(connection, person.id):
            return await corrections.correct(connection, session_id, given)

    return asyncio.run(ask())


def sentiment(value: str, *, turn_id: UUID | None = None) -> Correction:
    return correction(LabelField.SENTIMENT_LABEL, [value], turn_id=turn_id)


def shown(admin: Connection) -> tuple[Any, ...]:
    """The labels of the summary as every reader sees them."""
    row = admin.execute(
        "select sentiment_label, sentiment_score::float, emotion_detected, key_topics, outcome, engine_version "
        "from conversation_summaries where session_id = %s",
        [SESSION],
    ).fetchone()
    assert row is not None
    return row


def test_a_corrected_label_is_shown_at_once_and_after_every_analysis(database: Database, admin: Connection) -> None:
    """What was not corrected is the engine's newest; what was is the person's, whichever engine comes."""
    assert shown(admin) == ("negative", -0.8, "anger", ["equipment"], "unsolved", "cue-words-1")
    made = correct(
        database, PERSON["manager_dax"], sentiment("positive"), correction(LabelField.TOPICS, ["safety", "equipment"])
    )
    assert made is not None
    assert [(one["field"], one["engine_value"], one["value"], one["is_agreed"]) for one in made] == [
        ("topics", ["equipment"], ["safety", "equipment"], False),
        ("sentiment_label", ["negative"], ["positive"], False),
    ]
    assert shown(admin) == ("positive", 0.6, "anger", ["safety", "equipment"], "unsolved", "cue-words-1")
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(SESSION))
    stages(database, NewerEngine())
    assert shown(admin) == ("positive", 0.6, "anger", ["safety", "equipment"], "unsolved", "cue-words-2")
    kept = admin.execute(
        "select engine_labels ->> 'sentiment_label', engine_labels -> 'topics' from conversation_summaries "
        "where session_id = %s",
        [SESSION],
    ).fetchone()
    assert kept == ("negative", ["equipment"])


def test_the_newest_word_holds_and_the_engine_s_is_measured_each_time(database: Database, admin: Connection) -> None:
    """A second thought is kept beside the first; saying what the engine said is a confirmation."""
    correct(database, PERSON["manager_dax"], sentiment("positive"))
    made = correct(database, PERSON["owner_atlantique"], sentiment("negative"))
    assert made is not None and made[0]["engine_value"] == ["negative"] and made[0]["is_agreed"] is True
    assert shown(admin)[:2] == ("negative", -0.8)
    rows = admin.execute(
        "select corrected_value, is_agreed from label_corrections where session_id = %s and field = 'sentiment_label' "
        "order by id",
        [SESSION],
    ).fetchall()
    assert rows == [(["positive"], False), (["negative"], True)]


def test_a_turn_s_label_is_corrected_alone(database: Database, admin: Connection) -> None:
    """The conversation keeps the engine's label, the turn has the person's, also after another analysis."""
    turn_id = admin.execute("select id from session_turns where session_id = %s", [SESSION]).fetchone()[0]  # type: ignore[index]
    made = correct(
        database,
        PERSON["manager_dax"],
        sentiment("neutral", turn_id=turn_id),
        correction(LabelField.INTENTS, [], turn_id=turn_id),
    )
    assert made is not None
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(SESSION))
    stages(database)
    turn = admin.execute(
        "select sentiment_label, sentiment_score::float, emotion, intents from session_turns where id = %s", [turn_id]
    ).fetchone()
    assert turn == ("neutral", 0.0, "anger", [])
    assert shown(admin)[0] == "negative"


def test_members_follow_and_the_alert_stays_with_a_mark(database: Database, admin: Connection) -> None:
    """The member's figures are the person's; no alert goes unseen, it says that its ground is gone."""
    analytics = "select negative_sentiment_count, positive_sentiment_count from member_analytics where member_id = %s"
    alerts = (
        "select alert_type, status, context -> 'unfounded_session_ids' from manager_alerts where session_id = %s "
        "order by alert_type"
    )
    member = made_id("member", "dax")
    assert admin.execute(analytics, [member]).fetchone() == (1, 0)
    assert admin.execute(alerts, [SESSION]).fetchall() == [
        ("equipment_issue", "pending", None),
        ("negative_feedback", "pending", None),
    ]
    turn_id = admin.execute("select id from session_turns where session_id = %s", [SESSION]).fetchone()[0]  # type: ignore[index]
    correct(
        database,
        PERSON["manager_dax"],
        sentiment("positive"),
        sentiment("positive", turn_id=turn_id),
        correction(LabelField.INTENTS, ["praise"]),
    )
    stages(database)
    assert admin.execute(analytics, [member]).fetchone() == (0, 1)
    assert admin.execute(alerts, [SESSION]).fetchall() == [
        ("equipment_issue", "pending", None),
        ("negative_feedback", "pending", [str(SESSION)]),
    ]
    correct(database, PERSON["manager_dax"], sentiment("negative"))
    stages(database)
    assert admin.execute(alerts, [SESSION]).fetchall()[1] == ("negative_feedback", "pending", [])


def test_only_who_manages_the_gym_corrects(database: Database, admin: Connection) -> None:
    """Staff and analysts are refused; to a stranger, and for a turn of another session, there is nothing."""
    for name in ("staff_dax", "analyst_dax"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            correct(database, PERSON[name], sentiment("positive"))
    assert correct(database, PERSON["manager_pau"], sentiment("positive")) is None
    assert correct(database, PERSON["suspended_manager"], sentiment("positive")) is None
    foreign = admin.execute("select id from session_turns where session_id <> %s", [SESSION]).fetchone()[0]  # type: ignore[index]
    assert correct(database, PERSON["manager_dax"], sentiment("positive", turn_id=foreign)) is None
    assert shown(admin)[0] == "negative"


def test_each_word_is_on_the_record(database: Database, admin: Connection) -> None:
    """Who, what and from what to what: labels, never words."""
    correct(database, PERSON["manager_dax"], sentiment("positive"), correction(LabelField.EMOTION, ["anger"]))
    trail = admin.execute(
        "select actor_user_id, action, details ->> 'field', details -> 'from', details -> 'to' from audit_log "
        "where subject_table = 'label_corrections' order by id"
    ).fetchall()
    manager = PERSON["manager_dax"].id
    assert trail == [
        (manager, "label_corrected", "sentiment_label", ["negative"], ["positive"]),
        (manager, "label_confirmed", "emotion", ["anger"], ["anger"]),
    ]


@pytest.mark.parametrize(
    ("field", "value", "turn_id"),
    [
        ("sentiment_label", ["angry"], None),
        ("sentiment_label", [], None),
        ("outcome", ["solved", "unsolved"], None),
        ("topics", [], None),
        ("topics", ["equipment"], UUID(int=1)),
        ("mood", ["joy"], None),
        ("emotion", [None], None),
    ],
)
def test_the_database_knows_the_vocabularies(
    admin: Connection, field: str, value: list[str | None], turn_id: UUID | None
) -> None:
    """Whatever a caller forgot to check, no other value is kept."""
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(
            "insert into label_corrections "
            "(gym_id, session_id, turn_id, field, engine, engine_version, engine_value, corrected_value) "
            "values (%s, %s, %s, %s, 'local', '1', '{}', %s)",
            [made_id("gym", "dax"), SESSION, turn_id, field, value],
        )


def test_a_session_without_an_analysis_has_nothing_to_correct(database: Database, admin: Connection) -> None:
    """The caller is told to wait; so is one who comes while an analysis holds the row."""
    pau = made_id("session", "pau")
    admin.execute(
        "update conversation_summaries set status = 'pending', sentiment_label = null where session_id = %s", [pau]
    )
    with pytest.raises(corrections.NothingToCorrect):
        correct(database, PERSON["manager_pau"], sentiment("positive"), session_id=pau)
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(SESSION))
        pipeline.commit()
        assert conversations.claim_due(pipeline, batch_size=10)
        with pytest.raises(corrections.BeingAnalysed):
            correct(database, PERSON["manager_dax"], sentiment("positive"))
