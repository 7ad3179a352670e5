"""The French words of the alerts: what a manager reads, and what the manager could do.

Wording only; `alerts.py` decides when. No names: the page shows who it is about, under the reader's
own rights.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jarvis import formats_fr
from jarvis.budgets import Standing, VoiceMode
from jarvis.conversations import Emotion, Intent, Issue, Topic

TOPICS: dict[Topic, str] = {
    Topic.EQUIPMENT: "équipement",
    Topic.CLEANLINESS: "propreté",
    Topic.SHOWERS_LOCKERS: "douches et vestiaires",
    Topic.TEMPERATURE_AIR: "température et aération",
    Topic.MUSIC_NOISE: "musique et bruit",
    Topic.CROWDING: "affluence",
    Topic.OPENING_HOURS: "horaires d'ouverture",
    Topic.CLASS_SCHEDULE: "planning des cours",
    Topic.STAFF_COACHING: "équipe et coaching",
    Topic.MEMBERSHIP: "abonnement",
    Topic.BILLING: "facturation",
    Topic.ACCESS_BADGE: "badge et accès",
    Topic.TRAINING_ADVICE: "conseils d'entraînement",
    Topic.NUTRITION: "nutrition",
    Topic.INJURY_HEALTH: "blessure et santé",
    Topic.PROGRESS_GOALS: "progression et objectifs",
    Topic.KIOSK_APP: "borne et application",
    Topic.SAFETY: "sécurité",
    Topic.FACILITIES_OTHER: "locaux",
    Topic.OTHER: "autre sujet",
}

# Only those an unhappy member can have; a polite complaint has another, and is called by the plain word.
_EMOTIONS: dict[Emotion, str] = {
    Emotion.CONFUSION: "de l'incompréhension",
    Emotion.DISAPPOINTMENT: "de la déception",
    Emotion.FRUSTRATION: "de la frustration",
    Emotion.ANGER: "de la colère",
    Emotion.ANXIETY: "de l'inquiétude",
    Emotion.SADNESS: "de la tristesse",
}

CHURN_RISK_TITLE = "Risque de départ critique"
CHURN_RISK_ACTIONS = (
    "Appeler l'adhérent cette semaine",
    "Proposer un bilan avec un coach",
    "Vérifier l'échéance de son abonnement",
)
# Where and about what stands in the title; how often is the alert's own count.
EQUIPMENT_DESCRIPTION = "Signalé à la borne, dans les mots cités ci-dessous."
HAND_OVER_TITLE = "Un adhérent demande quelqu'un à la borne"
HAND_OVER_ACTIONS = ("Rejoindre l'adhérent à la borne", "S'il est parti, le recontacter aujourd'hui")
SUGGESTION_ACTIONS = ("Lire la suggestion", "Dire à l'adhérent ce qui en est fait")
COMPLAINT_ACTIONS = ("Contacter l'adhérent pour l'écouter", "Le tenir informé de ce qui est décidé")
VOICE_BUDGET_ACTIONS = (
    "Vérifier l'usage des bornes ce mois-ci",
    "Augmenter le budget vocal si cet usage est normal",
)
KIOSK_ACTIONS = (
    "Vérifier que la borne est allumée et branchée",
    "Vérifier le réseau de la borne",
    "Redémarrer la borne ; sans effet, prévenir le support",
)
KIOSKS_ACTIONS = (
    "Vérifier l'électricité et la connexion internet de la salle",
    "Redémarrer la box, puis les bornes",
    "Sans effet, prévenir le support",
)
KIOSK_BACK = "La borne est revenue, ou elle a été mise hors service."
KIOSK_GROUPED = "Regroupée : toutes les bornes de la salle sont hors ligne."
MILESTONE_ACTIONS = ("Féliciter l'adhérent à son prochain passage",)


def negative_feedback_title(topics: Sequence[Topic]) -> str:
    """For example « Avis négatif : équipement, propreté »."""
    return f"Avis négatif : {_listed(topics)}" if topics else "Avis négatif"


def negative_feedback_description(emotion: Emotion) -> str:
    """What was felt; the title says about what."""
    felt = _EMOTIONS.get(emotion, "un mécontentement")
    return f"À la borne, un adhérent a exprimé {felt}. Ses mots sont cités ci-dessous."


def negative_feedback_actions(intents: Sequence[Intent]) -> tuple[str, ...]:
    """What to do about an unhappy member, the most pressing first."""
    actions: list[str] = []
    if Intent.CANCEL_MEMBERSHIP in intents:
        actions.append("Rappeler aujourd'hui : l'adhérent parle de résilier")
    if Intent.REQUEST_HUMAN in intents:
        actions.append("L'adhérent demande à parler à quelqu'un : le recontacter")
    actions.append("Contacter l'adhérent pour s'excuser et l'écouter")
    if Intent.REPORT_ISSUE in intents:
        actions.append("Faire vérifier le problème signalé, puis tenir l'adhérent informé")
    return tuple(actions)


def hand_over_description(reason: str) -> str:
    """Why somebody is asked to come, as the assistant understood it."""
    return f"Il attend à la borne, ou souhaite être recontacté. Motif : {reason}"


def suggestion_title(topic: Topic) -> str:
    """For example « Suggestion d'un adhérent : planning des cours »."""
    return f"Suggestion d'un adhérent : {TOPICS[topic]}"


