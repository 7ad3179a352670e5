"""Books a class for the badged member: one place each, never twice, and the waiting list when it is full."""

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from voice_gateway.tools.class_schedule import matching, moment_said, names_of
from voice_gateway.tools.member import NO_BADGE
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.spoken_fr import DAY_CHOICES, listed
from warehouse.stores.classes import BookingOutcome, UpcomingClass, book_class, upcoming_classes

_NO_HOUR = "Heure attendue sous la forme 18:30."
_HOUR = re.compile(r"(?P<hour>\d{1,2})(?:\s*[h:]\s*(?P<minute>\d{2})?(?::00)?)?", re.ASCII)


class BookClass:
    """`book_class`: a place in the named class, for the member who badged."""

    name = "book_class"
    description = (
        "Réserve une place dans un cours pour l'adhérent qui a badgé, ou l'inscrit en liste d'attente si c'est "
        "complet. Demande le jour ou l'heure s'il y a plusieurs cours de ce nom."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "course": {"type": "string", "description": "Le nom du cours, par exemple « yoga »."},
            "day": {"type": "string", "enum": list(DAY_CHOICES), "description": "Le jour, s'il est dit."},
            "starts_at": {"type": "string", "description": "L'heure de début, s'il est dit : « 18:30 »."},
        },
        "required": ["course"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            coming = await upcoming_classes(connection, kiosk_id=context.kiosk_id, session_id=context.session_id)
            found = wanted(coming, arguments)
            if len(found) != 1:
                return _unclear(found, coming)
            outcome = await book_class(
                connection,
                kiosk_id=context.kiosk_id,
                session_id=context.session_id,
                class_id=found[0].class_id,
                class_date=found[0].class_date,
            )
        return answer_to(outcome, found[0], coming)


def wanted(coming: Sequence[UpcomingClass], arguments: Mapping[str, Any]) -> list[UpcomingClass]:
    """The classes that the arguments can mean; one of them is an order, several are a question.

    Raises:
        ToolInputError: when no class or no time is named that could be read.
    """
    if not str(arguments.get("course") or "").strip():
        raise ToolInputError("Il manque le nom du cours : demande-le à l'adhérent.")
    found = matching(coming, arguments)
    at = arguments.get("starts_at")
    if at:
        moment = _hour(str(at))
        found = [one for one in found if one.starts_at == moment]
    return found


def _hour(said: str) -> time:
    """`18:30`, `9:30` or `9 h 30`, and whole hours as `9` or `9 h`."""
    parts = _HOUR.fullmatch(said.strip().lower())
    if parts is None:
        raise ToolInputError(_NO_HOUR)
    try:
        return time(int(parts["hour"]), int(parts["minute"] or 0))
    except ValueError:
        raise ToolInputError(_NO_HOUR) from None


def answer_to(outcome: BookingOutcome, one: UpcomingClass, coming: Sequence[UpcomingClass]) -> Mapping[str, Any]:
    """What the member is told."""
    said = f"{one.name} {moment_said(one)}"
    match outcome.outcome:
        case "booked":
            return {"ok": True, "status": "booked", "message": f"C'est réservé : {said}. À bientôt en cours !"}
        case "waiting":
            place = "premier" if outcome.waiting_position == 1 else f"numéro {outcome.waiting_position}"
            message = (
                f"Ce cours est complet : {said}. Vous êtes {place} sur la liste d'attente, "
                "et la place est à vous dès qu'une se libère."
            )
            return {"ok": True, "status": "waiting", "message": message}
        case "no_member":
            return NO_BADGE
    others = [other for other in coming if other.name == one.name and other.free_places and other != one]
    instead = f" Il reste de la place {moment_said(others[0])}." if others else ""
    refusals = {
        "full": f"Ce cours est complet, et sa liste d'attente aussi : {said}.{instead}",
        "already": f"Vous êtes déjà inscrit : {said}.",
        "overlaps": f"Vous avez déjà un cours à cette heure-là : je n'ai pas réservé {said}.",
        "started": f"Ce cours ne peut plus être réservé : {said}.",
    }
    spoken = refusals.get(outcome.outcome, "Je ne trouve plus ce cours au planning.")
    return {"ok": False, "reason": outcome.outcome, "spoken": spoken}


def _unclear(found: Sequence[UpcomingClass], coming: Sequence[UpcomingClass]) -> Mapping[str, Any]:
    if not coming:
        return {"ok": False, "reason": "no_class", "spoken": "Aucun cours n'est prévu dans les sept prochains jours."}
    if not found:
        spoken = f"Je ne trouve pas ce cours à ce moment-là. Il y a : {listed(names_of(coming))}."
        return {"ok": False, "reason": "unknown_class", "spoken": spoken}
    options = listed([f"{one.name} {moment_said(one)}" for one in found[:4]], last="ou")
    return {"ok": False, "reason": "several", "spoken": f"Il y en a plusieurs : {options}. Lequel voulez-vous ?"}
