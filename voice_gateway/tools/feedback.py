"""Passes on what a member thinks of the gym: praise, a suggestion or a complaint."""

from collections.abc import Mapping
from typing import Any

from jarvis.conversations import Topic
from jarvis.requests import RequestKind, StaffRequest
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.words import OVER, topic_in, words_in
from warehouse.stores.requests import ask_staff

_MESSAGES = {
    RequestKind.PRAISE: "Merci beaucoup, cela fait très plaisir ! C'est noté dans le compte rendu de notre échange.",
    RequestKind.SUGGESTION: "Merci pour cette idée, je la transmets au responsable de la salle.",
    RequestKind.COMPLAINT: "Je suis désolé. Votre remarque est transmise au responsable de la salle.",
}


class GiveFeedback:
    """`give_feedback`: the member's opinion, for the manager."""

    name = "give_feedback"
    description = (
        "Transmet au responsable l'avis d'un adhérent : compliment (praise), suggestion ou réclamation (complaint). "
        "Pour une panne ou un manque de propreté, utilise report_issue."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": [kind.value for kind in _MESSAGES], "description": "Le genre d'avis."},
            "text": {"type": "string", "description": "L'avis, dans les mots de l'adhérent."},
            "topic": {"type": "string", "enum": [topic.value for topic in Topic], "description": "Le sujet."},
        },
        "required": ["kind", "text"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        text = words_in(arguments, "text")
        kind = next((kind for kind in _MESSAGES if kind == arguments.get("kind")), None)
        if text is None or kind is None:
            raise ToolInputError("Il manque l'avis ou son genre : praise, suggestion ou complaint.")
        request = StaffRequest(
            session_id=context.session_id, kind=kind, topic=topic_in(arguments, Topic.OTHER), text=text
        )
        async with context.pool.connection() as connection:
            is_kept = await ask_staff(connection, request, kiosk_id=context.kiosk_id, call_id=context.call_id)
        return {"ok": True, "message": _MESSAGES[kind]} if is_kept else OVER
