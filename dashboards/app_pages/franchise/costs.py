"""« Coûts »: what the voice and the analysis cost, by gym, model and modality, against budget and habit."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import access, costs, costs_board, formats, today
from dashboards.language import say
from jarvis.tenancy import Permission
from warehouse.stores.marts import NotBuiltYet


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_COSTS, is_activity=False)
    now = datetime.now(UTC)
    day = now.astimezone(ZoneInfo("Europe/Paris")).date()
    st.title(say("Coûts"), anchor=False)
    first = st.selectbox(say("Mois"), costs.months(day), format_func=formats.month, key="cost-month", width=220)
    try:
        costs_board.place(scope, costs.month(first, today=day), now=now)
    except NotBuiltYet:
        st.info(say(today.NOT_BUILT_YET), icon=":material/hourglass_top:")
