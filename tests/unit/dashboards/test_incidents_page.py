"""« Incidents »: what is shown of each, which may be the same, and the two changes with the database's answers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards import access, incident_desk, incident_file, incidents
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press, run_page, words

DAX, FOUR, BACK = UUID(int=1), UUID(int=4), UUID(int=5)
NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
LEA, PAUL = UUID(int=21), UUID(int=22)


def an_incident(**changes: object) -> dict[str, object]:
    return {
        "id": FOUR, "gym_id": DAX, "gym_name": "Salle de Dax", "timezone": "Europe/Paris", "title": "Tapis 4 en panne",
        "priority": "high", "status": "pending", "occurrence_count": 3, "created_at": NOW, "last_occurred_at": NOW,
        "thing_kind": "tapis", "thing_trade": "equipment", "names": ["tapis 4"], "report_count": 2, **changes,
    }  # fmt: skip


def a_report(session_id: UUID, **changes: object) -> dict[str, object]:
    return {
        "session_id": session_id, "started_at": NOW, "kiosk_name": "Borne entrée", "names": ["tapis 4"],
        "words": ["Le <b>tapis 4</b> est cassé."], **changes,
    }  # fmt: skip


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import incidents

    incidents.page()


class Incidents(MemoryRecords):
    """Answers by id as the query does, and may refuse a change."""

    refusal: Exception | None = None

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Any]:
        found = super().rows(scope, question, **values)
        if question == "incidents.list" and values["id"] is not None:
            return [row for row in found if row["id"] == values["id"]]
        if question.startswith("machine_incidents.") and self.refusal is not None:
            raise self.refusal
        return found


@pytest.fixture
def records() -> Incidents:
    return Incidents({
        "incidents.list": [an_incident(), an_incident(id=BACK, title="Le tapis du fond", names=["le tapis du fond"])],
        "incidents.reports": [a_report(LEA), a_report(PAUL, names=["tapis 6"])],
        "machine_incidents.names": [{"mentions": [
            {"name": "tapis 4", "topic": "equipment", "session_id": str(LEA)},
            {"name": "tapis 6", "topic": "equipment", "session_id": str(PAUL)},
        ]}],
        "machine_incidents.merge": [{"alert_id": FOUR}], "machine_incidents.split": [{"alert_id": uuid4()}],
    })  # fmt: skip


@pytest.fixture(params=[UserRole.GYM_MANAGER])
def scope(request: pytest.FixtureRequest) -> Scope:
    return Scope(user_id=uuid4(), role=request.param, full_name="Camille", gym_id=DAX)


@pytest.fixture(autouse=True)
def door(records: Incidents, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page stands behind these."""
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    monkeypatch.setattr("dashboards.context.gym_id", lambda: None)
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield


def test_the_list_says_which_may_be_one_machine() -> None:
    """Of one kind and one trade in one gym; another kind, another gym or an unknown thing is no hint."""
    page = run_page(script)
    assert "Peut-être la même machine que : Le tapis du fond" in words(page)
    one, other = an_incident(), an_incident(id=BACK)
    assert incidents.alike(one, [one, other]) == [other]
    for change in ({"thing_kind": "douche"}, {"gym_id": uuid4()}, {"thing_trade": "safety"}):
        assert incidents.alike(one, [an_incident(id=BACK, **change)]) == []
    assert incidents.alike(an_incident(thing_kind=None), [an_incident(id=BACK, thing_kind=None)]) == []


def test_an_empty_list_says_what_would_fill_it(records: Incidents) -> None:
    """No incident is no error."""
    records.answers["incidents.list"] = []
    assert "Aucun incident de matériel ouvert" in words(run_page(script))


def test_another_incident_is_merged_into_the_open_one(records: Incidents) -> None:
    """The one whose file is open keeps its name."""
    page = run_page(script, incident=str(FOUR))
    page.selectbox[0].select_index(0)
    press(page, "Réunir")
    asked = next(values for name, values in records.asked if name == "machine_incidents.merge")
    assert asked == {"kept": FOUR, "folded": BACK}
    assert page.success[0].value == incident_desk.MERGED


def test_ticked_reports_become_an_incident_named_after_them(records: Incidents) -> None:
    """The new one is called what its reports called it, and the old one by what is left."""
    page = run_page(script, incident=str(FOUR))
    page.checkbox(key=f"chosen-{PAUL}").check()
    press(page, "Séparer")
    asked = next(values for name, values in records.asked if name == "machine_incidents.split")
    assert (asked["alert_id"], asked["session_ids"]) == (FOUR, [PAUL])
    told = asked["told"].obj  # type: ignore[attr-defined]
    assert (told["made"]["machine"], told["kept"]["machine"]) == ("tapis 6", "tapis 4")
    assert page.success[0].value == incident_desk.SPLIT


def test_nothing_ticked_asks_nothing(records: Incidents) -> None:
    """The sentence says what to do first."""
    page = run_page(script, incident=str(FOUR))
    press(page, "Séparer")
    assert page.warning[0].value == incident_desk.NOTHING_CHOSEN
    assert "machine_incidents.split" not in {name for name, _ in records.asked}


@pytest.mark.parametrize(
    ("refusal", "answer", "said"),
    [
        (psycopg.errors.CheckViolation("found one incident twice"), None, incident_desk.NOT_SO),
        (None, [{"alert_id": None}], incident_desk.GONE),
    ],
)
def test_what_the_database_refuses_is_a_sentence(
    records: Incidents, refusal: Exception | None, answer: Any, said: str
) -> None:
    """Never the database's own English with its ids."""
    records.refusal = refusal
    if answer is not None:
        records.answers["machine_incidents.merge"] = answer
    page = run_page(script, incident=str(FOUR))
    page.selectbox[0].select_index(0)
    press(page, "Réunir")
    assert page.warning[0].value == said


@pytest.mark.parametrize("scope", [UserRole.GYM_STAFF, UserRole.ANALYST], indirect=True)
def test_who_only_reads_has_no_button(records: Incidents) -> None:
    """And a made-up call is refused before it is asked."""
    page = run_page(script, incident=str(FOUR))
    assert [found.label for found in page.button] == []
    assert page.caption[0].value == incident_desk.NOT_ALLOWED


def test_a_guessed_id_gives_nothing(records: Incidents) -> None:
    """One that is closed and one of another gym get the same answer."""
    page = run_page(script, incident=str(uuid4()))
    assert page.warning[0].value == incident_file.NO_SUCH_INCIDENT
    assert "incidents.reports" not in {name for name, _ in records.asked}


def test_words_of_members_are_shown_as_they_were_said() -> None:
    """Markup in a title or a name means nothing."""
    shown = incidents.html(an_incident(title="<b>x</b>", names=["<i>y</i>"]), now=NOW, alike=[])
    assert "<b>" not in shown and "<i>" not in shown
