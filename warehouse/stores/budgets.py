"""Reads where a gym stands in its monthly voice budget, and tells its manager of a threshold.

SQL is in `queries/budgets.sql`, the rules in `jarvis/budgets.py`. Both ask for the gym of one kiosk.
"""

from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from jarvis import alerts_fr
from jarvis.budgets import Standing, VoiceMode
from warehouse.sql import queries


async def standing_at(connection: AsyncConnection, *, kiosk_id: UUID, moment: datetime) -> Standing | None:
    """Where the kiosk's gym stands at that moment; None for a gym without a budget."""
    async with connection.transaction():
        await connection.execute("select set_config('app.kiosk_id', %s, true)", [str(kiosk_id)])
        cursor = await connection.execute(queries("budgets")["voice_budget"], {"moment": moment})
        row = await cursor.fetchone()
    return Standing(*row) if row else None


async def tell_manager(connection: AsyncConnection, standing: Standing, *, kiosk_id: UUID, moment: datetime) -> bool:
    """The manager has an alert of the threshold that is crossed; True when it was raised now, once a month."""
    mode = standing.mode
    if mode is VoiceMode.FULL:
        return False
    async with connection.transaction():
        await connection.execute("select set_config('app.kiosk_id', %s, true)", [str(kiosk_id)])
        parameters = {
            "moment": moment,
            "threshold": mode.value,
            "title": alerts_fr.voice_budget_title(mode),
            "description": alerts_fr.voice_budget_description(standing),
            "recommended_actions": Jsonb(list(alerts_fr.VOICE_BUDGET_ACTIONS)),
        }
        cursor = await connection.execute(queries("budgets")["raise_voice_budget_alert"], parameters)
        row = await cursor.fetchone()
    return bool(row and row[0])
