"""Everything the managers' pages say, in French: labels of the closed vocabularies, and sentences.

A constant is French, and its page says it in the reader's language; a sentence made of parts comes in it already.
A test compares every vocabulary with the kernel's enums and with the database's own checks, so that
no value is ever shown as it is stored.
"""

from collections.abc import Mapping

from dashboards import formats
from dashboards.language import say
from jarvis import alert_upkeep, topics_fr

STATUSES: Mapping[str, str] = {
    "pending": "À traiter",
    "in_progress": "En cours",
    "resolved": "Résolue",
    "dismissed": "Classée sans suite",
}
PRIORITIES: Mapping[str, str] = {"urgent": "Urgente", "high": "Haute", "medium": "Moyenne", "low": "Basse"}
ALERT_TYPES: Mapping[str, str] = {
    "negative_feedback": "Avis négatif",
    "equipment_issue": "Panne ou défaut",
    "churn_risk": "Risque de départ",
    "milestone": "Étape franchie",
    "kiosk_offline": "Borne hors ligne",
    "data_quality": "Qualité des données",
    "voice_budget": "Budget vocal",
}
OUTCOME_CODES: Mapping[str, str] = {
    "solved": "Problème réglé",
    "member_contacted": "Adhérent contacté",
    "no_action_needed": "Rien à faire",
    "false_alarm": "Fausse alerte",
    "duplicate": "Doublon",
    alert_upkeep.CAUSE_ENDED: "Cause disparue",
    alert_upkeep.MEMBER_LEFT: "A quitté la salle",
}
# What a person may say at the end; that a cause has ended or a member has left is the system's to say.
CHOSEN_OUTCOMES: tuple[str, ...] = tuple(
    code for code in OUTCOME_CODES if code not in {alert_upkeep.CAUSE_ENDED, alert_upkeep.MEMBER_LEFT}
)
SENTIMENTS: Mapping[str, str] = {"negative": "Négatif", "neutral": "Neutre", "positive": "Positif"}
EMOTIONS: Mapping[str, str] = {
    "joy": "Joie",
    "gratitude": "Gratitude",
    "motivation": "Motivation",
    "neutral": "Neutre",
    "confusion": "Confusion",
    "disappointment": "Déception",
    "frustration": "Frustration",
    "anger": "Colère",
    "anxiety": "Inquiétude",
    "sadness": "Tristesse",
}
TOPICS: Mapping[str, str] = {topic.value: label for topic, label in topics_fr.TOPICS.items()}
WEEKDAYS = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
INTENTS: Mapping[str, str] = {
    "book_class": "Réserver un cours",
    "cancel_booking": "Annuler une réservation",
    "ask_hours": "Demander les horaires",
    "ask_schedule": "Demander le planning",
    "ask_training_advice": "Demander un conseil d'entraînement",
    "ask_nutrition": "Demander un conseil de nutrition",
    "report_issue": "Signaler un problème",
    "complain": "Se plaindre",
    "praise": "Féliciter",
    "suggest": "Suggérer",
    "cancel_membership": "Résilier",
    "freeze_membership": "Suspendre l'abonnement",
    "change_membership": "Changer d'abonnement",
    "ask_billing": "Question de facturation",
    "request_human": "Demander une personne",
    "set_goal": "Fixer un objectif",
    "check_progress": "Suivre ses progrès",
    "report_absence": "Annoncer une absence",
    "report_injury": "Signaler une blessure",
    "lost_item": "Objet perdu",
    "small_talk": "Conversation",
    "other": "Autre",
}
OUTCOMES: Mapping[str, str] = {
    "solved": "Résolue",
    "unsolved": "Non résolue",
    "handed_over": "Transmise à l'équipe",
    "abandoned": "Abandonnée",
}
# What `fct_costs_daily.model` holds for an analysis.
ANALYSIS_ENGINES: Mapping[str, str] = {
    "local": "Analyse locale",
    "openai": "Analyse OpenAI",
    "simulated": "Analyse simulée",
    "unknown": "Analyse, moteur inconnu",
}
# Where a visit is known from.
VISIT_SOURCES: Mapping[str, str] = {"badge": "Badge", "door": "Porte", "import": "Reprise d'un fichier"}
COST_PARTS: Mapping[str, str] = {
    "audio": "Voix",
    "text": "Texte",
    "image": "Images",
    "cached": "Relu en cache",
    "transcription": "Transcription",
    "analysis": "Analyse",
}
CLOSE_REASONS: Mapping[str, str] = {
    "member_left": "L'adhérent est parti",
    "member_goodbye": "L'adhérent a dit au revoir",
    "idle": "Silence prolongé",
    "second_badge": "Un autre badge a été passé",
    "kiosk_lost": "Borne injoignable",
    "provider_lost": "Service vocal injoignable",
    "max_duration": "Durée maximale atteinte",
    "budget": "Budget atteint",
    "gateway_lost": "Passerelle arrêtée",
    "operator": "Fermée par un opérateur",
}
ACTION_OWNERS: Mapping[str, str] = {"staff": "Équipe", "manager": "Responsable", "member": "Adhérent"}
ACTION_STATES: Mapping[str, str] = {"open": "À faire", "done": "Faite", "dismissed": "Abandonnée"}
REPORT_KINDS: Mapping[str, str] = {
    "daily": "Quotidien",
    "weekly": "Hebdomadaire",
    "monthly": "Mensuel",
    "quarterly": "Trimestriel",
}
REPORT_STATUSES: Mapping[str, str] = {"draft": "Brouillon", "published": "Publié", "archived": "Archivé"}
DELIVERY_CHANNELS: Mapping[str, str] = {"email": "Courriel", "dashboard": "Tableau de bord"}
DELIVERY_STATUSES: Mapping[str, str] = {
    "waiting": "En attente",
    "sent": "Envoyé",
    "failed": "Échoué",
    "bounced": "Rejeté",
    "suppressed": "Non envoyé",
}
# Claims of an analysis, as the evidence checks name them.
CLAIMS: Mapping[str, str] = {
    "summary": "Résumé",
    "key_topics": "Sujets",
    "sentiment": "Sentiment",
    "emotion": "Émotion",
    "intents": "Intentions",
    "outcome": "Issue",
    "action_items": "Action",
    "tasks": "Action à suivre",
    "issues": "Problème signalé",
}
UNFOUNDED: Mapping[str, str] = {
    "no_turn": "ne cite aucune parole",
    "turn_not_found": "cite une parole introuvable",
    "quote_not_said": "cite des mots qui n'ont pas été dits",
    "alert_quote_not_said": "l'alerte cite des mots qui n'ont pas été dits",
}
RISK_LEVELS: Mapping[str, str] = {"critical": "Critique", "high": "Élevé", "medium": "Moyen", "low": "Faible"}
VISIT_TRENDS: Mapping[str, str] = {
    "absent": "Ne vient plus",
    "falling": "En baisse",
    "steady": "Régulières",
    "rising": "En hausse",
}
MUTE_REASONS: Mapping[str, str] = {
    "absence": "Absence annoncée",
    "frozen": "Abonnement suspendu",
    "closure": "Salle fermée",
    "public_holiday": "Jour férié",
    "school_holiday": "Vacances scolaires",
}
# What a manager reads where a conversation has no analysis yet, or never gets one.
ANALYSIS_STATES: Mapping[str, str] = {
    "pending": "L'analyse arrive dans un instant.",
    "completed": "L'analyse est faite.",
    "skipped": "Il n'y a rien à analyser dans cette conversation.",
    "parked": "L'analyse a échoué trois fois : l'équipe technique est prévenue.",
}
ROLES: Mapping[str, str] = {
    "super_admin": "Administration",
    "franchise_owner": "Franchise",
    "gym_manager": "Responsable de salle",
    "gym_staff": "Équipe de salle",
    "analyst": "Analyste",
}

