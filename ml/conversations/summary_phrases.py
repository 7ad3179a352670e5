"""The words around the quotes of a summary, in French, English and Spanish.

Sentences only: `summary` chooses among them. Each opening ends before the quote and may name the
topics; each ending says how the conversation closed.
"""

from jarvis.conversations import Intent, Outcome, Sentiment, Topic

QUOTES = {"fr": (" : « ", " »"), "en": (": “", "”"), "es": (": «", "»")}
ZONES_JOIN = {"fr": " et ", "en": " and ", "es": " y "}

_FR, _EN, _ES = {}, {}, {}
for _topic, _fr, _en, _es in (
    (Topic.EQUIPMENT, "le matériel", "the equipment", "el material"),
    (Topic.CLEANLINESS, "la propreté", "cleanliness", "la limpieza"),
    (Topic.SHOWERS_LOCKERS, "les douches et casiers", "the showers and lockers", "las duchas y los vestuarios"),
    (Topic.TEMPERATURE_AIR, "la température et l'air", "temperature and air", "la temperatura y el aire"),
    (Topic.MUSIC_NOISE, "la musique et le bruit", "music and noise", "la música y el ruido"),
    (Topic.CROWDING, "l'affluence", "crowding", "la afluencia"),
    (Topic.OPENING_HOURS, "les horaires", "opening hours", "los horarios"),
    (Topic.CLASS_SCHEDULE, "les cours", "classes", "las clases"),
    (Topic.STAFF_COACHING, "l'équipe et les coachs", "staff and coaches", "el equipo y los monitores"),
    (Topic.MEMBERSHIP, "l'abonnement", "the membership", "el abono"),
    (Topic.BILLING, "la facturation", "billing", "los cobros"),
    (Topic.ACCESS_BADGE, "l'accès et le badge", "access and the badge", "el acceso y la tarjeta"),
    (Topic.TRAINING_ADVICE, "l'entraînement", "training", "el entrenamiento"),
    (Topic.NUTRITION, "la nutrition", "nutrition", "la nutrición"),
    (Topic.INJURY_HEALTH, "une blessure ou la santé", "an injury or health", "una lesión o la salud"),
    (Topic.PROGRESS_GOALS, "les progrès et objectifs", "progress and goals", "los progresos y objetivos"),
    (Topic.KIOSK_APP, "la borne ou l'application", "the kiosk or the app", "el quiosco o la aplicación"),
    (Topic.SAFETY, "la sécurité", "safety", "la seguridad"),
    (Topic.FACILITIES_OTHER, "les autres installations", "the other facilities", "las otras instalaciones"),
    (Topic.OTHER, "un autre sujet", "another matter", "otro asunto"),
):
    _FR[_topic], _EN[_topic], _ES[_topic] = _fr, _en, _es
TOPICS = {"fr": _FR, "en": _EN, "es": _ES}

