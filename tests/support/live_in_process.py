"""The live job in the process of a test: on a database of the test's, a run at a time."""

from dagster import DagsterInstance, Definitions, ExecuteInProcessResult

from orchestration.resources import Warehouse


class WarehouseAt(Warehouse):
    """A warehouse at a given address."""

    address: str

    def url(self) -> str:
        return self.address


def run(definitions: Definitions, job: str, instance: DagsterInstance, **options: bool) -> ExecuteInProcessResult:
    """What became of one run of a job."""
    return definitions.resolve_job_def(job).execute_in_process(instance=instance, **options)
