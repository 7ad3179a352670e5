"""« Analyses »: what moves in the gym, each chart the answer to a question, over one period."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, context, today, trend_choices, trends
from dashboards.language import say
from jarvis.tenancy import Permission
from warehouse.stores.marts import NotBuiltYet


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_CONVERSATIONS, is_activity=False)
    now = datetime.now(UTC)
    st.title(say("Analyses"), anchor=False)
    period = trend_choices.choose()
    try:
        look = trend_choices.look(scope, period, gym_id=context.gym_id(), now=now)
        found = trend_choices.answers(scope, look, gym_id=context.gym_id())
    except NotBuiltYet:
        st.info(say(today.NOT_BUILT_YET), icon=":material/hourglass_top:")
        return
    if look.record is None or look.record["first_date"] is None:
        st.info(say("Rien n'est encore enregistré pour cette salle."), icon=":material/query_stats:")
        return
    for start in range(0, len(found), 2):
        for column, trend in zip(st.columns(2, gap="small"), found[start : start + 2], strict=False):
            with column:
                trends.place(trend)
