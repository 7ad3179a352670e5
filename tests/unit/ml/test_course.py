"""How a talk went, told by what was said on the way."""

import pytest

from jarvis.conversations import Conversation, Role, Turn
from ml.conversations.course import SIGNS, course_of


def talk(*texts: str) -> Conversation:
    """A conversation whose texts alternate, the member first."""
    roles = (Role.MEMBER, Role.ASSISTANT)
    return Conversation(
        "s1", "fr", tuple(Turn(f"t{place}", roles[place % 2], text) for place, text in enumerate(texts))
    )


def test_a_talk_that_tells_nothing_lies_in_the_middle() -> None:
    """Neither pleased nor turned down."""
    assert course_of(talk("Vous fermez quand ?", "À 22 h.")) == 0.5


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("Un cours demain ?", "C'est réservé.", "Parfait !"), ("Un cours demain ?", "C'est réservé.", "Ah.")),
        (("A class?", "It has been booked."), ("A class?", "Sorry, I cannot book it.")),
        (("¿Hay plaza?", "Sí.", "Muchas gracias"), ("¿Hay plaza?", "Sí.", "Gracias")),
        (("Quero cancelar", "Qual plano?"), ("Quero cancelar", "Infelizmente não consigo.")),
        (("Mardi", "Lundi ?", "Mardi."), ("Mardi", "Lundi ?", "J'ai déjà dit mardi.")),
        (
            ("Un vélo ?", "Désolé, complet.", "Et un rameur ?", "Oui.", "Un tapis ?", "Oui."),
            ("Un tapis ?", "Oui.", "Un rameur ?", "Oui.", "Et un vélo ?", "Désolé, complet."),
        ),
    ],
    ids=["pleased", "done", "heartfelt", "declined", "corrected", "declined-last"],
)
def test_each_sign_moves_the_course(better: tuple[str, ...], worse: tuple[str, ...]) -> None:
    """In four languages, by what one speaker says; a refusal at the end weighs more than one on the way."""
    assert course_of(talk(*better)) > course_of(talk(*worse))


def test_politeness_counts_only_so_often() -> None:
    """Five times thanks are worth two; nor do the assistant's own thanks count."""
    twice, often = ("Merci", "De rien.") * 2, ("Merci", "De rien.") * 5
    assert course_of(talk(*often)) == course_of(talk(*twice))
    assert course_of(talk("Un cours ?", "Merci de patienter.")) == 0.5


def test_the_course_stays_between_nought_and_one() -> None:
    """Whatever is said, every sign at once included."""
    most = sum(abs(sign.points) * sign.most for sign in SIGNS)
    assert most < 40
    assert 0.0 < course_of(talk(*("Wrong, wait", "Sorry, it failed, I am unable") * 6)) < 0.1
    assert 0.9 < course_of(talk(*("Perfect, sounds good, thank you so much", "It has been booked") * 6)) < 1.0
