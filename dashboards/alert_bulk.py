"""Several alerts at once: which are chosen, what is done with them, and what came of each.

Each alert is changed by itself, as it was on the screen, with its own row in the audit trail: where one is
refused, the others stand, and the page says which and why. Refused ones stay chosen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

import streamlit as st

from dashboards import context, texts_fr
from dashboards.alert_actions import BULK_FORM, LONGEST_NOTE
from dashboards.alerts import Alert, AlertDesk, AlertPage, Change
from dashboards.language import say
from jarvis.tenancy import Permission, Scope


class Step(Enum):
    """What is asked for every chosen alert."""

    TAKE = auto()
    ASSIGN = auto()
    RESOLVE = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """A step, the alerts as they were on the screen, and what was filled in."""

    step: Step
    alerts: tuple[Alert, ...]
    assignee: UUID | None = None
    outcome_code: str = "solved"
    notes: str = ""


# For one, and for several.
CHOSEN = ("1 alerte choisie", "{count} alertes choisies")
CHOSEN_HERE = ("1 alerte choisie sur cette page", "{count} alertes choisies sur cette page")
REFUSED = ("1 alerte refusée :", "{count} alertes refusées :")
DONE = {
    Step.TAKE: ("1 alerte prise en charge.", "{count} alertes prises en charge."),
    Step.ASSIGN: ("1 alerte attribuée.", "{count} alertes attribuées."),
    Step.RESOLVE: ("1 alerte résolue.", "{count} alertes résolues."),
}


def place_choice(scope: Scope, alert: Alert, *, number: int) -> None:
    """The box by which an open alert is chosen, for whoever may act; the number is its place on the page."""
    if alert.is_open and scope.may(Permission.ACT_ON_ALERTS):
        label = say("Choisir l'alerte {number}").format(number=number)
        st.checkbox(label, key=_key(alert.id), label_visibility="collapsed")


def place_bar(scope: Scope, desk: AlertDesk, page: AlertPage) -> None:
    """What can be done with those chosen on the page, above the list; nothing where fewer than two can be chosen."""
    open_alerts = tuple(alert for alert in page.alerts if alert.is_open)
    if len(open_alerts) < 2 or not scope.may(Permission.ACT_ON_ALERTS):
        return
    chosen = _chosen(open_alerts)
    with st.container(border=True, key="bulk"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            is_whole = page.page_count == 1
            counted = _counted(len(chosen), *(CHOSEN if is_whole else CHOSEN_HERE))
            st.markdown(counted if chosen else say("Aucune alerte choisie"))
            if len(chosen) < len(open_alerts):
                every = "Tout choisir" if is_whole else "Choisir toute la page"
                _button(every, "bulk-all", "select_all", _choose, open_alerts, True)
            if chosen:
                _button("Ne rien choisir", "bulk-none", "deselect", _choose, open_alerts, False)
                _button("Prendre en charge", "bulk-take", "front_hand", _ask, Asked(Step.TAKE, chosen))
                _button("Attribuer", "bulk-assign", "person_add", _open, Step.ASSIGN)
                _button("Résoudre", "bulk-resolve", "check", _open, Step.RESOLVE)
        form = st.session_state.get(BULK_FORM)
        if chosen and form is Step.ASSIGN:
            _assign_form(chosen, desk.colleagues(scope, gym_id=context.gym_id()))
        elif chosen and form is Step.RESOLVE:
            _resolve_form(chosen)


def forget_lost_form(alerts: Sequence[Alert]) -> None:
    """A form whose alerts are all gone is closed, and the page runs again."""
    if BULK_FORM in st.session_state and not _chosen(alerts):
        del st.session_state[BULK_FORM]
        st.rerun()


def carry_out(scope: Scope, desk: AlertDesk) -> None:
    """The step asked last is done for each alert, or refused with its reason, and the page runs again; once a click."""
    asked: Asked | None = st.session_state.pop("asked_bulk", None)
    if asked is None:
        return
    changes = [(alert, _change(scope, desk, asked, alert)) for alert in asked.alerts]
    for alert, change in changes:
        if change.is_done:
            st.session_state[_key(alert.id)] = False
    st.session_state["last_change"] = _summary(asked.step, changes)
    st.session_state.pop(BULK_FORM, None)
    st.rerun()


def _change(scope: Scope, desk: AlertDesk, asked: Asked, alert: Alert) -> Change:
    if asked.step is Step.TAKE:
        return desk.take(scope, alert)
    if asked.step is Step.RESOLVE:
        return desk.resolve(scope, alert, outcome_code=asked.outcome_code, notes=asked.notes)
    if asked.assignee is None:
        return Change(False, say(texts_fr.NOBODY_CHOSEN))
    return desk.assign(scope, alert, assignee=asked.assignee)


def _summary(step: Step, changes: Sequence[tuple[Alert, Change]]) -> Change:
    refused = tuple((alert.title, change.message) for alert, change in changes if not change.is_done)
    done_count = len(changes) - len(refused)
    done = _counted(done_count, *DONE[step]) if done_count else ""
    told = _counted(len(refused), *REFUSED) if refused else ""
    return Change(not refused, " ".join(filter(None, (done, told))), refused)


def _counted(count: int, one: str, many: str) -> str:
    return say(one if count == 1 else many).format(count=count)


def _chosen(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(alert for alert in alerts if alert.is_open and st.session_state.get(_key(alert.id)))


def _key(alert_id: UUID) -> str:
    return f"chosen-{alert_id}"


def _choose(alerts: Sequence[Alert], is_chosen: bool) -> None:
    for alert in alerts:
        st.session_state[_key(alert.id)] = is_chosen
    if not is_chosen:
        st.session_state.pop(BULK_FORM, None)


def _open(step: Step) -> None:
    st.session_state[BULK_FORM] = step


def _close() -> None:
    st.session_state.pop(BULK_FORM, None)


def _ask(asked: Asked) -> None:
    st.session_state["asked_bulk"] = asked


def _assign(alerts: tuple[Alert, ...]) -> None:
    _ask(Asked(Step.ASSIGN, alerts, assignee=st.session_state.get("bulk-assignee")))


def _resolve(alerts: tuple[Alert, ...]) -> None:
    state = st.session_state
    _ask(
        Asked(
            Step.RESOLVE, alerts, outcome_code=state.get("bulk-outcome") or "solved", notes=state.get("bulk-note") or ""
        )
    )


def _button(label: str, key: str, icon: str, then: Callable[..., None], *arguments: object) -> None:
    st.button(say(label), key=key, icon=f":material/{icon}:", on_click=then, args=arguments)


def _assign_form(chosen: tuple[Alert, ...], colleagues: Mapping[UUID, str]) -> None:
    with st.form("bulk-assign-form", border=False):
        st.selectbox(
            say("À qui"), list(colleagues), format_func=lambda one: colleagues[one], index=None, key="bulk-assignee",
            placeholder=say("Choisir une personne"), width=320,
        )  # fmt: skip
        _send(say("Attribuer les alertes choisies"), _assign, chosen)


def _resolve_form(chosen: tuple[Alert, ...]) -> None:
    with st.form("bulk-resolve-form", border=False):
        st.segmented_control(
            say("Résultat"), texts_fr.CHOSEN_OUTCOMES, format_func=lambda code: say(texts_fr.OUTCOME_CODES[code]),
            default="solved", required=True, key="bulk-outcome",
        )  # fmt: skip
        st.text_area(say("Note (facultative)"), key="bulk-note", max_chars=LONGEST_NOTE, height=90)
        _send(say("Résoudre les alertes choisies"), _resolve, chosen)


def _send(label: str, then: Callable[..., None], chosen: tuple[Alert, ...]) -> None:
    st.caption(say(texts_fr.PAUSED))
    with st.container(horizontal=True, gap="small"):
        st.form_submit_button(label, type="primary", key="bulk-send", on_click=then, args=(chosen,))
        st.form_submit_button(say("Annuler"), type="tertiary", key="bulk-cancel", on_click=_close)
