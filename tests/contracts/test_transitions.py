"""What the triggers allow: a session closes once and is queued once, alerts and reports go their legal ways."""

import threading
from collections.abc import Iterator
from itertools import product
from typing import LiteralString

import psycopg
import pytest
from psycopg import Connection, sql

from tests.conftest import Database
from tests.tenants import PERSON, made_id, plant
from warehouse.connection import as_kiosk, as_user

OPEN: LiteralString = (
    "insert into public.openai_realtime_sessions (id, gym_id, kiosk_id, member_id, started_at, has_analysis_consent, "
    "notice_version) "
    "values (%(id)s, %(gym_id)s, %(kiosk_id)s, %(member_id)s, now() - interval '1 minute', %(has_consent)s, %(notice)s)"
)
CLOSE: LiteralString = (
    "update public.openai_realtime_sessions set state = 'closed', close_reason = %(reason)s, ended_at = now() "
    "where id = %(id)s"
)
CLOSE_IF_ACTIVE: LiteralString = (
    "update public.openai_realtime_sessions set state = 'closed', close_reason = %(reason)s, ended_at = now() "
    "where id = %(id)s and state = 'active'"
)

SESSION = made_id("session", "dax/new")


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """The superuser on a planted database of this test's own."""
    with database.admin() as connection:
        plant(connection)
        yield connection


def open_session(connection: Connection, *, has_consent: bool = True, notice: str | None = "2026-11") -> None:
    """An active session stands in Dax."""
    connection.execute(
        OPEN,
        {
            "id": SESSION,
            "gym_id": made_id("gym", "dax"),
            "kiosk_id": made_id("kiosk", "dax"),
            "member_id": made_id("member", "dax"),
            "has_consent": has_consent,
            "notice": notice,
        },
    )


def close(connection: Connection, reason: str, *, statement: LiteralString = CLOSE) -> int:
    """Rows that one attempt to close the session changed."""
    return connection.execute(statement, {"id": SESSION, "reason": reason}).rowcount


def summaries(connection: Connection) -> list[tuple[object, ...]]:
    """Queue rows of the session."""
    return connection.execute(
        "select status, gym_id, kiosk_id, member_id, last_error from public.conversation_summaries "
        "where session_id = %s",
        [SESSION],
    ).fetchall()


PENDING = [("pending", made_id("gym", "dax"), made_id("kiosk", "dax"), made_id("member", "dax"), None)]


def test_an_open_session_waits_in_no_queue(admin: Connection) -> None:
    """Analysis begins when the member has left."""
    open_session(admin)
    assert summaries(admin) == []


def test_a_closed_session_is_queued_once(admin: Connection) -> None:
    """Whose it is comes with it."""
    open_session(admin)
    close(admin, "member_left")
    assert summaries(admin) == PENDING


def test_the_gateway_closes_and_so_queues(admin: Connection, database: Database) -> None:
    """The trigger writes where the gateway itself may not."""
    open_session(admin)
    with database.connect("gateway") as gateway, as_kiosk(gateway, made_id("kiosk", "dax")):
        assert close(gateway, "member_goodbye") == 1
    assert summaries(admin) == PENDING


def test_a_session_that_arrives_closed_is_queued(admin: Connection) -> None:
    """A journal replayed after a crash brings both moments at once; replayed again it changes nothing."""
    statement: LiteralString = (
        "insert into public.openai_realtime_sessions "
        "(id, gym_id, kiosk_id, member_id, state, started_at, ended_at, close_reason) "
        "values (%s, %s, %s, %s, 'closed', now(), now(), 'gateway_lost') on conflict (id) do nothing"
    )
    values = [SESSION, made_id("gym", "dax"), made_id("kiosk", "dax"), made_id("member", "dax")]
    admin.execute(statement, values)
    admin.execute(statement, values)
    assert summaries(admin) == PENDING


@pytest.mark.parametrize("reason", ["idle", "operator"])
def test_a_second_close_is_refused_and_queues_nothing(admin: Connection, reason: str) -> None:
    """The first reason stands."""
    open_session(admin)
    close(admin, "member_left")
    with pytest.raises(psycopg.errors.CheckViolation, match="already closed as member_left"):
        close(admin, reason)
    kept = admin.execute("select close_reason from public.openai_realtime_sessions where id = %s", [SESSION]).fetchone()
    assert kept == ("member_left",)
    assert summaries(admin) == PENDING


