"""Runs the suites of `jarvis/quality.py` with Great Expectations, and writes what it found as pages.

The library takes seconds to import, so it is imported inside the one function that needs it, in the process of a run;
nothing of it is kept but the pages. It reports home unless told otherwise: it is told here.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jarvis.documentation import Site, folder_of
from jarvis.quality import Expectation, Severity, Suite, Verdict
from jarvis.settings import Settings
from orchestration.quality_pages import Told, make_self_contained

if TYPE_CHECKING:
    import pandas as pd


def docs_folder(settings: Settings) -> Path:
    """Where the pages of the newest run are."""
    return folder_of(settings.home, Site.QUALITY)


def validate(
    suites: Iterable[Suite],
    frames: Mapping[str, "pd.DataFrame"],
    columns: Mapping[str, "pd.DataFrame"],
    *,
    docs: Path | None = None,
) -> list[Verdict]:
    """How every expectation of the suites is met by its frame; pages about it in `docs`, in place of earlier ones.

    Args:
        suites: to run.
        frames: suite name to what it looks at.
        columns: table to its columns, one `column_type` a row; needed where a suite names columns.
        docs: None for no pages.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("raw")
    verdicts: list[Verdict] = []
    told: dict[str, Told] = {}
    for suite in suites:
        for name, frame, expectations in _parts(suite, frames, columns):
            made = [_made(expectation, order) for order, expectation in enumerate(expectations)]
            kept = context.suites.add(gx.ExpectationSuite(name=name, expectations=made, notes=suite.says))
            batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("window")
            definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=kept))
            # Of values at most twenty ids, numbers or words of a vocabulary: the frames hold nothing else.
            found = definition.run(batch_parameters={"dataframe": frame}, result_format="SUMMARY")
            met = sum(bool(result.success) for result in found.results)
            told[name] = Told(suite.says, len(found.results), met)
            by_order = {result.expectation_config.meta["order"]: result for result in found.results}
            verdicts += [_verdict(suite, one, by_order[order]) for order, one in enumerate(expectations)]
    if docs is not None:
        _write_pages(context, docs, told)
    return verdicts


def _parts(
    suite: Suite, frames: Mapping[str, "pd.DataFrame"], columns: Mapping[str, "pd.DataFrame"]
) -> "Iterator[tuple[str, pd.DataFrame, tuple[Expectation, ...]]]":
    """The table's columns, where the suite names some, and its rows."""
    if suite.columns:
        schema = Expectation(
            kind="ColumnDistinctValuesToContainSet",
            arguments={
                "column": "column_type",
                "value_set": [f"{name} {kind}" for name, kind in suite.columns.items()],
            },
        )
        yield f"{suite.name}.columns", columns[suite.table], (schema,)
    yield suite.name, frames[suite.name], suite.expectations


def _made(expectation: Expectation, order: int) -> Any:
    """The library's own object; its place in the suite tells its result apart."""
    import great_expectations.expectations as kinds

    severity = "warning" if expectation.severity is Severity.WARN else "critical"
    kind = getattr(kinds, f"Expect{expectation.kind}")
    return kind(**expectation.arguments, severity=severity, meta={"order": order})


def _verdict(suite: Suite, expectation: Expectation, found: Any) -> Verdict:
    """Our record of one of the library's results."""
    raised = next((one for one in _exceptions(found.exception_info) if one.get("raised_exception")), None)
    is_met = bool(found.success) and raised is None
    counted = found.result.get("unexpected_count")
    return Verdict(
        suite=suite.name,
        expectation=f"{expectation.kind}({expectation.subject})",
        severity=expectation.severity,
        is_met=is_met,
        element_count=int(found.result.get("element_count") or 0),
        unexpected_count=int(counted if counted is not None else not is_met),
        error=None if raised is None else str(raised.get("exception_message", "")).partition("(")[0][:60] or "error",
    )


def _exceptions(information: Any) -> Iterator[Mapping[str, Any]]:
    """Every exception that the library has on record for one result: one, or one a metric."""
    if isinstance(information, Mapping):
        if "raised_exception" in information:
            yield information
        else:
            yield from (one for one in information.values() if isinstance(one, Mapping))


def _write_pages(context: Any, docs: Path, told: Mapping[str, Told]) -> None:
    """The pages of this run stand in the folder, whole, and nothing of an earlier one."""
    fresh = docs.with_name(docs.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    context.add_data_docs_site(
        site_name="pages",
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(fresh)},
        },
    )
    context.build_data_docs(site_names=["pages"])
    make_self_contained(fresh, told)
    former = docs.with_name(docs.name + ".old")
    shutil.rmtree(former, ignore_errors=True)
    if docs.exists():
        docs.rename(former)
    fresh.rename(docs)
    shutil.rmtree(former, ignore_errors=True)
