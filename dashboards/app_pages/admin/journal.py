"""« Journal »: who did what, and who read which conversation; nothing in it can be changed."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, journal_list
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The journal is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_AUDIT, is_activity=False)
    st.title(say("Journal"), anchor=False)
    st.caption(say("Chaque changement et chaque lecture d'une conversation. Personne ne peut modifier ce journal."))
    journal_list.place(scope, access.door().records, asked=journal_list.choose(now=datetime.now(UTC)))
