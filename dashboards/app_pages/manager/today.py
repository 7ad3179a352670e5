"""« Aujourd'hui »: whom to call, why, what to say, and the gym's week in five figures."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, alert_list, context, report_list, tiles, today
from dashboards.alerts import AlertChoice
from dashboards.language import say
from jarvis.alerts import AlertType
from jarvis.tenancy import Permission

# Whom to call; what to repair stands under « Alertes ».
_ABOUT_A_MEMBER = (AlertType.CHURN_RISK, AlertType.NEGATIVE_FEEDBACK, AlertType.MILESTONE)


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_ALERTS, is_activity=False)
    now = datetime.now(UTC)
    st.title(say("Aujourd'hui"), anchor=False)
    report_list.place_drafts(scope, gym_id=context.gym_id())
    with tiles.until_built():
        days = access.door().records.rows(scope, "marts_today.days", gym_id=context.gym_id())
        members = access.door().records.row(scope, "marts_today.members", gym_id=context.gym_id())
        week = today.week(days, members)
        tiles.place(week, rows=days, now=now)
        tiles.export(week, name="semaine")
    st.subheader(say("Qui appeler aujourd'hui, et pourquoi"), anchor=False)
    alert_list.place(_whom_to_call, is_desk=False)


def _whom_to_call() -> AlertChoice:
    return AlertChoice(alert_types=_ABOUT_A_MEMBER, gym_id=context.gym_id())
