"""Settings: one place, sane defaults, one error for all mistakes, no secret in a message."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from jarvis.settings import SettingsError, load_settings, read_env_file

REPOSITORY = Path(__file__).resolve().parents[3]


class Recorder(dict[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(key)
        return super().get(key, default)


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """The least environment that writes nothing outside the test's folder."""
    return {"JARVIS_HOME": str(tmp_path), "JARVIS_SECRET_KEY": "k" * 64}


def test_example_lists_every_setting(base: dict[str, str]) -> None:
    """`.env.example` names exactly the variables that are read."""
    environment = Recorder(base)
    load_settings(environment)
    assert set(read_env_file(REPOSITORY / ".env.example")) == environment.asked


def test_example_changes_nothing(base: dict[str, str]) -> None:
    """Copied as it stands, the example gives the defaults."""
    example = read_env_file(REPOSITORY / ".env.example")
    assert load_settings({**example, **base}) == load_settings(base)


def test_example_describes_every_setting() -> None:
    """Each variable stands in a group that opens with a comment of its own."""
    groups = (REPOSITORY / ".env.example").read_text("utf-8").split("\n\n")
    for group in groups[1:]:
        title, *lines = group.strip().splitlines()
        assert title.startswith("# --- ")
        described = False
        for line in lines:
            described = described or line.startswith("# ")
            assert described, f"{line} stands before any description of its group"


def test_defaults_need_no_network(base: dict[str, str]) -> None:
    """Without a key: embedded database, stand-in upstream, local engine."""
    settings = load_settings(base)
    assert settings.uses_embedded_database
    assert settings.uses_standin
    assert settings.analysis_engine == "local"
    assert settings.realtime_url == "ws://127.0.0.1:8090/v1/realtime"


def test_key_chooses_the_hosted_services(base: dict[str, str]) -> None:
    """With a key: OpenAI's upstream and engine, unless told otherwise."""
    settings = load_settings({**base, "OPENAI_API_KEY": "sk-test"})
    assert (settings.analysis_engine, settings.uses_standin) == ("openai", False)
    assert settings.realtime_url == "wss://api.openai.com/v1/realtime"
    assert (
        load_settings({**base, "OPENAI_API_KEY": "sk-test", "JARVIS_ANALYSIS_ENGINE": "local"}).analysis_engine
        == "local"
    )


def test_one_error_lists_every_mistake(base: dict[str, str]) -> None:
    """All wrong settings are told at once, each with what was found and expected."""
    wrong = {
        "JARVIS_GATEWAY_PORT": "eighty",
        "JARVIS_DAGSTER_PORT": "70000",
        "JARVIS_ANALYSIS_ENGINE": "guess",
        "JARVIS_NEGATIVE_FEEDBACK_BELOW": "-3",
        "JARVIS_REALTIME_URL": "https://example.org",
    }
    with pytest.raises(SettingsError) as caught:
        load_settings({**base, **wrong})
    lines = str(caught.value).splitlines()
    assert sorted(line.split(":")[0] for line in lines) == sorted(wrong)
    assert "found 'eighty', expected a port from 1 to 65535" in str(caught.value)


def test_openai_engine_needs_a_key(base: dict[str, str]) -> None:
    """The engine is refused without its key, and the message names both ways out."""
    with pytest.raises(SettingsError, match="give the key, or set it to 'local'"):
        load_settings({**base, "JARVIS_ANALYSIS_ENGINE": "openai"})


def test_wrong_url_is_never_repeated(base: dict[str, str]) -> None:
    """A database URL may hold a password: the message does not show it."""
    with pytest.raises(SettingsError) as caught:
        load_settings({**base, "JARVIS_DATABASE_URL": "mysql://root:hunter2@db/jarvis"})
    assert "hunter2" not in str(caught.value)
    assert "JARVIS_DATABASE_URL" in str(caught.value)


def test_doors_have_their_own_passwords(base: dict[str, str]) -> None:
    """Each door logs in as its role, with a password that follows from the key and differs by role."""
    settings = load_settings({**base, "JARVIS_DATABASE_URL": "postgresql://boss:secret@db.example:6432/gyms"})
    gateway, dashboard = settings.database_url_for("gateway"), settings.database_url_for("dashboard")
    assert gateway.startswith("postgresql://jarvis_gateway:")
    assert gateway.endswith("@db.example:6432/gyms")
    assert settings.role_password("jarvis_gateway") in gateway
    assert settings.role_password("jarvis_gateway") != settings.role_password("jarvis_dashboard")
    assert "secret" not in gateway + dashboard
    assert settings.database_url_for("admin") == "postgresql://boss:secret@db.example:6432/gyms"


def test_explicit_door_url_wins(base: dict[str, str]) -> None:
    """A door's own URL is used as it stands."""
    url = "postgresql://gate:pass@other/gyms"
    assert load_settings({**base, "JARVIS_DATABASE_URL_GATEWAY": url}).database_url_for("gateway") == url


def test_secret_key_is_kept_privately(tmp_path: Path) -> None:
    """The first start makes a key only its owner can read; the next one finds the same."""
    first = load_settings({"JARVIS_HOME": str(tmp_path)}).secret_key
    assert load_settings({"JARVIS_HOME": str(tmp_path)}).secret_key == first
    assert len(first) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_unwritable_home_is_a_setting_error(tmp_path: Path) -> None:
    """A home that cannot be made is named with what to do."""
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(SettingsError, match="JARVIS_HOME: cannot keep state"):
        load_settings({"JARVIS_HOME": str(blocker / "home")})


def test_env_file_reads_names_and_values(tmp_path: Path) -> None:
    """Comments and blank lines are passed over, quotes and spaces go, a missing file is empty."""
    path = tmp_path / ".env"
    path.write_text("# note\n\nA=1\n B = \"two\" \nC='x=y'\nnonsense\n")
    assert read_env_file(path) == {"A": "1", "B": "two", "C": "x=y"}
    assert read_env_file(tmp_path / "absent") == {}


def test_an_identity_provider_is_off_unless_it_is_set(base: dict[str, str]) -> None:
    """Both who it is and who we are to it; the button names its host where nothing else is said."""
    assert load_settings(base).identity_provider is None
    given = {"JARVIS_OIDC_ISSUER": "https://id.salle.test/realm", "JARVIS_OIDC_CLIENT_ID": "jarvis"}
    found = load_settings({**base, **given}).identity_provider
    assert found is not None
    assert (found.name, found.client_secret) == ("id.salle.test", None)
    secret = load_settings({**base, **given, "JARVIS_OIDC_CLIENT_SECRET": "geheim"})
    assert "geheim" not in repr(secret)


@pytest.mark.parametrize(
    "given",
    [
        {"JARVIS_OIDC_ISSUER": "https://id.salle.test"},
        {"JARVIS_OIDC_CLIENT_ID": "jarvis"},
        {"JARVIS_OIDC_ISSUER": "http://id.salle.test", "JARVIS_OIDC_CLIENT_ID": "jarvis"},
        {"JARVIS_OIDC_ISSUER": "id.salle.test", "JARVIS_OIDC_CLIENT_ID": "jarvis"},
    ],
)
def test_half_an_identity_provider_is_none(base: dict[str, str], given: dict[str, str]) -> None:
    """What is missing, or not encrypted, is told by its name."""
    with pytest.raises(SettingsError, match="JARVIS_OIDC_ISSUER"):
        load_settings({**base, **given})
