"""The lock files install on any machine: pinned by hash, from whatever index that machine trusts."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENTS = "tests/clients/requirements.lock"
LOCKS = ("requirements.lock", "requirements.uv.lock", "requirements.kiosk.lock", CLIENTS)

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


def test_every_client_of_the_matrix_is_locked() -> None:
    """What the client lane asks for is in its own lock, from both registries."""
    asked = (REPOSITORY / "tests/clients/requirements.in").read_text(encoding="utf-8").splitlines()
    names = {line for line in asked if line and not line.startswith("#")}
    assert names == {"openai", "openai-agents", "livekit-plugins-openai", "pipecat-ai"}
    assert names <= pinned(CLIENTS).keys()
    package = json.loads((REPOSITORY / "tests/clients/package.json").read_text(encoding="utf-8"))
    locked = _npm_packages()
    for name, version in package["dependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_every_npm_package_is_pinned_by_hash_and_names_no_registry() -> None:
    """Each package has an exact version and a sha512, and none says where it came from."""
    packages = {name: package for name, package in _npm_packages().items() if name}
    assert packages
    for name, package in packages.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+\S*", package["version"]), name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        # Where to send money is no registry.
        assert "://" not in json.dumps({key: value for key, value in package.items() if key != "funding"}), name


def _npm_packages() -> dict[str, dict[str, Any]]:
    lock = json.loads((REPOSITORY / "tests/clients/package-lock.json").read_text(encoding="utf-8"))
    packages: dict[str, dict[str, Any]] = lock["packages"]
    return packages
