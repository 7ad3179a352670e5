"""The recipes of CONTRIBUTING.md work as they stand: each is short, and each is run here."""

import asyncio
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import psycopg
import pytest
import yaml
from dagster import materialize
from streamlit.testing.v1 import AppTest

import warehouse.sql
from dashboards import access
from jarvis.tenancy import Scope, UserRole
from orchestration.resources import Warehouse
from tests.conftest import Database
from tests.tenants import plant
from voice_gateway.tools.runner import Tool, ToolContext, definitions, run_tool

REPOSITORY = Path(__file__).resolve().parents[2]
DBT = REPOSITORY / "dbt_project"


def recipes() -> dict[str, str]:
    """File name to the block that follows it."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
    return dict(re.findall(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def loaded(path: str, folder: Path) -> ModuleType:
    """The module a recipe's block makes, imported from a file as it would be."""
    file = folder / Path(path).name
    file.write_text(recipes()[path], encoding="utf-8")
    spec = spec_from_file_location(f"recipe_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class GivenWarehouse(Warehouse):
    """The warehouse of a test's database."""

    given_url: str

    def url(self) -> str:
        """The test's own URL."""
        return self.given_url


def test_recipes_are_short() -> None:
    """Every block has fewer than 30 lines, and would be a new file beside its like (the yml is added to)."""
    found = recipes()
    assert len(found) == 8
    for path, block in found.items():
        assert len(block.splitlines()) < 30, path
        target = REPOSITORY / path
        assert target.parent.is_dir(), path
        assert path.endswith(".yml") == target.exists(), path


def test_migration_goes_up_and_down(database: Database) -> None:
    """The table is closed like its neighbours, and the way back leaves nothing."""
    name = "warehouse/migrations/0900_callback_requests"
    with database.admin() as connection:
        connection.execute(recipes()[f"{name}.sql"].encode())
        security = connection.execute(
            "select relrowsecurity, relforcerowsecurity, (select count(*) from pg_policies where tablename = relname)"
            " from pg_class where relname = 'callback_requests'"
        ).fetchone()
        connection.execute(recipes()[f"{name}.rollback.sql"].encode())
        left = connection.execute("select to_regclass('public.callback_requests')").fetchone()
    assert security == (True, True, 3)
    assert left == (None,)


def test_tool_answers_the_model(tmp_path: Path) -> None:
    """The tool is announced, answers a known class, and tells the model what it expected of an unknown one."""
    tool = cast(Tool, loaded("voice_gateway/tools/class_kit.py", tmp_path).GetClassKit())
    context = ToolContext(kiosk_id=uuid4(), session_id=uuid4(), pool=cast(Any, None))
    answers = [asyncio.run(run_tool([tool], tool.name, {"course": course}, context)) for course in ("boxe", "judo")]
    assert [one["name"] for one in definitions([tool])] == ["get_class_kit"]
    assert answers[0].output == {"ok": True, "message": "Apportez des gants et une serviette."}
    assert answers[1].status == "failed"
    assert "yoga, boxe" in answers[1].output["message"]


def test_asset_counts_quiet_members(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The asset runs on a database and reports the members who stayed away."""
    (tmp_path / "quiet_members.sql").write_text(recipes()["warehouse/queries/quiet_members.sql"], encoding="utf-8")
    monkeypatch.setattr(warehouse.sql, "QUERIES", tmp_path)
    with database.admin() as connection:
        plant(connection)
        connection.execute("update gym_members_v2 set last_visit = now()")
        connection.execute(
            "update gym_members_v2 set last_visit = now() - interval '15 days'"
            " where id = (select id from gym_members_v2 order by id limit 1)"
        )
    asset = loaded("orchestration/assets/quiet_members.py", tmp_path).quiet_members
    result = materialize([asset], resources={"warehouse": GivenWarehouse(given_url=database.url_for("pipeline"))})
    (materialization,) = result.asset_materializations_for_node("quiet_members")
    assert materialization.metadata["members"].value == 1


def test_mart_selects_what_its_contract_promises(database: Database) -> None:
    """The model runs on the staging it names, and gives the columns and types of its contract."""
    model = recipes()["dbt_project/models/marts/fct_gym_doors.sql"]
    (contract,) = yaml.safe_load(recipes()["dbt_project/models/marts/_marts__models.yml"])
    tests = {path.stem for path in (DBT / "tests" / "generic").glob("*.sql")}
    assert {name for test in contract["data_tests"] for name in test} <= tests

    def staged(match: re.Match[str]) -> str:
        source = (DBT / "models" / "staging" / f"{match[1]}.sql").read_text("utf-8")
        return "(" + re.sub(r"\{\{ source\('jarvis', '(\w+)'\) \}\}", r"public.\1", source) + ")"

    statement = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", staged, model)
    with database.admin() as connection:
        cursor = connection.execute(statement.encode())
        types = psycopg.postgres.types
        given = {column.name: types[column.type_code].regtype for column in cursor.description or []}
    assert given == {column["name"]: column["data_type"] for column in contract["columns"]}
    assert all(column["description"] for column in contract["columns"])


def test_page_lists_the_gyms_of_the_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks for the person's scope and shows the gyms the records answer for it."""
    scope = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="Claire Martin")
    asked: list[Scope] = []

    def rows(asking: Scope, question: str) -> list[dict[str, str]]:
        asked.append(asking)
        assert question == "context.gyms"
        return [{"name": "Dax Centre"}, {"name": "Pau Université"}]

    monkeypatch.setattr(access, "require", lambda permission: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=SimpleNamespace(rows=rows)))
    script = tmp_path / "page.py"
    script.write_text(recipes()["dashboards/app_pages/manager/gyms.py"] + "\n\npage()\n", encoding="utf-8")
    app = AppTest.from_file(str(script)).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Salles"]
    assert [line.value for line in app.text] == ["Dax Centre", "Pau Université"]
    assert asked == [scope]
