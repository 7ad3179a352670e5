"""Keeps house: each rule's rows are counted, dealt with in small transactions, counted again, and put on record.

The rules are data (`app.retention_rules`). Most delete what is old by one column (`_AGED`); what the others
mean in SQL is in `queries/retention.sql`, as `count_<rule>` and `apply_<rule>`; those of files are
`warehouse/kept_files.py`'s. A rule that fails leaves what it had committed and says so in its proof; the others go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.kept_files import PLACES, old_files, remove, set_aside
from warehouse.sql import queries
from warehouse.stores import privacy

# Small enough that no lock is held for long, large enough that a backlog of millions ends in minutes.
ROWS_A_BATCH = 5_000
SESSIONS_A_BATCH = 200


class UnknownRule(LookupError):
    """No rule has this name; the message names those there are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is kept, why, how long, and what becomes of it then."""

    name: str
    table_name: str
    purpose: str
    """In French: the register of processing reads it."""
    legal_basis: str
    keep_days: int
    action: str
    """archive (facts stay, words go), aggregate (rows stay with less in them), delete."""

    def cut_off(self, now: datetime) -> datetime:
        """What is older than this is kept too long."""
        return now - timedelta(days=self.keep_days)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one rule found and did in one run."""

    rule_name: str
    cut_off: datetime
    is_dry: bool
    found: int
    done: int
    remaining: int
    """Counted again at the end: 0 unless the run was dry or failed, or rows were locked."""
    error: str | None = None
    """Class and code of what stopped the rule; never a row."""

    @property
    def is_kept(self) -> bool:
        """True where nothing is left that should be gone."""
        return self.error is None and (self.is_dry or self.remaining == 0)


@dataclass(frozen=True, slots=True)
class LastProof:
    """When a rule was kept last; all but the name are None where it never was."""

    rule_name: str
    ran_at: datetime | None
    cut_off: datetime | None
    found: int | None
    done: int | None
    remaining: int | None
    error: str | None


def rules(connection: Connection) -> list[Rule]:
    """Every rule in the order of a run."""
    with connection.cursor(row_factory=class_row(Rule)) as cursor:
        return cursor.execute(_sql("rules")).fetchall()


def last_proofs(connection: Connection) -> list[LastProof]:
    """The newest proof of each rule that was not a dry run, in the order of a run."""
    with connection.cursor(row_factory=class_row(LastProof)) as cursor:
        return cursor.execute(_sql("last_runs")).fetchall()


def set_keep_days(connection: Connection, name: str, *, keep_days: int) -> None:
    """The rule keeps for so many days from the next run on, and the change is on record.

    Raises:
        UnknownRule: no rule has this name.
    """
    before = {one.name: one.keep_days for one in rules(connection)}
    if name not in before:
        raise UnknownRule(f"found no retention rule {name}, expected one of: {', '.join(sorted(before))}")
    connection.execute(_sql("set_keep_days"), {"name": name, "keep_days": keep_days})
    details = Jsonb({"from_days": before[name], "to_days": keep_days})
    connection.execute(_sql("note_change"), {"name": name, "details": details})


def keep_house(connection: Connection, *, home: Path, now: datetime, is_dry: bool = False) -> list[Proof]:
    """Every rule is kept, and one proof of each is on record; a dry run only counts.

    Args:
        connection: the pipeline's, outside a transaction: each batch commits for itself, so a run that
            is killed goes on where it stopped.
        home: JARVIS_HOME of this machine, whose files have rules too.
        now: the moment from which days are counted back.
        is_dry: True to change nothing but the record of runs.
    """
    run_id = uuid4()
    proofs = []
    for rule in rules(connection):
        connection.commit()
        if rule.name in PLACES:
            proof = _kept_files(rule, home, now=now, is_dry=is_dry)
        else:
            proof = _dry(connection, rule, now=now) if is_dry else _kept(connection, rule, now=now)
        _note(connection, run_id, rule, proof)
        connection.commit()
        proofs.append(proof)
    if not is_dry:
        connection.execute(_sql("ensure_event_partitions"))
        connection.commit()
    return proofs


def _dry(connection: Connection, rule: Rule, *, now: datetime) -> Proof:
    cut_off = rule.cut_off(now)
    found = _count(connection, rule, cut_off)
    return Proof(rule.name, cut_off, True, found, 0, found)


