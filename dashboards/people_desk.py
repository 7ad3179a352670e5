"""The page of the people who sign in: « Équipe » and « Utilisateurs » differ by who may open them and by their rows."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, changes, navigation, people_file, people_invitation, people_list, people_steps
from dashboards.language import say
from jarvis.tenancy import Permission, Scope


def place(permission: Permission, *, title: str, url_path: str) -> Scope:
    """The list with its invitation, or the person the address names, or the run ended with the reason; whose page."""
    scope = access.require(permission, is_activity=False)
    records = access.door().records
    person_id = access.asked_id("personne")
    st.title(title, anchor=False)
    people_steps.close_when_elsewhere(person_id)
    if person_id is None:
        changes.place_told()
        people_invitation.place(scope, records, url_path=url_path)
        people_list.place(scope, records, url_path=url_path, asked=people_list.choose())
    else:
        navigation.link(url_path, say("Toutes les personnes"))
        people_file.place(scope, records, person_id, url_path=url_path, now=datetime.now(UTC))
    return scope
