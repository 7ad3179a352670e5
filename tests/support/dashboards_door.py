"""A small network to sign in to, and the managers' door as its own process: for the lanes that need it real."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.types.json import Jsonb

from jarvis.passwords import hash_password
from jarvis.second_factor import code_at
from jarvis.settings import Settings
from tests.support.second_factors import plant_second_factor
from warehouse.embedded import free_port

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PASSWORD = "une-phrase-de-passe-longue"

COMPLAINT = "Les douches sont encore froides, c'est la troisième fois cette semaine, j'en ai marre."


@dataclass(frozen=True)
class Network:
    """Two gyms of one franchise and one of another, with somebody in each role."""

    dax: UUID
    pau: UUID
    lyon: UUID
    member: UUID
    kiosk: UUID
    users: dict[str, UUID]
    """E-mail's local part to user id; the domain is salle.test."""


@dataclass(frozen=True)
class RunningDoor:
    """The door's process and where it answers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    settings: Settings
    clients: list[httpx.Client] = field(default_factory=list)
    """Closed with the door."""

    def client(self) -> httpx.Client:
        """A browser's manners: its own cookies, the page's Origin, redirects left to be seen."""
        made = httpx.Client(base_url=self.url, headers={"origin": self.url}, trust_env=False, verify=False, timeout=10)
        self.clients.append(made)
        return made

    def signed_in(self, name: str) -> httpx.Client:
        """A browser in which somebody of the network has signed in."""
        client = self.client()
        answer = client.post("/login", data={"email": f"{name}@salle.test", "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code
        if answer.headers["location"].startswith("/login/"):
            self.pass_second_factor(client, name)
        return client

    def pass_second_factor(self, client: httpx.Client, name: str) -> None:
        """Half signed in, they enter the code of an application that is theirs from now on."""
        with psycopg.connect(self.settings.administration_url, autocommit=True) as admin:
            (user_id,) = admin.execute("select id from users where email = %s", [f"{name}@salle.test"]).fetchone() or ()
            secret = plant_second_factor(admin, self.settings, user_id)
            # Where the role asked for one and there was none, the session waited for setting it up.
            admin.execute(
                "update dashboard_sessions set stage = 'awaits_code' where user_id = %s and stage <> 'open'", [user_id]
            )
        answer = client.post(
            "/login/code", data=form_of(client.get("/login/code").text, code=code_at(secret, moment=time.time()))
        )
        assert answer.status_code == 303, answer.status_code


def form_of(page: str, **typed: str) -> dict[str, str]:
    """What a browser would send of a page's first form: its hidden fields, and what is typed."""
    return {**dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)), **typed}


@contextmanager
def running_door(settings: Settings, log: Path) -> Iterator[RunningDoor]:
    """`python -m dashboards` serves on a free port until the block ends."""
    port = free_port()
    environment = {
        **os.environ,
        "JARVIS_HOME": str(settings.home),
        "JARVIS_DASHBOARDS_PORT": str(port),
        "JARVIS_SECRET_KEY": settings.secret_key,
        "JARVIS_DATABASE_URL_DASHBOARD": settings.database_url_for("dashboard"),
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboards"], cwd=REPOSITORY, env=environment, stdout=stream, stderr=stream
        )
    door = RunningDoor(f"http://127.0.0.1:{port}", process, log, settings)
    try:
        _wait_until_healthy(door)
        yield door
    finally:
        for client in door.clients:
            client.close()
        process.terminate()
        process.wait(timeout=20)


