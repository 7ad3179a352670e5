"""Keeps house: each rule's rows are counted, dealt with in small transactions, counted again, and put on record.

The rules are data (`app.retention_rules`), and so are shorter terms of gyms (`app.gym_retention_rules`): a rule is
kept everywhere by the network's term, then of a gym's rows by its own. Most delete what is old by one column (`_AGED`);
what the others mean in SQL is in `queries/retention.sql`, as `count_<rule>` and `apply_<rule>`; those of files are
`warehouse/kept_files.py`'s. A rule that fails leaves what it had committed and says so in its proof; the others go on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from warehouse.stores import gyms, privacy

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
    gym_id: UUID | None = None
    """Whose rows it is about; None for those of every gym."""
    gym_slug: str | None = None

    def cut_off(self, now: datetime) -> datetime:
        """What is older than this is kept too long."""
        return now - timedelta(days=self.keep_days)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a table about people has no term of its own."""

    table_name: str
    kept_while: str
    """In French, as a rule's purpose: how long it is kept, and by which rule or event it ends."""


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
    gym_slug: str | None = None
    """Of whose rows, by whose own term; None for every gym's by the network's."""

    @property
    def is_kept(self) -> bool:
        """True where nothing is left that should be gone."""
        return self.error is None and (self.is_dry or self.remaining == 0)


@dataclass(frozen=True, slots=True)
class LastProof:
    """When a rule was kept last; all but the name and the gym are None where it never was."""

    rule_name: str
    gym_id: UUID | None
    """Whose own term it is; None for the network's."""
    ran_at: datetime | None
    cut_off: datetime | None
    found: int | None
    done: int | None
    remaining: int | None
    error: str | None


def rules(connection: Connection) -> list[Rule]:
    """Every rule in the order of a run; after each the gyms' own terms that are stricter, as rules of their rows."""
    with connection.cursor(row_factory=class_row(Rule)) as cursor:
        return cursor.execute(_sql("rules")).fetchall()


def reasons(connection: Connection) -> list[Reason]:
    """Every table about people that has no rule, by name."""
    with connection.cursor(row_factory=class_row(Reason)) as cursor:
        return cursor.execute(_sql("reasons")).fetchall()


def rules_of_gym(connection: Connection, slug: str) -> list[Rule]:
    """The rules as they hold for one gym's rows.

    Raises:
        GymNotFound: no gym has this slug.
    """
    with connection.cursor(row_factory=class_row(Rule)) as cursor:
        found = cursor.execute(_sql("rules_of_gym"), {"slug": slug}).fetchall()
    if not found:
        raise gyms.not_found(connection, slug)
    return found


def last_proofs(connection: Connection) -> list[LastProof]:
    """The newest proof of each rule and of each gym's own term that was not a dry run, in the order of a run."""
    with connection.cursor(row_factory=class_row(LastProof)) as cursor:
        return cursor.execute(_sql("last_runs")).fetchall()


def set_keep_days(connection: Connection, name: str, *, keep_days: int) -> None:
    """The rule keeps for so many days from the next run on, and the change is on record.

    Raises:
        UnknownRule: no rule has this name.
    """
    before = {one.name: one.keep_days for one in rules(connection) if one.gym_id is None}
    if name not in before:
        raise UnknownRule(f"found no retention rule {name}, expected one of: {', '.join(sorted(before))}")
    connection.execute(_sql("set_keep_days"), {"name": name, "keep_days": keep_days})
    details = Jsonb({"from_days": before[name], "to_days": keep_days})
    connection.execute(_sql("note_change"), {"name": name, "gym_id": None, "details": details})


def set_gym_keep_days(connection: Connection, name: str, *, slug: str, keep_days: int | None) -> None:
    """The gym keeps for so many days from the next run on, None for as long as the network; the change is on record.

    Raises:
        GymNotFound: no gym has this slug.
        UnknownRule: the rule is no gym's, or the term is not shorter than the network's.
    """
    before = {one.name: one.keep_days for one in rules_of_gym(connection, slug)}
    if name not in before:
        raise UnknownRule(f"found no retention rule {name} of a gym's, expected one of: {', '.join(sorted(before))}")
    [network] = (one.keep_days for one in rules(connection) if one.name == name and one.gym_id is None)
    if keep_days is not None and keep_days >= network:
        raise UnknownRule(f"found {keep_days} days, expected fewer than the network's {network}: a gym may keep less")
    changed = (
        connection.execute(_sql("drop_gym_keep_days"), {"name": name, "slug": slug})
        if keep_days is None
        else connection.execute(_sql("set_gym_keep_days"), {"name": name, "slug": slug, "keep_days": keep_days})
    ).fetchone()
    if changed is not None:
        details = Jsonb({"from_days": before[name], "to_days": network if keep_days is None else keep_days})
        connection.execute(_sql("note_change"), {"name": name, "gym_id": changed[0], "details": details})


