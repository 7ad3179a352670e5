"""Sets a goal of the badged member: so many visits, or anything in their own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from voice_gateway.tools.member import NO_BADGE, NOTHING_PERSONAL
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.spoken_fr import NUMBER, date_of, date_said, folded, number_of
from warehouse.stores.goals import refuses_personalisation, set_goal

_KINDS = ("weekly_visits", "total_visits", "other")
_WEEKLY = re.compile(rf"\b({NUMBER}) (?:fois|seances?|visites?|entrainements?) (?:par|a la|chaque) semaine")
_TOTAL = re.compile(rf"\b({NUMBER}) (?:fois|seances|visites|entrainements)\b")
_MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal as it is kept."""

    kind: str
    target_count: int | None
    description: str
    due_on: date | None


class SetGoal:
    """`set_goal`: what the member who badged wants to reach."""

    name = "set_goal"
    description = (
        "Enregistre l'objectif de l'adhérent qui a badgé : un nombre de visites par semaine ou en tout, "
        "ou autre chose dans ses mots. Remplace son objectif du même genre."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "description": {"type": "string", "description": "L'objectif, dans les mots de l'adhérent."},
            "kind": {
                "type": "string",
                "enum": list(_KINDS),
                "description": "weekly_visits ou total_visits s'il s'agit de venir tant de fois, sinon other.",
            },
            "target_count": {"type": "integer", "description": "Le nombre de visites visé, s'il s'agit de visites."},
            "due_on": {"type": "string", "description": "La date visée s'il y en a une, sous la forme 2026-12-31."},
        },
        "required": ["description"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        goal = goal_of(arguments)
        async with context.pool.connection() as connection:
            if await refuses_personalisation(connection, kiosk_id=context.kiosk_id, session_id=context.session_id):
                return NOTHING_PERSONAL
            is_set = await set_goal(
                connection,
                kiosk_id=context.kiosk_id,
                session_id=context.session_id,
                kind=goal.kind,
                target_count=goal.target_count,
                description=goal.description,
                due_on=goal.due_on,
            )
        return told(goal) if is_set else NO_BADGE


def goal_of(arguments: Mapping[str, Any]) -> Goal:
    """The goal; a number of visits is found in the member's words where the model gave none.

    Raises:
        ToolInputError: when there is no goal in it, or a number or date that cannot be one.
    """
    description = " ".join(str(arguments.get("description") or "").split())[:_MAX_CHARACTERS]
    if not description:
        raise ToolInputError("Il manque l'objectif : demande-le à l'adhérent.")
    kind, target = arguments.get("kind"), arguments.get("target_count")
    if kind not in _KINDS or (kind != "other" and target is None) or kind == "other":
        found = _visits_in(description)
        kind, target = found if found else ("other", None)
    if target is not None and (not isinstance(target, int) or isinstance(target, bool) or not 1 <= target <= 1000):
        raise ToolInputError("Nombre de visites attendu : entre 1 et 1000.")
    return Goal(str(kind), target, description, date_of(arguments.get("due_on")))


def told(goal: Goal) -> Mapping[str, Any]:
    """The confirmation."""
    until = f" d'ici le {date_said(goal.due_on)}" if goal.due_on else ""
    times = "une fois" if goal.target_count == 1 else f"{goal.target_count} fois"
    ask = "Demandez-moi où vous en êtes quand vous voulez."
    message = {
        "weekly_visits": f"C'est noté : venir {times} par semaine{until}. {ask}",
        "total_visits": f"C'est noté : venir {times}{until}. {ask}",
    }.get(goal.kind, f"C'est noté comme objectif{until} : {goal.description}")
    return {"ok": True, "message": message, "kind": goal.kind, "target_count": goal.target_count}


def _visits_in(description: str) -> tuple[str, int] | None:
    words = folded(description)
    weekly, total = _WEEKLY.search(words), _TOTAL.search(words)
    if weekly:
        return "weekly_visits", number_of(weekly[1])
    # "trois fois par jour" is no number of visits.
    return ("total_visits", number_of(total[1])) if total and " par " not in words else None
