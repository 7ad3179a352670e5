"""The notice a person gets before a kiosk listens, and which stored choice answers it.

Rules and words only. `voice_gateway/consent.py` asks at the kiosk, `warehouse/queries/kiosks.sql` reads what is
stored. A member's choice counts for the version it was given to: a changed notice asks again, and so does a gym that
keeps more than it did then.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jarvis.storage import StorageLevel

# Raised with every change of a text below; a test compares the two.
NOTICE_VERSION = "2026-11"

# What the notice asks for; the service itself needs no consent, the analysis of what was said does.
ANALYSIS_PURPOSE = "quality_analysis"
# Whoever agrees to the analysis may still keep their words from a hosted provider, at the desk.
HOSTED_PURPOSE = "hosted_analysis"

# What a member may say yes or no to; `service` is what they come to the kiosk for.
PURPOSES = (ANALYSIS_PURPOSE, HOSTED_PURPOSE, "personalisation", "churn_profiling", "health")

_NOTICES: Mapping[str, str] = {
    "fr": (
        "Vous parlez à Jarvis, une intelligence artificielle au service de votre salle. Pour vous répondre, elle "
        "écoute pendant la session : le son n'est pas conservé, {kept}. Acceptez-vous que la salle les fasse analyser "
        "par ordinateur (sujet, humeur des mots) pour améliorer son service ? Vous pouvez refuser, ou changer d'avis "
        "à tout moment : Jarvis vous répond de la même façon. La durée de conservation et vos droits sont affichés "
        "à l'accueil."
    ),
    "en": (
        "You are talking to Jarvis, an artificial intelligence that works for your gym. To answer you, it listens "
        "during the session: sound is not kept, {kept}. May the gym have them analysed by computer (topic, mood of "
        "the words) to improve its service? You may refuse, or change your mind at any time: Jarvis answers you just "
        "the same. How long words are kept, and your rights, are shown at the front desk."
    ),
    "es": (
        "Habla con Jarvis, una inteligencia artificial al servicio de su gimnasio. Para responderle, escucha durante "
        "la sesión: el sonido no se conserva; {kept}. ¿Acepta que el gimnasio las haga analizar por ordenador (tema, "
        "tono de las palabras) para mejorar su servicio? Puede negarse o cambiar de opinión en cualquier momento: "
        "Jarvis le responde igual. El plazo de conservación y sus derechos están expuestos en recepción."
    ),
}

# What becomes of the words, by what the gym keeps (`docs/adr/0014-storage-levels.md`).
_KEPT: Mapping[StorageLevel, Mapping[str, str]] = {
    StorageLevel.ALL: {
        "fr": "vos paroles le sont par écrit, dans le dossier de votre salle",
        "en": "your words are, in writing, in your gym's records",
        "es": "sus palabras sí, por escrito, en los archivos del gimnasio",
    },
    StorageLevel.WITHOUT_PERSONAL_DATA: {
        "fr": "vos paroles le sont par écrit, sans votre nom ni vos coordonnées",
        "en": "your words are, in writing, without your name or how to reach you",
        "es": "sus palabras sí, por escrito, sin su nombre ni sus datos de contacto",
    },
    StorageLevel.METADATA_ONLY: {
        "fr": "vos paroles s'effacent une fois traitées, seuls restent des repères (moment, durée, sujet)",
        "en": "your words are deleted once dealt with, only marks of them stay (time, length, topic)",
        "es": "sus palabras se borran una vez tratadas, solo quedan referencias (momento, duración, tema)",
    },
}

LANGUAGES = tuple(_NOTICES)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a member answered to a notice, as it is stored."""

    is_granted: bool
    notice_version: str

    def answers(self, level: StorageLevel) -> bool:
        """True when nobody has to ask again: it was given to the current words, and the gym keeps no more than then."""
        levels = list(StorageLevel)
        return self.notice_version in map(notice_version, levels[: levels.index(level) + 1])


def notice_version(level: StorageLevel) -> str:
    """What the notice of a gym that keeps so much is called on record."""
    return NOTICE_VERSION if level is StorageLevel.ALL else f"{NOTICE_VERSION}/{level}"


def notice_in(language: str, level: StorageLevel = StorageLevel.ALL) -> str:
    """The notice in a language, French where there is none, with what becomes of the words at this gym."""
    spoken = language if language in _NOTICES else "fr"
    return _NOTICES[spoken].format(kept=_KEPT[level][spoken])
