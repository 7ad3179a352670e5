"""« Réseau »: the gyms somebody sees side by side, where each stands among them, and what moved."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, costs, formats, network_board, tiles
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.CHOOSE_GYM, is_activity=False)
    now = datetime.now(UTC)
    st.title(say("Réseau"), anchor=False)
    # The month that is over is the one to compare; the current one is half a month.
    months = costs.months(formats.network_day(now))
    with st.container(horizontal=True, gap="small", key="network-choices"):
        month = st.selectbox(
            say("Mois"), months, index=1, key="network-month", width=220,
            format_func=lambda first: formats.month(first) + (f" ({say('en cours')})" if first == months[0] else ""),
        )  # fmt: skip
        measure = network_board.choose_measure()
    with tiles.until_built():
        network_board.place(scope, month=month, measure=measure, now=now)