def test_a_close_that_asks_first_finds_nothing_to_do(admin: Connection) -> None:
    """As the gateway does it: the second attempt changes no row and raises nothing."""
    open_session(admin)
    assert close(admin, "member_left", statement=CLOSE_IF_ACTIVE) == 1
    assert close(admin, "idle", statement=CLOSE_IF_ACTIVE) == 0
    assert summaries(admin) == PENDING


def test_a_closed_session_does_not_open_again(admin: Connection) -> None:
    """Not even by whoever may do everything."""
    open_session(admin)
    close(admin, "member_left")
    with pytest.raises(psycopg.errors.CheckViolation, match="a session closes once"):
        admin.execute(
            "update public.openai_realtime_sessions set state = 'active', close_reason = null, ended_at = null "
            "where id = %s",
            [SESSION],
        )


def test_late_facts_may_still_be_added_to_a_closed_session(admin: Connection) -> None:
    """The last bill arrives after the goodbye."""
    open_session(admin)
    close(admin, "member_left")
    changed = admin.execute(
        "update public.openai_realtime_sessions set cost_usd = 0.01 where id = %s", [SESSION]
    ).rowcount
    assert changed == 1
    assert summaries(admin) == PENDING


def test_two_closes_at_one_moment_are_one(admin: Connection, database: Database) -> None:
    """Second badge and idle timer fire together: one reason, one row in the queue."""
    open_session(admin)
    changed: list[int] = []

    def close_too() -> None:
        with database.connect("pipeline") as other:
            changed.append(close(other, "idle", statement=CLOSE_IF_ACTIVE))

    with database.connect("pipeline") as first:
        changed.append(close(first, "second_badge", statement=CLOSE_IF_ACTIVE))
        waiting = threading.Thread(target=close_too)
        waiting.start()
        # The other one is let in when it is seen to wait for this transaction's lock.
        while admin.execute("select from pg_locks where not granted").fetchone() is None:
            assert waiting.is_alive()
        first.commit()
    waiting.join(timeout=30)
    reasons = admin.execute(
        "select close_reason from public.openai_realtime_sessions where id = %s", [SESSION]
    ).fetchall()
    assert sorted(changed) == [0, 1]
    assert reasons == [("second_badge",)]
    assert summaries(admin) == PENDING


def test_a_close_taken_back_queues_nothing(admin: Connection) -> None:
    """The queue row lives and dies with the transaction that closed the session."""
    open_session(admin)
    with admin.transaction(force_rollback=True):
        close(admin, "member_left")
        assert summaries(admin) == PENDING
    assert summaries(admin) == []


@pytest.mark.parametrize(
    ("notice", "expected"),
    [("2026-11", "the member did not agree to the analysis"), (None, "nobody was asked to agree to the analysis")],
)
def test_a_session_without_consent_is_skipped_with_its_reason(
    admin: Connection, notice: str | None, expected: str
) -> None:
    """It is accounted for and never analysed."""
    open_session(admin, has_consent=False, notice=notice)
    close(admin, "member_left")
    ((status, *_, reason),) = summaries(admin)
    assert (status, reason) == ("skipped", expected)


@pytest.mark.parametrize(("has_consent", "calls"), [(True, 1), (False, 0)])
def test_a_queued_session_wakes_whoever_waits(
    admin: Connection, database: Database, has_consent: bool, calls: int
) -> None:
    """One notification with the session's id, when there is something to do."""
    open_session(admin, has_consent=has_consent)
    with database.connect("pipeline") as listener:
        listener.autocommit = True
        listener.execute("listen session_closed")
        close(admin, "member_left")
        payloads = [notification.payload for notification in listener.notifies(timeout=0.3, stop_after=1)]
    assert payloads == [str(SESSION)] * calls


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'closed'", "closed_session_has_one_reason_and_an_end"),
        ("close_reason = 'idle'", "closed_session_has_one_reason_and_an_end"),
        ("state = 'closed', close_reason = 'bored', ended_at = now()", "close_reason_is_known"),
        (
            "state = 'closed', close_reason = 'idle', ended_at = started_at - interval '1 second'",
            "session_ends_after_it_starts",
        ),
    ],
)
def test_a_half_closed_session_is_refused(admin: Connection, change: LiteralString, constraint: str) -> None:
    """Closed means: with one known reason and an end that is not before the beginning."""
    open_session(admin)
    statement = sql.SQL("update public.openai_realtime_sessions set {} where id = %s").format(sql.SQL(change))
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
        admin.execute(statement, [SESSION])


