"""Every value of every closed vocabulary has its French label, and there is no label without a value."""

from collections.abc import Mapping
from enum import StrEnum

import pytest

from dashboards import texts_fr
from dashboards.alerts import AlertStatus
from jarvis import alerts_fr
from jarvis.alerts import AlertType, Priority
from jarvis.conversations import Emotion, Intent, Outcome, Sentiment, Topic
from jarvis.sessions import CloseReason
from jarvis.tenancy import UserRole


@pytest.mark.parametrize(
    ("labels", "vocabulary"),
    [
        (texts_fr.SENTIMENTS, Sentiment),
        (texts_fr.EMOTIONS, Emotion),
        (texts_fr.TOPICS, Topic),
        (texts_fr.INTENTS, Intent),
        (texts_fr.OUTCOMES, Outcome),
        (texts_fr.CLOSE_REASONS, CloseReason),
        (texts_fr.ALERT_TYPES, AlertType),
        (texts_fr.PRIORITIES, Priority),
        (texts_fr.STATUSES, AlertStatus),
        (texts_fr.ROLES, UserRole),
    ],
)
def test_labels_cover_the_vocabulary(labels: Mapping[str, str], vocabulary: type[StrEnum]) -> None:
    """Nothing is shown as it is stored."""
    assert set(labels) == {str(value) for value in vocabulary}


@pytest.mark.parametrize("topic", Topic)
def test_a_topic_has_one_label_everywhere(topic: Topic) -> None:
    """Pages, reports and alerts call it alike; a summary puts an article before it."""
    label = texts_fr.TOPICS[topic]
    assert alerts_fr.suggestion_title(topic).endswith(f" : {label[:1].lower()}{label[1:]}")
    assert alerts_fr.negative_feedback_title([topic]).endswith(f" : {label[:1].lower()}{label[1:]}")


@pytest.mark.parametrize(
    "labels",
    [texts_fr.EMOTIONS, texts_fr.TOPICS, texts_fr.INTENTS, texts_fr.ALERT_TYPES, texts_fr.OUTCOME_CODES],
)
def test_no_two_values_read_the_same(labels: Mapping[str, str]) -> None:
    """Two values of one list are told apart by their labels."""
    assert len(set(labels.values())) == len(labels)


@pytest.mark.parametrize(
    ("status", "name", "is_mine", "expected"),
    [
        ("in_progress", "Sacha Petit", False, "vient d'être prise en charge par Sacha Petit."),
        ("in_progress", None, False, "vient d'être prise en charge par un autre responsable."),
        ("in_progress", "Moi", True, "vient d'être prise en charge par vous-même, dans une autre fenêtre."),
        ("resolved", None, False, "est déjà clôturée (résolue)."),
        ("pending", None, False, "vient d'être remise à traiter."),
    ],
)
def test_who_comes_second_is_told_why(status: str, name: str | None, is_mine: bool, expected: str) -> None:
    """The sentence names what happened to the alert in the meantime."""
    assert texts_fr.came_second(status, name, is_mine=is_mine).endswith(expected)
