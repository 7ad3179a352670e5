"""« Clients »: every franchise and gym with how it stands, and the way to open a new client."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from dashboards import clients, exports, formats, navigation, tiles
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.tenancy import Scope
from warehouse.stores.marts import NotBuiltYet

_EXPORTED = {
    "franchise_name": "Franchise", "name": "Salle", "city": "Ville", "status": "État",
    "member_count": "Adhérents actifs",
    "online_count": "Bornes en ligne", "kiosk_count": "Bornes", "cost_usd": "Coût du mois ($)",
    "last_activity_at": "Dernière conversation",
}  # fmt: skip


_DEFINED = {
    "Adhérents": (METRIC, "active_member_count"),
    "Bornes en ligne": ("dim_kiosks", "kiosk_status"),
    "Coût du mois ($)": (METRIC, "cost_usd"),
    "Dernière conversation": ("fct_sessions", "started_at"),
}


def place(scope: Scope, records: Records, *, now: datetime) -> None:
    """The list is placed; a click on a line opens the gym."""
    rows = records.rows(scope, "clients.gyms", id=None, franchise_id=None, offline_after=OFFLINE_AFTER)
    if not rows:
        st.info(say("Aucun client encore : ouvrez le premier ci-dessus."), icon=":material/domain_add:")
        return
    found = month_costs(scope, records, now=now)
    costs = None if found is None else {row["gym_id"]: row["cost_usd"] for row in found}
    st.caption(clients.summary(rows, costs=costs))
    if found is None:
        st.caption(say("Les coûts s'affichent après le prochain calcul des chiffres."))
    elif found:
        built = formats.age(min(row["built_at"] for row in found), now=now)
        st.caption(say("Coûts calculés {when} ; le reste est compté à l'instant.").format(when=built))
    chosen = st.dataframe(
        [clients.line(row, costs=costs) for row in rows], hide_index=True, on_select="rerun",
        selection_mode="single-row", key="clients-list", placeholder="–",
        column_order=["gym", "state", "franchise", "members", "kiosks", "cost", "last"], column_config=_column_config(),
        height=min(600, 38 + 35 * len(rows)), alt=say("Salles par franchise, avec leur état"),
    )  # fmt: skip
    # Gyms of several zones stand in one list, here and above on one clock.
    lines = [
        {
            **row, "status": clients.gym_state(row), "cost_usd": (costs or {}).get(row["id"]),
            "timezone": formats.NETWORK_TIMEZONE,
        }
        for row in rows
    ]  # fmt: skip
    exports.place(lines, _EXPORTED, name="clients")
    tiles.place_meanings(_DEFINED)
    navigation.follow(chosen, rows, "salles", named="salle")


def month_costs(scope: Scope, records: Records, *, now: datetime) -> Sequence[Row] | None:
    """What each gym has cost since the first of the month, in US dollars, and as of when; None without the mart."""
    try:
        return records.rows(scope, "marts_clients.costs", since=formats.network_day(now).replace(day=1))
    except NotBuiltYet:
        return None


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "franchise": column.TextColumn(say("Franchise"), width="medium"),
        "gym": column.TextColumn(say("Salle"), width="medium"),
        "state": column.TextColumn(say("État")),
        "members": column.NumberColumn(say("Adhérents")),
        "kiosks": column.TextColumn(say("Bornes en ligne")),
        "cost": column.NumberColumn(say("Coût du mois ($)"), format="localized", step=0.01),
        "last": column.DatetimeColumn(
            say("Dernière conversation"), format=formats.moment_column(), timezone=formats.NETWORK_TIMEZONE
        ),
    }  # fmt: skip
