"""The journal's filters, its lines, and its export."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from html import escape
from typing import Any
from uuid import UUID

import streamlit as st

from dashboards import cards, choices, context, exports, formats, journal, tiles
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.tenancy import Scope

MOST_SHOWN = 200
# What one file holds: a spreadsheet still opens it.
MOST_EXPORTED = 20_000

PERIODS = {"24 heures": 1, "7 jours": 7, "30 jours": 30, "Un an": 365}

_EXPORTED = {
    "occurred_at": "Quand", "who": "Qui", "what": "Quoi", "action": "Code", "subject": "Objet",
    "subject_id": "Identifiant", "gym_name": "Salle", "details": "Détails",
}  # fmt: skip


def choose(*, now: datetime) -> dict[str, Any]:
    """What the filters say, as the values of `journal.entries`; the address may name one object."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="journal-filters"):
        who = st.text_input(say("Personne"), key="journal-who", width=200)
        actions = choices.several("Action", journal.ACTIONS, key="journal-actions", every="Toutes", width=240)
        subjects = choices.several("Objet", journal.SUBJECTS, key="journal-subjects", width=200)
        period = st.selectbox(say("Depuis"), list(PERIODS), index=1, format_func=say, key="journal-since", width=140)
    return {
        "gym_id": context.gym_id(), "actor": who.strip() or None, "actions": actions, "subjects": subjects,
        "since": now.replace(second=0, microsecond=0) - timedelta(days=PERIODS[period]),
        "subject_id": st.query_params.get("objet"), "most": MOST_SHOWN + 1,
    }  # fmt: skip


def place(scope: Scope, records: Records, *, asked: dict[str, Any]) -> None:
    """The lines are placed, the latest first, with their export."""
    found = records.rows(scope, "journal.entries", **asked)
    rows = found[:MOST_SHOWN]
    if not rows:
        st.info(say("Rien au journal pour ces filtres."), icon=":material/history:")
        return
    st.dataframe(
        [line(row) for row in rows], hide_index=True, height=min(560, 38 + 35 * len(rows)), key="journal-list",
        placeholder="–",
        column_order=["at", "who", "what", "subject", "gym", "details"], column_config=_column_config(),
        alt=say("Journal, le plus récent d'abord"),
    )  # fmt: skip
    if len(found) > MOST_SHOWN:
        st.caption(say("Les 200 dernières lignes sont affichées ; l'export contient toute la période, jusqu'à 20 000."))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tiles.place_live(say("Lu"))
        exports.place_later(
            partial(_every_line, scope, records, asked), _EXPORTED, name="journal", label=say("Exporter en CSV")
        )


def line(row: Row) -> dict[str, Any]:
    """One act as the list shows it."""
    return {
        "at": row["occurred_at"], "who": journal.actor(row), "what": journal.action(row["action"]),
        "subject": journal.subject(row), "gym": row["gym_name"], "details": journal.details(row),
    }  # fmt: skip


def history_html(scope: Scope, records: Records, *, table: str, identity: UUID, now: datetime, timezone: str) -> str:
    """The last ten acts on one object, as a short list; a sentence where there is none that may be read."""
    rows = records.rows(
        scope, "journal.entries", gym_id=None, actor=None, actions=[], subjects=[table], subject_id=str(identity),
        since=None, most=10,
    )  # fmt: skip
    return cards.timeline_html([_event(row, now=now, timezone=timezone) for row in rows], say("Rien encore."))


def _event(row: Row, *, now: datetime, timezone: str) -> str:
    when = formats.moment(row["occurred_at"], now=now, timezone=timezone)
    return (
        f"<li><small>{escape(when)}</small> <strong>{escape(journal.action(row['action']))}</strong> "
        f"<small>{escape(journal.actor(row))}</small></li>"
    )


def _every_line(scope: Scope, records: Records, asked: dict[str, Any]) -> Sequence[Row]:
    return [
        {
            **row, "who": journal.actor(row, str), "what": journal.action(row["action"], str),
            "subject": journal.subject(row, str), "details": journal.details(row, str),
        }
        for row in records.rows(scope, "journal.entries", **{**asked, "most": MOST_EXPORTED})
    ]  # fmt: skip


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "at": column.DatetimeColumn(say("Quand"), format="DD/MM/YYYY HH:mm:ss", timezone=formats.NETWORK_TIMEZONE),
        "who": column.TextColumn(say("Qui"), width=130),
        "what": column.TextColumn(say("Quoi"), width="medium"),
        "subject": column.TextColumn(say("Objet"), width="medium"),
        "gym": column.TextColumn(say("Salle"), width=140),
        "details": column.TextColumn(say("Détails"), width="medium"),
    }
