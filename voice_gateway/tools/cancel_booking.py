"""Cancels a booking of the badged member; whoever waits first gets the place."""

from collections.abc import Mapping
from typing import Any

from voice_gateway.tools.class_schedule import matching, moment_said
from voice_gateway.tools.member import NO_BADGE
from voice_gateway.tools.runner import ToolContext
from voice_gateway.tools.spoken_fr import DAY_CHOICES, listed
from warehouse.stores.classes import UpcomingClass, cancel_booking, upcoming_classes


class CancelBooking:
    """`cancel_booking`: gives back the place of the member who badged."""

    name = "cancel_booking"
    description = (
        "Annule la réservation d'un cours de l'adhérent qui a badgé ; le cours ou le jour suffit s'il est clair."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "course": {"type": "string", "description": "Le nom du cours, s'il est dit."},
            "day": {"type": "string", "enum": list(DAY_CHOICES), "description": "Le jour, s'il est dit."},
        },
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            coming = await upcoming_classes(connection, kiosk_id=context.kiosk_id, session_id=context.session_id)
            own = [one for one in coming if one.own_booking_id is not None]
            found = matching(own, arguments)
            if len(found) != 1 or found[0].own_booking_id is None:
                is_known = await context.has_member(connection)
                return _unclear(found, own) if is_known else NO_BADGE
            outcome = await cancel_booking(
                connection,
                kiosk_id=context.kiosk_id,
                session_id=context.session_id,
                booking_id=found[0].own_booking_id,
            )
        return answer_to(outcome, found[0])


def answer_to(outcome: str, one: UpcomingClass) -> Mapping[str, Any]:
    """What the member is told."""
    said = f"{one.name} {moment_said(one)}"
    match outcome:
        case "cancelled":
            return {"ok": True, "message": f"C'est annulé : {said}. Merci d'avoir prévenu."}
        case "no_member":
            return NO_BADGE
        case "started":
            return {"ok": False, "reason": outcome, "spoken": f"Ce cours a déjà commencé : {said}."}
        case _:
            return {"ok": False, "reason": outcome, "spoken": "Cette réservation n'existe plus."}


def _unclear(found: list[UpcomingClass], own: list[UpcomingClass]) -> Mapping[str, Any]:
    if not own:
        return {"ok": False, "reason": "no_booking", "spoken": "Vous n'avez aucune réservation à venir."}
    asked = found or own
    options = listed([f"{one.name} {moment_said(one)}" for one in asked[:4]], last="ou")
    question = "Laquelle faut-il annuler ?" if found else "Je n'en vois pas d'autre."
    return {"ok": False, "reason": "several" if found else "no_booking", "spoken": f"Vous avez {options}. {question}"}
