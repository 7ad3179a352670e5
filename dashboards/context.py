"""Which gym the pages speak of, for whoever sees several: one chosen in the sidebar, or one seen as its manager does.

A choice narrows what is shown and widens nothing: row security has decided before. Seeing a gym as its manager does
narrows the rights too, in the database (`app.seen_gym_id`), and is said at the top of every page while it lasts.
"""

from collections.abc import Mapping, Sequence
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, navigation, texts_fr
from dashboards.access import SEEN_GYM
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Permission, Scope

_SWITCHED = "context-switched"


def place(person: Scope) -> None:
    """The choice of a franchise and a gym, in the sidebar, for whoever sees more than one, and the switch.

    Args:
        person: with all their rights: the switch is theirs also while they see less.
    """
    if not person.may(Permission.CHOOSE_GYM):
        return
    # A page may lead into a gym; the choice itself can only be made before it is placed.
    entered = st.session_state.pop("entered-gym", None)
    if entered is not None:
        st.session_state["gym"] = entered
        st.session_state.pop("franchise", None)
    rows = access.door().records.rows(person, "context.gyms")
    _forget_what_is_gone(rows)
    franchises = {row["franchise_id"]: row["franchise_name"] for row in rows if row["franchise_id"] is not None}
    if len(franchises) > 1:
        _select(say("Franchise"), franchises, key="franchise", every=say(texts_fr.EVERY_FRANCHISE))
    franchise_id = st.session_state.get("franchise")
    gyms = {row["id"]: row["name"] for row in rows if franchise_id is None or row["franchise_id"] == franchise_id}
    if st.session_state.get("gym") not in gyms:
        st.session_state.pop("gym", None)
    _select(say("Salle"), gyms, key="gym", every=say(texts_fr.EVERY_GYM))
    chosen = st.session_state.get("gym")
    seen = st.session_state.get(SEEN_GYM)
    if chosen is not None and (seen is None or seen[0] != chosen):
        st.button(
            say("Voir comme son responsable"), key="see-as-manager", icon=":material/visibility:",
            on_click=_switch, args=((chosen, gyms[chosen]),),
        )  # fmt: skip


def place_banner(scope: Scope) -> None:
    """At the top of a page, while somebody sees a gym as its manager does: which one, and the way back."""
    if scope.seen_gym_id is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="seen-gym-banner"):
        # A gym's name is never markup.
        sentence = say("Vous voyez la salle {gym} comme son responsable.").format(gym=scope.gym_name)
        st.html(f'<p role="status">{escape(sentence)}</p>', width="content")
        st.button(say("Revenir à ma vue"), key="see-as-myself", on_click=_switch, args=(None,))


def follow_switch(scope: Scope) -> None:
    """After a switch the run ends and the first page of the new rights begins: the one before may not be theirs."""
    if st.session_state.pop(_SWITCHED, False):
        navigation.go(navigation.offered(scope)[0].url_path)


def enter(which: UUID) -> None:
    """The next page speaks of this gym, as if it had been chosen in the sidebar."""
    st.session_state["entered-gym"] = which


def gym_id() -> UUID | None:
    """The gym chosen; None for every gym the person sees."""
    chosen = st.session_state.get("gym")
    return chosen if isinstance(chosen, UUID) else None


def franchise_id() -> UUID | None:
    """The franchise chosen; None for every franchise the person sees."""
    chosen = st.session_state.get("franchise")
    return chosen if isinstance(chosen, UUID) else None


def _switch(to: tuple[UUID, str] | None) -> None:
    if to is None:
        st.session_state.pop(SEEN_GYM, None)
    else:
        st.session_state[SEEN_GYM] = to
    st.session_state[_SWITCHED] = True


def _select(label: str, names: Mapping[UUID, str], *, key: str, every: str) -> None:
    st.selectbox(
        label, [None, *names], key=key, format_func=lambda chosen: names.get(chosen, every), placeholder=every,
    )  # fmt: skip


def _forget_what_is_gone(rows: Sequence[Row]) -> None:
    """A gym or franchise that is gone, or that an earlier person of this browser chose, is chosen no more."""
    if st.session_state.get("franchise") not in {row["franchise_id"] for row in rows}:
        st.session_state.pop("franchise", None)
    seen = st.session_state.get(SEEN_GYM)
    if seen is not None and seen[0] not in {row["id"] for row in rows}:
        st.session_state.pop(SEEN_GYM, None)
        st.rerun()