def make_network(connection: psycopg.Connection) -> Network:
    """The network's rows are in the database."""
    franchise, rival, dax, pau, lyon, member, kiosk = (uuid4() for _ in range(7))
    for identity, name in ((franchise, "Landes Fitness"), (rival, "Rhône Forme")):
        connection.execute("insert into franchises (id, name) values (%s, %s)", [identity, name])
    for gym, owner, slug in ((dax, franchise, "dax"), (pau, franchise, "pau"), (lyon, rival, "lyon")):
        connection.execute(
            "insert into gyms (id, franchise_id, slug, name) values (%s, %s, %s, %s)",
            [gym, owner, slug, f"Salle de {slug.capitalize()}"],
        )
    connection.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, first_name, last_name) values (%s, %s, %s, %s, %s)",
        [member, dax, "B1", "Inès", "Larrieu"],
    )
    connection.execute(
        "insert into kiosks (id, gym_id, slug, name) values (%s, %s, 'entree', 'Borne entrée')", [kiosk, dax]
    )
    people = {
        "admin": ("super_admin", None, None, "Alix Admin"),
        "franchise": ("franchise_owner", franchise, None, "Fanny Etcheverry"),
        "dax": ("gym_manager", None, dax, "Camille Durand"),
        "dax-adjoint": ("gym_manager", None, dax, "Sacha Petit"),
        "equipe-dax": ("gym_staff", None, dax, "Noé Labat"),
        "pau": ("gym_manager", None, pau, "Paul Pouey"),
        "lyon": ("gym_manager", None, lyon, "Lou Martin"),
        "analyste": ("analyst", franchise, None, "Ana Lyse"),
        "partante": ("gym_manager", None, dax, "Léa Partie"),
    }
    password_hash = hash_password(PASSWORD)
    users = {name: uuid4() for name in people}
    for name, (role, franchise_id, gym_id, full_name) in people.items():
        connection.execute(
            "insert into users (id, email, full_name, role, franchise_id, gym_id) values (%s, %s, %s, %s, %s, %s)",
            [users[name], f"{name}@salle.test", full_name, role, franchise_id, gym_id],
        )
        connection.execute(
            "insert into user_credentials (user_id, password_hash) values (%s, %s)", [users[name], password_hash]
        )
    return Network(dax, pau, lyon, member, kiosk, users)


def add_alert(
    connection: psycopg.Connection,
    network: Network,
    *,
    gym_id: UUID | None = None,
    title: str = "Avis négatif : douches et casiers",
    words: str = COMPLAINT,
    description: str = "À la borne, un adhérent a exprimé de la frustration. Ses mots sont cités ci-dessous.",
    actions: Sequence[str] = ("Contacter l'adhérent pour s'excuser et l'écouter", "Faire vérifier le problème signalé"),
    priority: str = "high",
    alert_type: str = "negative_feedback",
    status: str = "pending",
    minutes_ago: int = 12,
) -> UUID:
    """An alert as the pipeline writes it, in Dax unless told otherwise."""
    gym, at = gym_id or network.dax, datetime.now(UTC) - timedelta(minutes=minutes_ago)
    is_dax, has_member = gym == network.dax, alert_type != "equipment_issue"
    identity = uuid4()
    connection.execute(
        """
        insert into manager_alerts (
            id, gym_id, member_id, kiosk_id, alert_type, priority, title, description, recommended_actions, context,
            status, resolved_at, dedup_key, last_occurred_at, created_at
        ) values (
            %(id)s, %(gym)s, %(member)s, %(kiosk)s, %(type)s, %(priority)s, %(title)s, %(description)s,
            %(actions)s, %(context)s, %(status)s, case when %(status)s in ('resolved', 'dismissed') then now() end,
            %(key)s, %(at)s, %(at)s
        )
        """,
        {
            "id": identity,
            "gym": gym,
            "member": network.member if is_dax and has_member else None,
            "kiosk": network.kiosk if is_dax and has_member else None,
            "type": alert_type,
            "priority": priority,
            "title": title,
            "description": description,
            "actions": Jsonb(list(actions)),
            "context": Jsonb({"turns": [{"turn_id": str(uuid4()), "text": words, "said_at": at.isoformat()}]}),
            "status": status,
            "key": str(identity),
            "at": at,
        },
    )
    return identity


def _wait_until_healthy(door: RunningDoor) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if door.process.poll() is not None:
            break
        try:
            if httpx.get(f"{door.url}/healthz", trust_env=False, verify=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the door did not answer: {json.dumps(door.log.read_text()[-2000:])}")
