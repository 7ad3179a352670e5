"""When the alert rules speak, how urgently, and with which words as evidence."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from jarvis.alerts import REPAIRABLE, Alert, AlertType, Finding, Priority, SaidTurn, alerts_for, place_key
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def turn(turn_id: str, text: str, score: float, *intents: Intent) -> SaidTurn:
    label = Sentiment.NEGATIVE if score < -0.2 else Sentiment.POSITIVE if score >= 0.2 else Sentiment.NEUTRAL
    return SaidTurn(turn_id, text, NOW, score, label, intents)


CALM = Finding(
    gym_id=UUID(int=1),
    session_id=UUID(int=2),
    kiosk_id=UUID(int=3),
    member_id=UUID(int=4),
    occurred_at=NOW,
    sentiment_score=0.3,
    sentiment_label=Sentiment.POSITIVE,
    emotion=Emotion.JOY,
    topics=(Topic.CLASS_SCHEDULE,),
    intents=(Intent.ASK_SCHEDULE,),
    issues=(),
    turns=(turn("t1", "À quelle heure est le yoga ?", 0.3, Intent.ASK_SCHEDULE),),
)

ANGRY = replace(
    CALM,
    sentiment_score=-0.8,
    sentiment_label=Sentiment.NEGATIVE,
    emotion=Emotion.ANGER,
    topics=(Topic.CLEANLINESS,),
    intents=(Intent.COMPLAIN,),
    turns=(turn("t1", "Bonjour.", 0.0), turn("t2", "Les douches sont sales, c'est honteux.", -0.8, Intent.COMPLAIN)),
)


def only(finding: Finding, alert_type: AlertType, *, below: float = -0.5) -> Alert | None:
    found = [one for one in alerts_for(finding, negative_feedback_below=below) if one.alert_type is alert_type]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_calm_question_raises_nothing() -> None:
    """No alert without a reason."""
    assert alerts_for(CALM, negative_feedback_below=-0.5) == []


def test_a_very_negative_conversation_is_high_and_quotes_the_negative_turn() -> None:
    """Below the threshold the score is enough, and only the turns that carry it are quoted."""
    alert = only(ANGRY, AlertType.NEGATIVE_FEEDBACK)
    assert alert is not None
    assert alert.priority is Priority.HIGH
    assert [one.turn_id for one in alert.turns] == ["t2"]
    assert alert.title == "Avis négatif : propreté"
    assert alert.member_id == ANGRY.member_id


@pytest.mark.parametrize(
    ("emotion", "expected"),
    [
        (Emotion.ANGER, "un adhérent a exprimé de la colère."),
        (Emotion.NEUTRAL, "un adhérent a exprimé un mécontentement."),
        (Emotion.JOY, "un adhérent a exprimé un mécontentement."),
    ],
)
def test_a_complaint_never_reads_as_contentment(emotion: Emotion, expected: str) -> None:
    """An unhappy member's alert tells a negative feeling, whatever the analysis took the tone for."""
    alert = only(replace(ANGRY, emotion=emotion), AlertType.NEGATIVE_FEEDBACK)
    assert alert is not None
    assert expected in alert.description


def test_the_threshold_comes_from_the_settings() -> None:
    """A stricter threshold turns the same conversation into a medium alert, by its complaint."""
    alert = only(ANGRY, AlertType.NEGATIVE_FEEDBACK, below=-0.9)
    assert alert is not None
    assert alert.priority is Priority.MEDIUM


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"intents": (Intent.CANCEL_MEMBERSHIP,)}, Priority.URGENT),
        ({"topics": (Topic.SAFETY,)}, Priority.URGENT),
        ({"sentiment_score": -0.3}, Priority.MEDIUM),
        ({"sentiment_score": -0.1, "sentiment_label": Sentiment.NEUTRAL}, Priority.LOW),
        ({"sentiment_score": -0.3, "intents": (Intent.ASK_HOURS,)}, None),
    ],
    ids=["wants to leave", "danger", "polite complaint", "neutral with one negative turn", "sad but no complaint"],
)
def test_priority_follows_what_was_said(change: dict[str, object], expected: Priority | None) -> None:
    """Leaving and danger are urgent; a polite complaint still counts; a bad mood alone does not."""
    alert = only(replace(ANGRY, **change), AlertType.NEGATIVE_FEEDBACK)  # type: ignore[arg-type]
    assert (alert.priority if alert else None) is expected


