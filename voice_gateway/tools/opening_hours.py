"""Tells the opening hours of the kiosk's own gym."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.spoken_fr import DAY_CHOICES, DAYS_FR
from warehouse.stores.kiosks import GymDesk, gym_of_kiosk

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class GetOpeningHours:
    """`get_opening_hours`: today's hours, or those of a named day."""

    name = "get_opening_hours"
    description = "Donne les horaires d'ouverture de cette salle, aujourd'hui ou un jour donné."
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "day": {
                "type": "string",
                "enum": list(DAY_CHOICES),
                "description": "Le jour demandé ; today par défaut.",
            }
        },
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            desk = await gym_of_kiosk(connection, kiosk_id=context.kiosk_id)
        if desk is None:
            raise ToolInputError("La salle de cette borne est inconnue.")
        return hours_of(desk, str(arguments.get("day") or "today"), now=datetime.now(UTC))


def hours_of(desk: GymDesk, day: str, *, now: datetime) -> Mapping[str, Any]:
    """The answer for a day, in the gym's own time zone; a day of the week is the next one, today included.

    Raises:
        ToolInputError: when the day is none of those offered.
    """
    today = now.astimezone(ZoneInfo(desk.timezone)).date()
    if day in ("today", "tomorrow"):
        asked = today + timedelta(days=day == "tomorrow")
    elif day.lower() in DAYS_FR:
        asked = today + timedelta(days=(DAYS_FR.index(day.lower()) - today.weekday()) % 7)
    else:
        raise ToolInputError(f"Jour attendu : today, tomorrow, {', '.join(DAYS_FR)}.")
    index = asked.weekday()
    answer: dict[str, Any] = {"ok": True, "gym": desk.name, "day": DAYS_FR[index]}
    hours = desk.opening_hours.get(_DAYS[index])
    if desk.status != "active":
        return {**answer, "is_open": False, "message": "La salle est fermée pour le moment : voir l'accueil."}
    if not isinstance(hours, (list, tuple)) or len(hours) != 2:
        return {**answer, "is_open": False, "message": f"La salle est fermée le {DAYS_FR[index]}."}
    if asked in desk.closed_days:
        message = f"Exceptionnellement, la salle est fermée ce {DAYS_FR[index]} {asked:%d/%m}."
        return {**answer, "is_open": False, "message": message}
    opens, closes = str(hours[0]), str(hours[1])
    message = f"Le {DAYS_FR[index]}, la salle est ouverte de {opens} à {closes}."
    return {**answer, "is_open": True, "opens": opens, "closes": closes, "message": message}
