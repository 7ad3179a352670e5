"""One franchise or one gym to create or change: the forms of « Franchises » and « Salles »."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import streamlit as st
from psycopg.types.json import Jsonb

from dashboards import changes, choices, clients, context, exports, formats, navigation, tiles
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.kiosks import has_slug, slug_of
from jarvis.tenancy import Scope
from warehouse.stores.clients import USUAL_HOURS

NO_SUCH_PLACE = "Ce client n'existe pas, ou il n'est pas dans votre périmètre."
SUSPENSION = (
    "Suspendue : les bornes sont refusées en quelques secondes, plus d'alertes, de rapports ni de relance ; "
    "les données restent."
)
NAME_MISSING = "Rien n'a changé : donnez un nom."
_FRANCHISE_COLUMNS = {
    "name": "Franchise", "city": "Ville", "state": "État", "plan": "Formule", "gyms": "Salles", "members": "Adhérents",
}  # fmt: skip
_GYM_COLUMNS = {
    "name": "Salle", "franchise": "Franchise", "city": "Ville", "state": "État", "members": "Adhérents",
    "kiosks": "Bornes",
}  # fmt: skip
# What the columns mean; what no mart holds in our own words.
_FRANCHISE_NOTES = {
    "État": "À l'essai ou active : ses salles sont servies ; suspendue : aucune ne l'est.",
    "Formule": "L'abonnement de la franchise ; il ne change pas ce que les pages montrent.",
    "Salles": "Salles de la franchise, celles en maintenance et suspendues comprises.",
}
_FRANCHISE_DEFINED = {"Adhérents": (METRIC, "active_member_count")}
_GYM_DEFINED = {
    "Adhérents": (METRIC, "active_member_count"), "Bornes": ("dim_gyms", "kiosk_count"),
    "État": ("dim_gyms", "gym_status"),
}  # fmt: skip
# A gym's address on the web is made of its name.
NO_ADDRESS = "Rien n'a changé : donnez à la salle un nom avec au moins une lettre de A à Z ou un chiffre."


def place_franchises(scope: Scope, records: Records, franchise_id: UUID | None) -> None:
    """The franchises and the form for another, or the one that is named."""
    if franchise_id is not None:
        found = records.row(scope, "clients.franchises", id=franchise_id)
        if found is None:
            st.warning(say(NO_SUCH_PLACE), icon=":material/domain_disabled:")
        else:
            _franchise_form(scope, found)
            _place_gyms_of(scope, records, franchise_id)
        return
    rows = records.rows(scope, "clients.franchises", id=None)
    lines = [
        {
            "name": row["name"], "city": row["city"], "state": clients.state(clients.FRANCHISE_STATES, row["status"]),
            "plan": clients.PLANS[row["subscription_plan"]], "gyms": row["gym_count"], "members": row["member_count"],
        }
        for row in rows
    ]  # fmt: skip
    _list(
        rows, lines, _FRANCHISE_COLUMNS, url_path="franchises", parameter="franchise", defined=_FRANCHISE_DEFINED,
        notes=_FRANCHISE_NOTES,
    )  # fmt: skip
    with (
        st.expander(say("Créer une franchise"), icon=":material/add_business:"),
        st.form("form-new-franchise", border=False),
    ):
        name = st.text_input(say("Nom"), max_chars=120)
        city = st.text_input(say("Ville"), max_chars=120)
        plan = st.selectbox(say("Formule"), list(clients.PLANS), format_func=clients.PLANS.__getitem__)
        is_sent = st.form_submit_button(say("Créer"), type="primary")
    if is_sent:
        _require(name)
        changes.carry_out(
            scope, "network.create_franchise", done=say("La franchise est créée."), name=name.strip(),
            city=city.strip() or None, subscription_plan=plan,
        )  # fmt: skip


def place_gyms(scope: Scope, records: Records, gym_id: UUID | None) -> None:
    """The gyms and the form for another, or the one that is named."""
    if gym_id is not None:
        found = records.row(scope, "clients.gyms", id=gym_id, franchise_id=None, offline_after=OFFLINE_AFTER)
        if found is None:
            st.warning(say(NO_SUCH_PLACE), icon=":material/domain_disabled:")
        else:
            _gym_form(scope, found)
            _place_ways(found)
        return
    rows = records.rows(scope, "clients.gyms", id=None, franchise_id=None, offline_after=OFFLINE_AFTER)
    _list_gyms(rows)
    with st.expander(say("Créer une salle"), icon=":material/add_home:"), st.form("form-new-gym", border=False):
        name = st.text_input(say("Nom"), max_chars=120)
        city = st.text_input(say("Ville"), max_chars=120)
        franchises = records.rows(scope, "clients.franchises", id=None)
        franchise = st.selectbox(
            say("Franchise"), [None, *franchises], placeholder=say("Indépendante"),
            format_func=lambda row: say("Indépendante") if row is None else row["name"],
        )  # fmt: skip
        timezone = choices.timezone()
        is_sent = st.form_submit_button(say("Créer"), type="primary")
    if is_sent:
        if not has_slug(name):
            changes.refuse(say(NO_ADDRESS))
        changes.carry_out(
            scope, "network.create_gym", done=say("La salle est créée, avec des horaires usuels."),
            franchise_id=None if franchise is None else franchise["id"], slug=slug_of(name), name=name.strip(),
            city=city.strip() or None, address=None, timezone=timezone,
            opening_hours=Jsonb({day: list(hours) for day, hours in USUAL_HOURS.items()}),
        )  # fmt: skip


def _list_gyms(rows: Sequence[Row]) -> None:
    lines: list[dict[str, object]] = [
        {
            "name": row["name"], "franchise": row["franchise_name"] or say("Indépendante"), "city": row["city"],
            "state": clients.gym_state(row), "members": row["member_count"],
            "kiosks": row["kiosk_count"],
        }
        for row in rows
    ]  # fmt: skip
    _list(rows, lines, _GYM_COLUMNS, url_path="salles", parameter="salle", defined=_GYM_DEFINED, notes={})


def _place_gyms_of(scope: Scope, records: Records, franchise_id: UUID) -> None:
    """The gyms that a franchise's figures count; a click on one opens it."""
    st.subheader(say("Quelles salles compte-t-elle ?"), anchor=False)
    rows = records.rows(scope, "clients.gyms", id=None, franchise_id=franchise_id, offline_after=OFFLINE_AFTER)
    if rows:
        _list_gyms(rows)
    else:
        st.caption(say("Aucune salle pour l'instant."))