def test_the_least_happy_turn_is_quoted_when_none_stands_out() -> None:
    """An alert always shows words."""
    finding = replace(ANGRY, intents=(), turns=(turn("t1", "Mouais.", -0.1), turn("t2", "Bof.", -0.15)))
    alert = only(finding, AlertType.NEGATIVE_FEEDBACK)
    assert alert is not None
    assert [one.turn_id for one in alert.turns] == ["t2"]


def test_the_same_member_and_topic_share_one_key_and_strangers_do_not() -> None:
    """A second complaint about the same thing joins the first; two unknown badges stay apart."""
    later = replace(ANGRY, session_id=UUID(int=9))
    keys = {only(one, AlertType.NEGATIVE_FEEDBACK).dedup_key for one in (ANGRY, later)}  # type: ignore[union-attr]
    strangers = {
        only(replace(one, member_id=None), AlertType.NEGATIVE_FEEDBACK).dedup_key  # type: ignore[union-attr]
        for one in (ANGRY, later)
    }
    assert (len(keys), len(strangers)) == (1, 2)


def test_two_spellings_of_a_machine_are_one_machine() -> None:
    """« Tapis 4 » and « tapis  4 » are one alert for the whole gym, whoever says it."""
    issues = [Issue(Topic.EQUIPMENT, name, None, ("t2",)) for name in ("Tapis 4", " tapis  4")]
    alerts = [only(replace(ANGRY, issues=(issue,)), AlertType.EQUIPMENT_ISSUE) for issue in issues]
    assert {alert.dedup_key for alert in alerts if alert} == {"equipment_issue:equipment:tapis 4:-"}
    assert all(alert is not None and alert.member_id is None for alert in alerts)
    assert [one.turn_id for alert in alerts if alert for one in alert.turns] == ["t2", "t2"]


def test_an_issue_nobody_can_repair_is_no_equipment_alert() -> None:
    """Crowding is feedback, not a repair."""
    issue = Issue(Topic.CROWDING, None, None, ("t2",))
    assert only(replace(ANGRY, issues=(issue,)), AlertType.EQUIPMENT_ISSUE) is None


@pytest.mark.parametrize("topic", REPAIRABLE)
def test_every_repairable_topic_reaches_the_gym(topic: Topic) -> None:
    """A broken loudspeaker is repaired like a broken treadmill."""
    alert = only(replace(ANGRY, issues=(Issue(topic, None, "vestiaire", ("t2",)),)), AlertType.EQUIPMENT_ISSUE)
    assert alert is not None
    assert alert.dedup_key == f"equipment_issue:{topic}:-:vestiaire"


def test_a_loudspeaker_can_be_repaired() -> None:
    """The analysis places issues with the sound; the rules raise them."""
    assert Topic.MUSIC_NOISE in REPAIRABLE


def test_a_report_without_a_placed_issue_still_reaches_the_gym() -> None:
    """The member reported something broken; the engine found no machine: one unplaced alert."""
    finding = replace(
        ANGRY,
        topics=(Topic.SHOWERS_LOCKERS,),
        intents=(Intent.REPORT_ISSUE,),
        turns=(turn("t2", "La douche fuit.", -0.4, Intent.REPORT_ISSUE),),
    )
    alert = only(finding, AlertType.EQUIPMENT_ISSUE)
    assert alert is not None
    assert alert.dedup_key == "equipment_issue:showers_lockers:-:-"


@pytest.mark.parametrize(
    ("before", "total", "expected"),
    [(49, 50, "50e visite"), (45, 52, "50e visite"), (50, 51, None), (0, 49, None), (40, 101, "100e visite")],
)
def test_a_milestone_is_celebrated_while_it_is_fresh(before: int, total: int, expected: str | None) -> None:
    """Only a milestone passed within the last days counts, and only the highest."""
    alert = only(replace(CALM, visits_before_fresh=before, total_visits=total), AlertType.MILESTONE)
    assert (alert.title if alert else None) == expected


def test_a_place_has_one_spelling() -> None:
    """Accents, case and spaces do not make another place."""
    assert place_key("Vélo  ÉLLIPTIQUE 2") == "velo elliptique 2"
    assert place_key(None) == "-"
