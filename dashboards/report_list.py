"""The reports in view: the latest one at a glance, and the list one is opened from."""

from collections.abc import Sequence
from functools import partial
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import access, choices, exports, navigation, texts_fr, tiles
from dashboards.formats import NETWORK_TIMEZONE
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Permission, Scope

MOST_SHOWN = 60

_EXPORTED = {
    "period_start": "Début", "period_end": "Fin", "report_type": "Rapport", "subject_name": "Salle", "status": "État",
    "insight_count": "Constats", "title": "Titre", "summary": "Résumé",
}  # fmt: skip
_LABELS: exports.Labels = {"report_type": texts_fr.REPORT_KINDS, "status": texts_fr.REPORT_STATUSES}

# No mart holds what a report says.
_OURS = {
    "Constats": "Ce que le rapport relève, chacun avec les conversations, adhérents ou alertes dont il est tiré.",
    "État": "Brouillon, publié ou archivé ; un brouillon n'est lu que par qui peut le publier.",
}

# Reports of a gym begin and end with its days; all of ours lie in France.
_ZONE = ZoneInfo(NETWORK_TIMEZONE)


def place(scope: Scope, *, gym_id: UUID | None) -> None:
    """The latest report that people read, and all of them under it; a click on a line opens one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kinds = choices.several("Rapport", texts_fr.REPORT_KINDS, key="report-kinds")
        statuses = choices.several("État", texts_fr.REPORT_STATUSES, key="report-statuses")
    rows = access.door().records.rows(
        scope, "recommendations.reports", gym_id=gym_id, kinds=kinds, statuses=statuses, most=MOST_SHOWN
    )
    if not rows:
        words = "Pas encore de rapport : le premier arrive lundi matin, sur la semaine écoulée."
        st.info(say(words) if not kinds and not statuses else say("Aucun rapport ne correspond à ces filtres."),
                icon=":material/summarize:")  # fmt: skip
        return
    column = st.column_config
    chosen = st.dataframe(
        [line(row) for row in rows], hide_index=True, height=min(380, 40 + 36 * len(rows)), on_select="rerun",
        selection_mode="single-row", key="report-list", placeholder="–",
        column_order=["days", "kind", "subject", "status", "insights", "summary"],
        column_config={
            "days": column.TextColumn(say("Période"), width=165),
            "kind": column.TextColumn(say("Rapport"), width=105),
            "subject": column.TextColumn(say("Salle"), width=130),
            "status": column.TextColumn(say("État"), width=80),
            "insights": column.NumberColumn(say("Constats"), width=70),
            "summary": column.TextColumn(say("Résumé"), width=480),
        },
        alt=say("Rapports, le plus récent d'abord"),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tiles.place_live(say("Lus"))
        exports.place_later(
            partial(
                access.door().records.rows, scope, "recommendations.reports", gym_id=gym_id, kinds=kinds,
                statuses=statuses, most=None,
            ), _EXPORTED, name="rapports", label=say("Exporter en CSV"), labels=_LABELS,
        )  # fmt: skip
    tiles.place_meanings({}, notes=_OURS)
    navigation.follow(chosen, rows, "recommandations", named="rapport")


def place_latest(scope: Scope, *, gym_id: UUID | None) -> None:
    """The latest published report in three lines, and the way into it."""
    rows = access.door().records.rows(
        scope, "recommendations.reports", gym_id=gym_id, kinds=[], statuses=["published"], most=20
    )
    row = latest(rows)
    if row is None:
        return
    with st.container(border=True, key="latest-report"):
        st.html(
            f'<div class="j-item"><div class="j-tags">{tags_html(row)}</div>'
            f'<p class="j-what">{escape(row["title"])}</p><p>{escape(row["summary"] or "")}</p></div>'
        )
        navigation.link("recommandations", say("Lire le rapport"), {"rapport": str(row["id"])})


def place_drafts(scope: Scope, *, gym_id: UUID | None) -> None:
    """How many reports wait to be read and published, and the way to them; nothing for who may publish none."""
    if not scope.may(Permission.MANAGE_GYMS):
        return
    rows = access.door().records.rows(
        scope, "recommendations.reports", gym_id=gym_id, kinds=[], statuses=["draft"], most=None
    )
    drafts = [row for row in rows if row["status"] == "draft"]
    if not drafts:
        return
    one, more = "{count} rapport attend votre relecture.", "{count} rapports attendent votre relecture."
    words = one if len(drafts) == 1 else more
    with st.container(gap="small", key="draft-reports"):
        st.info(say(words).format(count=len(drafts)), icon=":material/edit_note:")
        navigation.link("recommandations", say("Relire le plus récent"), {"rapport": str(drafts[0]["id"])})


def latest(rows: Sequence[Row]) -> Row | None:
    """Of those that ended last the one over the longest time: a Monday shows the week and not its Sunday."""
    return min(rows, key=lambda row: (-row["period_end"].timestamp(), row["period_start"]), default=None)


def line(row: Row) -> dict[str, object]:
    """One report as the list shows it."""
    return {
        "days": days(row),
        "kind": say(texts_fr.REPORT_KINDS[row["report_type"]]),
        "subject": row["subject_name"],
        "status": say(texts_fr.REPORT_STATUSES[row["status"]]),
        "insights": row["insight_count"],
        "summary": row["summary"] or "",
    }


def days(row: Row) -> str:
    """16/11/2026 – 22/11/2026, or one day."""
    first = row["period_start"].astimezone(_ZONE).date()
    last = row["period_end"].astimezone(_ZONE)
    # The period ends with the midnight after its last day.
    until = last.date().fromordinal(last.date().toordinal() - 1)
    return f"{first:%d/%m/%Y}" if until <= first else f"{first:%d/%m/%Y} – {until:%d/%m/%Y}"


def tags_html(row: Row) -> str:
    """What kind of report it is, and where it stands."""
    kind, status = say(texts_fr.REPORT_KINDS[row["report_type"]]), say(texts_fr.REPORT_STATUSES[row["status"]])
    return f'<span class="j-tag">{escape(kind)}</span><span class="j-tag j-{row["status"]}">{escape(status)}</span>'
