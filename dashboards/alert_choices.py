"""The filters of the alerts page: what somebody picks, as an `AlertChoice`."""

from datetime import datetime, timedelta

import streamlit as st

from dashboards import context, texts_fr
from dashboards.alerts import CLOSED_STATUSES, MOST_SHOWN, OPEN_STATUSES, AlertChoice

_STATES = {
    texts_fr.OPEN: OPEN_STATUSES,
    texts_fr.CLOSED: CLOSED_STATUSES,
    texts_fr.ALL: OPEN_STATUSES + CLOSED_STATUSES,
}


def choose(now: datetime) -> AlertChoice:
    """What the filters say; they are placed in one row and keep their values while the page is open."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        state = st.segmented_control("État", list(_STATES), default=texts_fr.OPEN, required=True, key="state")
        alert_types = st.multiselect(
            "Type", list(texts_fr.ALERT_TYPES), format_func=texts_fr.ALERT_TYPES.__getitem__, key="types",
            placeholder="Tous", width=185,
        )  # fmt: skip
        priorities = st.multiselect(
            "Priorité", list(texts_fr.PRIORITIES), format_func=texts_fr.PRIORITIES.__getitem__, key="priorities",
            placeholder="Toutes", width=150,
        )  # fmt: skip
        periods = list(texts_fr.PERIODS)
        period = st.selectbox("Depuis", periods, index=len(periods) - 1, key="period", width=115)
    days = texts_fr.PERIODS[period]
    return AlertChoice(
        statuses=_STATES[state or texts_fr.OPEN],
        alert_types=tuple(alert_types),
        priorities=tuple(priorities),
        # To the minute: the same choice is the same value from one refresh to the next.
        since=None if days is None else now.replace(second=0, microsecond=0) - timedelta(days=days),
        gym_id=context.gym_id(),
    )


def place_limit(shown: int) -> None:
    """A list that was cut says so, and how to see the rest."""
    if shown >= MOST_SHOWN:
        st.caption(f"Les {MOST_SHOWN} premières alertes sont affichées. Affinez les filtres pour voir les autres.")
