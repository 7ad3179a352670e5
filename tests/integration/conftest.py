"""A gateway on a database of the test's own, its stand-in shared by the module; other doors bring their own."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from jarvis.settings import Settings
from tests.conftest import Database, cloned_database, empty
from tests.support.built_marts import built, definitions, simulated
from tests.support.gateway_processes import (
    GatewayProcess,
    Network,
    make_network,
    new_token,
    running_gateway,
    running_standin,
)
from tests.support.upstream_tap import UpstreamTap, tapped

__all__ = ["built", "definitions", "simulated"]


@pytest.fixture(scope="module")
def standin_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a stand-in upstream."""
    with running_standin(tmp_path_factory.mktemp("standin") / "standin.log") as port:
        yield port


@pytest.fixture(scope="module")
def standing_gateway(
    server_settings: Settings, template_database: str, standin_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """One gateway for those of a module's tests that leave nothing behind another one would see."""
    home = tmp_path_factory.mktemp("standing")
    with cloned_database(server_settings, template_database, home) as database:
        with database.admin() as connection:
            make_network(connection)
        with running_gateway(database.settings, standin_port=standin_port, log=home / "gateway.log") as process:
            yield process


@pytest.fixture
def emptied(standing_gateway: GatewayProcess) -> Database:
    """The standing gateway's database without a row, for modules whose tests count what they wrote."""
    database = Database(standing_gateway.settings)
    empty(database)
    return database


@pytest.fixture(scope="module")
def standing_token(standing_gateway: GatewayProcess) -> str:
    """The device token of a kiosk of the standing gateway."""
    return new_token(standing_gateway.settings, standing_gateway)


@pytest.fixture
def network(database: Database) -> Network:
    """Gyms, kiosks and members to badge."""
    with database.admin() as connection:
        return make_network(connection)


@pytest.fixture
def tap(standin_port: int) -> Iterator[UpstreamTap]:
    """All that goes upstream, where a module makes it its `upstream_url`."""
    with tapped(standin_port) as wire:
        yield wire


@pytest.fixture
def upstream_url(standin_port: int) -> str:
    """What the gateway dials: the stand-in, where a module puts nothing before it."""
    return f"ws://127.0.0.1:{standin_port}/v1/realtime"


@pytest.fixture
def session_settings() -> Mapping[str, object]:
    """`JARVIS_SESSION_…` settings of the gateway, by the rest of their name."""
    return {}


@pytest.fixture
def gateway(
    database: Database,
    network: Network,
    standin_port: int,
    upstream_url: str,
    session_settings: Mapping[str, object],
    tmp_path: Path,
) -> Iterator[GatewayProcess]:
    """A gateway that serves."""
    with running_gateway(
        database.settings,
        standin_port=standin_port,
        log=tmp_path / "gateway.log",
        realtime_url=upstream_url,
        session=session_settings,
    ) as process:
        yield process


@pytest.fixture
def token(database: Database, gateway: GatewayProcess) -> str:
    """The device token of a provisioned kiosk."""
    return new_token(database.settings, gateway)
