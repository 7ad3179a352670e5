"""The sensors and schedules our code declares, by name: what the watch expects to hear.

The watch lives beside Dagster and loads no code location, which costs dbt and seconds; Dagster's own records don't
say what should be there, only what once was. `tests/integration/test_asset_graph.py` holds these names to the
definitions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dagster._utils.schedules import reverse_cron_string_iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What should tick."""

    sensors: frozenset[str] = frozenset()
    schedules: Mapping[str, str] = field(default_factory=dict[str, str])
    """The cron string in UTC of each."""


DECLARED = Declared(
    sensors=frozenset({"closed_sessions", "waiting_enrichments", "first_marts", "first_reports"}),
    schedules={
        "check_live_layers_schedule": "*/10 * * * *",
        "note_freshness_schedule": "*/5 * * * *",
        "purge_run_history_schedule": "30 3 * * *",
        "refresh_members_schedule": "30 1 * * *",
        "settle_words_schedule": "*/10 * * * *",
        "watch_kiosks_schedule": "*/5 * * * *",
        "build_marts_schedule": "*/15 * * * *",
        "check_raw_quality_schedule": "50 0 * * *",
        "deliver_reports_schedule": "*/15 * * * *",
        "keep_retention_schedule": "0 3 * * 0",
        "keep_up_alerts_schedule": "7-59/15 * * * *",
        "score_churn_schedule": "0 2 * * *",
        "send_alert_digests_schedule": "20 6-23 * * 1",
        "train_churn_schedule": "0 1 * * 0",
        "write_daily_reports": "30 5 * * *",
        "write_documentation_schedule": "0 4 * * *",
        "write_monthly_reports": "15 6 1 * *",
        "write_quarterly_reports": "30 6 1 1,4,7,10 *",
        "write_weekly_reports": "0 6 * * 1",
    },
)


def last_due(cron: str, *, before: datetime) -> datetime:
    """The newest moment of a cron string in UTC that isn't after `before`."""
    return next(reverse_cron_string_iterator(before.timestamp(), cron, "UTC")).astimezone(UTC)
