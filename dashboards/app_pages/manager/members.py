"""« Adhérents »: who is at risk and why, and one member's whole story."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, member_file, member_list, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The list is placed, or the member the address names, or the run ended with the reason."""
    scope = access.require(Permission.SEE_MEMBERS, is_activity=False)
    records = access.door().records
    member_id = access.asked_id("adherent")
    st.title(say("Adhérents"), anchor=False)
    now = datetime.now(UTC)
    if member_id is None:
        member_list.place(scope, records, asked=member_list.choose(), now=now)
    else:
        navigation.link("adherents", say("Tous les adhérents"))
        member_file.place(scope, records, member_id, now=now)
