"""Which gym the pages speak of: the person's own, or the one chosen in the sidebar by whoever sees several.

A choice narrows what is shown and widens nothing: row security has decided before.
"""

from uuid import UUID

import streamlit as st

from dashboards import access, texts_fr
from dashboards.language import say
from jarvis.tenancy import Permission, Scope


def place(scope: Scope) -> None:
    """The choice of a gym, in the sidebar, for whoever sees more than one."""
    if not scope.may(Permission.CHOOSE_GYM):
        return
    # A page may lead into a gym; the choice itself can only be made before it is placed.
    entered = st.session_state.pop("entered-gym", None)
    if entered is not None:
        st.session_state["gym"] = entered
    names = {row["id"]: row["name"] for row in access.door().records.rows(scope, "context.gyms")}
    if st.session_state.get("gym") not in names:
        # A gym that is gone, or that an earlier person of this browser chose.
        st.session_state.pop("gym", None)
    st.selectbox(
        say("Salle"), [None, *names], key="gym",
        format_func=lambda chosen: names.get(chosen, say(texts_fr.EVERY_GYM)), placeholder=say(texts_fr.EVERY_GYM),
    )  # fmt: skip


def enter(which: UUID) -> None:
    """The next page speaks of this gym, as if it had been chosen in the sidebar."""
    st.session_state["entered-gym"] = which


def gym_id() -> UUID | None:
    """The gym chosen; None for every gym the person sees."""
    chosen = st.session_state.get("gym")
    return chosen if isinstance(chosen, UUID) else None
