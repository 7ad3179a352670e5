"""`docs/flow.md` is true: every table of the migrated database is named once, with code that is there."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Database

FLOW = REPOSITORY / "docs" / "flow.md"

COLUMNS = ("stage", "table", "writer", "code", "reader")

# Where each door keeps the SQL it reads with.
READING_SQL = {
    "gateway": tuple(
        f"warehouse/queries/{stage}.sql"
        for stage in ("sessions", "kiosks", "classes", "goals", "absences", "requests", "kiosk_badges")
    ),
    "pipeline": tuple(
        f"warehouse/queries/{stage}.sql"
        for stage in (
            "conversations",
            "enrichments",
            "evidence",
            "paid_replies",
            "circuits",
            "members",
            "churn",
            "alerts",
            "alert_choices",
            "alert_upkeep",
            "alert_messages",
            "alert_digests",
            "alert_letters",
            "kiosk_health",
            "incidents",
            "engine_versions",
            "golden",
            "comparison",
        )
    ),
    "dashboards": ("dashboards/*.sql", "dashboards/queries/*.sql"),
    "API": tuple(
        f"warehouse/queries/{stage}.sql"
        for stage in ("overview", "network", "voice", "corrections", "action_items", "desk")
    ),
    "jarvis ask": ("warehouse/queries/search.sql",),
    "dbt": ("dbt_project/models/staging/*.sql",),
}

# Stages of the flow, and the tenants it happens in.
STAGES = {
    "tenancy",
    "kiosks",
    "sessions",
    "conversations",
    "members",
    "churn",
    "alerts",
    "reports",
    "marts",
    "quality",
    "retention",
}


@dataclass(frozen=True)
class Row:
    """One line of the table in the page."""

    stage: str
    table: str
    writer: str
    code: str
    reader: str


def rows_of(page: str) -> list[Row]:
    """The lines of the first table whose header is COLUMNS; cells without their backquotes.

    Raises:
        ValueError: when there is no such table, or a line of it has another number of cells.
    """
    lines = page.splitlines()
    header = next((number for number, line in enumerate(lines) if cells(line) == COLUMNS), None)
    if header is None:
        raise ValueError(f"found no table with the columns {', '.join(COLUMNS)}")
    found = []
    for line in lines[header + 2 :]:
        if not line.startswith("|"):
            break
        row = cells(line)
        if len(row) != len(COLUMNS):
            raise ValueError(f"found {len(row)} cells in {line!r}, expected {len(COLUMNS)}")
        found.append(Row(*row))
    return found


def is_named(table: str, path: Path) -> bool:
    """True when the file, or a query file of a stage that it opens, speaks of the table."""
    text = path.read_text(encoding="utf-8")
    opened = [
        REPOSITORY / "warehouse" / "queries" / f"{stage}.sql" for stage in re.findall(r"queries\(\"(\w+)\"\)", text)
    ]
    return any(re.search(rf"\b{table}\b", found) for found in (text, *(file.read_text("utf-8") for file in opened)))


def cells(line: str) -> tuple[str, ...]:
    """The cells of one line of a markdown table."""
    return tuple(cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|"))


ROWS = rows_of(FLOW.read_text(encoding="utf-8"))


def test_every_table_is_named_once(database: Database) -> None:
    """Tables of the schemas public and app, partitions and the migration runner's own apart."""
    with database.admin() as admin:
        tables = {
            row[0]
            for row in admin.execute(
                "select schemas.nspname || '.' || tables.relname from pg_class as tables "
                "inner join pg_namespace as schemas on tables.relnamespace = schemas.oid "
                "where schemas.nspname in ('public', 'app') and tables.relkind in ('r', 'p') "
                "and not tables.relispartition and tables.relname !~ 'yoyo'"
            )
        }
    assert sorted(row.table for row in ROWS) == sorted(tables)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.table)
def test_the_code_that_writes_a_table_is_there(row: Row) -> None:
    """The path exists, and its file, or a query file of its stage, names the table."""
    path = REPOSITORY / row.code
    assert path.is_file()
    assert is_named(row.table.split(".")[1], path), f"{row.code} does not lead to {row.table}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.table)
def test_a_row_is_filled_in(row: Row) -> None:
    """A stage of the flow, somebody who writes, and somebody who reads."""
    assert row.stage in STAGES
    assert row.writer
    assert row.reader


def test_every_path_in_the_page_exists() -> None:
    """Also those outside the table."""
    page = FLOW.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:[a-z_]+/)+[\w.]*)`", page)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_the_drawing_names_every_mart() -> None:
    """A new mart is drawn too."""
    page = FLOW.read_text(encoding="utf-8")
    marts = {path.stem for path in (REPOSITORY / "dbt_project" / "models" / "marts").glob("*.sql")}
    assert marts
    assert {mart for mart in marts if mart not in page} == set()


def test_the_readers_are_the_doors_whose_sql_selects_from_the_table() -> None:
    """Who is named reads it, and who reads it is named."""
    for row in rows_of(FLOW.read_text(encoding="utf-8")):
        named = {door for door in READING_SQL if re.search(rf"\b{door}\b", row.reader)}
        table = row.table.rpartition(".")[2]
        assert named == {door for door in READING_SQL if selects_from(table, door)}, row.table


def selects_from(table: str, door: str) -> bool:
    """True when a query of the door has the table after from or join, deletes apart."""
    files = [path for pattern in READING_SQL[door] for path in REPOSITORY.glob(pattern)]
    sql = "\n".join(path.read_text("utf-8") for path in files)
    if door == "dbt":
        return bool(re.search(rf"source\('jarvis(_app)?', '{table}'\)", sql))
    return bool(re.search(rf"(?<!delete )\b(from|join)\s+(public\.|app\.)?{table}\b", sql))


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("nothing here", "found no table"),
        ("| stage | table | writer | code | reader |\n|---|---|---|---|---|\n| a | b |", "found 2 cells"),
    ],
)
def test_a_page_that_is_no_table_is_refused(page: str, message: str) -> None:
    """A broken table must not pass as an empty one."""
    with pytest.raises(ValueError, match=message):
        rows_of(page)
