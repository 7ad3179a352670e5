"""Personal data never survives in what is summarised or sent."""

import pytest

from ml.conversations.redaction import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oui, par texto. 06 39 98 71 26, Cyril.", "Oui, par texto. [téléphone], [nom]."),
        ("appelez le 0639987126", "appelez le [téléphone]"),
        ("call me on +44 7700 900461", "call me on [téléphone]"),
        ("mon mail rosario.quispe@example.com merci", "mon mail [e-mail] merci"),
        ("c'est jean point dupont arobase free point fr", "c'est jean point [e-mail]"),
        ("FR76 3000 6000 0112 3456 7890 189 voilà", "[IBAN] voilà"),
        ("merci à karim du plateau", "merci à [nom] du plateau"),
        ("bravo Marie-Claude !", "bravo [nom] !"),
        ("dites-le à Madame Lefebvre-Dumas", "dites-le à Madame [nom]"),
        ("je m'appelle Wolkowicz", "je m'appelle [nom]"),
        ("c'est d'Amina qu'il s'agit", "c'est d'[nom] qu'il s'agit"),
    ],
)
def test_personal_data_is_replaced(text: str, expected: str) -> None:
    """Phones, e-mails, IBANs and other people's names become a word in brackets."""
    assert redact(text) == expected


def test_the_members_own_names_go_whatever_their_case_and_accents() -> None:
    """A known name is found without its accent, in capitals and inside an elision."""
    names = ("Élodie", "N'Guyen-Özil")
    assert "[nom]" in redact("c'est ELODIE ozil à l'appareil", names=names)
    assert "elodie" not in redact("c'est ELODIE ozil à l'appareil", names=names).lower()
    assert "ozil" not in redact("c'est ELODIE ozil à l'appareil", names=names).lower()


@pytest.mark.parametrize(
    "text",
    [
        "La pierre du sauna est claire, c'est une rose.",
        "Le cours de pilates est à 18 h 30, salle 2, pour 32,90 €.",
        "J'ai fait 12 000 pas et 3 séries de 10.",
        "Je viens le lundi à Lille depuis la Toussaint.",
    ],
)
def test_ordinary_words_and_numbers_stay(text: str) -> None:
    """Words that are also names stay without a capital; hours, prices and counts are no phone numbers."""
    assert redact(text) == text
