"""What each topic is called in French: the one label of pages, reports, alerts and messages. Pure words."""

from collections.abc import Mapping, Sequence

from jarvis.conversations import Topic

TOPICS: Mapping[Topic, str] = {
    Topic.EQUIPMENT: "Machines et matériel",
    Topic.CLEANLINESS: "Propreté",
    Topic.SHOWERS_LOCKERS: "Douches et casiers",
    Topic.TEMPERATURE_AIR: "Température et air",
    Topic.MUSIC_NOISE: "Musique et bruit",
    Topic.CROWDING: "Affluence",
    Topic.OPENING_HOURS: "Horaires d'ouverture",
    Topic.CLASS_SCHEDULE: "Planning des cours",
    Topic.STAFF_COACHING: "Équipe et coachs",
    Topic.MEMBERSHIP: "Abonnement",
    Topic.BILLING: "Facturation",
    Topic.ACCESS_BADGE: "Badge et accès",
    Topic.TRAINING_ADVICE: "Conseils d'entraînement",
    Topic.NUTRITION: "Nutrition",
    Topic.INJURY_HEALTH: "Blessure et santé",
    Topic.PROGRESS_GOALS: "Progrès et objectifs",
    Topic.KIOSK_APP: "Borne et application",
    Topic.SAFETY: "Sécurité",
    Topic.FACILITIES_OTHER: "Autres équipements",
    Topic.OTHER: "Autre",
}


def listed(topics: Sequence[Topic]) -> str:
    """The labels within a sentence: machines et matériel, propreté."""
    return ", ".join(TOPICS[topic][:1].lower() + TOPICS[topic][1:] for topic in topics)
