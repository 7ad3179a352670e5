"""« Incidents »: the open ones of the gym's machines, to put two of one machine together or take one apart."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, incident_file, incident_list, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The incidents are placed, or the one the address names, or the run ended with the reason."""
    scope = access.require(Permission.SEE_ALERTS, is_activity=False)
    records, now = access.door().records, datetime.now(UTC)
    incident_id = access.asked_id("incident")
    st.title(say("Incidents"), anchor=False)
    if incident_id is None:
        incident_list.place(scope, records, now=now)
        return
    with st.container(horizontal=True, gap="small"):
        navigation.link("incidents", say("Tous les incidents"))
        navigation.link("alertes", say("Alertes"))
    incident_file.place(scope, records, incident_id, now=now)