ALERT_STATES = ("pending", "in_progress", "resolved", "dismissed")
LEGAL_ALERT_MOVES = {
    ("pending", "in_progress"), ("pending", "resolved"), ("pending", "dismissed"),
    ("in_progress", "pending"), ("in_progress", "resolved"), ("in_progress", "dismissed"),
}  # fmt: skip


def move_alert(connection: Connection, status: str, *, notes: str | None = "réglé", outcome: str | None = None) -> int:
    """Rows that one move of Dax's alert changed."""
    return connection.execute(
        "update public.manager_alerts set status = %s, resolution_notes = coalesce(%s, resolution_notes), "
        "outcome_code = coalesce(%s, outcome_code) where id = %s",
        [status, notes, outcome, made_id("alert", "dax")],
    ).rowcount


def alert_in(connection: Connection, status: str) -> None:
    """Dax's alert stands in this state, reached on a legal way."""
    if status != "pending":
        move_alert(connection, status)


@pytest.mark.parametrize(("before", "after"), list(product(ALERT_STATES, ALERT_STATES)))
def test_an_alert_goes_its_legal_ways_only(admin: Connection, before: str, after: str) -> None:
    """Open alerts move; closed ones stay closed, and the message says what to do instead."""
    alert_in(admin, before)
    if before == after or (before, after) in LEGAL_ALERT_MOVES:
        assert move_alert(admin, after) == 1
    else:
        with pytest.raises(psycopg.errors.CheckViolation, match="open a new alert"):
            move_alert(admin, after)


@pytest.mark.parametrize("notes", [None, "", "   "])
def test_dismissing_needs_a_reason(admin: Connection, notes: str | None) -> None:
    """Blank is no reason."""
    with pytest.raises(psycopg.errors.CheckViolation, match="expected one in resolution_notes"):
        move_alert(admin, "dismissed", notes=notes)


@pytest.mark.parametrize(("status", "has_end"), [("in_progress", False), ("resolved", True), ("dismissed", True)])
def test_the_end_of_an_alert_is_noted_by_the_database(admin: Connection, status: str, has_end: bool) -> None:
    """No clock of a browser is trusted with it."""
    move_alert(admin, status)
    row = admin.execute(
        "select resolved_at is not null, updated_at > created_at from public.manager_alerts where id = %s",
        [made_id("alert", "dax")],
    ).fetchone()
    assert row == (has_end, True)


def test_an_alert_given_back_has_no_assignee(admin: Connection) -> None:
    """Pending means that nobody has it."""
    admin.execute(
        "update public.manager_alerts set status = 'in_progress', assigned_to = %s where id = %s",
        [PERSON["manager_dax"].id, made_id("alert", "dax")],
    )
    move_alert(admin, "pending")
    assert admin.execute(
        "select assigned_to from public.manager_alerts where id = %s", [made_id("alert", "dax")]
    ).fetchone() == (None,)


def test_each_move_of_an_alert_is_on_record(admin: Connection, database: Database) -> None:
    """Who, from what, to what; the manager who did it cannot change the record."""
    with database.connect("dashboard") as connection:
        with as_user(connection, PERSON["manager_dax"].id):
            move_alert(connection, "in_progress")
        with as_user(connection, PERSON["manager_dax"].id):
            move_alert(connection, "resolved", outcome="solved")
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            as_user(connection, PERSON["manager_dax"].id),
        ):
            connection.execute("update public.audit_log set action = 'nothing'")
    rows = admin.execute(
        "select gym_id, actor_user_id, actor_role, action, details ->> 'from', details ->> 'to' from public.audit_log "
        "where subject_id = %s order by id",
        [str(made_id("alert", "dax"))],
    ).fetchall()
    who = (made_id("gym", "dax"), PERSON["manager_dax"].id, "jarvis_dashboard")
    assert rows == [
        (*who, "alert_in_progress", "pending", "in_progress"),
        (*who, "alert_resolved", "in_progress", "resolved"),
    ]


