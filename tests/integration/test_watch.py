"""What breaks in the pipeline reaches a person: real runs and checks that fail, a real mail server on the loopback."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import AssetCheckResult, DagsterInstance, Definitions, asset, asset_check, job, op
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo

from orchestration.declared import Declared, last_due
from orchestration.watch import FAILED_TICKS_IN_A_ROW, FAILING_AFTER, Watchman, tell_end
from tests.conftest import Database
from tests.support.mail_sink import MailSink, running_sink
from warehouse.mailer import mailer_for
from warehouse.stores import freshness

NOW = datetime.now(UTC)


@op
def break_down() -> None:
    """Fails with words that a letter must not repeat."""
    raise ValueError("Ada Lovelace a dit : la douche est froide")


@job
def failing() -> None:
    """One step that fails."""
    break_down()


@job(name="failing")
def repaired() -> None:
    """The same job without its fault."""


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """A mail server."""
    with running_sink() as running:
        yield running


@pytest.fixture
def watchman(database: Database, sink: MailSink) -> Watchman:
    """A watch that writes to two operators."""
    settings = replace(
        database.settings, smtp_url=sink.url, operators_mail=("a@example.org", "b@example.org"), dagster_port=3999
    )
    return Watchman(settings, mailer_for(settings), Declared())


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    """A Dagster whose daemons have just signed."""
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        sign(made, at=datetime.now(UTC))
        yield made


def sign(instance: DagsterInstance, *, at: datetime) -> None:
    """Every daemon is alive at a moment."""
    for name in instance.get_required_daemon_types():
        instance.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), name, "any", []))


def turned(
    instance: DagsterInstance,
    name: str,
    *,
    kind: InstigatorType = InstigatorType.SENSOR,
    status: InstigatorStatus = InstigatorStatus.RUNNING,
    since: datetime | None = None,
) -> InstigatorState:
    """A sensor or schedule of this name is on record as on or off."""
    target = LoadableTargetOrigin(module_name="orchestration.live", attribute="defs")
    place = RemoteRepositoryOrigin(InProcessCodeLocationOrigin(target), "__repository__")
    data = (
        SensorInstigatorData()
        if kind is InstigatorType.SENSOR
        else ScheduleInstigatorData("0 2 * * *", since.timestamp() if since else None)
    )
    return instance.add_instigator_state(InstigatorState(RemoteInstigatorOrigin(place, name), kind, status, data))


def tick(instance: DagsterInstance, state: InstigatorState, status: TickStatus, *, at: datetime) -> None:
    """One tick of it is on record; a failed one with an error that quotes a member."""
    words = "Ada Lovelace a dit : la douche est froide"
    cause = SerializableErrorInfo(f"ValueError: {words}", [], "ValueError")
    error = SerializableErrorInfo("SensorExecutionError", [], "SensorExecutionError", cause)
    instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=state.instigator_name,
            instigator_type=state.instigator_type,
            status=status,
            timestamp=at.timestamp(),
            selector_id=state.selector_id,
            run_ids=[],
            error=error if status is TickStatus.FAILURE else None,
        )
    )


def standing(database: Database) -> set[str]:
    """The causes that are not well."""
    with database.admin() as admin:
        return {cause for (cause,) in admin.execute("select cause from app.incidents where ended_at is null")}


def test_failed_run_is_told_once_with_its_count(watchman: Watchman, instance: DagsterInstance, sink: MailSink) -> None:
    """Four real failures, a look after each: one letter; six hours later a second one with the count, and no words."""
    for _ in range(4):
        assert not failing.execute_in_process(instance=instance, raise_on_error=False).success
        watchman.look_once(instance, now=datetime.now(UTC))
    assert sink.subjects == ["JARVIS: run of failing failed"]
    assert sink.messages[0]["To"] == "a@example.org, b@example.org"
    later = datetime.now(UTC) + timedelta(hours=6)
    sign(instance, at=later)
    watchman.look_once(instance, now=later)
    assert len(sink.messages) == 2
    body = sink.messages[1].get_body(("plain",))
    assert body is not None
    assert "seen 4 times, 3 since the last message" in body.get_content()
    assert not any("Lovelace" in str(one) or "douche" in str(one) for one in sink.messages)
    watchman.look_once(instance, now=later + timedelta(hours=7))
    assert all("failing failed" not in one for one in sink.subjects[2:]), "nothing new of it, nothing said"


def test_what_failed_and_recovered_between_two_looks_is_told(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """The letter goes out all the same, and the incident is over."""
    failing.execute_in_process(instance=instance, raise_on_error=False)
    assert repaired.execute_in_process(instance=instance).success
    watchman.look_once(instance, now=datetime.now(UTC))
    assert sink.subjects == ["JARVIS: run of failing failed"]
    with database.admin() as admin:
        assert admin.execute("select ended_at is not null from app.incidents").fetchall() == [(True,)]


def test_failed_check_is_told_and_ends_when_it_passes(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """The newest evaluation counts: a check that fails and a run that goes well are told apart."""
    passes = False

    @asset
    def numbers() -> None:
        """Nothing."""

    @asset_check(asset=numbers)
    def add_up() -> AssetCheckResult:
        return AssetCheckResult(passed=passes)

    definitions = Definitions(assets=[numbers], asset_checks=[add_up])
    for passes in (False, True):  # noqa: B007
        definitions.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        watchman.look_once(instance, now=datetime.now(UTC))
    assert sink.subjects == ["JARVIS: check numbers/add_up failed"]
    with database.admin() as admin:
        assert admin.execute("select cause from app.incidents where ended_at is null").fetchall() == []


def test_dead_daemons_are_one_letter(watchman: Watchman, instance: DagsterInstance, sink: MailSink) -> None:
    """Five minutes without a sign, all of them at once: one letter that names each."""
    now = datetime.now(UTC)
    watchman.look_once(instance, now=now + timedelta(minutes=4))
    assert sink.subjects == []
    for minutes in range(6, 60, 6):
        watchman.look_once(instance, now=now + timedelta(minutes=minutes))
    assert len(sink.subjects) == 1
    text = str(sink.messages[0].get_body(("plain",)))
    assert all(name.lower() in text for name in instance.get_required_daemon_types())


def test_silent_sensor_is_told(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """On and without a tick for five minutes: told once, again with its count, and not given up after a day."""
    watchman.declared = Declared(sensors=frozenset({"awake"}))
    now = datetime.now(UTC)
    state = turned(instance, "awake")
    tick(instance, state, TickStatus.SKIPPED, at=now)
    for minutes in (1, 6, 7, 30 * 60):
        sign(instance, at=now + timedelta(minutes=minutes))
        watchman.look_once(instance, now=now + timedelta(minutes=minutes))
    assert sink.subjects == ["JARVIS: sensor awake is silent"] * 2
    tick(instance, state, TickStatus.SKIPPED, at=now + timedelta(hours=30))
    watchman.look_once(instance, now=now + timedelta(hours=30, minutes=1))
    assert standing(database) == set()


@pytest.mark.parametrize("kind", [InstigatorType.SENSOR, InstigatorType.SCHEDULE])
def test_what_is_switched_off_is_told(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink, kind: InstigatorType
) -> None:
    """A declared one that somebody stopped is told by that name and once; switched on again it is well."""
    word = kind.value.lower()
    is_sensor = kind is InstigatorType.SENSOR
    watchman.declared = Declared(sensors=frozenset({"any"})) if is_sensor else Declared(schedules={"any": "0 2 * * *"})
    now = datetime.now(UTC)
    state = turned(instance, "any", kind=kind, status=InstigatorStatus.STOPPED)
    tick(instance, state, TickStatus.SKIPPED, at=now - timedelta(days=3))
    for minutes in (0, 1, 20):
        sign(instance, at=now + timedelta(minutes=minutes))
        watchman.look_once(instance, now=now + timedelta(minutes=minutes))
    assert sink.subjects == [f"JARVIS: {word} any is switched off"]
    assert standing(database) == {f"{word}_off:any"}
    instance.update_instigator_state(state.with_status(InstigatorStatus.RUNNING))
    tick(instance, state, TickStatus.SKIPPED, at=now + timedelta(minutes=20))
    watchman.look_once(instance, now=now + timedelta(minutes=21))
    assert standing(database) == set()


def test_silent_schedule_is_told_by_its_own_interval(
    watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """One of once a day is silent only when its hour has passed without a tick; on since then, it has missed none."""
    watchman.declared = Declared(schedules={"missed": "0 2 * * *", "ticked": "0 2 * * *", "new": "0 2 * * *"})
    night = datetime(2026, 11, 24, 2, tzinfo=UTC)
    for name, ticked_at in (("missed", night - timedelta(days=1)), ("ticked", night)):
        tick(instance, turned(instance, name, kind=InstigatorType.SCHEDULE), TickStatus.SUCCESS, at=ticked_at)
    turned(instance, "new", kind=InstigatorType.SCHEDULE, since=night + timedelta(minutes=1))
    for moment in (night - timedelta(hours=1), night + timedelta(minutes=4), night + timedelta(minutes=6)):
        sign(instance, at=moment)
        assert sink.subjects == []
        watchman.look_once(instance, now=moment)
    assert sink.subjects == ["JARVIS: schedule missed is silent"]


def test_what_dagster_has_no_record_of_is_missed(watchman: Watchman, instance: DagsterInstance, sink: MailSink) -> None:
    """A location that never loaded leaves no trace: its sensors are silent five minutes after the first look."""
    watchman.declared = Declared(sensors=frozenset({"absent"}))
    now = datetime.now(UTC)
    for minutes in (0, 4, 6):
        assert sink.subjects == []
        sign(instance, at=now + timedelta(minutes=minutes))
        watchman.look_once(instance, now=now + timedelta(minutes=minutes))
    assert sink.subjects == ["JARVIS: sensor absent is silent"]


def test_what_is_no_longer_declared_is_forgotten(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """What was taken out of the code is not missed, and what stood for it ends."""
    watchman.declared = Declared(sensors=frozenset({"removed"}))
    now = datetime.now(UTC)
    tick(instance, turned(instance, "removed"), TickStatus.FAILURE, at=now - timedelta(hours=2))
    watchman.look_once(instance, now=now)
    assert standing(database) == {"sensor_silent:removed", "sensor_failing:removed"}
    watchman.declared = Declared()
    for hours in (0, 7):
        sign(instance, at=now + timedelta(hours=hours))
        watchman.look_once(instance, now=now + timedelta(hours=hours))
    assert (standing(database), len(sink.subjects)) == (set(), 1)


def test_ticks_that_dagster_has_purged_are_not_missed(
    watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """A quarter's tick is kept for 30 days: later its absence says nothing."""
    watchman.declared = Declared(schedules={"quarterly": "30 6 1 1,4,7,10 *"})
    now = datetime(2026, 11, 24, tzinfo=UTC)
    turned(instance, "quarterly", kind=InstigatorType.SCHEDULE, since=now - timedelta(days=300))
    sign(instance, at=now)
    watchman.look_once(instance, now=now)
    assert sink.subjects == []
    assert last_due("30 6 1 1,4,7,10 *", before=now) == datetime(2026, 10, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", [InstigatorType.SENSOR, InstigatorType.SCHEDULE])
def test_ticks_that_all_fail_are_told_once_until_a_good_one(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink, kind: InstigatorType
) -> None:
    """Which, since when, the error's class and what to do; never its words. A good tick ends it."""
    # A schedule that is due once a year: only its failures count here.
    watchman.declared = Declared(sensors=frozenset({"nightly"}), schedules={"nightly": "0 0 29 2 *"})
    begin = datetime.now(UTC) - timedelta(minutes=4)
    state = turned(instance, "nightly", kind=kind)
    tick(instance, state, TickStatus.SUCCESS, at=begin)
    for count in range(1, 6):
        tick(instance, state, TickStatus.FAILURE, at=begin + timedelta(seconds=30 * count))
        watchman.look_once(instance, now=datetime.now(UTC))
        assert len(sink.subjects) == (count >= FAILED_TICKS_IN_A_ROW)
    word = kind.value.lower()
    since = f"{begin:%Y-%m-%d %H:%M} UTC"
    assert sink.subjects == [
        f"JARVIS: every tick of {word} nightly fails since its last good tick at {since}, the last with ValueError, "
        "expected runs to be asked for: read the tick's error in Dagster and mend its cause"
    ]
    assert not any("Lovelace" in str(one) or "douche" in str(one) for one in sink.messages)
    tick(instance, state, TickStatus.SKIPPED, at=begin + timedelta(minutes=3))
    watchman.look_once(instance, now=datetime.now(UTC))
    with database.admin() as admin:
        causes = admin.execute("select cause, ended_at is not null, occurrence_count from app.incidents").fetchall()
    assert causes == [(f"{word}_failing:nightly", True, 3)]


def test_a_single_failed_tick_is_told_only_where_none_mends_it(
    watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """A daily schedule has no third tick to wait for; one under way is no good one."""
    watchman.declared = Declared(schedules={"daily": "0 0 29 2 *"})
    now = datetime.now(UTC)
    daily = turned(instance, "daily", kind=InstigatorType.SCHEDULE)
    tick(instance, daily, TickStatus.FAILURE, at=now)
    tick(instance, daily, TickStatus.STARTED, at=now + timedelta(seconds=1))
    told = []
    for later in (timedelta(minutes=1), FAILING_AFTER, FAILING_AFTER + timedelta(minutes=1)):
        sign(instance, at=now + later)
        told.append(watchman.look_once(instance, now=now + later))
    assert told == [0, 1, 0]
    assert sink.subjects[0].startswith("JARVIS: every tick of schedule daily fails with no good tick on record")


def test_letter_that_is_not_taken_is_due_again(watchman: Watchman, instance: DagsterInstance, sink: MailSink) -> None:
    """A mail server that says later costs no incident its letter."""
    failing.execute_in_process(instance=instance, raise_on_error=False)
    sink.answers = ["451 later", "554 never"]
    told = [watchman.look_once(instance, now=datetime.now(UTC)) for _ in range(4)]
    assert (told, len(sink.messages)) == ([0, 0, 1, 0], 1)


def test_database_that_does_not_answer_is_told_once(watchman: Watchman, sink: MailSink) -> None:
    """Where nothing can be counted the watch itself remembers."""
    assert [watchman.tell_unreachable(now=NOW + timedelta(minutes=minutes)) for minutes in (0, 1, 2)] == [
        True, False, False,
    ]  # fmt: skip
    assert watchman.tell_unreachable(now=NOW + timedelta(hours=6))
    assert sink.subjects == ["JARVIS: the database does not answer"] * 2


def test_end_of_the_system_is_told(watchman: Watchman, sink: MailSink) -> None:
    """A supervisor that gives up says so."""
    tell_end(watchman.settings, reason="a process keeps ending and the whole system has stopped")
    assert sink.subjects == ["JARVIS: a process keeps ending and the whole system has stopped"]


def test_kiosks_nobody_hears_are_told(
    database: Database, watchman: Watchman, instance: DagsterInstance, sink: MailSink
) -> None:
    """The platform's own silence is the operators' business, not a hundred managers'."""
    with database.admin() as admin:
        admin.execute("insert into app.kiosk_watch values (true, now(), true, now())")
    watchman.look_once(instance, now=datetime.now(UTC))
    assert sink.subjects == ["JARVIS: no kiosk of any gym is heard"]


def test_a_late_asset_is_told_and_ends_when_it_is_built(
    watchman: Watchman, instance: DagsterInstance, sink: MailSink, database: Database
) -> None:
    """A promise that is broken is a cause like any other, judged by the database and not by who noted it."""
    now = datetime.now(UTC)
    with database.connect("pipeline") as connection:
        freshness.note(connection, {"churn_scores": (timedelta(hours=26), now - timedelta(hours=27))}, now=now)
    watchman.look_once(instance, now=now)
    assert sink.subjects == ["JARVIS: asset churn_scores is late"]
    with database.connect("pipeline") as connection:
        freshness.note(connection, {"churn_scores": (timedelta(hours=26), now)}, now=now)
    watchman.look_once(instance, now=now)
    with database.admin() as admin:
        row = admin.execute("select ended_at is not null from app.incidents where cause = 'asset_late:churn_scores'")
        assert row.fetchone() == (True,)
