"""A list of alerts that keeps itself up: what each is, the words behind it, and the next step.

The page looks every second whether anything changed, and runs again only then; it rests while somebody
writes in one of its forms. One list a page.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboards import access, alert_actions, alert_bulk, alert_figures, alert_pages, cards, navigation, texts_fr
from dashboards.alerts import OPEN_STATUSES, AlertChoice, AlertPage
from dashboards.language import say
from dashboards.watch import Watch
from jarvis.tenancy import Permission

REFRESH_SECONDS = 1

WATCH = Watch(name="alerts", seconds=REFRESH_SECONDS, ask=lambda scope: access.door().alerts.mark(scope))


def place(choose: Callable[[], AlertChoice], *, is_desk: bool) -> None:
    """The list is placed.

    Args:
        choose: places the page's filters, if it has any, and says which alerts are asked for.
        is_desk: every alert can be reached, page by page, and acted on together with others, under the counts of
            those that wait, are in hand and were closed this week; without, the first page stands there alone,
            with the way to the rest.
    """
    if not alert_actions.form_is_open():
        WATCH.place()
    alert_actions.place_last_change()
    st.fragment(_desk)(choose(), is_desk=is_desk)


def _desk(choice: AlertChoice, *, is_desk: bool) -> None:
    """The figures and the cards, for the rights the person has in this run."""
    WATCH.forget()
    with access.apology():
        scope = access.require(Permission.SEE_ALERTS, is_activity=alert_pages.was_turned())
        desk, now = access.door().alerts, datetime.now(UTC)
        alert_actions.carry_out(scope, desk)
        alert_bulk.carry_out(scope, desk)
        state = WATCH.state(scope, now=now)
        counts = desk.counts(scope, gym_id=choice.gym_id, closed_since=now - timedelta(days=7))
        number = alert_pages.asked(choice) if is_desk else 1
        page = desk.alerts(scope, choice, page=number, seen_until=alert_actions.seen_until(choice))
        alerts = page.alerts
        alert_actions.forget_lost_form(alerts)
        alert_bulk.forget_lost_form(alerts)
        alert_actions.announce_new(choice, page)
        if is_desk:
            alert_figures.place_counts(counts)
            alert_pages.place_head(page)
        if not alerts and counts.open_count == 0 and choice.statuses == OPEN_STATUSES:
            st.html(cards.empty_html(say(texts_fr.NOTHING_OPEN), say(texts_fr.NOTHING_OPEN_MORE)))
        elif not alerts:
            st.html(cards.empty_html(say(texts_fr.NOTHING_CHOSEN), say(texts_fr.NOTHING_CHOSEN_MORE)))
        if is_desk:
            alert_bulk.place_bar(scope, desk, page)
        for place, alert in enumerate(alerts, 1):
            with st.container(border=True, key=f"alert-{alert.priority}-{alert.id}"):
                if is_desk and len(alerts) > 1:
                    alert_bulk.place_choice(scope, alert, number=place)
                sees_member = alert.member_id is not None and scope.may(Permission.SEE_MEMBERS)
                shows_gym = scope.may(Permission.CHOOSE_GYM)
                st.html(cards.alert_html(alert, now=now, shows_gym=shows_gym, shows_member=sees_member))
                if sees_member:
                    navigation.link("adherents", say("Voir la fiche"), {"adherent": str(alert.member_id)})
                alert_actions.offer(scope, alert)
        if is_desk:
            alert_pages.place_turn(page)
            alert_figures.place_meanings(scope, choice)
        else:
            _place_rest(choice, page)
        WATCH.remember(state)


def _place_rest(choice: AlertChoice, page: AlertPage) -> None:
    """The way to the alerts that the first page does not hold, chosen alike."""
    if rest := page.chosen_count - len(page.alerts):
        words = say("1 autre alerte sous « Alertes »" if rest == 1 else "{count} autres alertes sous « Alertes »")
        navigation.link("alertes", words.format(count=rest), {"type": ",".join(choice.alert_types)})
