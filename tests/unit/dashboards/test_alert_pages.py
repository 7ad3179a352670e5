"""The pages of the alerts list, run by Streamlit's own test harness with a desk in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import texts_fr
from dashboards.alerts import PAGE_SIZE, Alert, AlertStatus
from jarvis.alerts import AlertType
from tests.unit.dashboards.test_alerts_page import (
    AT,
    MemoryDesk,
    OnePerson,
    an_alert,
    button,
    desk,
    page,
    person,
    press,
    words,
)

__all__ = ["desk", "page", "person"]


def numbered(count: int) -> list[Alert]:
    """So many open alerts, each named by its place."""
    return [an_alert(f"Alerte {number}") for number in range(1, count + 1)]


def turn(page: AppTest, number: int) -> None:
    """Somebody goes to this page of the list."""
    page.pagination[0].select(number).run()
    assert not page.exception


def shown(page: AppTest) -> list[str]:
    """The titles of the cards."""
    return [part.split("<", 1)[0] for part in words(page).split('<h3 class="j-title">')[1:]]


def places(first: int, last: int) -> list[str]:
    """The titles from one place to another."""
    return [f"Alerte {number}" for number in range(first, last + 1)]


def head(page: AppTest) -> str:
    """What is said of the pages."""
    return " ".join(found.value for found in page.caption if "page" in found.value)


def test_one_page_places_nothing_of_pages(page: AppTest, desk: MemoryDesk) -> None:
    """Where every alert is on the screen there is no other page to go to, and none is spoken of."""
    desk.kept = numbered(PAGE_SIZE)
    page.run()
    assert shown(page) == places(1, PAGE_SIZE)
    assert (len(page.pagination), head(page)) == (0, "")
    assert button(page, "Tout choisir") is not None


def test_every_alert_is_reached_page_by_page(page: AppTest, desk: MemoryDesk, person: OnePerson) -> None:
    """The true number is told, the last page holds the rest, and turning a page is activity."""
    desk.kept = numbered(121)
    page.run()
    assert (shown(page), head(page)) == (places(1, 20), "121 alertes, page 1 sur 7")
    assert page.pagination[0].num_pages == 7
    page.session_state["is_refresh"] = True
    person.activity.clear()
    turn(page, 7)
    assert (shown(page), head(page)) == (places(121, 121), "121 alertes, page 7 sur 7")
    assert person.activity.count(True) == 1


def test_a_refresh_leaves_somebody_where_they_read(page: AppTest, desk: MemoryDesk) -> None:
    """What comes on another page changes the number that is told, and not the page."""
    desk.kept = numbered(45)
    page.run()
    turn(page, 2)
    desk.kept = [*desk.kept, an_alert("Alerte 46")]
    page.session_state["is_refresh"] = True
    page.run()
    assert (shown(page), head(page)) == (places(21, 40), "46 alertes, page 2 sur 3")


def test_a_form_opened_on_a_page_stays_on_it(page: AppTest, desk: MemoryDesk) -> None:
    """The step runs the page again before the way to the other pages is placed: the number outlives it."""
    desk.kept = numbered(45)
    page.run()
    turn(page, 3)
    press(page, "Résoudre")
    assert shown(page) == places(41, 45)
    press(page, "Résoudre l'alerte")
    assert [asked[:2] for asked in desk.asked] == [("resolve", desk.kept[40].id)]
    assert shown(page) == places(41, 45)


def test_another_choice_begins_at_the_first_page(page: AppTest, desk: MemoryDesk) -> None:
    """The third page of one choice is not the third page of another."""
    desk.kept = numbered(65)
    page.run()
    turn(page, 3)
    page.multiselect[1].set_value(["high"]).run()
    assert (shown(page), head(page)) == (places(1, 20), "65 alertes, page 1 sur 4")
    turn(page, 2)
    page.selectbox(key="period").set_value("7 jours").run()
    assert head(page) == "65 alertes, page 1 sur 4"


def test_pages_that_go_leave_the_last_one(page: AppTest, desk: MemoryDesk) -> None:
    """Alerts close under the page that is read: it is never empty while others are left, and counts anew."""
    desk.kept = numbered(45)
    page.run()
    turn(page, 3)
    desk.kept = desk.kept[:39]
    page.run()
    assert (shown(page), head(page)) == (places(21, 39), "39 alertes, page 2 sur 2")
    assert page.pagination[0].value == 2
    desk.kept = desk.kept[:5]
    page.run()
    assert (shown(page), len(page.pagination), head(page)) == (places(1, 5), 0, "")
    desk.kept = numbered(45)
    page.run()
    assert (shown(page), head(page)) == (places(1, 20), "45 alertes, page 1 sur 3")


def test_choosing_all_chooses_the_page_that_is_shown(page: AppTest, desk: MemoryDesk) -> None:
    """What is out of sight is not acted on, and the bar says of what it speaks."""
    desk.kept = numbered(25)
    page.run()
    turn(page, 2)
    press(page, "Choisir toute la page")
    assert "5 alertes choisies sur cette page" in [found.value for found in page.markdown]
    press(page, "Prendre en charge")
    assert desk.asked == [("take", alert.id) for alert in desk.kept[20:]]
    assert [found.value for found in page.success] == ["5 alertes prises en charge."]


def test_turning_the_page_announces_nothing(page: AppTest, desk: MemoryDesk) -> None:
    """Alerts of another page are no news; one that came is, whichever page is read."""
    desk.kept = numbered(45)
    page.run()
    turn(page, 2)
    assert len(page.toast) == 0
    desk.kept = [replace(an_alert("Alerte 0"), created_at=AT + timedelta(minutes=1)), *desk.kept]
    page.run()
    assert [found.value for found in page.toast] == [texts_fr.new_alerts(1)]
    page.run()
    assert len(page.toast) == 0


def test_another_choice_announces_nothing(page: AppTest, desk: MemoryDesk) -> None:
    """Closed alerts that the filter brings to the screen did not come just now."""
    desk.kept = [an_alert(), replace(an_alert(), status=AlertStatus.RESOLVED, created_at=AT + timedelta(hours=1))]
    page.run()
    page.segmented_control[0].set_value(texts_fr.ALL).run()
    assert len(page.toast) == 0


def test_an_address_names_the_types(page: AppTest, desk: MemoryDesk) -> None:
    """« Aujourd'hui » leads to the rest of its own alerts."""
    page.query_params["type"] = "churn_risk,milestone"
    page.run()
    assert desk.choices[-1].alert_types == ("churn_risk", "milestone")


