"""One's own profile: the name colleagues see, the language, which letters come and when."""

from datetime import time

import streamlit as st

from dashboards import access, changes
from dashboards.language import LANGUAGES, say
from jarvis.mail_kinds import LABELS, MailKind
from jarvis.tenancy import Scope

NAME_MISSING = "Rien n'a changé : indiquez un nom."


def own_language(person: Scope) -> str | None:
    """The language the person chose, wherever they did; None before they have."""
    row = access.door().records.row(person, "gym_settings.profile")
    return None if row is None else row["language"]


def keep_language(person: Scope, language: str) -> None:
    """The language is the person's own from now on."""
    access.door().records.row(person, "gym_settings.set_language", language=language)


def place(scope: Scope) -> None:
    """The form of one's own settings, and the way to one's security."""
    records = access.door().records
    own = records.row(scope, "gym_settings.profile")
    if own is None:
        return
    with st.form("form-profile", border=True):
        left, right = st.columns(2)
        name = left.text_input(say("Nom affiché"), value=own["full_name"] or "", max_chars=120)
        language = right.selectbox(
            say("Langue"), list(LANGUAGES), format_func=LANGUAGES.__getitem__,
            index=list(LANGUAGES).index(own["language"] or "fr"),
        )  # fmt: skip
        wanted = st.multiselect(
            say("Courriels reçus"), list(MailKind), default=[k for k in MailKind if k not in own["unwanted_kinds"]],
            format_func=lambda kind: say(LABELS[kind]), placeholder=say("Aucun"),
        )  # fmt: skip
        left, right = st.columns(2)
        quiet_from = left.time_input(say("Pas de courriel à partir de"), value=own["quiet_from"], step=1800)
        quiet_until = right.time_input(say("Jusqu'à"), value=own["quiet_until"], step=1800)
        st.caption(say("À l'heure de votre salle. Avec deux fois la même heure, les courriels arrivent à toute heure."))
        is_sent = st.form_submit_button(say("Enregistrer"), type="primary")
    st.html(
        f'<p class="j-link"><a href="/compte" target="_self">{say("Mot de passe, double authentification et sessions")}'
        "</a></p>"
    )
    if is_sent:
        _save(scope, name=name.strip(), language=language, wanted=wanted, quiet=(quiet_from, quiet_until))


def _save(scope: Scope, *, name: str, language: str, wanted: list[MailKind], quiet: tuple[time, time]) -> None:
    if not name:
        changes.refuse(say(NAME_MISSING))
    changes.carry_out(
        scope, "gym_settings.change_profile", done=say("Votre profil est enregistré."), full_name=name,
        language=language, unwanted_kinds=[kind.value for kind in MailKind if kind not in wanted],
        quiet_from=quiet[0], quiet_until=quiet[1],
    )  # fmt: skip
