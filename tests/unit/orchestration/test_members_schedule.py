"""The members' night: when it runs, through both clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dagster._utils.schedules import schedule_execution_time_iterator

from orchestration.live import build_defs
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.members import members_schedule, refresh_members


def test_it_runs_every_night_before_churn_through_both_clock_changes() -> None:
    """At 01:30 UTC on every one of the days around the changes, after midnight in France on all of them."""
    _, schedule = members_schedule()
    (served,) = [one for one in build_defs().schedules or () if one.name == schedule.name]
    assert served.default_status == schedule.default_status
    for start in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        ticks = schedule_execution_time_iterator(start.timestamp(), "30 1 * * *", "UTC", ascending=True)
        for night in range(5):
            tick = next(ticks)
            assert tick == start + timedelta(days=night, hours=1, minutes=30)
            assert tick.astimezone(ZoneInfo("Europe/Paris")).date() == tick.date()
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 1 * * *", "UTC")


def test_it_waits_behind_no_live_run() -> None:
    """All members of all gyms are work for the heavy queue."""
    assert refresh_members.tags[QUEUE_TAG] == HEAVY
