"""Who uses which page: each arrival is counted for the person, and who runs the network reads the sums.

Counted is the page's own name and the day, nothing of what was asked or shown; a term of `jarvis retention` ends it.
"""

import logging
from datetime import datetime, timedelta

import psycopg
import streamlit as st
from psycopg_pool import PoolTimeout

from dashboards import access, exports, navigation, texts_fr, tiles
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.tenancy import Scope

DAYS_SHOWN = 30

_logger = logging.getLogger(__name__)
_LAST = "page-viewed-last"
_EXPORTED = {
    "full_name": "Nom", "email": "E-mail", "role": "Rôle", "gym_name": "Salle", "page": "Page", "view_count": "Visites",
    "day_count": "Jours", "last_date": "Dernier jour",
}  # fmt: skip
_LABELS: exports.Labels = {
    "role": texts_fr.ROLES, "page": {entry.url_path: entry.title for entry in navigation.ENTRIES},
}  # fmt: skip


def note(person: Scope, page: str) -> None:
    """The person's arrival at a page is counted: once until they go to another one, never at a page's own refresh."""
    if st.session_state.get(_LAST) == page:
        return
    st.session_state[_LAST] = page
    try:
        access.door().records.row(person, "page_views.note", page=page)
    except (psycopg.Error, PoolTimeout) as error:
        # A count that is missing keeps nobody from their work.
        _logger.warning("page view not counted", extra={"error": type(error).__name__})


def place(scope: Scope, records: Records, *, now: datetime) -> None:
    """The table of the last thirty days is placed, folded away, with its export and what is kept."""
    with st.expander(say("Qui utilise quelles pages (30 jours)"), icon=":material/web_traffic:"):
        since = (now - timedelta(days=DAYS_SHOWN)).date()
        rows = records.rows(scope, "page_views.by_person", since=since)
        st.caption(
            say(
                "Compté : la page et le jour, par personne ; rien de ce qui y est affiché ou cherché. "
                "Effacé après 90 jours."
            )
        )
        if not rows:
            st.info(say("Personne n'a encore ouvert de page sur cette période."), icon=":material/web_traffic:")
            return
        column = st.column_config
        chosen = st.dataframe(
            [line(row) for row in rows], hide_index=True, key="page-views", placeholder="–",
            on_select="rerun", selection_mode="single-row",
            height=min(420, 38 + 35 * len(rows)), alt=say("Visites de pages par personne"),
            column_config={
                "name": column.TextColumn(say("Nom"), width="medium"),
                "role": column.TextColumn(say("Rôle")),
                "gym": column.TextColumn(say("Salle")),
                "page": column.TextColumn(say("Page")),
                "views": column.NumberColumn(
                    say("Visites"), help=say("Arrivées sur la page, sans ses actualisations.")
                ),
                "days": column.NumberColumn(say("Jours"), help=say("Jours différents où la page a été ouverte.")),
                "last": column.DateColumn(say("Dernier jour"), format="DD/MM/YYYY"),
            },
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            tiles.place_live(say("Comptées"))
            exports.place(rows, _EXPORTED, name="visites-de-pages", labels=_LABELS)
        navigation.follow(chosen, rows, "utilisateurs", named="personne", field="user_id")


def line(row: Row) -> dict[str, object]:
    """One person's use of one page, as the list shows it."""
    page: str = row["page"]
    titles = {entry.url_path: entry.title for entry in navigation.ENTRIES}
    return {
        "name": row["full_name"] or row["email"], "role": say(texts_fr.ROLES[row["role"]]), "gym": row["gym_name"],
        "page": say(titles.get(page, page)), "views": row["view_count"], "days": row["day_count"],
        "last": row["last_date"],
    }  # fmt: skip
