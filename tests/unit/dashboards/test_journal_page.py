"""« Journal » run by Streamlit's own test harness, with rows in memory."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, journal, journal_list
from jarvis.tenancy import Scope, UserRole
from tests.conftest import REPOSITORY
from tests.unit.dashboards.test_members_pages import MemoryRecords

# The name of what is done, as the functions of the migrations give it to the trail.
_WRITTEN = re.compile(r"app\.audit(?:_desk|_sign_in)?\(\s*[\w.]+(?:\([^)]*\))?,\s*'([\w.]+)'(?! \|\|)")


def an_entry(**changes: object) -> dict[str, object]:
    return {
        "id": 1, "occurred_at": datetime(2026, 3, 12, tzinfo=UTC), "action": "user_suspended",
        "subject_table": "users", "subject_id": str(uuid4()), "actor_role": "gym_manager", "actor_user_id": uuid4(),
        "details": {"from": "active", "is_new": True, "has_new_name": False, "none": None},
        "actor_name": "Camille Durand", "gym_name": "Salle de Dax", "subject_name": "Noé Labat", **changes,
    }  # fmt: skip


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.admin import journal

    journal.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords({"journal.entries": [an_entry()]})


@pytest.fixture
def page(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for a manager, not run yet."""
    scope = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="Camille Durand", gym_name="Salle de Dax")
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    yield AppTest.from_function(script, default_timeout=20)


def test_an_act_is_told_in_words(page: AppTest) -> None:
    """Who, what, to whom, and what stands beside it."""
    page.run()
    assert not page.exception
    assert list(page.dataframe[0].value.loc[0, ["who", "what", "subject", "details"]]) == [
        "Camille Durand", "Accès suspendu", "Utilisateur · Noé Labat", "de : active, is_new : Oui",
    ]  # fmt: skip


def test_filters_become_the_question(page: AppTest, records: MemoryRecords) -> None:
    """Person, action, object and period; the address may name one object."""
    page.query_params["objet"] = "abc"
    page.run()
    page.text_input[0].set_value("camille")
    page.multiselect[0].set_value(["conversation.read"])
    page.multiselect[1].set_value(["openai_realtime_sessions"])
    page.selectbox[0].set_value("24 heures")
    page.run()
    values = records.asked[-1][1]
    assert (values["actor"], values["actions"], values["subjects"], values["subject_id"]) == (
        "camille", ["conversation.read"], ["openai_realtime_sessions"], "abc",
    )  # fmt: skip
    since = values["since"]
    assert isinstance(since, datetime)
    assert 23 <= (datetime.now(UTC) - since).total_seconds() / 3600 <= 25


def test_nothing_found_says_so(page: AppTest, records: MemoryRecords) -> None:
    """An empty journal is an answer."""
    records.answers.clear()
    page.run()
    assert [found.value for found in page.info] == ["Rien au journal pour ces filtres."]


def test_a_long_journal_says_that_it_was_cut(page: AppTest, records: MemoryRecords) -> None:
    """The file holds the rest."""
    records.answers["journal.entries"] = [an_entry()] * (journal_list.MOST_SHOWN + 1)
    page.run()
    assert len(page.dataframe[0].value) == journal_list.MOST_SHOWN
    assert any("200 dernières" in found.value for found in page.caption)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actor_name": None}, "Responsable de salle"),
        ({"actor_name": None, "actor_user_id": None, "actor_role": "operator"}, "Opérateur (ligne de commande)"),
        ({"actor_name": None, "actor_user_id": None, "actor_role": "inconnu"}, "inconnu"),
    ],
)
def test_who_acts_without_a_name_is_told_by_what_they_are(changes: dict[str, object], words: str) -> None:
    """Somebody out of sight by their role, a machine by what it does."""
    assert journal.actor(an_entry(**changes)) == words


def test_every_act_of_the_database_has_its_words() -> None:
    """What the functions write by a fixed name is read in French."""
    written = {
        name
        for path in (REPOSITORY / "warehouse" / "migrations").glob("*.sql")
        if not path.name.endswith(".rollback.sql")
        for name in _WRITTEN.findall(path.read_text(encoding="utf-8"))
    }
    assert len(written) > 10
    assert written - journal.ACTIONS.keys() == set()
