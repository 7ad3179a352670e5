"""« Alertes »: what the gym should act on now, with the words behind each alert and the next step.

scope → choices → query → figures → place. The page looks every second whether anything changed, and
runs again only then; it rests while somebody writes in one of its forms.
"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboards import access, alert_actions, alert_choices, alert_watch, cards, texts_fr
from dashboards.alerts import OPEN_STATUSES, AlertChoice
from jarvis.tenancy import Permission


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    # The script that runs every page has counted the activity.
    scope = access.require(Permission.SEE_ALERTS, is_activity=False)
    st.title("Alertes", anchor=False)
    if not alert_actions.form_is_open():
        alert_watch.place()
    alert_actions.place_last_change()
    choice = alert_choices.choose(scope, access.door().alerts, now=datetime.now(UTC))
    st.fragment(_desk)(choice)


def _desk(choice: AlertChoice) -> None:
    """The figures and the cards, for the rights the person has in this run."""
    alert_watch.forget()
    with access.apology():
        scope = access.require(Permission.SEE_ALERTS, is_activity=False)
        desk, now = access.door().alerts, datetime.now(UTC)
        alert_actions.carry_out(scope, desk)
        state = alert_watch.state(scope, now=now)
        counts = desk.counts(scope, gym_id=choice.gym_id, closed_since=now - timedelta(days=7))
        alerts = desk.alerts(scope, choice)
        alert_actions.forget_lost_form(alerts)
        alert_actions.announce_new(alerts)
        st.html(cards.counts_html(counts))
        if not alerts and counts.open_count == 0 and choice.statuses == OPEN_STATUSES:
            st.html(cards.empty_html(texts_fr.NOTHING_OPEN, texts_fr.NOTHING_OPEN_MORE))
        elif not alerts:
            st.html(cards.empty_html(texts_fr.NOTHING_CHOSEN, texts_fr.NOTHING_CHOSEN_MORE))
        for alert in alerts:
            with st.container(border=True, key=f"alert-{alert.priority}-{alert.id}"):
                st.html(cards.alert_html(alert, now=now, shows_gym=scope.may(Permission.CHOOSE_GYM)))
                alert_actions.offer(scope, alert)
        alert_choices.place_limit(len(alerts))
        alert_watch.remember(state)
