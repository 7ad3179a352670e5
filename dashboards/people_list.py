"""The people in view: the filters, and the list that leads to one of them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboards import choices, context, exports, navigation, texts_fr, tiles
from dashboards.formats import NETWORK_TIMEZONE, moment_column
from dashboards.language import say
from dashboards.people import STATE_SIGNS, STATES, shown_name
from dashboards.records import Records, Row
from jarvis.tenancy import Permission, Scope

# A longer list is one nobody reads; the filters say who.
MOST_SHOWN = 300

_EXPORTED = {
    "full_name": "Nom", "email": "E-mail", "role": "Rôle", "gym_name": "Salle", "franchise_name": "Franchise",
    "state": "État", "last_signed_in_at": "Dernière connexion", "has_second_factor": "Double authentification",
}  # fmt: skip
_LABELS: exports.Labels = {"role": texts_fr.ROLES, "state": STATES}


def choose() -> dict[str, Any]:
    """What the filters say, as the values of `team.people`; placed in one row."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="people-filters"):
        words = st.text_input(say("Nom ou e-mail"), key="people-words", width=240)
        roles = choices.several("Rôle", texts_fr.ROLES, key="people-roles", width=240)
        states = choices.several("État", STATES, key="people-states")
    return {
        "id": None, "gym_id": context.gym_id(), "words": words.strip() or None, "roles": roles, "states": states,
        "most": MOST_SHOWN + 1,
    }  # fmt: skip


def place(scope: Scope, records: Records, *, url_path: str, asked: dict[str, Any]) -> None:
    """The list is placed; a click on a line opens the person on the same page."""
    found = records.rows(scope, "team.people", **asked)
    rows = found[:MOST_SHOWN]
    if not rows:
        st.info(say("Personne ne correspond à ces filtres."), icon=":material/search_off:")
        return
    st.caption(f"{summary(rows)}. {say('Cochez une ligne pour ouvrir la personne.')}")
    chosen = st.dataframe(
        [line(row) for row in rows], hide_index=True, on_select="rerun", selection_mode="single-row",
        key="people-list", placeholder=say("Jamais"), column_order=_columns(scope), column_config=_column_config(),
        height=min(560, 38 + 35 * len(rows)), alt=say("Personnes, par rôle et par nom"),
    )  # fmt: skip
    if len(found) > MOST_SHOWN:
        st.caption(say("Les 300 premières sont affichées : affinez les filtres pour voir les autres."))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tiles.place_live(say("Lu"))
        exports.place(rows, _EXPORTED, name=url_path, labels=_LABELS)
    navigation.follow(chosen, rows, url_path, named="personne")


def summary(rows: Sequence[Row]) -> str:
    """How many there are, and who needs a look: « 12 personnes, dont 2 invitées et 1 bloquée »."""
    count = say("1 personne") if len(rows) == 1 else say("{count} personnes").format(count=len(rows))
    parts = []
    for state, one, many in (
        ("invited", "1 invitée", "{count} invitées"),
        ("locked", "1 bloquée", "{count} bloquées"),
        ("suspended", "1 suspendue", "{count} suspendues"),
    ):
        number = sum(1 for row in rows if row["state"] == state)
        if number:
            parts.append(say(one) if number == 1 else say(many).format(count=number))
    return count if not parts else f"{count}, {say('dont')} {', '.join(parts)}"


def line(row: Row) -> dict[str, Any]:
    """One person as the list shows them."""
    return {
        "name": shown_name(row),
        "email": row["email"],
        "role": say(texts_fr.ROLES[row["role"]]),
        "place": row["gym_name"] or row["franchise_name"] or say("Tout le réseau"),
        "state": f"{STATE_SIGNS[row['state']]} {say(STATES[row['state']])}",
        "last": row["last_signed_in_at"],
        # Words: a box would look like one to tick.
        "factor": say("Oui") if row["has_second_factor"] else say("Non"),
    }


def _columns(scope: Scope) -> Sequence[str]:
    shown = ["name", "state", "role", "place", "last", "factor", "email"]
    return shown if scope.may(Permission.CHOOSE_GYM) else [column for column in shown if column != "place"]


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn(say("Nom"), width=130),
        "email": column.TextColumn(say("E-mail"), width=230),
        "role": column.TextColumn(say("Rôle"), width=145),
        "place": column.TextColumn(say("Salle ou franchise")),
        "state": column.TextColumn(
            say("État"),
            width="small",
            help=say("Invité : le lien n'a pas servi. Bloqué : trop de mots de passe ou de codes faux."),
        ),
        "last": column.DatetimeColumn(
            say("Dernière connexion"),
            format=moment_column(),
            timezone=NETWORK_TIMEZONE,
            help=say("Dernière session ouverte sur ces pages ou par l'API, double authentification comprise."),
        ),
        "factor": column.TextColumn(say("Double auth.")),
    }
