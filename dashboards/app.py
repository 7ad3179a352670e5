"""The managers' door as one ASGI app: the gate, the sign-in, and Streamlit behind them."""

import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards import access
from dashboards.alert_desk import DatabaseAlertDesk
from dashboards.conversation_search import ConversationSearch
from dashboards.docs_pages import docs_routes
from dashboards.gate import PROVIDER_BACK, SessionGate
from dashboards.gateway_watch import GatewayWatch
from dashboards.invitations import Invitations
from dashboards.navigation import ENTRIES
from dashboards.records import Records
from dashboards.report_desk import ReportDesk
from dashboards.shell import shell_routes
from dashboards.sign_in.accounts import AccountPage
from dashboards.sign_in.desk import Desk
from dashboards.sign_in.links import PasswordLinks, Postman
from dashboards.sign_in.login import SignIn
from dashboards.sign_in.oidc import Provider
from dashboards.sign_in.provider import ProviderSignIn
from dashboards.sign_in.second_factor import SecondFactor
from dashboards.theme import streamlit_options
from dashboards.unsubscribe import unsubscribe_routes
from jarvis.second_factor import keys_of
from jarvis.settings import Settings
from jarvis.visitors import ADDRESSES
from warehouse.mailer import mailer_for
from warehouse.people import Database
from warehouse.stores.account_links import AccountLinks
from warehouse.stores.accounts import Accounts
from warehouse.stores.clients import Clients
from warehouse.stores.identity_providers import IdentityProviders
from warehouse.stores.sign_in import REFUSAL_SECONDS, DatabaseSessions, PasswordCheck
from warehouse.stores.team import Team

if TYPE_CHECKING:
    from starlette.routing import Route
    from streamlit import App

SCRIPT = Path(__file__).with_name("main.py")


def create_app(settings: Settings) -> "App":
    """The app, ready to serve; its connections open and close with the server.

    Streamlit keeps one runtime a process, so this is called once.
    """
    from starlette.middleware import Middleware
    from streamlit import App, config

    database = Database(settings.database_url_for("dashboard"))
    sessions, team, mailer = DatabaseSessions(database), Team(database), mailer_for(settings)
    postman = Postman(settings, AccountLinks(database), mailer)
    access.install(
        access.Door(
            sessions=sessions,
            alerts=DatabaseAlertDesk(database),
            records=Records(database),
            conversation_search=ConversationSearch(database),
            team=team,
            invitations=Invitations(settings, team, mailer),
            gateway_address=settings.gateway_address,
            reports=ReportDesk(database, link=settings.dashboards_address),
            # Its own port and not its public address: on the way there stands no proxy that could be down.
            gateway=GatewayWatch(f"http://127.0.0.1:{settings.gateway_port}"),
            clients=Clients(database),
            negative_feedback_below=settings.negative_feedback_below,
            tells_operators=settings.tells_operators,
        )
    )

    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[dict[str, object] | None]:
        database.open()
        postman.open()
        _freeze_what_stays()
        try:
            yield None
        finally:
            postman.close()
            database.close()

    # Before the app: it reads some options while it is made.
    config.get_config_options(force_reparse=True, options_from_flags=streamlit_options(port=settings.dashboards_port))
    return App(
        SCRIPT,
        lifespan=lifespan,
        routes=[
            *sign_in_routes(settings, database, postman),
            *unsubscribe_routes(database, secret_key=settings.secret_key),
            *shell_routes(sessions=sessions),
            *docs_routes(sessions=sessions, home=settings.home),
        ],
        middleware=[Middleware(SessionGate, sessions=sessions, public_url=settings.dashboards_url)],
    )


def sign_in_routes(
    settings: Settings,
    database: Database,
    postman: Postman,
    *,
    refusal_seconds: float = REFUSAL_SECONDS,
    clock: Callable[[], float] = time.time,
) -> list["Route"]:
    """Every route that is not Streamlit's: signing in and out, and one's own account.

    Args:
        refusal_seconds: how long every refused password takes.
        clock: seconds since the epoch.
    """
    sessions = DatabaseSessions(database)
    desk = Desk(
        sessions=sessions,
        accounts=Accounts(database, keys_of(settings)),
        passwords=PasswordCheck(sessions, refusal_seconds=refusal_seconds),
        public_url=settings.dashboards_url,
        form_key=settings.key_for("forms of the dashboards"),
        address_key=settings.key_for(ADDRESSES),
        provider_name=None if settings.identity_provider is None else settings.identity_provider.name,
    )
    provider = (
        None
        if settings.identity_provider is None
        else Provider(
            settings.identity_provider,
            redirect_uri=settings.dashboards_address.rstrip("/") + PROVIDER_BACK,
            clock=clock,
        )
    )
    parts = (
        SignIn(desk),
        SecondFactor(desk, clock=clock),
        AccountPage(desk, clock=clock),
        ProviderSignIn(desk, store=IdentityProviders(database), provider=provider),
        PasswordLinks(desk, links=AccountLinks(database), postman=postman),
    )
    return [route for part in parts for route in part.routes()]


def _freeze_what_stays() -> None:
    """The garbage collector passes over what was loaded to stay.

    Streamlit collects everything after each run of a script: 45 ms over its own modules, at every look of every page.
    Ten open pages cost 47 % of a core without this, 17 % with it.
    """
    # Loaded here instead of by the first visitor, so that they are frozen too.
    for entry in ENTRIES:
        _ = entry.place

    gc.collect()
    gc.freeze()
