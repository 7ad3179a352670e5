"""How dbt's models and sources are called in Dagster, and with which login dbt runs."""

import os
from pathlib import Path

from dagster import AssetKey

from jarvis.settings import Settings, load_settings
from orchestration.assets.marts import LIVE_ASSETS, Names
from orchestration.dbt import environment, exported


def settings_for(home: Path, **variables: str) -> Settings:
    """Settings of a machine with nothing but these variables."""
    return load_settings({"JARVIS_HOME": str(home), "JARVIS_SECRET_KEY": "k", **variables})


def test_a_source_that_live_computes_carries_the_key_of_its_asset() -> None:
    """Lineage runs across the two locations without a seam."""
    source = {"resource_type": "source", "name": "conversation_summaries", "schema": "public"}
    assert Names().get_asset_key(source) == AssetKey("conversation_summaries")


def test_a_raw_source_carries_the_key_of_its_table() -> None:
    """Tables that the gateway writes are external assets under `raw`."""
    source = {"resource_type": "source", "name": "gyms", "schema": "public"}
    assert Names().get_asset_key(source) == AssetKey(["raw", "gyms"])


def test_a_model_carries_its_schema() -> None:
    """`marts/fct_sessions` can be typed as it is queried."""
    model = {"resource_type": "model", "name": "fct_sessions", "schema": "marts"}
    assert Names().get_asset_key(model) == AssetKey(["marts", "fct_sessions"])


def test_every_live_asset_exists_in_the_live_location() -> None:
    """A key that nobody computes would cut the graph in two."""
    from orchestration.assets.alerts import manager_alerts
    from orchestration.assets.conversations import conversation_summaries
    from orchestration.assets.members import member_analytics

    keys = {asset.key.to_user_string() for asset in (conversation_summaries, member_analytics, manager_alerts)}
    assert keys == LIVE_ASSETS


def test_dbt_logs_in_as_the_pipeline(tmp_path: Path) -> None:
    """The URL of the door is taken apart, with its escapes undone."""
    found = environment(
        settings_for(
            tmp_path, JARVIS_DATABASE_URL_PIPELINE="postgresql://pipe%40x:p%2Fw@db.example:6543/gym%20s?sslmode=require"
        )
    )
    assert {name: value for name, value in found.items() if name.startswith(("JARVIS_", "DBT_ENV_SECRET"))} == {
        "JARVIS_DBT_HOST": "db.example",
        "JARVIS_DBT_PORT": "6543",
        "JARVIS_DBT_USER": "pipe@x",
        "DBT_ENV_SECRET_JARVIS_PASSWORD": "p/w",
        "JARVIS_DBT_DATABASE": "gym s",
        "JARVIS_DBT_SSLMODE": "require",
    }


def test_dbt_keeps_its_state_at_home(tmp_path: Path) -> None:
    """Nothing that a run leaves behind lies in the repository."""
    found = environment(settings_for(tmp_path))
    assert found["DBT_TARGET_PATH"] == str(tmp_path.resolve() / "dbt" / "target")
    assert found["DBT_LOG_PATH"] == str(tmp_path.resolve() / "dbt" / "logs")


def test_exported_variables_are_gone_afterwards() -> None:
    """A warm worker's next run must not find the login of this one."""
    os.environ["JARVIS_DBT_PROBE_OLD"] = "before"
    with exported({"JARVIS_DBT_PROBE_OLD": "during", "JARVIS_DBT_PROBE_NEW": "during"}):
        assert (os.environ["JARVIS_DBT_PROBE_OLD"], os.environ["JARVIS_DBT_PROBE_NEW"]) == ("during", "during")
    assert os.environ.pop("JARVIS_DBT_PROBE_OLD") == "before"
    assert "JARVIS_DBT_PROBE_NEW" not in os.environ
