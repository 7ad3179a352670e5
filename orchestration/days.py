"""The days that can be backfilled, one Dagster partition each: what a gym calls that day, in its own time zone.

Both locations name them: conversations in `reanalysis.py`, marts in `mart_backfill.py`.
"""

from datetime import date

from dagster import Config, DailyPartitionsDefinition
from pydantic import Field

# Before the first gym; today is a partition, too.
DAYS = DailyPartitionsDefinition(start_date="2024-01-01", timezone="UTC", end_offset=1)

# Of one run: more than that is a build with --full-refresh, or a change of engine.
MOST_DAYS = 92


class Days(Config):
    """Several days in one run, where a run for each would only start and stop."""

    last: str = Field(
        default="", description="The last day, such as 2026-03-31; the partition's own where it is empty."
    )


class DaysRefused(ValueError):
    """No such span of days; the message says what was expected."""


def span(partition_key: str, days: Days) -> tuple[date, date]:
    """First and last day, both included.

    Raises:
        DaysRefused: when the last is no day, lies before the first, or more than `MOST_DAYS` after it.
    """
    first = date.fromisoformat(partition_key)
    try:
        last = date.fromisoformat(days.last) if days.last else first
    except ValueError:
        raise DaysRefused(f"found last: {days.last!r}, expected a day such as {first}") from None
    if not 0 <= (last - first).days < MOST_DAYS:
        raise DaysRefused(f"found {first} to {last}, expected up to {MOST_DAYS} days from the first on")
    return first, last
