"""The promises of the analysts' door, read from the manifest: contracts, keys, invariants, words and units."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from dashboards.navigation import ENTRIES
from jarvis.alerts import AlertType
from jarvis.reports import ReportKind
from jarvis.settings import load_settings
from orchestration import dbt
from orchestration.diagrams import pictures
from tests.conftest import REPOSITORY

# Columns that would name or reach a member; they never leave the source tables.
NAMING_COLUMNS = {
    "badge_id", "first_name", "last_name", "full_name", "email", "phone", "birth_date", "text", "generated_text",
    "summary_text", "title", "description", "resolution_notes",
}  # fmt: skip

# What a column of each ending must say about its unit.
UNITS = {
    "_seconds": r"\bseconds\b",
    "_minutes": r"\bminutes\b",
    "_ms": r"\bmilliseconds\b",
    "_usd": r"\bdollars\b",
    "_eur": r"\beuros\b",
    "_count": r"\bcount\b",
    "_at": r"\bUTC\b",
    "_score": r"from (-1|0)",
}


@pytest.fixture(scope="module")
def manifest(parsed_project: Path) -> Mapping[str, Any]:
    """dbt's own account of the project; no database is asked."""
    found: Mapping[str, Any] = orjson.loads(parsed_project.read_bytes())
    return found


def models(manifest: Mapping[str, Any], schema: str) -> dict[str, Mapping[str, Any]]:
    """The models of a schema by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == schema
    }


def snapshots(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What dbt keeps the history of, by name."""
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"}


def shown(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The marts that are tables of a gym's or a member's, by name."""
    return {
        name: node
        for name, node in models(manifest, "marts").items()
        if node["config"]["materialized"] != "view" and not node["config"]["meta"].get("is_shared")
    }


def looking_at(manifest: Mapping[str, Any], model: str) -> list[Mapping[str, Any]]:
    """The data tests that look at a model."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and f"model.jarvis.{model}" in node["depends_on"]["nodes"]
    ]


