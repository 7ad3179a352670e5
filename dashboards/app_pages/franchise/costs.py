"""« Coûts »: what the voice and the analysis cost, by gym, model and modality, against budget and habit."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, costs, costs_board, formats, tiles
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_COSTS, is_activity=False)
    now = datetime.now(UTC)
    day = formats.network_day(now)
    st.title(say("Coûts"), anchor=False)
    first = st.selectbox(say("Mois"), costs.months(day), format_func=formats.month, key="cost-month", width=220)
    with tiles.until_built():
        costs_board.place(scope, costs.month(first, today=day), now=now)