def complaint_description(words: str) -> str:
    """What a member wants the team to know, as the assistant understood it."""
    return f"Transmis par la borne à la demande d'un adhérent : {words}"


def equipment_title(issue: Issue) -> str:
    """For example « Problème signalé : tapis 4 (équipement) »."""
    place = ", ".join(part for part in (issue.machine, issue.zone) if part)
    return (
        f"Problème signalé : {place} ({TOPICS[issue.topic]})" if place else f"Problème signalé : {TOPICS[issue.topic]}"
    )


def equipment_actions(issue: Issue) -> tuple[str, ...]:
    """What to do about something broken, dirty or dangerous."""
    if issue.topic is Topic.SAFETY:
        return ("Mettre la zone en sécurité tout de suite", "Vérifier sur place", "Prévenir le responsable technique")
    return ("Vérifier sur place", "Afficher « hors service » si nécessaire", "Planifier l'intervention")


def churn_risk_description(score: float, factors: Sequence[str]) -> str:
    """The risk in percent and its reasons."""
    reasons = f" Raisons : {', '.join(factors)}." if factors else ""
    return f"Risque de départ estimé à {round(score * 100)} %.{reasons}"


def milestone_title(visits: int) -> str:
    """For example « 100e visite »."""
    return f"{visits}e visite"


def milestone_description(visits: int) -> str:
    """Why it is worth a word."""
    return f"Un adhérent vient d'atteindre {visits} visites : une occasion de le remercier."


def kiosk_offline_title(names: Sequence[str]) -> str:
    """For example « Borne hors ligne : Accueil », or of all kiosks of a gym at once."""
    if len(names) == 1:
        return f"Borne hors ligne : {names[0]}"
    return f"Les {len(names)} bornes de la salle sont hors ligne"


def kiosk_offline_description(heard_at: datetime, *, timezone: str) -> str:
    """Since when nothing was heard, on the gym's own clock."""
    day = formats_fr.full_date(heard_at.astimezone(ZoneInfo(timezone)).date())
    return f"Aucun signe de vie depuis le {day} à {formats_fr.clock(heard_at, timezone=timezone)}."


def voice_budget_title(mode: VoiceMode, *, is_cheapest: bool = False) -> str:
    """What has changed at the kiosks; nothing yet, where they speak with the cheapest model already."""
    if mode is VoiceMode.TEXT:
        return "Budget vocal épuisé : les bornes répondent par écrit"
    return "Budget vocal bientôt épuisé" if is_cheapest else "Budget vocal bientôt épuisé : modèle vocal économique"


def voice_budget_description(standing: Standing, *, is_cheapest: bool = False) -> str:
    """The month's spending in dollars, as the provider bills it, and what comes of it.

    Args:
        is_cheapest: no kiosk of the gym has a dearer model that could be replaced.
    """
    spent, budget = (f"{amount:.2f}".replace(".", ",") for amount in (standing.spent_usd, standing.budget_usd))
    if standing.mode is VoiceMode.TEXT:
        what = "Les nouvelles conversations se font par écrit jusqu'à la fin du mois."
    elif is_cheapest:
        what = (
            "Les bornes utilisent déjà le modèle vocal le plus économique ; "
            "au-delà du budget, les conversations passent en texte."
        )
    else:
        what = "Les nouvelles conversations utilisent un modèle vocal moins cher."
    return f"{spent} $ dépensés sur un budget de {budget} $ pour {standing.month:%m/%Y}. {what}"


def _listed(topics: Sequence[Topic]) -> str:
    return ", ".join(TOPICS[topic] for topic in topics)
