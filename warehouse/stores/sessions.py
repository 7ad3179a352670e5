"""What a gateway writes of a voice session: records that can be written twice with one effect.

A record is a named block of `queries/sessions.sql` with plain JSON values, or a protocol event. That
makes it equally fit for Postgres and for the journal that stands in while Postgres is away.
`voice_gateway/conversation/` makes records, `voice_gateway/recorder.py` has them written.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import class_row

from jarvis.prices import Usage
from jarvis.sessions import CloseReason
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries

_SET_KIOSK: LiteralString = "select set_config('app.kiosk_id', %s, true)"


# COPY cannot write straight into a table with row security: it lands in a table of the connection's own, and one
# insert for each kiosk moves it on. These three stand here because none of them plans without that table.
_CREATE_EVENT_STAGE: LiteralString = """
    create temporary table if not exists staged_events (
        kiosk_id uuid, session_id uuid, gym_id uuid, seq integer, occurred_at timestamptz, direction text,
        event_type text, event_id text, item_id text, response_id text, payload jsonb
    ) on commit delete rows
"""
_COPY_EVENTS: LiteralString = """
    copy staged_events (
        kiosk_id, session_id, gym_id, seq, occurred_at, direction, event_type, event_id, item_id, response_id, payload
    ) from stdin
"""
_APPEND_STAGED_EVENTS: LiteralString = """
    insert into public.realtime_events (
        session_id, gym_id, seq, occurred_at, direction, event_type, event_id, item_id, response_id, payload
    )
    select
        staged.session_id, staged.gym_id, staged.seq, staged.occurred_at, staged.direction, staged.event_type,
        staged.event_id, staged.item_id, staged.response_id, staged.payload
    from staged_events as staged
    where staged.kiosk_id = %(kiosk_id)s::uuid
    on conflict do nothing
"""

# Values that blocks gained since: a journal written before them is replayed with these.
_LATER_VALUES: Mapping[str, Mapping[str, Any]] = {
    "finish_tool_call": {"claimed_at": None},
    "save_turn": {"is_recovered": False},
    "save_usage": {"image_input_tokens": 0, "cached_image_tokens": 0, "is_usage_missing": False},
}

_NUL_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

# Up to here one round trip of inserts is quicker than the five that a COPY takes.
_FEW_EVENTS = 12


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose session a record belongs to."""

    session_id: UUID
    kiosk_id: UUID
    gym_id: UUID


@dataclass(frozen=True, slots=True)
class Write:
    """One idempotent statement."""

    kiosk_id: str
    block: str
    """Name in `queries/sessions.sql`."""
    values: Mapping[str, Any]
    """JSON values only; times as ISO 8601, ids and nested objects as text."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One protocol event, without audio."""

    kiosk_id: str
    session_id: str
    gym_id: str
    seq: int
    occurred_at: str
    direction: str
    """kiosk_in, kiosk_out, upstream_in, upstream_out or gateway."""
    event_type: str
    event_id: str | None
    item_id: str | None
    response_id: str | None
    payload: str
    """A JSON object."""


_EVENT_COLUMNS = tuple(field.name for field in fields(EventRow))
# Every frame of sound is a row: dataclasses.astuple would take longer than all else about it.
_values_of = attrgetter(*_EVENT_COLUMNS)

Record = Write | EventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    """One turn as it was heard."""

    item_id: str
    position: int
    role: str
    """member or assistant."""
    text: str
    generated_text: str | None = None
    """The whole answer, where less of it was heard."""
    status: str = "final"
    """final, interrupted or failed."""
    started_at: datetime
    ended_at: datetime | None = None
    heard_ms: int | None = None
    total_ms: int | None = None
    is_recovered: bool = False
    """Put together from pieces after its gateway was lost."""


def open_session(
    scope: Scope,
    *,
    started_at: datetime,
    member_id: UUID | None,
    badge_outcome: str | None,
    gateway_instance: str,
    lease_seconds: int,
    model: str,
    voice: str,
    language: str,
    has_analysis_consent: bool,
    notice_version: str | None,
    price_version: str,
) -> Write:
    """The session exists and is active."""
    return _write(
        scope, "open_session",
        gym_id=str(scope.gym_id), kiosk_id=str(scope.kiosk_id), member_id=str(member_id) if member_id else None,
        badge_outcome=badge_outcome, started_at=started_at.isoformat(), gateway_instance=gateway_instance,
        lease_seconds=lease_seconds, model=model, voice=voice, language=language,
        has_analysis_consent=has_analysis_consent, notice_version=notice_version, price_version=price_version,
    )  # fmt: skip


