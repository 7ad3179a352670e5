"""Hands members' requests to the team, each once, with the alert it becomes; and knows the gym's machines.

SQL is in `queries/requests.sql`, the rules in `jarvis/requests.py`. Request and alert are one transaction: what the
assistant says it has passed on is on the manager's page.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from jarvis.requests import StaffRequest, alert_for
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a gym."""

    name: str
    """Without its number."""
    number: int | None
    """What stands on it; None where there is one of its kind."""
    zone: str


async def machines_of_gym(connection: AsyncConnection, *, kiosk_id: UUID) -> list[Machine]:
    """Every machine of the kiosk's own gym; empty where nobody listed them."""
    async with (
        as_kiosk_async(connection, kiosk_id),
        connection.cursor(row_factory=class_row(Machine)) as cursor,
    ):
        await cursor.execute(queries("requests")["machines_of_gym"], {"kiosk_id": kiosk_id})
        return await cursor.fetchall()


async def ask_staff(connection: AsyncConnection, request: StaffRequest, *, kiosk_id: UUID, call_id: str) -> bool:
    """The request is kept and its alert is open; False when the session is over, and nothing was kept.

    Args:
        call_id: of the tool call that asks; the same call asks once.
    """
    alert = alert_for(request)
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("requests")["ask_staff"],
            {
                "session_id": request.session_id,
                "call_id": call_id,
                "request": Jsonb(
                    {
                        "kind": request.kind,
                        "topic": request.topic,
                        "text": request.text,
                        "machine": request.machine,
                        "zone": request.zone,
                    }
                ),
                "alert": Jsonb(asdict(alert)) if alert else None,
            },
        )
        row = await cursor.fetchone()
    return row is not None and row[0] is not None
