"""dbt inside this process: started once, with the project it has parsed, for every build after the first.

A command line pays for Python's start, dbt's import and the parsing at each call; a worker that
lives pays once. Called by the marts' asset and by `bench/dbt.py`; `orchestration/dbt.py` is the command line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jarvis.settings import Settings
from orchestration.dbt import DbtError, environment, exported, fingerprint

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# The last project parsed in this process, by its fingerprint and the database it was parsed for, which stands in
# every node: an edited one, and one for another database, is parsed anew.
_parsed: dict[tuple[str, str], "Manifest"] = {}

# dbt's names for « this node has ended », of which dagster-dbt makes its own events.
_TOLD = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"})

# Of a failed build, so many faults are told.
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of dbt did."""

    is_success: bool
    events: Sequence[Mapping[str, Any]] = field(repr=False)
    """dbt's own events, each as its JSON log line would be."""
    faults: Sequence[str]
    """Of each node that failed: its name and dbt's message."""

    def raise_if_failed(self) -> None:
        """Returns when dbt succeeded.

        Raises:
            DbtError: naming what failed.
        """
        if not self.is_success:
            raise DbtError("dbt failed:\n" + "\n".join(self.faults[:MOST_FAULTS]))


def invoke(settings: Settings, *arguments: str) -> Outcome:
    """dbt has done what the arguments say, in this process.

    Raises:
        DbtError: when the project does not parse, or dbt itself broke.
    """
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    events: list[Mapping[str, Any]] = []

    def keep(event: Any) -> None:
        # Only what became of a node is told on; the rest is in dbt's log.
        if event.info.name in _TOLD:
            events.append(msg_to_dict(event))

    variables = environment(settings)
    with exported(variables):
        manifest = _manifest(database=variables["JARVIS_DBT_DATABASE"])
        # Its words are in its log; what became of each node is in the events.
        result = dbtRunner(manifest=manifest, callbacks=[keep]).invoke(["--quiet", *arguments])
    if result.exception is not None:
        raise DbtError(f"dbt {arguments[0]} failed: {result.exception}") from result.exception
    ran = getattr(result.result, "results", ())
    faults = [f"{one.node.name}: {one.message}" for one in ran if str(one.status) in ("error", "fail", "runtime error")]
    return Outcome(result.success, events, faults)


def _manifest(*, database: str) -> "Manifest":
    """The project as it stands now, parsed in this process; the environment is dbt's already."""
    from dbt.cli.main import dbtRunner

    name = (fingerprint(), database)
    if name not in _parsed:
        parsed = dbtRunner().invoke(["parse", "--quiet"])
        if not parsed.success:
            raise DbtError(f"dbt parse failed: {parsed.exception}") from parsed.exception
        _parsed.clear()
        _parsed[name] = parsed.result  # type: ignore[assignment]
    return _parsed[name]
