"""« Recommandations »: what the reports say to do, what conversations left open, and what rests on nothing."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from dashboards import access, action_items, context, navigation, report_file, report_list, unfounded
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The reports and what is left to do are placed, or the report the address names, or the run ended."""
    scope = access.require(Permission.SEE_CONVERSATIONS, is_activity=False)
    now = datetime.now(UTC)
    report_id = access.asked_id("rapport")
    st.title(say("Recommandations"), anchor=False)
    if report_id is not None:
        navigation.link("recommandations", say("Tous les rapports et les actions"))
        report_file.place(scope, report_id, now=now)
        return
    gym_id = context.gym_id()
    counts = access.door().records.row(scope, "recommendations.open_counts", gym_id=gym_id)
    report_list.place_drafts(scope, gym_id=gym_id)
    report_list.place_latest(scope, gym_id=gym_id)
    open_count = late_count = 0
    if counts is not None:
        unfounded.place_count(counts["unfounded_count"])
        open_count, late_count = counts["open_count"], counts["late_count"]
    to_do, reports = st.tabs([f"{say('À faire')} ({open_count})", say("Tous les rapports")])
    with to_do:
        if late_count:
            late = say("Dont {count} en retard, en premier.").format(count=late_count)
            st.html(f'<p class="j-note">{escape(late)}</p>')
        action_items.place(scope, gym_id=gym_id, now=now)
    with reports:
        report_list.place(scope, gym_id=gym_id)
