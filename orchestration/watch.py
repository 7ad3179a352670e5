"""`python -m orchestration.watch`: a person hears of a failed run or check, a failing or missing tick, a dead daemon.

A process of its own, outside Dagster: whatever watches from within falls silent with the daemon. It reads
Dagster's own records once a minute, counts by cause in `app.incidents` and sends one letter over all that is
due. `jarvis up` runs it; elsewhere `jarvis doctor --watch` does.
"""

import logging
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
from dagster import (
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    EventRecordsFilter,
    RunsFilter,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorTick,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickStatus,
)
from psycopg import Connection

from jarvis.incidents import Incident, Sighting, letter
from jarvis.logs import log_as_json_lines
from jarvis.mail import message
from jarvis.settings import Settings, load_settings
from orchestration.declared import DECLARED, Declared, last_due
from warehouse.connection import DatabaseUnreachable, connect
from warehouse.mailer import Mailer, MailError, mailer_for
from warehouse.stores import freshness
from warehouse.stores import incidents as store

LOOK_EVERY_SECONDS = 60.0
# After a start, the daemon needs this long for its first signs of life.
GRACE_SECONDS = 120.0

# A watch that was away looks back so far.
LOOK_BACK = timedelta(hours=1)
# A daemon signs every 30 s, a sensor at least every minute.
SILENT_AFTER = timedelta(minutes=5)
# Dagster keeps a schedule's ticks for 30 days (`orchestration/instance.py`): an older one that is missing says nothing.
TICKS_ARE_KEPT = timedelta(days=28)
# One failed tick is a restart of the database or of the code server, which the next tick mends; the third in a row is
# a fault that no tick mends.
FAILED_TICKS_IN_A_ROW = 3
# A schedule of once a day or a week has no next tick to wait for: one failure that nothing better follows is enough.
FAILING_AFTER = timedelta(hours=1)
# A tick that said nothing was to be done has looked all the same.
GOOD_TICKS = [TickStatus.SUCCESS, TickStatus.SKIPPED]
MOST_RECORDS = 2000

