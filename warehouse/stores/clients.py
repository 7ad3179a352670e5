"""A new client in one step: a franchise or one that is there, its gym, a first kiosk's code, and the first people.

All of it or nothing, under the rights of whoever opens it, through the functions of migrations 0080 and 0300, which
write the audit trail. Single franchises and gyms are changed by the blocks of `queries/network.sql`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from jarvis.kiosks import CODE_TRIES, CODE_VALID_MINUTES, Holder, new_codes, slug_of, stored_code
from jarvis.tenancy import Scope, UserRole
from warehouse.people import Database
from warehouse.sql import queries
from warehouse.stores.account_links import INVITATION_LASTS, NewLink
from warehouse.stores.accounts import PROOF_AGE
from warehouse.stores.sign_in import hashed, new_token
from warehouse.stores.team import refusals

# What a French gym of a chain has; the manager changes it under « Réglages ».
USUAL_HOURS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("06:00", "22:30")),
    "sat": ("08:00", "20:00"),
    "sun": ("09:00", "13:00"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What a new client is made of."""

    franchise_name: str | None
    """Of a franchise to be made; None where `franchise_id` says which, or for an independent gym."""
    franchise_id: UUID | None = None
    city: str | None = None
    gym_name: str
    address: str | None = None
    timezone: str = "Europe/Paris"
    kiosk_name: str
    people: Sequence[tuple[str, UserRole]] = ()
    """E-mail and role of those to invite: owners of the franchise, managers and staff of the gym."""


@dataclass(frozen=True, slots=True)
class OpenedClient:
    """What was made."""

    franchise_id: UUID | None
    gym_id: UUID
    kiosk_id: UUID
    code: str = field(repr=False)
    """Provisions the kiosk within ten minutes; shown this once."""
    links: Sequence[NewLink]
    """The invitations to send."""


class Clients:
    """New clients, in Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_client(self, scope: Scope, token: str, client: NewClient) -> OpenedClient:
        """Everything is there.

        Raises:
            TeamRefused: nothing was made: no proof, no right, an e-mail or a name that is taken.
        """
        with refusals(), self._database.person(scope) as connection:
            return _make(connection, token, client)


def _make(connection: Connection[dict[str, Any]], token: str, client: NewClient) -> OpenedClient:
    franchise_id = client.franchise_id
    if client.franchise_name is not None:
        franchise_id = _ask(
            connection, "create_franchise", name=client.franchise_name, city=client.city, subscription_plan="starter"
        )
    gym_id = _ask(
        connection, "create_gym", franchise_id=franchise_id, slug=slug_of(client.gym_name), name=client.gym_name,
        city=client.city, address=client.address, timezone=client.timezone,
        opening_hours=Jsonb({day: list(hours) for day, hours in USUAL_HOURS.items()}),
    )  # fmt: skip
    kiosk_id = _ask(
        connection, "create_kiosk", gym_id=gym_id, slug=slug_of(client.kiosk_name), name=client.kiosk_name,
        location_in_gym=None,
    )  # fmt: skip
    links = [
        _invite(connection, token, email=email, role=role, franchise_id=franchise_id, gym_id=gym_id)
        for email, role in client.people
    ]
    return OpenedClient(franchise_id, gym_id, kiosk_id, _code(connection, kiosk_id), links)


def _invite(
    connection: Connection[dict[str, Any]], token: str, *, email: str, role: UserRole, franchise_id: UUID | None,
    gym_id: UUID,
) -> NewLink:  # fmt: skip
    secret, is_owner = new_token(), role is UserRole.FRANCHISE_OWNER
    connection.execute(
        queries("team")["invite_person"],
        {
            "token_hash": hashed(token), "proof_age": PROOF_AGE, "email": email, "full_name": None, "role": role.value,
            "franchise_id": franchise_id if is_owner else None, "gym_id": None if is_owner else gym_id,
            "link_hash": hashed(secret), "valid_for": INVITATION_LASTS,
        },
    )  # fmt: skip
    return NewLink(email.lower(), None, secret)


def _code(connection: Connection[dict[str, Any]], kiosk_id: UUID) -> str:
    for code in new_codes():
        stored = stored_code(code)
        try:
            with connection.transaction():
                _ask(
                    connection, "issue_kiosk_code", id=kiosk_id, holder=Holder.PAGE.value, lookup=stored.lookup,
                    code_hash=stored.hash, valid_minutes=CODE_VALID_MINUTES,
                )  # fmt: skip
        except psycopg.errors.UniqueViolation:
            continue
        return code
    raise RuntimeError(f"found {CODE_TRIES} new codes taken, expected a free one: try again")


def _ask(connection: Connection[dict[str, Any]], block: str, **values: Any) -> Any:
    row = connection.execute(queries("network")[block], values).fetchone()
    return None if row is None else row["answer"]
