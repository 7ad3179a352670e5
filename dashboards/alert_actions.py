"""What a person can do with an alert: the buttons, the two forms, and what came of it.

One form is open at a time and the page's session remembers which, so that a refresh never closes
it or moves it under another alert.
"""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from dashboards import texts_fr
from dashboards.alerts import Alert, AlertDesk, AlertStatus, Change
from jarvis.tenancy import Permission, Scope

Form = Literal["resolve", "dismiss"]

LONGEST_NOTE = 1000


def form_is_open() -> bool:
    """True while somebody fills in a form, and the list should not move."""
    return "open_form" in st.session_state


def offer(scope: Scope, desk: AlertDesk, alert: Alert) -> None:
    """The steps this person can take with this alert; a click takes one and runs the page again."""
    if not alert.is_open:
        return
    if not scope.may(Permission.ACT_ON_ALERTS):
        st.caption(texts_fr.READ_ONLY)
    elif st.session_state.get("open_form") == ("resolve", alert.id):
        _resolve_form(scope, desk, alert)
    elif st.session_state.get("open_form") == ("dismiss", alert.id):
        _dismiss_form(scope, desk, alert)
    else:
        _buttons(scope, desk, alert)


def place_last_change() -> None:
    """What came of the last action, once."""
    change = st.session_state.pop("last_change", None)
    if change is None:
        return
    if change.is_done:
        st.success(change.message, icon=":material/check_circle:")
    else:
        st.warning(change.message, icon=":material/info:")


def forget_lost_form(alerts: Sequence[Alert]) -> None:
    """A form whose alert is no longer there to act on is closed, and the page runs again."""
    kept = st.session_state.get("open_form")
    if kept is not None and not any(alert.id == kept[1] and alert.is_open for alert in alerts):
        del st.session_state["open_form"]
        st.rerun()


def announce_new(alerts: Sequence[Alert]) -> None:
    """A notice when alerts came since this page last looked; never on its first look."""
    waiting = {alert.id for alert in alerts if alert.status is AlertStatus.PENDING}
    known = st.session_state.get("known_alerts")
    st.session_state["known_alerts"] = waiting | (known or set())
    if known is not None and (new_count := len(waiting - known)):
        st.toast(texts_fr.new_alerts(new_count), icon=":material/notifications:")


def _buttons(scope: Scope, desk: AlertDesk, alert: Alert) -> None:
    with st.container(horizontal=True, gap="small"):
        if alert.status is AlertStatus.PENDING:
            if st.button("Prendre en charge", key=f"take-{alert.id}", type="primary", icon=":material/front_hand:"):
                _finish(desk.take(scope, alert))
        elif st.button("Remettre à traiter", key=f"release-{alert.id}", icon=":material/undo:"):
            _finish(desk.release(scope, alert))
        if st.button("Résoudre", key=f"resolve-{alert.id}", icon=":material/check:"):
            _open("resolve", alert)
        if st.button("Classer sans suite", key=f"dismiss-{alert.id}", type="tertiary", icon=":material/block:"):
            _open("dismiss", alert)


def _resolve_form(scope: Scope, desk: AlertDesk, alert: Alert) -> None:
    with st.form(f"resolve-form-{alert.id}", border=False):
        outcome_code = st.segmented_control(
            "Résultat",
            list(texts_fr.OUTCOME_CODES),
            format_func=texts_fr.OUTCOME_CODES.__getitem__,
            default="solved",
            required=True,
            key=f"outcome-{alert.id}",
        )
        notes = st.text_area("Note (facultative)", key=f"note-{alert.id}", max_chars=LONGEST_NOTE, height=90)
        if _submitted("Résoudre l'alerte", alert):
            _finish(desk.resolve(scope, alert, outcome_code=outcome_code or "solved", notes=notes or ""))


def _dismiss_form(scope: Scope, desk: AlertDesk, alert: Alert) -> None:
    with st.form(f"dismiss-form-{alert.id}", border=False):
        reason = st.text_area("Motif (obligatoire)", key=f"reason-{alert.id}", max_chars=LONGEST_NOTE, height=90)
        if _submitted("Classer l'alerte sans suite", alert):
            if not (reason or "").strip():
                st.error(texts_fr.REASON_MISSING, icon=":material/error:")
            else:
                _finish(desk.dismiss(scope, alert, reason=reason or ""))


def _submitted(label: str, alert: Alert) -> bool:
    """True when the form was sent; « Annuler » closes it and runs the page again."""
    with st.container(horizontal=True, gap="small"):
        sent = st.form_submit_button(label, type="primary", key=f"send-{alert.id}")
        if st.form_submit_button("Annuler", type="tertiary", key=f"cancel-{alert.id}"):
            del st.session_state["open_form"]
            st.rerun()
    return sent


def _open(form: Form, alert: Alert) -> None:
    st.session_state["open_form"] = (form, alert.id)
    st.rerun()


def _finish(change: Change) -> None:
    st.session_state.pop("open_form", None)
    st.session_state["last_change"] = change
    st.rerun()
