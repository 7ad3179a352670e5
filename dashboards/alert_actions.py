"""What a person can do with an alert: the buttons, the two forms, and what came of it.

A click is kept with the alert as it was on the screen, and carried out at the start of the next
run: so somebody who comes second is told, instead of acting on a state they never saw. One form is
open at a time, and the page's session remembers which.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

import streamlit as st

from dashboards import access, cards, navigation, texts_fr
from dashboards.alerts import Alert, AlertChoice, AlertDesk, AlertPage, AlertStatus, Change, Refused
from dashboards.language import say
from jarvis.alerts import AlertType
from jarvis.tenancy import Permission, Scope

LONGEST_NOTE = 1000

# Where the page's session keeps the form about several alerts that is open (`alert_bulk.py`).
BULK_FORM = "open_bulk_form"


class Step(Enum):
    """What a click asks for."""

    TAKE = auto()
    RELEASE = auto()
    WRITE_RESOLUTION = auto()
    """Opens the form; nothing changes yet."""
    WRITE_REASON = auto()
    """Opens the form; nothing changes yet."""
    WRITE_MESSAGE = auto()
    """Opens the form; nothing changes yet."""
    USE_MESSAGE = auto()
    RESOLVE = auto()
    DISMISS = auto()
    CANCEL = auto()


def form_is_open() -> bool:
    """True while somebody fills in a form, and the list should not move."""
    return "open_form" in st.session_state or BULK_FORM in st.session_state


def carry_out(scope: Scope, desk: AlertDesk) -> None:
    """The step clicked last is done, or refused with its reason, and the page runs again; once a click."""
    asked: tuple[Step, Alert] | None = st.session_state.pop("asked", None)
    if asked is None:
        return
    step, alert = asked
    if step in (Step.WRITE_RESOLUTION, Step.WRITE_REASON, Step.WRITE_MESSAGE):
        st.session_state["open_form"] = asked
        st.rerun()
    if step is not Step.CANCEL:
        change = _change(scope, desk, step, alert)
        st.session_state["last_change"] = change
        if change.reason is Refused.INCOMPLETE:
            st.rerun()
    st.session_state.pop("open_form", None)
    st.rerun()


def offer(scope: Scope, alert: Alert) -> None:
    """The steps this person can take with this alert."""
    if not alert.is_open:
        return
    if not scope.may(Permission.ACT_ON_ALERTS):
        st.caption(say(texts_fr.READ_ONLY))
        return
    step, seen = st.session_state.get("open_form", (None, None))
    if seen is None or seen.id != alert.id:
        _buttons(alert)
    elif step is Step.WRITE_RESOLUTION:
        _resolve_form(seen)
    elif step is Step.WRITE_MESSAGE:
        _message_form(seen)
    else:
        _dismiss_form(seen)


def place_last_change() -> None:
    """What came of the last action, until the next one; the page's own refreshes leave it there."""
    change = st.session_state.pop("last_change", None)
    if change is None and not access.has_acted():
        change = st.session_state.get("placed_change")
    st.session_state["placed_change"] = change
    if change is None:
        return
    if change.is_done:
        st.success(change.message, icon=":material/check_circle:")
    else:
        st.warning(change.message, icon=":material/info:")
    if change.refused:
        st.html(cards.refused_html(change.refused))


def forget_lost_form(alerts: Sequence[Alert]) -> None:
    """A form whose alert is no longer there to act on is closed, and the page runs again."""
    kept = st.session_state.get("open_form")
    if kept is not None and not any(alert.id == kept[1].id and alert.is_open for alert in alerts):
        del st.session_state["open_form"]
        st.rerun()


def seen_until(choice: AlertChoice) -> datetime | None:
    """When the latest of the alerts chosen alike was raised, as far as this page looked; None where it saw none."""
    known: tuple[AlertChoice, datetime | None] | None = st.session_state.get("seen_until")
    return known[1] if known is not None and known[0] == choice else None


def announce_new(choice: AlertChoice, page: AlertPage) -> None:
    """A notice when alerts came since the last look at this choice, on whichever page; never on its first look."""
    known = st.session_state.get("seen_until")
    newest = max(filter(None, (page.newest_at, seen_until(choice))), default=None)
    st.session_state["seen_until"] = choice, newest
    if known is not None and known[0] == choice and page.new_count:
        st.toast(texts_fr.new_alerts(page.new_count), icon=":material/notifications:")


