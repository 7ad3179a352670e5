"""Asks somebody of the team to come or to call back: the manager's page shows it at once."""

from collections.abc import Mapping
from typing import Any

from jarvis.conversations import Topic
from jarvis.requests import RequestKind, StaffRequest
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.words import OVER, topic_in, words_in
from warehouse.stores.requests import ask_staff


class RequestHuman:
    """`request_human`: hands the member over to the team."""

    name = "request_human"
    description = (
        "Prévient l'équipe qu'un adhérent demande une personne, ou que sa demande dépasse l'assistant : "
        "résiliation, facture, blessure, conflit, détresse."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "description": "Pourquoi, en quelques mots."},
            "topic": {"type": "string", "enum": [topic.value for topic in Topic], "description": "Le sujet."},
        },
        "required": ["reason"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        reason = words_in(arguments, "reason")
        if reason is None:
            raise ToolInputError("Il manque le motif : demande à l'adhérent de quoi il s'agit.")
        request = StaffRequest(
            session_id=context.session_id,
            kind=RequestKind.HAND_OVER,
            topic=topic_in(arguments, Topic.STAFF_COACHING),
            text=reason,
        )
        async with context.pool.connection() as connection:
            is_kept = await ask_staff(connection, request, kiosk_id=context.kiosk_id, call_id=context.call_id)
        # No more than what happens: the team sees it; when somebody comes, nobody here can promise.
        message = "L'équipe est prévenue que vous demandez quelqu'un. Si c'est pressé, l'accueil est le plus rapide."
        return {"ok": True, "message": message} if is_kept else OVER
