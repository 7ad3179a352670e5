"""The open incidents of the gyms in view, each with the way to its file."""

from datetime import datetime
from functools import partial
from itertools import groupby

import streamlit as st

from dashboards import cards, context, exports, incidents, navigation, texts_fr, tiles
from dashboards.incidents import MOST_SHOWN
from dashboards.language import say
from dashboards.records import Records
from jarvis.tenancy import Permission, Scope

_EXPORTED = {
    "gym_name": "Salle", "title": "Incident", "names": "Nommé ainsi", "priority": "Priorité", "status": "État",
    "occurrence_count": "Signalements", "created_at": "Ouvert", "last_occurred_at": "Dernier signalement",
}  # fmt: skip
_LABELS: exports.Labels = {"priority": texts_fr.PRIORITIES, "status": texts_fr.STATUSES}


def place(scope: Scope, records: Records, *, now: datetime) -> None:
    """The list is placed, a gym after the other where several are in view."""
    rows = records.rows(scope, "incidents.list", id=None, gym_id=context.gym_id(), most=MOST_SHOWN)
    if scope.may(Permission.ACT_ON_ALERTS):
        st.caption(say("Réunissez deux incidents de la même machine, ou séparez celui qui en mélange deux."))
    else:
        st.caption(say("Les pannes signalées ; le responsable de la salle réunit celles d'une même machine."))
    if not rows:
        headline = say("Aucun incident de matériel ouvert")
        st.html(cards.empty_html(headline, say("Un signalement à une borne en ouvre un ici.")))
        return
    for _, group in groupby(rows, key=lambda row: row["gym_id"]):
        here = list(group)
        if scope.may(Permission.CHOOSE_GYM):
            st.subheader(here[0]["gym_name"], anchor=False)
        for row in here:
            with st.container(border=True, key=f"incident-{row['id']}"):
                st.html(incidents.html(row, now=now, alike=incidents.alike(row, here)))
                navigation.link("incidents", f"{say('Ouvrir')} : {incidents.short(row)}", {"incident": str(row["id"])})
    tiles.place_live(say("Comptés"))
    exports.place_later(
        partial(records.rows, scope, "incidents.list", id=None, gym_id=context.gym_id(), most=None), _EXPORTED,
        name="incidents", label=say("Exporter en CSV"), labels=_LABELS,
    )  # fmt: skip
    tiles.place_meanings({"Signalements": ("fct_alerts", "occurrence_count")})
    if len(rows) == MOST_SHOWN:
        st.caption(say("Choisissez une salle pour voir les autres."))