# Choices of the alerts page: label to days, None for any time.
PERIODS: Mapping[str, int | None] = {"24 heures": 1, "7 jours": 7, "30 jours": 30, "Tout": None}
OPEN, PENDING, IN_PROGRESS, CLOSED, ALL = "Ouvertes", "À traiter", "En cours", "Clôturées", "Toutes"
EVERY_GYM = "Toutes les salles"
EVERY_FRANCHISE = "Toutes les franchises"

TAKEN = "Alerte prise en charge : elle est à votre nom."
RELEASED = "Alerte remise à traiter."
RESOLVED = "Alerte résolue."
DISMISSED = "Alerte classée sans suite."
NOT_ALLOWED = "Votre rôle permet de lire les alertes, pas de les traiter. Adressez-vous au responsable de la salle."
GONE = "Cette alerte n'existe plus, ou elle n'est pas dans votre périmètre."
MESSAGE_MISSING = "Le message est vide : écrivez ce que vous avez envoyé."
MESSAGE_USED = "Message noté comme envoyé."
MESSAGE_GONE = "Ce message a déjà été noté comme envoyé."
MESSAGE_HELP = "JARVIS n'envoie rien : copiez ce message, envoyez-le vous-même, puis notez-le ici."
NOBODY_CHOSEN = "Aucune personne n'a été choisie."
ASSIGNED = "Alerte attribuée."
NOT_THEIR_GYM = "Cette personne n'a pas accès à la salle de cette alerte."
REASON_MISSING = "Un motif est obligatoire pour classer une alerte sans suite."
ILLEGAL_STEP = "Ce changement n'est pas possible dans l'état actuel de l'alerte. La liste vient d'être actualisée."
SIGNED_OUT = "Votre session est terminée. Reconnectez-vous pour continuer."
NOBODY_TOLD = (
    "Personne n'est prévenu des pannes : aucun e-mail ne part quand un traitement échoue ou s'arrête. Donnez "
    "JARVIS_SMTP_URL et JARVIS_OPERATORS_MAIL aux réglages de l'installation, puis redémarrez-la."
)
NO_PAGE = "Votre compte n'a pas de page ici : l'accès des analystes se fait en SQL."
FAILED = "Cette page n'a pas pu être affichée. L'incident est enregistré ; réessayez dans un instant."
TOO_SLOW = (
    "La base de données met trop longtemps à répondre. Réessayez dans une minute ; si cela dure, prévenez "
    "l'administrateur : « Supervision » montre ce qui l'occupe."
)
UNREACHABLE = "La base de données ne répond pas. La page se remettra à jour d'elle-même."
NOTHING_OPEN = "Rien à traiter"
NOTHING_OPEN_MORE = "Aucune alerte ouverte. Les nouvelles s'affichent ici d'elles-mêmes, sans recharger la page."
NOTHING_CHOSEN = "Aucune alerte ne correspond à ces filtres"
NOTHING_CHOSEN_MORE = "Élargissez la période, ou retirez un filtre."
READ_ONLY = "Lecture seule : le responsable de la salle traite les alertes."
UNKNOWN_MEMBER = "Adhérent non identifié"
NO_SUCH_MEMBER = "Cet adhérent n'existe pas, ou il n'est pas dans votre périmètre."
NO_SUCH_CONVERSATION = "Cette conversation n'existe pas, ou elle n'est pas dans votre périmètre."
NO_SUCH_REPORT = "Ce rapport n'existe pas, ou il n'est pas dans votre périmètre."
REPORT_MOVED = "Ce rapport a changé entre-temps : la page vient d'être relue."
ITEM_MOVED = "Quelqu'un d'autre a modifié cette action entre-temps : la liste vient d'être relue."
ITEM_REFUSED = "Ce changement n'est pas possible : l'action a changé, ou elle n'est pas de votre salle."
NO_CONSENT = "L'adhérent n'a pas accepté l'analyse : rien n'est analysé."
NO_WORDS = "Les paroles de cette conversation ne sont pas conservées."
MASKED_MEMBER = "Adhérent (nom masqué)"
UNMASKING_IS_KEPT = "Votre consultation des noms est inscrite au journal."
NEW_MEMBER = "Nouvel adhérent : le risque se calcule après 21 jours."
UNCOUNTED_DAYS = "Absences annoncées, suspensions et fermetures ne comptent pas dans ces jours."
# What makes a score less sure, beside the score itself.
POOLED = (
    "À prendre avec prudence : trop peu d'adhérents ont quitté cette salle pour juger d'après elle seule ; ce score "
    "s'appuie sur toutes les salles."
)
UNSURE_DATA: Mapping[str, str] = {
    "checkins_silent": (
        "Score à ne pas croire : les passages de la salle n'arrivent plus, tout le monde y paraît absent. "
        "Aucune alerte n'en part."
    ),
    "features_drifted": (
        "Score à ne pas croire : les données de la salle ne ressemblent plus à celles d'avant. Aucune alerte n'en part."
    ),
}
NO_SCORE = "Le risque n'est pas encore calculé : il l'est chaque nuit."
PAUSED = "Actualisation en pause pendant la saisie."


def came_second(status: str, assignee_name: str | None, *, is_mine: bool) -> str:
    """Why an action came too late: somebody else changed the alert since it was read."""
    if status == "in_progress":
        who = say("vous-même, dans une autre fenêtre") if is_mine else assignee_name or say("un autre responsable")
        return say("Cette alerte vient d'être prise en charge par {who}.").format(who=who)
    if status == "pending":
        return say("Cette alerte vient d'être remise à traiter.")
    return say("Cette alerte est déjà clôturée ({status}).").format(status=say(STATUSES[status]).lower())


def of_them_urgent(count: int) -> str:
    """Beside the number of waiting alerts: how many of them are urgent."""
    return say("dont 1 urgente" if count == 1 else "dont {count} urgentes").format(count=formats.number(count))


def new_alerts(count: int) -> str:
    """Announces alerts that came while the page was open."""
    return say("1 nouvelle alerte" if count == 1 else "{count} nouvelles alertes").format(count=count)
