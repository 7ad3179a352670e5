"""Whether words that are quoted were said."""

import pytest

from jarvis.conversations import Topic
from jarvis.evidence import claim_of, is_said, quotes_in, without_false_quotes


def test_a_claim_is_named_by_its_field_and_value() -> None:
    """The key under which the turns of one topic stand."""
    assert claim_of("key_topics", Topic.BILLING) == "key_topics.billing"


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Il se plaint : « C'est froid ». Il reste mécontent : « Encore ».", ("C'est froid", "Encore")),
        ("The member complains: “It is cold”.", ("It is cold",)),
        ("El socio se queja: «Está fría».", ("Está fría",)),
        ("Il dit : « on m'a dit “demain” hier ».", ("on m'a dit “demain” hier",)),
        ("Il se plaint du froid.", ()),
    ],
)
def test_what_stands_between_quotation_marks_is_quoted(text: str, quotes: tuple[str, ...]) -> None:
    """In the three languages, and a quote within a quote belongs to it."""
    assert quotes_in(text) == quotes


@pytest.mark.parametrize(
    ("quote", "said", "expected"),
    [
        ("La douche est froide", "Euh, la douche est  froide.", True),
        ("C'est « nul »", "c'est nul !", True),
        ("La douche est encore…", "La douche est encore froide ce matin.", True),
        ("[nom] m'a promis un rappel", "Karim m'a promis un rappel", True),
        ("Karim [nom] m'a promis", "Karim Benali m'a promis", True),
        ("Appelez-moi au [téléphone]", "Appelez-moi au 06 39 98 71 26 demain", True),
        ("La douche est chaude", "La douche est froide.", False),
        ("[nom] a promis demain", "Demain, Karim a promis", False),
        ("Tout à fait inventé", "", False),
    ],
)
def test_a_quote_is_said_when_its_words_stand_in_order(quote: str, said: str, expected: bool) -> None:
    """Case, spaces, marks and cuts do not count; other words, or another order, do."""
    assert is_said(quote, said) is expected


def test_what_nobody_said_loses_its_quotation_marks() -> None:
    """It stays as what the summary tells."""
    told = without_false_quotes("« Froid » et « trop cher ».", ["C'est froid ici."])
    assert told == "« Froid » et trop cher."
