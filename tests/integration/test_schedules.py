"""When each job runs, by a clock that stands where we put it: in UTC, and the same before and after clocks change."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise, takewhile

import pytest
from dagster import DefaultScheduleStatus, Definitions, ScheduleDefinition
from dagster._utils.schedules import schedule_execution_time_iterator

from jarvis.mail import is_quiet
from jarvis.reports import ReportKind
from orchestration import live, reports
from tests.conftest import Database

# Schedule to its moments of a week in UTC: weekday (Monday is 0) or None for each day, hour, minute.
AT: Mapping[str, tuple[int | None, int, int]] = {
    "refresh_members_schedule": (None, 1, 30),
    "score_churn_schedule": (None, 2, 0),
    "train_churn_schedule": (6, 1, 0),
    "keep_retention_schedule": (6, 3, 0),
    "write_daily_reports": (None, 5, 30),
    "write_weekly_reports": (0, 6, 0),
    "purge_run_history_schedule": (None, 3, 30),
    "check_raw_quality_schedule": (None, 0, 50),
    "write_documentation_schedule": (None, 4, 0),
}
# Schedule to the minutes between two of its runs.
EVERY: Mapping[str, int] = {
    "build_marts_schedule": 15,
    "deliver_reports_schedule": 15,
    "check_live_layers_schedule": 10,
    "watch_kiosks_schedule": 5,
    "keep_up_alerts_schedule": 15,
    "settle_words_schedule": 10,
    "note_freshness_schedule": 5,
}
# Schedule to the months on whose first day it runs, and when.
ON_THE_FIRST: Mapping[str, tuple[tuple[int, ...], int, int]] = {
    "write_monthly_reports": (tuple(range(1, 13)), 6, 15),
    "write_quarterly_reports": ((1, 4, 7, 10), 6, 30),
}
# Tried each hour of a Monday.
DIGEST = "send_alert_digests_schedule"
# The nights of 28 March and 24 October 2026: France goes to summer time and back.
CHANGES = (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC))


@pytest.fixture(scope="module")
def schedules(definitions: Definitions) -> dict[str, ScheduleDefinition]:
    """Every schedule of both code locations."""
    found = [*(definitions.schedules or []), *(live.build_defs().schedules or [])]
    return {one.name: one for one in found if isinstance(one, ScheduleDefinition)}


def _ticks(schedule: ScheduleDefinition, start: datetime, *, days: int = 7) -> list[datetime]:
    """The moments at which the daemon starts a run, its clock set to `start`."""
    assert schedule.execution_timezone is not None
    moments = schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone, ascending=True
    )
    in_utc = (moment.astimezone(UTC) for moment in moments)
    return list(takewhile(lambda moment: moment < start + timedelta(days=days), in_utc))


def test_every_schedule_runs_in_utc_from_the_start(schedules: dict[str, ScheduleDefinition]) -> None:
    """None has to be switched on by hand, and none follows a local clock."""
    assert {name for name, one in schedules.items() if one.execution_timezone != "UTC"} == set()
    assert {name for name, one in schedules.items() if one.default_status != DefaultScheduleStatus.RUNNING} == set()
    assert {*AT, *EVERY, *ON_THE_FIRST, DIGEST} == set(schedules), "each has its moments here, a new one too"


@pytest.mark.parametrize("start", CHANGES)
@pytest.mark.parametrize("name", AT)
def test_a_job_runs_once_at_its_hour_while_clocks_change(
    schedules: dict[str, ScheduleDefinition], name: str, start: datetime
) -> None:
    """Neither twice in the hour that comes twice nor never in the one that is missing."""
    weekday, hour, minute = AT[name]
    days = (start + timedelta(days=place) for place in range(7))
    expected = [day.replace(hour=hour, minute=minute) for day in days if weekday in (None, day.weekday())]
    assert _ticks(schedules[name], start) == expected


@pytest.mark.parametrize("name", ON_THE_FIRST)
def test_a_monthly_job_runs_once_a_month_through_a_whole_year(
    schedules: dict[str, ScheduleDefinition], name: str
) -> None:
    """On the first day of its months, before, between and after both clock changes."""
    months, hour, minute = ON_THE_FIRST[name]
    expected = [datetime(2026, month, 1, hour, minute, tzinfo=UTC) for month in months]
    assert _ticks(schedules[name], datetime(2026, 1, 1, tzinfo=UTC), days=365) == expected


@pytest.mark.parametrize("start", CHANGES)
def test_the_digest_is_tried_each_hour_of_monday(schedules: dict[str, ScheduleDefinition], start: datetime) -> None:
    """Whatever hours a person is left alone in, wherever their gym is, one try finds them."""
    monday = start + timedelta(days=3)
    expected = [monday.replace(hour=hour, minute=20) for hour in range(6, 24)]
    assert (monday.weekday(), _ticks(schedules[DIGEST], start)) == (0, expected)
    for timezone in ("Europe/Paris", "America/Guadeloupe", "Indian/Reunion", "Pacific/Noumea"):
        for quiet_from, quiet_until in ((time(20), time(7)), (time(18), time(12)), (time(0), time(14))):
            assert not all(
                is_quiet(tick, timezone=timezone, quiet_from=quiet_from, quiet_until=quiet_until) for tick in expected
            )


@pytest.mark.parametrize("start", CHANGES)
@pytest.mark.parametrize("name", EVERY)
def test_a_frequent_job_leaves_no_gap_while_clocks_change(
    schedules: dict[str, ScheduleDefinition], name: str, start: datetime
) -> None:
    """The same minutes between any two runs."""
    ticks = _ticks(schedules[name], start)
    gaps = {after - before for before, after in pairwise(ticks)}
    assert gaps == {timedelta(minutes=EVERY[name])}


@pytest.mark.parametrize(
    ("ran_at", "hours"),
    [
        (datetime(2026, 3, 30, 6, tzinfo=UTC), 7 * 24 - 1),
        (datetime(2026, 10, 26, 6, tzinfo=UTC), 7 * 24 + 1),
    ],
)
def test_a_week_is_the_gym_s_own_while_clocks_change(
    simulated: Database, built: object, ran_at: datetime, hours: int
) -> None:
    """From midnight to midnight in Paris: an hour shorter in March, an hour longer in October."""
    with simulated.connect("pipeline") as pipeline:
        reports.write_reports(pipeline, ReportKind.WEEKLY, now=ran_at)
    with simulated.admin() as admin:
        found = admin.execute(
            "delete from insights_reports as reports using gyms "
            "where reports.gym_id = gyms.id and gyms.timezone = 'Europe/Paris' and period_end < %s "
            "and period_end > %s - interval '2 days' "
            "returning extract(epoch from period_end - period_start)::integer / 3600, "
            "(period_start at time zone 'Europe/Paris')::time::text",
            [ran_at, ran_at],
        ).fetchall()
        admin.execute("delete from insights_reports where period_end < %s", [ran_at])
    assert set(found) == {(hours, "00:00:00")}
