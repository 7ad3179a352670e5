"""« Alertes »: what the gym should act on now, with the words behind each alert and the next step.

scope → choices → query → figures → place. The list refreshes by itself; it rests while somebody
writes in one of its forms.
"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboards import access, alert_actions, alert_choices, cards, texts_fr
from dashboards.alerts import OPEN_STATUSES, AlertChoice
from jarvis.tenancy import Permission

# A new alert is on the page this soon at the latest.
REFRESH_SECONDS = 5


def page() -> None:
    """The page is placed for the signed-in person, or the run ended with the reason."""
    scope = access.require(Permission.SEE_ALERTS)
    st.title("Alertes", anchor=False)
    alert_actions.place_last_change()
    choice = alert_choices.choose(scope, access.door().alerts, now=datetime.now(UTC))
    st.fragment(_desk, run_every=None if alert_actions.form_is_open() else REFRESH_SECONDS)(choice)


def _desk(choice: AlertChoice) -> None:
    """The figures and the cards, for the rights the person has at this refresh."""
    with access.apology():
        scope = access.require(Permission.SEE_ALERTS, is_activity=False)
        desk, now = access.door().alerts, datetime.now(UTC)
        alert_actions.carry_out(scope, desk)
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
