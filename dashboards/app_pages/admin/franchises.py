"""« Franchises »: create, change, suspend."""

import streamlit as st

from dashboards import access, changes, clients_places, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The franchises are placed, or the one the address names, or the run ended with the reason."""
    scope = access.require(Permission.MANAGE_NETWORK, is_activity=False)
    franchise_id = access.asked_id("franchise")
    st.title(say("Franchises"), anchor=False)
    if franchise_id is not None:
        navigation.link("franchises", say("Toutes les franchises"))
    changes.place_told()
    clients_places.place_franchises(scope, access.door().records, franchise_id)
