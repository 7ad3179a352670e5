"""Setting a kiosk up: a new one, its code shown once, another name, a pause, and the end of its access."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, alert_actions, context, formats, kiosk_cards
from dashboards.kiosk_desk import LONGEST_NAME, IssuedCode, KioskDesk
from dashboards.kiosks import KioskState, KioskView
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.kiosks import Holder
from jarvis.tenancy import Permission, Scope

_CODE, _REVOKES = "kiosk_code", "kiosk_to_revoke"
_CODES = {
    Holder.PAGE: (
        "Code pour l'écran",
        "Installe ou remplace l'appareil ; celui qui est en place continue jusqu'à ce que le code serve.",
    ),
    Holder.AGENT: (
        "Code pour l'agent", "Pour le programme qui lit les badges à côté de l'écran ; l'écran garde son accès."
    ),
}  # fmt: skip
_HOLDERS = {Holder.PAGE: "l'écran de la borne", Holder.AGENT: "l'agent à côté de l'écran"}


def place_result(scope: Scope, records: Records, *, now: datetime) -> None:
    """What came of the last action, and the code that waits to be typed at a kiosk, if there is one."""
    alert_actions.place_last_change()
    issued: IssuedCode | None = st.session_state.get(_CODE)
    if issued is None:
        return
    proofs = [
        row for row in records.rows(scope, "network.kiosk_access", id=issued.kiosk_id) if row["holder"] == issued.holder
    ]
    if any(row["kind"] == "token" and row["created_at"] >= issued.issued_at for row in proofs):
        st.session_state.pop(_CODE)
        st.success(f"{issued.name} : {say('le code a été utilisé, la borne est installée.')}", icon=":material/check:")
    elif not any(row["kind"] == "code" for row in proofs):
        st.session_state.pop(_CODE)
        lapsed = say("le code n'est plus valable. Demandez-en un autre.")
        st.warning(f"{issued.name} : {lapsed}", icon=":material/timer_off:")
    else:
        _place_code(issued, now=now)


def place_new(scope: Scope, records: Records) -> None:
    """The form for a kiosk that is not there yet, for who manages the gym."""
    desk = KioskDesk(scope, records)
    if not desk.may_change:
        return
    with st.expander(say("Ajouter une borne"), icon=":material/add:"), st.form("new-kiosk", border=False):
        gym_id = _gym(scope, records)
        name = st.text_input(say("Nom de la borne"), max_chars=LONGEST_NAME, placeholder=say("Borne entrée"))
        location = st.text_input(say("Emplacement"), max_chars=LONGEST_NAME, placeholder=say("à l'accueil, à gauche"))
        if st.form_submit_button(say("Créer la borne et son code"), type="primary"):
            if gym_id is None:
                st.error(say("Choisissez la salle de la borne."), icon=":material/error:")
                return
            change, issued = desk.create(gym_id=gym_id, name=name, location=location)
            if issued is None:
                st.error(change.message, icon=":material/error:")
                return
            st.session_state[_CODE] = issued
            st.rerun()


def place_installation(scope: Scope, records: Records, one: KioskView) -> None:
    """What the kiosk runs on and proves itself with, and for who may, the steps of its life."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        device = records.row(scope, "kiosks.device", kiosk_id=one.id)
        proofs = records.rows(scope, "network.kiosk_access", id=one.id)
        st.subheader(say("Appareil et accès"), anchor=False)
        st.html(access_html(one, device, proofs, address=_address(one.slug)))
    with right:
        desk = KioskDesk(scope, records)
        if not desk.may_change:
            st.caption(say("Lecture seule : le responsable de la salle installe et règle les bornes."))
            return
        _place_rename(desk, one)
        _place_steps(desk, one)


def access_html(one: KioskView, device: Row | None, proofs: Sequence[Row], *, address: str) -> str:
    """The kiosk's address, its device and when each part of it proved itself."""
    lines = [(say("Adresse de l'écran"), address), (say("Appareil"), (device or {}).get("device_id") or "–")]
    for holder, label in ((Holder.PAGE, "Écran"), (Holder.AGENT, "Agent")):
        for kind, words in (("token", "jeton délivré le"), ("code", "code en attente jusqu'au")):
            for row in proofs:
                if (row["holder"], row["kind"]) == (holder, kind):
                    at = row["created_at"] if kind == "token" else row["expires_at"]
                    lines.append((say(label), f"{say(words)} {_stamp(at, one.timezone)}"))
    if not any(row["kind"] == "token" for row in proofs):
        lines.append((say("Accès"), say("aucun : la borne attend un code")))
    hardware = (device or {}).get("hardware_info") or {}
    lines += [(str(key), str(found)[:120]) for key, found in sorted(hardware.items())[:12]]
    return kiosk_cards.pairs_html(lines)


