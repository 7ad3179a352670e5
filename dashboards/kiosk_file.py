"""One kiosk: has it answered, what happened at it, what was said at it, and who set it up how."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import (
    cards,
    charts,
    exports,
    figures,
    formats,
    journal,
    kiosk_cards,
    kiosk_lines,
    kiosk_settings_form,
    kiosk_setup,
    kiosk_texts,
    navigation,
    texts_fr,
    tiles,
)
from dashboards.choices import label
from dashboards.conversation_list import duration
from dashboards.definitions import METRIC
from dashboards.kiosk_desk import KIOSK_GONE
from dashboards.kiosks import KioskView, view
from dashboards.language import say
from dashboards.records import Records, Row
from dashboards.tiles import Tile
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.tenancy import Permission, Scope

DAYS = 30
MOST_CONVERSATIONS = 50
MOST_SILENCES = 20

_PARTS = {"microphone": "Micro", "reader": "Lecteur"}
_EXPORTED_DAYS = {
    "local_date": "Jour", "availability_rate": "Disponibilité", "heard_slot_count": "Tranches entendues",
    "due_slot_count": "Tranches attendues", "heartbeat_count": "Signes de vie",
    "microphone_fault_count": "Défauts du micro", "reader_fault_count": "Défauts du lecteur",
    "median_network_ms": "Réseau, médiane (ms)",
}  # fmt: skip
_EXPORTED_TALKS = {
    "at": "Quand", "duration": "Durée", "wait": "Attente médiane", "ending": "Fin", "sentiment": "Sentiment",
}  # fmt: skip
_DEFINED = {
    "Disponibilité": (METRIC, "kiosk_availability_rate"),
    "Dernier signe": ("dim_kiosks", "last_heartbeat_at"),
    "Version": ("dim_kiosks", "software_version"),
    "Lecteur de badges": ("fct_kiosk_daily", "reader_fault_count"),
    "Micro": ("fct_kiosk_daily", "microphone_fault_count"),
    "Réseau, dernière heure": ("fct_kiosk_daily", "median_network_ms"),
    "Durée": ("fct_sessions", "duration_seconds"),
    "Fin": ("fct_sessions", "close_reason"),
    "Sentiment": ("fct_sessions", "sentiment_label"),
}
# What no mart holds is said here; the rest by dbt.
_OURS = {
    "Tranches attendues": "Les tranches de cinq minutes du jour où la borne devait donner signe de vie.",
    "Tranches entendues": "Celles où elle l'a fait.",
    "Réseau (ms)": "Durée de la dernière requête de la borne, en millisecondes.",
    "Signes de vie": "Ce qu'elle envoie d'elle-même, d'ordinaire chaque minute.",
    "Badges en attente d'envoi": "Badges passés sans réseau, que la borne enverra à son retour.",
    "Silence": "Dix minutes ou plus sans signe de vie.",
    "Attente médiane": (
        "De la fin d'une parole de l'adhérent au début de la réponse ; la médiane des réponses de cet échange."
    ),
}


def place(scope: Scope, records: Records, kiosk_id: UUID, *, now: datetime) -> None:
    """The kiosk's file is placed; whoever does not see the kiosk is told that there is none."""
    row = records.row(scope, "kiosks.wall", gym_id=None, kiosk_id=kiosk_id)
    if row is None:
        st.warning(say(KIOSK_GONE), icon=":material/search_off:")
        return
    one = view(row, now=now)
    st.html(kiosk_cards.head_html(one, now=now))
    running, setting, installing = st.tabs(
        # The server remembers which is open: a message that comes or goes above them makes the browser draw them anew.
        [say("Fonctionnement"), say("Réglages"), say("Installation et accès")],
        key=f"parts-{one.id}",
        on_change="rerun",
    )
    with running:
        with tiles.until_built():
            _place_days(scope, records, one, now=now)
        left, right = st.columns(2, gap="large")
        with left:
            tiles.place_question(say("Quand s'est-elle tue ?"), (METRIC, "kiosk_availability_rate"))
            silences = records.rows(
                scope, "kiosks.silences", kiosk_id=one.id, offline_after=OFFLINE_AFTER, most=MOST_SILENCES
            )
            st.html(silences_html(silences, one, now=now))
            _place_way(one, kiosk_lines.SILENCES, "Tous ses silences")
            st.subheader(say("Quelles alertes ?"), anchor=False)
            st.html(incidents_html(records.rows(scope, "kiosks.incidents", kiosk_id=one.id), one, now=now))
            if scope.may(Permission.SEE_ALERTS):
                navigation.link("alertes", say("Les alertes des bornes"), {"type": "kiosk_offline,equipment_issue"})
        with right:
            st.subheader(say("Que dit-elle d'elle-même ?"), anchor=False)
            signs = records.row(scope, "kiosks.signs", kiosk_id=one.id)
            parts = records.rows(scope, "kiosks.parts", kiosk_id=one.id)
            st.html(signs_html(one, signs, parts, now=now))
            tiles.place_live(say("Lu"))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _place_way(one, kiosk_lines.SIGNS, "Ses signes de vie")
                if scope.may(Permission.SEE_MEMBERS):
                    _place_way(one, kiosk_lines.PASSAGES, "Qui y a badgé")
                pairs = [{"name": name, "value": value} for name, value in signs_of(one, signs, now=now)]
                exports.place(pairs, {"name": "Quoi", "value": "Valeur"}, name=f"etat-{one.slug}")
        if scope.may(Permission.SEE_CONVERSATIONS):
            _place_conversations(scope, records, one, now=now)
        tiles.place_meanings(_DEFINED, notes=_OURS)
    with setting:
        kiosk_settings_form.place(scope, records, one)
        if scope.may(Permission.SEE_AUDIT):
            st.subheader(say("Qui a changé quoi ?"), anchor=False)
            st.html(history_html(records.rows(scope, "kiosks.history", kiosk_id=one.id), one, now=now))
    with installing:
        kiosk_setup.place_installation(scope, records, one)


