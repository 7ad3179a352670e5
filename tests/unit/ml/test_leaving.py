"""How a member left, and what that says of how content they were."""

import pytest

from jarvis.conversations import Conversation, Outcome, Role, Sentiment, Turn
from ml.conversations.leaving import Leave, leave_of, satisfaction, says_solved


def talk(*texts: str) -> Conversation:
    """A conversation whose texts alternate, the member first."""
    roles = (Role.MEMBER, Role.ASSISTANT)
    return Conversation(
        "s1", "fr", tuple(Turn(f"t{place}", roles[place % 2], text) for place, text in enumerate(texts))
    )


@pytest.mark.parametrize(
    ("texts", "leave"),
    [
        (("Vous fermez quand ?", "À 22 h.", "Merci, bonne soirée !"), Leave.THANKED),
        (("When do you close?", "At ten.", "Thank you", "Are you still there?"), Leave.THANKED),
        (("Quiero darme de baja", "Hecho.", "vale"), Leave.AGREED),
        (
            ("Je n'arrive pas à me connecter", "Quel est votre code ?", "Je cherche", "Êtes-vous toujours là ?"),
            Leave.GONE,
        ),
        (("How do I pause it?", "Which month?", "May", "It seems like you're busy, I will close the chat"), Leave.GONE),
        (("Quero cancelar", "Qual plano?", "o mensal", "Ainda está aí?"), Leave.GONE),
        (("The map is old", "Do you have the reader installed?", "I do", "I hope we are connected"), Leave.GONE),
        (("My card fails", "Try another.", "And what if that fails as well?"), Leave.OPEN),
        (("Le badge bipe", "Réessayez.", "Toujours pas.", "C'est noté."), Leave.OPEN),
        (("I can't log in", "Reset it.", "I get the same error message again", "Please wait."), Leave.OPEN),
        (("Le tapis ne marche pas", "C'est noté."), Leave.SILENT),
        (("I want my credits back", "Sure.", "ok", "May I know the class you are referring to please"), Leave.OPEN),
        (("Je veux ma facture", "Dites-moi le mois."), Leave.OPEN),
        (("Quiero la factura", "Enviada. ¿Algo más?"), Leave.SILENT),
        (("Le badge bipe", "Quel badge avez-vous ?"), Leave.OPEN),
        (("Le tapis 4 est cassé", "C'est noté."), Leave.SILENT),
    ],
)
def test_the_last_words_say_how_the_member_left(texts: tuple[str, ...], leave: Leave) -> None:
    """In four languages; thanks outweigh whatever the assistant says afterwards."""
    assert leave_of(talk(*texts)) is leave


def test_nobody_who_never_spoke_took_leave() -> None:
    """Only the assistant is heard: nothing is known."""
    assert leave_of(Conversation("s1", "fr", (Turn("t1", Role.ASSISTANT, "Bonjour, au revoir."),))) is Leave.SILENT


def test_satisfaction_falls_with_the_view_the_outcome_the_leave_and_the_course() -> None:
    """Each of the four alone lowers it, and it stays within 0 and 1."""
    glad, cross = dict.fromkeys(Sentiment, 0.0), dict.fromkeys(Sentiment, 0.0)
    glad[Sentiment.POSITIVE] = cross[Sentiment.NEGATIVE] = 1.0
    solved, unsolved = dict.fromkeys(Outcome, 0.0), dict.fromkeys(Outcome, 0.0)
    solved[Outcome.SOLVED] = unsolved[Outcome.UNSOLVED] = 1.0
    thanked, gone = talk("Merci"), talk("Euh", "Êtes-vous toujours là ?")
    refused = talk("Un cours ?", "Désolé, c'est complet.", "Merci")
    best = satisfaction(thanked, sentiment=glad, turns=[glad], outcome=solved)
    assert 0.8 < best < 1.0
    assert satisfaction(refused, sentiment=glad, turns=[glad], outcome=solved) < best
    assert satisfaction(thanked, sentiment=cross, turns=[glad], outcome=solved) < best
    assert satisfaction(thanked, sentiment=glad, turns=[glad, cross], outcome=solved) < best
    assert satisfaction(thanked, sentiment=glad, turns=[glad], outcome=unsolved) < best
    assert satisfaction(gone, sentiment=glad, turns=[glad], outcome=solved) < best
    assert 0.0 < satisfaction(gone, sentiment=cross, turns=[cross], outcome=unsolved) < 0.3


@pytest.mark.parametrize(
    ("last", "is_solved"),
    [
        ("Mon problème est résolu, merci.", True),
        ("Ah, ça marche maintenant !", True),
        ("It works now, thanks", True),
        ("Ya me funciona, gracias", True),
        ("Mon problème n'est pas résolu.", False),
        ("Ça marche pas bien du tout.", False),
        ("It still doesn't work", False),
        ("Ça marche.", False),
    ],
)
def test_the_member_may_say_that_it_is_settled(last: str, is_solved: bool) -> None:
    """In plain words and without a negation; « ça marche » alone only agrees."""
    assert says_solved(talk("Le lecteur ne marche pas", "Réessayez.", last)) is is_solved