def _gym(scope: Scope, records: Records) -> UUID | None:
    if not scope.may(Permission.CHOOSE_GYM):
        return scope.gym_id
    names = {row["id"]: row["name"] for row in records.rows(scope, "context.gyms")}
    chosen = context.gym_id()
    options = [*names]
    picked: UUID | None = st.selectbox(
        say("Salle de la borne"), options, index=options.index(chosen) if chosen in names else None,
        format_func=names.__getitem__, placeholder=say("Choisir une salle"),
    )  # fmt: skip
    return picked


def _place_code(issued: IssuedCode, *, now: datetime) -> None:
    address = _address(issued.slug)
    with st.container(border=True, key="kiosk-code"):
        st.html(code_html(issued, address=address, now=now))
        if st.button(say("Masquer le code"), type="tertiary", icon=":material/visibility_off:"):
            st.session_state.pop(_CODE)
            st.rerun()


def code_html(issued: IssuedCode, *, address: str, now: datetime) -> str:
    """The code to type, how long it is good for, and where; the picture leads a telephone or tablet there."""
    import segno

    minutes = max(0, -(-int((issued.ends_at - now).total_seconds()) // 60))
    steps: tuple[str, ...] = (
        f"{say('Ouvrez cette adresse sur la borne, ou photographiez le code QR avec elle :')} {address}",
        say("Tapez ce code quand elle le demande : il dit de quelle salle elle est, l'adresse non."),
        say("Cette page se met à jour d'elle-même dès que la borne répond."),
    )
    if issued.holder is Holder.AGENT:
        steps = (f"jarvis kiosk agent : {say('donnez-lui ce code à son premier démarrage.')}", steps[2])
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2, dark="#000000", light="#ffffff")
    items = "".join(f"<li>{escape(step)}</li>" for step in steps)
    return (
        f'<div class="j-code"><div><p>{escape(say("Code d’installation de"))} <strong>{escape(issued.name)}</strong>'
        f" ({escape(say(_HOLDERS[issued.holder]))})</p>"
        f'<p class="j-digits">{escape(issued.code)}</p>'
        f"<p>{escape(say('Affiché cette seule fois, valable encore'))} {formats.number(minutes)}\u00a0min, "
        f"{escape(say('pour une seule installation.'))}</p><ol>{items}</ol></div>"
        f'<img src="{picture}" alt="{escape(say("Code QR de l’adresse de la borne"), quote=True)}"></div>'
    )


def _place_rename(desk: KioskDesk, one: KioskView) -> None:
    st.subheader(say("Nom et emplacement"), anchor=False)
    with st.form(f"rename-{one.id}", border=True):
        name = st.text_input(say("Nom de la borne"), value=one.name, max_chars=LONGEST_NAME)
        location = st.text_input(say("Emplacement"), value=one.location or "", max_chars=LONGEST_NAME)
        if st.form_submit_button(say("Enregistrer le nom")):
            st.session_state["last_change"] = desk.rename(
                one.id, seen=(one.name, one.location), name=name, location=location
            )
            st.rerun()


def _place_steps(desk: KioskDesk, one: KioskView) -> None:
    st.subheader(say("Codes et accès"), anchor=False)
    for holder, (label, why) in _CODES.items():
        if st.button(say(label), key=f"code-{holder}", icon=":material/key:", width="stretch", help=say(why)):
            change, issued = desk.issue_code(one.id, slug=one.slug, name=one.name, holder=holder)
            st.session_state[_CODE if issued is not None else "last_change"] = issued or change
            st.rerun()
    if one.state is not KioskState.PROVISIONING:
        is_paused = one.state is KioskState.MAINTENANCE
        label = "Remettre en service" if is_paused else "Mettre en maintenance"
        why = say("En maintenance, le silence de la borne n'alerte personne.")
        if st.button(say(label), key="pause", icon=":material/build:", width="stretch", help=why):
            st.session_state["last_change"] = desk.pause(one.id, is_paused=not is_paused)
            st.rerun()
    if st.session_state.get(_REVOKES) != one.id:
        why = say("Pour un appareil perdu, volé ou remplacé : plus rien n'ouvre la porte de cette borne.")
        if st.button(say("Révoquer les accès"), key="revoke", icon=":material/link_off:", width="stretch", help=why):
            st.session_state[_REVOKES] = one.id
            st.rerun()
        return
    st.warning(
        say("La borne sera déconnectée tout de suite, même en pleine conversation, et devra être réinstallée."),
        icon=":material/warning:",
    )
    with st.container(horizontal=True, gap="small"):
        if st.button(say("Oui, révoquer"), key="revoke-yes", type="primary"):
            st.session_state.pop(_REVOKES)
            st.session_state["last_change"] = desk.revoke(one.id)
            st.rerun()
        if st.button(say("Annuler"), key="revoke-no", type="tertiary"):
            st.session_state.pop(_REVOKES)
            st.rerun()


def _address(slug: str) -> str:
    return f"{access.door().gateway_address}/kiosk/{slug}"


def _stamp(at: datetime, timezone: str) -> str:
    day = formats.local_date(at, timezone=timezone)
    return f"{day:%d/%m/%Y} {say('à')} {formats.clock(at, timezone=timezone)}"
