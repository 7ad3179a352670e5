"""How « Bornes » keeps up: one small question every few seconds, and the page again only when the answer changed.

The same shape as `alert_watch.py`, over kiosks: the look is a fragment that places nothing, and nobody's session lives
longer because a page looks.
"""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access
from dashboards.kiosks import SILENT_AFTER
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.tenancy import Scope

# A change is on the page within this and the moment it takes to draw: well under ten seconds.
REFRESH_SECONDS = 3

State = tuple[Scope, int, str, datetime]

_SHOWN = "shown_kiosks"


def place() -> None:
    """The open page looks whether it is still true; placed anew by every run."""
    st.session_state["is_first_kiosk_look"] = True
    st.fragment(look, run_every=REFRESH_SECONDS)()


def look() -> None:
    """The page runs again where the kiosks, the person's rights or the minute are no longer those it shows."""
    if st.session_state.pop("is_first_kiosk_look", False):
        return
    with access.apology():
        scope = access.visitor(is_activity=False)
        if scope is None or state(scope, now=datetime.now(UTC)) != st.session_state.get(_SHOWN):
            access.refresh()


def state(scope: Scope, *, now: datetime) -> State:
    """What the page depends on: the person, how the kiosks are, and the minute (« il y a 5 min »)."""
    mark = access.door().records.row(scope, "kiosks.mark", silent_after=SILENT_AFTER, offline_after=OFFLINE_AFTER)
    count, digest = (0, "") if mark is None else (mark["kiosk_count"], mark["digest"])
    return scope, count, digest, now.replace(second=0, microsecond=0)


def forget() -> None:
    """The page shows no state yet: one that fails to come is asked for at every look."""
    st.session_state.pop(_SHOWN, None)


def remember(shown: State) -> None:
    """The page shows this state, read before its rows: what changed in between is seen at the next look."""
    st.session_state[_SHOWN] = shown
