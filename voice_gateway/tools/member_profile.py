"""Tells the badged member what the club knows of them; nobody else, and nothing others should overhear."""

from collections.abc import Mapping
from typing import Any

from voice_gateway.tools.member import NO_BADGE, NOTHING_PERSONAL
from voice_gateway.tools.runner import ToolContext
from voice_gateway.tools.spoken_fr import counted, date_said, listed
from warehouse.stores.goals import MemberProfile, member_profile, refuses_personalisation

_LEVELS = {"beginner": "débutant", "intermediate": "intermédiaire", "advanced": "avancé"}


class GetMemberProfile:
    """`get_member_profile`: membership, visits and level of the member who badged."""

    name = "get_member_profile"
    description = (
        "Donne à l'adhérent qui a badgé ses propres informations : formule, échéance, ancienneté, visites, niveau. "
        "Jamais celles de quelqu'un d'autre."
    )
    parameters: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            if await refuses_personalisation(connection, kiosk_id=context.kiosk_id, session_id=context.session_id):
                return NOTHING_PERSONAL
            profile = await member_profile(connection, kiosk_id=context.kiosk_id, session_id=context.session_id)
        return told(profile) if profile else NO_BADGE


def told(profile: MemberProfile) -> Mapping[str, Any]:
    """The profile as a few sentences, and as data for further questions."""
    parts = []
    if profile.plan:
        until = f", jusqu'au {date_said(profile.expires_on)}" if profile.expires_on else ""
        parts.append(f"Votre formule est {profile.plan}{until}.")
    else:
        parts.append("Je ne vois pas d'abonnement en cours : l'accueil peut vérifier.")
    if profile.member_since:
        parts.append(f"Vous êtes adhérent depuis le {date_said(profile.member_since)}.")
    parts.append(f"Vous êtes venu {_times(profile.this_month)} ce mois-ci, {counted(profile.total, 'visite')} en tout.")
    goals = [goal.replace("_", " ") for goal in profile.primary_goals or []]
    return {
        "ok": True,
        "message": " ".join(parts),
        "plan": profile.plan,
        "expires_on": profile.expires_on.isoformat() if profile.expires_on else None,
        "level": _LEVELS.get(profile.fitness_level or ""),
        "primary_goals": listed(goals) or None,
        "wished_visits_per_week": profile.workout_frequency_per_week,
        "visits_this_month": profile.this_month,
        "visits_in_all": profile.total,
    }


def _times(count: int) -> str:
    return "une fois" if count == 1 else f"{count} fois" if count else "zéro fois"
