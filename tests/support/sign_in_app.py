"""The gate and the sign-in in this process, on a real database, with one plain page behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import psycopg
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboards.app import sign_in_routes
from dashboards.gate import SessionGate
from dashboards.sign_in.links import Postman
from jarvis.settings import Settings
from jarvis.tenancy import Scope
from tests.support.dashboards_door import PASSWORD, Network, form_of, make_network
from warehouse.mailer import mailer_for
from warehouse.people import Database
from warehouse.stores.account_links import AccountLinks
from warehouse.stores.sign_in import DatabaseSessions, Visitor

ORIGIN = "http://salle.test"
HTML = {"accept": "text/html"}


@dataclass
class SignInApp:
    """The app, who can sign in, and its clock."""

    settings: Settings
    admin: psycopg.Connection
    """The superuser, who sees past row security."""
    network: Network
    links: AccountLinks
    postman: Postman
    app: Starlette = field(init=False)
    now: float = 1_800_000_000.0
    """Seconds since the epoch, as the app reads them for codes."""
    clients: list[TestClient] = field(default_factory=list)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Whatever happens inside is taken back in the end: sessions, codes, locks, passwords, rights, the trail."""
        began = self.now
        people = self.admin.execute(
            "select role, franchise_id, gym_id, password_hash, id from users "
            "inner join user_credentials on user_credentials.user_id = users.id"
        ).fetchall()
        try:
            yield
        finally:
            for client in self.clients:
                client.close()
            self.clients.clear()
            self.now = began
            self.admin.execute("truncate dashboard_sessions, second_factors, recovery_codes, account_links, audit_log")
            self.admin.execute("truncate app.sign_in_waits, app.rate_windows")
            self.admin.execute("truncate provider_identities, app.provider_sign_ins")
            for role, franchise_id, gym_id, password_hash, user_id in people:
                self.admin.execute(
                    "update users set role = %s, franchise_id = %s, gym_id = %s, is_active = true, mfa_enabled = false "
                    "where id = %s",
                    [role, franchise_id, gym_id, user_id],
                )
                self.admin.execute(
                    "insert into user_credentials (password_hash, user_id) values (%s, %s) on conflict (user_id) "
                    "do update set password_hash = excluded.password_hash, failed_attempts = 0, locked_until = null",
                    [password_hash, user_id],
                )

    def client(self, *, user_agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0") -> TestClient:
        """A browser's manners: its own cookies, the page's Origin, redirects left to be seen."""
        headers = {"origin": ORIGIN, "user-agent": user_agent}
        made = TestClient(self.app, base_url=ORIGIN, headers=headers, follow_redirects=False, client=("203.0.113.7", 5))
        self.clients.append(made)
        return made

    def sign_in(self, client: TestClient, name: str, password: str = PASSWORD) -> httpx.Response:
        """The answer to an e-mail and a password."""
        return client.post("/login", data={"email": f"{name}@salle.test", "password": password})

    def signed_in(self, name: str) -> TestClient:
        """A browser in which somebody without a second factor has signed in."""
        client = self.client()
        assert self.sign_in(client, name).headers["location"] == "/"
        return client

    def actions(self, name: str) -> list[str]:
        """What the audit trail says this person did, in order."""
        rows = self.admin.execute(
            "select action from audit_log where actor_user_id = %s order by id", [self.network.users[name]]
        )
        return [row[0] for row in rows.fetchall()]


def signed_in(pool: Database, admin: psycopg.Connection, user_id: UUID) -> tuple[Scope, str]:
    """Somebody's scope and session token, as the sign-in gives them, the second factor given where it is asked for."""
    sessions = DatabaseSessions(pool)
    opened = sessions.open(user_id, Visitor())
    assert opened is not None
    admin.execute("update dashboard_sessions set stage = 'open' where user_id = %s", [user_id])
    scope = sessions.resolve(opened.token, is_activity=True)
    assert scope is not None
    return scope, opened.token


def submit(client: TestClient, path: str, *, to: str | None = None, **typed: str) -> httpx.Response:
    """What a browser does with the first form of a page: it fills it in and sends it."""
    page = client.get(path, headers=HTML)
    assert page.status_code == 200, (page.status_code, page.headers.get("location"))
    return client.post(to or path.split("?")[0], data=form_of(page.text, **typed))


def is_in(client: TestClient) -> bool:
    """True where the page behind the gate answers this browser."""
    return client.get("/alertes").status_code == 200


@contextmanager
def sign_in_app(settings: Settings) -> Iterator[SignInApp]:
    """The app on a database that holds the small network."""
    database = Database(settings.database_url_for("dashboard"))
    database.open()
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        links = AccountLinks(database)
        made = SignInApp(settings, admin, make_network(admin), links, Postman(settings, links, mailer_for(settings)))
        made.postman.open()
        made.app = Starlette(
            routes=[
                *sign_in_routes(settings, database, made.postman, refusal_seconds=0, clock=lambda: made.now),
                Route("/{path:path}", _page, methods=["GET", "POST"]),
            ],
            middleware=[
                Middleware(SessionGate, sessions=DatabaseSessions(database), public_url=settings.dashboards_url)
            ],
        )
        try:
            yield made
        finally:
            made.postman.close()
            database.close()


async def _page(request: Request) -> Response:
    return PlainTextResponse(request.headers["x-jarvis-user"])
