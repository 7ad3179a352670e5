"""The lock files install on any machine: pinned by hash, from whatever index that machine trusts."""

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements.uv.lock", "requirements.kiosk.lock")

_REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pinned(name: str) -> dict[str, str]:
    """Package name to version of a lock file."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return {match["name"]: match["version"] for match in _REQUIREMENT.finditer(text)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_by_hash(lock: str) -> None:
    """Each requirement line carries an exact version and at least one sha256."""
    blocks = re.split(r"\n(?=[a-z0-9])", (REPOSITORY / lock).read_text(encoding="utf-8").strip())
    for block in blocks:
        assert _REQUIREMENT.match(block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    """No address and no option of an index stands in a lock file."""
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^--(index|extra-index|find-links|trusted-host)", text, re.MULTILINE)


def test_every_direct_dependency_is_locked() -> None:
    """What pyproject.toml asks for is in the lock, so that the lock is the whole installation."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in asked}
    assert names <= pinned("requirements.lock").keys()
    assert pinned("requirements.uv.lock")["uv"] == pinned("requirements.lock")["uv"]
