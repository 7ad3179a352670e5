"""Runs the pipeline's real processes for a test or a benchmark, and ends exactly those it started."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jarvis.processes import Process
from jarvis.settings import Settings
from orchestration.instance import prepare, processes

REPOSITORY = Path(__file__).resolve().parents[2]


class RunningPipeline:
    """The processes by name."""

    def __init__(self, settings: Settings, log_folder: Path) -> None:
        self.settings = settings
        self.log_folder = log_folder
        self.commands: dict[str, Process] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, process: Process) -> None:
        """The process runs; its output goes to a log of its name."""
        self.commands[process.name] = process
        with (self.log_folder / f"{process.name}.log").open("ab") as log:
            self.running[process.name] = subprocess.Popen(
                process.argv,
                # As the supervisor does: it decides the environment, and bytecode is kept.
                env={**os.environ, **process.environment, "PYTHONPATH": str(REPOSITORY)},
                cwd=process.folder or REPOSITORY,
                stdout=log,
                stderr=log,
                # A group of its own, so that a worker's children end with it.
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """The process and its children are gone, as after kill -9."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def restart(self, name: str) -> None:
        """A process that was killed runs again, as its supervisor would start it."""
        self.start(self.commands[name])

    def stop(self) -> None:
        """Every process was asked to stop, and made to where it did not."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        self.running.clear()


@contextmanager
def running_pipeline(
    settings: Settings,
    folder: Path,
    *,
    module: str = "orchestration.live",
    names: Sequence[str] = ("dagster-live", "worker-live", "dagster-daemon"),
) -> Iterator[RunningPipeline]:
    """The named processes of the pipeline run, with `module` as the live location."""
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        "load_from: [{grpc_server: {location_name: live, host: 127.0.0.1, port: {env: JARVIS_LIVE_CODE_PORT}}}]\n"
    )
    prepare(settings)
    pipeline = RunningPipeline(settings, folder)
    try:
        for process in processes(settings, locations={"live": module}, workspace=workspace):
            if process.name in names:
                pipeline.start(process)
        yield pipeline
    finally:
        pipeline.stop()
