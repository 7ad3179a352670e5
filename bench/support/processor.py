"""How long processes have worked: what a busy machine cannot falsify."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process_id: int) -> float:
    """Seconds a process has spent on a processor, user and system together."""
    return sum(_ticks(process_id)[:2]) / _TICKS_PER_SECOND


def family_cpu_seconds(process_id: int) -> float:
    """Seconds a process and its children, ended ones too, have spent on a processor."""
    ticks = sum(_ticks(process_id))
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(_fields(int(folder.name))[1]) == process_id:
                ticks += sum(_ticks(int(folder.name)))
        except (FileNotFoundError, ProcessLookupError):
            # It ended meanwhile.
            continue
    return ticks / _TICKS_PER_SECOND


def _ticks(process_id: int) -> list[int]:
    """User and system time, then those of children that ended."""
    return [int(field) for field in _fields(process_id)[11:15]]


def _fields(process_id: int) -> list[str]:
    """What /proc tells of a process, from its state on (proc(5))."""
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
