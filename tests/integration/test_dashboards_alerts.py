"""The alert desk on a real database: who sees and changes what, and what the database says when it refuses."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards import texts_fr
from dashboards.alert_desk import DatabaseAlertDesk
from dashboards.alerts import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    PAGE_SIZE,
    Alert,
    AlertChoice,
    AlertPage,
    AlertStatus,
    Change,
)
from dashboards.records import QUERIES, Records
from jarvis.alerts import Alert as RaisedAlert
from jarvis.alerts import AlertType, Priority, SaidTurn
from jarvis.passwords import PasswordRefused, verify_password
from jarvis.settings import Settings
from jarvis.tenancy import Scope, UserRole
from tests.support.dashboards_door import COMPLAINT, Network, add_alert, make_network
from tests.support.sign_in_app import signed_in
from warehouse.people import Database
from warehouse.sql import read_blocks
from warehouse.stores import operator_accounts as accounts
from warehouse.stores.alerts import raise_alert
from warehouse.stores.sign_in import DatabaseSessions, Visitor

EVERYTHING = AlertChoice(statuses=OPEN_STATUSES + CLOSED_STATUSES)

ScopeOf = Callable[[str], Scope]


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role."""
    return make_network(admin)


@pytest.fixture
def desk(pool: Database, admin: psycopg.Connection) -> DatabaseAlertDesk:
    """The desk, with nothing on it."""
    admin.execute("delete from manager_alerts")
    return DatabaseAlertDesk(pool)


@pytest.fixture
def scope_of(pool: Database, admin: psycopg.Connection, network: Network) -> ScopeOf:
    """The scope of somebody of the network, as the sign-in gives it."""
    return lambda name: signed_in(pool, admin, network.users[name])[0]


def titles(desk: DatabaseAlertDesk, scope: Scope) -> set[str]:
    return {alert.title for alert in desk.alerts(scope, EVERYTHING).alerts}


def only(desk: DatabaseAlertDesk, scope: Scope) -> Alert:
    (alert,) = desk.alerts(scope, EVERYTHING).alerts
    return alert


def row_of(admin: psycopg.Connection, alert_id: UUID) -> tuple[object, ...] | None:
    return admin.execute(
        "select status, assigned_to, outcome_code, resolution_notes from manager_alerts where id = %s", [alert_id]
    ).fetchone()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("admin", {"Dax", "Pau", "Lyon"}),
        ("franchise", {"Dax", "Pau"}),
        ("dax", {"Dax"}),
        ("equipe-dax", {"Dax"}),
        ("pau", {"Pau"}),
        ("lyon", {"Lyon"}),
    ],
)
def test_everybody_sees_their_own_gyms(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf, pool: Database,
    name: str, expected: set[str],
) -> None:  # fmt: skip
    """The same query, six people, six answers; the counts and the gyms agree with the list."""
    for gym_id, title in ((network.dax, "Dax"), (network.pau, "Pau"), (network.lyon, "Lyon")):
        add_alert(admin, network, gym_id=gym_id, title=title)
    scope = scope_of(name)
    counts = desk.counts(scope, gym_id=None, closed_since=datetime.now(UTC))
    assert titles(desk, scope) == expected
    assert counts.pending_count == len(expected)
    assert {row["name"] for row in Records(pool).rows(scope, "context.gyms")} == {f"Salle de {gym}" for gym in expected}


