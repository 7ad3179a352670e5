"""The French words of the alerts: what a manager reads, and what the manager could do.

Wording only; `alerts.py` decides when. No names: the page shows who it is about, under the reader's
own rights.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jarvis import formats_fr
from jarvis.budgets import Standing, VoiceMode
from jarvis.churn import RiskLevel
from jarvis.conversations import Emotion, Intent, Issue, Topic
from jarvis.topics_fr import listed

# Only those an unhappy member can have; a polite complaint has another, and is called by the plain word.
_EMOTIONS: dict[Emotion, str] = {
    Emotion.CONFUSION: "de l'incompréhension",
    Emotion.DISAPPOINTMENT: "de la déception",
    Emotion.FRUSTRATION: "de la frustration",
    Emotion.ANGER: "de la colère",
    Emotion.ANXIETY: "de l'inquiétude",
    Emotion.SADNESS: "de la tristesse",
}

MEMBER_BACK = "L'adhérent est revenu à la salle."
MEMBER_LEFT = "L'adhérent a quitté la salle."
RISK_FELL = "Le risque est repassé sous le seuil."
EQUIPMENT_QUIET = (
    "Plus aucun signalement depuis trois semaines, alors que les adhérents continuent de parler à la borne."
)
MILESTONE_STALE = "L'occasion est passée."
GOAL_TITLE = "Objectif atteint"
CHECKINS_SILENT = (
    "Plus aucun passage enregistré",
    "Aucune visite n'a été enregistrée depuis deux jours, alors que la salle est ouverte. "
    "Les risques de départ ne peuvent plus être calculés correctement.",
)
CHECKINS_INCOMPLETE = (
    "Passages incomplets",
    "Beaucoup moins de visites que d'habitude ont été enregistrées : "
    "les risques de départ sont suspendus jusqu'à ce que les données soient complètes.",
)
SCORES_DRIFTED = (
    "Risques de départ suspendus",
    "Les données de la salle ne ressemblent plus à celles sur lesquelles le modèle a appris : "
    "aucune alerte de départ n'est émise en attendant un contrôle.",
)
DATA_IS_BACK = "Les données sont de nouveau complètes."
DATA_QUALITY_ACTIONS = (
    "Vérifier que la porte et les bornes lisent les badges",
    "Prévenir le support si les passages ont bien eu lieu",
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
    """For example « Avis négatif : machines et matériel, propreté »."""
    return f"Avis négatif : {listed(topics)}" if topics else "Avis négatif"


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
    return f"Suggestion d'un adhérent : {listed([topic])}"


def complaint_description(words: str) -> str:
    """What a member wants the team to know, as the assistant understood it."""
    return f"Transmis par la borne à la demande d'un adhérent : {words}"


def equipment_title(issue: Issue) -> str:
    """For example « Problème signalé : tapis 4 (machines et matériel) »."""
    place = ", ".join(part for part in (issue.machine, issue.zone) if part)
    topic = listed([issue.topic])
    return f"Problème signalé : {place} ({topic})" if place else f"Problème signalé : {topic}"


def equipment_actions(issue: Issue) -> tuple[str, ...]:
    """What to do about something broken, dirty or dangerous."""
    if issue.topic is Topic.SAFETY:
        return ("Mettre la zone en sécurité tout de suite", "Vérifier sur place", "Prévenir le responsable technique")
    return ("Vérifier sur place", "Afficher « hors service » si nécessaire", "Planifier l'intervention")


def churn_risk_title(level: RiskLevel) -> str:
    """For example « Risque de départ critique »."""
    return "Risque de départ critique" if level is RiskLevel.CRITICAL else "Risque de départ élevé"


def churn_risk_description(
    score: float,
    reasons: Sequence[str],
    *,
    is_calibrated: bool,
    counterfactual: str | None = None,
    can_wait: bool = False,
    usual_gap_days: float | None = None,
) -> str:
    """The risk, its reasons and what would change it.

    A sum of rules is no percentage: its level is the title's, and its decimals stand on the member's file.

    Args:
        can_wait: the member keeps their own habit, whatever the days say.
        usual_gap_days: how long the member's own gaps may last, where the last visit is no longer ago.
    """
    risk = [f"Risque de départ estimé à {round(score * 100)} %."] if is_calibrated else []
    told = [*risk, *(f"{_sentence(reason)}." for reason in reasons)]
    if can_wait:
        told.append("Les visites gardent pourtant leur rythme habituel : à appeler après les autres.")
    elif usual_gap_days is not None:
        told.append(f"Pas encore inhabituel : jusqu'à {int(usual_gap_days)} jours peuvent passer entre deux visites.")
    return " ".join([*told, *([f"{_sentence(counterfactual)}."] if counterfactual else [])])


def churn_risk_actions(factors: Sequence[str]) -> tuple[str, ...]:
    """What to do about a member at risk, by what the risk rests on."""
    found = [action for words, action in _CHURN_ACTIONS if any(word in one for one in factors for word in words)]
    return (
        *(found or ["Appeler l'adhérent cette semaine pour prendre de ses nouvelles"]),
        "Proposer un bilan avec un coach",
    )


_CALL = "Appeler l'adhérent cette semaine pour prendre de ses nouvelles"
# A factor's name holds one of the words.
_CHURN_ACTIONS = (
    (("absen", "declin", "irregular", "engagement"), _CALL),
    (("wants_out",), "Lui demander ce qui le fait penser à partir, avant de parler d'abonnement"),
    (("negative", "unsolved"), "Revenir avec lui sur ce qui ne va pas, avant de parler d'abonnement"),
    (("expir",), "Lui parler de la suite de son abonnement avant l'échéance"),
    (("about_money", "dearer"), "Vérifier que sa formule lui convient encore"),
)


def anniversary_title(years: int) -> str:
    """For example « 3 ans à la salle »."""
    return "1 an à la salle" if years == 1 else f"{years} ans à la salle"


def anniversary_description(years: int) -> str:
    """Why it is worth a word."""
    since = "un an" if years == 1 else f"{years} ans"
    return f"Un adhérent est inscrit depuis {since} et vient toujours : une occasion de le remercier."


def goal_description(target: int, *, is_weekly: bool) -> str:
    """Which goal; only visits are counted."""
    goal = f"{target} {'visite' if target == 1 else 'visites'}{' par semaine' if is_weekly else ''}"
    return f"Un adhérent a atteint l'objectif qu'il s'était fixé : {goal}."


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


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:]
