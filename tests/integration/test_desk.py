"""The desk writes down who is away and when the gym is closed: who may, what is kept of it, and what it changes."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import dict_row

from jarvis.settings import Settings
from orchestration.batches import refresh_members
from tests.support.api_server import Api, running_api
from tests.support.jarvis_command import run_jarvis
from tests.tenants import PERSON, made_id
from warehouse.connection import as_user

DASHBOARD = "/api/dashboard"
# The gyms' own: a desk writes its days.
TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()
MEMBER = made_id("member", "dax")
GYM = made_id("gym", "dax")


@pytest.fixture(scope="module")
def api(server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One gateway for the module."""
    with running_api(server_settings, template_database, tmp_path_factory.mktemp("desk")) as running:
        yield running


def rows(api: Api, query: str, *parameters: object) -> list[dict[str, Any]]:
    """What the database holds, past row security."""
    with api.database.admin() as admin, admin.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def days(first: int, last: int | None, **more: str) -> dict[str, Any]:
    """A body, in days from today."""
    ends_on = None if last is None else str(TODAY + timedelta(days=last))
    return {"starts_on": str(TODAY + timedelta(days=first)), "ends_on": ends_on, **more}


def mute_of(api: Api, member_id: UUID) -> tuple[str | None, date | None]:
    """Why nobody misses the member after a recount, and until when."""
    with api.database.connect("pipeline") as pipeline:
        refresh_members(pipeline)
    row = rows(api, "select mute_reason, muted_until from member_analytics where member_id = %s", member_id)[0]
    return row["mute_reason"], row["muted_until"]


def test_an_absence_written_at_the_desk_mutes_the_member_until_they_are_back(api: Api) -> None:
    """Staff write it, the next count does not miss the member, the end is felt at the next count; both audited."""
    with api.signed_in(PERSON["staff_dax"]) as staff:
        address = f"{DASHBOARD}/members/{MEMBER}/absences"
        made = staff.post(address, json=days(-5, 20, reason="holiday"))
        again = staff.post(address, json=days(-5, 20, reason="holiday"))
        assert (made.status_code, again.json()) == (201, made.json())
        listed = staff.get(address).json()["items"]
        assert [one["id"] for one in listed if one["source"] == "staff"] == [made.json()["id"]]
        assert mute_of(api, MEMBER) == ("absence", TODAY + timedelta(days=20))
        assert staff.post(f"{DASHBOARD}/absences/{made.json()['id']}/end", json={}).status_code == 200
    assert rows(api, "select ends_on from member_absences where id = %s", made.json()["id"]) == [
        {"ends_on": TODAY - timedelta(days=1)}
    ]
    assert mute_of(api, MEMBER)[0] != "absence"
    audited = rows(
        api, "select action, actor_user_id, details from audit_log where subject_table = 'member_absences' order by id"
    )
    assert [one["action"] for one in audited] == ["absence_added", "absence_ended"]
    assert {one["actor_user_id"] for one in audited} == {PERSON["staff_dax"].id}
    assert "holiday" not in json.dumps([one["details"] for one in audited])


def test_an_absence_that_had_not_begun_is_none(api: Api) -> None:
    """Ended before its first day it is gone; an injury without consent to health data is any other reason."""
    with api.signed_in(PERSON["manager_dax"]) as manager:
        made = manager.post(f"{DASHBOARD}/members/{MEMBER}/absences", json=days(10, None, reason="injury")).json()["id"]
        assert rows(api, "select reason from member_absences where id = %s", made) == [{"reason": "other"}]
        manager.post(f"{DASHBOARD}/absences/{made}/end", json={})
    assert rows(api, "select id from member_absences where id = %s", made) == []


def test_a_closure_mutes_every_member_of_the_gym_and_nobody_else(api: Api) -> None:
    """A manager closes the gym from today; opened again, members count again."""
    with api.signed_in(PERSON["manager_dax"]) as manager:
        made = manager.post(f"{DASHBOARD}/gyms/{GYM}/closures", json=days(0, 6, reason="Travaux"))
        assert made.status_code == 201, made.text
        assert mute_of(api, MEMBER) == ("closure", TODAY + timedelta(days=6))
        assert mute_of(api, made_id("member", "pau"))[0] != "closure"
        listed = manager.get(f"{DASHBOARD}/gyms/{GYM}/closures").json()["items"]
        assert (made.json()["id"], "Travaux", str(TODAY)) in [
            (one["id"], one["reason"], one["starts_on"]) for one in listed
        ]
        assert manager.post(f"{DASHBOARD}/closures/{made.json()['id']}/remove").status_code == 200
    assert mute_of(api, MEMBER)[0] != "closure"
    actions = rows(api, "select action from audit_log where subject_table = 'gym_closures' order by id")
    assert [one["action"] for one in actions] == ["closure_added", "closure_removed"]


