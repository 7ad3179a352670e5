"""Whether somebody reads the reports of a gym, or of a franchise, before they are sent."""

from uuid import UUID

import streamlit as st

from dashboards import access, changes
from dashboards.language import say
from jarvis.tenancy import Scope


def place(scope: Scope, *, gym_id: UUID | None, franchise_id: UUID | None) -> None:
    """One switch for the gym chosen; without one, a switch for the report of each franchise in view."""
    subjects = access.door().records.rows(
        scope, "gym_settings.report_subjects", gym_id=gym_id, franchise_id=franchise_id
    )
    if not subjects:
        st.info(say("Choisissez une salle à gauche : ces réglages sont ceux d'une salle."), icon=":material/store:")
        return
    for subject in subjects:
        with st.form(f"form-reports-{subject['gym_id'] or subject['franchise_id']}", border=True):
            st.text(subject["name"])
            reads_first = st.toggle(
                say("Relire les rapports avant l'envoi"), value=subject["reads_reports_first"],
                help=say(
                    "Chaque nouveau rapport reste un brouillon dans « Recommandations » : il n'est envoyé à personne "
                    "tant que vous ne l'avez pas publié."
                ),
            )  # fmt: skip
            is_sent = st.form_submit_button(say("Enregistrer"), type="primary")
        if is_sent:
            changes.carry_out(
                scope, "gym_settings.change_reports", done=say("Le réglage des rapports est enregistré."),
                gym_id=subject["gym_id"], franchise_id=subject["franchise_id"], reads_first=reads_first,
            )  # fmt: skip
