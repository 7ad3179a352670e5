"""« Réglages » run by Streamlit's own test harness: what is asked, what is refused before that, and what is said."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, changes, formats, settings_days, settings_gym
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press

DAX, INES = UUID(int=4), UUID(int=5)

PROFILE = {
    "email": "camille@salle.test", "full_name": "Camille Durand", "language": None,
    "unwanted_kinds": ["daily_report"], "quiet_from": time(20), "quiet_until": time(7),
}  # fmt: skip
GYM = {
    "id": DAX, "name": "Salle de Dax", "address": "1 rue du Bac", "city": "Dax", "timezone": "Europe/Paris",
    "opening_hours": {"mon": ["06:00", "22:30"]}, "status": "active", "alert_budget_per_week": 15,
    "churn_alert_threshold": None, "storage_level": "all", "voice_budget_usd": None,
    "voice_budget_cheaper_share": Decimal("0.8"),
}  # fmt: skip
DONE: Sequence[Mapping[str, object]] = [{"answer": True}]


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import settings

    settings.page()


class Refusing(MemoryRecords):
    """Records whose changes the database refuses."""

    error: type[Exception] | None = None

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        if self.error is not None and ("change" in question or "add" in question):
            raise self.error
        return super().rows(scope, question, **values)


@pytest.fixture
def records() -> Refusing:
    return Refusing({
        "gym_settings.profile": [PROFILE], "gym_settings.gym": [GYM], "alert_previews.gym": [GYM],
        "alert_previews.days_heard": [{"days": 0}], "gym_settings.change_profile": DONE,
        "gym_settings.change_gym": DONE, "gym_settings.change_place": DONE, "desk.add_closure": DONE,
        "gym_settings.change_threshold": DONE,
        "desk.remove_closure": DONE, "desk.add_absence": DONE, "desk.end_absence": DONE,
    })  # fmt: skip


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def page(request: pytest.FixtureRequest, records: Refusing, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for somebody of Dax, not run yet."""
    scope = Scope(user_id=uuid4(), role=request.param, full_name="Camille Durand", gym_id=DAX, gym_name="Salle de Dax")
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records, negative_feedback_below=-0.42))
    yield AppTest.from_function(script, default_timeout=20)


def at(page: AppTest, part: str) -> AppTest:
    """The page with one of its parts open."""
    page.run()
    page.segmented_control[0].set_value(part).run()
    assert not page.exception
    return page


def test_a_profile_is_saved_with_what_was_chosen(page: AppTest, records: Refusing) -> None:
    """Name, language, letters and quiet hours together; the way to one's security stands beside it."""
    page.run()
    page.text_input[0].set_value(" Camille D. ")
    page.selectbox[0].set_value("en")
    page.multiselect[0].set_value(["weekly_report"])
    press(page, "Enregistrer")
    values = records.last("gym_settings.change_profile")
    assert (values["full_name"], values["language"]) == ("Camille D.", "en")
    assert values["unwanted_kinds"] == [
        "daily_report",
        "monthly_report",
        "quarterly_report",
        "alert_digest",
        "alert_escalation",
    ]
    assert page.success[0].value == "Votre profil est enregistré."


def test_an_empty_name_is_refused_before_it_is_asked(page: AppTest, records: Refusing) -> None:
    """One sentence, and nothing asked of the database."""
    page.run()
    page.text_input[0].set_value("  ")
    press(page, "Enregistrer")
    assert page.warning[0].value == "Rien n'a changé : indiquez un nom."
    assert "gym_settings.change_profile" not in [name for name, _ in records.asked]


def test_a_threshold_says_what_it_would_have_done(page: AppTest, records: Refusing) -> None:
    """Two members over 0.5 last month, one of them over 0.8; without scores it says that it cannot tell."""
    assert "ne peut pas être estimé" in at(page, "Alertes et données").info[0].value
    scores = ((INES, 0.9), (uuid4(), 0.6), (uuid4(), 0.3))
    records.answers["alert_previews.scored_days"] = [
        {"member_id": member, "day": date(2026, 3, 2), "score": score, "is_held_back": False, "is_high": score >= 0.5}
        for member, score in scores
    ]
    page.run()
    assert "Alertes : 2 ; adhérents : 2, dont 2 dans le budget" in page.info[0].value
    page.slider[0].set_value(0.8).run()
    assert "Alertes : 1 ; adhérents : 1" in page.info[0].value
    page.number_input[0].set_value(3)
    press(page, "Enregistrer")
    values = records.last("gym_settings.change_gym")
    assert (values["per_week"], values["threshold"], values["storage_level"]) == (3, 0.8, "all")


