"""A gateway on a database of the test's own, its stand-in shared by the module; other doors bring their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.support.built_marts import built, definitions, simulated
from tests.support.gateway_processes import (
    GatewayProcess,
    Network,
    make_network,
    new_token,
    running_gateway,
    running_standin,
)

__all__ = ["built", "definitions", "simulated"]


@pytest.fixture(scope="module")
def standin_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a stand-in upstream."""
    with running_standin(tmp_path_factory.mktemp("standin") / "standin.log") as port:
        yield port


@pytest.fixture
def network(database: Database) -> Network:
    """Gyms, kiosks and members to badge."""
    with database.admin() as connection:
        return make_network(connection)


@pytest.fixture
def gateway(database: Database, network: Network, standin_port: int, tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway that serves."""
    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "gateway.log") as process:
        yield process


@pytest.fixture
def token(database: Database, gateway: GatewayProcess) -> str:
    """The device token of a provisioned kiosk."""
    return new_token(database.settings, gateway)
