"""Action items in people's hands: which steps the database takes from whom, what an analysis leaves alone, the API."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection

from bench.support.world import COMPLAINT
from jarvis.conversations import ActionItem, Analysis, AnalysisFailure, Conversation
from jarvis.settings import Settings
from orchestration.batches import analyse_due
from tests.conftest import Database
from tests.support.api_server import Api, running_api
from tests.support.cue_word_engine import CueWordEngine
from tests.tenants import PERSON, made_id, plant
from warehouse.connection import as_user
from warehouse.stores import conversations

SESSION = made_id("session", "dax")
MANAGER, OWNER, STAFF = PERSON["manager_dax"], PERSON["owner_atlantique"], PERSON["staff_dax"]
ITEM = "select id from public.action_items where session_id = %s order by position"


class Wordy(CueWordEngine):
    """Asks for the same in its own words, and for something new first."""

    version = "cue-words-2"

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        return [self._reworded(one) for one in super().analyse(conversations)]

    def _reworded(self, one: Analysis | AnalysisFailure) -> Analysis | AnalysisFailure:
        if isinstance(one, AnalysisFailure) or not one.action_items:
            return one
        turns = one.action_items[0].source_turn_ids
        return replace(
            one,
            action_items=(
                ActionItem("Répondre à la réclamation.", "manager", turns),
                ActionItem("Faire contrôler le tapis.", "staff", turns),
            ),
        )


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """The superuser; a complaint in Dax has been analysed and asks for one repair."""
    with database.admin() as admin:
        plant(admin)
        admin.execute("delete from action_items")
        admin.execute("update session_turns set text = %s where session_id = %s", [COMPLAINT[0], SESSION])
        with database.connect("pipeline") as pipeline:
            analyse_due(pipeline, CueWordEngine())
        yield admin


def item_of(admin: Connection) -> UUID:
    row = admin.execute(ITEM, [SESSION]).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def change(database: Database, person: Any, statement: LiteralString, *values: object) -> int:
    """Rows that one statement of a signed-in person's changed."""
    with database.connect("dashboard") as connection, as_user(connection, person.id):
        return connection.execute(statement, values).rowcount


END: LiteralString = "update public.action_items set state = %s where id = %s"
GIVE: LiteralString = "update public.action_items set assigned_to = %s where id = %s"


def test_a_person_ends_it_and_is_on_record(database: Database, admin: Connection) -> None:
    """When and by whom is written by the database; opened again, it is in the hands of whoever did."""
    item = item_of(admin)
    assert change(database, MANAGER, END, "done", item) == 1
    ended = "select state, closed_by, closed_at is not null, assigned_to from action_items where id = %s"
    assert admin.execute(ended, [item]).fetchone() == ("done", MANAGER.id, True, None)
    assert change(database, OWNER, END, "open", item) == 1
    assert admin.execute(ended, [item]).fetchone() == ("open", None, False, OWNER.id)
    trail = admin.execute(
        "select action, actor_user_id, details ->> 'from', details ->> 'to' from audit_log "
        "where subject_table = 'action_items' order by id"
    ).fetchall()
    assert trail == [
        ("action_item_done", MANAGER.id, "open", "done"),
        ("action_item_reopened", OWNER.id, "done", "open"),
    ]


def test_illegal_steps_are_refused(database: Database, admin: Connection) -> None:
    """From one ending to another, edited after its end, ended by nobody, given to a stranger: none of these."""
    item = item_of(admin)
    with pytest.raises(psycopg.errors.CheckViolation, match="does not see its gym"):
        change(database, MANAGER, GIVE, PERSON["manager_pau"].id, item)
    assert change(database, MANAGER, GIVE, STAFF.id, item) == 1
    assert change(database, MANAGER, END, "done", item) == 1
    with pytest.raises(psycopg.errors.CheckViolation, match="expected open in between"):
        change(database, MANAGER, END, "dismissed", item)
    with pytest.raises(psycopg.errors.CheckViolation, match="expected none once it is done"):
        change(database, MANAGER, GIVE, MANAGER.id, item)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        change(database, MANAGER, "update public.action_items set closed_by = %s where id = %s", OWNER.id, item)
    with (
        database.connect("pipeline") as pipeline,
        pytest.raises(psycopg.errors.CheckViolation, match="expected a person"),
    ):
        pipeline.execute(END, ["open", item])
    # Somebody who is deleted goes from it; that it is done stays.
    admin.execute("delete from users where id = %s", [STAFF.id])
    row = admin.execute("select state, assigned_to from action_items where id = %s", [item]).fetchone()
    assert row == ("done", None)