def days_tiles(days: Sequence[Row], one: KioskView) -> list[Tile]:
    """What 30 days of the mart add up to, each with the way to its rows."""
    due = sum(day["due_slot_count"] for day in days)
    heard = sum(day["heard_slot_count"] for day in days)
    networks = [day["median_network_ms"] for day in days if day["median_network_ms"] is not None]
    mart = "fct_kiosk_daily"
    return [
        Tile(
            label="Disponibilité", value=100 * heard / due if due else None, unit="\u202f%", decimals=1,
            source=(METRIC, "kiosk_availability_rate"), more_is_better=True,
            drill=kiosk_lines.drill(one, kiosk_lines.DAYS, "Quels jours ?"),
        ),
        Tile(
            label="Défauts du micro", value=sum(day["microphone_fault_count"] for day in days),
            source=(mart, "microphone_fault_count"), more_is_better=False,
            drill=kiosk_lines.drill(one, kiosk_lines.MICROPHONE, "Quand ?"),
        ),
        Tile(
            label="Défauts du lecteur", value=sum(day["reader_fault_count"] for day in days),
            source=(mart, "reader_fault_count"), more_is_better=False,
            drill=kiosk_lines.drill(one, kiosk_lines.READER, "Quand ?"),
        ),
        Tile(
            label="Réseau", value=networks[-1] if networks else None, unit="\u202fms",
            source=(mart, "median_network_ms"), more_is_better=False,
            drill=kiosk_lines.drill(one, kiosk_lines.SIGNS, "Ses signes de vie"),
        ),
    ]  # fmt: skip


def silences_html(silences: Sequence[Row], one: KioskView, *, now: datetime) -> str:
    """Each stretch of ten minutes or more in which nothing was heard, the latest first."""
    lines = [
        _spell("", silence["began_at"], silence["ended_at"], one, now=now)
        for silence in silences
        # Put away, or waiting for its code, nobody misses it.
        if silence["ended_at"] is not None or one.is_in_service
    ]
    return cards.timeline_html(lines, say("Aucun silence de plus de dix minutes en 30 jours."))


def incidents_html(alerts: Sequence[Row], one: KioskView, *, now: datetime) -> str:
    """The alerts about the kiosk and what became of them."""
    lines = [
        f"<li><small>{escape(formats.moment(alert['created_at'], now=now, timezone=one.timezone))}</small> "
        f"<strong>{escape(alert['title'])}</strong> "
        f'<span class="j-tag">{escape(say(texts_fr.STATUSES[alert["status"]]))}</span>'
        + (f" {escape(say(texts_fr.OUTCOME_CODES[alert['outcome_code']]))}" if alert["outcome_code"] else "")
        + "</li>"
        for alert in alerts
    ]
    return cards.timeline_html(lines, say("Aucune alerte en 30 jours."))


def signs_html(one: KioskView, signs: Row | None, parts: Sequence[Row], *, now: datetime) -> str:
    """Its parts now, its network, and when a part went bad or well."""
    turns = [
        _spell(say(_PARTS[part["part"]]), part["began_at"], part["ended_at"], one, now=now, begins=say("en panne"))
        for part in parts
    ]
    return kiosk_cards.pairs_html(signs_of(one, signs, now=now)) + cards.timeline_html(
        turns, say("Aucun défaut signalé en 30 jours.")
    )


def signs_of(one: KioskView, signs: Row | None, *, now: datetime) -> list[tuple[str, str]]:
    """What it last said of itself, each by its name."""
    network = (signs or {}).get("median_network_ms")
    spooled = (signs or {}).get("spooled_count")
    heard_at = one.last_heartbeat_at
    return [
        (say("Dernier signe"), "–" if heard_at is None else formats.age(heard_at, now=now)),
        (say("Version"), one.software_version or "–"),
        (say("Lecteur de badges"), kiosk_cards.part(one.is_reader_well)),
        (say("Micro"), kiosk_cards.part(one.is_microphone_well)),
        (say("Réseau, dernière heure"), "–" if network is None else f"{formats.number(network)}\u00a0ms"),
        (say("Badges en attente d'envoi"), "–" if spooled is None else formats.number(float(spooled))),
    ]


