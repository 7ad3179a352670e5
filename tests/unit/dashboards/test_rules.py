"""Rules of this package that no type checker knows: caches, page length, what happens at import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dashboards

PACKAGE = Path(dashboards.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGES = [path for path in MODULES if "app_pages" in path.parts and path.name != "__init__.py"]


def bare_caches(source: str) -> list[str]:
    """Names of cached functions that don't take the scope: Streamlit shares a cache among all users."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_cached = any(
            isinstance(part, ast.Attribute) and part.attr in ("cache_data", "cache_resource")
            for decorator in node.decorator_list
            for part in ast.walk(decorator)
        )
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs)}
        if is_cached and "scope" not in arguments:
            found.append(node.name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_cached_function_takes_the_scope(path: Path) -> None:
    """One person's rows never answer another."""
    assert bare_caches(path.read_text()) == []


def test_the_rule_finds_a_bare_cache() -> None:
    """The check above can fail: with and without arguments, and not for one that takes the scope."""
    source = """
@st.cache_data
def rows(gym_id): ...
@st.cache_resource(ttl=5)
def frame(): ...
@st.cache_data(ttl=5)
def safe(scope, *, days): ...
"""
    assert bare_caches(source) == ["rows", "frame"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_short(path: Path) -> None:
    """Sixty lines: scope, choices, query, figures, place."""
    assert len(path.read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_renders_markup_unescaped(path: Path) -> None:
    """No element is told to trust HTML or scripts."""
    assert "unsafe_allow" not in path.read_text()


def test_importing_the_app_connects_to_nothing() -> None:
    """Only names: the pool opens with the server."""
    code = (
        "import socket\n"
        "def refuse(*_): raise SystemExit('connected at import')\n"
        "socket.socket.connect = refuse\n"
        "import dashboards.app, dashboards.app_pages.manager.alerts, dashboards.__main__\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr[-300:]) == (0, "")
