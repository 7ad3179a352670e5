"""« Réglages »: one's own profile and letters, and what holds for the gym."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import (
    access,
    changes,
    context,
    settings_days,
    settings_gym,
    settings_previews,
    settings_profile,
    settings_reports,
)
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The settings this person may see are placed, or the run ended with the reason."""
    scope = access.require(Permission.SEE_ALERTS, is_activity=False)
    now = datetime.now(UTC)
    st.title(say("Réglages"), anchor=False)
    parts = [say("Mon profil"), say("Absences")]
    if scope.may(Permission.MANAGE_GYMS):
        parts[1:1] = [say("Alertes et données"), say("Rapports"), say("Horaires"), say("Fermetures")]
    chosen = st.segmented_control(
        say("Partie"), parts, default=parts[0], required=True, key="settings-part", label_visibility="collapsed"
    )
    changes.place_told()
    if chosen == parts[0]:
        settings_profile.place(scope)
        return
    gym_id = scope.gym_id or context.gym_id()
    if chosen == say("Rapports"):
        settings_reports.place(scope, gym_id=gym_id, franchise_id=scope.franchise_id or context.franchise_id())
        return
    gym = None if gym_id is None else access.door().records.row(scope, "gym_settings.gym", gym_id=gym_id)
    if gym is None:
        st.info(say("Choisissez une salle à gauche : ces réglages sont ceux d'une salle."), icon=":material/store:")
    elif chosen == parts[-1]:
        settings_days.place_absences(scope, gym, now=now)
    elif chosen == say("Alertes et données"):
        settings_gym.place_alerts(scope, gym, now=now)
        settings_previews.place(scope, gym, now=now)
    elif chosen == say("Horaires"):
        settings_gym.place_hours(scope, gym)
    else:
        settings_days.place_closures(scope, gym, now=now)
