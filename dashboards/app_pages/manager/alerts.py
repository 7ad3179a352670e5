"""« Alertes »: what the gym should act on, with the words behind each alert and the next step."""

import streamlit as st

from dashboards import access, alert_choices, alert_list
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    # The script that runs every page has counted the activity.
    access.require(Permission.SEE_ALERTS, is_activity=False)
    st.title(say("Alertes"), anchor=False)
    alert_list.place(alert_choices.choose, is_desk=True)
