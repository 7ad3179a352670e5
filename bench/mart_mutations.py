"""Faults put into the marts' SQL one at a time, in a copy of the project, and the test of dbt that catches each.

Prints one JSON line: of each fault the model, what was changed, and which tests or constraints failed; a fault that
nothing caught makes the command fail. Starts a database of its own.
"""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.support.database import scratch_database
from jarvis.settings import Settings
from orchestration import dbt
from orchestration.warm_dbt import invoke
from warehouse.demo.simulate import simulate


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of one mart's SQL."""

    model: str
    kind: str
    found: str
    put: str


FAULTS = (
    Fault("fct_sessions", "dropped filter", "where session_state = 'closed'", "where true"),
    Fault("fct_gym_daily", "changed join", "left join visits on", "inner join visits on"),
    Fault("dim_members", "changed join", "left join latest_memberships", "inner join latest_memberships"),
    Fault("fct_costs_daily", "lost rows", "union all", "union"),
    Fault("fct_kiosk_daily", "off by one", "/ 300) + 1", "/ 300)"),
    Fault("fct_churn_monthly", "changed bound", "stays.ended_date >= months.month_date\n        ) as member_count",
          "stays.ended_date > months.month_date\n        ) as member_count"),
    Fault("fct_retention_cohorts", "changed aggregate", "min(started_date))::date", "max(started_date))::date"),
    Fault("fct_alerts", "changed sign", "alerts.resolved_at - alerts.opened", "alerts.opened_at - alerts.opened"),
    Fault("fct_member_weekly", "changed join", "left join visits on", "inner join visits on"),
    Fault("fct_topics_daily", "changed filter", "sentiment_label = 'negative'", "sentiment_label = 'positive'"),
    Fault("fct_churn_outcomes", "changed bound", "held.ended_date + 30", "held.ended_date + 3"),
    Fault("fct_alert_uplift", "changed sign", "control_share - alerted_share", "alerted_share - control_share"),
    Fault("fct_label_agreement", "changed order", "corrections.correction_id desc", "corrections.correction_id asc"),
    Fault("fct_franchise_topics_monthly", "dropped filter",
          "case when member_count >= {{ var('least_members') }} then session_count end", "session_count"),
)  # fmt: skip


def main() -> None:
    """One JSON line; the exit code is 1 where a fault went unseen."""
    parser = argparse.ArgumentParser(prog="python -m bench.mart_mutations", description=__doc__)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--model", help="only the faults of this mart")
    asked = parser.parse_args()
    project = dbt.PROJECT
    with scratch_database() as settings, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(settings.database_url_for("pipeline")) as pipeline:
            simulate(pipeline, days=45, members=asked.members, seed=7, now=datetime(2026, 11, 22, 17, 30, tzinfo=UTC))
        dbt.PROJECT = Path(folder, "dbt_project")
        shutil.copytree(project, dbt.PROJECT)
        invoke(settings, "build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
        copy_database(settings, of=database_name(settings), to="pristine")
        caught = [
            {"model": fault.model, "fault": fault.kind, "caught_by": catchers(settings, fault)}
            for fault in FAULTS
            if asked.model in (None, fault.model)
        ]
    unseen = [one["model"] for one in caught if not one["caught_by"]]
    print(json.dumps({"bench": "mart_mutations", "faults": len(caught), "unseen": unseen, "caught": caught}))
    sys.exit(1 if unseen else 0)


def catchers(settings: Settings, fault: Fault) -> list[str]:
    """The nodes that failed with this fault in the project; the project and the database are whole again afterwards."""
    path = next(dbt.PROJECT.glob(f"models/**/{fault.model}.sql"))
    whole = path.read_text("utf-8")
    if fault.found not in whole:
        raise ValueError(f"found no {fault.found!r} in {path.name}, expected the SQL that the fault changes")
    path.write_text(whole.replace(fault.found, fault.put, 1), "utf-8")
    try:
        # Whole, or rows that stand would be compared with rows that no longer come.
        outcome = invoke(settings, "build", "--full-refresh", "--select", fault.model)
    finally:
        path.write_text(whole, "utf-8")
        copy_database(settings, of="pristine", to=database_name(settings))
    return sorted({one.partition(":")[0] for one in outcome.faults})


def copy_database(settings: Settings, *, of: str, to: str) -> None:
    """The database `to` is a copy of `of`."""
    parts = urlsplit(settings.administration_url)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as root:
        root.execute(f'drop database if exists "{to}" with (force)'.encode())
        root.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [of])
        root.execute(f'create database "{to}" template "{of}"'.encode())


def database_name(settings: Settings) -> str:
    """The name of the database that dbt builds in."""
    return urlsplit(settings.administration_url).path.removeprefix("/")


if __name__ == "__main__":
    main()