# Where the database itself is away nothing can be counted: it is told at most so often.
UNREACHABLE_AGAIN_AFTER = timedelta(hours=6)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at Dagster found."""

    wrong: tuple[Sighting, ...]
    well: frozenset[str]
    """Causes that were looked at and are well."""


@dataclass(slots=True)
class Watchman:
    """Looks, counts and tells."""

    settings: Settings
    mailer: Mailer
    declared: Declared = DECLARED
    watches_since: datetime | None = field(default=None, init=False)
    """The first look: what Dagster has no record of is missing from then on."""
    unreachable_told_at: datetime | None = field(default=None, init=False)

    def look_once(self, instance: DagsterInstance, *, now: datetime) -> int:
        """What is wrong is counted and told if due; how many causes were told."""
        url = self.settings.database_url_for("pipeline")
        self.watches_since = self.watches_since or now
        with connect(url, autocommit=True, application_name="jarvis-watch") as connection:
            sight = look(instance, connection, declared=self.declared, watches_since=self.watches_since, now=now)
            with connection.transaction():
                for sighting in sight.wrong:
                    store.note(connection, sighting)
            # Told before it ends: what failed and went well within a minute has failed all the same.
            told = self._tell(connection, now=now)
            with connection.transaction():
                store.end(connection, sight.well, now=now)
        self.unreachable_told_at = None
        return told

    def tell_unreachable(self, *, now: datetime) -> bool:
        """A person knows that the database does not answer; not again for hours."""
        if self.unreachable_told_at is not None and now - self.unreachable_told_at < UNREACHABLE_AGAIN_AFTER:
            return False
        summary = "the database does not answer"
        if not self._send([Incident("database_unreachable", summary, now, now, 1, 1, None)], now=now):
            return False
        self.unreachable_told_at = now
        return True

    def _tell(self, connection: Connection, *, now: datetime) -> int:
        """The letter is sent and remembered in one transaction: what was not sent is due again."""
        with connection.transaction():
            due = store.due(connection, now=now)
            if not due or not self._send(due, now=now):
                return 0
            store.mark_told(connection, [one.cause for one in due], now=now)
            return len(due)

    def _send(self, due: list[Incident], *, now: datetime) -> bool:
        if not self.settings.operators_mail:
            return False
        made = message(
            letter(due, dagster_url=f"http://127.0.0.1:{self.settings.dagster_port}"),
            sender=self.settings.mail_from,
            recipients=self.settings.operators_mail,
            sent_at=now,
            key=f"incidents/{now.isoformat()}",
        )
        try:
            return self.mailer.send(made)
        except MailError as error:
            log.warning("the letter about incidents was not taken", extra={"reason": str(error)})
            return False


def look(
    instance: DagsterInstance, connection: Connection, *, declared: Declared, watches_since: datetime, now: datetime
) -> Sight:
    """Every failed run and check, tick that fails or is missing, dead daemon and late asset, and what is well."""
    wrong: list[Sighting] = []
    well: set[str] = set()
    for cause, sighting in (
        *_daemons(instance, now=now),
        *_clocks(instance, declared, watches_since=watches_since, now=now),
        *_ticks(instance, declared, now=now),
        *_checks(instance, now=now),
        *_kiosks(connection, now=now),
        *_freshness(connection, now=now),
    ):
        if sighting is None:
            well.add(cause)
        else:
            wrong.append(sighting)
    failed, recovered = _runs(instance, now=now)
    return Sight((*wrong, *failed), frozenset(well | recovered | _removed(connection, declared)))


def _runs(instance: DagsterInstance, *, now: datetime) -> tuple[list[Sighting], set[str]]:
    """Failed runs, the oldest first, and the jobs whose newest finished run went well."""
    finished = RunsFilter(statuses=[DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS], updated_after=now - LOOK_BACK)
    failed: list[Sighting] = []
    newest: dict[str, bool] = {}
    records = instance.get_run_records(finished, limit=MOST_RECORDS)
    for record in sorted(records, key=lambda one: one.end_time or one.update_timestamp.timestamp()):
        run = record.dagster_run
        cause = f"run_failed:{run.job_name}"
        has_failed = run.status is DagsterRunStatus.FAILURE
        newest[cause] = not has_failed
        if has_failed:
            ended = record.end_time or record.update_timestamp.timestamp()
            failed.append(Sighting(cause, f"run of {run.job_name} failed", datetime.fromtimestamp(ended, UTC)))
    return failed, {cause for cause, is_well in newest.items() if is_well}


def _checks(instance: DagsterInstance, *, now: datetime) -> Iterator[tuple[str, Sighting | None]]:
    """The newest evaluation of each check of the last hour."""
    since = (now - LOOK_BACK).timestamp()
    evaluated = EventRecordsFilter(DagsterEventType.ASSET_CHECK_EVALUATION, after_timestamp=since)
    seen: set[str] = set()
    for record in instance.get_event_records(evaluated, limit=MOST_RECORDS, ascending=False):
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        found = event.asset_check_evaluation_data
        subject = f"{found.asset_key.to_user_string()}/{found.check_name}"
        cause = f"check_failed:{subject}"
        if cause in seen:
            continue
        seen.add(cause)
        if found.passed:
            yield cause, None
        else:
            word = "failed" if found.severity is AssetCheckSeverity.ERROR else "warns"
            yield cause, Sighting(cause, f"check {subject} {word}", datetime.fromtimestamp(record.timestamp, UTC))


def _clocks(
    instance: DagsterInstance, declared: Declared, *, watches_since: datetime, now: datetime
) -> Iterator[tuple[str, Sighting | None]]:
    """Every declared sensor and schedule: whether it is on, and whether it ticked when it should have."""
    states = instance.all_instigator_state()
    expected: list[tuple[InstigatorType, str, str | None]] = [
        *((InstigatorType.SENSOR, name, None) for name in sorted(declared.sensors)),
        *((InstigatorType.SCHEDULE, name, cron) for name, cron in declared.schedules.items()),
    ]
    for kind, name, cron in expected:
        known = [state for state in states if (state.instigator_type, state.instigator_name) == (kind, name)]
        # A location that was renamed leaves a state of the same name behind: one that is on is enough.
        on = [state for state in known if state.is_running]
        word = kind.value.lower()
        off, silent = f"{word}_off:{name}", f"{word}_silent:{name}"
        if known and not on:
            yield off, Sighting(off, f"{word} {name} is switched off", now)
            # Told by its better name: what is off is silent too.
            yield silent, None
            continue
        yield off, None
        due = now - SILENT_AFTER if cron is None else last_due(cron, before=now - SILENT_AFTER)
        ticked_at = _ticked_at(instance, on)
        # What Dagster has no moment of at all has been missing since the watch began.
        if max([*ticked_at, *_started_at(on)], default=watches_since) >= due:
            yield silent, None
        elif ticked_at or now - due < TICKS_ARE_KEPT:
            yield silent, Sighting(silent, f"{word} {name} is silent", now)


def _ticked_at(instance: DagsterInstance, states: Sequence[InstigatorState]) -> list[datetime]:
    """When each of them ticked last; nothing of one that has no tick on record."""
    newest = [instance.get_ticks(one.instigator_origin_id, one.selector_id, limit=1) for one in states]
    return [datetime.fromtimestamp(ticks[0].timestamp, UTC) for ticks in newest if ticks]


def _started_at(states: Sequence[InstigatorState]) -> list[datetime]:
    """Since when each of them is on, where Dagster knows."""
    stamps = [
        data.last_sensor_start_timestamp if isinstance(data, SensorInstigatorData) else data.start_timestamp
        for data in (one.instigator_data for one in states)
        if isinstance(data, SensorInstigatorData | ScheduleInstigatorData)
    ]
    return [datetime.fromtimestamp(stamp, UTC) for stamp in stamps if stamp is not None]


def _removed(connection: Connection, declared: Declared) -> set[str]:
    """The causes that stand for what our code no longer declares."""
    gone: set[str] = set()
    for cause in store.standing(connection):
        kind, _, name = cause.partition(":")
        word, _, _ = kind.partition("_")
        names = {"sensor": declared.sensors, "schedule": declared.schedules}.get(word)
        if names is not None and name not in names:
            gone.add(cause)
    return gone


def _ticks(instance: DagsterInstance, declared: Declared, *, now: datetime) -> Iterator[tuple[str, Sighting | None]]:
    """Declared sensors and schedules that are on: whether their newest ticks failed; the first good one ends it."""
    names = {InstigatorType.SENSOR: declared.sensors, InstigatorType.SCHEDULE: declared.schedules}
    for state in instance.all_instigator_state():
        if not state.is_running or state.instigator_name not in names.get(state.instigator_type, ()):
            continue
        which = (state.instigator_origin_id, state.selector_id)
        good = instance.get_ticks(*which, limit=1, statuses=GOOD_TICKS)
        last_good = good[0].timestamp if good else None
        # A tick that began before the last good one may have failed after it: it says nothing of now.
        failed = [
            tick
            for tick in instance.get_ticks(*which, limit=FAILED_TICKS_IN_A_ROW, statuses=[TickStatus.FAILURE])
            if last_good is None or tick.timestamp > last_good
        ]
        word = state.instigator_type.value.lower()
        cause = f"{word}_failing:{state.instigator_name}"
        if not failed:
            if good:
                yield cause, None
            continue
        newest = datetime.fromtimestamp(failed[0].timestamp, UTC)
        if len(failed) >= FAILED_TICKS_IN_A_ROW or now - newest >= FAILING_AFTER:
            yield cause, Sighting(cause, _failing(f"{word} {state.instigator_name}", failed, last_good), newest)


def _failing(which: str, failed: Sequence[InstigatorTick], last_good: float | None) -> str:
    """Which fails since when with what kind of error, and what to do; the newest failed tick comes first."""
    since = "with no good tick on record"
    if last_good is not None:
        since = f"since its last good tick at {datetime.fromtimestamp(last_good, UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"every tick of {which} fails {since}, the last with {_error_type(failed[0])}, expected runs to be asked for: "
        "read the tick's error in Dagster and mend its cause"
    )


def _error_type(tick: InstigatorTick) -> str:
    """The class of what the tick's own code raised: never its text, which may quote what a member said."""
    error = tick.error
    if error is None:
        return "no error on record"
    while error.cause is not None:
        error = error.cause
    return error.cls_name or "an error without a class"


