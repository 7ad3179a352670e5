"""One incident's file: the conversations it rests on, with another one to put to it, or some of them to take out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import streamlit as st

from dashboards import cards, changes, exports, formats, incidents, navigation, tiles
from dashboards.alerts import Change
from dashboards.incident_desk import NOT_ALLOWED, IncidentDesk
from dashboards.incidents import MOST_SHOWN
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.tenancy import Permission, Scope

_EXPORTED = {"started_at": "Quand", "kiosk_name": "Borne", "names": "Nommé ainsi", "words": "Paroles"}

NO_SUCH_INCIDENT = "Cet incident est clos, n'existe pas, ou n'est pas dans votre périmètre."


def place(scope: Scope, records: Records, incident_id: UUID, *, now: datetime) -> None:
    """The file is placed; a change is made under the person's rights, and said."""
    changes.place_told()
    incident = records.row(scope, "incidents.list", id=incident_id, gym_id=None, most=1)
    if incident is None:
        st.warning(say(NO_SUCH_INCIDENT), icon=":material/build:")
        return
    others = [
        row
        for row in records.rows(scope, "incidents.list", id=None, gym_id=incident["gym_id"], most=MOST_SHOWN)
        if row["id"] != incident_id
    ]
    st.html(incidents.html(incident, now=now, alike=incidents.alike(incident, others)))
    reports = records.rows(scope, "incidents.reports", id=incident_id)
    if not scope.may(Permission.ACT_ON_ALERTS):
        st.caption(say(NOT_ALLOWED))
        _place_reports(incident, reports, now=now, may_choose=False)
    else:
        desk = IncidentDesk(scope, records)
        _place_merging(desk, incident, others)
        _place_splitting(desk, incident, reports, now=now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tiles.place_live(say("Comptés"))
        exports.place([line(report, incident) for report in reports], _EXPORTED, name="signalements")
    tiles.place_meanings({"Signalements": ("fct_alerts", "occurrence_count")})


def line(report: Row, incident: Row) -> dict[str, object]:
    """One conversation of the incident as a file holds it, its words masked."""
    words = " / ".join(cards.masked(words) for words in report["words"])
    return {**report, "words": words, "timezone": incident["timezone"]}


def _place_merging(desk: IncidentDesk, incident: Row, others: list[Row]) -> None:
    st.subheader(say("Réunir avec un autre incident"), anchor=False)
    if not others:
        st.caption(say("C'est le seul incident ouvert de cette salle."))
        return
    # Those that may be the same machine first.
    likely = {row["id"] for row in incidents.alike(incident, others)}
    ordered = sorted(others, key=lambda row: row["id"] not in likely)
    with st.form(f"merge-{incident['id']}"):
        chosen = st.selectbox(
            say("Incident à réunir à celui-ci"), ordered, index=None, format_func=incidents.label,
            placeholder=say("Choisir un incident"),
        )  # fmt: skip
        st.caption(say("Celui-ci garde son nom ; l'autre est clos comme doublon, ses signalements sont comptés ici."))
        is_sent = st.form_submit_button(say("Réunir"), type="primary", icon=":material/merge:")
    if is_sent and chosen is not None:
        _told(desk.merge(kept=incident["id"], folded=chosen["id"]))


def _place_splitting(desk: IncidentDesk, incident: Row, reports: Sequence[Row], *, now: datetime) -> None:
    st.subheader(say("Signalements"), anchor=False)
    if len(reports) < 2:
        _place_reports(incident, reports, now=now, may_choose=False)
        st.caption(say("Un incident d'un seul signalement ne se sépare pas."))
        return
    with st.form(f"split-{incident['id']}"):
        chosen = _place_reports(incident, reports, now=now, may_choose=True)
        st.caption(say("Cochez ce qui parle d'une autre machine : ces signalements formeront un incident à part."))
        is_sent = st.form_submit_button(say("Séparer"), icon=":material/call_split:")
    if is_sent:
        _told(desk.split(incident["id"], chosen))


def _place_reports(incident: Row, reports: Sequence[Row], *, now: datetime, may_choose: bool) -> list[UUID]:
    """Each conversation with what it called the thing; those that are ticked."""
    chosen = []
    for report in reports:
        when = formats.moment(report["started_at"], now=now, timezone=incident["timezone"])
        names = ", ".join(f"« {name} »" for name in report["names"])
        label = " · ".join(part for part in (when[0].upper() + when[1:], report["kiosk_name"], names) if part)
        with st.container(border=True, key=f"report-{report['session_id']}"):
            if may_choose and st.checkbox(label, key=f"chosen-{report['session_id']}"):
                chosen.append(report["session_id"])
            elif not may_choose:
                st.text(label)
            for words in report["words"]:
                st.text(f"« {cards.masked(words)} »")
            navigation.link("conversations", say("Lire la conversation"), {"conversation": str(report["session_id"])})
    return chosen


def _told(change: Change) -> None:
    changes.tell(change.message, is_done=change.is_done)
    st.rerun()