def save_session_consent(scope: Scope, *, has_analysis_consent: bool, notice_version: str) -> Write:
    """The session says whether it may be analysed, and which notice that answers."""
    return _write(
        scope, "save_session_consent", has_analysis_consent=has_analysis_consent, notice_version=notice_version
    )


def save_consent(
    scope: Scope,
    *,
    consent_id: UUID,
    member_id: UUID,
    purpose: str,
    is_granted: bool,
    notice_version: str,
    recorded_at: datetime,
) -> Write:
    """The member's answer is kept, and counts for the sessions to come."""
    return _write(
        scope, "save_consent",
        consent_id=str(consent_id), gym_id=str(scope.gym_id), member_id=str(member_id), purpose=purpose,
        is_granted=is_granted, notice_version=notice_version, recorded_at=recorded_at.isoformat(),
    )  # fmt: skip


def save_visit(scope: Scope, *, member_id: UUID, visited_at: datetime) -> tuple[Write, Write]:
    """The badge counts as a visit, and the member's last visit is not older than it."""
    visit = {"member_id": str(member_id), "visited_at": visited_at.isoformat()}
    return (
        _write(scope, "save_visit", gym_id=str(scope.gym_id), kiosk_id=str(scope.kiosk_id), **visit),
        _write(scope, "touch_last_visit", **visit),
    )


def save_unread_badge(scope: Scope, *, badge_id: str, visited_at: datetime) -> tuple[Write, Write, Write]:
    """The badge is read when these are written: the session knows its member, and the visit counts when it was made."""
    visit = {"badge_id": badge_id, "visited_at": visited_at.isoformat()}
    return (
        _write(scope, "bind_badge", badge_id=badge_id),
        _write(scope, "save_visit_of_badge", gym_id=str(scope.gym_id), kiosk_id=str(scope.kiosk_id), **visit),
        _write(scope, "touch_last_visit_of_badge", **visit),
    )


def set_language(scope: Scope, *, language: str) -> Write:
    """The session is held in this language from now on."""
    return _write(scope, "set_session_language", language=language)


def name_upstream(scope: Scope, *, upstream_session_id: str) -> Write:
    """The session knows its upstream's id."""
    return _write(scope, "name_upstream", upstream_session_id=upstream_session_id)


def save_turn(scope: Scope, turn: TurnRow) -> Write:
    """The turn is kept under its item id."""
    return _write(
        scope, "save_turn",
        gym_id=str(scope.gym_id), item_id=turn.item_id, position=turn.position, role=turn.role, text=turn.text,
        generated_text=turn.generated_text, status=turn.status, started_at=turn.started_at.isoformat(),
        ended_at=turn.ended_at.isoformat() if turn.ended_at else None, heard_ms=turn.heard_ms, total_ms=turn.total_ms,
        is_recovered=turn.is_recovered,
    )  # fmt: skip