def keep_house(connection: Connection, *, home: Path, now: datetime, is_dry: bool = False) -> list[Proof]:
    """Every rule is kept, then each gym's own term of it, and one proof of each is on record; a dry run only counts.

    Args:
        connection: the pipeline's, outside a transaction: each batch commits for itself, so a run that
            is killed goes on where it stopped.
        home: JARVIS_HOME of this machine, whose files have rules too.
        now: the moment from which days are counted back.
        is_dry: True to change nothing but the record of runs.
    """
    proofs = _each(connection, rules(connection), home=home, now=now, is_dry=is_dry)
    if not is_dry:
        connection.execute(_sql("ensure_event_partitions"))
        connection.commit()
    return proofs


def count_of_gym(connection: Connection, slug: str, *, home: Path, now: datetime) -> list[Proof]:
    """What would go of one gym's rows, on record as a dry run.

    Raises:
        GymNotFound: no gym has this slug.
    """
    return _each(connection, rules_of_gym(connection, slug), home=home, now=now, is_dry=True)


def _each(connection: Connection, every: Sequence[Rule], *, home: Path, now: datetime, is_dry: bool) -> list[Proof]:
    run_id = uuid4()
    proofs = []
    for rule in every:
        connection.commit()
        if rule.name in PLACES:
            proof = _of_files(rule, home, now=now, is_dry=is_dry)
        else:
            proof = _of_rows(connection, rule, now=now, is_dry=is_dry)
        proof = replace(proof, gym_slug=rule.gym_slug)
        _note(connection, run_id, rule, proof)
        connection.commit()
        proofs.append(proof)
    return proofs


def _of_rows(connection: Connection, rule: Rule, *, now: datetime, is_dry: bool) -> Proof:
    cut_off = rule.cut_off(now)
    found = done = remaining = 0
    error = None
    try:
        found = remaining = _count(connection, rule, cut_off)
        if not is_dry:
            done, error = _dealt_with(connection, rule, cut_off)
            remaining = _count(connection, rule, cut_off)
    except psycopg.Error as failure:
        error = _undone(connection, failure)
    return Proof(rule.name, cut_off, is_dry, found, done, remaining, error)


def _dealt_with(connection: Connection, rule: Rule, cut_off: datetime) -> tuple[int, str | None]:
    """How many of the rule's rows were, and what stopped it before the last."""
    done = 0
    try:
        for batch in _batches(connection, rule, cut_off):
            connection.commit()
            done += batch
    except psycopg.Error as failure:
        return done, _undone(connection, failure)
    return done, None


def _batches(connection: Connection, rule: Rule, cut_off: datetime) -> Iterator[int]:
    """Deals with the rule's rows, a batch at a time; how many each was."""
    apply = _APPLIED_BY.get(rule.name, _apply_rows)
    while batch := apply(connection, rule, cut_off):
        yield batch
    if finish := _FINISHED_BY.get(rule.name):
        yield finish(connection, rule, cut_off)


def _undone(connection: Connection, failure: psycopg.Error) -> str:
    connection.rollback()
    return f"{type(failure).__name__} {failure.sqlstate or ''}".strip()


def _of_files(rule: Rule, home: Path, *, now: datetime, is_dry: bool) -> Proof:
    place, cut_off = PLACES[rule.name], rule.cut_off(now)
    found = done = remaining = 0
    error = None
    try:
        old = old_files(home, place, older_than=cut_off)
        found = remaining = len(old)
        if not is_dry:
            set_aside(home, place, now=now)
            done = remove(old)
            remaining = len(old_files(home, place, older_than=cut_off))
    except OSError as failure:
        error = f"{type(failure).__name__} {failure.errno or ''}".strip()
    return Proof(rule.name, cut_off, is_dry, found, done, remaining, error)


