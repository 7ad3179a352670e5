"""Tells the badged member how far they are with their goals, from their visits."""

from collections.abc import Mapping, Sequence
from typing import Any

from voice_gateway.tools.member import NO_BADGE, NOTHING_PERSONAL
from voice_gateway.tools.runner import ToolContext
from voice_gateway.tools.spoken_fr import counted, date_said
from warehouse.stores.goals import GoalProgress, progress, refuses_personalisation


class GetProgress:
    """`get_progress`: visits and goals of the member who badged."""

    name = "get_progress"
    description = "Dit à l'adhérent qui a badgé où il en est de ses objectifs et combien de fois il est venu."
    parameters: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            if await refuses_personalisation(connection, kiosk_id=context.kiosk_id, session_id=context.session_id):
                return NOTHING_PERSONAL
            lines = await progress(connection, kiosk_id=context.kiosk_id, session_id=context.session_id)
        return told(lines) if lines else NO_BADGE


def told(lines: Sequence[GoalProgress]) -> Mapping[str, Any]:
    """One sentence of visits, one for each goal."""
    visits = lines[0]
    goals = [line for line in lines if line.kind is not None]
    message = (
        f"Cette semaine, {counted(visits.this_week, 'visite')} ; "
        f"{counted(visits.last_four_weeks, 'visite')} en quatre semaines."
    )
    if not goals:
        message += " Vous n'avez pas encore d'objectif : dites-moi celui que vous voulez."
    return {
        "ok": True,
        "message": " ".join([message, *map(_goal_said, goals)]),
        "visits_this_week": visits.this_week,
        "visits_in_four_weeks": visits.last_four_weeks,
        "goals": [
            {
                "kind": goal.kind,
                "description": goal.description,
                "target_count": goal.target_count,
                "reached_count": _reached(goal),
                "due_on": goal.due_on.isoformat() if goal.due_on else None,
            }
            for goal in goals
        ],
    }


def _reached(goal: GoalProgress) -> int | None:
    return {"weekly_visits": goal.this_week, "total_visits": goal.since_start}.get(goal.kind or "")


def _goal_said(goal: GoalProgress) -> str:
    due = f" d'ici le {date_said(goal.due_on)}" if goal.due_on else ""
    reached = _reached(goal)
    if reached is None or goal.target_count is None:
        since = f" depuis le {date_said(goal.started_on)}" if goal.started_on else ""
        return f"Votre objectif{due} : {goal.description}. Vous êtes venu {_times(goal.since_start)}{since}."
    span = "cette semaine" if goal.kind == "weekly_visits" else "depuis que vous l'avez fixé"
    if reached >= goal.target_count:
        return f"Objectif de {goal.target_count} atteint {span}, bravo !"
    left = goal.target_count - reached
    return f"Objectif{due} : {reached} sur {goal.target_count} {span}, plus que {left}."


def _times(count: int) -> str:
    return "une fois" if count == 1 else f"{count} fois" if count else "zéro fois"
