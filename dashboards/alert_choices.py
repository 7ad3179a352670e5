"""The filters of the alerts page: what somebody picks, as an `AlertChoice`."""

import streamlit as st

from dashboards import choices, context, texts_fr
from dashboards.alerts import CLOSED_STATUSES, OPEN_STATUSES, AlertChoice, AlertStatus
from dashboards.language import say

_STATES = {
    texts_fr.OPEN: OPEN_STATUSES,
    texts_fr.PENDING: (AlertStatus.PENDING,),
    texts_fr.IN_PROGRESS: (AlertStatus.IN_PROGRESS,),
    texts_fr.CLOSED: CLOSED_STATUSES,
    texts_fr.ALL: OPEN_STATUSES + CLOSED_STATUSES,
}


# What the counts above the list count, and what leads to it.
COUNTED = {
    texts_fr.PENDING: "Voir celles à traiter",
    texts_fr.IN_PROGRESS: "Voir celles en cours",
    texts_fr.CLOSED: "Voir les clôturées",
}


def pick(state: str) -> None:
    """The filters choose what a count over the list counts, and nothing besides."""
    st.session_state["state"] = state
    st.session_state["types"], st.session_state["priorities"] = [], []
    st.session_state["period"] = "7 jours" if state == texts_fr.CLOSED else "Tout"


def choose() -> AlertChoice:
    """What the filters say; they are placed in one row and keep their values while the page is open.

    The address may name the types picked on arrival (`type=churn_risk,milestone`), and days (`du=`, `au=`): then every
    alert raised on them is chosen, whatever became of it.
    """
    choices.named("type", texts_fr.ALERT_TYPES, key="types")
    first, last = choices.asked_days("alertes", words="Alertes levées")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        state = st.segmented_control(
            say("État"), list(_STATES), format_func=say, required=True, key="state",
            default=texts_fr.OPEN if first is None and last is None else texts_fr.ALL,
        )  # fmt: skip
        alert_types = choices.several("Type", texts_fr.ALERT_TYPES, key="types", width=185)
        priorities = choices.several("Priorité", texts_fr.PRIORITIES, key="priorities", every="Toutes", width=150)
        within = choices.within(key="period", width=115)
    return AlertChoice(
        statuses=_STATES[state or texts_fr.OPEN],
        alert_types=tuple(alert_types),
        priorities=tuple(priorities),
        within=within,
        gym_id=context.gym_id(),
        first=first,
        last=last,
    )
