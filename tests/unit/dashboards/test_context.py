"""The choice of a gym and the switch to see it as its manager does, run by Streamlit's own test harness."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, navigation
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import words

DAX, PAU, LYON = (UUID(int=number) for number in (1, 2, 3))
LANDES, RHONE = UUID(int=8), UUID(int=9)
GYMS = [
    {"id": DAX, "name": "Salle de <b>Dax</b>", "franchise_id": LANDES, "franchise_name": "Landes Fitness"},
    {"id": PAU, "name": "Salle de Pau", "franchise_id": LANDES, "franchise_name": "Landes Fitness"},
    {"id": LYON, "name": "Salle de Lyon", "franchise_id": RHONE, "franchise_name": "Rhône Forme"},
]


@dataclass
class Browser:
    """Who is signed in, and the gyms each of them sees."""

    person: Scope
    gyms: dict[UUID, Sequence[Mapping[str, object]]]

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        assert question == "context.gyms"
        assert scope.seen_gym_id is None, "the choice is among all of the person's gyms"
        return self.gyms[scope.user_id]


def script() -> None:
    """What `main.py` runs around a page; imports inside, as the harness runs its text alone."""
    import streamlit as st

    from dashboards import access, context

    person = access.signed_in()
    scope = access.narrowed(person)
    context.follow_switch(scope)
    context.place(person)
    context.place_banner(scope)
    st.code(f"{scope.role} {scope.seen_gym_id and scope.seen_gym_id.int}")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """An administrator's."""
    person = Scope(user_id=uuid4(), role=UserRole.SUPER_ADMIN, full_name="Alix")
    made = Browser(person, {person.user_id: GYMS})
    monkeypatch.setattr(access, "visitor", lambda **_: made.person)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=made))
    # A way to another page needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr(navigation, "go", lambda *_: None)
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[AppTest]:
    """The sidebar and the banner, run once."""
    yield AppTest.from_function(script, default_timeout=20).run()


def test_a_franchise_narrows_the_gyms(page: AppTest) -> None:
    """Franchise, then gym; a gym of another franchise is not kept."""
    page.selectbox(key="gym").set_value(LYON).run()
    page.selectbox(key="franchise").set_value(LANDES).run()
    assert page.selectbox(key="gym").value is None
    assert len(page.selectbox(key="gym").options) == 3
    assert not page.exception


def test_the_switch_is_said_and_narrows(page: AppTest) -> None:
    """A manager's rights in that gym, said at the top, and one click back."""
    page.selectbox(key="gym").set_value(DAX).run()
    assert page.code[0].value == "super_admin None"
    page.button(key="see-as-manager").click().run()
    assert page.code[0].value == "gym_manager 1"
    banner = words(page)
    assert "Vous voyez la salle Salle de &lt;b&gt;Dax&lt;/b&gt; comme son responsable." in banner
    page.button(key="see-as-myself").click().run()
    assert page.code[0].value == "super_admin None"
    assert not page.get("html")


def test_the_next_person_in_the_same_window_sees_none_of_it(page: AppTest, browser: Browser) -> None:
    """Neither the gym chosen nor the one looked at is theirs."""
    page.selectbox(key="gym").set_value(LYON).run()
    page.button(key="see-as-manager").click().run()
    browser.person = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="Fanny", franchise_id=LANDES)
    browser.gyms[browser.person.user_id] = GYMS[:2]
    page.run()
    assert not page.exception
    assert page.code[0].value == "franchise_owner None"
    assert page.selectbox(key="gym").value is None
    assert "see-as-myself" not in [button.key for button in page.button]


def test_a_gym_that_is_gone_is_looked_at_no_more(page: AppTest, browser: Browser) -> None:
    """Rights that ended meanwhile end the view with them."""
    page.selectbox(key="gym").set_value(LYON).run()
    page.button(key="see-as-manager").click().run()
    browser.gyms[browser.person.user_id] = GYMS[:2]
    page.run()
    assert page.code[0].value == "super_admin None"


@pytest.mark.parametrize("role", [UserRole.GYM_MANAGER, UserRole.GYM_STAFF, UserRole.ANALYST])
def test_who_has_one_gym_has_no_switch(browser: Browser, role: UserRole) -> None:
    """And a switch that somebody put there by hand changes nothing."""
    browser.person = Scope(user_id=uuid4(), role=role, full_name="Camille", gym_id=DAX)
    page = AppTest.from_function(script, default_timeout=20)
    page.session_state["seen-gym"] = (LYON, "Salle de Lyon")
    page.session_state["user_id"] = browser.person.user_id
    page.run()
    assert page.code[0].value == f"{role} None"
    assert not page.selectbox
