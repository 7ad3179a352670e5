"""The audit trail in words: what was done, to what, and the details that say more. Pure.

The trail keeps ids and states, never what members said; names are those of today.
"""

from collections.abc import Callable, Mapping

from dashboards import texts_fr
from dashboards.language import say
from dashboards.records import Row

# An action without words here is shown by its code: a test finds those that the database can write.
ACTIONS: Mapping[str, str] = {
    "absence_added": "Absence notée",
    "absence_ended": "Absence terminée",
    "absence_removed": "Absence retirée",
    "action_item_dismissed": "Tâche écartée",
    "action_item_done": "Tâche faite",
    "action_item_edited": "Tâche modifiée",
    "action_item_reopened": "Tâche rouverte",
    "alert_budget_set": "Budget d'alertes changé",
    "alert_dismissed": "Alerte classée sans suite",
    "alert_edited": "Alerte modifiée",
    "alert_escalated": "Alerte relevée d'un cran",
    "alert_in_progress": "Alerte prise en charge",
    "alert_message_used": "Message noté comme envoyé",
    "alert_pending": "Alerte remise à traiter",
    "alert_settings_changed": "Réglages d'alerte changés",
    "report_settings_changed": "Relecture des rapports changée",
    "alert_resolved": "Alerte résolue",
    "alert_unmasked": "Noms d'une alerte affichés",
    "closure_added": "Fermeture notée",
    "closure_removed": "Fermeture retirée",
    "code_failed": "Code refusé",
    "code_locked": "Codes refusés : compte bloqué",
    "conversation.read": "Conversation lue",
    "conversation.unmasked": "Noms d'une conversation affichés",
    "engine_accepted": "Moteur d'analyse accepté",
    "franchise_changed": "Franchise modifiée",
    "franchise_created": "Franchise créée",
    "gym_changed": "Salle modifiée",
    "gym_created": "Salle créée",
    "identity_confirmed": "Identité confirmée",
    "incident_merged": "Incidents réunis",
    "incident_split": "Incident séparé",
    "invitation_accepted": "Invitation acceptée",
    "kiosk_changed": "Nom ou emplacement de borne changé",
    "kiosk_code_issued": "Code de borne créé",
    "kiosk_created": "Borne créée",
    "kiosk_paused": "Borne mise en maintenance",
    "kiosk_provisioned": "Borne installée avec un code",
    "kiosk_resumed": "Borne remise en service",
    "kiosk_revoked": "Accès de borne révoqués",
    "kiosk_settings_changed": "Réglages de borne changés",
    "kiosk_token_rotated": "Jeton de borne renouvelé",
    "label_confirmed": "Étiquette confirmée",
    "label_corrected": "Étiquette corrigée",
    "member_erased": "Adhérent effacé",
    "model_bar_lifted": "Modèle de nouveau admis",
    "model_promoted": "Modèle mis en service",
    "model_rolled_back": "Modèle retiré du service",
    "password_accepted": "Mot de passe accepté",
    "password_changed": "Mot de passe changé",
    "password_reset": "Mot de passe réinitialisé",
    "password_reset_asked": "Réinitialisation demandée",
    "profile_changed": "Profil modifié",
    "provider_accepted": "Fournisseur d'identité accepté",
    "provider_linked": "Compte lié au fournisseur d'identité",
    "provider_refused": "Fournisseur d'identité refusé",
    "recovery_codes_replaced": "Codes de secours remplacés",
    "report_archived": "Rapport archivé",
    "report_published": "Rapport publié",
    "retention_changed": "Conservation changée",
    "second_factor_enabled": "Double authentification activée",
    "second_factor_removed": "Double authentification désactivée",
    "second_factor_reset": "Double authentification réinitialisée",
    "sessions_revoked": "Sessions fermées",
    "sign_in_failed": "Connexion refusée",
    "sign_in_locked": "Connexions refusées : compte bloqué",
    "sign_in_unknown": "Connexion avec un e-mail inconnu",
    "signed_in": "Connexion",
    "signed_out": "Déconnexion",
    "storage_level_changed": "Niveau de conservation changé",
    "storage_level_of_past_sessions": "Niveau de conservation appliqué au passé",
    "user_changed": "Utilisateur modifié",
    "user_created": "Utilisateur créé",
    "user_invited": "Invitation envoyée",
    "user_reinstated": "Accès réactivé",
    "user_suspended": "Accès suspendu",
    "user_unlocked": "Accès débloqué",
    "voice_budget_changed": "Budget de voix changé",
}
SUBJECTS: Mapping[str, str] = {
    "users": "Utilisateur",
    "gyms": "Salle",
    "franchises": "Franchise",
    "kiosks": "Borne",
    "openai_realtime_sessions": "Conversation",
    "manager_alerts": "Alerte",
    "action_items": "Tâche",
    "label_corrections": "Étiquette",
    "gym_members_v2": "Adhérent",
    "member_absences": "Absence",
    "gym_closures": "Fermeture",
    "insights_reports": "Rapport",
    "retention_rules": "Règle de conservation",
    "model_versions": "Modèle",
}
# Who acts where nobody is signed in.
MACHINES: Mapping[str, str] = {
    "nobody": "Personne (non connecté)",
    "operator": "Opérateur (ligne de commande)",
    "jarvis_pipeline": "JARVIS (traitement)",
    "pipeline": "JARVIS (traitement)",
    "jarvis_gateway": "JARVIS (bornes)",
    "gateway": "JARVIS (bornes)",
    "kiosk": "Borne",
}


# What stands beside an act; what is not here is shown by its name.
DETAILS: Mapping[str, str] = {
    "from": "de",
    "to": "vers",
    "by": "par",
    "device": "appareil",
    "network": "réseau",
    "role": "rôle",
    "plan": "formule",
    "slug": "identifiant",
    "holder": "pour",
    "reason": "motif",
    "has_new_name": "nouveau nom",
    "has_new_hours": "nouveaux horaires",
    "has_new_password": "nouveau mot de passe",
    "revoked_count": "révoqués",
    "outcome_code": "résultat",
    "starts_on": "du",
    "ends_on": "au",
}

# How a French text is read; the export, which runs outside any page, keeps to French.
Tell = Callable[[str], str]


def actor(row: Row, tell: Tell = say) -> str:
    """Who did it: a name, or what acted by itself."""
    name: str | None = row["actor_name"]
    if name is not None:
        return name
    role: str = row["actor_role"]
    if row["actor_user_id"] is not None and role in texts_fr.ROLES:
        # Somebody the reader may not see, or who is gone.
        return tell(texts_fr.ROLES[role])
    return tell(MACHINES.get(role, role))


def action(code: str, tell: Tell = say) -> str:
    """What was done, in words."""
    return tell(ACTIONS[code]) if code in ACTIONS else code


def subject(row: Row, tell: Tell = say) -> str:
    """To what: the kind, and its name where it has one that may be read."""
    kind = tell(SUBJECTS[row["subject_table"]]) if row["subject_table"] in SUBJECTS else row["subject_table"]
    return f"{kind} · {row['subject_name']}" if row["subject_name"] else kind


def details(row: Row, tell: Tell = say) -> str:
    """What else stands beside it, a short line: `de : pending, vers : resolved`; what is not so is left out."""
    shown = (
        (name, value) for name, value in (row["details"] or {}).items() if value is not None and value is not False
    )
    return ", ".join(f"{tell(DETAILS.get(name, name))} : {_short(value, tell)}" for name, value in shown)


def _short(value: object, tell: Tell) -> str:
    return tell("Oui") if value is True else str(value)
