"""Takes a member's report of something broken, dirty or dangerous; its row in tool_calls is the report."""

from collections.abc import Mapping
from typing import Any

from voice_gateway.tools.runner import ToolContext, ToolInputError

_MAX_CHARACTERS = 200


class ReportIssue:
    """`report_issue`: which machine or zone, and what is wrong with it."""

    name = "report_issue"
    description = (
        "Signale à l'équipe une panne, un manque de propreté ou un danger. "
        "Donne la machine ou la zone telles que l'adhérent les nomme."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "machine": {"type": "string", "description": "La machine, par exemple « tapis 4 »."},
            "zone": {"type": "string", "description": "L'endroit, par exemple « vestiaire femmes »."},
            "problem": {"type": "string", "description": "Ce qui ne va pas, en quelques mots."},
        },
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        machine, zone = _words(arguments, "machine"), _words(arguments, "zone")
        place = machine or zone
        if place is None:
            raise ToolInputError("Il manque la machine ou la zone : demande-la à l'adhérent.")
        return {
            "ok": True,
            "machine": machine,
            "zone": zone,
            "problem": _words(arguments, "problem"),
            "message": f"C'est noté pour {place} : l'équipe est prévenue.",
        }


def _words(arguments: Mapping[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ToolInputError(f"{name} doit être un texte.")
    return " ".join(value.split())[:_MAX_CHARACTERS] or None