def start_tool_call(
    scope: Scope, *, call_id: str, name: str, arguments: Mapping[str, Any], started_at: datetime
) -> Write:
    """The call is on record before it runs."""
    return _write(
        scope, "start_tool_call",
        gym_id=str(scope.gym_id), call_id=call_id, name=name, arguments=json_text(arguments),
        started_at=started_at.isoformat(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """What counts after an answer by voice."""

    has_consent: bool
    """True while the session may be analysed."""
    has_member: bool
    """True where the answer is kept for later sessions too."""


@dataclass(frozen=True, slots=True)
class CallClaim:
    """Whether a started tool call is ours to run."""

    claimed_at: datetime | None
    """When we claimed it, to the microsecond: the mark of whoever runs it. None where it is somebody else's."""
    status: str = "started"
    """How far the call has come."""
    output: dict[str, Any] | None = None
    """What it gave, where it is over."""


async def claim_tool_call(
    connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID, call_id: str
) -> CallClaim | None:
    """The call is ours, or was somebody's before: one claim in all wins, whatever is replayed; None: not on record."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("sessions")["claim_tool_call"], {"session_id": session_id, "call_id": call_id}
        )
        row = await cursor.fetchone()
    return CallClaim(*row) if row else None


async def change_consent(
    connection: AsyncConnection,
    *,
    kiosk_id: UUID,
    session_id: UUID,
    consent_id: UUID,
    purpose: str,
    is_granted: bool,
    notice_version: str,
) -> ConsentChange | None:
    """The answer counts for the session, and for its member's next ones where there is a member.

    None where nothing was taken: the session is over or another kiosk's, or a yes came without the notice.
    """
    async with (
        as_kiosk_async(connection, kiosk_id),
        connection.cursor(row_factory=class_row(ConsentChange)) as cursor,
    ):
        await cursor.execute(
            queries("sessions")["change_consent"],
            {
                "session_id": session_id,
                "consent_id": consent_id,
                "purpose": purpose,
                "is_granted": is_granted,
                "notice_version": notice_version,
            },
        )
        return await cursor.fetchone()


async def has_member(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID) -> bool:
    """True while the session is open at this kiosk and a known badge opened it."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("sessions")["session_has_member"], {"session_id": session_id})
        row = await cursor.fetchone()
    return row is not None and bool(row[0])


def finish_tool_call(
    scope: Scope,
    *,
    call_id: str,
    status: str,
    output: Mapping[str, Any],
    finished_at: datetime,
    claimed_at: datetime | None,
) -> Write:
    """The call's result is on record.

    Args:
        claimed_at: of the claim that ran it; None for a call that we could not claim, where nobody else did.
    """
    return _write(
        scope, "finish_tool_call",
        call_id=call_id, status=status, output=json_text(output), finished_at=finished_at.isoformat(),
        claimed_at=claimed_at.isoformat() if claimed_at else None,
    )  # fmt: skip


def save_usage(
    scope: Scope,
    usage: Usage,
    *,
    source_kind: str,
    source_id: str,
    model: str,
    cost_usd: str,
    is_estimated: bool,
    price_version: str,
    occurred_at: datetime,
    is_missing: bool = False,
) -> tuple[Write, Write]:
    """The usage is billed once, and the session's cost includes it; a missing one is on record as such."""
    return (
        _write(
            scope, "save_usage",
            gym_id=str(scope.gym_id), source_kind=source_kind, source_id=source_id, model=model,
            text_input_tokens=usage.text_input_tokens, audio_input_tokens=usage.audio_input_tokens,
            cached_text_tokens=usage.cached_text_tokens, cached_audio_tokens=usage.cached_audio_tokens,
            text_output_tokens=usage.text_output_tokens, audio_output_tokens=usage.audio_output_tokens,
            image_input_tokens=usage.image_input_tokens, cached_image_tokens=usage.cached_image_tokens,
            is_usage_missing=is_missing,
            duration_seconds=usage.duration_seconds, is_estimated=is_estimated, price_version=price_version,
            cost_usd=cost_usd, occurred_at=occurred_at.isoformat(),
        ),
        _write(scope, "add_up_cost"),
    )  # fmt: skip


def close_session(scope: Scope, *, reason: CloseReason, ended_at: datetime) -> Write:
    """The session is closed; the first reason stays."""
    return _write(scope, "close_session", close_reason=reason.value, ended_at=ended_at.isoformat())


def event_row(scope: Scope, *, seq: int, occurred_at: datetime, direction: str, event: Mapping[str, Any]) -> EventRow:
    """A protocol event as it is logged; the caller has taken audio out of it."""
    item, response = event.get("item"), event.get("response")
    return EventRow(
        kiosk_id=str(scope.kiosk_id),
        session_id=str(scope.session_id),
        gym_id=str(scope.gym_id),
        seq=seq,
        occurred_at=occurred_at.isoformat(),
        direction=direction,
        event_type=_text(event.get("type")) or "unknown",
        event_id=_text(event.get("event_id")),
        item_id=_text(event.get("item_id")) or (_text(item.get("id")) if isinstance(item, Mapping) else None),
        response_id=_text(event.get("response_id"))
        or (_text(response.get("id")) if isinstance(response, Mapping) else None),
        payload=json_text(event),
    )


async def prepare_connection(connection: AsyncConnection) -> None:
    """This connection can write batches: its landing table exists."""
    await connection.execute(_CREATE_EVENT_STAGE)
    await connection.commit()


async def write_records(connection: AsyncConnection, records: Sequence[Record]) -> None:
    """All records are committed, or none; each kiosk's rows under its own identity."""
    writes = [record for record in records if isinstance(record, Write)]
    events = [record for record in records if isinstance(record, EventRow)]
    if len(events) <= _FEW_EVENTS:
        async with connection.pipeline(), connection.transaction():
            await _execute_writes(connection, writes)
            for kiosk_id, group in groupby(events, key=lambda event: event.kiosk_id):
                await connection.execute(_SET_KIOSK, [kiosk_id])
                for event in group:
                    row = dict(zip(_EVENT_COLUMNS, _values_of(event), strict=True))
                    await connection.execute(queries("sessions")["append_event"], row)
        return
    async with connection.transaction():
        async with connection.pipeline():
            await _execute_writes(connection, writes)
        await _copy_events(connection, events)


async def _execute_writes(connection: AsyncConnection, writes: Sequence[Write]) -> None:
    for kiosk_id, group in groupby(writes, key=lambda write: write.kiosk_id):
        await connection.execute(_SET_KIOSK, [kiosk_id])
        for write in group:
            values = {**_LATER_VALUES.get(write.block, {}), **write.values}
            await connection.execute(queries("sessions")[write.block], values)


async def _copy_events(connection: AsyncConnection, events: Iterable[EventRow]) -> None:
    kiosk_ids: dict[str, None] = {}
    async with connection.cursor() as cursor:
        async with cursor.copy(_COPY_EVENTS) as copy:
            for event in events:
                kiosk_ids[event.kiosk_id] = None
                await copy.write_row(_values_of(event))
        async with connection.pipeline():
            for kiosk_id in kiosk_ids:
                await connection.execute(_SET_KIOSK, [kiosk_id])
                await connection.execute(_APPEND_STAGED_EVENTS, {"kiosk_id": kiosk_id})


async def renew_leases(connection: AsyncConnection, scopes: Iterable[Scope], *, valid_seconds: int) -> None:
    """These sessions, and no others of their gateway, are vouched for as far as they are active."""
    by_kiosk: dict[UUID, list[UUID]] = {}
    for scope in scopes:
        by_kiosk.setdefault(scope.kiosk_id, []).append(scope.session_id)
    async with connection.pipeline(), connection.transaction():
        for kiosk_id, session_ids in by_kiosk.items():
            await connection.execute(_SET_KIOSK, [str(kiosk_id)])
            parameters = {"session_ids": session_ids, "valid_seconds": valid_seconds}
            await connection.execute(queries("sessions")["renew_leases"], parameters)


async def end_leases(connection: AsyncConnection, *, gateway_instance: str) -> None:
    """Nobody vouches for the sessions of this instance any more: the next reaper closes them."""
    await connection.execute(queries("sessions")["end_leases"], {"gateway_instance": gateway_instance})


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of a session's log."""

    occurred_at: datetime
    direction: str
    event: Mapping[str, Any]
    """The protocol event; sound is its length."""


async def lost_sessions(connection: AsyncConnection, *, at_most: int) -> list[Scope]:
    """Active sessions that nobody vouches for any more, the longest lost first."""
    cursor = await connection.execute(queries("sessions")["lost_sessions"], {"at_most": at_most})
    return [Scope(*row) for row in await cursor.fetchall()]


async def settle_lost_session(
    connection: AsyncConnection, scope: Scope, mend: Callable[[Sequence[LoggedEvent], str], Sequence[Write]]
) -> bool:
    """The lost session is mended and closed as gateway_lost, in one transaction; False when another gateway was first.

    Args:
        mend: from the session's log, without its spoken input, and its model to what is missing on record.
    """
    parameters = {"session_id": scope.session_id, "gym_id": scope.gym_id}
    async with connection.transaction():
        await connection.execute(_SET_KIOSK, [str(scope.kiosk_id)])
        cursor = await connection.execute(queries("sessions")["lock_lost_session"], parameters)
        locked = await cursor.fetchone()
        if locked is None:
            return False
        cursor = await connection.execute(queries("sessions")["events_of_session"], parameters)
        events = [LoggedEvent(*row) for row in await cursor.fetchall()]
        await _execute_writes(connection, mend(events, locked[0]))
        await connection.execute(queries("sessions")["give_up_tool_calls"], parameters)
        await connection.execute(queries("sessions")["close_lost_session"], parameters)
    return True


async def settle_lost_tool_calls(connection: AsyncConnection) -> None:
    """No call of a session that is over waits for a result: whether it ran, nobody knows."""
    await connection.execute(queries("sessions")["settle_lost_tool_calls"])


def encode_record(record: Record) -> bytes:
    """One line of a journal."""
    kind = "write" if isinstance(record, Write) else "event"
    return orjson.dumps({"kind": kind, "record": record}, option=orjson.OPT_APPEND_NEWLINE)


def decode_record(line: bytes) -> Record:
    """The record of one journal line.

    Raises:
        ValueError: when the line is not one of ours.
    """
    try:
        entry = orjson.loads(line)
        return Write(**entry["record"]) if entry["kind"] == "write" else EventRow(**entry["record"])
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise ValueError(f"found a journal line of {len(line)} bytes that is no record") from error


def json_text(value: Mapping[str, Any]) -> str:
    """The object as JSON that jsonb accepts: it refuses the character U+0000."""
    text = orjson.dumps(value).decode()
    # An escaped backslash before "u0000" is text that a person wrote, not the character.
    return _NUL_ESCAPE.sub(r"\1", text) if "\\u0000" in text else text


def _write(scope: Scope, block: str, **values: Any) -> Write:
    cleaned = {name: value.replace("\x00", "") if isinstance(value, str) else value for name, value in values.items()}
    return Write(str(scope.kiosk_id), block, {"session_id": str(scope.session_id), **cleaned})


def _text(value: object) -> str | None:
    return value.replace("\x00", "") if isinstance(value, str) else None
