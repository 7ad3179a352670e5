"""What the agent keeps on disk: scans until they are taken, and one token, whole and closed to others."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voice_gateway.kiosk.errors import KioskError
from voice_gateway.kiosk.spool import Spool
from voice_gateway.kiosk.token_file import KeptToken, TokenFile

LONG_AGO = datetime(2026, 3, 2, tzinfo=UTC)


def test_scans_survive_the_process(tmp_path: Path) -> None:
    """Another process finds those not taken, in order, with their own time, and none of them of just now."""
    path = tmp_path / "badges.ndjson"
    spool = Spool(path)
    first, second, third = (spool.add(uid) for uid in ("A", "B", "C"))
    assert first.waited_seconds() < 60
    spool.done(second)
    spool.close()
    again = Spool(path)
    assert [(scan.uid, scan.scanned_at) for scan in again.waiting()] == [
        ("A", first.scanned_at),
        ("C", third.scanned_at),
    ]
    assert all(scan.waited_seconds() >= 3600 for scan in again.waiting())
    assert again.add("D").number > third.number
    again.close()


def test_no_badge_stays_once_all_are_taken(tmp_path: Path) -> None:
    """The file is empty then, and was never open to others."""
    path = tmp_path / "badges.ndjson"
    spool = Spool(path)
    for scan in [spool.add("A"), spool.add("B")]:
        assert path.stat().st_mode & 0o777 == 0o600
        spool.done(scan)
    assert path.read_bytes() == b""
    spool.close()


def test_a_full_disk_ends_no_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be noted as taken is sent once more by the next process, which the gateway absorbs."""
    path = tmp_path / "badges.ndjson"
    spool = Spool(path)
    first, _ = spool.add("A"), spool.add("B")

    def refuses(_descriptor: int, _line: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuses)
        spool.done(first)
        assert [scan.uid for scan in spool.waiting()] == ["B"]
    spool.close()
    again = Spool(path)
    assert [scan.uid for scan in again.waiting()] == ["A", "B"]
    again.close()


def test_a_line_cut_by_a_power_failure_is_passed_over(tmp_path: Path) -> None:
    """What stands before and after it is read."""
    path = tmp_path / "badges.ndjson"
    spool = Spool(path)
    spool.add("A")
    spool.close()
    with path.open("ab") as stream:
        stream.write(b'{"n": 2, "uid": "B"')
    again = Spool(path)
    again.add("C")
    again.close()
    third = Spool(path)
    assert [scan.uid for scan in third.waiting()] == ["A", "C"]
    third.close()


def test_two_agents_do_not_share_a_spool(tmp_path: Path) -> None:
    """The second one says so and goes; a folder nobody can write to is told as plainly."""
    spool = Spool(tmp_path / "badges.ndjson")
    with pytest.raises(KioskError, match="found another agent"):
        Spool(tmp_path / "badges.ndjson")
    spool.close()
    (tmp_path / "file").touch()
    with pytest.raises(KioskError, match="name a writable folder"):
        Spool(tmp_path / "file" / "badges.ndjson")


def test_the_token_before_stays_until_the_new_one_was_taken(tmp_path: Path) -> None:
    """Renewed, both are kept; settled, one is: the new one, or the old one where the new one lapsed."""
    file = TokenFile(tmp_path / "home" / "token.json")
    file.write(KeptToken("old", LONG_AGO))
    assert file.renew("new").previous == "old"
    assert (file.settle().token, file.read().previous) == ("new", None)
    file.renew("lapsed")
    assert file.settle(on_previous=True).token == "new"
    assert file.read() == file.settle()


def test_a_token_is_closed_to_others(tmp_path: Path) -> None:
    """Written with 0600 whatever the umask; one that others can read is not used."""
    path = tmp_path / "token.json"
    file = TokenFile(path)
    before = os.umask(0)
    try:
        file.write(KeptToken("secret", LONG_AGO))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(KioskError, match="expected mode 0600") as refused:
        file.read()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"token": "x", "obtained_at": "yesterday"}'])
def test_a_broken_token_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    """One sentence, and none of the contents."""
    path = tmp_path / "token.json"
    with pytest.raises(KioskError, match="expected this kiosk provisioned"):
        TokenFile(path).read()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KioskError, match="give --code again"):
        TokenFile(path).read()
