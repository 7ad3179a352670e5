"""The wall of kiosks: a sentence, and a card for each, those that need somebody first; by gym for who sees several."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import streamlit as st

from dashboards import access, cards, context, exports, formats, kiosk_cards, navigation, tiles
from dashboards.definitions import METRIC
from dashboards.kiosks import MOST_CARDS, NEEDING, SILENT_AFTER, STATES, KioskView, by_gym, in_order, summary, view
from dashboards.language import say
from dashboards.records import Records, Row
from dashboards.watch import Watch
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.tenancy import Permission, Scope
from warehouse.stores.marts import NotBuiltYet

# Three of them fill the page at its full width, one the width of a phone.
CARD_PIXELS = 305

_DEFINED = {
    "État": ("dim_kiosks", "kiosk_status"),
    "Dernier signe": ("dim_kiosks", "last_heartbeat_at"),
    "Version": ("dim_kiosks", "software_version"),
    "Lecteur": ("fct_kiosk_daily", "reader_fault_count"),
    "Micro": ("fct_kiosk_daily", "microphone_fault_count"),
    "Échanges aujourd'hui": ("fct_gym_daily", "session_count"),
    "Dont coupés": ("fct_sessions", "close_reason"),
    "Disponibilité": (METRIC, "kiosk_availability_rate"),
}
_EXPORTED_DAYS = {
    "gym_name": "Salle", "kiosk_name": "Borne", "local_date": "Jour", "availability_rate": "Disponibilité",
    "heartbeat_count": "Signes de vie", "microphone_fault_count": "Défauts du micro",
    "reader_fault_count": "Défauts du lecteur", "median_network_ms": "Réseau, médiane (ms)",
}  # fmt: skip
_EXPORTED = {
    "gym": "Salle", "name": "Borne", "location": "Emplacement", "state": "État", "since": "Depuis",
    "last_heartbeat_at": "Dernier signe", "version": "Version", "reader": "Lecteur", "microphone": "Micro",
    "session_count": "Échanges aujourd'hui", "cut_count": "Dont coupés",
}  # fmt: skip


def _mark(scope: Scope) -> tuple[int, str]:
    """How the kiosks in view are, in one line: it differs once a card would."""
    mark = access.door().records.row(scope, "kiosks.mark", silent_after=SILENT_AFTER, offline_after=OFFLINE_AFTER)
    return (0, "") if mark is None else (mark["kiosk_count"], mark["digest"])


# With the moment it takes to draw, well under ten seconds.
WATCH = Watch(name="kiosks", seconds=3, ask=_mark)


def place(scope: Scope, records: Records, *, now: datetime) -> None:
    """The wall is placed as it is at this moment."""
    gym_id = context.gym_id()
    rows = records.rows(scope, "kiosks.wall", gym_id=gym_id, kiosk_id=None)
    views = in_order([view(row, now=now) for row in rows])
    if not views:
        st.html(cards.empty_html(say("Aucune borne pour l'instant"), say("Ajoutez la première ci-dessous.")))
        return
    st.html(kiosk_cards.summary_html(summary(views), is_well=not any(one.is_unreachable for one in views)))
    shown = _shown(views)
    if scope.may(Permission.CHOOSE_GYM):
        for gym_name, group in by_gym(shown):
            told = summary([one for one in views if one.gym_id == group[0].gym_id])
            st.html(kiosk_cards.gym_html(gym_name, told))
            _place_cards(group, now=now)
    else:
        _place_cards(shown, now=now)
    latest = max((one.last_heartbeat_at for one in views if one.last_heartbeat_at is not None), default=None)
    if latest is not None:
        heard = formats.age(latest, now=now)
        st.caption(f"{say('En direct : cette page se met à jour d’elle-même. Dernier signe de vie reçu')} {heard}.")
    if len(shown) < len(views):
        st.caption(_hidden(shown, views))
    with st.container(horizontal=True, gap="small"):
        exports.place([exported(one) for one in views], _EXPORTED, name="bornes")
        exports.place_later(
            lambda: _days(scope, records, gym_id=gym_id), _EXPORTED_DAYS, name="disponibilite-bornes",
            label=say("Disponibilité de 30 jours en CSV"),
        )  # fmt: skip
    tiles.place_meanings(_DEFINED)


def exported(one: KioskView) -> dict[str, object]:
    """One kiosk as a line of the export."""
    return {
        "gym": one.gym_name, "name": one.name, "location": one.location, "state": say(STATES[one.state]),
        "since": one.since, "last_heartbeat_at": one.last_heartbeat_at, "version": one.software_version,
        "reader": one.is_reader_well, "microphone": one.is_microphone_well, "session_count": one.session_count,
        "cut_count": one.cut_count, "timezone": one.timezone,
    }  # fmt: skip


def _days(scope: Scope, records: Records, *, gym_id: UUID | None) -> Sequence[Row]:
    try:
        return records.rows(scope, "marts_kiosks.export", gym_id=gym_id)
    except NotBuiltYet:
        return ()


def _shown(views: Sequence[KioskView]) -> Sequence[KioskView]:
    """All of them, or of a great network those that need somebody."""
    if len(views) <= MOST_CARDS:
        return views
    return [one for one in views if one.state in NEEDING][:MOST_CARDS]


def _hidden(shown: Sequence[KioskView], views: Sequence[KioskView]) -> str:
    """Why some of the kiosks have no card, and the way to them."""
    unseen = sum(one.state in NEEDING for one in views) - len(shown)
    if unseen == 0:
        return say("Les bornes qui n'ont besoin de personne sont masquées : choisissez une salle pour les voir.")
    rest = say("Autres bornes qui ont besoin de quelqu'un : {count}. Choisissez une salle pour les voir.")
    return rest.format(count=formats.number(unseen))


def _place_cards(group: Sequence[KioskView], *, now: datetime) -> None:
    with st.container(horizontal=True, gap="small", key=f"kiosks-{group[0].gym_id}"):
        for one in group:
            with st.container(border=True, width=CARD_PIXELS, gap="small", key=f"kiosk-{one.state}-{one.id}"):
                st.html(kiosk_cards.card_html(one, now=now))
                navigation.link("bornes", f"{say('Ouvrir')} {one.name}", {"borne": str(one.id)})