def test_schemas_are_exactly_staging_and_marts(manifest: Mapping[str, Any]) -> None:
    """No schema of a developer's name: those two exist, with their grants."""
    found = {node["schema"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert found == {"staging", "marts"}


def test_a_staging_view_is_one_to_one_with_its_source(manifest: Mapping[str, Any]) -> None:
    """One source each, one view each, and no join or filter in it."""
    staging = {name: node for name, node in models(manifest, "staging").items() if name.startswith("stg_")}
    sources = [node["depends_on"]["nodes"] for node in staging.values()]
    assert all(len(nodes) == 1 and nodes[0].startswith("source.") for nodes in sources)
    assert len({nodes[0] for nodes in sources}) == len(staging) == len(manifest["sources"])
    assert [name for name, node in staging.items() if re.search(r"\b(join|where|group by)\b", node["raw_code"])] == []
    assert {node["config"]["materialized"] for node in staging.values()} == {"view"}


def test_only_staging_reads_sources(manifest: Mapping[str, Any]) -> None:
    """No mart, step or snapshot reads a source past its staging view; a staging view reads nothing else."""
    for node in (*manifest["nodes"].values(),):
        if node["resource_type"] in ("model", "snapshot") and not node["name"].startswith("stg_"):
            strangers = [parent for parent in node["depends_on"]["nodes"] if not parent.startswith(("model.", "seed."))]
            assert strangers == [], node["name"]


def test_every_mart_has_an_enforced_contract(manifest: Mapping[str, Any]) -> None:
    """Types are promised, numbers with their precision, and the policies come back after the swap."""
    marts = models(manifest, "marts")
    assert marts
    for name, node in marts.items():
        assert node["config"]["materialized"] in ("table", "incremental", "view"), name
        assert node["config"]["contract"]["enforced"], name
        assert "{{ protect_mart() }}" in [hook["sql"] for hook in node["config"]["post-hook"]], name
        types = {column["name"]: column["data_type"] for column in node["columns"].values()}
        assert {column for column, kind in types.items() if kind == "numeric"} == set(), name
    for name, node in shown(manifest).items():
        types = {column["name"]: column["data_type"] for column in node["columns"].values()}
        assert types["gym_id"] == "uuid", name
        assert types["built_at"] == "timestamp with time zone", name


def test_what_is_kept_over_builds_forgets_what_is_gone(manifest: Mapping[str, Any]) -> None:
    """A table that is not made whole each time would keep an erased member: it says where it looks who is there."""
    kept = [
        node
        for node in manifest["nodes"].values()
        if (node["resource_type"] == "snapshot" or node["config"].get("materialized") == "incremental")
        and "member_id" in node["columns"]
    ]
    assert {node["name"] for node in kept} == {"fct_sessions", "snp_member_risk", "snp_memberships"}
    for node in kept:
        assert any("forget_gone" in hook["sql"] for hook in node["config"]["post-hook"]), node["name"]


def test_every_snapshot_is_protected_like_a_mart(manifest: Mapping[str, Any]) -> None:
    """A gym's history is that gym's, too."""
    assert snapshots(manifest)
    for name, node in snapshots(manifest).items():
        assert node["schema"] == "marts", name
        assert "{{ protect_mart() }}" in [hook["sql"] for hook in node["config"]["post-hook"]], name
        assert "gym_id" in node["columns"], name


def test_every_mart_says_its_grain_first(manifest: Mapping[str, Any]) -> None:
    """« One row per … » are the first words one reads."""
    for name, node in models(manifest, "marts").items():
        assert node["description"].startswith("One row per "), name


def test_every_mart_has_a_key_a_relationship_and_an_invariant(manifest: Mapping[str, Any]) -> None:
    """Unique and not null over its grain, joinable, and true in a way that a wrong join would break."""
    for name, node in models(manifest, "marts").items():
        found = looking_at(manifest, name)
        kinds = {test["test_metadata"]["name"] for test in found if test.get("test_metadata")}
        singular = [test["name"] for test in found if not test.get("test_metadata")]
        assert singular or "same_rows_as" in kinds, name
        if name in shown(manifest):
            assert has_a_key(node) or ("not_null" in kinds and kinds & {"unique", "unique_together"}), name
            assert "relationships" in kinds, name


def has_a_key(node: Mapping[str, Any]) -> bool:
    """True when the contract names a primary key, which the database itself keeps unique and not null."""
    columns = [constraint for column in node["columns"].values() for constraint in column["constraints"]]
    return any(constraint["type"] == "primary_key" for constraint in (*node["constraints"], *columns))


@pytest.mark.parametrize(
    "model",
    [
        "fct_sessions", "fct_gym_daily", "fct_alert_uplift", "fct_label_agreement", "fct_churn_outcomes",
        "fct_churn_monthly", "fct_kiosk_daily", "fct_alerts", "int_usage__priced", "int_memberships__stays",
    ],
)  # fmt: skip
def test_arithmetic_has_a_unit_test(manifest: Mapping[str, Any], model: str) -> None:
    """Sums, means and days are shown on rows small enough to add up by hand."""
    assert [test["name"] for test in manifest["unit_tests"].values() if test["model"] == model]


def test_the_pictures_are_of_the_project_as_it_stands(parsed_project: Path, manifest: Mapping[str, Any]) -> None:
    """A mart, a key or a relationship that comes or goes is in the pictures; each mart stands in both by its name."""
    for name, picture in pictures(parsed_project).items():
        kept = (REPOSITORY / "docs" / "images" / name).read_text("utf-8")
        assert picture == kept, f"{name} is older than the project: python -m orchestration.diagrams"
        assert [mart for mart in (*models(manifest, "marts"), *snapshots(manifest)) if f">{mart}" not in picture] == []


def test_every_column_is_described(manifest: Mapping[str, Any]) -> None:
    """In every source, view and mart, as a sentence."""
    for node in (
        *manifest["sources"].values(),
        *models(manifest, "staging").values(),
        *models(manifest, "marts").values(),
        *snapshots(manifest).values(),
    ):
        assert node["description"], node["name"]
        assert node["columns"], node["name"]
        for column in node["columns"].values():
            assert column["description"].endswith("."), f"{node['name']}.{column['name']}"


def test_every_selected_column_is_in_the_yaml(manifest: Mapping[str, Any]) -> None:
    """What a staging view selects is what its description lists, in the same order."""
    for name, node in models(manifest, "staging").items():
        if not name.startswith("stg_"):
            continue
        selected = re.findall(r"^ {8}(?:\w+ as )?(\w+),?$", node["raw_code"], re.MULTILINE)
        assert selected == list(node["columns"]), name


@pytest.mark.parametrize("ending", UNITS)
def test_a_column_says_its_unit(manifest: Mapping[str, Any], ending: str) -> None:
    """A number without a unit is a guess."""
    columns = [
        (f"{name}.{column['name']}", column["description"])
        for schema in ("staging", "marts")
        for name, node in models(manifest, schema).items()
        for column in node["columns"].values()
        if column["name"].endswith(ending)
    ]
    assert columns
    assert [name for name, description in columns if not re.search(UNITS[ending], description)] == []


def test_nothing_that_names_a_member_is_in_a_model(manifest: Mapping[str, Any]) -> None:
    """Names, contacts, badges and words stay in the source tables."""
    found = {
        f"{name}.{column}"
        for schema in ("staging", "marts")
        for name, node in models(manifest, schema).items()
        for column in node["columns"]
        if column in NAMING_COLUMNS
    }
    assert found == set()


def test_what_is_personal_is_tagged(manifest: Mapping[str, Any]) -> None:
    """A member's id and what is concluded of them carry the tag, wherever they stand."""
    personal = {
        "member_id", "churn_risk_score", "churn_risk_level", "engagement_score", "visit_trend", "sentiment_trend",
        "usual_visits_per_week", "mute_reason",
    }  # fmt: skip
    untagged = {
        f"{name}.{column['name']}"
        for schema in ("staging", "marts")
        for name, node in models(manifest, schema).items()
        for column in node["columns"].values()
        if column["name"] in personal and "pii" not in column["tags"]
    }
    assert untagged == set()


def test_dbt_score_gives_full_marks(parsed_project: Path) -> None:
    """Every model, seed, snapshot and macro keeps every rule that pyproject.toml does not switch off with a reason."""
    command = [str(Path(sys.executable).with_name("dbt-score")), "lint", "--manifest", str(parsed_project)]
    linted = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout[-3000:] + linted.stderr[-1000:]


def test_exposures_are_the_pages_reports_and_alert_rules(manifest: Mapping[str, Any]) -> None:
    """Each page, each kind of report and each kind of alert says what it stands on, and nothing else does."""
    expected = {
        *(f"page_{entry.url_path.replace('-', '_')}" for entry in ENTRIES),
        *(f"report_{kind.value}" for kind in ReportKind),
        *(f"alert_{kind.value}" for kind in AlertType),
        "api_kpis",
    }
    assert {exposure["name"] for exposure in manifest["exposures"].values()} == expected


def test_every_mart_that_our_code_reads_is_exposed(manifest: Mapping[str, Any]) -> None:
    """Whoever changes a mart sees in dbt's own lineage what stands on it."""
    readers = [*REPOSITORY.glob("dashboards/**/*.sql"), *REPOSITORY.glob("warehouse/stores/*.py")]
    read = set(re.findall(r"(?:from|join) marts\.(\w+)", "\n".join(path.read_text("utf-8") for path in readers)))
    exposed = {
        node.rpartition(".")[2]
        for exposure in manifest["exposures"].values()
        for node in exposure["depends_on"]["nodes"]
    }
    assert read
    assert read - exposed == set()


def test_what_arrives_all_day_has_a_freshness(manifest: Mapping[str, Any]) -> None:
    """Sources that go silent when something breaks say after how long; dbt's `source freshness` looks."""
    fresh = {
        source["name"] for source in manifest["sources"].values() if source["freshness"] and source["loaded_at_field"]
    }
    assert {"openai_realtime_sessions", "member_visits", "kiosk_heartbeats", "churn_scores"} <= fresh


def test_the_project_needs_no_package() -> None:
    """Nothing is fetched from the hub."""
    assert not [name for name in ("packages.yml", "dependencies.yml") if Path(dbt.PROJECT, name).exists()]


def test_a_changed_project_is_parsed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest's name follows the content: an edited model is never served from an old manifest."""
    settings = load_settings({"JARVIS_HOME": str(tmp_path / "home"), "JARVIS_SECRET_KEY": "k"})
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "models" / "one.sql").write_text("select 1")
    monkeypatch.setattr(dbt, "PROJECT", project)
    before = dbt.manifest_path(settings)
    (project / "models" / "one.sql").write_text("select 2")
    assert dbt.manifest_path(settings) != before


def test_a_project_that_does_not_parse_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error ends with dbt's own words, and leaves no manifest behind."""
    settings = load_settings({"JARVIS_HOME": str(tmp_path / "home"), "JARVIS_SECRET_KEY": "k"})
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: jarvis\nversion: '1.0.0'\nprofile: jarvis\n")
    (project / "profiles.yml").write_text(Path(dbt.PROJECT, "profiles.yml").read_text())
    (project / "models" / "broken.sql").write_text("select * from {{ ref('nothing_like_it') }}")
    monkeypatch.setattr(dbt, "PROJECT", project)
    with pytest.raises(dbt.DbtError, match="nothing_like_it"):
        dbt.prepare(settings)
    assert list(dbt.state_folder(settings).glob("manifest-*")) == []