@pytest.mark.parametrize("engine", [CueWordEngine, Wordy])
@pytest.mark.parametrize("state", ["done", "dismissed"])
def test_another_analysis_neither_reopens_nor_repeats_nor_loses_what_was_ended(
    database: Database, admin: Connection, state: str, engine: type[CueWordEngine]
) -> None:
    """The ended item stands as it was, the same is not asked for again in any words, what is new is there."""
    item = item_of(admin)
    change(database, MANAGER, END, state, item)
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(SESSION))
        analyse_due(pipeline, engine())
    rows = admin.execute(
        "select text, state, closed_by from action_items where session_id = %s order by text", [SESSION]
    )
    new = [("Répondre à la réclamation.", "open", None)] if engine is Wordy else []
    assert rows.fetchall() == [("Réparer le tapis 4.", state, MANAGER.id), *new]
    assert item in {row[0] for row in admin.execute(ITEM, [SESSION])}


def test_an_item_in_somebody_s_hands_stays_and_an_untouched_one_keeps_its_id(
    database: Database, admin: Connection
) -> None:
    """Whoever took it on finds it again, also when the engine no longer asks for it."""
    item = item_of(admin)
    with database.connect("pipeline") as pipeline:
        conversations.request_reanalysis(pipeline, str(SESSION))
        analyse_due(pipeline, CueWordEngine())
        assert item_of(admin) == item
        pipeline.commit()
        change(database, MANAGER, GIVE, STAFF.id, item)
        admin.execute("update session_turns set text = 'Merci à tous.' where session_id = %s", [SESSION])
        conversations.request_reanalysis(pipeline, str(SESSION))
        analyse_due(pipeline, CueWordEngine())
    row = admin.execute("select id, state, assigned_to from action_items where session_id = %s", [SESSION]).fetchall()
    assert row == [(item, "open", STAFF.id)]


@pytest.fixture(scope="module")
def api(server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One gateway for the module."""
    with running_api(server_settings, template_database, tmp_path_factory.mktemp("action_items")) as running:
        yield running


def test_the_api_takes_it_on_and_ends_it(api: Api) -> None:
    """Each reads their own gyms' items; a step from another state than was seen is refused with a word of why."""
    with api.database.admin() as admin:
        item = item_of(admin)
    address = f"/api/dashboard/action-items/{item}"
    with api.signed_in(MANAGER) as manager:
        listed = manager.get("/api/dashboard/action-items", params={"state": "open"}).json()["items"]
        assert [one["id"] for one in listed] == [str(item)]
        taken = manager.patch(
            address, json={"seen_state": "open", "assigned_to": str(STAFF.id), "due_date": "2026-12-01"}
        )
        assert (taken.status_code, taken.json()["assigned_to"], taken.json()["due_date"]) == (
            200,
            str(STAFF.id),
            "2026-12-01",
        )
        ended = manager.patch(address, json={"seen_state": "open", "state": "done", "due_date": None}).json()
        assert (ended["state"], ended["closed_by"], ended["due_date"]) == ("done", str(MANAGER.id), None)
        for step, code in (
            ({"seen_state": "open", "state": "dismissed"}, "action_item_moved"),
            ({"seen_state": "done", "state": "dismissed"}, "illegal_step"),
            ({"seen_state": "done"}, "invalid_body"),
        ):
            assert manager.patch(address, json=step).json()["error"]["code"] == code
        stray = {"seen_state": "done", "state": "open", "assigned_to": str(PERSON["manager_pau"].id)}
        assert manager.patch(address, json=stray).json()["error"]["code"] == "illegal_step"
    with api.signed_in(PERSON["manager_pau"]) as stranger, api.signed_in(STAFF) as staff:
        for answer in (stranger.get(address), stranger.patch(address, json={"seen_state": "done", "state": "open"})):
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "action_item_not_found")
        assert stranger.get(f"/api/dashboard/action-items/{uuid4()}").status_code == 404
        assert staff.get(address).json()["state"] == "done"
        refused = staff.patch(address, json={"seen_state": "done", "state": "open"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