def _daemons(instance: DagsterInstance, *, now: datetime) -> Iterator[tuple[str, Sighting | None]]:
    """The daemons this instance needs: when each signed last."""
    beats = instance.get_daemon_heartbeats()
    for name in instance.get_required_daemon_types():
        cause = f"daemon_dead:{name}"
        beat = beats.get(name)
        is_alive = beat is not None and now - datetime.fromtimestamp(beat.timestamp, UTC) < SILENT_AFTER
        yield cause, None if is_alive else Sighting(cause, f"Dagster's {name.lower()} daemon is dead", now)


def _kiosks(connection: Connection, *, now: datetime) -> Iterator[tuple[str, Sighting | None]]:
    """Whether any kiosk of any gym is heard."""
    cause = "kiosks_silent:all"
    looked_at = store.network_silent_at(connection)
    yield cause, None if looked_at is None else Sighting(cause, "no kiosk of any gym is heard", looked_at)


def _freshness(connection: Connection, *, now: datetime) -> Iterator[tuple[str, Sighting | None]]:
    """Every asset against its promise; judged by the database, so that a pipeline that stands still is seen too."""
    for one in freshness.standings(connection):
        cause = f"asset_late:{one.asset}"
        yield cause, Sighting(cause, f"asset {one.asset} is late", now) if one.is_late else None


