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


# Streamlit's caches, and Python's own: each is shared by everybody whom the process answers.
CACHES = {"cache_data", "cache_resource", "cache", "lru_cache", "cached_property", "memoize"}

# Files of the distribution and of the machine, the same for everybody; whatever holds a row takes the scope instead.
HOLDS_NO_ROW = {
    "choices._timezones", "definitions._definitions", "language.english", "sign_in.pages.english",
    "sign_in.pages._templates", "unsubscribe._template",
}  # fmt: skip


def named(expression: ast.expr) -> str | None:
    """The last name of what is called or decorates: `st.cache_data(ttl=5)` is `cache_data`."""
    if isinstance(expression, ast.Call):
        return named(expression.func)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else None


def bare_caches(source: str) -> list[str]:
    """Names of cached functions that don't take the scope, and of caches made without a decorator."""
    found, decorators = [], set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        caches = [decorator for decorator in node.decorator_list if named(decorator) in CACHES]
        decorators |= {id(part) for decorator in caches for part in ast.walk(decorator)}
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs)}
        if caches and "scope" not in arguments:
            found.append(node.name)
    found += [
        f"line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and id(node) not in decorators and named(node) in CACHES
    ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_cached_function_takes_the_scope(path: Path) -> None:
    """One person's rows never answer another."""
    module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    assert {f"{module}.{name}" for name in bare_caches(path.read_text())} <= HOLDS_NO_ROW


def test_every_exception_is_still_one() -> None:
    """What is listed above as holding no row is there, and cached."""
    there = {
        f"{'.'.join(path.relative_to(PACKAGE).with_suffix('').parts)}.{name}"
        for path in MODULES
        for name in bare_caches(path.read_text())
    }
    assert there == HOLDS_NO_ROW


def test_the_rule_finds_a_bare_cache() -> None:
    """The check above can fail: for every way to cache, and not for what takes the scope."""
    source = """
@st.cache_data
def rows(gym_id): ...
@st.cache_resource(ttl=5)
def frame(): ...
@st.cache_data(ttl=5)
def safe(scope, *, days): ...
@functools.lru_cache(maxsize=9)
def kept(gym_id): ...
@cache
def also(): ...
later = st.cache_data(load)
class Page:
    @cached_property
    def rows(self): ...
"""
    assert sorted(bare_caches(source)) == ["also", "frame", "kept", "line 12", "rows", "rows"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_short(path: Path) -> None:
    """Sixty lines: scope, choices, query, figures, place."""
    assert len(path.read_text().splitlines()) <= 60


def trusting(source: str) -> list[str]:
    """Calls that tell an element to trust HTML or scripts which are not a literal of their own module."""
    tree = ast.parse(source)
    literals = {
        target.id
        for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named_so = [call for call in calls if any((each.arg or "").startswith("unsafe_allow") for each in call.keywords)]
    return [
        ast.unparse(call) for call in named_so
        if not (len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id in literals)
    ]  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_renders_markup_unescaped(path: Path) -> None:
    """No element is told to trust HTML or scripts, but for words that stand in our source and hold no value."""
    source = path.read_text()
    assert trusting(source) == []
    assert source.count("unsafe_allow") == sum(
        (each.arg or "").startswith("unsafe_allow")
        for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) for each in node.keywords
    )  # fmt: skip


def test_trusted_markup_with_a_value_in_it_is_found() -> None:
    """A literal is ours; whatever is made of parts, or of somebody's words, is not."""
    source = """
OURS = "<script>1</script>"
MADE = f"<b>{name}</b>"
st.html(OURS, unsafe_allow_javascript=True)
st.html(MADE, unsafe_allow_javascript=True)
st.html(f"{OURS}{name}", unsafe_allow_javascript=True)
st.markdown(words, unsafe_allow_html=True)
st.html(words)
"""
    assert [found.split("(")[1].split(",")[0] for found in trusting(source)] == ["MADE", "f'{OURS}{name}'", "words"]


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
