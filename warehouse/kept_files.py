"""Files that a retention rule speaks of: which ones, and how they come to an end.

A file's age is its last change. What is written to for ever, a log, is first set aside under the day's date, so that
it has an end as well. Each machine keeps its own files: the job sees those of the machine it runs on.
`stores/retention.py` reads the rules and keeps the proofs. PDFs are in no file: they are made for each letter.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where the files of one rule lie, as patterns within JARVIS_HOME."""

    old: tuple[str, ...]
    """Those that go once they are past their term."""
    growing: str | None = None
    """Those that are written to for ever, and set aside at each run."""
    is_held_open: bool = False
    """True where a process keeps it open to append: then it is copied and emptied, else renamed."""


PLACES: Mapping[str, FilePlace] = {
    # The supervisor's children append to them as long as they live.
    "log_files": FilePlace(old=("logs/*.log.*",), growing="logs/*.log", is_held_open=True),
    # A journal ends with its replay; what Postgres refused stays, one file for all gateways of a home.
    "quarantine_files": FilePlace(old=("journal/quarantine.ndjson.*",), growing="journal/quarantine.ndjson"),
    # The worker removes them after an hour, when it starts; this is the one that never started again.
    "worker_files": FilePlace(old=("dagster/results/*", "dagster/broker/taken/*")),
}


def old_files(home: Path, place: FilePlace, *, older_than: datetime) -> list[Path]:
    """The files of this place that were last changed before the moment."""
    found = []
    for pattern in place.old:
        for path in home.glob(pattern):
            try:
                if path.is_file() and path.stat().st_mtime < older_than.timestamp():
                    found.append(path)
            except FileNotFoundError:
                continue  # Somebody else has just removed it.
    return found


def set_aside(home: Path, place: FilePlace, *, now: datetime) -> int:
    """What grows for ever begins anew, its past under the day's date beside it; how many files.

    What a process appends between the copy and the emptying is lost: a line of a log, seldom.
    """
    done = 0
    for path in home.glob(place.growing) if place.growing else ():
        if not path.is_file() or path.stat().st_size == 0:
            continue
        past = path.with_name(f"{path.name}.{now:%Y-%m-%d}")
        if past.exists():
            continue  # Set aside today already.
        if place.is_held_open:
            shutil.copyfile(path, past)
            os.truncate(path, 0)
        else:
            path.rename(past)
        os.utime(past, (now.timestamp(), now.timestamp()))
        done += 1
    return done


def remove(paths: list[Path]) -> int:
    """They are gone; how many there were."""
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)
