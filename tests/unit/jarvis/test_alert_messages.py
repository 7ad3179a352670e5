"""Drafts for members: their language and tone, a reason they know of, and nothing that was watched or felt."""

from dataclasses import replace
from itertools import product

import pytest

from jarvis.alert_messages import DRAFTED, Occasion, draft
from jarvis.alerts import AlertType

CHURN = Occasion(
    alert_type=AlertType.CHURN_RISK,
    first_name="Camille",
    language="fr",
    style="friendly",
    gym_name="Basic Dax",
    factors=("absent",),
)

# What a member must never read from their gym: that somebody watches, counts, scores, or guesses what they feel.
FORBIDDEN = (
    "borne", "kiosk", "quiosco", "jarvis", "enregistr", "analys", "score", "risque", "risk", "riesgo", "absen", "jours",
    "days", "días", "visité", "venu", "vu que", "remarqué", "noticed", "conversation", "colère", "frustr", "déçu",
    "triste", "émotion", "emotion", "sentiment", "résili", "cancel", "partir",
)  # fmt: skip


@pytest.mark.parametrize(
    ("alert_type", "language", "style"),
    list(product(DRAFTED, ("fr", "en", "es", "de"), ("friendly", "encouraging", "direct"))),
)
def test_drafts_say_nothing_that_was_watched_or_felt(alert_type: AlertType, language: str, style: str) -> None:
    """Whatever the reason, type, language and tone."""
    for factors in ((), ("absent",), ("negative_talks", "low_engagement"), ("expiry",)):
        occasion = replace(
            CHURN, alert_type=alert_type, language=language, style=style, factors=factors, topic="cleanliness",
            milestone="100",
        )  # fmt: skip
        written_in, text = draft(occasion)
        assert written_in == ("fr" if language == "de" else language)
        assert "Camille" in text and "Basic Dax" in text
        assert [word for word in FORBIDDEN if word in text.lower()] == []


def test_style_says_tu_or_vous() -> None:
    """Direct is vous, the others are tu, and no text mixes them."""
    for alert_type, factors in product(DRAFTED, (("absent",), ("expiry",))):
        one = replace(CHURN, alert_type=alert_type, factors=factors, milestone="50")
        familiar, formal = draft(one)[1].lower(), draft(replace(one, style="direct"))[1].lower()
        assert "vous" not in familiar.replace("rendez-vous", "") and "votre" not in familiar
        assert not {"tu", "te", "ton", "ta", "toi"} & set(formal.replace(",", " ").replace(".", " ").split())
        assert any(word in formal for word in ("vous", "votre"))


@pytest.mark.parametrize(
    ("milestone", "words"),
    [
        ("100", "Ta 100e visite"),
        ("years:1", "Un an déjà avec nous"),
        ("years:3", "3 ans déjà avec nous"),
        ("goal:1234", "Tu as atteint ton objectif"),
    ],
)
def test_milestones_are_named(milestone: str, words: str) -> None:
    """What is celebrated stands in the message."""
    assert words in draft(replace(CHURN, alert_type=AlertType.MILESTONE, milestone=milestone))[1]


def test_member_without_a_name_is_greeted_all_the_same() -> None:
    """No « None » in front of anybody."""
    assert draft(replace(CHURN, first_name=None))[1].startswith("Salut,\n")
