"""The notice a person gets before a kiosk listens, and which stored choice answers it.

Rules and words only. `voice_gateway/consent.py` asks at the kiosk, `warehouse/queries/kiosks.sql` reads what is
stored. A member's choice counts for the version it was given to: a changed notice asks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Raised with every change of a text below; a test compares the two.
NOTICE_VERSION = "2026-11"

# What the notice asks for; the service itself needs no consent, the analysis of what was said does.
ANALYSIS_PURPOSE = "quality_analysis"
# Whoever agrees to the analysis may still keep their words from a hosted provider, at the desk.
HOSTED_PURPOSE = "hosted_analysis"

# What a member may say yes or no to; `service` is what they come to the kiosk for.
PURPOSES = (ANALYSIS_PURPOSE, HOSTED_PURPOSE, "personalisation", "churn_profiling", "health")

NOTICES: Mapping[str, str] = {
    "fr": (
        "Vous parlez à Jarvis, une intelligence artificielle au service de votre salle. Pour vous répondre, elle "
        "écoute pendant la session : le son n'est pas conservé, vos paroles le sont par écrit, dans le dossier de "
        "votre salle. Acceptez-vous que la salle les fasse analyser par ordinateur (sujet, humeur des mots) pour "
        "améliorer son service ? Vous pouvez refuser, ou changer d'avis à tout moment : Jarvis vous répond de la "
        "même façon. La durée de conservation et vos droits sont affichés à l'accueil."
    ),
    "en": (
        "You are talking to Jarvis, an artificial intelligence that works for your gym. To answer you, it listens "
        "during the session: sound is not kept, your words are, in writing, in your gym's records. May the gym have "
        "them analysed by computer (topic, mood of the words) to improve its service? You may refuse, or change your "
        "mind at any time: Jarvis answers you just the same. How long words are kept, and your rights, are shown at "
        "the front desk."
    ),
    "es": (
        "Habla con Jarvis, una inteligencia artificial al servicio de su gimnasio. Para responderle, escucha durante "
        "la sesión: el sonido no se conserva; sus palabras sí, por escrito, en los archivos del gimnasio. ¿Acepta que "
        "el gimnasio las haga analizar por ordenador (tema, tono de las palabras) para mejorar su servicio? Puede "
        "negarse o cambiar de opinión en cualquier momento: Jarvis le responde igual. El plazo de conservación y sus "
        "derechos están expuestos en recepción."
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a member answered to a notice, as it is stored."""

    is_granted: bool
    notice_version: str

    @property
    def answers_current_notice(self) -> bool:
        """True when nobody has to ask again."""
        return self.notice_version == NOTICE_VERSION


def notice_in(language: str) -> str:
    """The notice in a language, French where there is none."""
    return NOTICES.get(language, NOTICES["fr"])
