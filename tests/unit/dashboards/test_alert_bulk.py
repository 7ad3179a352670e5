"""Several alerts at once, run by Streamlit's own test harness with a desk in memory."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import alert_bulk, language, texts_fr
from dashboards.alerts import Alert, AlertStatus, Change
from jarvis.tenancy import UserRole
from tests.unit.dashboards.test_alerts_page import (
    SACHA,
    MemoryDesk,
    an_alert,
    button,
    desk,
    page,
    person,
    press,
    words,
)

__all__ = ["desk", "page", "person"]


def three(desk: MemoryDesk) -> list[Alert]:
    """Three open alerts stand on the desk."""
    desk.kept = [an_alert("Douches froides"), an_alert("Tapis en panne"), an_alert("Musique trop forte")]
    return desk.kept


def choose(page: AppTest, *places: int) -> None:
    """The boxes at these places are ticked."""
    for place in places:
        page.checkbox[place].check()
    page.run()


def test_several_are_taken_at_once_and_each_is_asked_for_by_itself(page: AppTest, desk: MemoryDesk) -> None:
    """Only the chosen ones, one sentence, and nothing is chosen any more."""
    first, _second, third = three(desk)
    page.run()
    choose(page, 0, 2)
    assert "2 alertes choisies" in [found.value for found in page.markdown]
    press(page, "Prendre en charge")
    assert desk.asked == [("take", first.id), ("take", third.id)]
    assert [found.value for found in page.success] == ["2 alertes prises en charge."]
    assert [box.value for box in page.checkbox] == [False] * 3


def test_a_refused_one_is_told_by_name_and_stays_chosen(page: AppTest, desk: MemoryDesk) -> None:
    """The others stand; a title is shown as text, whatever it holds."""
    first, second, _third = three(desk)
    desk.kept[1] = second = replace(second, title="<b>Tapis</b> en panne")
    desk.answers[second.id] = Change(False, texts_fr.came_second("in_progress", "Sacha Petit", is_mine=False))
    page.run()
    choose(page, 0, 1)
    press(page, "Prendre en charge")
    assert desk.asked == [("take", first.id), ("take", second.id)]
    assert [found.value for found in page.warning] == ["1 alerte prise en charge. 1 alerte refusée :"]
    assert "&lt;b&gt;Tapis&lt;/b&gt; en panne</strong> — Cette alerte vient d'être prise en charge par Sacha" in (
        words(page).replace("&#x27;", "'")
    )
    assert [box.value for box in page.checkbox] == [False, True, False]


def test_a_click_reaches_the_alerts_as_they_were_seen(page: AppTest, desk: MemoryDesk) -> None:
    """One that somebody else took in the meantime is still asked for, and its refusal told."""
    first, second, third = three(desk)
    page.run()
    choose(page, 0, 1)
    desk.kept = [replace(first, status=AlertStatus.RESOLVED), second, third]
    press(page, "Prendre en charge")
    assert desk.asked == [("take", first.id), ("take", second.id)]


def test_several_are_closed_with_one_outcome(page: AppTest, desk: MemoryDesk) -> None:
    """The form names the outcome and the note for all; the page rests while it is open."""
    first, second, third = three(desk)
    page.run()
    press(page, "Tout choisir")
    press(page, "Résoudre")
    assert [found.value for found in page.caption] == [texts_fr.PAUSED, "Comptées à l’instant."]
    page.segmented_control(key="bulk-outcome").set_value("duplicate")
    page.text_area(key="bulk-note").set_value("Même panne.")
    press(page, "Résoudre les alertes choisies")
    expected = ("duplicate", "Même panne.")
    assert desk.asked == [("resolve", one.id, AlertStatus.PENDING, *expected) for one in (first, second, third)]
    assert button(page, "Résoudre les alertes choisies") is None


def test_several_are_assigned(page: AppTest, desk: MemoryDesk) -> None:
    """To one person of those the database shows; nobody chosen is said for each."""
    first, second, _third = three(desk)
    page.run()
    choose(page, 0, 1)
    press(page, "Attribuer")
    press(page, "Attribuer les alertes choisies")
    assert desk.asked == []
    assert [found.value for found in page.warning] == ["2 alertes refusées :"]
    press(page, "Attribuer")
    page.selectbox(key="bulk-assignee").set_value(SACHA)
    press(page, "Attribuer les alertes choisies")
    assert desk.asked == [("assign", first.id, SACHA), ("assign", second.id, SACHA)]


def test_a_form_whose_alerts_are_gone_closes(page: AppTest, desk: MemoryDesk) -> None:
    """The list would otherwise rest for ever."""
    three(desk)
    page.run()
    choose(page, 0)
    press(page, "Résoudre")
    desk.kept = []
    page.run()
    assert "open_bulk_form" not in page.session_state


def test_one_alert_has_its_own_buttons_only(page: AppTest, desk: MemoryDesk) -> None:
    """There is nothing to choose among, and closed alerts are not chosen."""
    desk.kept = [an_alert(), replace(an_alert(), status=AlertStatus.RESOLVED)]
    page.run()
    assert len(page.checkbox) == 0
    assert button(page, "Tout choisir") is None


@pytest.mark.parametrize("person", [UserRole.GYM_STAFF], indirect=True)
def test_who_only_reads_chooses_nothing(page: AppTest, desk: MemoryDesk) -> None:
    """No box and no bar."""
    three(desk)
    page.run()
    assert len(page.checkbox) == 0
    assert button(page, "Tout choisir") is None


def test_what_came_of_several_has_its_english() -> None:
    """Sentences that are counted reach `say` by a name; each has its English."""
    sentences = {
        sentence
        for pair in alert_bulk.DONE.values()
        for sentence in (*pair, *alert_bulk.REFUSED, *alert_bulk.CHOSEN, *alert_bulk.CHOSEN_HERE)
    }
    assert sentences - language.english().keys() == set()
