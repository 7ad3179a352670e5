"""The file that stands in for Postgres while it is away: append-only, on disk before it counts.

One file per gateway process, locked for as long as the process lives. A file that can be locked belongs
to a dead process: its records, and the leases of its sessions, are settled by whoever starts next.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from warehouse.stores.sessions import Record, decode_record, encode_record

# New sessions are refused past this: the disk is not the database.
MAX_BYTES = 1024**3


class JournalError(RuntimeError):
    """The journal cannot be kept; the message says what to do."""


class Journal:
    """One process's journal, locked."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream

    @classmethod
    def open(cls, folder: Path, instance: str) -> "Journal":
        """A new, locked journal of this instance.

        Raises:
            JournalError: when the folder cannot be written.
        """
        path = folder / f"{instance}.jsonl"
        # Named as a journal only once it is locked: until then it would look like a dead process's.
        unlocked = path.with_suffix(".new")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise JournalError(
                f"cannot keep a journal in {folder} ({error.strerror}): set JARVIS_HOME to a writable folder"
            ) from error
        stream = os.fdopen(descriptor, "rb+", buffering=0)
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlocked.rename(path)
        return cls(path, stream)

    @classmethod
    def orphans(cls, folder: Path) -> "list[Journal]":
        """The journals of dead processes, locked by us now."""
        found = []
        for path in sorted(folder.glob("*.jsonl")):
            stream = path.open("rb+", buffering=0)
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stream.close()  # Its process lives.
                continue
            found.append(cls(path, stream))
        return found

    @property
    def instance(self) -> str:
        """The gateway process that wrote it."""
        return self.path.stem

    @property
    def size_bytes(self) -> int:
        """Bytes not yet replayed; 0 while Postgres answers."""
        return os.fstat(self._stream.fileno()).st_size

    def append(self, records: Sequence[Record]) -> None:
        """The records are on disk.

        Raises:
            JournalError: when the disk refuses them; none of them counts then.
        """
        lines = b"".join(encode_record(record) for record in records)
        before = self.size_bytes
        try:
            written = 0
            while written < len(lines):
                written += self._stream.write(lines[written:])
            os.fdatasync(self._stream.fileno())
        except OSError as error:
            os.ftruncate(self._stream.fileno(), before)
            raise JournalError(
                f"cannot write the journal {self.path} ({error.strerror}): make room on its disk"
            ) from error

    def read(
        self, *, chunk_size: int = 1000, set_aside: Callable[[bytes], None] | None = None
    ) -> Iterator[list[Record]]:
        """The records in the order they were written; a last line cut by a crash was never acknowledged and is left.

        Args:
            set_aside: takes each line that is no record.

        Raises:
            ValueError: at such a line when nobody takes it.
        """
        with self.path.open("rb") as stream:
            chunk: list[Record] = []
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                try:
                    chunk.append(decode_record(line))
                except ValueError:
                    if set_aside is None:
                        raise
                    set_aside(line)
                if len(chunk) >= chunk_size:
                    yield chunk
                    chunk = []
            if chunk:
                yield chunk

    def empty(self) -> None:
        """All of it is in Postgres: the file starts again."""
        os.ftruncate(self._stream.fileno(), 0)
        os.fdatasync(self._stream.fileno())

    def close(self) -> None:
        """The lock is released; the file stays where it holds records."""
        self._stream.close()

    def remove(self) -> None:
        """The file is gone: nothing of its process is left to settle."""
        self.path.unlink(missing_ok=True)
        self._stream.close()
