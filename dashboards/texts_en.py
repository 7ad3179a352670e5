"""The English of what the pages say, by the French that the code says."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "Administration": "Administration",
    "Adhérents actifs": "Active members",
    "Alertes": "Alerts",
    "Aujourd'hui": "Today",
    "Chiffres calculés": "Figures computed",
    "Dont négatives": "Of them negative",
    "Exporter en CSV": "Export as CSV",
    "Langue": "Language",
    "Ma salle": "My gym",
    "Qui appeler aujourd'hui, et pourquoi": "Whom to call today, and why",
    "Réseau": "Network",
    "Salle": "Gym",
    "Toutes les salles": "All gyms",
    "Visites en 7 jours": "Visits in 7 days",
    "Voir le détail": "See the rows",
    "Échanges en 7 jours": "Talks in 7 days",
    "À risque élevé": "At high risk",
}
