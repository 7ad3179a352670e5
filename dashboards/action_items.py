"""What conversations left to do: each thing with who does it and by when, and the steps somebody can take.

Which steps are legal says the database (migration 0230); what it refuses is told in a sentence.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from html import escape
from uuid import UUID

import psycopg
import streamlit as st

from dashboards import access, exports, formats, navigation, texts_fr, tiles
from dashboards.cards import DOT
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Row
from jarvis.action_items import ActionState
from jarvis.tenancy import Permission, Scope

# A longer list is one nobody works through; the next ones follow on demand.
SHOWN_AT_ONCE = 8

_EXPORTED = {
    "text": "À faire", "owner": "Pour qui", "state": "État", "due_date": "Échéance", "is_late": "En retard",
    "assignee_name": "Prise par", "gym_name": "Salle", "said_at": "Conversation du", "closed_at": "Terminée",
}  # fmt: skip
_LABELS: exports.Labels = {"owner": texts_fr.ACTION_OWNERS, "state": texts_fr.ACTION_STATES}

_DEFINED = {
    "À faire": ("fct_action_items", "action_state"),
    "En retard": ("fct_action_items", "due_date"),
    "Sans appui": (METRIC, "unfounded_session_count"),
}

MINE, ALL, ENDED = "Les miennes", "Toutes", "Terminées"


def place(scope: Scope, *, gym_id: UUID | None, now: datetime) -> None:
    """The open things of the gyms in view with their filters; what is late first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = st.segmented_control(
            say("Actions"), [ALL, MINE, ENDED], default=ALL, required=True, format_func=say, key="item-view",
            label_visibility="collapsed",
        )  # fmt: skip
        owners = st.multiselect(
            say("Pour qui"), list(texts_fr.ACTION_OWNERS), format_func=lambda one: say(texts_fr.ACTION_OWNERS[one]),
            key="item-owners", placeholder=say("Tous"), label_visibility="collapsed", width=260,
        )  # fmt: skip
    shown = st.session_state.get("items-shown", SHOWN_AT_ONCE)
    read = partial(
        access.door().records.rows, scope, "recommendations.action_items", gym_id=gym_id, session_id=None,
        is_open=view != ENDED, owners=owners, assigned_to=scope.user_id if view == MINE else None,
    )  # fmt: skip
    rows = read(most=shown + 1)
    tiles.place_live(say("Comptées"))
    tiles.place_meanings(_DEFINED)
    if not rows:
        st.info(say("Rien à faire ici : les conversations n'ont rien laissé en suspens."), icon=":material/task_alt:")
        return
    place_rows(scope, rows[:shown], now=now, leads_back=True)
    if len(rows) > shown:
        st.button(say("Voir les suivantes"), key="items-more", type="tertiary", on_click=_show_more)
    exports.place_later(
        partial(read, most=None), _EXPORTED, name="actions", label=say("Exporter en CSV"), labels=_LABELS
    )


def place_rows(scope: Scope, rows: Sequence[Row], *, now: datetime, leads_back: bool) -> None:
    """Each thing in a card with its steps.

    Args:
        leads_back: a link to the conversation stands with it.
    """
    for row in rows:
        with st.container(border=True, gap="small", key=f"item-{row['state']}-{row['id']}"):
            st.html(item_html(row, now=now, shows_gym=leads_back and scope.may(Permission.CHOOSE_GYM)))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if scope.may(Permission.ACT_ON_ALERTS):
                    _steps(scope, row)
                if leads_back:
                    navigation.link("conversations", say("Conversation"), {"conversation": str(row["session_id"])})


def item_html(row: Row, *, now: datetime, shows_gym: bool) -> str:
    """What is to be done, for whom, by when, and who has it."""
    tags = [f'<span class="j-tag">{escape(say(texts_fr.ACTION_OWNERS[row["owner"]]))}</span>']
    if row["state"] != "open":
        tags.append(f'<span class="j-tag j-{row["state"]}">{escape(say(texts_fr.ACTION_STATES[row["state"]]))}</span>')
    elif row["is_late"]:
        tags.append(f'<span class="j-tag j-urgent"><span aria-hidden="true">▲</span> {escape(say("En retard"))}</span>')
    when = formats.moment(row["said_at"], now=now, timezone=row["timezone"])
    facts = [f"{say('Conversation')} {when}"]
    if row["due_date"] is not None:
        facts.append(f"{say('pour le')} {row['due_date']:%d/%m/%Y}")
    if row["assignee_name"]:
        facts.append(f"{say('prise par')} {row['assignee_name']}")
    if row["closed_at"] is not None and row["closer_name"]:
        facts.append(f"{say('terminée par')} {row['closer_name']}")
    if shows_gym:
        facts.append(row["gym_name"])
    return (
        f'<div class="j-item"><div class="j-tags">{"".join(tags)}</div><p class="j-what">{escape(row["text"])}</p>'
        f'<p class="j-facts">{DOT.join(escape(fact) for fact in facts)}</p></div>'
    )


def _steps(scope: Scope, row: Row) -> None:
    identity = row["id"]
    if row["state"] != ActionState.OPEN:
        if st.button(say("Rouvrir"), key=f"reopen-{identity}", icon=":material/undo:"):
            _move(scope, row, state=ActionState.OPEN)
        return
    if st.button(say("C'est fait"), key=f"done-{identity}", icon=":material/check:"):
        _move(scope, row, state=ActionState.DONE)
    if row["assigned_to"] != scope.user_id and st.button(
        say("Je m'en charge"), key=f"take-{identity}", icon=":material/front_hand:"
    ):
        _move(scope, row, assigned_to=scope.user_id)
    with st.popover(say("Échéance"), icon=":material/event:", key=f"due-{identity}"):
        day = st.date_input(say("Pour le"), value=row["due_date"], format="DD/MM/YYYY", key=f"day-{identity}")
        if st.button(say("Enregistrer"), key=f"save-{identity}"):
            _move(scope, row, due_date=day, has_due_date=True)
    if st.button(say("Abandonner"), key=f"drop-{identity}", icon=":material/block:", type="tertiary"):
        _move(scope, row, state=ActionState.DISMISSED)


def _move(
    scope: Scope, row: Row, *, state: ActionState | None = None, assigned_to: UUID | None = None,
    due_date: date | None = None, has_due_date: bool = False,
) -> None:  # fmt: skip
    try:
        moved = access.door().records.row(
            scope, "action_items.move_action_item", id=row["id"], seen_state=row["state"],
            state=None if state is None else str(state), has_assignee=assigned_to is not None,
            assigned_to=assigned_to, has_due_date=has_due_date, due_date=due_date,
        )  # fmt: skip
    except psycopg.errors.CheckViolation:
        # The trigger's own message names rows by id, in English.
        st.warning(say(texts_fr.ITEM_REFUSED), icon=":material/info:")
        return
    if moved is None:
        st.warning(say(texts_fr.ITEM_MOVED), icon=":material/info:")
        return
    st.toast(say("C'est noté."), icon=":material/check_circle:")
    st.rerun()


def _show_more() -> None:
    st.session_state["items-shown"] = st.session_state.get("items-shown", SHOWN_AT_ONCE) + SHOWN_AT_ONCE
