"""« Analyses »: what moves in the gym, each chart the answer to a question, over one period."""

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import access, context, navigation, tiles, trend_choices, trends
from dashboards.language import say
from dashboards.trend_choices import PARTS
from dashboards.trends import Trend
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_CONVERSATIONS, is_activity=False)
    now = datetime.now(UTC)
    st.title(say("Analyses"), anchor=False)
    period = trend_choices.choose()
    with tiles.until_built():
        look = trend_choices.look(scope, period, gym_id=context.gym_id(), now=now)
        if look.record is None or look.record["first_date"] is None:
            st.info(say("Rien n'est encore enregistré pour cette salle."), icon=":material/query_stats:")
            return
        with navigation.part([*PARTS]) as part:
            _place(trend_choices.answers(scope, look, part, gym_id=context.gym_id()))


def _place(found: Iterable[Trend]) -> None:
    pair: list[DeltaGenerator] = []
    for trend in found:
        pair = pair or [*st.columns(2, gap="small")]
        with pair.pop(0):
            trends.place(trend)
