"""« Supervision »: is the machine well, how long do its answers take, what is late, slow or away."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, supervision_board
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SUPERVISE, is_activity=False)
    st.title(say("Supervision"), anchor=False)
    supervision_board.place(scope, now=datetime.now(UTC))
