"""Notes that the badged member will be away, so that nobody misses them; or that they are back after all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jarvis.absences import AbsenceReason
from voice_gateway.tools.member import NO_BADGE
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.spoken_fr import NUMBER, date_of, date_said, folded, number_of
from warehouse.stores.absences import Declared, declare

# A frozen contract is the desk's business.
_REASONS = tuple(one.value for one in AbsenceReason if one is not AbsenceReason.FROZEN)
_DAYS_OF = {"jour": 1, "semaine": 7, "mois": 30}
_LENGTH = re.compile(rf"\b({NUMBER}) (jour|semaine|mois)")
# What gives a reason away where the model gave none; the first that fits.
_SIGNS = (
    (AbsenceReason.INJURY, ("bless", "opere", "operation", "platre", "entorse", "fractur")),
    (AbsenceReason.TRAVEL, ("deplacement", "mission", "voyage", "etranger")),
    (AbsenceReason.HOLIDAY, ("vacances", "conges")),
)

_ASK_FOR_THE_END = (
    "Il manque la fin de l'absence : demande à l'adhérent jusqu'à quelle date, ou pour combien de temps. "
    "S'il ne le sait pas, rappelle avec has_no_end."
)


@dataclass(frozen=True, slots=True)
class Absence:
    """One absence as it is asked for."""

    starts_on: date | None
    """None for today."""
    ends_on: date | None
    length_days: int | None
    reason: AbsenceReason
    is_withdrawn: bool = False


class DeclareAbsence:
    """`declare_absence`: the member who badged will not come for a while."""

    name = "declare_absence"
    description = (
        "Note que l'adhérent qui a badgé sera absent (vacances, déplacement, blessure), pour qu'on ne s'inquiète pas, "
        "ou qu'il revient plus tôt que prévu. Remplace ce qu'il avait annoncé. Ne suspend pas l'abonnement. "
        "Redis-lui les dates."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "description": {"type": "string", "description": "Les mots de l'adhérent : « je pars trois semaines »."},
            "starts_on": {"type": "string", "description": "Premier jour, sous la forme 2026-12-31 ; sinon ce jour."},
            "ends_on": {"type": "string", "description": "Dernier jour d'absence, s'il a dit une date : 2026-12-31."},
            "reason": {"type": "string", "enum": list(_REASONS), "description": "Le motif, s'il l'a dit."},
            "has_no_end": {"type": "boolean", "description": "Vrai s'il ne sait pas quand il revient."},
            "is_withdrawn": {"type": "boolean", "description": "Vrai s'il revient ou ne part plus."},
        },
        "required": ["description"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        absence = absence_of(arguments)
        async with context.pool.connection() as connection:
            declared = await declare(
                connection,
                kiosk_id=context.kiosk_id,
                session_id=context.session_id,
                starts_on=absence.starts_on,
                ends_on=absence.ends_on,
                length_days=absence.length_days,
                reason=absence.reason,
                is_withdrawn=absence.is_withdrawn,
            )
        return told(declared)


def absence_of(arguments: Mapping[str, Any]) -> Absence:
    """The absence; its length and its reason are found in the member's words where the model gave none.

    Raises:
        ToolInputError: when there is nothing in it, a date is none, or its end is missing.
    """
    words = folded(str(arguments.get("description") or ""))
    if not words:
        raise ToolInputError("Il manque les mots de l'adhérent : demande-lui quand il sera absent.")
    reason = _reason(arguments.get("reason"), words)
    if arguments.get("is_withdrawn") is True:
        return Absence(None, None, None, reason, is_withdrawn=True)
    starts_on, ends_on = date_of(arguments.get("starts_on")), date_of(arguments.get("ends_on"))
    length = None if ends_on else _length(words)
    has_no_end = arguments.get("has_no_end") is True or reason is AbsenceReason.INJURY
    if ends_on is None and length is None and not has_no_end:
        raise ToolInputError(_ASK_FOR_THE_END)
    return Absence(starts_on, ends_on, length, reason)


def told(declared: Declared) -> Mapping[str, Any]:
    """The answer: the dates again, so that the member can object, or why nothing was noted."""
    if declared.outcome == "no_member":
        return NO_BADGE
    refusals = {
        "past": "Ces dates sont passées ou à l'envers : demande les bonnes.",
        "too_far": "Ce premier jour est trop loin : il faut au plus un mois en arrière et un an en avant.",
        "too_long": "C'est plus d'un an : pour une si longue absence, oriente vers l'accueil.",
    }
    if declared.outcome in refusals:
        return {"ok": False, "reason": declared.outcome, "message": refusals[declared.outcome]}
    if declared.outcome == "withdrawn":
        message = "C'est noté : votre absence est annulée. À très vite !"
    elif declared.outcome == "nothing_to_withdraw":
        message = "Aucune absence n'était notée : tout va bien, à très vite !"
    elif declared.starts_on is None:
        raise ValueError("found a declared absence without its first day, expected one")
    elif declared.ends_on is None:
        message = (
            f"C'est noté : vous êtes absent à partir du {date_said(declared.starts_on)}, jusqu'à votre retour. "
            "Prenez soin de vous !"
        )
    else:
        message = (
            f"C'est noté : vous êtes absent du {date_said(declared.starts_on)} au {date_said(declared.ends_on)}. "
            "Dites-moi si ce n'est pas cela. Votre abonnement, lui, continue."
        )
    return {
        "ok": True,
        "message": message,
        "starts_on": declared.starts_on.isoformat() if declared.starts_on else None,
        "ends_on": declared.ends_on.isoformat() if declared.ends_on else None,
    }


def _reason(given: object, words: str) -> AbsenceReason:
    if given in _REASONS and given != AbsenceReason.OTHER:
        return AbsenceReason(str(given))
    return next((reason for reason, signs in _SIGNS if any(sign in words for sign in signs)), AbsenceReason.OTHER)


def _length(words: str) -> int | None:
    found = _LENGTH.search(words)
    if found is None:
        return None
    number = number_of(found[1])
    if number == 0:
        raise ToolInputError("Durée attendue : au moins un jour.")
    return number * _DAYS_OF[found[2]]
