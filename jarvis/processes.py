"""What a long-running process of ours is, so that one supervisor can start and stop them all.

Each door lists its own processes (`orchestration.instance.processes`, …); `jarvis/up.py` runs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One command that runs until it is told to stop."""

    name: str
    """Unique among the running ones; names its log."""
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own."""
    folder: Path | None = None
    """Where it runs; where the supervisor does, when None."""
    ready_url: str | None = None
    """Answers 200 once the process serves; None where it serves no HTTP."""
