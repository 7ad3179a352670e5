"""« Salles »: create, change, suspend."""

import streamlit as st

from dashboards import access, changes, clients_places, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The gyms are placed, or the one the address names, or the run ended with the reason."""
    scope = access.require(Permission.MANAGE_NETWORK, is_activity=False)
    gym_id = access.asked_id("salle")
    st.title(say("Salles"), anchor=False)
    if gym_id is not None:
        navigation.link("salles", say("Toutes les salles"))
    changes.place_told()
    clients_places.place_gyms(scope, access.door().records, gym_id)