def _kept(connection: Connection, rule: Rule, *, now: datetime) -> Proof:
    cut_off = rule.cut_off(now)
    apply = _APPLIED_BY.get(rule.name, _apply_rows)
    found = _count(connection, rule, cut_off)
    done, error = 0, None
    try:
        while batch := apply(connection, rule, cut_off):
            connection.commit()
            done += batch
        if finish := _FINISHED_BY.get(rule.name):
            done += finish(connection, cut_off)
        connection.commit()
    except psycopg.Error as failure:
        connection.rollback()
        error = f"{type(failure).__name__} {failure.sqlstate or ''}".strip()
    return Proof(rule.name, cut_off, False, found, done, _count(connection, rule, cut_off), error)


def _kept_files(rule: Rule, home: Path, *, now: datetime, is_dry: bool) -> Proof:
    place, cut_off = PLACES[rule.name], rule.cut_off(now)
    found = old_files(home, place, older_than=cut_off)
    if is_dry:
        return Proof(rule.name, cut_off, True, len(found), 0, len(found))
    done, error = 0, None
    try:
        set_aside(home, place, now=now)
        done = remove(found)
    except OSError as failure:
        error = f"{type(failure).__name__} {failure.errno or ''}".strip()
    return Proof(rule.name, cut_off, False, len(found), done, len(old_files(home, place, older_than=cut_off)), error)


def _count(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    statement: sql.SQL | sql.Composed = (
        sql.SQL("select count(*) from {table} where {moment} < %(older_than)s::timestamptz").format(**_AGED[rule.name])
        if rule.name in _AGED
        else sql.SQL(_sql(f"count_{rule.name}"))
    )
    row = connection.execute(statement, {"older_than": cut_off}).fetchone()
    connection.commit()
    return 0 if row is None else int(row[0])


def _apply_rows(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    statement: sql.SQL | sql.Composed = (
        sql.SQL(
            "delete from {table} where id in (select id from {table} where {moment} < %(older_than)s::timestamptz"
            " order by {moment}, id limit %(batch_size)s::integer)"
        ).format(**_AGED[rule.name])
        if rule.name in _AGED
        else sql.SQL(_sql(f"apply_{rule.name}"))
    )
    return connection.execute(statement, {"older_than": cut_off, "batch_size": ROWS_A_BATCH}).rowcount


def _apply_sessions(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    claimed = connection.execute(
        _sql("claim_sessions"), {"older_than": cut_off, "batch_size": SESSIONS_A_BATCH}
    ).fetchall()
    privacy.forget_words(connection, [row[0] for row in claimed], gym_ids=[row[1] for row in claimed])
    return len(claimed)


def _apply_members(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    claimed = connection.execute(
        _sql("claim_inactive_members"), {"older_than": cut_off, "batch_size": SESSIONS_A_BATCH}
    ).fetchall()
    for row in claimed:
        privacy.erase_member(connection, row[0])
    return len(claimed)


def _drop_event_partitions(connection: Connection, cut_off: datetime) -> int:
    connection.execute(_sql("drop_empty_event_partitions"), {"older_than": cut_off})
    return 0


def _apply_last_visits(connection: Connection, cut_off: datetime) -> int:
    return connection.execute(_sql("apply_last_visits"), {"older_than": cut_off}).rowcount


def _aged(schema: str, table: str, moment: str) -> Mapping[str, sql.Identifier]:
    return {"table": sql.Identifier(schema, table), "moment": sql.Identifier(moment)}


# Rule to the table whose rows go once this column is past their term.
_AGED: Mapping[str, Mapping[str, sql.Identifier]] = {
    "heartbeats": _aged("public", "kiosk_heartbeats", "received_at"),
    "alert_messages": _aged("public", "alert_messages", "created_at"),
    "alert_digests": _aged("public", "alert_digests", "made_at"),
    "visit_days": _aged("public", "member_visits", "visited_at"),
    "absences": _aged("public", "member_absences", "ends_on"),
    "churn_scores": _aged("public", "churn_scores", "scored_at"),
    "retention_runs": _aged("app", "retention_runs", "ran_at"),
}

# What takes more than one statement of its own.
_APPLIED_BY: Mapping[str, Callable[[Connection, Rule, datetime], int]] = {
    "sessions": _apply_sessions,
    "inactive_members": _apply_members,
}
_FINISHED_BY: Mapping[str, Callable[[Connection, datetime], int]] = {
    "sessions": _drop_event_partitions,
    "badge_passages": _apply_last_visits,
}


def _note(connection: Connection, run_id: UUID, rule: Rule, proof: Proof) -> None:
    connection.execute(
        _sql("note_run"),
        {
            "run_id": run_id,
            "rule_name": rule.name,
            "is_dry": proof.is_dry,
            "cut_off": proof.cut_off,
            "keep_days": rule.keep_days,
            "found": proof.found,
            "done": proof.done,
            "remaining": proof.remaining,
            "error": proof.error,
        },
    )


def _sql(block: str) -> LiteralString:
    return queries("retention")[block]
