"""The conversation records: thresholds of the labels, and whose words count."""

import pytest

from jarvis.conversations import (
    NEGATIVE_BELOW,
    POSITIVE_FROM,
    Conversation,
    Emotion,
    Intent,
    Outcome,
    Role,
    Sentiment,
    Topic,
    Turn,
    sentiment_label,
)


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (-1.0, Sentiment.NEGATIVE),
        (NEGATIVE_BELOW - 0.01, Sentiment.NEGATIVE),
        (NEGATIVE_BELOW, Sentiment.NEUTRAL),
        (0.0, Sentiment.NEUTRAL),
        (POSITIVE_FROM - 0.01, Sentiment.NEUTRAL),
        (POSITIVE_FROM, Sentiment.POSITIVE),
        (1.0, Sentiment.POSITIVE),
    ],
)
def test_score_has_its_label(score: float, label: Sentiment) -> None:
    """Below the lower threshold is negative, from the upper one on positive, neutral between."""
    assert sentiment_label(score) is label


def test_thresholds_are_symmetric() -> None:
    """Neither mood is easier to reach than the other."""
    assert NEGATIVE_BELOW == -POSITIVE_FROM < 0


def test_member_turns_leave_the_assistant_out() -> None:
    """Only what the member said is read for sentiment, in the order it was said."""
    said = (
        Turn("t1", Role.MEMBER, "Le tapis est cassé"),
        Turn("t2", Role.ASSISTANT, "Désolé"),
        Turn("t3", Role.MEMBER, "Bof"),
    )
    assert [turn.turn_id for turn in Conversation("s", "fr", said).member_turns] == ["t1", "t3"]


def test_conversation_without_member_has_no_member_turns() -> None:
    """A greeting nobody answered holds nothing to analyse."""
    assert Conversation("s", "fr", (Turn("t1", Role.ASSISTANT, "Bonjour"),)).member_turns == ()


@pytest.mark.parametrize("vocabulary", [Sentiment, Emotion, Topic, Intent, Outcome, Role])
def test_values_are_the_names_in_lowercase(vocabulary: type[Emotion]) -> None:
    """A stored value reads as the code's name: nobody needs a table to translate them."""
    assert [one.value for one in vocabulary] == [one.name.lower() for one in vocabulary]


def test_vocabularies_have_their_agreed_sizes() -> None:
    """A value added to or dropped from a closed vocabulary is a migration: this test says so."""
    sizes = {vocabulary.__name__: len(vocabulary) for vocabulary in (Sentiment, Emotion, Topic, Intent, Outcome)}
    assert sizes == {"Sentiment": 3, "Emotion": 10, "Topic": 20, "Intent": 22, "Outcome": 4}
