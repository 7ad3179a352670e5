"""Where records go that Postgres refuses for good, or that a journal no longer gives back: nothing is thrown away.

One file for all gateways of a home, beside their journals, one JSON object a line: why it is there, and the record
as it came. Nobody reads it back by himself: an operator mends what was wrong and decides. `recorder.py` writes it.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import psycopg

from voice_gateway.journal import JournalError
from warehouse.stores.sessions import EventRow, Record, encode_record

FILE_NAME = "quarantine.ndjson"

# SQLSTATE classes that speak of the values of one statement: cardinality, data, constraints, views with check
# options, limits of the server, a trigger's own words. All others speak of the server, or of its schema.
_ABOUT_VALUES = ("21", "22", "23", "44", "54", "P0")
# A missing grant and a row that a policy keeps out share their code; only this tells them apart in every language.
_POLICY_CHECK = "ExecWithCheckOptions"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One line of the quarantine, and what the log may say of it."""

    line: bytes
    block: str
    session_id: str | None
    reason: str
    constraint: str | None = None


def is_refusal(error: Exception) -> bool:
    """True when the fault is the record's own; False when the server, or its schema, is not as it should be."""
    if not isinstance(error, psycopg.Error):
        # A block that this version does not have, or values that cannot be sent.
        return isinstance(error, LookupError | ValueError | TypeError)
    if error.sqlstate is None:
        return isinstance(error, psycopg.DataError | psycopg.ProgrammingError | psycopg.NotSupportedError)
    return error.sqlstate[:2] in _ABOUT_VALUES or error.diag.source_function == _POLICY_CHECK


def refused(record: Record, error: Exception) -> SetAside:
    """The record as it is set aside; never the server's message, which may quote a member's words."""
    sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
    constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
    return SetAside(
        encode_record(record).rstrip(b"\n"),
        "append_event" if isinstance(record, EventRow) else str(record.block),
        session_of(record),
        sqlstate or type(error).__name__,
        constraint,
    )


def unreadable(line: bytes) -> SetAside:
    """A line of a journal that is no record of this version."""
    return SetAside(orjson.dumps(line.decode(errors="replace").rstrip("\n")), "unreadable", None, "unreadable")


def session_of(record: Record) -> str | None:
    """The id of the session that a record belongs to."""
    if isinstance(record, EventRow):
        return record.session_id
    session_id = record.values.get("session_id")
    return session_id if isinstance(session_id, str) else None


def keep(folder: Path, entries: Sequence[SetAside]) -> None:
    """The entries are on disk.

    Raises:
        JournalError: when the disk refuses them.
    """
    lines = b"".join(
        b'{"reason":%b,"constraint":%b,"record":%b}\n'
        % (orjson.dumps(entry.reason), orjson.dumps(entry.constraint), entry.line)
        for entry in entries
    )
    path = folder / FILE_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as stream:
            # Several gateways may share the file: whole lines only.
            fcntl.flock(stream, fcntl.LOCK_EX)
            written = 0
            while written < len(lines):
                written += stream.write(lines[written:])
            os.fdatasync(stream.fileno())
    except OSError as error:
        raise JournalError(f"cannot write {path} ({error.strerror}): make room on its disk") from error