def _count(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    statement: sql.SQL | sql.Composed = (
        sql.SQL("select count(*) from {table} where {moment} < %(older_than)s::timestamptz and {of_gym}").format(
            **_AGED[rule.name], of_gym=_of_gym(rule)
        )
        if rule.name in _AGED
        else sql.SQL(_sql(f"count_{rule.name}"))
    )
    row = connection.execute(statement, {"older_than": cut_off, "gym_id": rule.gym_id}).fetchone()
    connection.commit()
    return 0 if row is None else int(row[0])


def _apply_rows(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    statement: sql.SQL | sql.Composed = (
        sql.SQL(
            "delete from {table} where id in (select id from {table} where {moment} < %(older_than)s::timestamptz"
            " and {of_gym} order by {moment}, id limit %(batch_size)s::integer)"
        ).format(**_AGED[rule.name], of_gym=_of_gym(rule))
        if rule.name in _AGED
        else sql.SQL(_sql(f"apply_{rule.name}"))
    )
    return connection.execute(statement, _batch(rule, cut_off, ROWS_A_BATCH)).rowcount


def _apply_sessions(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    claimed = connection.execute(_sql("claim_sessions"), _batch(rule, cut_off, SESSIONS_A_BATCH)).fetchall()
    privacy.forget_words(connection, [row[0] for row in claimed], gym_ids=[row[1] for row in claimed])
    return len(claimed)


def _apply_members(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    claimed = connection.execute(_sql("claim_inactive_members"), _batch(rule, cut_off, SESSIONS_A_BATCH)).fetchall()
    for row in claimed:
        privacy.erase_member(connection, row[0])
    return len(claimed)


def _by_function(block: str, **values: object) -> Callable[[Connection, Rule, datetime], int]:
    """Asks a function of the database that answers how many rows it dealt with."""

    def apply(connection: Connection, rule: Rule, cut_off: datetime) -> int:
        row = connection.execute(_sql(block), _batch(rule, cut_off, ROWS_A_BATCH) | values).fetchone()
        return 0 if row is None else int(row[0])

    return apply


def _drop_event_partitions(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    # A partition holds every gym's events, and may get some of another gym's yet.
    if rule.gym_id is None:
        connection.execute(_sql("drop_empty_event_partitions"), {"older_than": cut_off})
    return 0


def _apply_last_visits(connection: Connection, rule: Rule, cut_off: datetime) -> int:
    return connection.execute(_sql("apply_last_visits"), {"older_than": cut_off, "gym_id": rule.gym_id}).rowcount


def _batch(rule: Rule, cut_off: datetime, size: int) -> dict[str, object]:
    return {"older_than": cut_off, "gym_id": rule.gym_id, "batch_size": size}


def _of_gym(rule: Rule) -> sql.SQL:
    return sql.SQL("true" if rule.gym_id is None else "gym_id = %(gym_id)s::uuid")


def _aged(schema: str, table: str, moment: str) -> Mapping[str, sql.Identifier]:
    return {"table": sql.Identifier(schema, table), "moment": sql.Identifier(moment)}


# Rule to the table whose rows go once this column is past their term.
_AGED: Mapping[str, Mapping[str, sql.Identifier]] = {
    "heartbeats": _aged("public", "kiosk_heartbeats", "received_at"),
    "alert_messages": _aged("public", "alert_messages", "created_at"),
    "alert_digests": _aged("public", "alert_digests", "made_at"),
    "alert_choices": _aged("public", "alert_choices", "decided_at"),
    "report_deliveries": _aged("public", "report_deliveries", "attempted_at"),
    "visit_days": _aged("public", "member_visits", "visited_at"),
    "superseded_records": _aged("public", "superseded_records", "known_until"),
    "churn_scores": _aged("public", "churn_scores", "scored_at"),
    "page_views": _aged("app", "page_views", "viewed_date"),
    "retention_runs": _aged("app", "retention_runs", "ran_at"),
}

# What takes more than one statement of its own.
_APPLIED_BY: Mapping[str, Callable[[Connection, Rule, datetime], int]] = {
    "sessions": _apply_sessions,
    "inactive_members": _apply_members,
    # By functions of the database: nobody's login may change the trail, or read who is signed in.
    "sign_ins": _by_function("apply_sign_ins"),
    "accounts": _by_function("apply_accounts"),
    "audit_log": _by_function("forget_trail", part="log"),
    "audit_moves": _by_function("forget_trail", part="moves"),
    "audit_proofs": _by_function("forget_trail", part="proofs"),
}
_FINISHED_BY: Mapping[str, Callable[[Connection, Rule, datetime], int]] = {
    "sessions": _drop_event_partitions,
    "badge_passages": _apply_last_visits,
}


def _note(connection: Connection, run_id: UUID, rule: Rule, proof: Proof) -> None:
    connection.execute(
        _sql("note_run"),
        {
            "run_id": run_id,
            "rule_name": rule.name,
            "gym_id": rule.gym_id,
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
