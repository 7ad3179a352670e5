"""A kiosk's settings: what holds and which level says so, and the form that changes one level.

Whoever opens the form changes what they had before them: what somebody else changed meanwhile is never overwritten.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from dashboards import kiosk_texts
from dashboards.alerts import Refused
from dashboards.kiosk_desk import KioskDesk, Level, SeenSettings
from dashboards.kiosks import KioskView
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.kiosk_config import NOISE_REDUCTIONS, THEMES, VOICES, KioskConfig, config_of
from jarvis.tenancy import Permission, Scope

_OPEN = "open_kiosk_settings"
_LISTS: Mapping[str, tuple[Any, ...]] = {
    "voice": VOICES, "language": ("fr", "en", "es"), "has_captions": (True, False), "theme": THEMES,
    "noise_reduction": NOISE_REDUCTIONS,
}  # fmt: skip
_BUTTONS = {
    Level.KIOSK: "Régler cette borne", Level.GYM: "Régler toute la salle", Level.FRANCHISE: "Régler toute la franchise",
}  # fmt: skip
_FOLLOWS = {
    Level.KIOSK: "Un champ vide suit la salle, puis la franchise, puis JARVIS.",
    Level.GYM: "Un champ vide suit la franchise, puis JARVIS ; une borne réglée à part garde son réglage.",
    Level.FRANCHISE: "Un champ vide suit JARVIS ; une salle ou une borne réglée à part garde son réglage.",
}
_HEADINGS = {
    Level.KIOSK: "Réglages de cette borne",
    Level.GYM: "Réglages de toutes les bornes de la salle",
    Level.FRANCHISE: "Réglages de toutes les bornes de la franchise",
}


def place(scope: Scope, records: Records, one: KioskView) -> None:
    """What holds is placed, and for who may the buttons or the open form."""
    layers = records.row(scope, "network.kiosk_setting_layers", id=one.id)
    if layers is None:
        return
    seen: SeenSettings | None = st.session_state.get(_OPEN)
    if seen is not None and seen.kiosk_id == one.id:
        _place_form(scope, records, seen)
        return
    st.html(effective_html(layers))
    if KioskDesk(scope, records).may_change:
        levels = [Level.KIOSK, Level.GYM]
        if scope.may(Permission.CHOOSE_GYM) and layers["franchise_id"] is not None:
            levels.append(Level.FRANCHISE)
        with st.container(horizontal=True, gap="small"):
            for level in levels:
                st.button(
                    say(_BUTTONS[level]), key=f"configure-{level}", icon=":material/tune:",
                    type="primary" if level is Level.KIOSK else "secondary", on_click=_open,
                    args=(SeenSettings(level=level, gym_id=one.gym_id, kiosk_id=one.id, layers=layers),),
                )  # fmt: skip


def effective_html(layers: Row) -> str:
    """Each setting with its value and the level that says so, the nearest first."""
    config = config_of({**layers["of_franchise"], **layers["of_gym"], **layers["of_kiosk"]}).as_json()
    head = "".join(f"<th scope='col'>{escape(say(name))}</th>" for name in ("Réglage", "Valeur", "Décidé par"))
    groups = "".join(
        f"<tbody><tr><th scope='rowgroup' colspan='3' class='j-group'>{escape(say(group))}</th></tr>"
        + "".join(_line(key, config[key], layers) for key in keys)
        + "</tbody>"
        for group, keys in kiosk_texts.GROUPS.items()
    )
    return f'<table class="j-table"><thead><tr>{head}</tr></thead>{groups}</table>'


def _line(key: str, found: Any, layers: Row) -> str:
    """One setting; what somebody set stands out from what nobody did."""
    source = _source(key, layers)
    who = escape(say(kiosk_texts.LEVELS[source]))
    return (
        f"<tr><th scope='row'>{escape(say(kiosk_texts.SETTINGS[key][0]))}</th>"
        f"<td>{escape(kiosk_texts.value(key, found))}</td>"
        f"<td>{who if source == 'default' else f'<strong>{who}</strong>'}</td></tr>"
    )


def _source(key: str, layers: Row) -> str:
    return next((level for level in ("kiosk", "gym", "franchise") if key in layers[f"of_{level}"]), "default")


def _open(seen: SeenSettings) -> None:
    st.session_state[_OPEN] = seen


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _place_form(scope: Scope, records: Records, seen: SeenSettings) -> None:
    st.subheader(say(_HEADINGS[seen.level]), anchor=False)
    st.caption(say(_FOLLOWS[seen.level]))
    inherited = config_of(seen.inherited)
    with st.form(f"kiosk-settings-{seen.level}-{seen.version}", border=True):
        wanted = {}
        for group, keys in kiosk_texts.GROUPS.items():
            st.markdown(f"**{say(group)}**")
            # Row by row: on a telephone, where they stand below one another, the order stays.
            for row in (keys[index : index + 2] for index in range(0, len(keys), 2)):
                for column, key in zip(st.columns(2, gap="medium"), row, strict=False):
                    with column:
                        wanted[key] = _field(key, seen, inherited)
        with st.container(horizontal=True, gap="small"):
            is_sent = st.form_submit_button(say("Enregistrer les réglages"), type="primary")
            st.form_submit_button(say("Annuler"), type="tertiary", on_click=_close)
    if is_sent:
        _send(scope, records, seen, wanted)


def _field(key: str, seen: SeenSettings, inherited: KioskConfig) -> Any:
    """The field of one setting; what it says at this level, None where it leaves it to the wider ones."""
    name = say(kiosk_texts.SETTINGS[key][0])
    own, above = seen.own.get(key), kiosk_texts.value(key, inherited.as_json()[key])
    follows, widget = f"{say('Hérité')} : {above}", f"{key}-{seen.level}-{seen.kiosk_id}-{seen.version}"
    if key in _LISTS:
        options = [None, *_LISTS[key]]
        return st.selectbox(
            name, options, index=options.index(own) if own in options else 0, key=widget,
            format_func=lambda option: follows if option is None else kiosk_texts.value(key, option),
        )  # fmt: skip
    if key == "software_version":
        return st.text_input(name, value=own or "", key=widget, placeholder=follows).strip() or None
    # Empty by default, so that a field that says something can be emptied again.
    share = key in kiosk_texts.SHARES
    st.session_state.setdefault(widget, own if own is None or not share else round(100 * own))
    typed = st.number_input(name, value=None, step=5 if share else 1, key=widget, placeholder=follows)
    return typed / 100 if share and typed is not None else typed


def _send(scope: Scope, records: Records, seen: SeenSettings, wanted: Mapping[str, Any]) -> None:
    change = KioskDesk(scope, records).configure(seen, wanted)
    if change.is_done:
        _close()
    elif change.reason is Refused.OUTDATED:
        layers = records.row(scope, "network.kiosk_setting_layers", id=seen.kiosk_id)
        _close()
        if layers is not None:
            _open(SeenSettings(level=seen.level, gym_id=seen.gym_id, kiosk_id=seen.kiosk_id, layers=layers))
    else:
        # The form stays as it was filled in, with the reason under it.
        st.error(change.message, icon=":material/error:")
        return
    st.session_state["last_change"] = change
    st.rerun()
