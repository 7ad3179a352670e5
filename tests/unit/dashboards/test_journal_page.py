"""« Journal » run by Streamlit's own test harness, with rows in memory."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, journal, journal_list, texts_fr
from dashboards.alerts import AlertStatus
from jarvis.tenancy import Scope, UserRole
from tests.conftest import REPOSITORY
from tests.support.app_pages import MemoryRecords

MIGRATIONS = REPOSITORY / "warehouse" / "migrations"
QUERIES = REPOSITORY / "warehouse" / "queries"
# Acts named from a column or a parameter.
BY_HAND = {
    "'alert_' || new.status": {f"alert_{status}" for status in AlertStatus},
    "'action_item_' || case new.state when 'open' then 'reopened' else new.state end": {
        "action_item_reopened", "action_item_done", "action_item_dismissed",
    },
    "'report_' || to_status": {f"report_{status}" for status in texts_fr.REPORT_STATUSES if status != "draft"},
    "case when begins_as = 'open' then 'signed_in' else proven_by || '_accepted' end": {
        "signed_in", "password_accepted", "provider_accepted",
    },
    "%(action)s::text": {
        # warehouse/stores/churn_models.py and operator_accounts.py
        "model_promoted", "model_rolled_back", "model_bar_lifted", "user_invited", "second_factor_reset",
    },
    # The functions that hand on what they are given.
    "what": set(),
    "subject": set(),
}  # fmt: skip


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


def written() -> tuple[set[str], set[str]]:
    """Every act, and every kind of object, that SQL names in the trail: by app.audit and its kin, or straight."""
    acts: set[str] = set()
    kinds: set[str] = set()
    for path in [*MIGRATIONS.glob("*.sql"), *QUERIES.glob("*.sql")]:
        if not path.name.endswith(".rollback.sql"):
            for act, kind in lines(path.read_text(encoding="utf-8")):
                acts |= named_by(act)
                kinds |= named_by(kind)
    return acts, kinds


def lines(sql: str) -> Iterator[tuple[str, str]]:
    """What stands for the act and for its object's kind, wherever the trail is written to."""
    for call in re.finditer(r"\b(?:perform|select) app\.audit(_desk|_sign_in)?\(", sql):
        found = arguments(sql[call.end() :])
        yield found[1], "'users'" if call[1] == "_sign_in" else found[2]
    for line in re.finditer(r"insert into public\.audit_log \(([^)]*)\)\s*(?:values \(|select)", sql):
        columns = [column.strip() for column in line[1].split(",")]
        found = arguments(sql[line.end() :])
        yield found[columns.index("action")], found[columns.index("subject_table")]


def arguments(sql: str) -> list[str]:
    """The parts between commas of what follows, up to the bracket that was opened before, or the statement's end."""
    parts, depth = [""], 0
    for sign in sql:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0 or (sign == ";" and depth == 0):
            break
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [" ".join(part.split()) for part in parts]


def named_by(expression: str) -> set[str]:
    """The names it can come to; one that is put together or handed on is listed by hand."""
    if expression in BY_HAND:
        return BY_HAND[expression]
    assert "||" not in expression, f"found {expression}: list under BY_HAND what it can come to"
    # Of a `case`, what is answered and not what is compared.
    names = set(re.findall(r"(?:^|then |else )'([\w.]+)'", expression))
    assert names, f"found {expression}, which names nothing: list under BY_HAND what it can come to"
    return names


def test_whatever_the_database_writes_has_its_words() -> None:
    """Acts and objects are read in French and told apart, and no word stands for what is never written."""
    acts, kinds = written()
    assert journal.ACTIONS.keys() == acts
    assert journal.SUBJECTS.keys() == kinds
    assert len(set(journal.ACTIONS.values())) == len(acts)
