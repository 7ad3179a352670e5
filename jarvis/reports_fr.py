"""What reports say to a manager, in French. Pure: figures in, sentences out.

Members are never named here: names are added for a reader who may see them (`orchestration/reports.py`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jarvis import report_gyms
from jarvis.churn import HeldBack
from jarvis.conversations import Topic
from jarvis.formats_fr import full_date, number

if TYPE_CHECKING:
    from jarvis.reports import Findings, Period, Said, Standing

KINDS: Mapping[str, str] = {
    "daily": "Rapport du jour",
    "weekly": "Rapport de la semaine",
    "monthly": "Rapport du mois",
    "quarterly": "Rapport du trimestre",
}
_LAST: Mapping[str, str] = {
    "daily": "la veille",
    "weekly": "la semaine précédente",
    "monthly": "le mois précédent",
    "quarterly": "le trimestre précédent",
}
_LAST_YEAR: Mapping[str, str] = {
    "daily": "le même jour l'an dernier",
    "weekly": "la même semaine l'an dernier",
    "monthly": "le même mois l'an dernier",
    "quarterly": "le même trimestre l'an dernier",
}

# Figure name to its label, and how many decimals it is read with.
FIGURES: Mapping[str, tuple[str, int]] = {
    "visit_count": ("Passages", 0),
    "session_count": ("Conversations à la borne", 0),
    "session_minutes": ("Minutes de conversation", 1),
    "analysed_session_count": ("Conversations analysées", 0),
    "mean_sentiment_score": ("Sentiment moyen (de −1 à 1)", 2),
    "negative_session_count": ("Conversations négatives", 0),
    "positive_session_count": ("Conversations positives", 0),
    "alert_opened_count": ("Nouvelles alertes", 0),
    "cost_usd": ("Coût de l'assistant (USD)", 2),
}

# In place of the names, where every high score is held back.
NOBODY_TO_CALL: Mapping[HeldBack, str] = {
    HeldBack.DECLARED_ABSENCE: "Personne pour l'instant : les adhérents à risque ont déclaré une absence.",
    HeldBack.GYM_CLOSED: "Personne pour l'instant : la salle est fermée, une absence ne dit rien.",
    HeldBack.CHECKINS_SILENT: (
        "Personne pour l'instant : les passages de la salle n'arrivent plus, tout le monde y paraît absent. "
        "Vérifier d'abord la porte et les bornes."
    ),
    HeldBack.FEATURES_DRIFTED: (
        "Personne pour l'instant : les données de la salle ne ressemblent plus à celles d'avant, "
        "les scores sont suspendus en attendant un contrôle."
    ),
}

# Compared by their difference; the others by their share.
SCORES = frozenset({"mean_sentiment_score"})

# As the object of « on s'est plaint … ».
_OF_TOPIC: Mapping[Topic, str] = {
    Topic.EQUIPMENT: "des machines et du matériel",
    Topic.CLEANLINESS: "de la propreté",
    Topic.SHOWERS_LOCKERS: "des douches et des casiers",
    Topic.TEMPERATURE_AIR: "de la température et de l'air",
    Topic.MUSIC_NOISE: "de la musique et du bruit",
    Topic.CROWDING: "de l'affluence",
    Topic.OPENING_HOURS: "des horaires d'ouverture",
    Topic.CLASS_SCHEDULE: "du planning des cours",
    Topic.STAFF_COACHING: "de l'équipe et des coachs",
    Topic.MEMBERSHIP: "de l'abonnement",
    Topic.BILLING: "de la facturation",
    Topic.ACCESS_BADGE: "du badge et de l'accès",
    Topic.TRAINING_ADVICE: "des conseils d'entraînement",
    Topic.NUTRITION: "de la nutrition",
    Topic.INJURY_HEALTH: "de blessures et de santé",
    Topic.PROGRESS_GOALS: "de leurs progrès",
    Topic.KIOSK_APP: "de la borne",
    Topic.SAFETY: "de la sécurité",
    Topic.FACILITIES_OTHER: "d'autres équipements",
    Topic.OTHER: "d'autre chose",
}

_TOPIC_ACTIONS: Mapping[Topic, str] = {
    Topic.EQUIPMENT: "Faire vérifier les machines citées et afficher celles qui sont en panne",
    Topic.CLEANLINESS: "Revoir les passages de ménage aux heures citées",
    Topic.SHOWERS_LOCKERS: "Faire contrôler les douches et les casiers cette semaine",
    Topic.TEMPERATURE_AIR: "Régler la climatisation et noter la température deux fois par jour",
    Topic.MUSIC_NOISE: "Baisser la musique aux heures citées et demander l'avis des adhérents",
    Topic.CROWDING: "Afficher les heures calmes et déplacer un cours hors de l'heure de pointe",
    Topic.OPENING_HOURS: "Afficher les horaires à la borne et à l'entrée",
    Topic.CLASS_SCHEDULE: "Revoir le planning des cours les plus demandés",
    Topic.STAFF_COACHING: "En parler en réunion d'équipe, avec les conversations citées",
    Topic.MEMBERSHIP: "Préparer une réponse claire sur les formules d'abonnement",
    Topic.BILLING: "Contrôler les prélèvements cités et rappeler les adhérents concernés",
    Topic.ACCESS_BADGE: "Contrôler les lecteurs de badge et remplacer les badges en défaut",
    Topic.SAFETY: "Mettre en sécurité ce qui est signalé, dès aujourd'hui",
    Topic.KIOSK_APP: "Vérifier la borne : son, micro, écran",
}


# What each kind of insight was counted over.
_COUNTED: Mapping[str, tuple[str, str]] = {
    "visits": ("passage compté", "passages comptés"),
    "sentiment": ("conversation analysée", "conversations analysées"),
    "topic": ("conversation", "conversations"),
    "churn": ("adhérent", "adhérents"),
    "alerts": ("alerte", "alertes"),
}


def title(subject: str, period: "Period") -> str:
    """For example « Rapport de la semaine – Dax, du lundi 16 novembre 2026 au dimanche 22 novembre 2026 »."""
    if period.kind.value == "daily":
        days = full_date(period.start)
    else:
        days = f"du {full_date(period.start)} au {full_date(period.last)}"
    return f"{KINDS[period.kind]} – {subject}, {days}"


def compared_with(period: "Period") -> tuple[str, str]:
    """What the two comparisons are called: the last period, the same weeks last year."""
    return _LAST[period.kind], _LAST_YEAR[period.kind]


def summary(findings: "Findings") -> str:
    """One or two sentences a manager reads in the corridor."""
    if not findings.now.active_days:
        return "Aucun passage et aucune conversation sur la période : vérifier que les bornes et les imports tournent."

    def now(name: str, noun: str, *, female: bool = True) -> str:
        return _said(report_gyms.told_now(findings, name), noun, female=female)

    parts = [
        now("visit_count", "passage", female=False),
        f"{now('session_count', 'conversation')} à la borne",
    ]
    if findings.now.analysed_session_count:
        parts.append(
            f"dont {now('negative_session_count', 'négative')} sur {now('analysed_session_count', 'analysée')}"
        )
    first = ", ".join(parts) + "."
    first = first[:1].upper() + first[1:]
    at_risk = report_gyms.at_risk_of(findings)
    if at_risk == 0:
        return f"{first} Aucun adhérent n'est à risque élevé de départ."
    return f"{first} {_members(at_risk)} à risque élevé de départ."


def visits_insight(now: int, before: int, share_of_year: float | None) -> str:
    """How visits moved."""
    if not now:
        return f"Aucun passage, contre {number(before)} la fois précédente."
    share = (now - before) / before
    direction = "en hausse" if share > 0 else "en baisse"
    text = f"Fréquentation {direction} de {percent(abs(share))} : {_said(now, 'passage')} contre {number(before)}"
    if share_of_year is not None:
        side = "au-dessus" if share_of_year >= 0 else "en dessous"
        text += f", {percent(abs(share_of_year))} {side} de l'an dernier à la même époque"
    return text + "."


def sentiment_insight(difference: float, negative: int | None, analysed: int) -> str:
    """How the mood moved; None for a number that is not told."""
    direction = "plus positives" if difference > 0 else "plus négatives"
    told = _said(negative, "négative", female=True)
    return f"Les conversations sont {direction} : {told} sur {_said(analysed, 'analysée', female=True)}."


def topic_insight(topic: Topic, session_count: int, negative: int, negative_before: int | None) -> str:
    """What members complain of, two at least, beside the last period; None for a number that is not told."""
    text = f"{number(negative)} conversations négatives parlent {_OF_TOPIC[topic]}"
    if session_count > negative:
        text += f" (sur {number(session_count)} qui en parlent)"
    if negative_before is None:
        text += ", contre quelques-unes la fois précédente"
    elif negative_before:
        text += f", contre {number(negative_before)} la fois précédente"
    else:
        text += ", aucune la fois précédente"
    return text + "."


def risk_insight(at_risk: int, active: int) -> str:
    """How many members may leave."""
    return (
        f"{_members(at_risk)} à risque élevé de départ, soit {percent(at_risk / max(1, active))} des adhérents actifs."
    )


def late_alerts_insight(count: int) -> str:
    """What nobody has taken."""
    if count == 1:
        return "Une alerte urgente ou haute attend depuis plus d'un jour sans que personne ne l'ait prise."
    return f"{number(count)} alertes urgentes ou hautes attendent depuis plus d'un jour, et personne ne les a prises."


def counted(insight: Mapping[str, Any]) -> str:
    """What a kept insight was counted over: 5 conversations; empty where nothing is kept of it."""
    count = _count(insight)
    singular, plural = _COUNTED.get(insight["kind"], ("conversation", "conversations"))
    return f"{number(count)} {singular if count == 1 else plural}" if count else ""


# What is longer is cut: a report quotes, the conversation tells.
LONGEST_QUOTE = 160


def insight_line(insight: Mapping[str, Any]) -> str:
    """The sentence, and over how many of what it was counted."""
    over = counted(insight)
    return f"{insight['text']} ({over})" if over else str(insight["text"])


def quote(one: "Said", *, names_gym: bool) -> str:
    """For example « Mardi 17 novembre à 18 h 05, borne Accueil : « Les douches sont encore froides. » »."""
    day = f"{full_date(one.said_at.date())} à {one.said_at:%H} h {one.said_at:%M}"
    kiosk = one.kiosk_name if one.kiosk_name.casefold().startswith("borne") else f"borne {one.kiosk_name}"
    where = f"{one.gym_name}, {kiosk}" if names_gym else kiosk
    words = one.text if len(one.text) <= LONGEST_QUOTE else f"{one.text[: LONGEST_QUOTE - 1].rstrip()}…"
    return f"{day[0].upper()}{day[1:]}, {where} : «\u00a0{words}\u00a0»"


def action(kind: str, topic: Topic | None, standing: "Standing") -> str | None:
    """What an insight asks for; None where it only informs."""
    if kind == "alerts":
        return "Prendre aujourd'hui les alertes urgentes et hautes qui attendent"
    if kind == "churn":
        several = min(5, standing.at_risk_member_count)
        whom = "l'adhérent le plus à risque" if several == 1 else f"les {several} adhérents les plus à risque"
        return f"Appeler {whom} : la liste est dans « Alertes »"
    if kind == "topic" and topic is not None:
        return _TOPIC_ACTIONS.get(topic)
    if kind == "visits":
        return "Comparer la fréquentation avec le planning et les fermetures de la période"
    return None


def standing_actions(findings: "Findings") -> Sequence[str]:
    """What is worth doing in a quiet week too."""
    actions = []
    if findings.now.positive_session_count:
        actions.append("Remercier l'équipe : lire ensemble deux conversations positives")
    if findings.standing.open_alert_count:
        actions.append("Fermer les alertes réglées, avec leur issue")
    actions.append("Inviter trois adhérents récents à faire le point avec un coach")
    actions.append("Vérifier que chaque borne a parlé au moins une fois dans la semaine")
    actions.append("Relire les objectifs de la période avec l'équipe")
    return actions


def percent(share: float) -> str:
    """A share as a whole percentage: 12 %."""
    return f"{number(100 * share)}\u00a0%"


def change(share: float | None) -> str:
    """A change as one reads it in a table: +12 %, −3 %, =, – where there is nothing to compare with."""
    if share is None:
        return "–"
    rounded = round(100 * share)
    if rounded == 0:
        return "="
    sign = "+" if rounded > 0 else "−"
    return f"{sign}{number(abs(rounded))}\u00a0%"


def difference(points: float) -> str:
    """How far a score moved: +0,20, −0,05, =."""
    rounded = round(points, 2)
    if rounded == 0:
        return "="
    return f"{'+' if rounded > 0 else '−'}{number(abs(rounded), decimals=2)}"


def _ids(insight: Mapping[str, Any]) -> list[Any]:
    return [*insight.get("session_ids", ()), *insight.get("alert_ids", ())]


def _count(insight: Mapping[str, Any]) -> int:
    return insight.get("evidence_count") or len(_ids(insight))


def _members(count: int | None) -> str:
    if count is None:
        return "Quelques adhérents sont"
    return "Un adhérent est" if count == 1 else f"{number(count)} adhérents sont"


def _said(count: int | None, noun: str, *, female: bool = False) -> str:
    """A count with its noun, as one says it: aucun passage, 1 passage, 12 passages; quelques passages for None."""
    if count == 0:
        return f"{'aucune' if female else 'aucun'} {noun}"
    if count == 1:
        return f"1 {noun}"
    return f"{'quelques' if count is None else number(count)} {noun}s"
