"""« Adhérents » run by Streamlit's own test harness, with rows in memory: list, filters, and a member's file."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from html import unescape
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, member_file, member_list, texts_fr
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, words

AT = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
ZELDA = UUID(int=7)


def a_member(**changes: object) -> dict[str, object]:
    return {
        "id": ZELDA, "first_name": "Zélda", "last_name": "<b>Roux</b>", "gym_name": "Salle de Dax", "is_active": True,
        "is_new": False, "churn_risk_level": "high", "churn_risk_score": 0.62,
        "reason": "Aucune visite depuis 20 jours.",
        "last_visit_at": AT, "visits_per_week": 0.5, "usual_visits_per_week": 3.0, "visit_trend": "absent",
        "conversation_count": 2, "mute_reason": None, "timezone": "Europe/Paris", "email": "z@example.org",
        "phone": "+33600000000", "member_since": date(2024, 1, 2), "plan": "flex", "membership_status": "active",
        "expires_on": date(2026, 9, 1), "monthly_price_eur": 39.9, "engagement_score": 0.2, "sentiment_trend": "stable",
        "muted_until": None, "factors": [{"text": "Aucune visite depuis 20 jours.", "factor": "absent", "points": 0.3}],
        "counterfactual": "Repasserait sous élevé avec une visite.", "as_of_date": AT.date(), "held_back_reason": None,
        "is_pooled": False, "scored_at": AT, "chosen_count": 1,
        **changes,
    }  # fmt: skip


def an_event(kind: str, label: str, words: str | None, state: str | None) -> dict[str, object]:
    return {"kind": kind, "id": uuid4(), "happened_at": AT, "label": label, "words": words, "state": state}


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import members

    members.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords({"members.listing": [a_member()]})


@pytest.fixture
def page(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for a manager, not run yet."""
    scope = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="Camille Durand", gym_name="Salle de Dax")
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield AppTest.from_function(script, default_timeout=20)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("Aucune visite depuis 61 jours, hors absences et fermetures.", "Aucune visite depuis 61 jours."),
        ("Engagement faible : 0,23 sur 1.", "Engagement faible : 0,23 sur 1."),
        ("", ""),
    ],
)
def test_the_list_s_reason_fits_a_line(reason: str, shown: str) -> None:
    """What holds of every count of days is said once, over the column."""
    assert member_list.short_reason(reason) == shown


def test_the_list_shows_the_level_the_reason_and_the_habit(page: AppTest) -> None:
    """In French words; a manager of one gym is not told its name on every line."""
    page.run()
    assert not page.exception
    frame = page.dataframe[0].value
    assert list(frame.loc[0, ["level", "reason", "usual", "trend"]]) == [
        "Élevé", "Aucune visite depuis 20 jours.", 3.0, "Ne vient plus",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Élevé"),
        ({"held_back_reason": "checkins_silent"}, "Suspendu"),
        ({"held_back_reason": "checkins_silent", "churn_risk_level": None}, "–"),
        ({"is_new": True}, "Nouveau"),
    ],
)
def test_a_score_that_is_held_back_is_no_risk(changes: dict[str, object], words: str) -> None:
    """The list says so in place of the level."""
    assert member_list.line(a_member(**changes))["level"] == words


def test_the_last_visit_is_a_day_of_the_members_gym() -> None:
    """Half past midnight in Dax is the day before in UTC."""
    late = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    assert member_list.line(a_member(last_visit_at=late))["last_visit"] == date(2026, 3, 13)
    assert member_list.line(a_member(last_visit_at=None))["last_visit"] is None


def test_filters_become_the_question(page: AppTest, records: MemoryRecords) -> None:
    """What is picked is what is asked."""
    page.run()
    page.text_input[0].set_value(" Zél ")
    page.multiselect[0].set_value(["high", "critical"])
    page.multiselect[1].set_value(["absent"])
    page.toggle[0].set_value(True)
    page.run()
    question, values = records.asked[-1]
    assert question == "members.listing"
    assert (values["name"], values["levels"], values["trends"]) == ("Zél", ["high", "critical"], ["absent"])
    assert (values["is_new"], values["shows_former"], values["most"]) == (True, False, member_list.MOST_SHOWN)


def test_a_figure_leads_to_its_own_rows(page: AppTest, records: MemoryRecords) -> None:
    """The address names the levels that the figure counts; what is no level is left out."""
    page.query_params["risque"] = "critical,high,partout"
    page.run()
    assert not page.exception
    assert records.asked[-1][1]["levels"] == ["critical", "high"]


def test_nobody_found_says_so(page: AppTest, records: MemoryRecords) -> None:
    """An empty list is an answer."""
    records.answers.clear()
    page.run()
    assert [found.value for found in page.info] == ["Aucun adhérent ne correspond à ces filtres."]


