"""A gateway on a database of the test's own, its stand-in shared by the module; other doors bring their own."""

from collections.abc import Iterator, Mapping
from contextlib import closing

import psycopg
import pytest

from jarvis.settings import Settings
from tests.conftest import Database, empty, rows
from tests.support.built_marts import built, definitions, records, scope_of, simulated
from tests.support.gateway_processes import (
    GatewayProcess,
    Network,
    make_network,
    new_token,
    running_gateway,
    running_standin,
    wait_until,
)
from tests.support.growing_marts import built_days, days
from tests.support.sign_in_app import SignInApp, sign_in_app
from tests.support.upstream_tap import UpstreamTap, tapped
from tests.tenants import plant
from warehouse.people import Database as Pool

__all__ = ["built", "built_days", "days", "definitions", "records", "scope_of", "simulated"]


@pytest.fixture(scope="module")
def standin_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a stand-in upstream."""
    with running_standin(tmp_path_factory.mktemp("standin") / "standin.log") as port:
        yield port


@pytest.fixture(scope="module")
def standing_tap(standin_port: int) -> Iterator[UpstreamTap]:
    """All that goes upstream, where a module makes it its `upstream_url`."""
    with tapped(standin_port) as wire:
        yield wire


@pytest.fixture
def tap(standing_tap: UpstreamTap) -> UpstreamTap:
    """The same, without what other tests sent."""
    standing_tap.events.clear()
    return standing_tap


@pytest.fixture(scope="module")
def upstream_url(standin_port: int) -> str:
    """What the gateway dials: the stand-in, where a module puts nothing before it."""
    return f"ws://127.0.0.1:{standin_port}/v1/realtime"


@pytest.fixture(scope="module")
def session_settings() -> Mapping[str, object]:
    """`JARVIS_SESSION_…` settings of the gateway, by the rest of their name."""
    return {}


@pytest.fixture(scope="module")
def standing_gateway(
    module_database: Database, standin_port: int, upstream_url: str, session_settings: Mapping[str, object]
) -> Iterator[GatewayProcess]:
    """One gateway for those of a module's tests that leave nothing behind another one would see."""
    with module_database.admin() as connection:
        make_network(connection)
    with running_gateway(
        module_database.settings,
        standin_port=standin_port,
        log=module_database.settings.home / "gateway.log",
        realtime_url=upstream_url,
        session=session_settings,
    ) as process:
        yield process


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    """This test's alone; where the module is marked `one_gateway`, the standing gateway's without a row."""
    if not request.node.get_closest_marker("one_gateway"):
        return request.getfixturevalue("own_database")
    standing = Database(request.getfixturevalue("standing_gateway").settings)
    wait_until(
        lambda: not rows(standing, "select from openai_realtime_sessions where state = 'active'"),
        seconds=30,
        what="the end of the test before",
    )
    empty(standing)
    return standing


@pytest.fixture
def network(database: Database) -> Network:
    """Gyms, kiosks and members to badge."""
    with database.admin() as connection:
        return make_network(connection)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, database: Database, network: Network) -> Iterator[GatewayProcess]:
    """A gateway that serves: this test's own, or the module's where it is marked `one_gateway`."""
    if request.node.get_closest_marker("one_gateway"):
        yield request.getfixturevalue("standing_gateway")
        return
    with running_gateway(
        database.settings,
        standin_port=request.getfixturevalue("standin_port"),
        log=database.settings.home / "gateway.log",
        realtime_url=request.getfixturevalue("upstream_url"),
        session=request.getfixturevalue("session_settings"),
    ) as process:
        yield process


@pytest.fixture
def token(database: Database, gateway: GatewayProcess) -> str:
    """The device token of a provisioned kiosk."""
    return new_token(database.settings, gateway)


@pytest.fixture(scope="module")
def pool(settings: Settings) -> Iterator[Pool]:
    """The managers' door's own connections to the module's database, logged in as jarvis_dashboard."""
    with closing(Pool(settings.database_url_for("dashboard"))) as opened:
        opened.open()
        yield opened


@pytest.fixture(scope="module")
def planted(admin: psycopg.Connection, pool: Pool) -> tuple[psycopg.Connection, Pool]:
    """The superuser's connection and the door's, over the network of `tests/tenants.py`."""
    plant(admin)
    return admin, pool


@pytest.fixture(scope="module")
def served(settings: Settings) -> Iterator[SignInApp]:
    """The sign-in on the module's own database."""
    with sign_in_app(settings) as made:
        yield made


@pytest.fixture
def app(served: SignInApp) -> Iterator[SignInApp]:
    """The same, as if nobody had ever signed in."""
    with served.anew():
        yield served