def _place_ways(gym: Row) -> None:
    """The members, kiosks and conversations that a gym's figures count, each on its own page."""
    members, kiosks = formats.number(gym["member_count"]), formats.number(gym["kiosk_count"])
    ways = {
        "adherents": say("Voir ses adhérents ({count})").format(count=members),
        "bornes": say("Voir ses bornes ({count})").format(count=kiosks),
        "conversations": say("Voir ses échanges"),
    }
    with st.container(horizontal=True, gap="small", key="gym-ways"):
        for url_path, words in ways.items():
            if st.button(words, key=f"gym-{url_path}", icon=":material/arrow_forward:"):
                context.enter(gym["id"])
                navigation.go(url_path)


def _list(
    rows: Sequence[Row], lines: list[dict[str, object]], columns: Mapping[str, str], *, url_path: str, parameter: str,
    defined: Mapping[str, tuple[str, str]], notes: Mapping[str, str],
) -> None:  # fmt: skip
    if not rows:
        st.info(say("Rien encore : créez le premier ci-dessous."), icon=":material/domain_add:")
        return
    config = {name: say(heading) for name, heading in columns.items()}
    st.caption(say("Cochez une ligne pour l'ouvrir."))
    chosen = st.dataframe(
        lines, hide_index=True, on_select="rerun", selection_mode="single-row", key=f"{url_path}-list", placeholder="–",
        column_config=config, height=min(600, 38 + 35 * len(lines)),
    )  # fmt: skip
    tiles.place_live(say("Compté"), now=datetime.now(UTC))
    exports.place(lines, config, name=url_path)
    tiles.place_meanings(defined, notes=notes)
    navigation.follow(chosen, rows, url_path, named=parameter)


def _franchise_form(scope: Scope, franchise: Row) -> None:
    with st.form("form-franchise", border=True):
        name = st.text_input(say("Nom"), value=franchise["name"], max_chars=120)
        left, right = st.columns(2)
        city = left.text_input(say("Ville"), value=franchise["city"] or "", max_chars=120)
        plan = right.selectbox(
            say("Formule"), list(clients.PLANS), index=list(clients.PLANS).index(franchise["subscription_plan"]),
            format_func=clients.PLANS.__getitem__,
        )  # fmt: skip
        state = _choose_state(clients.FRANCHISE_STATES, franchise["status"])
        st.caption(say("Suspendue : aucune de ses salles n'est servie ; les données restent."))
        is_sent = st.form_submit_button(say("Enregistrer"), type="primary")
    if is_sent:
        _require(name)
        changes.carry_out(
            scope, "network.change_franchise", done=say("La franchise est enregistrée."), id=franchise["id"],
            name=name.strip(), city=city.strip(), subscription_plan=plan, status=state,
        )  # fmt: skip


def _gym_form(scope: Scope, gym: Row) -> None:
    with st.form("form-gym", border=True):
        name = st.text_input(say("Nom"), value=gym["name"], max_chars=120)
        left, right = st.columns(2)
        city = left.text_input(say("Ville"), value=gym["city"] or "", max_chars=120)
        address = right.text_input(say("Adresse"), value=gym["address"] or "", max_chars=200)
        state = _choose_state(clients.GYM_STATES, gym["status"])
        st.caption(say(SUSPENSION))
        if gym["is_franchise_suspended"]:
            st.caption(say("Sa franchise est suspendue : cette salle n'est pas servie, quel que soit son état."))
        is_sent = st.form_submit_button(say("Enregistrer"), type="primary")
    if is_sent:
        _require(name)
        changes.carry_out(
            scope, "network.change_gym", done=say("La salle est enregistrée."), id=gym["id"], name=name.strip(),
            city=city.strip(), address=address.strip(), timezone=None, opening_hours=None, status=state,
        )  # fmt: skip


def _choose_state(labels: Any, now: str) -> str:
    chosen: str = st.selectbox(
        say("État"), list(labels), index=list(labels).index(now), format_func=lambda one: say(labels[one])
    )
    return chosen


def _require(name: str) -> None:
    if not any(letter.isalnum() for letter in name):
        changes.refuse(say(NAME_MISSING))
