"""A list of alerts that keeps itself up: what each is, the words behind it, and the next step.

The page looks every second whether anything changed, and runs again only then; it rests while somebody
writes in one of its forms. One list a page.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboards import access, alert_actions, alert_bulk, alert_choices, cards, texts_fr
from dashboards.alerts import OPEN_STATUSES, AlertChoice
from dashboards.language import say
from dashboards.watch import Watch
from jarvis.tenancy import Permission

REFRESH_SECONDS = 1

WATCH = Watch(name="alerts", seconds=REFRESH_SECONDS, ask=lambda scope: access.door().alerts.mark(scope))


def place(choose: Callable[[datetime], AlertChoice], *, shows_counts: bool, chooses_several: bool = False) -> None:
    """The list is placed.

    Args:
        choose: places the page's filters, if it has any, and says which alerts are asked for at a moment.
        shows_counts: how many wait, are in hand and were closed this week stand above the list.
        chooses_several: alerts can be chosen and acted on together.
    """
    if not alert_actions.form_is_open():
        WATCH.place()
    alert_actions.place_last_change()
    st.fragment(_desk)(choose(datetime.now(UTC)), shows_counts=shows_counts, chooses_several=chooses_several)


def _desk(choice: AlertChoice, *, shows_counts: bool, chooses_several: bool) -> None:
    """The figures and the cards, for the rights the person has in this run."""
    WATCH.forget()
    with access.apology():
        scope = access.require(Permission.SEE_ALERTS, is_activity=False)
        desk, now = access.door().alerts, datetime.now(UTC)
        alert_actions.carry_out(scope, desk)
        alert_bulk.carry_out(scope, desk)
        state = WATCH.state(scope, now=now)
        counts = desk.counts(scope, gym_id=choice.gym_id, closed_since=now - timedelta(days=7))
        alerts = desk.alerts(scope, choice)
        alert_actions.forget_lost_form(alerts)
        alert_bulk.forget_lost_form(alerts)
        alert_actions.announce_new(alerts)
        if shows_counts:
            st.html(cards.counts_html(counts))
        if not alerts and counts.open_count == 0 and choice.statuses == OPEN_STATUSES:
            st.html(cards.empty_html(say(texts_fr.NOTHING_OPEN), say(texts_fr.NOTHING_OPEN_MORE)))
        elif not alerts:
            st.html(cards.empty_html(say(texts_fr.NOTHING_CHOSEN), say(texts_fr.NOTHING_CHOSEN_MORE)))
        if chooses_several:
            alert_bulk.place_bar(scope, desk, alerts)
        for number, alert in enumerate(alerts, 1):
            with st.container(border=True, key=f"alert-{alert.priority}-{alert.id}"):
                if chooses_several and len(alerts) > 1:
                    alert_bulk.place_choice(scope, alert, number=number)
                st.html(cards.alert_html(alert, now=now, shows_gym=scope.may(Permission.CHOOSE_GYM)))
                alert_actions.offer(scope, alert)
        alert_choices.place_limit(len(alerts))
        WATCH.remember(state)