def test_an_alert_says_how_to_reach_its_member(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Number and address of the member it is about, as their file has them."""
    alert_id = add_alert(admin, network)
    admin.execute(
        "update gym_members_v2 set phone = '+33639984067', email = 'm@exemple.fr' where id = %s", [network.member]
    )
    admin.execute("update manager_alerts set member_id = %s where id = %s", [network.member, alert_id])
    found = only(desk, scope_of("dax"))
    assert (found.member_phone, found.member_email) == ("+33639984067", "m@exemple.fr")


def test_asking_for_another_gym_gives_nothing(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """A guessed gym id is a filter on one's own rows, not a key to others'."""
    add_alert(admin, network, gym_id=network.pau)
    assert desk.alerts(scope_of("dax"), AlertChoice(gym_id=network.pau)) == AlertPage()


def test_a_suspended_person_s_scope_sees_nothing(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Even a scope that somebody kept is worth nothing: the database looks at the person, not at the scope."""
    alert_id = add_alert(admin, network)
    scope = scope_of("partante")
    alert = only(desk, scope)
    admin.execute("update users set is_active = false where id = %s", [scope.user_id])
    assert desk.alerts(scope, EVERYTHING) == AlertPage()
    assert desk.take(scope, alert).message == texts_fr.GONE
    assert row_of(admin, alert_id) == ("pending", None, None, None)


def test_a_made_up_role_gains_nothing(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Staff whose scope claims to manage changes no row: the policy knows their role."""
    alert_id = add_alert(admin, network)
    staff = scope_of("equipe-dax")
    forged = Scope(user_id=staff.user_id, role=UserRole.SUPER_ADMIN, full_name="Noé")
    assert not desk.take(forged, only(desk, forged)).is_done
    assert desk.take(staff, only(desk, staff)).message == texts_fr.NOT_ALLOWED
    assert row_of(admin, alert_id) == ("pending", None, None, None)


def test_message_is_noted_as_sent_once_under_the_persons_name(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """The draft is read with its alert; the words that were sent stand, and staff may not note any."""
    alert_id, camille = add_alert(admin, network), scope_of("dax")
    admin.execute(
        "insert into alert_messages (gym_id, alert_id, language, text) "
        "select gym_id, id, 'fr', 'Bonjour' from manager_alerts where id = %s",
        [alert_id],
    )
    alert = only(desk, camille)
    assert (alert.message_text, alert.message_used_at) == ("Bonjour", None)
    assert desk.use_message(scope_of("equipe-dax"), alert, text="Bonjour").message == texts_fr.NOT_ALLOWED
    assert desk.use_message(camille, alert, text="  ").message == texts_fr.MESSAGE_MISSING
    assert desk.use_message(camille, alert, text="Bonjour Inès").is_done
    assert desk.use_message(camille, alert, text="Autre").message == texts_fr.MESSAGE_GONE
    kept = admin.execute(
        "select text, edited_by, used_by from alert_messages where alert_id = %s", [alert_id]
    ).fetchone()
    assert kept == ("Bonjour Inès", camille.user_id, camille.user_id)


def test_an_alert_is_taken_released_and_resolved(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Each step is in the row and, once, in the audit trail, under the person's name."""
    alert_id, camille = add_alert(admin, network), scope_of("dax")
    assert desk.take(camille, only(desk, camille)).is_done
    taken = only(desk, camille)
    assert (taken.status, taken.assigned_to, taken.assignee_name) == (
        AlertStatus.IN_PROGRESS,
        camille.user_id,
        "Camille Durand",
    )
    assert desk.release(camille, taken).is_done
    assert only(desk, camille).assigned_to is None
    assert desk.resolve(camille, only(desk, camille), outcome_code="solved", notes="  ").is_done
    assert row_of(admin, alert_id) == ("resolved", camille.user_id, "solved", None)
    trail = admin.execute(
        "select action, actor_user_id from audit_log where subject_id = %s order by id", [str(alert_id)]
    ).fetchall()
    assert trail == [(action, camille.user_id) for action in ("alert_in_progress", "alert_pending", "alert_resolved")]


def test_dismissing_needs_a_reason(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Blanks are no reason."""
    alert_id, camille = add_alert(admin, network), scope_of("dax")
    assert desk.dismiss(camille, only(desk, camille), reason=" \n").message == texts_fr.REASON_MISSING
    assert desk.dismiss(camille, only(desk, camille), reason="Travaux prévus.").is_done
    assert row_of(admin, alert_id) == ("dismissed", camille.user_id, None, "Travaux prévus.")


@pytest.mark.parametrize("step", ["take", "resolve", "dismiss"])
def test_who_comes_second_is_told_and_changes_nothing(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf, step: str
) -> None:
    """Both managers saw the alert waiting; the first one took it."""
    alert_id, camille, sacha = add_alert(admin, network), scope_of("dax"), scope_of("dax-adjoint")
    seen = only(desk, camille)
    assert desk.take(sacha, only(desk, sacha)).is_done
    change = {
        "take": lambda: desk.take(camille, seen),
        "resolve": lambda: desk.resolve(camille, seen, outcome_code="solved", notes="Trop tard"),
        "dismiss": lambda: desk.dismiss(camille, seen, reason="Trop tard"),
    }[step]()
    assert (change.is_done, change.message) == (False, "Cette alerte vient d'être prise en charge par Sacha Petit.")
    assert row_of(admin, alert_id) == ("in_progress", sacha.user_id, None, None)


def test_an_alert_is_given_to_who_sees_its_gym_and_to_nobody_else(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """A colleague of the gym takes it over, on record; somebody of another gym is refused by the pool."""
    alert_id = add_alert(admin, network)
    camille = scope_of("dax")
    people = desk.colleagues(camille, gym_id=None)
    assert set(people) >= {network.users["dax"], network.users["dax-adjoint"]}
    assert not set(people) & {network.users[name] for name in ("pau", "lyon", "equipe-dax", "admin", "franchise")}
    assert next(iter(people.values())) == "Camille Durand (moi)"
    refused = desk.assign(camille, only(desk, camille), assignee=network.users["pau"])
    assert refused == Change(False, texts_fr.NOT_THEIR_GYM)
    assert desk.assign(camille, only(desk, camille), assignee=network.users["dax-adjoint"]).is_done
    assert row_of(admin, alert_id) == ("in_progress", network.users["dax-adjoint"], None, None)
    seen = only(desk, camille)
    assert desk.assign(camille, seen, assignee=network.users["dax"]).is_done
    late = desk.assign(scope_of("dax-adjoint"), seen, assignee=network.users["dax-adjoint"])
    assert not late.is_done
    assert "prise en charge" in late.message
    rows = admin.execute(
        "select action, details ->> 'assigned_to' from audit_log where subject_id = %s order by id", [str(alert_id)]
    ).fetchall()
    assert rows == [
        ("alert_in_progress", str(network.users["dax-adjoint"])),
        ("alert_edited", str(network.users["dax"])),
    ]


def test_a_reader_and_a_stranger_give_an_alert_to_nobody(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Staff reads; a manager of another gym who guesses the alert changes nothing."""
    alert_id = add_alert(admin, network)
    alert = only(desk, scope_of("dax"))
    assert not desk.assign(scope_of("equipe-dax"), alert, assignee=network.users["dax"]).is_done
    assert desk.assign(scope_of("pau"), alert, assignee=network.users["pau"]) == Change(False, texts_fr.GONE)
    assert row_of(admin, alert_id) == ("pending", None, None, None)


def test_two_managers_taking_at_once_get_one_alert(
    settings: Settings, desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """The second update waits for the first one's commit and then finds nothing to take."""
    add_alert(admin, network)
    camille, sacha = scope_of("dax"), scope_of("dax-adjoint")
    seen = only(desk, camille)
    block = read_blocks(QUERIES / "alerts.sql")["take_alert"]
    with psycopg.connect(settings.database_url_for("dashboard")) as first:
        first.execute("select set_config('app.user_id', %s, true)", [str(sacha.user_id)])
        first.execute(block, {"alert_id": seen.id, "user_id": sacha.user_id})
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as second:
            answer = second.submit(desk.take, camille, seen)
            first.commit()
            assert not answer.result(timeout=20).is_done
    assert only(desk, camille).assigned_to == sacha.user_id


def test_the_mark_moves_with_every_open_alert(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """It differs once an alert comes, is reported again, is taken, or is closed, and not because of a neighbour."""
    camille = scope_of("dax")
    marks = [desk.mark(camille)]

    def noted() -> None:
        marks.append(desk.mark(camille))

    alert_id = add_alert(admin, network)
    noted()
    admin.execute("update manager_alerts set occurrence_count = 2 where id = %s", [alert_id])
    noted()
    assert desk.take(camille, only(desk, camille)).is_done
    noted()
    add_alert(admin, network, gym_id=network.pau)
    assert desk.mark(camille) == marks[-1]
    assert desk.resolve(camille, only(desk, camille), outcome_code="solved", notes="").is_done
    assert desk.mark(camille) == marks[0]
    assert len(set(marks)) == len(marks)


def test_a_closed_alert_stays_closed(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """The page says how it ended; a step that only the trigger refuses is said in French too."""
    alert_id, camille = add_alert(admin, network, status="resolved"), scope_of("dax")
    closed = only(desk, camille)
    assert desk.take(camille, closed).message == "Cette alerte est déjà clôturée (résolue)."
    assert desk.dismiss(camille, closed, reason="Encore").message == texts_fr.ILLEGAL_STEP
    assert row_of(admin, alert_id) == ("resolved", None, None, None)


def test_urgent_and_waiting_alerts_come_first(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Open before closed, then by priority, then those nobody has, then the latest."""
    camille = scope_of("dax")
    add_alert(admin, network, title="basse", priority="low", minutes_ago=1)
    add_alert(admin, network, title="close", priority="urgent", status="resolved")
    add_alert(admin, network, title="haute ancienne", priority="high", minutes_ago=90)
    add_alert(admin, network, title="haute récente", priority="high", minutes_ago=5)
    add_alert(admin, network, title="haute prise", priority="high", status="in_progress", minutes_ago=2)
    add_alert(admin, network, title="urgente", priority="urgent", minutes_ago=200)
    assert [alert.title for alert in desk.alerts(camille, EVERYTHING).alerts] == [
        "urgente", "haute récente", "haute ancienne", "haute prise", "basse", "close",
    ]  # fmt: skip


def test_a_list_comes_in_pages_and_none_past_its_end(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Every alert is on exactly one page, in order; a page that is no longer there gives the last one."""
    camille = scope_of("dax")
    for number in range(2 * PAGE_SIZE + 1):
        add_alert(admin, network, title=f"{number:02}", minutes_ago=number + 1)
    pages = [desk.alerts(camille, EVERYTHING, page=number) for number in (1, 2, 3)]
    assert [alert.title for page in pages for alert in page.alerts] == [f"{one:02}" for one in range(2 * PAGE_SIZE + 1)]
    assert [(page.number, page.page_count, page.chosen_count) for page in pages] == [
        (number, 3, 2 * PAGE_SIZE + 1) for number in (1, 2, 3)
    ]
    assert desk.alerts(camille, EVERYTHING, page=9) == pages[2]
    admin.execute("delete from manager_alerts where title = %s", [f"{2 * PAGE_SIZE}"])
    last = desk.alerts(camille, EVERYTHING, page=3)
    assert (last.number, last.page_count, len(last.alerts)) == (2, 2, PAGE_SIZE)


def test_new_alerts_are_counted_on_every_page(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """Who reads the second page is told of what came on the first; what is in hand or closed is no news."""
    camille = scope_of("dax")
    for number in range(PAGE_SIZE + 1):
        add_alert(admin, network, minutes_ago=100 + number)
    seen = desk.alerts(camille, EVERYTHING, page=2)
    add_alert(admin, network, priority="urgent", minutes_ago=2)
    add_alert(admin, network, status="in_progress", minutes_ago=1)
    found = desk.alerts(camille, EVERYTHING, page=2, seen_until=seen.newest_at)
    assert (seen.new_count, found.new_count) == (PAGE_SIZE + 1, 1)
    assert seen.newest_at is not None
    assert found.newest_at is not None
    assert found.newest_at > seen.newest_at


def test_filters_choose(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """State, type, priority and period each narrow the list, and together too."""
    camille = scope_of("dax")
    add_alert(admin, network, title="panne", alert_type="equipment_issue", priority="urgent", minutes_ago=5)
    add_alert(admin, network, title="avis", priority="low", minutes_ago=3000)
    add_alert(admin, network, title="close", status="dismissed")

    def chosen(choice: AlertChoice) -> set[str]:
        return {alert.title for alert in desk.alerts(camille, choice).alerts}

    a_day = timedelta(days=1)
    assert chosen(AlertChoice()) == {"panne", "avis"}
    assert chosen(AlertChoice(statuses=CLOSED_STATUSES)) == {"close"}
    assert chosen(AlertChoice(alert_types=("equipment_issue", "milestone"))) == {"panne"}
    assert chosen(AlertChoice(priorities=("low",))) == {"avis"}
    assert chosen(AlertChoice(within=a_day)) == {"panne"}
    assert chosen(AlertChoice(within=a_day, priorities=("low",))) == set()


def test_the_pipeline_s_alert_is_shown_with_its_words(
    desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """What `warehouse/stores/alerts.py` writes is what the card reads: words, hour, next steps, member, kiosk."""
    session_id, said_at = uuid4(), datetime.now(UTC).replace(microsecond=0)
    admin.execute(
        "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id) values (%s, %s, %s, %s)",
        [session_id, network.dax, network.kiosk, network.member],
    )
    raised = RaisedAlert(
        gym_id=network.dax, session_id=session_id, kiosk_id=network.kiosk, member_id=network.member,
        alert_type=AlertType.NEGATIVE_FEEDBACK, priority=Priority.HIGH, title="Avis négatif", description="Déçue.",
        recommended_actions=("Rappeler",), dedup_key="k", occurred_at=said_at,
        turns=(SaidTurn("turn-1", COMPLAINT, said_at, -0.8, None, ()),),
    )  # fmt: skip
    assert raise_alert(admin, raised) == 1
    alert = only(desk, scope_of("dax"))
    assert [(quote.turn_id, quote.text, quote.said_at) for quote in alert.quotes] == [("turn-1", COMPLAINT, said_at)]
    assert (alert.member_name, alert.kiosk_name) == ("Inès Larrieu", "Borne entrée")
    assert alert.recommended_actions == ("Rappeler",)


def test_no_identity_no_rows(
    settings: Settings, desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network
) -> None:
    """The door's own role, without a person, reads nothing."""
    add_alert(admin, network)
    with psycopg.connect(settings.database_url_for("dashboard")) as nobody:
        assert nobody.execute("select count(*) from manager_alerts").fetchone() == (0,)


def test_a_pooled_connection_forgets_who_it_spoke_for(
    pool: Database, desk: DatabaseAlertDesk, admin: psycopg.Connection, network: Network, scope_of: ScopeOf
) -> None:
    """The identity ends with the transaction, so the next caller does not inherit it."""
    add_alert(admin, network)
    assert only(desk, scope_of("dax")).title
    for _ in range(8):
        with pool.nobody() as pooled:
            row = pooled.execute("select count(*) as seen from manager_alerts").fetchone()
            assert row == {"seen": 0}


@pytest.mark.parametrize(
    ("constraint", "labels"),
    [
        ("alert_status_is_known", texts_fr.STATUSES),
        ("alert_type_is_known", texts_fr.ALERT_TYPES),
        ("alert_priority_is_known", texts_fr.PRIORITIES),
        ("alert_outcome_is_known", texts_fr.OUTCOME_CODES),
        ("user_role_is_known", texts_fr.ROLES),
        ("close_reason_is_known", texts_fr.CLOSE_REASONS),
        ("outcome_is_known", texts_fr.OUTCOMES),
        ("key_topics_are_known", texts_fr.TOPICS),
        ("intents_are_known", texts_fr.INTENTS),
        ("emotion_is_known", texts_fr.EMOTIONS),
        ("sentiment_label_is_known", texts_fr.SENTIMENTS),
    ],
)
def test_labels_cover_what_the_database_allows(
    admin: psycopg.Connection, constraint: str, labels: Mapping[str, str]
) -> None:
    """No value the database accepts is shown as it is stored, and no label is for a value it refuses."""
    row = admin.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = %s", [constraint]
    ).fetchone()
    assert row is not None
    assert set(re.findall(r"'([a-z_]+)'", row[0])) == set(labels)


def test_every_block_plans(settings: Settings) -> None:
    """Each statement of the door's query file is valid on the migrated database, as the door's role."""
    with psycopg.connect(settings.database_url_for("dashboard")) as door:
        for name, block in read_blocks(QUERIES / "alerts.sql").items():
            numbered, order = _numbered(block)
            door.execute(f"prepare {name} as {numbered.rstrip(';')}")  # type: ignore[arg-type]
            assert order or "%(" not in block


def test_setting_a_password_ends_the_sessions(admin: psycopg.Connection, pool: Database, network: Network) -> None:
    """The new password verifies, the lock is gone, and nobody stays signed in with the old one."""
    sessions, user_id = DatabaseSessions(pool), network.users["lyon"]
    opened = sessions.open(user_id, Visitor())
    assert opened is not None
    admin.execute(
        "update user_credentials set failed_attempts = 9, locked_until = 'infinity' where user_id = %s", [user_id]
    )
    accounts.set_password(admin, "Lyon@salle.test", "une-autre-phrase")
    account = sessions.begin_sign_in("lyon@salle.test")
    assert sessions.resolve(opened.token, is_activity=True) is None
    assert account is not None
    assert account.is_open
    assert verify_password(account.password_hash, "une-autre-phrase")


def test_a_password_needs_a_person_and_a_length(admin: psycopg.Connection, network: Network) -> None:
    """An unknown e-mail and a short password are refused, in words that hold neither."""
    with pytest.raises(accounts.UnknownAccount, match="found no user"):
        accounts.set_password(admin, "personne@salle.test", "une-autre-phrase")
    with pytest.raises(PasswordRefused, match="expected 12"):
        accounts.set_password(admin, "dax@salle.test", "court")


def _numbered(block: str) -> tuple[str, list[str]]:
    """A block with $1, $2… for its named parameters, and their names in that order."""
    order: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in order:
            order.append(found[1])
        return f"${order.index(found[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, block), order


@pytest.fixture
def talk(admin: psycopg.Connection, network: Network) -> UUID:
    """A closed conversation of Dax's member, with one thing said."""
    session_id = uuid4()
    admin.execute(
        "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, started_at) "
        "values (%s, %s, %s, %s, 'known', now() - interval '5 minutes')",
        [session_id, network.dax, network.kiosk, network.member],
    )
    admin.execute(
        "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
        "values (%s, %s, 'one', 0, 'member', %s, now() - interval '4 minutes')",
        [session_id, network.dax, COMPLAINT],
    )
    admin.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_left', ended_at = now() "
        "where id = %s",
        [session_id],
    )
    return session_id


EVERYWHERE: Mapping[str, object] = {
    "gym_id": None, "found": None, "sentiments": [], "topics": [], "outcomes": [], "since": None, "most": 10,
    "first": None, "last": None, "is_unfounded": False,
    "name": None, "levels": [], "trends": [], "is_new": False, "shows_former": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "sees_it"), [("dax", True), ("franchise", True), ("pau", False), ("lyon", False)])
def test_members_and_what_they_said_are_shown_to_their_own_gym(
    pool: Database, network: Network, scope_of: ScopeOf, talk: UUID, name: str, sees_it: bool
) -> None:
    """The same questions by guessed ids, four people: rows for their own gym's, nothing for the neighbours'."""
    records, scope = Records(pool), scope_of(name)
    asked = {
        "members.listing": EVERYWHERE,
        "members.member": {"member_id": network.member},
        "members.timeline": {"member_id": network.member},
        "conversations.listing": EVERYWHERE,
        "conversations.conversation": {"session_id": talk},
        "conversations.turns": {"session_id": talk},
    }
    found = {question: bool(records.rows(scope, question, **values)) for question, values in asked.items()}
    assert found == dict.fromkeys(asked, sees_it)


@pytest.mark.parametrize(("name", "is_noted"), [("dax", True), ("equipe-dax", True), ("pau", False)])
def test_who_reads_names_is_on_record_first(
    admin: psycopg.Connection, pool: Database, network: Network, scope_of: ScopeOf, talk: UUID,
    name: str, is_noted: bool,
) -> None:  # fmt: skip
    """One row of the trail names the reader and the conversation; a neighbour is refused and leaves none."""
    noted = Records(pool).row(scope_of(name), "conversations.note_unmasking", session_id=talk)
    kept = admin.execute(
        "select actor_user_id, gym_id from audit_log where action = 'conversation.unmasked' and subject_id = %s",
        [str(talk)],
    ).fetchall()
    assert noted == {"is_noted": is_noted}
    assert kept == ([(network.users[name], network.dax)] if is_noted else [])
