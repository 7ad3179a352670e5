"""The gateway's HTTP side on a free port, in this process, on a database with a small network in it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psycopg
import uvicorn
from fastapi import FastAPI

from jarvis.kiosks import new_token, token_hash
from jarvis.passwords import hash_password
from jarvis.second_factor import code_at
from jarvis.settings import Settings
from tests.conftest import Database, cloned_database
from tests.support.second_factors import plant_second_factor
from tests.tenants import GYMS, PEOPLE, Person, made_id, plant
from voice_gateway.app import create_app
from warehouse.embedded import free_port

PASSWORD = "une-phrase-de-passe-longue"


@dataclass(frozen=True)
class Api:
    """A running gateway and who may call it."""

    url: str
    app: FastAPI
    database: Database
    device_tokens: dict[str, str]
    """Gym to the device token of its kiosk."""

    def client(self, token: str | None = None) -> httpx.Client:
        """A caller with this bearer token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=20)

    def token_of(self, person: Person) -> str:
        """The token of a new session, opened as the sign-in opens it."""
        with self.client() as client:
            answer = client.post("/api/auth/sign-in", json=self.credentials_of(person))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def credentials_of(self, person: Person) -> dict[str, str]:
        """What signs the person in now, with a code where their role asks for one."""
        found = {"email": f"{person.name}@example.org", "password": PASSWORD}
        if person.role == "super_admin":
            with self.database.admin() as admin:
                secret = plant_second_factor(admin, self.database.settings, person.id)
            found["code"] = code_at(secret, moment=time.time())
        return found

    def signed_in(self, person: Person) -> httpx.Client:
        """A caller in the name of a person."""
        return self.client(self.token_of(person))

    def kiosk(self, gym: str) -> httpx.Client:
        """A caller with the device token of a gym's kiosk."""
        return self.client(self.device_tokens[gym])


@contextmanager
def running_api(server: Settings, template: str, home: Path, *, requests_per_minute: int = 100_000) -> Iterator[Api]:
    """The gateway answers on a database of its own, in which everybody of `tests/tenants.py` can sign in."""
    with cloned_database(server, template, home) as cloned:
        settings = replace(
            cloned.settings,
            gateway_port=free_port(),
            # Tests of one module are one address and a few people: they ask more than people do in a minute.
            api_requests_per_minute=requests_per_minute,
            voice_requests_per_minute=requests_per_minute,
            admin_requests_per_minute=requests_per_minute,
        )
        with cloned.admin() as admin:
            plant(admin)
            tokens = plant_credentials(admin)
        app = create_app(settings)
        with serving(app, settings.gateway_port) as url:
            yield Api(url, app, Database(settings), tokens)


def plant_credentials(admin: psycopg.Connection) -> dict[str, str]:
    """Everybody has the one password, and each gym's kiosk a device token."""
    password_hash = hash_password(PASSWORD)
    for person in PEOPLE:
        admin.execute(
            "insert into public.user_credentials (user_id, password_hash) values (%s, %s)", [person.id, password_hash]
        )
    tokens = {gym: new_token() for gym in GYMS}
    for gym, token in tokens.items():
        admin.execute(
            "insert into public.kiosk_credentials (gym_id, kiosk_id, kind, secret_hash) values (%s, %s, 'token', %s)",
            [made_id("gym", gym), made_id("kiosk", gym), token_hash(token)],
        )
    return tokens


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[str]:
    """The app answers on the loopback until the block ends."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the gateway did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join(20)
