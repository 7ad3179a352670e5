"""Letters: the same words as text and HTML, headers that cannot be forged, one Message-ID a letter."""

from datetime import UTC, date, datetime

import pytest

from jarvis.formats_fr import full_date
from jarvis.mail import AddressError, Attachment, Letter, Section, address, message

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LETTER = Letter(
    subject="Vos alertes de la semaine",
    opening=("Bonjour Élodie,",),
    sections=(Section("À traiter", ("Douche froide <b>vestiaire</b>", "Tapis 4")),),
    closing=("Vous recevez ce message comme responsable.",),
    link=("Ouvrir les alertes", "https://jarvis.example/alertes?a=1&b=2"),
)


def test_text_and_html_say_the_same() -> None:
    """Every line of the letter is in both parts, and only HTML escapes it."""
    made = message(LETTER, sender="JARVIS <j@example.org>", recipients=["e@example.org"], sent_at=AT, key="digest")
    plain, html = (made.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    assert "- Douche froide <b>vestiaire</b>\n- Tapis 4" in plain.get_content()
    assert "<li>Douche froide &lt;b&gt;vestiaire&lt;/b&gt;</li>" in html.get_content()
    for words in ("Bonjour Élodie,", "Ouvrir les alertes", "Vous recevez ce message comme responsable."):
        assert words in plain.get_content() and words in html.get_content()
    assert 'href="https://jarvis.example/alertes?a=1&amp;b=2"' in html.get_content()


def test_subject_cannot_add_a_header() -> None:
    """A line break in a subject is a space, not a second header."""
    letter = Letter(subject="Salle\r\nBcc: x@example.org", opening=("…",))
    made = message(letter, sender="j@example.org", recipients=["e@example.org"], sent_at=AT, key="k")
    assert made["Subject"] == "Salle Bcc: x@example.org"
    assert made["Bcc"] is None


def test_second_try_has_the_same_id() -> None:
    """The key and the recipients make the Message-ID; another recipient has another."""

    def made(recipient: str) -> str:
        built = message(LETTER, sender="j@example.org", recipients=[recipient], sent_at=AT, key="digest/2026-47")
        return str(built["Message-ID"])

    assert made("a@example.org") == made("a@example.org") != made("b@example.org")


def test_attachments_and_unsubscribing() -> None:
    """A file keeps its name and bytes; the unsubscribe header asks for one click only."""
    letter = Letter(
        subject="Rapport",
        opening=("…",),
        attachments=(Attachment("semaine-47.pdf", b"%PDF-1.7", "application/pdf"),),
        unsubscribe_url="https://jarvis.example/u/1",
    )
    made = message(letter, sender="j@example.org", recipients=["e@example.org"], sent_at=AT, key="k")
    (attached,) = made.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("semaine-47.pdf", b"%PDF-1.7")
    assert made["List-Unsubscribe"] == "<https://jarvis.example/u/1>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("text", ["", "elodie", "@example.org", "elodie@", "a b@example.org"])
def test_what_is_no_address_is_refused_without_quoting_it(text: str) -> None:
    """The error says what was expected and does not repeat what may be a person's."""
    with pytest.raises(AddressError, match="expected") as refused:
        address(text)
    assert not text or text not in str(refused.value)


def test_nobody_to_write_to_is_refused() -> None:
    """A message without a recipient is a fault of the caller."""
    with pytest.raises(AddressError, match="no recipient"):
        message(LETTER, sender="j@example.org", recipients=[], sent_at=AT, key="k")


def test_dates_are_french() -> None:
    """The first of a month is « 1er »."""
    assert full_date(date(2026, 11, 23)) == "lundi 23 novembre 2026"
    assert full_date(date(2026, 2, 1)) == "dimanche 1er février 2026"
