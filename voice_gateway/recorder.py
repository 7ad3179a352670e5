"""Puts records where they survive: Postgres, or the journal while Postgres is away.

One writer task per process. Durable records (class A) are committed at once, together with all that came
before them; the others (class B) wait up to 20 ms for company. When Postgres is away the batch goes to the
journal instead, and the journal is replayed, before anything newer, as soon as Postgres is back. A record that
is refused for its own sake is set aside in the quarantine. Also keeps the leases of the sessions that really live
here, and closes those nobody vouches for.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection

from voice_gateway import quarantine, recovery
from voice_gateway.journal import MAX_BYTES, Journal, JournalError
from voice_gateway.metrics import Metrics
from voice_gateway.quarantine import SetAside
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record, Scope

log = logging.getLogger(__name__)

LINGER_SECONDS = 0.02
_RETRY_SECONDS = 0.25
_CONNECT_SECONDS = 3
_STATEMENT_SECONDS = 5.0
# Reading one session's log takes some milliseconds; at the start nobody waits for a commit.
_LOST_AT_ONCE = 3
_LOST_AT_START = 500
# Postgres cannot be used: it is not there, or not in a state to take records (read-only, not migrated yet).
_AWAY = (psycopg.Error, OSError, TimeoutError)
_UNREACHABLE = (psycopg.OperationalError, psycopg.InterfaceError, OSError, TimeoutError)
# What writing may end with; `quarantine.is_refusal` tells whose fault it is.
_TROUBLE = (*_AWAY, LookupError, ValueError, TypeError)


class RecordingError(RuntimeError):
    """A record could be put neither into Postgres nor into the journal."""


class SessionRefused(RecordingError):
    """Postgres refused the opening of the session for good, and so all that would follow."""


class Recorder:
    """The writer of one gateway process."""

    def __init__(
        self,
        database_url: str,
        journal_dir: Path,
        metrics: Metrics,
        *,
        lease_seconds: int = 30,
        reap_seconds: float = 15.0,
    ) -> None:
        self.instance = f"gateway-{uuid4()}"
        self._url = database_url
        self._journal_dir = journal_dir
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._reap_seconds = reap_seconds
        self._journal: Journal | None = None
        self._connection: AsyncConnection | None = None
        self._arriving: AsyncConnection | None = None
        self._pending: list[Record] = []
        self._pending_since = 0.0
        self._waiters: list[tuple[asyncio.Future[None], frozenset[str | None]]] = []
        self._live: dict[str, Scope] = {}
        self._refused_sessions: set[str] = set()
        self._something = asyncio.Event()
        self._urgent = asyncio.Event()
        self._is_stopping = False
        self._duties_due = 0.0
        self._reap_due = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_connected(self) -> bool:
        """True while records go straight to Postgres."""
        return self._connection is not None

    @property
    def is_accepting(self) -> bool:
        """False once the journal is so large that no new session may start."""
        return self._journal is not None and self._journal.size_bytes < MAX_BYTES

    async def start(self) -> None:
        """Records are accepted; what dead processes left is settled if Postgres answers, or as soon as it does.

        Raises:
            JournalError: when no journal can be kept.
        """
        self._journal = Journal.open(self._journal_dir, self.instance)
        self._arriving = await self._connect()
        await self._adopt()
        await self._do_duties()
        self._tasks = [
            asyncio.create_task(self._write_forever(), name="recorder"),
            asyncio.create_task(self._look_after_forever(), name="recorder-duties"),
        ]

    def vouch_for(self, scope: Scope) -> None:
        """The session lives here: its lease is kept until it is let go."""
        self._live[str(scope.session_id)] = scope

    def let_go(self, session_id: UUID) -> None:
        """Nobody works on the session any more: unless it is closed on record, its lease runs out and it is reaped."""
        self._live.pop(str(session_id), None)
        self._refused_sessions.discard(str(session_id))

    async def stop(self) -> None:
        """Everything noted is in Postgres or in the journal, and the writer is gone."""
        self._is_stopping = True
        self._something.set()
        self._urgent.set()
        writer, *others = self._tasks
        await writer
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for connection in (self._connection, self._arriving):
            if connection is not None:
                await connection.close()
        self._connection = None
        if self._journal is not None:
            # What is in it waits for the next start, which settles it as an orphan.
            if self._journal.size_bytes:
                self._journal.close()
            else:
                self._journal.remove()

    def note(self, records: Sequence[Record]) -> None:
        """The records will be written within about 20 ms."""
        if not records:
            return
        if not self._pending:
            self._pending_since = time.perf_counter()
        self._pending.extend(records)
        self._something.set()

    async def commit(self, records: Sequence[Record]) -> None:
        """The records, and all noted before them, survive a crash from now on.

        Raises:
            RecordingError: when neither Postgres nor the journal takes them.
            SessionRefused: when Postgres refused that their session was opened.
        """
        self.note(records)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((waiter, frozenset(map(quarantine.session_of, records))))
        self._something.set()
        self._urgent.set()
        await waiter

    # The writer.

    async def _write_forever(self) -> None:
        while True:
            await self._something.wait()
            if not self._waiters and not self._is_stopping:
                try:
                    async with asyncio.timeout(LINGER_SECONDS):
                        await self._urgent.wait()
                except TimeoutError:
                    pass  # Nobody waits: the batch has had its time to grow.
            self._something.clear()
            self._urgent.clear()
            batch, self._pending = self._pending, []
            waiters, self._waiters = self._waiters, []
            failure: Exception | None = None
            try:
                if batch:
                    await self._put(batch)
                    self._metrics.commit_latency.observe(time.perf_counter() - self._pending_since)
            except Exception as error:
                log.error("records could not be kept", extra={"records": len(batch), "error": type(error).__name__})
                failure = RecordingError(f"{len(batch)} records could not be kept: {type(error).__name__}")
            for waiter, sessions in waiters:
                if waiter.done():
                    continue
                if failure is not None:
                    waiter.set_exception(failure)
                elif sessions & self._refused_sessions:
                    waiter.set_exception(SessionRefused("found the session's opening refused, expected it on record"))
                else:
                    waiter.set_result(None)
            # Only now: whatever becomes of older records and of duties, this batch is safe and its writers know.
            await self._adopt()
            await self._do_duties()
            if self._is_stopping and not self._pending and not self._waiters:
                return

    async def _put(self, batch: list[Record]) -> None:
        if self._connection is not None:
            try:
                refused = await self._write(self._connection, batch)
            except _AWAY as error:
                await self._lose_connection(error)
            else:
                await self._set_aside(refused)
                self._metrics.records_written.labels("postgres").inc(len(batch) - len(refused))
                return
        journal = self._own_journal()
        # Where the commit's answer was lost the batch may be in both: replaying it changes nothing.
        await asyncio.to_thread(journal.append, batch)
        self._metrics.records_written.labels("journal").inc(len(batch))
        self._metrics.journal_bytes.set(journal.size_bytes)

    async def _write(self, connection: AsyncConnection, batch: Sequence[Record]) -> list[SetAside]:
        """All but the records refused for their own sake, which are returned, are in Postgres."""
        try:
            async with asyncio.timeout(_STATEMENT_SECONDS):
                await store.write_records(connection, batch)
        except _TROUBLE as error:
            if not quarantine.is_refusal(error):
                raise
        else:
            return []
        # One bad record must not take the others with it.
        set_aside = []
        for record in batch:
            try:
                async with asyncio.timeout(_STATEMENT_SECONDS):
                    await store.write_records(connection, [record])
            except _TROUBLE as error:
                if not quarantine.is_refusal(error):
                    raise
                set_aside.append(quarantine.refused(record, error))
        return set_aside

    async def _set_aside(self, entries: Sequence[SetAside]) -> None:
        """The entries are in the quarantine, counted, and named by id in the log."""
        if not entries:
            return
        await asyncio.to_thread(quarantine.keep, self._journal_dir, entries)
        self._metrics.records_rejected.inc(len(entries))
        for entry in entries:
            if entry.block == "open_session" and entry.session_id in self._live:
                self._refused_sessions.add(entry.session_id)
            log.error(
                "a record was refused",
                extra={
                    "block": entry.block, "session_id": entry.session_id, "reason": entry.reason,
                    "constraint": entry.constraint,
                },
            )  # fmt: skip

    # Postgres comes and goes.

    async def _connect(self) -> AsyncConnection | None:
        connection: AsyncConnection | None = None
        try:
            connection = await AsyncConnection.connect(
                self._url, connect_timeout=_CONNECT_SECONDS, application_name=self.instance
            )
            await store.prepare_connection(connection)
            await connection.set_autocommit(True)
        except _AWAY as error:
            log.warning("postgres is away", extra=_facts(error))
            if connection is not None:
                await connection.close()
            return None
        return connection

    async def _adopt(self) -> None:
        """The arriving connection takes over, once all that waited in journals is in."""
        connection, self._arriving = self._arriving, None
        if connection is None:
            return
        try:
            # First of all: while Postgres was away, nobody could renew them.
            await self._renew(connection)
            own = self._own_journal()
            await self._replay(connection, own)
            own.empty()
            self._metrics.journal_bytes.set(0)
            await self._settle_orphans(connection)
        except Exception as error:
            # Whatever it is, it must not stop the writer: the journal goes on, and the next connection tries again.
            log.warning("postgres went away during a replay", extra=_facts(error))
            await connection.close()
            return
        self._connection = connection
        self._duties_due = self._reap_due = 0.0

    async def _settle_orphans(self, connection: AsyncConnection) -> None:
        for orphan in Journal.orphans(self._journal_dir):
            try:
                await self._replay(connection, orphan)
                # Its process is dead: nobody vouches for its sessions, and the reaper may close them now.
                async with asyncio.timeout(_STATEMENT_SECONDS):
                    await store.end_leases(connection, gateway_instance=orphan.instance)
            except BaseException:
                orphan.close()
                raise
            orphan.remove()

    async def _replay(self, connection: AsyncConnection, journal: Journal) -> None:
        refused: list[SetAside] = []
        unreadable: list[bytes] = []
        for chunk in journal.read(set_aside=unreadable.append):
            refused += await self._write(connection, chunk)
        # Last, so that a replay that has to begin again sets nothing aside twice.
        await self._set_aside([*map(quarantine.unreadable, unreadable), *refused])

    async def _renew(self, connection: AsyncConnection) -> None:
        async with asyncio.timeout(_STATEMENT_SECONDS):
            await store.renew_leases(connection, list(self._live.values()), valid_seconds=self._lease_seconds)

    async def _lose_connection(self, error: Exception) -> None:
        log.warning("postgres went away", extra=_facts(error))
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _look_after_forever(self) -> None:
        """Brings a new connection when there is none, and wakes the writer when a duty is due."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            if self._connection is None and self._arriving is None:
                self._arriving = await self._connect()
            if self._arriving is not None or (self._connection is not None and time.monotonic() >= self._next_duty()):
                self._something.set()
                self._urgent.set()

    def _next_duty(self) -> float:
        return min(self._duties_due, self._reap_due)

    async def _do_duties(self) -> None:
        """Leases are renewed and lost sessions closed, whenever it is time."""
        connection, now = self._connection, time.monotonic()
        if connection is None or now < self._next_duty():
            return
        try:
            if now >= self._duties_due:
                self._duties_due = now + self._lease_seconds / 3
                await self._renew(connection)
            if now >= self._reap_due:
                self._reap_due = now + self._reap_seconds
                await self._settle_orphans(connection)
                await self._settle_lost(connection)
                async with asyncio.timeout(_STATEMENT_SECONDS):
                    await store.settle_lost_tool_calls(connection)
        except _UNREACHABLE as error:
            await self._lose_connection(error)
        except Exception as error:
            # A duty that fails is due again in its own time; records do not wait for it.
            log.error("a duty failed", extra=_facts(error))

    async def _settle_lost(self, connection: AsyncConnection) -> None:
        """Lost sessions are mended and closed, a few at a time while commits wait behind them."""
        at_most = _LOST_AT_ONCE if self._tasks else _LOST_AT_START
        lost = await store.lost_sessions(connection, at_most=at_most)
        if len(lost) == at_most:
            self._reap_due = 0.0
        for scope in lost:
            async with asyncio.timeout(_STATEMENT_SECONDS):
                recovered = await recovery.settle(connection, scope)
            if recovered is None:
                continue
            self._metrics.sessions_reaped.inc()
            log.warning(
                "a lost session was closed",
                extra={"session_id": str(scope.session_id), "turns": recovered.turns, "unbilled": recovered.unbilled},
            )

    def _own_journal(self) -> Journal:
        if self._journal is None:
            raise JournalError("found a record before the recorder was started, expected start() first")
        return self._journal


def _facts(error: Exception) -> dict[str, str | None]:
    """What the log may say of an error: never its message, which may quote values."""
    return {"error": type(error).__name__, "sqlstate": error.sqlstate if isinstance(error, psycopg.Error) else None}
