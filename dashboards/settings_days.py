"""Days on which nobody is missed: when a gym is closed, and who told the desk that they are away."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import access, changes
from dashboards.language import say
from dashboards.member_list import full_name
from dashboards.records import Row
from jarvis.tenancy import Scope

REASONS = {
    "holiday": "Vacances", "travel": "Déplacement", "frozen": "Abonnement suspendu", "injury": "Blessure",
    "other": "Autre raison",
}  # fmt: skip
WRONG_ORDER = "Rien n'a changé : le dernier jour vient avant le premier."
NOBODY_CHOSEN = "Rien n'a changé : cherchez un adhérent par son nom, puis choisissez-le."


def place_closures(scope: Scope, gym: Row, *, now: datetime) -> None:
    """The closures of a gym that are not over, the form for another, and a button that takes one back."""
    records, today = access.door().records, now.astimezone(ZoneInfo(gym["timezone"])).date()
    rows = [row for row in records.rows(scope, "desk.closures_of_gym", gym_id=gym["id"]) if row["ends_on"] >= today]
    if not rows:
        st.info(say("Aucune fermeture prévue."), icon=":material/event_available:")
    for row in sorted(rows, key=lambda one: one["starts_on"]):
        days = days_words(row["starts_on"], row["ends_on"])
        if _line(days, row["reason"], button=say("Retirer"), key=f"closure-{row['id']}"):
            changes.carry_out(scope, "desk.remove_closure", done=say("La fermeture est retirée."), id=row["id"])
    with st.form("form-closure", border=True):
        first, last = _days(today)
        reason = st.text_input(say("Motif"), max_chars=120)
        is_sent = st.form_submit_button(say("Noter la fermeture"), type="primary")
    if is_sent and last < first:
        changes.refuse(say(WRONG_ORDER))
    elif is_sent:
        changes.carry_out(
            scope, "desk.add_closure", done=say("La fermeture est notée."), gym_id=gym["id"], starts_on=first,
            ends_on=last, reason=reason.strip() or None,
        )  # fmt: skip


def place_absences(scope: Scope, gym: Row, *, now: datetime) -> None:
    """Who is away now or later, a button for who is back, and the form for somebody else."""
    records, today = access.door().records, now.astimezone(ZoneInfo(gym["timezone"])).date()
    rows = records.rows(scope, "gym_settings.absences", gym_id=gym["id"], today=today)
    if not rows:
        st.info(say("Aucune absence en cours ou à venir."), icon=":material/event_available:")
    for row in rows:
        days = days_words(row["starts_on"], row["ends_on"])
        if _line(full_name(row), days, button=say("De retour"), key=f"absence-{row['id']}"):
            changes.carry_out(
                scope, "desk.end_absence", done=say("Le retour est noté."), id=row["id"], back_on=None
            )  # fmt: skip
    with st.container(border=True, key="form-absence"):
        words = st.text_input(say("Nom de l'adhérent"), key="absence-words").strip()
        found = records.rows(scope, "gym_settings.members_named", gym_id=gym["id"], words=words) if words else []
        member = st.selectbox(
            say("Adhérent"), found, format_func=full_name, index=0 if found else None, placeholder=say("Choisir"),
            key=f"absence-member-{words}",
        )  # fmt: skip
        first, last = _days(today)
        why = st.selectbox(say("Raison"), list(REASONS), format_func=lambda one: say(REASONS[one]))
        st.caption(
            say("Une blessure n'est gardée comme telle qu'avec l'accord de l'adhérent sur ses données de santé.")
        )
        is_sent = st.button(say("Noter l'absence"), key="save-absence", type="primary")
    if not is_sent:
        return
    if member is None:
        changes.refuse(say(NOBODY_CHOSEN))
    elif last < first:
        changes.refuse(say(WRONG_ORDER))
    else:
        changes.carry_out(
            scope, "desk.add_absence", done=say("L'absence est notée."), member_id=member["id"], starts_on=first,
            ends_on=last, reason=why,
        )  # fmt: skip


def days_words(first: date, last: date | None) -> str:
    """« du 03/08/2026 au 16/08/2026 », « le 03/08/2026 », or without an end."""
    if last is None:
        return say("à partir du {first}").format(first=f"{first:%d/%m/%Y}")
    if first == last:
        return say("le {first}").format(first=f"{first:%d/%m/%Y}")
    return say("du {first} au {last}").format(first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}")


def _days(today: date) -> tuple[date, date]:
    left, right = st.columns(2)
    first = left.date_input(say("Premier jour"), value=today, format="DD/MM/YYYY")
    last = right.date_input(say("Dernier jour"), value=today, format="DD/MM/YYYY")
    return first, last


def _line(what: str, more: str | None, *, button: str, key: str) -> bool:
    """True where the line's button was clicked just now."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # What people typed is never markup.
        st.text(f"{what} · {more}" if more else what, width=420)
        return st.button(button, key=key, help=what)
