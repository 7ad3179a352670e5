"""What a member reads when the voice is away: honest sentences for the captions, in the language of the session.

French first; a language that is not here is served in French. Pure.
"""

from enum import StrEnum


class Trouble(StrEnum):
    """What is wrong, as far as a member is concerned."""

    RETRYING = "retrying"
    """The connection is gone, and is being made anew."""
    BACK = "back"
    """It is there again, but the last words were lost with it."""
    LOST = "lost"
    """It will not come back in this session."""
    BUSY = "busy"
    """The provider refused this answer for now; it is asked for again."""
    REFUSED = "refused"
    """It refused again: there will be no answer to this question."""
    TEXT_ONLY = "text_only"
    """The gym's voice budget for the month is spent: the conversation is written."""
    SUSPENDED = "suspended"
    """The gym is not served any more: the conversation ends here."""


_SENTENCES = {
    "fr": {
        Trouble.RETRYING: "La connexion à mon service vocal est coupée. Je me reconnecte, un instant s'il vous plaît.",
        Trouble.BACK: "Me revoilà. Je n'ai pas pu entendre la fin : pouvez-vous répéter ?",
        Trouble.LOST: "Mon service vocal ne répond plus, je ne peux pas continuer. L'équipe à l'accueil peut vous "
        "aider.",
        Trouble.BUSY: "Mon service vocal est très sollicité. Je réessaie, un instant s'il vous plaît.",
        Trouble.REFUSED: "Je n'arrive pas à répondre pour le moment. Réessayez dans une minute, ou demandez à l'équipe "
        "à l'accueil.",
        Trouble.TEXT_ONLY: "Ma voix n'est pas disponible en ce moment : écrivez-moi, je vous réponds par écrit.",
        Trouble.SUSPENDED: "Mon service est suspendu dans cette salle, je dois m'arrêter ici. L'équipe à l'accueil "
        "peut vous aider.",
    },
    "en": {
        Trouble.RETRYING: "The connection to my voice service was cut. I am reconnecting, one moment please.",
        Trouble.BACK: "I am back. I could not hear the end: could you say it again?",
        Trouble.LOST: "My voice service no longer answers, so I cannot go on. The team at the front desk can help you.",
        Trouble.BUSY: "My voice service is very busy. I am trying again, one moment please.",
        Trouble.REFUSED: "I cannot answer right now. Try again in a minute, or ask the team at the front desk.",
        Trouble.TEXT_ONLY: "My voice is not available right now: write to me and I will answer in writing.",
        Trouble.SUSPENDED: "My service is suspended in this gym, so I have to stop here. The team at the front desk "
        "can help you.",
    },
    "es": {
        Trouble.RETRYING: "Se ha cortado la conexión con mi servicio de voz. Me estoy reconectando, un momento.",
        Trouble.BACK: "Ya estoy de vuelta. No he podido oír el final: ¿puede repetirlo?",
        Trouble.LOST: "Mi servicio de voz ya no responde y no puedo continuar. El equipo de recepción puede ayudarle.",
        Trouble.BUSY: "Mi servicio de voz está muy solicitado. Lo intento de nuevo, un momento.",
        Trouble.REFUSED: "Ahora mismo no puedo responder. Inténtelo dentro de un minuto o pregunte en recepción.",
        Trouble.TEXT_ONLY: "Mi voz no está disponible en este momento: escríbame y le responderé por escrito.",
        Trouble.SUSPENDED: "Mi servicio está suspendido en este gimnasio y tengo que parar aquí. El equipo de "
        "recepción puede ayudarle.",
    },
}


def apology(trouble: Trouble, language: str) -> str:
    """One sentence or two that say it."""
    return _SENTENCES.get(language, _SENTENCES["fr"])[trouble]
