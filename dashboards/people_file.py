"""One person: who they are, how they stand, and what may be done about their access."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, changes, formats, journal_list, people_invitation, people_steps, texts_fr
from dashboards.language import say
from dashboards.people import NO_SUCH_PERSON, STATE_SIGNS, STATES, ids_of, shown_name
from dashboards.records import Records, Row
from jarvis.tenancy import Scope, UserRole


def place(scope: Scope, records: Records, person_id: UUID, *, url_path: str, now: datetime) -> None:
    """The person is placed with what may be done; whoever does not see them is told that there is nobody."""
    person = records.row(
        scope, "team.people", id=person_id, gym_id=None, words=None, roles=[], states=[], most=1
    )  # fmt: skip
    if person is None:
        st.warning(say(NO_SUCH_PERSON), icon=":material/person_off:")
        return
    changes.place_told()
    st.html(head_html(person, now=now))
    _place_steps(scope, records, person, url_path=url_path)
    st.subheader(say("Ce qui s'est passé"), anchor=False)
    st.html(
        journal_list.history_html(
            scope, records, table="users", identity=person_id, now=now, timezone=formats.NETWORK_TIMEZONE
        )
    )  # fmt: skip


def _place_steps(scope: Scope, records: Records, person: Row, *, url_path: str) -> None:
    if not person["may_change"]:
        mine = person["id"] == scope.user_id
        st.caption(
            say("C'est vous : quelqu'un d'autre change vos droits, et votre sécurité se règle sous « Mon compte ».")
            if mine
            else say("Vous voyez cette personne sans pouvoir modifier son accès.")
        )  # fmt: skip
        return
    step = people_steps.open_form()
    if step is None or step == people_invitation.STEP:
        _buttons(person)
        return
    with st.container(border=True, key="form-person"):
        if not people_steps.must_prove(url_path, person_id=person["id"]):
            _form(scope, records, person, step)


def head_html(person: Row, *, now: datetime) -> str:
    """Name, e-mail, state, role and place, the last sign-in and the second factor."""
    state = person["state"]
    facts = [
        (say("Rôle"), say(texts_fr.ROLES[person["role"]])),
        (say("Salle ou franchise"), person["gym_name"] or person["franchise_name"] or say("Tout le réseau")),
        (say("Dernière connexion"), _moment(person["last_signed_in_at"], now=now) or say("Jamais")),
        (say("Double authentification"), say("Active") if person["has_second_factor"] else say("Inactive")),
    ]
    if state == "locked":
        facts.append((say("Bloqué jusqu'à"), _moment(person["locked_until"], now=now)))
    if state == "invited":
        until = person["invited_until"]
        is_over = until is None or until <= now
        facts.append((say("Invitation"), say("Lien expiré") if is_over else _day(until)))
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in facts)
    return (
        f'<div class="j-card"><div class="j-head"><h2>{escape(shown_name(person))}</h2><p>{escape(person["email"])}</p>'
        f'<p class="j-tags"><span class="j-tag j-state-{state}"><span aria-hidden="true">{STATE_SIGNS[state]}</span> '
        f"{escape(say(STATES[state]))}</span></p></div>"
        f'<dl class="j-labels">{rows}</dl></div>'
    )


def _moment(at: datetime | None, *, now: datetime) -> str:
    return "" if at is None else formats.moment(at, now=now, timezone=formats.NETWORK_TIMEZONE)


def _day(at: datetime) -> str:
    return f"{formats.local_date(at, timezone=formats.NETWORK_TIMEZONE):%d/%m/%Y}"


def _buttons(person: Row) -> None:
    state = person["state"]
    offered = [("change", say("Modifier"), "edit", True)]
    offered.append(("again", say("Renvoyer l'invitation"), "forward_to_inbox", state == "invited"))
    offered.append(("unlock", say("Débloquer"), "lock_open", state == "locked"))
    offered.append(("factor", say("Réinitialiser la double authentification"), "phonelink_erase",
                    bool(person["has_second_factor"])))  # fmt: skip
    offered.append(("suspend", say("Suspendre"), "block", state != "suspended"))
    offered.append(("reinstate", say("Réactiver"), "person_check", state == "suspended"))
    with st.container(horizontal=True, gap="small", key="person-steps"):
        for step, label, icon, is_offered in offered:
            if is_offered:
                st.button(
                    label, key=f"person-{step}", icon=f":material/{icon}:", on_click=people_steps.ask, args=(step,)
                )


def _form(scope: Scope, records: Records, person: Row, step: str) -> None:
    team, token, user_id = access.door().team, people_steps.token(), person["id"]
    name = shown_name(person)
    if step == "change":
        _change_form(scope, records, person)
    elif step == "suspend":
        _confirm(
            say("Suspendre {name} ? Ses sessions se ferment aussitôt, et son mot de passe n'ouvre plus rien."),
            say("Suspendre"), name, lambda: team.suspend(scope, token, user_id),
            say("L'accès de {name} est suspendu : ses sessions sont fermées."),
        )  # fmt: skip
    elif step == "reinstate":
        _confirm(
            say("Réactiver {name} ? Son mot de passe d'avant ouvre à nouveau son compte."),
            say("Réactiver"), name, lambda: team.reinstate(scope, token, user_id),
            say("{name} peut se connecter à nouveau."),
        )  # fmt: skip
    elif step == "factor":
        _confirm(
            say("Retirer la double authentification de {name} ? Assurez-vous de lui avoir parlé : "
                "sans elle, le mot de passe suffit, et ses sessions se ferment."),
            say("Réinitialiser"), name, lambda: team.reset_second_factor(scope, token, user_id),
            say("{name} n'a plus de double authentification : elle se configure à la prochaine connexion."),
        )  # fmt: skip
    elif step == "unlock":
        _confirm(
            say("Débloquer {name} ? Les essais refusés sont oubliés."),
            say("Débloquer"), name, lambda: team.unlock(scope, token, user_id),
            say("{name} peut réessayer tout de suite."),
        )  # fmt: skip
    elif step == "again":
        _invite_again(scope, person)


def _confirm(question: str, label: str, name: str, work: Callable[[], object], done: str) -> None:
    # A name is never markup.
    st.html(f"<p>{escape(question.format(name=name))}</p>")
    if people_steps.is_sure(label, key="person-confirm"):
        people_steps.carry_out(work, done=done.format(name=name))


def _change_form(scope: Scope, records: Records, person: Row) -> None:
    name = st.text_input(say("Nom"), value=person["full_name"] or "", key="change-name", max_chars=120)
    left, right = st.columns(2)
    with left:
        role = people_invitation.choose_role(scope, key="change-role", now=UserRole(person["role"]))
    with right:
        where = people_invitation.choose_place(
            role, records.rows(scope, "team.places"), key="change-place", now=person["gym_id"] or person["franchise_id"]
        )
    st.caption(say("Un autre rôle ou un autre lieu ferme les sessions de la personne."))
    if not people_steps.is_sure(say("Enregistrer"), key="change-save"):
        return
    if where is None and role is not UserRole.SUPER_ADMIN:
        st.error(say("Choisissez la salle ou la franchise de cette personne."))
        return
    franchise_id, gym_id = ids_of(where)
    people_steps.carry_out(
        lambda: access.door().team.change(
            scope, people_steps.token(), person["id"], full_name=name.strip() or None, role=role,
            franchise_id=franchise_id, gym_id=gym_id,
        ),
        done=say("Les changements de {name} sont enregistrés.").format(name=name.strip() or shown_name(person)),
    )  # fmt: skip


def _invite_again(scope: Scope, person: Row) -> None:
    st.markdown(say("Envoyer un nouveau lien ? Celui d'avant ne vaudra plus rien."))
    if people_steps.is_sure(say("Renvoyer l'invitation"), key="person-confirm"):
        people_steps.carry_out_sending(
            lambda: access.door().invitations.again(
                scope, people_steps.token(), user_id=person["id"], email=person["email"], full_name=person["full_name"]
            )
        )
