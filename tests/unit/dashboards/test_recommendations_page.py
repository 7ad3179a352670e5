"""« Recommandations » run by Streamlit's own test harness, with rows in memory: reports, things to do, doubts."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, language, report_file, report_list, texts_fr, unfounded
from jarvis.churn import HeldBack
from jarvis.reports import KeptReport, MemberAtRisk, ReadReport
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press, words

AT = datetime(2026, 11, 22, 23, tzinfo=UTC)
REPORT, TALK, ITEM, CAMILLE = (UUID(int=number) for number in (3, 9, 5, 11))

FIGURES = (
    "visit_count", "session_count", "session_minutes", "analysed_session_count", "mean_sentiment_score",
    "negative_session_count", "positive_session_count", "alert_opened_count", "cost_usd",
)  # fmt: skip

TOPIC_INSIGHT = {
    "kind": "topic", "text": "3 conversations négatives parlent de <b>l'affluence</b>.", "weight": 0.4,
    "topic": "crowding", "session_ids": [str(TALK)], "alert_ids": [], "evidence_count": 5,
}  # fmt: skip


def a_report(**changes: object) -> KeptReport:
    kept = KeptReport(
        id=REPORT, gym_id=UUID(int=1), franchise_id=None, report_type="weekly",
        period_start=datetime(2026, 11, 15, 23, tzinfo=UTC), period_end=AT, title="Rapport de la semaine – Dax",
        summary="85 passages.", insights=[TOPIC_INSIGHT],
        metrics={
            "period": {"first": "2026-11-16", "last": "2026-11-22"},
            "figures": {name: {"now": 85, "before": 79, "year_before": None} for name in FIGURES},
            "standing": {}, "topics": [{"topic": "crowding", "session_count": 5, "negative_count": 3}], "weeks": [],
            "gyms": [],
        },
        recommendations=["Afficher les heures calmes"], trends={"visit_count": {"share": 0.076, "share_of_year": None}},
        status="published", generated_at=AT, published_at=AT,
    )  # fmt: skip
    return replace(kept, **changes)  # type: ignore[arg-type]


def a_row(**changes: object) -> dict[str, object]:
    return {
        "id": REPORT, "gym_id": UUID(int=1), "report_type": "weekly",
        "period_start": datetime(2026, 11, 15, 23, tzinfo=UTC), "period_end": AT, "title": "Rapport de la semaine",
        "summary": "85 passages.", "status": "published", "generated_at": AT, "subject_name": "Dax",
        "insight_count": 1, **changes,
    }  # fmt: skip


def an_item(**changes: object) -> dict[str, object]:
    return {
        "id": ITEM, "session_id": TALK, "text": "Vérifier <b>le vélo</b> 4", "owner": "staff", "state": "open",
        "assigned_to": None, "assignee_name": None, "closer_name": None, "due_date": date(2026, 11, 20),
        "is_late": True, "said_at": AT, "closed_at": None, "gym_name": "Dax", "timezone": "Europe/Paris", **changes,
    }  # fmt: skip


@dataclass
class MemoryReports:
    """One report, or none."""

    read_report: ReadReport | None
    asked: list[UUID] = field(default_factory=list)

    def read(self, scope: Scope, report_id: UUID) -> ReadReport | None:
        self.asked.append(report_id)
        return self.read_report


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import recommendations

    recommendations.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords(
        {
            "recommendations.reports": [a_row()],
            "recommendations.open_counts": [{"open_count": 21, "late_count": 1, "unfounded_count": 3}],
            "recommendations.action_items": [an_item()],
            "recommendations.move_report": [{"is_moved": True}],
            "action_items.move_action_item": [{"id": ITEM}],
        }
    )


@pytest.fixture
def reports() -> MemoryReports:
    zelda = MemberAtRisk(UUID(int=7), "Zélda", "Roux", "Dax", "high", [{"text": "Aucune visite depuis 20 jours."}])
    return MemoryReports(ReadReport(a_report(), (zelda,)))


@pytest.fixture
def links() -> list[tuple[str, str, dict[str, str] | None]]:
    return []


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def page(
    request: pytest.FixtureRequest, records: MemoryRecords, reports: MemoryReports,
    links: list[tuple[str, str, dict[str, str] | None]], monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AppTest]:  # fmt: skip
    """The page, not run yet."""
    scope = Scope(user_id=CAMILLE, role=request.param, full_name="Camille Durand", gym_id=UUID(int=1))
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records, reports=reports))
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr(
        "dashboards.navigation.link", lambda path, words, query=None: links.append((path, words, query))
    )
    yield AppTest.from_function(script, default_timeout=60)


def test_every_vocabulary_has_its_english() -> None:
    """Values are said through variables, which the search for texts does not see."""
    said = {
        *texts_fr.ACTION_OWNERS.values(), *texts_fr.ACTION_STATES.values(), *texts_fr.REPORT_KINDS.values(),
        *texts_fr.REPORT_STATUSES.values(), *texts_fr.DELIVERY_STATUSES.values(), *texts_fr.DELIVERY_CHANNELS.values(),
        *texts_fr.CLAIMS.values(), *texts_fr.UNFOUNDED.values(),
    }  # fmt: skip
    assert said - language.english().keys() == set()


def test_the_page_opens_with_the_latest_report_and_what_is_left(page: AppTest, links: list[object]) -> None:
    """The report's sentence, the doubts with their way, and the things to do, escaped."""
    page.run()
    assert not page.exception
    assert "85 passages." in words(page)
    assert "3 conversations dont une affirmation ne s&#x27;appuie sur rien" in words(page)
    assert ("conversations", "Les relire", {"appui": "non"}) in links
    assert "Vérifier &lt;b&gt;le vélo&lt;/b&gt; 4" in words(page)
    assert [tab.label for tab in page.tabs] == ["À faire (21)", "Tous les rapports"]