ENDINGS: dict[str, LiteralString] = {
    "notes": "update public.manager_alerts set resolution_notes = 'autre' where id = %(alert)s",
    "outcome": "update public.manager_alerts set outcome_code = 'duplicate' where id = %(alert)s",
    "assignee": "update public.manager_alerts set assigned_to = %(colleague)s where id = %(alert)s",
    "nobody": "update public.manager_alerts set assigned_to = null where id = %(alert)s",
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("status", ["resolved", "dismissed"])
def test_a_closed_alert_keeps_its_ending(admin: Connection, database: Database, status: str, ending: str) -> None:
    """A manager rewrites neither the words, the outcome nor the name under which an alert was closed."""
    people = {"alert": made_id("alert", "dax"), "me": PERSON["manager_dax"].id, "colleague": PERSON["staff_dax"].id}
    with database.connect("dashboard") as connection:
        with as_user(connection, PERSON["manager_dax"].id):
            connection.execute(
                "update public.manager_alerts set assigned_to = %(me)s, status = 'in_progress' where id = %(alert)s",
                people,
            )
            move_alert(connection, status, outcome="solved" if status == "resolved" else None)
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="a change of its ending"),
            as_user(connection, PERSON["manager_dax"].id),
        ):
            connection.execute(ENDINGS[ending], people)
    row = admin.execute(
        "select resolution_notes, outcome_code, assigned_to from public.manager_alerts where id = %(alert)s", people
    ).fetchone()
    assert row == ("réglé", "solved" if status == "resolved" else None, people["me"])


@pytest.mark.parametrize("outcome", [None, "cause_ended"])
def test_a_person_who_resolves_says_how_it_ended(admin: Connection, database: Database, outcome: str | None) -> None:
    """The end is frozen and figures count it: nobody leaves it open or says what only the pipeline says."""
    with database.connect("dashboard") as connection:
        with (
            pytest.raises(psycopg.errors.CheckViolation, match=r"expected one of solved, member_contacted.*say how it"),
            as_user(connection, PERSON["manager_dax"].id),
        ):
            move_alert(connection, "resolved", outcome=outcome)
        with as_user(connection, PERSON["manager_dax"].id):
            assert move_alert(connection, "resolved", outcome="member_contacted") == 1
    row = admin.execute(
        "select status, outcome_code from public.manager_alerts where id = %s", [made_id("alert", "dax")]
    ).fetchone()
    assert row == ("resolved", "member_contacted")


def test_a_person_leaves_no_word_of_the_pipeline_on_an_open_alert(admin: Connection, database: Database) -> None:
    """Else a second step, or a colleague, would resolve with it; the pipeline itself says it as before."""
    with (
        database.connect("dashboard") as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="found the outcome_code cause_ended"),
        as_user(connection, PERSON["manager_dax"].id),
    ):
        move_alert(connection, "in_progress", outcome="cause_ended")
    with database.connect("pipeline") as pipeline:
        assert move_alert(pipeline, "resolved", outcome="cause_ended") == 1


def test_an_alert_resolved_before_without_an_outcome_stays(admin: Connection, database: Database) -> None:
    """Its facts may still be touched by who may; a person's later edit is refused for its ending, not its code."""
    move_alert(admin, "resolved")
    assert admin.execute("update public.manager_alerts set title = 'Vu' where status = 'resolved'").rowcount == 1


def test_a_person_who_is_deleted_leaves_the_alerts_they_closed(admin: Connection) -> None:
    """The key's own `set null` is no rewriting."""
    admin.execute(
        "update public.manager_alerts set status = 'in_progress', assigned_to = %s where id = %s",
        [PERSON["staff_dax"].id, made_id("alert", "dax")],
    )
    move_alert(admin, "resolved")
    admin.execute("delete from public.users where id = %s", [PERSON["staff_dax"].id])
    assert admin.execute(
        "select status, assigned_to from public.manager_alerts where id = %s", [made_id("alert", "dax")]
    ).fetchone() == ("resolved", None)


