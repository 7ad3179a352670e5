"""Takes a member's report of something broken, dirty or dangerous; its row in tool_calls is the report."""

from collections.abc import Mapping
from typing import Any

from voice_gateway.tools.runner import ToolContext, ToolInputError

_MAX_CHARACTERS = 200

_OWN_ARTICLES = frozenset({"le", "la", "les", "un", "une", "des"})
# The nouns that places and machines of a gym begin with: a bare noun reads badly aloud.
_NOUNS = {
    "le ": "banc casier parking plateau rameur rack sauna tapis vestiaire vélo",
    "la ": "barre borne cabine douche fontaine machine piscine porte poulie presse salle zone",
    "les ": "casiers douches haltères poids toilettes vestiaires",
    "l'": "accueil ascenseur elliptique entrée escalier espace issue",
}
_ARTICLES = {noun: article for article, nouns in _NOUNS.items() for noun in nouns.split()}


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
            # No more than what happens: the report is read in the conversation's summary, nobody is called.
            "message": f"C'est noté{_named(place)} Je le transmets dans le compte rendu de notre échange.",
        }


def _named(place: str) -> str:
    """The place as the end of a sentence that begins with « C'est noté »."""
    head = place.split()[0].lower()
    article = _ARTICLES.get(head)
    if article:
        return f" pour {article}{place}."
    # With an article of its own, or a noun of unknown gender: nothing is put before it.
    return f" pour {place}." if head in _OWN_ARTICLES or head.startswith(("l'", "l’")) else f" : {place}."


def _words(arguments: Mapping[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ToolInputError(f"{name} doit être un texte.")
    return " ".join(value.split())[:_MAX_CHARACTERS] or None
