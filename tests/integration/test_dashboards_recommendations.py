"""Reports and action items on a real database: who reads them, who publishes, and what stays on record."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards.records import Records
from dashboards.report_desk import ReportDesk, ReportGone
from jarvis.tenancy import Scope, UserRole
from tests.support import report_shelf
from tests.support.dashboards_door import Network, make_network
from warehouse.people import Database

ROLES = {
    "admin": UserRole.SUPER_ADMIN, "franchise": UserRole.FRANCHISE_OWNER, "dax": UserRole.GYM_MANAGER,
    "equipe-dax": UserRole.GYM_STAFF, "pau": UserRole.GYM_MANAGER, "lyon": UserRole.GYM_MANAGER,
}  # fmt: skip
EVERYTHING = {"gym_id": None, "kinds": [], "statuses": [], "most": 50}
EVERY_ITEM = {"gym_id": None, "session_id": None, "is_open": None, "owners": [], "assigned_to": None, "most": 50}

Add = Callable[..., UUID]
ScopeOf = Callable[[str], Scope]


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture
def scope_of(network: Network) -> ScopeOf:
    """Somebody of the network; what they may is the database's to say."""
    return lambda name: Scope(user_id=network.users[name], role=ROLES[name], full_name=name)


@pytest.fixture
def add_report(admin: psycopg.Connection, network: Network) -> Add:
    """Adds a report to an empty shelf."""
    admin.execute("delete from insights_reports")

    return partial(report_shelf.add_report, admin, network)


def ids(records: Records, scope: Scope) -> set[UUID]:
    return {row["id"] for row in records.rows(scope, "recommendations.reports", **EVERYTHING)}


def move(records: Records, scope: Scope, report_id: UUID, seen: str, to: str) -> bool:
    row = records.row(scope, "recommendations.move_report", report_id=report_id, seen_status=seen, to_status=to)
    assert row is not None
    return bool(row["is_moved"])


def test_each_person_reads_the_reports_of_their_gyms(
    pool: Database, network: Network, add_report: Add, scope_of: ScopeOf
) -> None:
    """Six logins: a franchise's report is its owner's, a gym's its people's; the PDF follows the same rights."""
    dax, pau, both = add_report(), add_report(network.pau), add_report(franchise_of=network.dax)
    records, desk = Records(pool), ReportDesk(pool, link="")
    expected = {
        "admin": {dax, pau, both}, "franchise": {dax, pau, both}, "dax": {dax}, "equipe-dax": {dax}, "pau": {pau},
        "lyon": set(),
    }  # fmt: skip
    for name, theirs in expected.items():
        scope = scope_of(name)
        assert ids(records, scope) == theirs
        for report_id in (dax, pau, both, uuid4()):
            assert (desk.read(scope, report_id) is not None) == (report_id in theirs), name
    assert desk.pdf(scope_of("dax"), dax).startswith(b"%PDF")
    with pytest.raises(ReportGone):
        desk.pdf(scope_of("pau"), dax)


def test_a_draft_is_read_by_who_publishes_it(
    pool: Database, add_report: Add, scope_of: ScopeOf
) -> None:  # fmt: skip
    """The team reads what was published; a guessed id of a draft gives them nothing."""
    draft = add_report(status="draft")
    records, desk = Records(pool), ReportDesk(pool, link="")
    assert ids(records, scope_of("dax")) == {draft}
    assert ids(records, scope_of("equipe-dax")) == set()
    assert desk.read(scope_of("equipe-dax"), draft) is None


def test_publishing_sends_it_on_its_way_and_is_on_record(
    admin: psycopg.Connection, pool: Database, network: Network, add_report: Add, scope_of: ScopeOf
) -> None:
    """Once: who comes second changes nothing; the gym's managers wait for it, and the trail names who did it."""
    admin.execute("delete from audit_log")
    draft, records = add_report(status="draft"), Records(pool)
    assert move(records, scope_of("dax"), draft, "draft", "published")
    assert not move(records, scope_of("dax"), draft, "draft", "published")
    rows = admin.execute(
        "select recipient_user_id, status from report_deliveries where report_id = %s", [draft]
    ).fetchall()
    assert {row[0] for row in rows} == {network.users[name] for name in ("dax", "dax-adjoint", "partante")}
    assert {row[1] for row in rows} == {"waiting"}
    assert move(records, scope_of("dax"), draft, "published", "archived")
    trail = admin.execute(
        "select action, actor_user_id from audit_log where subject_id = %s order by id", [str(draft)]
    ).fetchall()
    assert trail == [("report_published", network.users["dax"]), ("report_archived", network.users["dax"])]


def test_publishing_for_a_gym_without_a_manager_tells_the_owner(
    admin: psycopg.Connection, pool: Database, network: Network, add_report: Add, scope_of: ScopeOf
) -> None:
    """The page asks the same view as the pipeline: nobody manages the gym, so its franchise's owner waits for it."""
    draft = add_report(status="draft")
    managers = "where gym_id = %s and role = 'gym_manager'"
    admin.execute(f"update users set is_active = false {managers}", [network.dax])  # noqa: S608
    try:
        assert move(Records(pool), scope_of("franchise"), draft, "draft", "published")
    finally:
        admin.execute(f"update users set is_active = true {managers}", [network.dax])  # noqa: S608
    rows = admin.execute("select recipient_user_id from report_deliveries where report_id = %s", [draft]).fetchall()
    assert rows == [(network.users["franchise"],)]


def test_who_only_reads_publishes_nothing(pool: Database, network: Network, add_report: Add, scope_of: ScopeOf) -> None:
    """The team is refused; a neighbour is answered as if there were none, and a step backwards is illegal."""
    report_id, records = add_report(), Records(pool)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        move(records, scope_of("equipe-dax"), report_id, "published", "archived")
    assert not move(records, scope_of("pau"), report_id, "published", "archived")
    assert not move(records, scope_of("pau"), uuid4(), "published", "archived")
    with pytest.raises(psycopg.errors.CheckViolation):
        move(records, scope_of("dax"), report_id, "published", "draft")


@pytest.fixture
def item(admin: psycopg.Connection, network: Network) -> UUID:
    """Something a conversation of Dax left to do."""
    return report_shelf.add_item(admin, network, report_shelf.add_talk(admin, network))


@pytest.mark.parametrize(
    ("name", "sees_it", "ends_it"),
    [("dax", True, True), ("franchise", True, True), ("equipe-dax", True, False), ("pau", False, False)],
)
def test_an_action_item_is_ended_by_who_manages_its_gym(
    admin: psycopg.Connection, pool: Database, item: UUID, scope_of: ScopeOf,
    name: str, sees_it: bool, ends_it: bool,
) -> None:  # fmt: skip
    """The team reads it, a neighbour not even that; who ended it is the database's to write."""
    records, scope = Records(pool), scope_of(name)
    rows = records.rows(scope, "recommendations.action_items", **EVERY_ITEM)
    assert (item in {row["id"] for row in rows}) == sees_it
    moved = records.row(
        scope, "action_items.move_action_item", id=item, seen_state="open", state="done", has_assignee=False,
        assigned_to=None, has_due_date=False, due_date=None,
    )  # fmt: skip
    kept = admin.execute("select state, closed_by from action_items where id = %s", [item]).fetchone()
    assert (moved is not None) == ends_it
    assert kept == (("done", scope.user_id) if ends_it else ("open", None))
