"""The documents tell the truth: their links lead somewhere, their commands exist, they name no machine."""

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from jarvis.cli import parser
from jarvis.up import DEMO_DAYS, DEMO_MEMBERS, DEMO_SEED
from warehouse.demo.network import make_places

REPOSITORY = Path(__file__).resolve().parents[2]

_SKIPPED = {
    ".venv",
    ".venv-clients",
    ".git",
    ".jarvis",
    "node_modules",
    "target",
    "dbt_packages",
    ".pytest_cache",
    ".claude",
}
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|[\s/(])(make|jarvis) ((?:[A-Za-z][\w|-]*|--[a-z-]+)(?: [^\n#;&|>]*)?)")


def documents() -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted(path for path in REPOSITORY.rglob("*.md") if not _SKIPPED & set(path.relative_to(REPOSITORY).parts))


def relative(path: Path) -> str:
    """The path as a reader would write it."""
    return str(path.relative_to(REPOSITORY))


def spans(path: Path) -> Iterator[str]:
    """Each line of code a document shows, fenced or inline."""
    for fenced, inline in _CODE.findall(path.read_text("utf-8")):
        yield from (fenced or inline).splitlines()


@cache
def make_targets() -> frozenset[str]:
    """The targets of the Makefile that a person may name."""
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    return frozenset(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))


def subcommands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands one level below a parser."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def command_problem(words: list[str]) -> str | None:
    """Why `jarvis` would not know these words; None where it would."""
    current = parser()
    for word in words:
        below = subcommands(current)
        if word.startswith("--"):
            known = {option for action in current._actions for option in action.option_strings}
            if word.split("=")[0] not in known:
                return f"no option {word}"
        elif below:
            if word not in below:
                return f"no command {word}"
            current = below[word]
    return None


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link of a document leads to a file or folder of the repository."""
    targets = [link.split("#")[0] for link in _LINK.findall(path.read_text("utf-8")) if "://" not in link]
    broken = [target for target in targets if target and not (path.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_commands_exist(path: Path) -> None:
    """Every `make` target and `jarvis` command in a document's code exists, options included."""
    problems = []
    for span in spans(path):
        for tool, rest in _COMMAND.findall(span):
            # Alternatives (`up|doctor`) are for humans; words in quotes are arguments.
            words = re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", rest).split()
            if tool == "make" and words[0] not in make_targets():
                problems.append(f"make {words[0]}")
            if tool == "jarvis" and (problem := command_problem(words)):
                problems.append(f"jarvis {rest}: {problem}")
    assert not problems


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_names_in_commands_are_the_demo_s(path: Path) -> None:
    """Gyms, franchises and people that a command names are there after `make up`: it can be run as it stands."""
    demo = make_places(members=DEMO_MEMBERS, days=DEMO_DAYS, seed=DEMO_SEED, now=datetime(2026, 11, 23, tzinfo=UTC))
    known = {story.gym.slug for story in demo.stories} | {one.name for one in demo.franchises}
    known |= {user.email for user in demo.users}
    shown = "\n".join(spans(path))
    named = re.findall(r"--(?:gym|franchise) (?:\"([^\"]+)\"|([a-z][a-z-]+))", shown)
    named += [("", email) for email in re.findall(r"[\w.-]+@demo\.jarvis[\w.]*", shown)]
    assert not {quoted or plain for quoted, plain in named} - known


def test_command_check_can_fail() -> None:
    """The check above knows a wrong command, a wrong option and a right line."""
    assert command_problem(["kiosk", "dance"]) == "no command dance"
    assert command_problem(["simulate", "--monkeys", "3"]) == "no option --monkeys"
    assert command_problem(["kiosk", "code", "--gym", "dax-centre", "--name", "TEXT"]) is None
    assert "test" in make_targets()
    assert "fly" not in make_targets()
    assert _COMMAND.findall("run `.venv/bin/jarvis kiosk talk --text TEXT`") == [("jarvis", "kiosk talk --text TEXT`")]


# Recipes name files that are to be made: tests/contracts/test_recipes.py checks those.
@pytest.mark.parametrize("path", [one for one in documents() if one.name != "CONTRIBUTING.md"], ids=relative)
def test_paths_exist(path: Path) -> None:
    """Every path of ours in a document's inline code exists."""
    ours = {one.name for one in REPOSITORY.iterdir() if one.is_dir() and one.name not in _SKIPPED}
    inline = re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", path.read_text("utf-8"))
    missing = [name for name in inline if name.split("/")[0] in ours and not (REPOSITORY / name).exists()]
    assert not missing


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_no_machine_is_named(path: Path) -> None:
    """No document holds an absolute path of somebody's machine."""
    found = re.findall(r"(?<![\w.])/(?:home|root|Users|work|mnt|private)/\S*", path.read_text("utf-8"))
    assert not found


def test_decisions_are_numbered_and_listed() -> None:
    """Each decision has its number, its three parts, and a line in the list."""
    folder = REPOSITORY / "docs" / "adr"
    listed = (folder / "README.md").read_text("utf-8")
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name
        assert f"]({path.name})" in listed, path.name


def test_changelog_keeps_its_format() -> None:
    """Keep a Changelog: an Unreleased section on top, and only the known kinds of change."""
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", one) for one in versions[1:])
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
