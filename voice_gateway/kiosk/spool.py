"""Scans that the gateway has not taken yet: on disk before anything else is done with them, in order, once.

One append-only file of JSON lines, readable by its owner only. A line is a scan or the number of one that was
taken; once nothing waits the file is emptied, so that no badge stays on the kiosk. A line that a power cut
left half-written was promised to nobody and is passed over.
"""

import fcntl
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from voice_gateway.kiosk.errors import KioskError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpooledScan:
    """A badge and when it was shown."""

    number: int
    uid: str
    scanned_at: str
    """ISO 8601 with its zone: sent again, it is the same scan."""
    read_at: float | None
    """Seconds of this process's own clock, which never jumps; None for a scan that an earlier process read."""

    def waited_seconds(self) -> float:
        """How long ago the badge was shown; a scan of an earlier process is never of just now."""
        if self.read_at is not None:
            return max(0.0, time.monotonic() - self.read_at)
        return max(3600.0, (datetime.now(UTC) - datetime.fromisoformat(self.scanned_at)).total_seconds())


class Spool:
    """The file and what waits in it. `add` may be called from the reader's thread."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            KioskError: when the file cannot be kept, or another agent keeps it.
        """
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise KioskError(f"cannot keep badges in {path} ({error.strerror}): name a writable folder") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise KioskError(f"found another agent that keeps {path}, expected one a kiosk: stop it first") from error
        content = path.read_bytes()
        self._waiting = {scan.number: scan for scan in _unsent(content)}
        self._last_number = max(self._waiting, default=0)
        if content and not content.endswith(b"\n"):
            self._write(b"\n")
        if not self._waiting:
            self._empty()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, uid: str) -> SpooledScan:
        """The scan survives a power cut from now on."""
        with self._lock:
            self._last_number += 1
            scan = SpooledScan(self._last_number, uid, datetime.now(UTC).isoformat(), time.monotonic())
            try:
                self._write(orjson.dumps({"n": scan.number, "uid": uid, "at": scan.scanned_at}) + b"\n")
            except OSError as error:
                # A full disk loses a badge only if the power goes too.
                log.error("badge not on disk", extra={"errno": error.errno})
            self._waiting[scan.number] = scan
            return scan

    def waiting(self) -> list[SpooledScan]:
        """What is to be sent, oldest first."""
        with self._lock:
            return list(self._waiting.values())

    def done(self, scan: SpooledScan) -> None:
        """The gateway has it: it is not sent again."""
        with self._lock:
            self._waiting.pop(scan.number, None)
            try:
                if self._waiting:
                    self._write(orjson.dumps({"done": scan.number}) + b"\n")
                else:
                    self._empty()
            except OSError as error:
                # A full disk has it sent once more after a restart; the gateway absorbs what comes twice.
                log.error("badge not noted as taken", extra={"errno": error.errno})

    def close(self) -> None:
        """Another agent may keep the file."""
        os.close(self._file)

    def _write(self, line: bytes) -> None:
        os.write(self._file, line)
        os.fdatasync(self._file)

    def _empty(self) -> None:
        os.ftruncate(self._file, 0)
        os.fdatasync(self._file)


def _unsent(content: bytes) -> list[SpooledScan]:
    scans: dict[int, SpooledScan] = {}
    for line in content.splitlines():
        entry = _entry(line)
        if isinstance(entry.get("done"), int):
            scans.pop(entry["done"], None)
        elif isinstance(entry.get("n"), int):
            scans[entry["n"]] = SpooledScan(entry["n"], str(entry.get("uid")), str(entry.get("at")), None)
    return list(scans.values())


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}