def tell_end(settings: Settings, *, reason: str) -> None:
    """The operators know that the whole system has stopped; what cannot be sent is only logged."""
    now = datetime.now(UTC)
    Watchman(settings, mailer_for(settings))._send([Incident("stopped", reason, now, now, 1, 1, None)], now=now)


def watch(settings: Settings, stopping: threading.Event, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Looks once a minute until the event is set; a look that breaks is logged and the next one comes."""
    watchman = Watchman(settings, mailer_for(settings))
    if not settings.tells_operators:
        log.warning("nobody is told of failures: give JARVIS_SMTP_URL and JARVIS_OPERATORS_MAIL")
    stopping.wait(grace_seconds)
    while not stopping.is_set():
        now = datetime.now(UTC)
        try:
            with DagsterInstance.get() as instance:
                watchman.look_once(instance, now=now)
        except (DatabaseUnreachable, psycopg.OperationalError):
            log.warning("the database does not answer")
            watchman.tell_unreachable(now=now)
        except Exception as error:
            # Dagster's storage wraps what the driver raised; nothing that watches may die of what it sees.
            log.warning("a look at the pipeline broke", extra={"error": type(error).__name__})
            if _is_unreachable(error):
                watchman.tell_unreachable(now=now)
        stopping.wait(LOOK_EVERY_SECONDS)


def _is_unreachable(error: BaseException) -> bool:
    return any(type(one).__name__ == "OperationalError" for one in _chain(error))


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def main() -> int:
    """The watch has run until it was told to stop."""
    log_as_json_lines()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    watch(load_settings(), stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main())
