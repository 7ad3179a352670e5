"""The journal: what was acknowledged is read back, what was cut is not."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from voice_gateway.journal import Journal, JournalError
from warehouse.stores.sessions import Scope, event_row, name_upstream

SCOPE = Scope(UUID(int=1), UUID(int=2), UUID(int=3))
WRITE = name_upstream(SCOPE, upstream_session_id="sess_1")


def test_records_come_back_as_they_went_in(tmp_path: Path) -> None:
    """Writes and events keep their order and their values."""
    event = event_row(
        SCOPE, seq=1, occurred_at=datetime(2026, 11, 22, tzinfo=UTC), direction="kiosk_in", event={"type": "é\u0000"}
    )
    journal = Journal.open(tmp_path, "gateway-1")
    journal.append([WRITE, event])
    journal.append([WRITE])
    assert [record for chunk in journal.read(chunk_size=2) for record in chunk] == [WRITE, event, WRITE]
    assert "\\u0000" not in event.payload and "\x00" not in event.event_type
    journal.empty()
    assert (journal.size_bytes, list(journal.read())) == (0, [])
    journal.close()


def test_a_line_cut_by_a_crash_is_left_out(tmp_path: Path) -> None:
    """It was never acknowledged."""
    journal = Journal.open(tmp_path, "gateway-1")
    journal.append([WRITE])
    with journal.path.open("ab") as stream:
        stream.write(b'{"kind":"write","reco')
    assert list(journal.read()) == [[WRITE]]
    journal.close()


def test_only_dead_processes_leave_orphans(tmp_path: Path) -> None:
    """A locked journal is somebody's; a closed one is settled by whoever finds it."""
    alive, dead = Journal.open(tmp_path, "gateway-1"), Journal.open(tmp_path, "gateway-2")
    dead.append([WRITE])
    dead.close()
    orphans = Journal.orphans(tmp_path)
    assert [orphan.instance for orphan in orphans] == ["gateway-2"]
    assert list(orphans[0].read()) == [[WRITE]]
    orphans[0].remove()
    assert [path.stem for path in tmp_path.glob("*.jsonl")] == [alive.instance]
    alive.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message says which setting to change."""
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(JournalError, match="JARVIS_HOME"):
        Journal.open(file / "journal", "gateway-1")
