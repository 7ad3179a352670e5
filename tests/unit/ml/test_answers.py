"""A question is read as ideas; an answer quotes what supports it, names nobody, and declines the rest."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

import pytest

from jarvis.conversations import Sentiment, Topic
from jarvis.search import FoundConversation, FoundTurn, fuse
from ml.conversations.answers import DECLINED, QUOTE_CHARACTERS, answer
from ml.conversations.questions import read_question

SHOWERS = "Pourquoi les gens se plaignent-ils des douches ?"


def found(
    said: str,
    *,
    idea_share: float = 1.0,
    topic: Topic = Topic.SHOWERS_LOCKERS,
    sentiment: Sentiment = Sentiment.NEGATIVE,
    member_id: UUID | None = None,
    known_of_member: tuple[str, ...] = (),
) -> FoundConversation:
    """A conversation of one turn."""
    turn = FoundTurn(uuid4(), said, sentiment, idea_share)
    return FoundConversation(
        uuid4(), member_id, date(2026, 11, 1), (topic,), sentiment, known_of_member, (turn,), idea_share
    )


def unrelated(texts: Sequence[str]) -> list[float]:
    """As near as two sentences that have nothing to do with each other."""
    return [0.84 for _ in texts]


def test_what_both_rankings_name_comes_first() -> None:
    """Second in both beats first in one; what only one names is still there."""
    assert fuse([["a", "b", "c"], ["d", "b"]]) == ["b", "a", "d", "c"]


def test_no_ranking_is_no_result() -> None:
    """Nothing found by words and nothing by vectors is an empty list."""
    assert fuse([[], []]) == []


def test_a_question_is_its_ideas_without_what_every_question_has() -> None:
    """Only the showers are looked for, by any word for them; the complaint is a stance."""
    question = read_question(SHOWERS)
    assert len(question.ideas) == 1
    assert question.ideas[0].startswith("douches or douche or ")
    assert '"eau tiede"' in question.ideas[0]
    assert question.stance is Sentiment.NEGATIVE
    assert question.topics == {Topic.SHOWERS_LOCKERS}


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Qu'est-ce que les adhérents apprécient chez les coachs ?", Sentiment.POSITIVE),
        ("Que reproche-t-on au cours de yoga ?", Sentiment.NEGATIVE),
        ("Que dit-on du parking ?", None),
    ],
)
def test_a_question_may_ask_for_one_side(text: str, stance: Sentiment | None) -> None:
    """Praise and reproach are told from a plain question."""
    assert read_question(text).stance is stance


def test_a_question_of_framing_words_looks_for_nothing() -> None:
    """There is no idea to search for, and no answer."""
    question = read_question("Que disent les gens ?")
    assert question.ideas == ()
    assert answer(question, [found("la douche est froide", idea_share=0.0)], unrelated).text == DECLINED


def test_an_answer_counts_and_cites_each_conversation() -> None:
    """Two conversations of one member: both counted, both cited by session and turn."""
    member_id = uuid4()
    conversations = [
        found("l'eau de la douche est glacée", member_id=member_id),
        found("la douche trois ne coule plus", member_id=member_id),
    ]
    given = answer(read_question(SHOWERS), conversations, unrelated)
    [claim] = given.claims
    assert (given.conversation_count, given.member_count) == (2, 1)
    assert [(one.session_id, one.turn_id) for one in claim.citations] == [
        (one.session_id, one.turns[0].turn_id) for one in conversations
    ]
    assert given.text == (
        "2 conversations, 1 adhérent permettent de répondre.\n"
        "Sur les douches et casiers (2 conversations, 1 adhérent, dont 2 mécontentes) : "
        "« l'eau de la douche est glacée » (1er novembre 2026) [1], "
        "« la douche trois ne coule plus » (1er novembre 2026) [2]."
    )


def test_each_topic_is_a_claim_of_its_own() -> None:
    """The numbers of the citations go on from one claim to the next."""
    question = read_question("Que dit-on du froid ?")
    given = answer(
        question,
        [
            found("j'ai froid en salle 2", topic=Topic.TEMPERATURE_AIR),
            found("salle 1 gelée aussi", topic=Topic.TEMPERATURE_AIR),
            found("la douche est froide", topic=Topic.SHOWERS_LOCKERS),
        ],
        lambda texts: [0.98 for _ in texts],
    )
    assert [claim.topic for claim in given.claims] == [Topic.TEMPERATURE_AIR, Topic.SHOWERS_LOCKERS]
    assert "[3]" in given.claims[1].text


def test_a_conversation_that_shares_too_little_is_no_support() -> None:
    """Half of the ideas and an unrelated meaning decline."""
    given = answer(read_question(SHOWERS), [found("la piscine", idea_share=0.5)], unrelated)
    assert (given.text, given.claims, given.is_supported) == (DECLINED, (), False)


def test_a_near_meaning_makes_up_for_a_missing_word() -> None:
    """The same half of the ideas with a near meaning is support."""
    given = answer(
        read_question(SHOWERS), [found("l'eau est froide", idea_share=0.5)], lambda texts: [0.9] * len(texts)
    )
    assert given.is_supported


def test_meaning_without_a_shared_word_is_never_cited() -> None:
    """Vectors alone find; they do not answer."""
    given = answer(read_question(SHOWERS), [found("bonjour", idea_share=0.0)], lambda texts: [1.0] * len(texts))
    assert not given.is_supported


def test_praise_is_no_complaint() -> None:
    """Who is pleased with the showers doesn't say why people complain of them."""
    pleased = found("les douches sont superbes", sentiment=Sentiment.POSITIVE)
    assert not answer(read_question(SHOWERS), [pleased], unrelated).is_supported
    assert answer(read_question("Que dit-on des douches ?"), [pleased], unrelated).is_supported


def test_a_quote_holds_no_personal_data() -> None:
    """The member's own name, somebody else's number, and an e-mail address are replaced."""
    said = "moi c'est lovelace, la douche fuit, appelez le 06 12 34 56 78 ou ada@example.org"
    given = answer(read_question(SHOWERS), [found(said, known_of_member=("Ada", "Lovelace"))], unrelated)
    quote = given.claims[0].citations[0].quote
    assert quote == "moi c'est [nom], la douche fuit, appelez le [téléphone] ou [e-mail]"
    assert "lovelace" not in given.text


def test_a_long_quote_is_cut_after_a_word() -> None:
    """The first words are kept, and the cut shows."""
    given = answer(read_question(SHOWERS), [found("la douche coule encore " * 40)], unrelated)
    quote = given.claims[0].citations[0].quote
    assert len(quote) <= QUOTE_CHARACTERS + 2
    assert quote.endswith((" coule …", " douche …", " encore …", " la …"))
