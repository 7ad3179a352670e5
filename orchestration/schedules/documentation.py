"""Every night at 04:00 UTC the marts' pages are written anew: models, lineage, columns and tests, and two pictures."""

import shutil
from pathlib import Path

from dagster import (
    JobDefinition,
    OpExecutionContext,
    ScheduleDefinition,
    in_process_executor,
    job,
    op,
)

from jarvis.documentation import Site, folder_of
from jarvis.settings import Settings
from orchestration import dbt
from orchestration.diagrams import pictures
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import process_settings
from orchestration.schedules.clock import by_the_clock


def write_marts_pages(settings: Settings) -> Path:
    """The one page of dbt's documentation stands in its folder, the pictures it leads to beside it; its path.

    Raises:
        DbtError: when dbt cannot write it.
    """
    # A folder of its own: a build that runs meanwhile keeps its results.
    target = dbt.state_folder(settings) / "docs"
    dbt.run(settings, "docs", "generate", "--static", overrides={"DBT_TARGET_PATH": str(target)})
    folder = folder_of(settings.home, Site.MARTS)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures(dbt.prepare(settings)).items():
        beside = folder / f"{name}.new"
        beside.write_text(picture, "utf-8")
        beside.replace(folder / name)
    fresh = folder / "index.html.new"
    shutil.copyfile(target / "static_index.html", fresh)
    return fresh.replace(folder / "index.html")


@op
def write_marts_docs(context: OpExecutionContext) -> None:
    """The marts' pages are those of the project as it stands."""
    page = write_marts_pages(process_settings())
    context.add_output_metadata({"page": str(page), "bytes": page.stat().st_size})


@job(
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": "900"},
)
def write_documentation() -> None:
    """Writes the documentation of the marts that the dashboards serve."""
    write_marts_docs()


def documentation_schedule() -> tuple[JobDefinition, ScheduleDefinition]:
    """The job, to be run by hand as well, and the schedule that runs it."""
    return write_documentation, by_the_clock(write_documentation, "0 4 * * *")
