"""What the pages share: figures and what they mean, the menu, exports, and the language."""

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboards import definitions, exports, language, navigation, texts_fr, tiles, today
from dashboards.records import QUERIES
from jarvis.tenancy import Scope, UserRole
from tests.unit.dashboards.test_rules import MODULES, PACKAGE
from warehouse.sql import QUERIES as STAGE_QUERIES
from warehouse.sql import read_blocks

# What a page says goes through here.
_SAYING = ("say",)


def calls(name: str, source: str) -> list[ast.Call]:
    """Calls of a function or method of this name."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == name)
            or (isinstance(node.func, ast.Attribute) and node.func.attr == name)
        )
    ]


def literals(call: ast.Call) -> list[str]:
    """The texts given to a call in place."""
    return [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def texts_of(value: object) -> Iterable[str]:
    """The texts of a constant: a sentence, or the words of a vocabulary."""
    if isinstance(value, Mapping):
        return [text for text in value.values() if isinstance(text, str)]
    return [value] if isinstance(value, str) else []


def test_every_question_names_a_block() -> None:
    """A page that asks for a block that is not there would fail in front of a manager."""
    asked = {
        literals(call)[0]
        for path in MODULES
        for method in ("rows", "row")
        for call in calls(method, path.read_text())
        if literals(call)
    }
    files = [*QUERIES.glob("*.sql"), *STAGE_QUERIES.glob("*.sql")]
    there = {f"{path.stem}.{block}" for path in files for block in read_blocks(path)}
    assert asked
    assert asked <= there


def test_every_text_has_its_english() -> None:
    """Nobody who switched reads half a page in French."""
    said = {text for path in MODULES for call in calls("say", path.read_text()) for text in literals(call)}
    said |= {entry.title for entry in navigation.ENTRIES} | {entry.section for entry in navigation.ENTRIES}
    said |= {text for name, value in vars(texts_fr).items() if name.isupper() for text in texts_of(value)}
    assert said - language.english().keys() == set()


def test_no_text_is_translated_for_nobody() -> None:
    """A text that was reworded takes its English along."""
    sources = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "jarvis").rglob("*.py")]
    written = {
        node.value
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert language.english().keys() - written == set()


def test_every_page_is_in_the_menu_once() -> None:
    """A page that nothing lists is a page that nobody finds."""
    modules = {entry.place.__module__ for entry in navigation.ENTRIES}
    files = {
        "dashboards." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in (PACKAGE / "app_pages").rglob("*.py")
        if path.name != "__init__.py"
    }
    assert modules == files
    assert len({entry.url_path for entry in navigation.ENTRIES}) == len(navigation.ENTRIES)


def test_a_figure_says_what_it_means_in_the_words_of_its_mart() -> None:
    """The description of dbt's YAML, with its doc blocks filled in."""
    for tile in today.week([], None):
        words = definitions.definition(*tile.source)
        assert words.endswith(".")
        assert not re.search(r"[{}]", words)
    with pytest.raises(definitions.NoDefinition, match="describe the column"):
        definitions.definition("dim_gyms", "no_such_column")


# A metric under another name than the mart's column.
SAME_FIGURE = {
    "availability_rate": "kiosk_availability_rate", "satisfaction": "mean_satisfaction",
    "left_count": "left_member_count",
}  # fmt: skip

# What has a metric's column and is told in other rows than the metric counts.
NOT_THE_METRIC = {
    ("fct_visits_hourly", "visit_count"): "by the hour",
    ("fct_topics_daily", "session_count"): "by topic: a conversation with two counts twice",
    ("fct_gym_daily", "session_count"): "the wall's of today, with those that go on",
    ("fct_churn_monthly", "left_count"): "months that are not settled are shown, and marked",
    ("fct_franchise_gyms_monthly", "churn_rate"): "the newest month is not settled",
    ("fct_member_weekly", "visit_count"): "one member's week",
    ("fct_sessions", "satisfaction"): "one conversation's, and not the mean",
    ("fct_sessions", "cost_usd"): "one conversation's, and not the sum",
}


def sources_of(path: Path) -> set[tuple[str, str]]:
    """Every mart and column, or metric, that a module takes words from; a name for the mart is looked up there."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {"METRIC": definitions.METRIC} | {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    pairs = {
        (names.get(first.id, "") if isinstance(first, ast.Name) else getattr(first, "value", ""), second.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple) and len(node.elts) == 2
        for first, second in [node.elts]
        if isinstance(second, ast.Constant)
    }
    return {(mart, column) for mart, column in pairs if str(mart).startswith(("fct_", "dim_", definitions.METRIC))}


def test_a_figure_that_has_a_metric_is_told_in_its_words() -> None:
    """One definition per figure: no page quotes a mart's column for what a metric counts."""
    metrics = {name for model, name in definitions._definitions() if model == definitions.METRIC}
    assert set(SAME_FIGURE.values()) <= metrics
    quoted = {one for path in PACKAGE.rglob("*.py") for one in sources_of(path) if one[0] != definitions.METRIC}
    assert len(quoted) > len(NOT_THE_METRIC)
    assert {one for one in quoted if SAME_FIGURE.get(one[1], one[1]) in metrics} == set(NOT_THE_METRIC)


