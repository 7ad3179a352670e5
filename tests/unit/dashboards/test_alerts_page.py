"""The alerts page run by Streamlit's own test harness, with a desk in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import streamlit
from psycopg import OperationalError
from psycopg.errors import QueryCanceled
from streamlit.testing.v1 import AppTest

from dashboards import access, alert_list, navigation, texts_fr, watch
from dashboards.alerts import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    PAGE_SIZE,
    Alert,
    AlertChoice,
    AlertCounts,
    AlertPage,
    AlertStatus,
    Change,
    DeskMark,
    Refused,
)
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import press, words
from warehouse.stores.sign_in import Account

SACHA = UUID(int=7)
AT = datetime(2025, 3, 12, 14, 30, tzinfo=UTC)


def an_alert(title: str = "Avis négatif") -> Alert:
    return Alert(
        id=uuid4(), alert_type="negative_feedback", priority="high", status=AlertStatus.PENDING, title=title,
        description=None, gym_name="Salle de Dax", timezone="Europe/Paris", member_name="Inès Larrieu",
        kiosk_name=None, quotes=(), recommended_actions=(), occurrence_count=1, created_at=AT, last_occurred_at=AT,
        assigned_to=None, assignee_name=None, resolved_at=None, outcome_code=None, resolution_notes=None,
    )  # fmt: skip


@dataclass
class MemoryDesk:
    """A desk that remembers what it was asked."""

    kept: list[Alert] = field(default_factory=list)
    choices: list[AlertChoice] = field(default_factory=list)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    answer: Change = field(default_factory=lambda: Change(True, texts_fr.TAKEN))
    answers: dict[UUID, Change] = field(default_factory=dict)
    """For one alert, instead of `answer`."""
    is_down: bool = False
    marks: list[int] = field(default_factory=lambda: [1])
    """What the next questions find, the last one for good: somebody else changes an alert between two of them."""

    def alerts(
        self, scope: Scope, choice: AlertChoice, *, page: int = 1, seen_until: datetime | None = None
    ) -> AlertPage:
        if self.is_down:
            raise OperationalError("connection to 10.0.0.1 refused")
        self.choices.append(choice)
        chosen = [alert for alert in self.kept if alert.status in choice.statuses]
        number = min(page, max(1, -(-len(chosen) // PAGE_SIZE)))
        return AlertPage(
            alerts=chosen[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
            number=number,
            chosen_count=len(chosen),
            newest_at=max((alert.created_at for alert in chosen), default=None),
            new_count=sum(seen_until is None or alert.created_at > seen_until for alert in chosen),
        )

    def counts(self, scope: Scope, *, gym_id: UUID | None, closed_since: datetime) -> AlertCounts:
        return AlertCounts(len(self.kept), 0, 0, 0)

    def mark(self, scope: Scope) -> DeskMark:
        return DeskMark(len(self.kept), Decimal(self.marks.pop(0) if len(self.marks) > 1 else self.marks[0]))

    def take(self, scope: Scope, alert: Alert) -> Change:
        self.asked.append(("take", alert.id))
        return self.answers.get(alert.id, self.answer)

    def colleagues(self, scope: Scope, *, gym_id: UUID | None) -> Mapping[UUID, str]:
        return {SACHA: "Sacha Petit"}

    def assign(self, scope: Scope, alert: Alert, *, assignee: UUID) -> Change:
        self.asked.append(("assign", alert.id, assignee))
        return self.answers.get(alert.id, self.answer)

    def release(self, scope: Scope, alert: Alert) -> Change:
        self.asked.append(("release", alert.id))
        return self.answer

    def resolve(self, scope: Scope, alert: Alert, *, outcome_code: str, notes: str) -> Change:
        self.asked.append(("resolve", alert.id, alert.status, outcome_code, notes))
        return self.answer

    def use_message(self, scope: Scope, alert: Alert, *, text: str) -> Change:
        self.asked.append(("use_message", alert.id, text))
        return Change(True, texts_fr.MESSAGE_USED)

    def dismiss(self, scope: Scope, alert: Alert, *, reason: str) -> Change:
        self.asked.append(("dismiss", alert.id, reason))
        return self.answer


@dataclass
class OnePerson:
    """Everybody who asks is this person, until nobody is."""

    scope: Scope | None
    activity: list[bool] = field(default_factory=list)

    def begin_sign_in(self, email: str) -> Account | None:
        return None

    def fail_sign_in(self, user_id: UUID) -> None:
        return None

    def open(self, user_id: UUID) -> str | None:
        return None

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        self.activity.append(is_activity)
        return self.scope

    def revoke(self, token: str) -> None:
        self.scope = None


@dataclass
class TwoGyms:
    """Records that know two gyms and nothing else."""

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        assert question == "context.gyms"
        franchise = {"franchise_id": UUID(int=9), "franchise_name": "Landes Fitness"}
        names = ("Salle de Dax", "Salle de Pau")
        return [{"id": UUID(int=number), "name": name, **franchise} for number, name in enumerate(names, 1)]


def a_scope(role: UserRole) -> Scope:
    return Scope(user_id=uuid4(), role=role, full_name="Camille Durand", gym_name="Salle de Dax")


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards import access
    from dashboards.app_pages.manager import alerts

    with access.apology():
        alerts.page()


def script_with_a_look() -> None:
    """The page as `main.py` runs it, and its first look a second later."""
    from dashboards import access, alert_list
    from dashboards.app_pages.manager import alerts

    with access.apology():
        access.current_scope(is_activity=access.note_run())
        alerts.page()
        alert_list.WATCH.look()


class Noon(datetime):
    """A clock that stands: a minute that ends is a reason to run again."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Noon":
        return cls(2025, 3, 12, 12, tzinfo=tz)


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def person(request: pytest.FixtureRequest) -> OnePerson:
    return OnePerson(a_scope(request.param))


