"""Each question of the cookbook, asked by an analyst of one franchise of the built demo marts, has its shape."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from dagster import ExecuteInProcessResult

from tests.conftest import REPOSITORY, Database
from warehouse.stores import analysts

COOKBOOK = REPOSITORY / "docs" / "doors" / "cookbook"
PAGE = REPOSITORY / "docs" / "doors" / "analysts.md"
FILES = sorted(COOKBOOK.glob("*.sql"))

EMAIL = "cookbook@example.org"


@dataclass(frozen=True)
class Question:
    """What a file's first lines promise."""

    title: str
    columns: list[tuple[str, str]]
    """Name and type, as Postgres names it."""
    is_answered: bool
    """True where the demo network must give a row."""


def question(path: Path) -> Question:
    """The promise of one file."""
    comment = path.read_text("utf-8").split("\n\n")[0].replace("\n-- ", " ").removeprefix("-- ")
    found = re.fullmatch(
        r"(?P<title>.*?\?) .* Columns: (?P<columns>.*) Rows: (?P<rows>at least one row|may be empty: .+)", comment
    )
    assert found, f"{path.name}: found '{comment}', expected a question, a remark, Columns and Rows"
    columns = [tuple(column.split(" ", 1)) for column in found["columns"].split(", ")]
    return Question(found["title"], columns, found["rows"].startswith("at least"))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def analyst(simulated: Database, built: ExecuteInProcessResult) -> Iterator[psycopg.Connection]:
    """A connection of an analyst whose franchise has one gym or more, but not all."""
    assert built.success
    with simulated.admin() as admin:
        franchise = admin.execute(
            "select franchises.name from public.franchises inner join public.gyms on gyms.franchise_id = franchises.id "
            "group by franchises.name order by count(*) desc, franchises.name limit 1"
        ).fetchone()
        assert franchise is not None
        login, password = analysts.add_login(admin, email=EMAIL, franchise=franchise[0])
        parts = urlsplit(simulated.url_for("admin"))
        netloc = f"{login.role_name}:{password}@{parts.hostname}:{parts.port}"
        try:
            with psycopg.connect(urlunsplit(parts._replace(netloc=netloc)), autocommit=True) as connection:
                yield connection
        finally:
            analysts.remove_login(admin, EMAIL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_question_is_answered_in_the_shape_it_promises(
    simulated: Database, analyst: psycopg.Connection, path: Path
) -> None:
    """Columns and types as written; a row where one is due; no gym of another franchise."""
    promised = question(path)
    cursor = analyst.execute(path.read_bytes())
    rows = cursor.fetchall()
    assert cursor.description is not None
    types = [analyst.adapters.types.get(column.type_code) for column in cursor.description]
    found = [(column.name, kind.regtype) for column, kind in zip(cursor.description, types, strict=True) if kind]
    assert found == promised.columns
    assert rows or not promised.is_answered
    with simulated.admin() as admin:
        all_gyms = {row[0] for row in admin.execute("select gym_name from marts.dim_gyms")}
    own_gyms = {row[0] for row in analyst.execute("select gym_name from marts.dim_gyms")}
    assert own_gyms < all_gyms
    named = {value for row in rows for value in row if value in all_gyms}
    assert named <= own_gyms


def test_the_page_lists_every_question_in_order() -> None:
    """A question that nobody finds helps nobody."""
    listed = re.findall(r"^\d+\. \[(.+?)\]\(cookbook/(.+?)\)$", PAGE.read_text("utf-8"), re.M)
    assert listed == [(question(path).title, path.name) for path in FILES]
    assert len(FILES) == 25