def _change(scope: Scope, desk: AlertDesk, step: Step, alert: Alert) -> Change:
    if step is Step.TAKE:
        return desk.take(scope, alert)
    if step is Step.USE_MESSAGE:
        return desk.use_message(scope, alert, text=st.session_state.get(f"message-{alert.id}") or "")
    if step is Step.RELEASE:
        return desk.release(scope, alert)
    if step is Step.RESOLVE:
        outcome_code = st.session_state.get(f"outcome-{alert.id}") or "solved"
        return desk.resolve(
            scope, alert, outcome_code=outcome_code, notes=st.session_state.get(f"note-{alert.id}") or ""
        )
    return desk.dismiss(scope, alert, reason=st.session_state.get(f"reason-{alert.id}") or "")


def _ask(step: Step, alert: Alert) -> None:
    st.session_state["asked"] = (step, alert)


def _buttons(alert: Alert) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if alert.status is AlertStatus.PENDING:
            st.button(
                say("Prendre en charge"), key=f"take-{alert.id}", type="primary", icon=":material/front_hand:",
                on_click=_ask, args=(Step.TAKE, alert),
            )  # fmt: skip
        else:
            st.button(
                say("Remettre à traiter"), key=f"release-{alert.id}", icon=":material/undo:",
                on_click=_ask, args=(Step.RELEASE, alert),
            )  # fmt: skip
        st.button(
            say("Résoudre"), key=f"resolve-{alert.id}", icon=":material/check:",
            type="secondary" if alert.status is AlertStatus.PENDING else "primary",
            on_click=_ask, args=(Step.WRITE_RESOLUTION, alert),
        )  # fmt: skip
        if alert.message_text is not None and alert.message_used_at is None:
            st.button(
                say("Message proposé"), key=f"message-button-{alert.id}", icon=":material/edit_note:",
                on_click=_ask, args=(Step.WRITE_MESSAGE, alert),
            )  # fmt: skip
        st.button(
            say("Classer sans suite"), key=f"dismiss-{alert.id}", type="tertiary", icon=":material/block:",
            on_click=_ask, args=(Step.WRITE_REASON, alert),
        )  # fmt: skip
        if alert.alert_type == AlertType.EQUIPMENT_ISSUE:
            navigation.link("incidents", say("Réunir ou séparer"), {"incident": str(alert.id)})


def _resolve_form(alert: Alert) -> None:
    with st.form(f"resolve-form-{alert.id}", border=False):
        st.segmented_control(
            say("Résultat"), texts_fr.CHOSEN_OUTCOMES, format_func=lambda code: say(texts_fr.OUTCOME_CODES[code]),
            default="solved", required=True, key=f"outcome-{alert.id}",
        )  # fmt: skip
        st.text_area(say("Note (facultative)"), key=f"note-{alert.id}", max_chars=LONGEST_NOTE, height=90)
        _send(say("Résoudre l'alerte"), Step.RESOLVE, alert)


def _message_form(alert: Alert) -> None:
    with st.form(f"message-form-{alert.id}", border=False):
        st.text_area(
            say(texts_fr.MESSAGE_HELP), value=alert.message_text or "", key=f"message-{alert.id}", max_chars=2000,
            height=220,
        )  # fmt: skip
        _send(say("J'ai envoyé ce message"), Step.USE_MESSAGE, alert)


def _dismiss_form(alert: Alert) -> None:
    with st.form(f"dismiss-form-{alert.id}", border=False):
        st.text_area(say("Motif (obligatoire)"), key=f"reason-{alert.id}", max_chars=LONGEST_NOTE, height=90)
        _send(say("Classer l'alerte sans suite"), Step.DISMISS, alert)


def _send(label: str, step: Step, alert: Alert) -> None:
    st.caption(say(texts_fr.PAUSED))
    with st.container(horizontal=True, gap="small"):
        st.form_submit_button(label, type="primary", key=f"send-{alert.id}", on_click=_ask, args=(step, alert))
        st.form_submit_button(
            say("Annuler"), type="tertiary", key=f"cancel-{alert.id}", on_click=_ask, args=(Step.CANCEL, alert)
        )