@pytest.fixture
def page(desk: MemoryDesk, person: OnePerson, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page, not run yet. The harness has no websocket, so the cookie comes from here."""
    access.install(
        access.Door(
            sessions=person,
            alerts=desk,
            records=TwoGyms(),
            conversation_search=None,
            team=None,
            invitations=None,
            reports=None,
            clients=None,
            gateway_address="",
            gateway=None,
            negative_feedback_below=-0.5,
        )
    )
    monkeypatch.setattr(access, "session_token", lambda _cookies: "token")
    yield AppTest.from_function(script, default_timeout=20)


def button(page: AppTest, label: str) -> object:
    return next((found for found in page.button if found.label == label), None)


def test_days_of_an_address_choose_what_was_raised_on_them(
    page: AppTest, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever became of it since: a report counts what was new, not what still waits."""
    monkeypatch.setattr(navigation, "link", lambda *_: None)
    page.query_params["du"], page.query_params["au"] = "2026-11-16", "2026-11-22"
    page.run()
    assert not page.exception
    choice = desk.choices[-1]
    assert (choice.first, choice.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert choice.statuses == OPEN_STATUSES + CLOSED_STATUSES
    assert any(found.value == "Alertes levées du 16/11/2026 au 22/11/2026" for found in page.caption)


def test_an_empty_desk_says_what_will_happen(page: AppTest) -> None:
    """Nothing to do is an answer, and new alerts will come by themselves."""
    page.run()
    assert not page.exception
    assert texts_fr.NOTHING_OPEN in words(page)


def test_a_filter_that_matches_nothing_is_not_an_empty_desk(page: AppTest, desk: MemoryDesk) -> None:
    """There is work, but not here: the page says to widen the filter."""
    desk.kept = [an_alert()]
    page.run()
    page.segmented_control[0].set_value(texts_fr.CLOSED).run()
    assert texts_fr.NOTHING_CHOSEN in words(page)
    assert texts_fr.NOTHING_OPEN not in words(page)


def test_filters_become_the_choice(page: AppTest, desk: MemoryDesk) -> None:
    """What is picked is what is asked; nothing picked is everything open."""
    page.run()
    assert desk.choices[-1] == AlertChoice(statuses=OPEN_STATUSES)
    page.segmented_control[0].set_value(texts_fr.ALL)
    page.multiselect[0].set_value(["equipment_issue"])
    page.multiselect[1].set_value(["urgent", "high"])
    page.selectbox[0].set_value("7 jours")
    page.run()
    choice = desk.choices[-1]
    assert (choice.statuses, choice.alert_types, choice.priorities) == (
        OPEN_STATUSES + CLOSED_STATUSES,
        ("equipment_issue",),
        ("urgent", "high"),
    )
    assert choice.within == timedelta(days=7)


def test_taking_asks_the_desk_once_and_tells_the_answer(page: AppTest, desk: MemoryDesk) -> None:
    """One click, one change, one sentence."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Prendre en charge")
    assert desk.asked == [("take", desk.kept[0].id)]
    assert [found.value for found in page.success] == [texts_fr.TAKEN]
    page.run()
    assert len(desk.asked) == 1
    assert not page.success


def test_a_click_on_what_was_seen_reaches_the_desk_though_the_alert_moved_on(page: AppTest, desk: MemoryDesk) -> None:
    """The button is gone by the time the click arrives; the desk still answers it, and says who was faster."""
    alert = an_alert()
    desk.kept = [alert]
    page.run()
    desk.kept = [replace(alert, status=AlertStatus.IN_PROGRESS, assignee_name="Sacha Petit")]
    desk.answer = Change(False, texts_fr.came_second("in_progress", "Sacha Petit", is_mine=False))
    press(page, "Prendre en charge")
    assert desk.asked == [("take", alert.id)]
    assert ["Sacha Petit" in found.value for found in page.warning] == [True]


def test_resolving_sends_the_outcome_and_the_alert_as_it_was_seen(page: AppTest, desk: MemoryDesk) -> None:
    """The form holds what was on the screen when it was opened."""
    alert = an_alert()
    desk.kept = [alert]
    page.run()
    press(page, "Résoudre")
    assert button(page, "Prendre en charge") is None
    desk.kept = [replace(alert, status=AlertStatus.IN_PROGRESS)]
    page.text_area[0].set_value("Séance offerte.")
    page.segmented_control[1].set_value("member_contacted")
    press(page, "Résoudre l'alerte")
    assert desk.asked == [("resolve", alert.id, AlertStatus.PENDING, "member_contacted", "Séance offerte.")]
    assert button(page, "Résoudre l'alerte") is None


def test_draft_is_offered_changed_and_noted_as_sent(page: AppTest, desk: MemoryDesk) -> None:
    """The form holds the draft, what was typed is noted as sent, and the button is gone once it was."""
    alert = replace(an_alert(), message_text="Bonjour Camille")
    desk.kept = [alert]
    page.run()
    press(page, "Message proposé")
    assert page.text_area[0].value == "Bonjour Camille"
    page.text_area[0].set_value("Bonjour Camille, un café ?")
    press(page, "J'ai envoyé ce message")
    assert desk.asked == [("use_message", alert.id, "Bonjour Camille, un café ?")]
    desk.kept = [replace(alert, message_used_at=alert.created_at)]
    page.run()
    assert button(page, "Message proposé") is None


def test_cancelling_changes_nothing(page: AppTest, desk: MemoryDesk) -> None:
    """The buttons are back and the desk was not asked."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Classer sans suite")
    press(page, "Annuler")
    assert desk.asked == []
    assert button(page, "Prendre en charge") is not None


def test_a_missing_reason_keeps_the_form_open(page: AppTest, desk: MemoryDesk) -> None:
    """The manager is told, and loses nothing."""
    desk.kept = [an_alert()]
    desk.answer = Change(False, texts_fr.REASON_MISSING, reason=Refused.INCOMPLETE)
    page.run()
    press(page, "Classer sans suite")
    press(page, "Classer l'alerte sans suite")
    assert [found.value for found in page.warning] == [texts_fr.REASON_MISSING]
    assert button(page, "Classer l'alerte sans suite") is not None


def test_a_form_whose_alert_is_gone_closes(page: AppTest, desk: MemoryDesk) -> None:
    """The list would otherwise rest for ever."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Résoudre")
    desk.kept = []
    page.run()
    assert "open_form" not in page.session_state
    assert texts_fr.NOTHING_OPEN in words(page)


def test_what_came_of_an_action_outlives_a_refresh(page: AppTest, desk: MemoryDesk) -> None:
    """Somebody else's change does not take the sentence away before it is read; the next action does."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Prendre en charge")
    page.session_state["has_acted"] = False
    page.run()
    assert [found.value for found in page.success] == [texts_fr.TAKEN]
    page.session_state["has_acted"] = True
    page.run()
    assert not page.success


@pytest.fixture
def looking_page(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with its first look, under a clock that stands."""
    monkeypatch.setattr(alert_list, "datetime", Noon)
    monkeypatch.setattr(watch, "datetime", Noon)
    return AppTest.from_function(script_with_a_look, default_timeout=20)


def test_a_look_that_finds_nothing_new_reads_no_alert(looking_page: AppTest, desk: MemoryDesk) -> None:
    """Every second one small question, and the list stays as it is."""
    looking_page.run()
    assert not looking_page.exception
    assert len(desk.choices) == 1


def test_a_change_places_the_page_again_and_is_nobody_s_activity(
    looking_page: AppTest, desk: MemoryDesk, person: OnePerson
) -> None:
    """The new list is there, announced, and an empty chair does not stay signed in by it."""
    desk.marks = [1, 2]
    looking_page.run()
    assert not looking_page.exception
    assert len(desk.choices) == 2
    # The arrival itself is activity; the page's own second run is none.
    assert person.activity.count(True) == 1
    assert person.activity[0]


def test_the_page_rests_while_a_form_is_open(page: AppTest, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that somebody fills in is not taken from under their hands."""
    intervals: list[float] = []
    fragment = streamlit.fragment

    def noted(function: Callable[..., None], *, run_every: float | None = None) -> Callable[..., None]:
        if run_every is not None:
            intervals.append(run_every)
        return fragment(function, run_every=run_every)

    monkeypatch.setattr(streamlit, "fragment", noted)
    desk.kept = [an_alert()]
    page.run()
    assert intervals == [alert_list.REFRESH_SECONDS]
    press(page, "Résoudre")
    intervals.clear()
    page.run()
    assert button(page, "Résoudre l'alerte") is not None
    assert intervals == []


@pytest.mark.parametrize("person", [UserRole.GYM_STAFF], indirect=True)
def test_staff_is_offered_no_button(page: AppTest, desk: MemoryDesk) -> None:
    """They read, and are told who acts."""
    desk.kept = [an_alert()]
    page.run()
    assert "Avis négatif" in words(page)
    assert [found.value for found in page.caption] == [texts_fr.READ_ONLY, "Comptées à l’instant."]
    # The counts lead staff to what they count, too.
    assert [found.key for found in page.button if not str(found.key).startswith("see-")] == []


@pytest.mark.parametrize("person", [UserRole.ANALYST], indirect=True)
def test_an_analyst_gets_no_page(page: AppTest, desk: MemoryDesk) -> None:
    """The page itself refuses, not only the menu; nothing is asked of the desk."""
    page.run()
    assert [found.value for found in page.info] == [texts_fr.NO_PAGE]
    assert desk.choices == []


def script_with_a_sidebar() -> None:
    """The choice of a gym as `main.py` places it, and the page."""
    from dashboards import access, context
    from dashboards.app_pages.manager import alerts

    with access.apology():
        context.place(access.current_scope())
        alerts.page()


@pytest.mark.parametrize(
    ("person", "count"), [(UserRole.FRANCHISE_OWNER, 1), (UserRole.GYM_MANAGER, 0)], indirect=["person"]
)
@pytest.mark.usefixtures("page")
def test_only_who_sees_several_gyms_chooses_among_them(desk: MemoryDesk, count: int) -> None:
    """A manager has one gym and nothing to choose; an owner's choice narrows what the page asks."""
    page = AppTest.from_function(script_with_a_sidebar, default_timeout=20).run()
    choices = [found for found in page.selectbox if found.label == "Salle"]
    assert len(choices) == count
    for choice in choices:
        choice.set_value(UUID(int=2)).run()
        assert desk.choices[-1].gym_id == UUID(int=2)


def test_nobody_sees_nothing(page: AppTest, desk: MemoryDesk, person: OnePerson) -> None:
    """A session that ends between two runs takes the alerts from the page, and what was typed from its memory."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Résoudre")
    person.scope = None
    page.run()
    assert [found.value for found in page.warning] == [texts_fr.SIGNED_OUT]
    assert "Avis négatif" not in words(page)
    assert "open_form" not in page.session_state


def test_the_next_person_in_the_same_window_starts_afresh(page: AppTest, desk: MemoryDesk, person: OnePerson) -> None:
    """What one manager had open is not the other one's."""
    desk.kept = [an_alert()]
    page.run()
    press(page, "Résoudre")
    person.scope = a_scope(UserRole.GYM_MANAGER)
    page.run()
    assert button(page, "Résoudre l'alerte") is None


def test_a_database_that_is_away_is_one_sentence(page: AppTest, desk: MemoryDesk) -> None:
    """No traceback, no address; the next refresh tries again."""
    desk.is_down = True
    page.run()
    assert not page.exception
    assert [found.value for found in page.error] == [texts_fr.UNREACHABLE]


def test_a_failure_says_nothing_of_its_values(
    page: AppTest, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The last resort logs the kind and the line of an error, never its message."""

    def fail(scope: Scope, choice: AlertChoice, **asked: object) -> AlertPage:
        raise ValueError("Inès Larrieu")

    monkeypatch.setattr(desk, "alerts", fail)
    page.run()
    assert [found.value for found in page.error] == [texts_fr.FAILED]
    (record,) = [record for record in caplog.records if record.name == "dashboards.access"]
    assert (record.getMessage(), record.__dict__["error"]) == ("page failed", "ValueError")
    assert "test_alerts_page.py" in record.__dict__["place"]
    assert "Larrieu" not in f"{caplog.text} {record.__dict__}"


def test_a_question_that_takes_too_long_is_one_sentence(
    page: AppTest, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits without an end, and slow is not called away."""

    def wait(scope: Scope, choice: AlertChoice, **asked: object) -> AlertPage:
        raise QueryCanceled("canceling statement due to statement timeout")

    monkeypatch.setattr(desk, "alerts", wait)
    page.run()
    assert not page.exception
    assert [found.value for found in page.error] == [texts_fr.TOO_SLOW]