@pytest.mark.parametrize(("page", "is_told"), [("gym_manager", True), ("gym_staff", False)], indirect=["page"])
def test_a_draft_waits_in_sight_of_who_manages(
    page: AppTest, records: MemoryRecords, links: list[object], is_told: bool
) -> None:
    """How many, and the way to the latest; whoever sets nothing for the gym is not asked to read it."""
    draft = a_row(id=uuid4(), status="draft")
    records.answers["recommendations.reports"] = [draft, a_row()]
    page.run()
    assert not page.exception
    told = "1 rapport attend votre relecture." in [one.value for one in page.info]
    assert told == is_told
    assert (("recommandations", "Relire le plus récent", {"rapport": str(draft["id"])}) in links) == is_told


def test_of_reports_that_end_together_the_longest_comes_first() -> None:
    """A Monday opens with the week, not with its Sunday."""
    week, sunday = a_row(), a_row(id=uuid4(), period_start=datetime(2026, 11, 21, 23, tzinfo=UTC))
    older = a_row(id=uuid4(), period_end=datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert report_list.latest([sunday, older, week]) == week
    assert report_list.days(week) == "16/11/2026 – 22/11/2026"
    assert report_list.days(sunday) == "22/11/2026"


@pytest.mark.parametrize(
    ("button", "step"),
    [
        ("C'est fait", {"state": "done", "has_assignee": False}),
        ("Abandonner", {"state": "dismissed", "has_assignee": False}),
        ("Je m'en charge", {"state": None, "has_assignee": True, "assigned_to": CAMILLE}),
    ],
)
def test_a_step_is_taken_from_where_it_was_seen(
    page: AppTest, records: MemoryRecords, button: str, step: dict[str, object]
) -> None:
    """Somebody who was faster is not overwritten: the state that was on the screen goes along."""
    page.run()
    press(page, button)
    asked = next(values for question, values in records.asked if question == "action_items.move_action_item")
    assert asked["id"] == ITEM
    assert asked["seen_state"] == "open"
    assert {name: asked[name] for name in step} == step


def test_who_comes_second_is_told(page: AppTest, records: MemoryRecords) -> None:
    """Nothing was overwritten, and a sentence says why."""
    records.answers["action_items.move_action_item"] = []
    page.run()
    press(page, "C'est fait")
    assert [found.value for found in page.warning] == [texts_fr.ITEM_MOVED]


@pytest.mark.parametrize("page", [UserRole.GYM_STAFF], indirect=True)
def test_staff_read_and_end_nothing(page: AppTest) -> None:
    """No step is offered to whoever the database would refuse, and no report can be archived."""
    page.run()
    assert {button.label for button in page.button} & {"C'est fait", "Je m'en charge", "Abandonner"} == set()
    page.query_params["rapport"] = str(REPORT)
    page.run()
    assert not page.exception
    assert "Archiver" not in [button.label for button in page.button]


def test_a_report_is_read_with_its_evidence(page: AppTest, links: list[object]) -> None:
    """Each sentence leads to the conversations it was counted over, these days and this topic."""
    page.query_params["rapport"] = str(REPORT)
    page.run()
    assert not page.exception
    assert "parlent de &lt;b&gt;l&#x27;affluence&lt;/b&gt;" in words(page)
    assert "5 conversations" in words(page)
    days = {"du": "2026-11-16", "au": "2026-11-22"}
    assert ("conversations", "Toutes ces conversations", {"sujet": "crowding", **days}) in links
    assert ("conversations", "Conversation 1", {"conversation": str(TALK)}) in links
    assert ("adherents", "Zélda Roux", {"adherent": str(UUID(int=7))}) in links
    assert "<td>85</td><td>+8\u00a0% (79)</td>" in words(page)


def test_a_report_is_archived_from_where_it_was_seen(page: AppTest, records: MemoryRecords) -> None:
    """The function of the database decides; the state that was on the screen goes along."""
    page.query_params["rapport"] = str(REPORT)
    page.run()
    press(page, "Archiver")
    assert dict(records.asked)["recommendations.move_report"] == {
        "report_id": REPORT, "seen_status": "published", "to_status": "archived",
    }  # fmt: skip


def test_a_guessed_report_gives_nothing(page: AppTest, reports: MemoryReports) -> None:
    """A report of another gym and one that never was get the same answer."""
    reports.read_report = None
    page.query_params["rapport"] = str(uuid4())
    page.run()
    assert [found.value for found in page.warning] == [texts_fr.NO_SUCH_REPORT]


@pytest.mark.parametrize(
    ("insight", "page_of"),
    [
        ({"kind": "churn"}, "adherents"),
        ({"kind": "alerts", "alert_ids": ["x"]}, "alertes"),
        ({"kind": "visits"}, "analyses"),
        ({"kind": "sentiment"}, "conversations"),
    ],
)
def test_every_kind_of_evidence_has_its_way(insight: dict[str, object], page_of: str) -> None:
    """No insight stands without a page that shows what it rests on."""
    assert [url_path for url_path, _, _ in report_file.ways(insight, a_report())] == [page_of]


def test_an_archived_report_has_its_figures_and_no_sentences(page: AppTest, reports: MemoryReports) -> None:
    """What retention took is said to be gone."""
    reports.read_report = ReadReport(a_report(status="archived", insights=None, recommendations=None, summary=None), ())
    page.query_params["rapport"] = str(REPORT)
    page.run()
    assert not page.exception
    assert "ne sont plus conservés" in words(page)


def test_a_report_that_names_nobody_says_why(page: AppTest, reports: MemoryReports) -> None:
    """Every high score is held back: a sentence instead of names; where nobody is at risk, no heading either."""
    page.query_params["rapport"] = str(REPORT)
    reports.read_report = ReadReport(a_report(), (), HeldBack.CHECKINS_SILENT)
    page.run()
    assert not page.exception
    assert "les passages de la salle n'arrivent plus" in html.unescape(words(page))
    reports.read_report = ReadReport(a_report(), ())
    page.run()
    assert "Qui appeler" not in words(page)


def test_a_doubt_names_its_claim() -> None:
    """In words, and nothing where every claim stands on something."""
    found = unfounded.claims_html({"no_turn": ["key_topics.billing"], "quote_not_said": ["summary", "tasks.2"]})
    assert "<strong>Sujets : Facturation</strong> : ne cite aucune parole" in found
    assert "<strong>Action à suivre 2</strong>" in found
    assert unfounded.claims_html({}) == ""


def test_a_refused_archive_is_told(page: AppTest, monkeypatch: pytest.MonkeyPatch, records: MemoryRecords) -> None:
    """What the database refuses is shown in a sentence."""
    asked = records.row

    def refuse(scope: Scope, question: str, **values: object) -> object:
        if question == "recommendations.move_report":
            raise psycopg.errors.InsufficientPrivilege
        return asked(scope, question, **values)

    monkeypatch.setattr(records, "row", refuse)
    page.query_params["rapport"] = str(REPORT)
    page.run()
    press(page, "Archiver")
    assert [found.value for found in page.warning] == ["Votre rôle ne permet pas ce changement du rapport."]