@pytest.mark.parametrize(
    ("person", "absence", "closure"),
    [
        ("staff_dax", 201, 403), ("manager_dax", 201, 201), ("owner_atlantique", 201, 201), ("root", 201, 201),
        ("manager_pau", 404, 404), ("owner_rhone", 404, 404), ("analyst_dax", 403, 403),
        ("analyst_atlantique", 403, 403),
    ],
)  # fmt: skip
def test_who_may(api: Api, person: str, absence: int, closure: int) -> None:
    """Who works in the gym writes absences, who manages it closures; a foreign gym does not exist; analysts look."""
    with api.signed_in(PERSON[person]) as client:
        asked = client.post(f"{DASHBOARD}/members/{MEMBER}/absences", json=days(100, 110))
        closed = client.post(f"{DASHBOARD}/gyms/{GYM}/closures", json=days(100, 110, reason="Fêtes"))
    assert (asked.status_code, closed.status_code) == (absence, closure)


def test_the_database_says_so_by_itself(api: Api) -> None:
    """The dashboards' login writes neither table, and its functions refuse whoever may not."""
    refused = [
        ("staff_dax", "select app.add_closure(%s, current_date, current_date, 'x')", [GYM]),
        ("analyst_dax", "select app.add_absence(%s, current_date, null, 'other')", [MEMBER]),
        ("analyst_dax", "select app.add_closure(%s, current_date, current_date, 'x')", [GYM]),
        ("manager_dax", "insert into gym_closures (gym_id, starts_on, ends_on, reason) "
         "values (%s, current_date, current_date, 'x')", [GYM]),
        ("manager_dax", "insert into member_absences (gym_id, member_id, starts_on, source) "
         "values (%s, %s, current_date, 'staff')", [GYM, MEMBER]),
    ]  # fmt: skip
    with api.database.connect("dashboard") as connection:
        for person, statement, parameters in refused:
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                as_user(connection, PERSON[person].id),
            ):
                connection.execute(statement, parameters)
        for person in ("manager_pau", "suspended_manager"):
            with as_user(connection, PERSON[person].id):
                answer = connection.execute("select app.add_absence(%s, current_date, null, 'other')", [MEMBER])
                assert answer.fetchone() == (None,), person
        # Nobody is nobody, and no operator either.
        with connection.transaction():
            answer = connection.execute("select app.add_absence(%s, current_date, null, 'other')", [MEMBER])
            assert answer.fetchone() == (None,)


@pytest.mark.parametrize(
    ("body", "status"),
    [(days(5, 4), 422), (days(-400, 4), 409), (days(0, 800), 409), ({"starts_on": "demain"}, 422), ({}, 422)],
)
def test_days_that_cannot_be_are_refused(api: Api, body: dict[str, Any], status: int) -> None:
    """In the wrong order, too far off, too many, no day at all: nothing is written."""
    before = rows(api, "select count(*) from member_absences")
    with api.signed_in(PERSON["staff_dax"]) as staff:
        assert staff.post(f"{DASHBOARD}/members/{MEMBER}/absences", json=body).status_code == status
    assert rows(api, "select count(*) from member_absences") == before


def test_the_operator_writes_by_command(api: Api) -> None:
    """Add, list, end and remove; an unknown id is one line that says so."""
    settings = api.database.settings
    made = run_jarvis(
        api.database.settings, "member", "absence", "add", str(MEMBER), "--from", str(TODAY), "--reason", "travel"
    )
    absence = json.loads(made.stdout)["absence"]
    listed = run_jarvis(settings, "member", "absence", "list", str(MEMBER)).stdout.splitlines()
    assert absence in [json.loads(line)["id"] for line in listed]
    assert run_jarvis(settings, "member", "absence", "end", absence, "--back-on", str(TODAY)).returncode == 0
    closed = run_jarvis(
        api.database.settings, "gym", "closure", "add", "--gym", "dax", "--from", str(TODAY), "--reason", "Panne"
    )
    closure = json.loads(closed.stdout)["closure"]
    found = [
        json.loads(line) for line in run_jarvis(settings, "gym", "closure", "list", "--gym", "dax").stdout.splitlines()
    ]
    assert (closure, "Panne") in [(one["id"], one["reason"]) for one in found]
    assert run_jarvis(settings, "gym", "closure", "remove", closure).returncode == 0
    again = run_jarvis(settings, "gym", "closure", "remove", closure)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert run_jarvis(settings, "member", "absence", "end", str(uuid4())).returncode == 1
    actors = rows(
        api, "select distinct actor_role from audit_log where actor_user_id is null and subject_table = 'gym_closures'"
    )
    assert actors == [{"actor_role": "jarvis_pipeline"}]
