"""Great Expectations' suites as asset checks on the raw tables, and the gate that keeps the marts from lying.

The checks run once a day, and by hand; their verdicts are kept in `app.quality_results`. The gate is one query over
those, so that a build of the marts, every fifteen minutes, pays nothing for the library.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    TableRecord,
    asset_check,
    multi_asset_check,
)

from jarvis.quality import BLOCKING, BY_NAME, SUITES, Severity, Suite, Verdict
from orchestration.assets.raw import raw_key
from orchestration.quality import docs_folder, validate
from orchestration.resources import Warehouse, process_settings
from warehouse.stores import quality


@multi_asset_check(
    name="raw_quality",
    specs=[AssetCheckSpec(suite.name, asset=raw_key(suite.table), description=suite.says) for suite in SUITES],
    can_subset=True,
)
def raw_quality(context: AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[AssetCheckResult]:
    """Every suite that is asked for, on the rows of the last two days; all of them together renew the pages."""
    names = {key.name for key in context.selected_asset_check_keys}
    suites = [suite for suite in SUITES if suite.name in names]
    now = datetime.now(UTC)
    with warehouse.connect() as connection:
        frames = {suite.name: quality.frame(connection, suite, now=now) for suite in suites}
        columns = {suite.table: quality.columns(connection, suite.table) for suite in suites}
        connection.rollback()
        docs = docs_folder(process_settings()) if len(suites) == len(SUITES) else None
        verdicts = validate(suites, frames, columns, docs=docs)
        quality.keep(connection, verdicts, ran_at=now)
        connection.commit()
    for suite in suites:
        yield _result(suite, [one for one in verdicts if one.suite == suite.name], rows=len(frames[suite.name]))


@asset_check(asset=raw_key("openai_realtime_sessions"), blocking=True)
def raw_tables_may_be_built_upon(warehouse: Warehouse) -> AssetCheckResult:
    """No suite that marts rest on has an error in its newest run; else no mart is built, and the last ones stand."""
    with warehouse.connect() as connection:
        runs = quality.newest(connection, BLOCKING)
    broken = {one.suite: ", ".join(one.unmet_errors) for one in runs if one.unmet_errors}
    return AssetCheckResult(
        passed=not broken,
        severity=AssetCheckSeverity.ERROR,
        metadata={
            "broken": broken,
            "looked_at": {one.suite: one.ran_at.isoformat() for one in runs},
            "never_run": [name for name in BLOCKING if name not in {one.suite for one in runs}],
        },
    )


QUALITY_CHECKS: tuple[AssetChecksDefinition, ...] = (raw_quality, raw_tables_may_be_built_upon)


def _result(suite: Suite, verdicts: Sequence[Verdict], *, rows: int) -> AssetCheckResult:
    """The check of one suite: as bad as the worst expectation that is not met."""
    unmet = [one for one in verdicts if not one.is_met]
    is_error = any(one.severity is Severity.ERROR for one in unmet)
    return AssetCheckResult(
        passed=not unmet,
        check_name=suite.name,
        asset_key=raw_key(BY_NAME[suite.name].table),
        severity=AssetCheckSeverity.ERROR if is_error else AssetCheckSeverity.WARN,
        metadata={
            "rows": rows,
            "unmet": [one.expectation for one in unmet],
            "expectations": MetadataValue.table(
                [
                    TableRecord(
                        {
                            "expectation": one.expectation,
                            "severity": one.severity.value,
                            "met": one.is_met,
                            "unexpected": one.unexpected_count,
                            "error": one.error or "",
                        }
                    )
                    for one in verdicts
                ]
            ),
        },
    )
