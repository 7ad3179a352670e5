"""Inviting somebody: who they are, what they may do and where, and the letter that lets them in."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from dashboards import access, people_steps, texts_fr
from dashboards.language import say
from dashboards.people import Place, PlaceKind, ids_of, is_email, kinds_of, places_for
from dashboards.records import Records, Row
from jarvis.tenancy import Scope, UserRole, roles_given_by
from warehouse.stores.account_links import Invited

STEP = "invite"


def place(scope: Scope, records: Records, *, url_path: str) -> None:
    """The button, or the form it opened."""
    if people_steps.open_form() != STEP:
        st.button(
            say("Inviter quelqu'un"), key="invite", type="primary", icon=":material/person_add:",
            on_click=people_steps.ask, args=(STEP,),
        )  # fmt: skip
        return
    with st.container(border=True, key="form-invitation"):
        st.subheader(say("Inviter quelqu'un"), anchor=False)
        if people_steps.must_prove(url_path):
            return
        left, right = st.columns(2)
        email = left.text_input(say("E-mail"), key="invite-email", max_chars=254, placeholder="prenom.nom@exemple.fr")
        name = right.text_input(say("Nom"), key="invite-name", max_chars=120)
        with left:
            role = choose_role(scope, key="invite-role")
        with right:
            where = choose_place(role, records.rows(scope, "team.places"), key="invite-place")
        st.caption(say("La personne reçoit un lien, qui vaut sept jours, pour choisir son mot de passe."))
        if people_steps.is_sure(say("Envoyer l'invitation"), key="invite-send"):
            _send(scope, email=email.strip(), name=name.strip(), role=role, where=where)


def choose_role(scope: Scope, *, key: str, now: UserRole | None = None) -> UserRole:
    """One of the roles this person may give."""
    given = roles_given_by(scope.role)
    chosen: UserRole = st.selectbox(
        say("Rôle"), given, index=given.index(now) if now in given else len(given) - 1,
        format_func=lambda role: say(texts_fr.ROLES[role]), key=key,
    )  # fmt: skip
    return chosen


def choose_place(role: UserRole, rows: Sequence[Row], *, key: str, now: UUID | None = None) -> Place | None:
    """A gym or a franchise where the role needs one; None for the whole network, or where nothing is picked yet."""
    places = places_for(role, rows)
    if kinds_of(role) == (PlaceKind.NETWORK,):
        st.caption(say("Ce rôle porte sur tout le réseau."))
        return None
    current = next((number for number, place in enumerate(places) if place.id == now), 0 if len(places) == 1 else None)
    label = say("Franchise") if kinds_of(role) == (PlaceKind.FRANCHISE,) else say("Salle")
    chosen: Place | None = st.selectbox(
        label, places, index=current, format_func=lambda place: place.name, key=f"{key}-{role.value}",
        placeholder=say("Choisir"),
    )  # fmt: skip
    return chosen


def _send(scope: Scope, *, email: str, name: str, role: UserRole, where: Place | None) -> None:
    if not is_email(email):
        st.error(say("Cet e-mail n'est pas complet : il faut un nom, un @ et un domaine."))
        return
    if where is None and kinds_of(role) != (PlaceKind.NETWORK,):
        st.error(say("Choisissez la salle ou la franchise de cette personne."))
        return
    franchise_id, gym_id = ids_of(where)
    invited = Invited(email=email, role=role, full_name=name or None, franchise_id=franchise_id, gym_id=gym_id)
    people_steps.carry_out_sending(lambda: access.door().invitations.invite(scope, people_steps.token(), invited))