def test_a_figure_says_what_it_means_in_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """French stands beside the English in dbt's YAML, for all that pages show and for nothing else."""
    shown = {source for path in PACKAGE.rglob("*.py") for source in sources_of(path)}
    shown |= {tile.source for tile in today.week([], None)}
    assert {source for source, words in definitions._definitions().items() if words.french} == shown
    monkeypatch.setattr(definitions, "is_english", lambda: False)
    assert definitions.meaning("dim_kiosks", "software_version").startswith("Version annoncée")
    with pytest.raises(definitions.NoDefinition, match=r"description_fr of dim_gyms\.created_at"):
        definitions.meaning("dim_gyms", "created_at")
    monkeypatch.setattr(definitions, "is_english", lambda: True)
    assert {definitions.meaning(*source) for source in shown} == {definitions.definition(*source) for source in shown}


def test_the_week_is_compared_with_the_one_before() -> None:
    """Seven days against the seven before; nothing to compare with is no change."""
    first = date(2026, 11, 9)
    before = {"visit_count": 10, "session_count": 0, "negative_session_count": 1}
    after = {"visit_count": 15, "session_count": 2, "negative_session_count": 0}
    days = [{"local_date": first + timedelta(days=day)} | (before if day < 7 else after) for day in range(14)]
    visits, sessions, negative = today.week(days, None)[2:]
    assert (visits.value, visits.before) == (105, 70)
    assert tiles.change(visits.value, visits.before) == "+50\u202f%"
    assert tiles.change(sessions.value, sessions.before) is None
    assert tiles.change(negative.value, negative.before) == f"−{negative.before:.0f}"
    assert today.week(days[-5:], None)[2].before is None
    assert tiles.percent_change(1001, 1000) == 0
    asked = {"sentiment": "negative", "du": "2026-11-16", "au": "2026-11-22"}
    assert negative.drill == tiles.Drill(url_path="conversations", query=asked, label="Pourquoi ?")


@pytest.mark.parametrize(
    ("now", "before", "more_is_better", "expected"),
    [
        (82, 100, True, ("−18\u202f%", "red", "down")), (82, 100, False, ("−18\u202f%", "green", "down")),
        (120, 100, None, ("+20\u202f%", "gray", "up")), (100, 100, True, ("0\u202f%", "gray", "off")),
        (0, 3, True, ("−3", "red", "down")), (5, None, True, (None, "gray", "off")),
    ],
)  # fmt: skip
def test_a_change_has_a_real_minus_its_arrow_and_its_colour(
    monkeypatch: pytest.MonkeyPatch, now: float, before: float | None, more_is_better: bool | None,
    expected: tuple[str | None, str, str],
) -> None:  # fmt: skip
    """The arrow and the colour are said outright: Streamlit would read them from a hyphen."""
    placed: list[tuple[object, ...]] = []

    def metric(_label: str, _value: str, delta: str | None, **more: object) -> None:
        placed.append((delta, more["delta_color"], more["delta_arrow"]))

    monkeypatch.setattr(st, "metric", metric)
    tile = tiles.Tile(
        label="Visites", value=now, before=before, source=("METRIC", "visit_count"), more_is_better=more_is_better
    )
    monkeypatch.setattr(tiles, "meaning", lambda *_: "Ce qui est compté.")
    tiles.place([tile], rows=[], now=datetime(2026, 11, 23, tzinfo=UTC))
    assert placed == [expected]


def test_an_export_opens_in_a_french_spreadsheet() -> None:
    """Semicolons, decimal commas, a mark for UTF-8; a member's words are never a formula."""
    rows = [
        {"name": '=HYPERLINK("x")', "score": Decimal("0.5"), "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "ok": True,
         "topics": ["showers", "billing"], "none": None, "minus": -3},
    ]  # fmt: skip
    columns = {
        "name": "Nom",
        "score": "Score",
        "at": "Quand",
        "ok": "Actif",
        "topics": "Sujets",
        "none": "Rien",
        "minus": "Δ",
    }
    text = exports.csv_bytes(rows, columns)
    assert text.startswith(b"\xef\xbb\xbf")
    header, row = text.decode("utf-8-sig").splitlines()
    assert header == "Nom;Score;Quand;Actif;Sujets;Rien;Δ"
    assert row == '"\'=HYPERLINK(""x"")";0,5;2026-03-01 10:30;oui;showers, billing;;-3'