def test_notes_and_assignee_of_an_open_alert_are_on_record(admin: Connection, database: Database) -> None:
    """Who changed them, and to whom it went; the words themselves stay in the alert."""
    with database.connect("dashboard") as connection, as_user(connection, PERSON["manager_dax"].id):
        connection.execute(
            "update public.manager_alerts set assigned_to = %s, resolution_notes = 'Rappelée hier.' where id = %s",
            [PERSON["staff_dax"].id, made_id("alert", "dax")],
        )
    rows = admin.execute(
        "select actor_user_id, action, details from public.audit_log where subject_id = %s",
        [str(made_id("alert", "dax"))],
    ).fetchall()
    assert rows == [
        (
            PERSON["manager_dax"].id,
            "alert_edited",
            {
                "has_new_notes": True,
                "outcome_code": None,
                "assigned_from": None,
                "assigned_to": str(PERSON["staff_dax"].id),
            },
        )
    ]


def test_one_open_alert_per_cause(admin: Connection) -> None:
    """The same cause again is the same alert while it is open, and a new one after that."""
    repeat: LiteralString = (
        "insert into public.manager_alerts (gym_id, alert_type, title, dedup_key) "
        "select gym_id, alert_type, title, dedup_key from public.manager_alerts where id = %s"
    )
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_open_alert_per_cause"):
        admin.execute(repeat, [made_id("alert", "dax")])
    move_alert(admin, "resolved")
    assert admin.execute(repeat, [made_id("alert", "dax")]).rowcount == 1


REPORT_STATES = ("draft", "published", "archived")


@pytest.mark.parametrize(("before", "after"), list(product(REPORT_STATES, REPORT_STATES)))
def test_a_report_is_drafted_published_archived(admin: Connection, before: str, after: str) -> None:
    """In this order and no other."""
    move: LiteralString = (
        "update public.insights_reports set status = %s, published_at = coalesce(published_at, now()) where id = %s"
    )
    # The planted one is published; this one begins at the beginning.
    admin.execute("delete from public.insights_reports where id = %s", [made_id("report", "dax")])
    admin.execute(
        "insert into public.insights_reports (id, gym_id, report_type, period_start, period_end, title) "
        "values (%s, %s, 'weekly', '2026-02-23', '2026-03-02', 'Semaine 9')",
        [made_id("report", "dax"), made_id("gym", "dax")],
    )
    for step in REPORT_STATES[1 : REPORT_STATES.index(before) + 1]:
        admin.execute(move, [step, made_id("report", "dax")])
    if before == after or REPORT_STATES.index(after) == REPORT_STATES.index(before) + 1:
        assert admin.execute(move, [after, made_id("report", "dax")]).rowcount == 1
    else:
        with pytest.raises(psycopg.errors.CheckViolation, match="in this order"):
            admin.execute(move, [after, made_id("report", "dax")])


def test_a_session_nobody_vouches_for_is_closed_at_its_last_sign_of_life(admin: Connection) -> None:
    """After kill -9 of a gateway the reaper closes it, with the reason, and queues it."""
    open_session(admin)
    admin.execute(
        "update public.openai_realtime_sessions "
        "set started_at = '2026-03-02 11:00+00', lease_until = now() - interval '1 second' where id = %s",
        [SESSION],
    )
    admin.execute(
        "insert into public.realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
        "values (%s, %s, 0, '2026-03-02 11:00:42+00', 'gateway', 'error', '{}')",
        [SESSION, made_id("gym", "dax")],
    )
    closed = admin.execute("select app.close_lost_sessions()").fetchall()
    row = admin.execute(
        "select close_reason, extract(epoch from ended_at - started_at)::integer from public.openai_realtime_sessions "
        "where id = %s",
        [SESSION],
    ).fetchone()
    assert closed == [(SESSION,)]
    assert row == ("gateway_lost", 42)
    assert summaries(admin) == PENDING