OPENINGS: dict[str, dict[Intent, str]] = {
    "fr": {
        Intent.CANCEL_MEMBERSHIP: "L'adhérent veut résilier",
        Intent.REPORT_INJURY: "L'adhérent parle d'une blessure ou d'un problème de santé",
        Intent.LOST_ITEM: "L'adhérent cherche un objet perdu",
        Intent.REPORT_ISSUE: "L'adhérent signale un problème (sujet : {topics})",
        Intent.COMPLAIN: "L'adhérent se plaint (sujet : {topics})",
        Intent.FREEZE_MEMBERSHIP: "L'adhérent demande une pause de son abonnement",
        Intent.CHANGE_MEMBERSHIP: "L'adhérent veut changer son abonnement",
        Intent.ASK_BILLING: "L'adhérent pose une question de facturation",
        Intent.REQUEST_HUMAN: "L'adhérent demande à parler à quelqu'un",
        Intent.PRAISE: "L'adhérent exprime sa satisfaction (sujet : {topics})",
        Intent.SUGGEST: "L'adhérent fait une suggestion (sujet : {topics})",
        Intent.SET_GOAL: "L'adhérent se fixe un objectif",
        Intent.CHECK_PROGRESS: "L'adhérent fait le point sur ses progrès",
        Intent.REPORT_ABSENCE: "L'adhérent annonce une absence",
        Intent.CANCEL_BOOKING: "L'adhérent annule une réservation",
        Intent.BOOK_CLASS: "L'adhérent veut réserver un cours",
        Intent.ASK_SCHEDULE: "L'adhérent se renseigne sur le planning",
        Intent.ASK_HOURS: "L'adhérent se renseigne sur les horaires",
        Intent.ASK_TRAINING_ADVICE: "L'adhérent demande un conseil d'entraînement",
        Intent.ASK_NUTRITION: "L'adhérent demande un conseil de nutrition",
        Intent.SMALL_TALK: "L'adhérent bavarde avec la borne",
        Intent.OTHER: "L'adhérent s'adresse à la borne",
    },
    "en": {
        Intent.CANCEL_MEMBERSHIP: "The member wants to cancel the membership",
        Intent.REPORT_INJURY: "The member mentions an injury or a health problem",
        Intent.LOST_ITEM: "The member is looking for a lost item",
        Intent.REPORT_ISSUE: "The member reports a problem with {topics}",
        Intent.COMPLAIN: "The member complains about {topics}",
        Intent.FREEZE_MEMBERSHIP: "The member asks to pause the membership",
        Intent.CHANGE_MEMBERSHIP: "The member wants to change the membership",
        Intent.ASK_BILLING: "The member asks about billing",
        Intent.REQUEST_HUMAN: "The member asks to speak to somebody",
        Intent.PRAISE: "The member is pleased with {topics}",
        Intent.SUGGEST: "The member makes a suggestion about {topics}",
        Intent.SET_GOAL: "The member sets a goal",
        Intent.CHECK_PROGRESS: "The member takes stock of progress",
        Intent.REPORT_ABSENCE: "The member announces an absence",
        Intent.CANCEL_BOOKING: "The member cancels a booking",
        Intent.BOOK_CLASS: "The member wants to book a class",
        Intent.ASK_SCHEDULE: "The member asks about the schedule",
        Intent.ASK_HOURS: "The member asks about opening hours",
        Intent.ASK_TRAINING_ADVICE: "The member asks for training advice",
        Intent.ASK_NUTRITION: "The member asks for nutrition advice",
        Intent.SMALL_TALK: "The member chats with the kiosk",
        Intent.OTHER: "The member speaks to the kiosk",
    },
    "es": {
        Intent.CANCEL_MEMBERSHIP: "El socio quiere darse de baja",
        Intent.REPORT_INJURY: "El socio habla de una lesión o de un problema de salud",
        Intent.LOST_ITEM: "El socio busca un objeto perdido",
        Intent.REPORT_ISSUE: "El socio avisa de un problema (asunto: {topics})",
        Intent.COMPLAIN: "El socio se queja (asunto: {topics})",
        Intent.FREEZE_MEMBERSHIP: "El socio pide una pausa de su abono",
        Intent.CHANGE_MEMBERSHIP: "El socio quiere cambiar su abono",
        Intent.ASK_BILLING: "El socio pregunta por los cobros",
        Intent.REQUEST_HUMAN: "El socio pide hablar con alguien",
        Intent.PRAISE: "El socio está satisfecho (asunto: {topics})",
        Intent.SUGGEST: "El socio hace una sugerencia (asunto: {topics})",
        Intent.SET_GOAL: "El socio se fija un objetivo",
        Intent.CHECK_PROGRESS: "El socio repasa sus progresos",
        Intent.REPORT_ABSENCE: "El socio anuncia una ausencia",
        Intent.CANCEL_BOOKING: "El socio anula una reserva",
        Intent.BOOK_CLASS: "El socio quiere reservar una clase",
        Intent.ASK_SCHEDULE: "El socio pregunta por las clases",
        Intent.ASK_HOURS: "El socio pregunta por los horarios",
        Intent.ASK_TRAINING_ADVICE: "El socio pide un consejo de entrenamiento",
        Intent.ASK_NUTRITION: "El socio pide un consejo de nutrición",
        Intent.SMALL_TALK: "El socio charla con el quiosco",
        Intent.OTHER: "El socio habla con el quiosco",
    },
}

SECOND: dict[str, dict[Sentiment, str]] = {
    "fr": {
        Sentiment.NEGATIVE: "Il reste mécontent",
        Sentiment.NEUTRAL: "Il ajoute",
        Sentiment.POSITIVE: "Il repart satisfait",
    },
    "en": {
        Sentiment.NEGATIVE: "The view stays negative",
        Sentiment.NEUTRAL: "The member adds",
        Sentiment.POSITIVE: "The view is positive",
    },
    "es": {
        Sentiment.NEGATIVE: "Sigue descontento",
        Sentiment.NEUTRAL: "Añade",
        Sentiment.POSITIVE: "Se va satisfecho",
    },
}

ENDINGS: dict[str, dict[Outcome, str]] = {
    "fr": {
        Outcome.SOLVED: "La demande a trouvé sa réponse sur place.",
        Outcome.UNSOLVED: "La demande reste sans solution.",
        Outcome.HANDED_OVER: "La demande est transmise à l'équipe.",
        Outcome.ABANDONED: "L'échange s'arrête là, sans demande aboutie.",
    },
    "en": {
        Outcome.SOLVED: "The request was met on the spot.",
        Outcome.UNSOLVED: "The request remains without a solution.",
        Outcome.HANDED_OVER: "The request was passed on to the team.",
        Outcome.ABANDONED: "The exchange ends there, with no request completed.",
    },
    "es": {
        Outcome.SOLVED: "La petición se resolvió en el momento.",
        Outcome.UNSOLVED: "La petición queda sin solución.",
        Outcome.HANDED_OVER: "La petición se ha pasado al equipo.",
        Outcome.ABANDONED: "El intercambio termina ahí, sin petición concluida.",
    },
}
