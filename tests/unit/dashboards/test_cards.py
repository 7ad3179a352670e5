"""What a card shows, and that words in it are only words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
import streamlit

from dashboards import cards, texts_fr
from dashboards.alerts import Alert, AlertCounts, AlertStatus, Quote, read_actions, read_quotes

NOW = datetime(2025, 3, 12, 14, 30, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> **gras** $x^2$ \" ' &amp; <b>"


class _Reader(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def an_alert(
    *,
    words: str = "Les douches sont froides.",
    title: str = "Avis négatif",
    status: AlertStatus = AlertStatus.PENDING,
    member_name: str | None = "Inès Larrieu",
    alert_type: str = "negative_feedback",
    occurrence_count: int = 1,
) -> Alert:
    at = NOW - timedelta(minutes=12)
    return Alert(
        id=uuid4(), alert_type=alert_type, priority="high", status=status, title=title, description=words,
        gym_name="Salle de Dax", timezone="Europe/Paris", member_name=member_name, kiosk_name="Borne entrée",
        quotes=(Quote("t1", words, at),), recommended_actions=(words,), occurrence_count=occurrence_count,
        created_at=at, last_occurred_at=at, assigned_to=None, assignee_name=None,
        resolved_at=None if status in (AlertStatus.PENDING, AlertStatus.IN_PROGRESS) else NOW,
        outcome_code="solved" if status is AlertStatus.RESOLVED else None, resolution_notes=words,
    )  # fmt: skip


def test_what_is_personal_in_a_member_s_words_stands_on_no_card() -> None:
    """The member is named by the card itself; their number, address and health are in the conversation, on record."""
    said = (
        "Ici Inès Larrieu, 06 12 34 56 78, ines.larrieu@orange.fr, j'ai une hernie discale et les douches sont froides."
    )
    text = read(cards.alert_html(an_alert(words=said), now=NOW, shows_gym=False)).text
    quoted = text[text.index("«") : text.index("»")]
    assert not [word for word in ("06 12", "@", "hernie", "Larrieu") if word in quoted], quoted
    assert "les douches sont froides" in quoted
    assert "Inès Larrieu" in text[: text.index("«")]


@pytest.mark.parametrize(
    ("phone", "email", "expected"),
    [
        ("+33639984067", "ines@exemple.fr", '<a href="tel:+33639984067">06\u00a039\u00a098\u00a040\u00a067</a>'),
        (None, "ines@exemple.fr", '<a href="mailto:ines@exemple.fr">ines@exemple.fr</a>'),
        (None, None, None),
    ],
)
def test_a_card_says_how_to_reach_its_member(phone: str | None, email: str | None, expected: str | None) -> None:
    """The number, the address without one; only while there is something to do, and for who may open the file."""
    alert = replace(an_alert(), member_phone=phone, member_email=email)
    shown = cards.alert_html(alert, now=NOW, shows_gym=False, shows_member=True)
    assert shown.count("<a ") == (expected is not None)
    assert expected is None or expected in shown
    closed = replace(alert, status=AlertStatus.RESOLVED, resolved_at=NOW, outcome_code="solved")
    assert "<a " not in cards.alert_html(closed, now=NOW, shows_gym=False, shows_member=True)
    assert "<a " not in cards.alert_html(alert, now=NOW, shows_gym=False)


@pytest.mark.parametrize("alert_type", ["negative_feedback", "equipment_issue"])
def test_words_handed_on_without_a_quote_lose_what_is_personal_too(alert_type: str) -> None:
    """A tool passes on what a member says before any turn of theirs is written."""
    said = "Inès Larrieu, 06 12 34 56 78, j'ai une hernie discale et les douches sont froides."
    handed_on = replace(an_alert(words=said, alert_type=alert_type), quotes=(), recommended_actions=())
    text = read(cards.alert_html(handed_on, now=NOW, shows_gym=False)).text.replace("Inès Larrieu", "", 1)
    assert not [word for word in ("06 12", "hernie", "Larrieu") if word in text], text
    assert "les douches sont froides" in text


@pytest.mark.parametrize("status", list(AlertStatus))
def test_hostile_words_are_shown_letter_by_letter(status: AlertStatus) -> None:
    """Neither markup nor Markdown nor LaTeX in a member's words becomes anything, in any state of the card."""
    shown = read(cards.alert_html(an_alert(words=HOSTILE, title=HOSTILE, status=status), now=NOW, shows_gym=True))
    assert f"«\u00a0{HOSTILE}\u00a0»" in shown.text
    assert shown.tags <= {"article", "div", "span", "h3", "p", "strong", "blockquote", "footer", "ul", "li"}


