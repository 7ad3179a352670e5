"""How the alerts page keeps up: one small question a second, and the list again only when the answer changed.

The look is a fragment of its own that places nothing, so the cards stay as they are while nothing
happens. Nobody's session lives longer because a page looks.
"""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access
from dashboards.alerts import DeskMark
from jarvis.tenancy import Scope

# A new alert is on the page this soon, and the moment it takes to draw.
REFRESH_SECONDS = 1

State = tuple[Scope, DeskMark, datetime]


def place() -> None:
    """The open page looks whether it is still true; placed anew by every run."""
    st.session_state["is_first_look"] = True
    st.fragment(look, run_every=REFRESH_SECONDS)()


def look() -> None:
    """The page runs again where the alerts, the person's rights or the minute are no longer those it shows."""
    if st.session_state.pop("is_first_look", False):
        # The page is being placed: there is nothing to compare with.
        return
    with access.apology():
        scope = access.visitor(is_activity=False)
        if scope is None or state(scope, now=datetime.now(UTC)) != st.session_state.get("shown_state"):
            access.refresh()


def state(scope: Scope, *, now: datetime) -> State:
    """What the list depends on: the person, the alerts, and the minute (« il y a 5 min »)."""
    return scope, access.door().alerts.mark(scope), now.replace(second=0, microsecond=0)


def forget() -> None:
    """The page shows no state yet: a list that fails to come is asked for at every look."""
    st.session_state.pop("shown_state", None)


def remember(shown: State) -> None:
    """The page shows this state, read before its list: what changed in between is seen at the next look."""
    st.session_state["shown_state"] = shown
