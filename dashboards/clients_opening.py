"""Opening a client on one page: the franchise, its first gym, a kiosk's code and the first people, all or nothing."""

import streamlit as st

from dashboards import access, choices, people_steps
from dashboards.kiosk_desk import NAME_MISSING
from dashboards.language import say
from dashboards.people import is_email
from dashboards.records import Records
from jarvis.kiosks import has_slug
from jarvis.tenancy import Scope, UserRole
from warehouse.stores.clients import NewClient, OpenedClient
from warehouse.stores.team import TeamRefused

STEP = "open-client"
_OPENED = "client-opened"


def place(scope: Scope, records: Records, *, url_path: str) -> None:
    """The button, the form it opened, or what was made."""
    _place_opened()
    if people_steps.open_form() != STEP:
        st.button(
            say("Ouvrir un client"), key="open-client", type="primary", icon=":material/domain_add:",
            on_click=people_steps.ask, args=(STEP,),
        )  # fmt: skip
        return
    with st.container(border=True, key="form-client"):
        st.subheader(say("Ouvrir un client"), anchor=False)
        if not people_steps.must_prove(url_path):
            _form(scope, records)


def _form(scope: Scope, records: Records) -> None:
    franchises = records.rows(scope, "clients.franchises", id=None)
    left, right = st.columns(2)
    with left:
        chosen = st.selectbox(
            say("Franchise"), [None, *franchises], key="client-franchise",
            format_func=lambda row: say("Nouvelle franchise") if row is None else row["name"],
            placeholder=say("Nouvelle franchise"),
        )  # fmt: skip
    with right:
        franchise_name = st.text_input(
            say("Nom de la franchise"), key="client-franchise-name", max_chars=120, disabled=chosen is not None
        )
    gym = left.text_input(say("Nom de la salle"), key="client-gym", max_chars=120)
    city = right.text_input(say("Ville"), key="client-city", max_chars=120)
    with left:
        timezone = choices.timezone(key="client-zone")
    kiosk = right.text_input(say("Nom de la première borne"), value="Borne entrée", key="client-kiosk", max_chars=80)
    owner = left.text_input(say("E-mail du propriétaire (facultatif)"), key="client-owner", max_chars=254)
    manager = right.text_input(say("E-mail du responsable (facultatif)"), key="client-manager", max_chars=254)
    st.caption(
        say("La salle reçoit des horaires usuels, 15 alertes de départ par semaine et tout ce qui est dit "
            "est conservé : son responsable les change sous « Réglages ».")
    )  # fmt: skip
    if not people_steps.is_sure(say("Ouvrir le client"), key="client-send"):
        return
    people = [
        (email.strip(), role)
        for email, role in ((owner, UserRole.FRANCHISE_OWNER), (manager, UserRole.GYM_MANAGER))
        if email.strip()
    ]
    problem = _problem(
        franchise=franchise_name if chosen is None else chosen["name"], gym=gym, kiosk=kiosk,
        emails=[email for email, _ in people],
    )  # fmt: skip
    if problem is not None:
        st.error(problem)
        return
    _open(
        scope,
        NewClient(
            franchise_name=franchise_name.strip() if chosen is None else None,
            franchise_id=None if chosen is None else chosen["id"], city=city.strip() or None, gym_name=gym.strip(),
            timezone=timezone, kiosk_name=kiosk.strip(), people=people,
        ),
    )  # fmt: skip


def _problem(*, franchise: str, gym: str, kiosk: str, emails: list[str]) -> str | None:
    """Why the form cannot be sent, in a sentence; None where it can."""
    if not franchise.strip():
        return say("Donnez un nom à la franchise, ou choisissez-en une.")
    if not has_slug(gym):
        return say("Donnez à la salle un nom avec au moins une lettre de A à Z ou un chiffre.")
    if not has_slug(kiosk):
        return say(NAME_MISSING)
    if not all(is_email(email) for email in emails):
        return say("Cet e-mail n'est pas complet : il faut un nom, un @ et un domaine.")
    return None


def _open(scope: Scope, client: NewClient) -> None:
    door = access.door()
    try:
        opened = door.clients.open_client(scope, people_steps.token(), client)
    except TeamRefused as refused:
        people_steps.tell_refusal(refused.reason)
        st.rerun()
    st.session_state[_OPENED] = (client, opened, [door.invitations.send(link) for link in opened.links])
    people_steps.ask(None)
    st.rerun()


def _place_opened() -> None:
    """What was made, with the kiosk's code and whether each letter went; until it is put away."""
    kept: tuple[NewClient, OpenedClient, list[str | None]] | None = st.session_state.get(_OPENED)
    if kept is None:
        return
    client, opened, unsent = kept
    with st.container(border=True, key="form-opened"):
        st.success(say("Le client est ouvert."), icon=":material/check_circle:")
        # What people typed is never markup.
        st.text(f"{client.gym_name} · {client.kiosk_name}")
        st.caption(say("Code de la borne, valable dix minutes ; un autre se demande sous « Bornes » :"))
        st.code(opened.code, language=None)
        for link, url in zip(opened.links, unsent, strict=True):
            if url is None:
                st.text(say("Invitation envoyée à {email}.").format(email=link.email))
            else:
                st.text(say("Aucun e-mail n'a pu partir : transmettez ce lien à {email}.").format(email=link.email))
                st.code(url, language=None, wrap_lines=True)
        st.button(say("C'est noté"), key="client-noted", on_click=lambda: st.session_state.pop(_OPENED, None))
