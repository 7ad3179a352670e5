"""Takes a member's report of something broken, dirty or dangerous: an alert of the manager's from then on."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from jarvis.alerts import REPAIRABLE
from jarvis.conversations import Topic
from jarvis.requests import RequestKind, StaffRequest
from voice_gateway.tools.places import Place, resolved
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.spoken_fr import folded, listed
from voice_gateway.tools.words import OVER, topic_in, words_in
from warehouse.stores.requests import Machine, ask_staff, machines_of_gym

_OWN_ARTICLES = frozenset({"le", "la", "les", "un", "une", "des"})
# The nouns that places and machines of a gym begin with: a bare noun reads badly aloud.
_NOUNS = {
    "le ": "banc casier parking plateau rameur rack sauna stepper tapis vestiaire vélo",
    "la ": "barre borne cabine cage douche fontaine machine piscine porte poulie presse salle zone",
    "les ": "casiers douches haltères poids toilettes vestiaires",
    "l'": "accueil ascenseur elliptique entrée escalier espace issue",
}
_ARTICLES = {noun: article for article, nouns in _NOUNS.items() for noun in nouns.split()}

# What the analysis of the same conversation calls these places: one cause keeps one alert.
_SAME_PLACE = {"douche": "douches", "toilette": "toilettes", "wc": "toilettes", "vestiaires": "vestiaire"}


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
            "machine": {"type": "string", "description": "La machine et son numéro, par exemple « tapis 4 »."},
            "zone": {"type": "string", "description": "L'endroit, par exemple « vestiaire femmes »."},
            "problem": {"type": "string", "description": "Ce qui ne va pas, en quelques mots."},
            "topic": {
                "type": "string",
                "enum": [topic.value for topic in REPAIRABLE],
                "description": "Le sujet ; safety pour tout danger.",
            },
        },
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        # Refused before anything is asked of the database.
        _place_named(arguments)
        async with context.pool.connection() as connection:
            machines = await machines_of_gym(connection, kiosk_id=context.kiosk_id)
            request, place = understood(arguments, machines, session_id=context.session_id)
            if place.known_numbers:
                return _which_number(place)
            is_kept = await ask_staff(connection, request, kiosk_id=context.kiosk_id, call_id=context.call_id)
        return confirmed(request) if is_kept else OVER


def understood(
    arguments: Mapping[str, Any], machines: Sequence[Machine], *, session_id: UUID
) -> tuple[StaffRequest, Place]:
    """The report with the gym's own name of the machine, and where that stands.

    Raises:
        ToolInputError: when neither machine nor zone is named, or one of them is no text.
    """
    machine, zone = _place_named(arguments)
    place = resolved(machine, zone, machines)
    otherwise = Topic.EQUIPMENT if place.machine else Topic.FACILITIES_OTHER
    topic = topic_in(arguments, otherwise)
    request = StaffRequest(
        session_id=session_id,
        kind=RequestKind.ISSUE,
        topic=topic if topic in REPAIRABLE else otherwise,
        text=words_in(arguments, "problem") or "problème non précisé",
        machine=place.machine,
        zone=place.zone,
        # A listed machine is told apart by its name alone, as the analysis does.
        key_zone=None if place.is_listed or zone is None else _SAME_PLACE.get(folded(zone), zone),
    )
    return request, place


def confirmed(request: StaffRequest) -> Mapping[str, Any]:
    """What the member is told: no more than what happens."""
    place = request.machine or request.zone or "la salle"
    where = f", {request.zone}" if request.machine and request.zone else ""
    return {
        "ok": True,
        "machine": request.machine,
        "zone": request.zone,
        "problem": request.text,
        "message": f"C'est noté{_named(place, where)} Le responsable de la salle le voit dès maintenant.",
    }


def _place_named(arguments: Mapping[str, Any]) -> tuple[str | None, str | None]:
    machine, zone = words_in(arguments, "machine"), words_in(arguments, "zone")
    if machine is None and zone is None:
        raise ToolInputError("Il manque la machine ou la zone : demande-la à l'adhérent.")
    return machine, zone


def _which_number(place: Place) -> Mapping[str, Any]:
    known = place.known_numbers
    numbers = f"de {known[0]} à {known[-1]}" if len(known) > 4 else listed([str(number) for number in known])
    spoken = f"Je ne connais pas de {place.machine} ici ; ils portent les numéros {numbers}. Lequel est-ce ?"
    return {"ok": False, "reason": "unknown_number", "spoken": spoken}


def _named(place: str, where: str) -> str:
    """The place as the end of a sentence that begins with « C'est noté »."""
    head = place.split()[0].lower()
    article = _ARTICLES.get(head)
    if article:
        return f" pour {article}{place}{where}."
    # With an article of its own, or a noun of unknown gender: nothing is put before it.
    has_article = head in _OWN_ARTICLES or head.startswith(("l'", "l’"))
    return f" pour {place}{where}." if has_article else f" : {place}{where}."