def test_a_card_says_who_where_when_and_the_words() -> None:
    """Everything a manager needs before the first click."""
    text = read(cards.alert_html(an_alert(), now=NOW, shows_gym=False)).text.replace("\u00a0", " ")
    for part in ("Priorité Haute", "Avis négatif", "À traiter", "Inès Larrieu", "Borne entrée"):
        assert part in text
    assert "Aujourd'hui à 15 h 18 (il y a 12 min)" in text
    assert "Salle de Dax" not in text


def test_an_unknown_badge_is_said_to_be_one() -> None:
    """Nobody looks for a name that isn't there."""
    assert "Adhérent non identifié" in cards.alert_html(an_alert(member_name=None), now=NOW, shows_gym=False)


@pytest.mark.parametrize("alert_type", ["equipment_issue", "kiosk_offline", "data_quality", "voice_budget"])
def test_what_concerns_everybody_misses_no_member(alert_type: str) -> None:
    """A broken machine has no member by design: the card starts with the place, not with somebody missing."""
    text = read(cards.alert_html(an_alert(member_name=None, alert_type=alert_type), now=NOW, shows_gym=False)).text
    assert "non identifié" not in text
    assert "Borne entrée" in text


@pytest.mark.parametrize(("count", "expected"), [(1, "dont 1 urgente"), (2, "dont 2 urgentes")])
def test_urgent_alerts_are_counted_in_french(count: int, expected: str) -> None:
    """One is not several."""
    assert f"{expected}En cours" in read(cards.counts_html(AlertCounts(5, count, 0, 0))).text


@pytest.mark.parametrize(("count", "expected"), [(1, False), (3, True)])
def test_only_a_repeated_alert_shows_its_count(count: int, expected: bool) -> None:
    """One occurrence is no news."""
    html = cards.alert_html(an_alert(occurrence_count=count), now=NOW, shows_gym=False)
    assert ("Signalé 3 fois" in html) is expected


def test_a_closed_card_says_how_it_ended() -> None:
    """Outcome, day and note stand where the next steps were."""
    text = read(cards.alert_html(an_alert(status=AlertStatus.RESOLVED), now=NOW, shows_gym=False)).text
    assert "Résolue, problème réglé, aujourd'hui" in text
    assert "À faire" not in text


def test_counts_are_placed_with_their_labels() -> None:
    """What waits, what of it is urgent, what is in hand, what was closed."""
    text = read(cards.counts_html(AlertCounts(12, 2, 3, 40))).text
    assert text == "À traiter12dont 2 urgentesEn cours3Clôturées en 7 jours40"


@pytest.mark.parametrize(
    "context",
    [{}, {"turns": None}, {"turns": "x"}, {"turns": [1, None, {"text": None}, {"text": "  "}, {"turn_id": "t"}]}],
)
def test_an_odd_context_quotes_nobody(context: dict[str, object]) -> None:
    """A card without words is still a card."""
    assert read_quotes(context) == ()


@pytest.mark.parametrize("said_at", [None, 12, "hier", "2025-03-12T14:00:00"])
def test_words_count_even_without_their_hour(said_at: object) -> None:
    """An hour that can't be read, or has no zone, is left out; the words stay."""
    assert read_quotes({"turns": [{"turn_id": "t", "text": " Bonjour ", "said_at": said_at}]}) == (
        Quote("t", "Bonjour", None),
    )


def test_recommended_actions_are_sentences_or_objects_with_one() -> None:
    """Both shapes are read, anything else is left out."""
    assert read_actions(["Appeler", {"text": "Vérifier "}, {"label": "x"}, 3, " "]) == ("Appeler", "Vérifier")
    assert read_actions({"text": "x"}) == ()


def test_whoever_reads_english_reads_every_label_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What JARVIS calls things; what members said stays as they said it."""
    monkeypatch.setattr(streamlit, "session_state", {"language": "en"})
    alert = an_alert(member_name=None, occurrence_count=3)
    text = read(cards.alert_html(alert, now=NOW, shows_gym=False)).text
    for part in ("Priority High", "Negative feedback", "Reported 3 times", "Unidentified member", "To do"):
        assert part in text
    closed = replace(an_alert(status=AlertStatus.RESOLVED), assignee_name="Sacha Petit")
    assert "by Sacha Petit" in read(cards.alert_html(closed, now=NOW, shows_gym=False)).text
    assert texts_fr.came_second("resolved", None, is_mine=False) == "This alert is already closed (resolved)."