def test_the_slider_begins_where_the_level_does(page: AppTest, records: Refusing) -> None:
    """A model's level from 0.118: at the far left its alerts are counted, not those over one half; the budget cuts."""
    records.answers["gym_settings.high_from"] = [{"high_from": 0.118}]
    records.answers["alert_previews.scored_days"] = [
        {"member_id": uuid4(), "day": date(2026, 3, 2), "score": score, "is_held_back": False, "is_high": score > 0.117}
        for score in (0.4, 0.2, 0.118, 0.115, 0.05)
    ]
    slider = at(page, "Alertes et données").slider[0]
    assert (slider.min, slider.value) == (0.11, 0.11)
    assert "Alertes : 3 ; adhérents : 3, dont 3 dans" in page.info[0].value
    page.number_input[0].set_value(1).run()
    assert "adhérents : 3, dont 1 dans le budget" in page.info[0].value
    page.slider[0].set_value(0.3).run()
    assert "Alertes : 1 ; adhérents : 1" in page.info[0].value
    press(page, "Enregistrer")
    assert records.last("gym_settings.change_gym")["threshold"] == 0.3


def test_the_lowest_threshold_is_no_threshold(page: AppTest, records: Refusing) -> None:
    """Every member at high risk, as before anybody set one."""
    press(at(page, "Alertes et données"), "Enregistrer")
    assert records.last("gym_settings.change_gym")["threshold"] is None


def test_reports_are_read_first_where_somebody_says_so(page: AppTest, records: Refusing) -> None:
    """The switch stands as it was kept, and what is saved is the gym's."""
    records.answers["gym_settings.report_subjects"] = [
        {"gym_id": DAX, "franchise_id": None, "name": "Salle de Dax", "reads_reports_first": False}
    ]
    records.answers["gym_settings.change_reports"] = DONE
    at(page, "Rapports")
    assert not page.toggle[0].value
    page.toggle[0].set_value(True)
    press(page, "Enregistrer")
    assert records.last("gym_settings.change_reports") == {"gym_id": DAX, "franchise_id": None, "reads_first": True}
    assert page.success[0].value == "Le réglage des rapports est enregistré."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (psycopg.errors.InsufficientPrivilege, changes.NOT_ALLOWED),
        (psycopg.errors.CheckViolation, changes.OUT_OF_RANGE),
    ],
)
def test_what_the_database_refuses_is_a_sentence(
    page: AppTest, records: Refusing, error: type[Exception], sentence: str
) -> None:
    """Rights and ranges are its own; the page says which."""
    at(page, "Alertes et données")
    records.error = error
    press(page, "Enregistrer")
    assert [found.value for found in page.warning] == [sentence]
    assert not page.success


def test_a_gym_of_somebody_else_changes_nothing(page: AppTest, records: Refusing) -> None:
    """The functions answer false for a gym one does not see."""
    at(page, "Alertes et données")
    records.answers["gym_settings.change_gym"] = [{"answer": False}]
    press(page, "Enregistrer")
    assert [found.value for found in page.warning] == [changes.GONE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6:00-22:30", ["06:00", "22:30"]), ("6h à 22h30", ["06:00", "22:30"]), ("06h00–22h", ["06:00", "22:00"]),
        ("22:00-06:00", None), ("6:00", None), ("ouvert", None), ("25:00-26:00", None), ("6:00-24:00", None),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_write_them(text: str, expected: list[str] | None) -> None:
    """A range of the day, opening first."""
    assert settings_gym.read_hours(text) == expected


def test_hours_that_cannot_be_name_their_days(page: AppTest, records: Refusing) -> None:
    """One sentence with the days; an empty day is closed."""
    at(page, "Horaires")
    page.text_input(key="hours-tue").set_value("22:00-6:00")
    press(page, "Enregistrer")
    assert "Mardi, écrivez une plage" in page.warning[0].value
    assert "gym_settings.change_place" not in [name for name, _ in records.asked]
    at(page, "Horaires")
    page.text_input(key="hours-tue").set_value("7h-12h")
    press(page, "Enregistrer")
    hours = records.last("gym_settings.change_place")["opening_hours"]
    assert hours.obj == {"mon": ["06:00", "22:30"], "tue": ["07:00", "12:00"]}  # type: ignore[attr-defined]


def test_a_closure_is_noted_and_taken_back(page: AppTest, records: Refusing) -> None:
    """With its days in order; what is over is not shown."""
    closure = {"id": uuid4(), "gym_id": DAX, "reason": "Travaux"}
    records.answers["desk.closures_of_gym"] = [
        {**closure, "starts_on": date(2099, 8, 3), "ends_on": date(2099, 8, 16)},
        {**closure, "id": uuid4(), "starts_on": date(2020, 8, 3), "ends_on": date(2020, 8, 16)},
    ]
    at(page, "Fermetures")
    assert [found.value for found in page.text] == ["du 03/08/2099 au 16/08/2099 · Travaux"]
    press(page, "Retirer")
    assert records.last("desk.remove_closure")["id"] == closure["id"]
    at(page, "Fermetures")
    page.date_input[1].set_value(date(2020, 1, 1))
    press(page, "Noter la fermeture")
    assert page.warning[0].value == settings_days.WRONG_ORDER


@pytest.mark.parametrize("page", [UserRole.GYM_STAFF], indirect=True)
def test_staff_note_absences_and_nothing_else(page: AppTest, records: Refusing) -> None:
    """Their own profile and who is away: what a gym keeps and when it opens is its manager's."""
    records.answers["gym_settings.members_named"] = [{"id": INES, "first_name": "Inès", "last_name": "Larrieu"}]
    at(page, "Absences")
    assert list(page.segmented_control[0].options) == ["Mon profil", "Absences"]
    press(page, "Noter l'absence")
    assert page.warning[0].value == settings_days.NOBODY_CHOSEN
    page.text_input(key="absence-words").set_value("larrieu").run()
    press(page, "Noter l'absence")
    values = records.last("desk.add_absence")
    assert (values["member_id"], values["reason"]) == (INES, "holiday")
    assert values["starts_on"] == values["ends_on"] == formats.network_day(datetime.now(UTC))


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("negative_feedback", "Humeur"), ("kiosk_offline", "Minutes"), ("data_quality", "Heures"),
        ("voice_budget", "Budget"),
    ],
)  # fmt: skip
def test_every_kind_of_alert_can_be_tried(page: AppTest, kind: str, label: str) -> None:
    """Its own number is asked for; where nothing is kept of the month it says so."""
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value(kind).run()
    assert not page.exception
    asked = page.select_slider if kind == "negative_feedback" else page.number_input
    assert asked(key=f"try-{kind}").label.startswith(label)
    assert page.info[-1].value.startswith("Rien n'est connu du mois dernier")


