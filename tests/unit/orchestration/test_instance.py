"""The instance: what dagster.yaml says, and which processes share it."""

import json
from pathlib import Path

import pytest
from dagster._core.instance.config import dagster_instance_config

from jarvis.settings import Settings, load_settings
from orchestration.instance import configuration, dagster_home, processes
from orchestration.worker import KEEP_FILES_SECONDS, remove_old_files, waiting_messages


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"JARVIS_HOME": str(tmp_path), "JARVIS_DAGSTER_PORT": "3999"})


def test_dagster_accepts_the_configuration(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster's own validation passes, and the run launcher is Celery's."""
    home = dagster_home(settings)
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(json.dumps(configuration(settings)))
    monkeypatch.setenv("JARVIS_DAGSTER_DATABASE_URL", settings.dagster_database_url())
    accepted, _ = dagster_instance_config(str(home))
    assert accepted["run_launcher"]["class"] == "CeleryRunLauncher"
    assert accepted["run_monitoring"]["enabled"] is True


def test_no_password_is_written_to_disk(settings: Settings) -> None:
    """dagster.yaml names a variable instead."""
    assert settings.role_password("jarvis_pipeline") not in json.dumps(configuration(settings))


def test_every_process_listens_on_loopback_and_shares_the_ports(settings: Settings) -> None:
    """Webserver and daemon find the code servers where they were started."""
    by_name = {process.name: process for process in processes(settings)}
    assert list(by_name) == [
        "dagster-live", "dagster-analytics", "worker-live", "worker-heavy", "dagster-webserver", "dagster-daemon",
    ]  # fmt: skip
    for location in ("live", "analytics"):
        argv = by_name[f"dagster-{location}"].argv
        port = argv[argv.index("--port") + 1]
        assert argv[argv.index("--host") + 1] == "127.0.0.1"
        for reader in ("dagster-webserver", "dagster-daemon"):
            assert by_name[reader].environment[f"JARVIS_{location.upper()}_CODE_PORT"] == port
    webserver = by_name["dagster-webserver"]
    assert webserver.argv[webserver.argv.index("--host") + 1] == "127.0.0.1"
    assert webserver.ready_url == "http://127.0.0.1:3999/server_info"


def test_no_process_runs_where_dagster_finds_a_dotenv(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster writes a `.env` of its folder over the environment: a copied `.env.example` would empty our login."""
    from dagster._core.secrets.env_file import get_env_var_dict

    (tmp_path / ".env").write_text("JARVIS_DATABASE_URL_PIPELINE=\n")
    monkeypatch.chdir(tmp_path)
    dagster_home(settings).mkdir()
    for process in processes(settings):
        assert process.folder == dagster_home(settings), process.name
        assert get_env_var_dict(str(process.folder)) == {}, process.name
        assert process.environment["JARVIS_DATABASE_URL_PIPELINE"], process.name
    assert get_env_var_dict(str(tmp_path)), "the .env here is one that Dagster would read"


def test_the_second_tier_has_a_worker_of_its_own_where_there_is_a_second_tier(tmp_path: Path) -> None:
    """A provider holds up neither the live runs nor the marts, and who asks none pays for no worker."""
    hosted = load_settings({"JARVIS_HOME": str(tmp_path), "OPENAI_API_KEY": "sk-test"})
    local = load_settings(
        {"JARVIS_HOME": str(tmp_path), "OPENAI_API_KEY": "sk-test", "JARVIS_ANALYSIS_ENGINE": "local"}
    )
    workers = [
        {process.name for process in processes(one) if process.name.startswith("worker-")} for one in (hosted, local)
    ]
    assert workers == [{"worker-live", "worker-heavy", "worker-enrichment"}, {"worker-live", "worker-heavy"}]


def test_a_waiting_run_is_recognised_in_the_queue(tmp_path: Path) -> None:
    """A message is read as Celery wrote it, and half a file is not mistaken for one."""
    from kombu import Connection, Queue

    from orchestration.broker import TRANSPORT

    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    with Connection("filesystem://", transport=TRANSPORT, transport_options=options) as connection:
        producer = connection.Producer(serializer="json")
        producer.publish({"run_id": "run-1"}, routing_key="live", declare=[Queue("live")])
    (tmp_path / "00000_half.live.msg").write_bytes(b'{"body": "')
    waiting = waiting_messages(tmp_path)
    assert "run-1" in waiting
    assert "run-2" not in waiting


def test_only_old_files_are_removed(tmp_path: Path) -> None:
    """Results of the last hour stay: a run may still be monitored by them."""
    import os

    old, new = tmp_path / "old", tmp_path / "new"
    for path, changed_at in ((old, 1000.0), (new, 2000.0 + KEEP_FILES_SECONDS)):
        path.write_text("x")
        os.utime(path, (changed_at, changed_at))
    assert remove_old_files(tmp_path, tmp_path / "absent", now=2000.0 + KEEP_FILES_SECONDS) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
