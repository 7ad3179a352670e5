"""Reads and sets a gym's monthly voice budget, and tells its manager of a threshold.

SQL is in `queries/budgets.sql`, the rules in `jarvis/budgets.py`. Gateways ask for the gym of one kiosk, the command
line for a gym by its slug.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from jarvis import alerts_fr
from jarvis.budgets import Standing, VoiceMode, VoiceModels
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries
from warehouse.stores import gyms


@dataclass(frozen=True, slots=True)
class GymBudget:
    """A gym's budget, and its month so far."""

    budget_usd: Decimal | None
    """None for no limit."""
    cheaper_share: Decimal
    """Above 0, up to 1."""
    month: date
    """The month's first day, in the gym's own time zone."""
    spent_usd: Decimal

    @property
    def mode(self) -> VoiceMode:
        """How the next session is held."""
        if self.budget_usd is None:
            return VoiceMode.FULL
        return Standing(self.month, self.spent_usd, self.budget_usd, self.cheaper_share).mode


def gym_budget(connection: Connection, *, gym_slug: str, moment: datetime) -> GymBudget:
    """The gym's budget, and what the month of this moment has cost.

    Raises:
        GymNotFound: when no gym has this slug.
    """
    row = connection.execute(queries("budgets")["gym_budget"], {"slug": gym_slug, "moment": moment}).fetchone()
    if row is None:
        raise gyms.not_found(connection, gym_slug)
    return GymBudget(*row)


def set_gym_budget(
    connection: Connection, *, gym_slug: str, is_given: bool, usd: Decimal | None, cheaper_share: Decimal | None
) -> None:
    """What is given holds for the gym, and is in the audit trail; whether `usd` is given says `is_given`."""
    values = {"slug": gym_slug, "is_given": is_given, "usd": usd, "cheaper_share": cheaper_share}
    connection.execute(queries("budgets")["set_gym_budget"], values)


async def standing_at(connection: AsyncConnection, *, kiosk_id: UUID, moment: datetime) -> Standing | None:
    """Where the kiosk's gym stands at that moment; None for a gym without a budget."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("budgets")["voice_budget"], {"moment": moment})
        row = await cursor.fetchone()
    return Standing(*row) if row else None


async def tell_manager(
    connection: AsyncConnection, standing: Standing, *, kiosk_id: UUID, moment: datetime, models: VoiceModels
) -> bool:
    """The manager has an alert of the threshold that is crossed; True when it was raised now, once a month."""
    mode = standing.mode
    if mode is VoiceMode.FULL:
        return False
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("budgets")["models_of_gym"], {"model": models.usual})
        is_cheapest = not any(models.can_save_on(model) for (model,) in await cursor.fetchall())
        parameters = {
            "moment": moment,
            "threshold": mode.value,
            "title": alerts_fr.voice_budget_title(mode, is_cheapest=is_cheapest),
            "description": alerts_fr.voice_budget_description(standing, is_cheapest=is_cheapest),
            "recommended_actions": Jsonb(list(alerts_fr.VOICE_BUDGET_ACTIONS)),
        }
        cursor = await connection.execute(queries("budgets")["raise_voice_budget_alert"], parameters)
        row = await cursor.fetchone()
    return bool(row and row[0])