def test_a_mood_begins_at_the_network_s_threshold(page: AppTest) -> None:
    """Where the settings say −0.42 the trial does; its steps are written with a real minus and a comma."""
    slider = at(page, "Alertes et données").select_slider(key="try-negative_feedback")
    assert slider.value == -0.42
    assert slider.options[:2] == ["−1,00", "−0,95"] and "−0,42" in slider.options
    assert any(found.value.startswith("Aujourd'hui −0,42, pour tout le réseau") for found in page.caption)
    slider.set_value(-0.4).run()
    assert not page.exception


def test_a_machine_s_report_has_no_number_to_try(page: AppTest) -> None:
    """One sentence says why."""
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value("equipment_issue").run()
    assert page.info[-1].value.startswith("Aucun seuil : le premier signalement")


def test_a_number_is_tried_and_saves_nothing(page: AppTest, records: Refusing) -> None:
    """A month of $60: a budget of 50 is passed at its share and at its end, one of 100 is not."""
    # Of one day: bills of two months are two budgets.
    yesterday = datetime.combine(formats.network_day(datetime.now(UTC)) - timedelta(days=1), time(12), UTC)
    records.answers["alert_previews.costs"] = [
        {"ended_at": yesterday - timedelta(minutes=back), "cost_usd": Decimal(5)} for back in range(12, 0, -1)
    ]
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value("voice_budget").run()
    assert "Alertes : 2 ; jours connus" in page.info[-1].value
    page.number_input(key="try-voice_budget").set_value(100.0).run()
    assert "Alertes : 0 ; jours connus" in page.info[-1].value
    assert "gym_settings.change_gym" not in [name for name, _ in records.asked]


@pytest.mark.parametrize(
    ("kind", "held", "typed", "steps"),
    [("kiosk_offline", 30, 45, [45]), ("data_quality", 48, 12, [12])],
)
def test_a_threshold_of_the_gym_is_tried_then_saved(
    page: AppTest, records: Refusing, kind: str, held: int, typed: int, steps: list[int]
) -> None:
    """It begins at what holds; the number that was tried is the one that is saved."""
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value(kind).run()
    assert page.number_input(key=f"try-{kind}").value == held
    assert page.button(key=f"save-{kind}").disabled
    page.number_input(key=f"try-{kind}").set_value(typed).run()
    page.button(key=f"save-{kind}").click().run()
    assert not page.exception
    values = records.last("gym_settings.change_threshold")
    assert (values["gym_id"], values["kind"], values["steps"]) == (DAX, kind, steps)
    assert page.success[0].value == "Le seuil est enregistré."


def test_milestones_are_typed_as_a_list(page: AppTest, records: Refusing) -> None:
    """In any order, thousands with a blank; what is no list is refused in a sentence and asks nothing."""
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value("milestone").run()
    assert page.text_input(key="try-milestone").value == "50, 100, 200, 300, 500, 750, 1000"
    page.text_input(key="try-milestone").set_value("cent").run()
    assert page.warning[0].value.startswith("Écrivez un à douze nombres")
    page.text_input(key="try-milestone").set_value("1 000, 25 et 100").run()
    page.button(key="save-milestone").click().run()
    assert records.last("gym_settings.change_threshold")["steps"] == [25, 100, 1000]


def test_a_gym_s_own_threshold_can_be_given_back(page: AppTest, records: Refusing) -> None:
    """Only where there is one: then the franchise's, or the rules', holds again."""
    own = {**GYM, "kiosk_silence_minutes": 60, "has_own_kiosk_silence": True}
    records.answers["gym_settings.gym"] = [own]
    at(page, "Alertes et données")
    page.selectbox(key="try-type").set_value("kiosk_offline").run()
    assert page.number_input(key="try-kiosk_offline").value == 60
    page.button(key="common-kiosk_offline").click().run()
    assert records.last("gym_settings.change_threshold")["steps"] is None
    page.selectbox(key="try-type").set_value("data_quality").run()
    assert "common-data_quality" not in [one.key for one in page.button]
