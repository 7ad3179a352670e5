"""Two analyses of one conversation: which labels differ, and which alerts fire or cease."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from jarvis.alerts import AlertType, Finding, Priority
from jarvis.conversations import Analysis, Conversation, Emotion, Intent, Outcome, Role, Sentiment, Topic, Turn
from jarvis.corrections import LabelField
from jarvis.flips import AlertFlip, LabelFlip, alert_flips, label_flips
from tests.support.cue_word_engine import CueWordEngine

TALK = Conversation("s1", "fr", (Turn("t1", Role.MEMBER, "Le tapis 4 est cassé."),))
FINDING = Finding(
    gym_id=UUID(int=1),
    session_id=UUID(int=2),
    kiosk_id=UUID(int=3),
    member_id=None,
    occurred_at=datetime(2026, 3, 2, tzinfo=UTC),
    sentiment_score=0.0,
    sentiment_label=Sentiment.NEUTRAL,
    emotion=Emotion.NEUTRAL,
    topics=(),
    intents=(),
    issues=(),
    turns=(),
)


def complaint() -> Analysis:
    (said,) = CueWordEngine().analyse([TALK])
    assert isinstance(said, Analysis)
    return said


def calm(said: Analysis) -> Analysis:
    """The same conversation read as praise."""
    return replace(
        said,
        sentiment_label=Sentiment.POSITIVE,
        sentiment_score=0.6,
        intents=(Intent.PRAISE,),
        issues=(),
        turns=tuple(
            replace(turn, sentiment_label=Sentiment.POSITIVE, sentiment_score=0.6, intents=()) for turn in said.turns
        ),
        evidence={"sentiment": ("t1",)},
    )


def test_equal_analyses_differ_in_nothing() -> None:
    """Topics in another order are the same topics."""
    said = replace(complaint(), key_topics=(Topic.EQUIPMENT, Topic.SAFETY))
    turned = replace(said, key_topics=(Topic.SAFETY, Topic.EQUIPMENT))
    assert label_flips(said, turned) == []
    assert alert_flips(FINDING, TALK, said, said, negative_feedback_below=-0.5) == []


def test_a_flip_names_its_turns() -> None:
    """Of the whole conversation with its evidence, of a turn with the turn."""
    said = replace(complaint(), evidence={"sentiment": ("t1",)})
    flips = label_flips(said, replace(calm(said), outcome=Outcome.SOLVED))
    assert LabelFlip("s1", None, LabelField.SENTIMENT_LABEL, ("negative",), ("positive",), ("t1",), ("t1",)) in flips
    assert LabelFlip("s1", "t1", LabelField.SENTIMENT_LABEL, ("negative",), ("positive",), ("t1",), ("t1",)) in flips
    assert {flip.field for flip in flips if flip.turn_id is None} == {
        LabelField.SENTIMENT_LABEL, LabelField.INTENTS, LabelField.OUTCOME,
    }  # fmt: skip


def test_alerts_cease_fire_and_move() -> None:
    """By the alerts' own rules, whoever's conversation it is."""
    said = complaint()
    ceased = alert_flips(FINDING, TALK, said, calm(said), negative_feedback_below=-0.5)
    assert [(one.alert_type, one.kind) for one in ceased] == [
        (AlertType.EQUIPMENT_ISSUE, "ceases"), (AlertType.NEGATIVE_FEEDBACK, "ceases"),
    ]  # fmt: skip
    fired = alert_flips(FINDING, TALK, calm(said), said, negative_feedback_below=-0.5)
    assert {one.kind for one in fired} == {"fires"}
    leaving = replace(said, intents=(*said.intents, Intent.CANCEL_MEMBERSHIP))
    assert alert_flips(FINDING, TALK, said, leaving, negative_feedback_below=-0.5) == [
        AlertFlip("s1", AlertType.NEGATIVE_FEEDBACK, Priority.HIGH, Priority.URGENT)
    ]