def script_of_today() -> None:
    """The list of « Aujourd'hui » alone: its figures need marts."""
    from dashboards import access, alert_list
    from dashboards.app_pages.manager import today

    with access.apology():
        alert_list.place(today._whom_to_call, is_desk=False)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (PAGE_SIZE, []),
        (PAGE_SIZE + 1, ["1 autre alerte sous « Alertes »"]),
        (50, ["30 autres alertes sous « Alertes »"]),
    ],
)
@pytest.mark.usefixtures("page")
def test_today_shows_the_first_ones_and_the_way_to_the_rest(
    desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch, count: int, expected: list[str]
) -> None:
    """Nobody calls fifty members in a day: the rest is one click away, chosen alike."""
    links: list[tuple[str, str, dict[str, str]]] = []
    monkeypatch.setattr("dashboards.navigation.link", lambda path, label, query: links.append((path, label, query)))
    desk.kept = numbered(count)
    page = AppTest.from_function(script_of_today, default_timeout=20).run()
    assert not page.exception
    assert shown(page) == places(1, PAGE_SIZE)
    assert len(page.pagination) == 0
    types = ",".join((AlertType.CHURN_RISK, AlertType.NEGATIVE_FEEDBACK, AlertType.MILESTONE))
    assert links == [("alertes", label, {"type": types}) for label in expected]