def history_html(changes: Sequence[Row], one: KioskView, *, now: datetime) -> str:
    """Who set the kiosk up and how, the latest first."""
    lines = []
    for change in changes:
        action = journal.action(change["action"])
        if change["subject_table"] == "gyms":
            action = f"{action} ({say('toute la salle')})"
        words = kiosk_texts.change_words(change["details"])
        who = change["actor_name"] or (say("une personne du réseau") if change["is_person"] else "JARVIS")
        when = formats.moment(change["occurred_at"], now=now, timezone=one.timezone)
        lines.append(
            f"<li><small>{escape(when)}, {escape(who)}</small> <strong>{escape(action)}</strong>"
            + (f"<br>{escape(words)}" if words else "")
            + "</li>"
        )
    return cards.timeline_html(lines, say("Rien n'a été changé depuis sa création."))


def conversation_line(row: Row, one: KioskView, *, now: datetime) -> dict[str, object]:
    """One conversation as the list shows it."""
    wait = row["median_seconds"]
    return {
        "at": formats.moment(row["started_at"], now=now, timezone=one.timezone),
        "duration": say("en cours") if row["state"] == "active" else duration(row["duration_seconds"]),
        "wait": "–" if wait is None else f"{formats.number(wait, decimals=1)}\u00a0s",
        "ending": label(texts_fr.CLOSE_REASONS, row["close_reason"]),
        "sentiment": label(texts_fr.SENTIMENTS, row["sentiment_label"]),
    }


def _place_days(scope: Scope, records: Records, one: KioskView, *, now: datetime) -> None:
    days = records.rows(scope, "marts_kiosks.days", kiosk_id=one.id)
    figured = days_tiles(days, one)
    tiles.place(figured, rows=days, now=now)
    tiles.export(figured, name=f"chiffres-{one.slug}")
    kiosk_lines.place(scope, records, one, days)
    tiles.place_question(say("A-t-elle répondu tous les jours ?"), (METRIC, "kiosk_availability_rate"))
    if not days:
        st.caption(say("Pas encore de jour mesuré : les chiffres viennent après son premier signe de vie."))
        return
    today: date = max(now.date(), days[-1]["local_date"])
    charts.place(
        figures.daily_availability(
            [day["local_date"] for day in days], [day["availability_rate"] for day in days],
            first=today - timedelta(days=DAYS - 1), last=today,
        ),
        words=say("Disponibilité par jour, 30 jours"),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _place_way(one, kiosk_lines.DAYS, "Jour par jour")
        exports.place(days, _EXPORTED_DAYS, name=f"disponibilite-{one.slug}")


def _place_conversations(scope: Scope, records: Records, one: KioskView, *, now: datetime) -> None:
    tiles.place_question(say("Quels échanges ces sept derniers jours ?"), (METRIC, "session_count"))
    rows = records.rows(scope, "kiosks.conversations", kiosk_id=one.id, most=MOST_CONVERSATIONS)
    if not rows:
        st.caption(say("Aucun échange en sept jours."))
        return
    column = st.column_config
    chosen = st.dataframe(
        [conversation_line(row, one, now=now) for row in rows], hide_index=True, on_select="rerun",
        selection_mode="single-row", key="kiosk-conversations", placeholder="–",
        column_config={
            "at": column.TextColumn(say("Quand"), width="medium"),
            "duration": column.TextColumn(say("Durée"), width="small"),
            "wait": column.TextColumn(say("Attente médiane"), width="small"),
            "ending": column.TextColumn(say("Fin"), width="medium"),
            "sentiment": column.TextColumn(say("Sentiment"), width="small"),
        },
        alt=say("Échanges de la borne, le plus récent d'abord"),
    )  # fmt: skip
    exports.place_later(
        lambda: [
            {**conversation_line(row, one, now=now), "at": kiosk_lines.on_its_clock(row, one)["started_at"]}
            for row in records.rows(scope, "kiosks.conversations", kiosk_id=one.id, most=None)
        ],
        _EXPORTED_TALKS, name=f"echanges-{one.slug}", label=say("Exporter en CSV"),
    )  # fmt: skip
    navigation.follow(chosen, rows, "conversations", named="conversation")


def _place_way(one: KioskView, name: str, label: str) -> None:
    way = kiosk_lines.drill(one, name, label)
    navigation.link(way.url_path, say(way.label), way.query)


def _spell(
    what: str, began_at: datetime, ended_at: datetime | None, one: KioskView, *, now: datetime, begins: str = ""
) -> str:
    """One stretch of time in which something was not well, as a line of a list."""
    span = kiosk_cards.lasting((ended_at or now) - began_at)
    going = "" if ended_at else f' <span class="j-tag j-high">{escape(say("en cours"))}</span>'
    when = formats.moment(began_at, now=now, timezone=one.timezone)
    words = " ".join(part for part in (what, begins, say("pendant"), span) if part)
    return f"<li><small>{escape(when)}</small> {escape(words)}{going}</li>"