def test_a_long_list_says_how_many_there_are(page: AppTest, records: MemoryRecords) -> None:
    """The lines shown, all that were asked for, and how old the scores are; what a column means stands under it."""
    records.answers["members.listing"] = [a_member(id=uuid4(), chosen_count=1234)] * member_list.MOST_SHOWN
    page.run()
    assert len(page.dataframe[0].value) == member_list.MOST_SHOWN
    (told,) = [found.value for found in page.caption if "affichés" in found.value]
    assert told.startswith("200 adhérents affichés sur 1\u202f234")
    assert "Scores et habitudes calculés" in told
    assert any("Risque de départ, de 0 à 1" in found.value for found in page.markdown)


def test_the_export_asks_for_everybody_the_filters_chose(
    page: AppTest, records: MemoryRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the two hundred that are shown; and when it is pressed, not before."""
    asked: list[Callable[[], object]] = []
    monkeypatch.setattr("dashboards.exports.place_later", lambda read, *_, **__: asked.append(read))
    page.run()
    page.multiselect[0].set_value(["high"])
    page.run()
    asked[-1]()
    values = records.last("members.listing")
    assert (values["most"], values["levels"]) == (None, ["high"])


def test_a_file_says_what_its_figures_mean_and_of_when_they_are(page: AppTest, records: MemoryRecords) -> None:
    """The day a score looks up to, when it was computed, and that the visits are those of now."""
    records.answers["members.member"] = [a_member()]
    page.query_params["adherent"] = str(ZELDA)
    page.run()
    assert not page.exception
    assert any("visites jusqu'au 12/03/2026" in found.value for found in page.caption)
    assert any("selon l'habitude de l'adhérent" in found.value for found in page.markdown)


def test_a_members_file_tells_why_and_what_happened(page: AppTest, records: MemoryRecords) -> None:
    """Reasons, the way out, and the latest events; names are never markup."""
    records.answers |= {
        "members.member": [a_member()],
        "members.weeks": [{"week": date(2026, 3, 2), "visit_count": 3}, {"week": date(2026, 3, 9), "visit_count": 0}],
        "members.timeline": [
            an_event("alert", "churn_risk", "Risque <i>élevé</i>", "pending"),
            an_event("session", "negative", "Douche froide.", "unsolved"),
            an_event("visit", "badge", None, None),
        ],
    }  # fmt: skip
    page.query_params["adherent"] = str(ZELDA)
    page.run()
    assert not page.exception
    shown = words(page)
    for part in (
        "&lt;b&gt;Roux",
        "Aucune visite depuis 20 jours.",
        "Repasserait",
        "Risque &lt;i&gt;",
        "Douche froide.",
        "39,90",
    ):
        assert part in shown
    assert "<b>Roux" not in shown


@pytest.mark.parametrize("is_pooled", [True, False])
def test_a_file_says_when_its_score_leans_on_all_gyms(page: AppTest, records: MemoryRecords, is_pooled: bool) -> None:
    """Beside the score, and only where it does."""
    records.answers["members.member"] = [a_member(is_pooled=is_pooled)]
    page.query_params["adherent"] = str(ZELDA)
    page.run()
    assert not page.exception
    shown = unescape("".join(element.proto.body for element in page.get("html")))  # type: ignore[union-attr]
    assert "score 0,62" in shown
    assert (texts_fr.POOLED in shown) is is_pooled


@pytest.mark.parametrize("address", [str(uuid4()), "pas-un-identifiant"])
def test_a_guessed_address_gives_nothing(page: AppTest, records: MemoryRecords, address: str) -> None:
    """A member of another gym and a member that never was get the same answer; nonsense gets the list."""
    page.query_params["adherent"] = address
    page.run()
    assert not page.exception
    assert [found.value for found in page.warning] == ([texts_fr.NO_SUCH_MEMBER] if "-id" not in address else [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_new": True}, texts_fr.NEW_MEMBER),
        ({"churn_risk_level": None}, texts_fr.NO_SCORE),
        ({"is_pooled": True}, texts_fr.POOLED),
        ({"held_back_reason": "checkins_silent"}, texts_fr.UNSURE_DATA["checkins_silent"]),
        ({"held_back_reason": "features_drifted", "is_pooled": True}, texts_fr.UNSURE_DATA["features_drifted"]),
        (
            {"factors": [{"text": "Aucune visite.", "data": {"days_away": 30, "last_seen_on": "2026-01-02"}}]},
            texts_fr.UNCOUNTED_DAYS,
        ),
        ({"mute_reason": "frozen", "muted_until": date(2026, 4, 1)}, "Abonnement suspendu jusqu’au 01/04/2026."),
    ],
)
def test_what_a_score_leaves_out_is_said(changes: dict[str, object], words: str) -> None:
    """New, not computed yet, days that do not count, or absent with a reason."""
    assert words in unescape(member_file.reasons_html(a_member(**changes)))


def test_a_reason_that_says_which_days_count_is_enough() -> None:
    """The rule's own words, and no second sentence that says them again."""
    away = {"days_away": 30, "last_seen_on": "2026-01-02"}
    member = a_member(factors=[{"text": "Aucune visite depuis 30 jours, hors absences et fermetures.", "data": away}])
    shown = unescape(member_file.reasons_html(member))
    assert "hors absences et fermetures" in shown
    assert texts_fr.UNCOUNTED_DAYS not in shown
