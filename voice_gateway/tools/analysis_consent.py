"""Takes the answer to the notice back, or gives it, by voice: as `kiosk.consent` does from the screen."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid5

from jarvis.consents import ANALYSIS_PURPOSE, NOTICE_VERSION
from voice_gateway.consent import CONSENT_TOOL
from voice_gateway.tools.runner import ToolContext, ToolInputError
from warehouse.stores.sessions import ConsentChange, change_consent

_NO_NOTICE: Mapping[str, Any] = {
    "ok": False,
    "reason": "no_notice",
    "spoken": "Je ne peux pas changer votre choix ici : l'équipe à l'accueil s'en occupe volontiers.",
}


class SetAnalysisConsent:
    """`set_analysis_consent`: whether conversations may be analysed, said by whoever stands there."""

    name = CONSENT_TOOL
    description = (
        "Note que la personne ne veut plus que ses conversations soient analysées (is_granted false), ou qu'elle "
        "l'accepte (true). Seulement si elle le demande clairement ; ne la fais pas changer d'avis."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {"is_granted": {"type": "boolean", "description": "false pour un refus, true pour un accord."}},
        "required": ["is_granted"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        is_granted = arguments.get("is_granted")
        if not isinstance(is_granted, bool):
            raise ToolInputError("is_granted attendu : true ou false. Demande à la personne si ce n'est pas clair.")
        async with context.pool.connection() as connection:
            change = await change_consent(
                connection,
                kiosk_id=context.kiosk_id,
                session_id=context.session_id,
                # The same call written twice is one row.
                consent_id=uuid5(context.session_id, f"consent by {context.call_id}"),
                purpose=ANALYSIS_PURPOSE,
                is_granted=is_granted,
                notice_version=NOTICE_VERSION,
            )
        return _NO_NOTICE if change is None else told(change, is_granted=is_granted)


def told(change: ConsentChange, *, is_granted: bool) -> Mapping[str, Any]:
    """The confirmation: what counts for this conversation and for the next ones."""
    if not is_granted:
        whose = "vos conversations ne seront plus analysées, celle-ci comprise"
        message = whose if change.has_member else "cette conversation ne sera pas analysée"
        message = f"C'est noté : {message}. Le service reste le même."
    elif change.has_consent:
        message = "C'est noté : cette conversation peut être analysée pour améliorer le service."
    else:
        # One no takes the whole session out.
        later = ", les prochaines pourront l'être" if change.has_member else ""
        message = f"C'est noté : cette conversation n'est pas analysée{later}."
    return {"ok": True, "message": message, "is_granted": is_granted, "analysis": change.has_consent}
