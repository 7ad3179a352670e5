"""What is set for kiosks from afar, as gateways read it and the command line writes it.

The database versions, audits and tells each change; `jarvis/kiosk_config.py` says what may be set.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from warehouse.sql import queries
from warehouse.stores import gyms
from warehouse.stores.kiosks import find_kiosk


class ScopeNotFound(LookupError):
    """There is no such franchise; the message names those there are."""


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """What is set, and the version of it: a later change has a greater one."""

    settings: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsScope:
    """Whom settings are for: exactly a franchise, or a gym with or without one of its kiosks."""

    franchise_id: UUID | None = None
    gym_id: UUID | None = None
    kiosk_id: UUID | None = None

    def as_parameters(self) -> dict[str, UUID | None]:
        """For a statement."""
        return {"franchise_id": self.franchise_id, "gym_id": self.gym_id, "kiosk_id": self.kiosk_id}


async def settings_of(connection: AsyncConnection, kiosk_ids: Collection[UUID]) -> dict[UUID, KioskSettings]:
    """What is set for each kiosk, its franchise's and its gym's settings included."""
    cursor = await connection.execute(queries("kiosk_settings")["settings_of"], {"kiosk_ids": list(kiosk_ids)})
    return {row[0]: KioskSettings(row[1], row[2]) for row in await cursor.fetchall()}


def find_scope(
    connection: Connection, *, franchise: str | None = None, gym: str | None = None, kiosk: str | None = None
) -> SettingsScope:
    """The scope by the franchise's name, or by the gym's slug, with or without a kiosk's.

    Raises:
        ScopeNotFound: when there is no such franchise.
        GymNotFound: when there is no such gym.
        KioskNotFound: when the gym has no such kiosk.
    """
    blocks = queries("kiosk_settings")
    if franchise is not None:
        row = connection.execute(blocks["find_franchise"], {"name": franchise}).fetchone()
        if row is None:
            known = ", ".join(found[0] for found in connection.execute(blocks["list_franchises"])) or "there is none"
            raise ScopeNotFound(f"found no franchise '{franchise}', expected one of: {known}")
        return SettingsScope(franchise_id=row[0])
    if kiosk is not None:
        kiosk_id, gym_id = find_kiosk(connection, gym_slug=gym or "", slug=kiosk)
        return SettingsScope(gym_id=gym_id, kiosk_id=kiosk_id)
    return SettingsScope(gym_id=gyms.gym_id_of(connection, gym or ""))


def own_settings(connection: Connection, scope: SettingsScope) -> KioskSettings:
    """What is set for exactly this scope."""
    row = connection.execute(queries("kiosk_settings")["own_settings"], scope.as_parameters()).fetchone()
    return KioskSettings(row[0], row[1]) if row else KioskSettings({}, 0)


def change_settings(
    connection: Connection, scope: SettingsScope, *, settings: Mapping[str, Any], removed: Collection[str] = ()
) -> KioskSettings:
    """These keys hold for the scope, the removed ones are left to the wider scope; what is set now."""
    row = connection.execute(
        queries("kiosk_settings")["change_settings"],
        {**scope.as_parameters(), "settings": Jsonb(dict(settings)), "removed": list(removed)},
    ).fetchone()
    assert row is not None  # An upsert always answers.
    return KioskSettings(row[0], row[1])
