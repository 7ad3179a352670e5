"""« Clients »: franchises and their gyms with how they stand, and a new client on one page."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, changes, clients_list, clients_opening
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The clients are placed for who runs the network, or the run ended with the reason."""
    scope = access.require(Permission.MANAGE_NETWORK, is_activity=False)
    records = access.door().records
    st.title(say("Clients"), anchor=False)
    changes.place_told()
    clients_opening.place(scope, records, url_path="clients")
    clients_list.place(scope, records, now=datetime.now(UTC))