@pytest.mark.parametrize(
    ("row", "written"),
    [
        # Half past eleven at night in London is the next day in France, and the evening before overseas.
        ({"at": datetime(2026, 1, 31, 23, 30, tzinfo=UTC)}, "2026-02-01 00:30"),
        ({"at": datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "timezone": "Europe/Paris"}, "2026-02-01 00:30"),
        ({"at": datetime(2026, 7, 31, 23, 30, tzinfo=UTC), "timezone": "America/Martinique"}, "2026-07-31 19:30"),
        ({"at": datetime(2026, 1, 31, 23, 30)}, "2026-01-31 23:30"),
        ({"at": 975.0000000000001}, "975"),
        ({"at": 15.964495}, "15,964495"),
        ({"at": -0.25}, "-0,25"),
        ({"at": Decimal("0E-6")}, "0,000000"),
        ({"at": Decimal("0.001230")}, "0,001230"),
    ],
)
def test_a_file_says_moments_and_numbers_as_the_page_does(row: dict[str, object], written: str) -> None:
    """On the clock of the row's gym, on the network's where it has none, without what binary fractions leave."""
    assert exports.csv_bytes([row], {"at": "x"}).decode("utf-8-sig").splitlines() == ["x", written]


# Fields of lists that hold codes in the database.
CODED = frozenset({
    "role", "status", "owner", "alert_type", "priority", "outcome_code", "sentiment_label", "emotion", "topics",
    "outcome", "churn_risk_level", "visit_trend", "report_type", "close_reason", "model", "source",
})  # fmt: skip
# The lines of these are in words before they are exported.
IN_WORDS = {"clients_list", "conversation_file", "costs_ledger", "kiosk_wall", "supervision_board"}


def test_a_file_holds_the_words_of_the_page() -> None:
    """A code of the database is no word to a manager; one without a label stays, and nothing stays empty."""
    labels = {"topics": {"showers_lockers": "Douches et casiers"}}
    rows = [{"topics": ["showers_lockers", "parking"]}, {"topics": None}]
    text = exports.csv_bytes(rows, {"topics": "Sujets"}, labels).decode("utf-8-sig")
    assert text.splitlines() == ["Sujets", "Douches et casiers, parking", '""']


def a_list() -> None:
    """A list of which a file can be asked for, with a word that its reading puts there."""
    from dashboards import exports
    from dashboards.language import say

    exports.place_later(
        lambda: [{"place": say("Salle"), "state": "open", "is_late": True, "is_done": False}],
        {"place": "Salle", "state": "État", "is_late": "En retard", "is_done": "Terminée"}, name="liste", label="CSV",
        labels={"state": {"open": "Salle"}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("fr", ["Salle;État;En retard;Terminée", "Salle;Salle;oui;non"]),
        ("en", ["Gym;State;Late;Done", "Gym;Gym;yes;no"]),
    ],
)
def test_a_file_speaks_as_its_page_did(language: str, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for when the page's run is over, and nobody's language is known any more."""
    files: list[Callable[[], bytes]] = []
    monkeypatch.setattr("streamlit.download_button", lambda _label, data, **_: files.append(data))
    page = AppTest.from_function(a_list)
    page.session_state["language"] = language
    page.run()
    assert files[0]().decode("utf-8-sig").splitlines() == lines


def headings(path: Path) -> set[str]:
    """The headings of a module's files: its constants by field, and what is written where a file or a table is made."""
    module = importlib.import_module(f"dashboards.{path.stem}")
    kept = {
        text
        for name, value in vars(module).items()
        if re.fullmatch(r"_[A-Z_]+", name) and isinstance(value, dict)
        for text in texts_of(value)
    }
    source = path.read_text(encoding="utf-8")
    given = [argument for name in ("place", "place_later") for call in calls(name, source) for argument in call.args]
    given += [
        node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword) and node.arg == "columns"
    ]
    written = {
        text.value
        for part in given if isinstance(part, ast.Dict)
        for text in part.values if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }  # fmt: skip
    return {text for text in kept | written if re.search(r"[^\W\d_]", text)}


def test_every_heading_of_a_file_has_its_english() -> None:
    """A file's first line is read as its page is."""
    sources = [path for path in PACKAGE.glob("*.py") if "exports.place" in path.read_text(encoding="utf-8")]
    found = {text for path in sources for text in headings(path)}
    assert {"Quoi", "Dernier signe avant", "Route", "Période précédente"} <= found
    assert found - language.english().keys() == set()


def test_no_exported_code_is_without_its_words() -> None:
    """Every list with a file, by its module's `_EXPORTED` and the like."""
    for path in sorted(Path(exports.__file__).parent.glob("*.py")):
        module = importlib.import_module(f"dashboards.{path.stem}") if "exports.place" in path.read_text() else None
        if module is None or path.stem in IN_WORDS:
            continue
        columns = {
            field
            for name, value in vars(module).items()
            if name.startswith("_") and isinstance(value, dict) and ("EXPORTED" in name or name.endswith("COLUMNS"))
            for field in value
        }
        assert columns & CODED <= set(getattr(module, "_LABELS", {})), path.stem


@pytest.mark.parametrize(
    ("role", "first"),
    [(UserRole.GYM_MANAGER, "aujourdhui"), (UserRole.GYM_STAFF, "aujourdhui"), (UserRole.ANALYST, None)],
)
def test_the_menu_offers_what_the_role_may(role: UserRole, first: str | None) -> None:
    """Whoever may act on alerts arrives where it says whom to call; nobody is offered what would refuse them."""
    scope = Scope(user_id=uuid4(), role=role, full_name="Camille Durand")
    offered = navigation.offered(scope)
    assert (offered[0].url_path if offered else None) == first
