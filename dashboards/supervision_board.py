"""« Supervision » from top to bottom: signs of life, incidents, the API, the voice, promises, statements, kiosks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from dashboards import access, context, exports, formats, navigation, supervision, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.gateway_watch import GatewayState
from dashboards.kiosks import STATES, KioskState
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.tenancy import Scope
from warehouse.stores.marts import NotBuiltYet

_ROUTES = {
    "route": "Route", "answer_count": "Réponses", "p50_ms": "p50, ms", "p95_ms": "p95, ms", "p99_ms": "p99, ms",
    "error_count": "Erreurs", "error_share": "Part d'erreurs", "refused_count": "Refus",
}  # fmt: skip
_VOICE = {
    "what": "Étape", "p50_ms": "p50, ms", "p95_ms": "p95, ms", "p99_ms": "p99, ms", "count": "Mesures",
    "since": "Mesuré",
}  # fmt: skip
_LATE = {"asset": "Donnée", "as_of": "À jour", "promise": "Promis sous", "late": "Retard"}
_SLOW = {
    "statement": "Requête", "login": "Rôle", "call_count": "Appels", "mean_ms": "Moyenne, ms", "max_ms": "Maximum, ms",
    "total_ms": "Total, ms",
}  # fmt: skip
_KIOSKS = {
    "gym_name": "Salle", "kiosk_name": "Borne", "status": "État", "is_heard": "Entendue",
    "last_heartbeat_at": "Dernier signe", "availability_rate": "Disponibilité, 7 jours", "software_version": "Version",
}  # fmt: skip

# What no mart holds is said here; the rest by dbt.
_DEFINED = {"Disponibilité, 7 jours": (METRIC, "kiosk_availability_rate")}
_OURS = {
    "Passerelle": "Ce qui relie les bornes au service vocal.",
    "Service vocal": "Le fournisseur qui écoute et parle, tel que la passerelle le joint.",
    "Pipeline": "Ce qui analyse, score et alerte ; il donne signe de vie toutes les cinq minutes.",
    "Chiffres": "Le dernier calcul des chiffres de ces pages.",
    "Analyses en attente": (
        "Conversations terminées qui attendent leur analyse, et celles qu'elle a abandonnées après trois échecs."
    ),
    "Base de données": "Sa place sur le disque, et ses connexions sur toutes celles qu'elle accepte.",
    "Contrôles de qualité": "Attentes sur les données, vérifiées chaque nuit, qui ne sont pas tenues.",
    "Conservation": "Le dernier effacement de ce dont le terme est passé.",
    "p50, p95, p99": "Durée sous laquelle restent 50, 95 et 99 réponses sur 100.",
    "Part d'erreurs": "Réponses 5xx de la passerelle sur toutes ses réponses depuis son démarrage.",
    "Refus": "Réponses 4xx : la demande n'était pas permise ou mal faite.",
    "Réponses, Erreurs": "Réponses de la passerelle depuis son démarrage, et celles d'entre elles qui sont des 5xx.",
    "Mesures": "Combien de fois la durée a été mesurée.",
    "Attente d'une réponse": "De la fin d'une prise de parole de l'adhérent au début de la réponse, sur sept jours.",
    "Promis sous": "Âge que la donnée promet de ne pas dépasser ; le retard est ce qui le dépasse.",
    "Requêtes lentes": "Requêtes dont un appel au moins a pris 500 ms, comptées par la base depuis la remise à zéro.",
    "Appels, Moyenne, Maximum, Total": "Combien de fois la requête a été faite, et combien de temps la base y a passé.",
    "Entendue": "La borne a donné signe de vie dans les dernières minutes ; vide si elle n'est pas en service.",
}

# Which of them a column's question mark says.
_MEANT = {
    "p50_ms": "p50, p95, p99", "p95_ms": "p50, p95, p99", "p99_ms": "p50, p95, p99", "error_share": "Part d'erreurs",
    "refused_count": "Refus", "answer_count": "Réponses, Erreurs", "error_count": "Réponses, Erreurs",
    "count": "Mesures", "call_count": "Appels, Moyenne, Maximum, Total", "mean_ms": "Appels, Moyenne, Maximum, Total",
    "max_ms": "Appels, Moyenne, Maximum, Total", "total_ms": "Appels, Moyenne, Maximum, Total",
}  # fmt: skip
_SIGNS = {"part": "Partie", "state": "État", "words": "Détail", "more": "Précision"}

# How a part is: its mark, its word and its style.
_STATES = {True: ("✓", "va bien", "j-well"), False: ("✗", "à regarder", "j-ill"), None: ("–", "pas encore", "")}


def place(scope: Scope, *, now: datetime) -> None:
    """The board is placed; a gateway that is away leaves its own figures out, and says so."""
    records, gateway = access.door().records, access.door().gateway.look()
    state = records.row(scope, "supervision.state")
    if state is None:
        st.info(say("Cette page est réservée à l'administration."), icon=":material/block:")
        return
    if not access.door().tells_operators:
        st.warning(say(texts_fr.NOBODY_TOLD), icon=":material/notifications_off:")
    signs = supervision.signs(gateway, state, now=now)
    st.html(signs_html(signs))
    exports.place([sign_line(sign) for sign in signs], _SIGNS, name="supervision-signes")
    _place_incidents(records.rows(scope, "supervision.incidents"), now=now)
    st.subheader(say("L'API répond-elle assez vite ?"), anchor=False)
    _place_routes(gateway)
    st.subheader(say("Combien de temps la voix se fait-elle attendre ?"), anchor=False)
    waits = records.row(scope, "supervision.waits", gym_id=context.gym_id())
    _place("voice", supervision.voice_lines(gateway.meters, waits), _VOICE, words=("what", "since"))
    today = formats.network_day(now)
    week = navigation.days(today - timedelta(days=7), today)
    navigation.link("conversations", say("Les échanges de ces sept jours"), week)
    st.subheader(say("Quelles données sont en retard sur leur promesse ?"), anchor=False)
    _place_promises(records.rows(scope, "supervision.promises"), now=now)
    st.subheader(say("Quelles requêtes dépassent 500 ms ?"), anchor=False)
    _place_slow(records.rows(scope, "supervision.slow"))
    st.subheader(say("Quelles bornes répondent ?"), anchor=False)
    _place_kiosks(scope, records, now=now)
    tiles.place_live(say("Lu"), now=now)
    tiles.place_meanings(_DEFINED, notes=_OURS)


def signs_html(signs: Sequence[supervision.Sign]) -> str:
    """Each part with a sign, a word and its age; the sign is a shape, not a colour alone."""
    return '<ul class="j-signs">' + "".join(_sign(sign) for sign in signs) + "</ul>"


def sign_line(sign: supervision.Sign) -> dict[str, str]:
    """A part as a file holds it."""
    return {
        "part": say(sign.part), "state": say(_STATES[sign.is_well][1]), "words": say(sign.words),
        "more": say(sign.more) if sign.more else "",
    }  # fmt: skip


def _sign(sign: supervision.Sign) -> str:
    mark, label, style = _STATES[sign.is_well]
    more = f" <small>{escape(say(sign.more))}</small>" if sign.more else ""
    return (
        f'<li class="{style}"><b aria-hidden="true">{mark}</b>'
        f'<span><strong>{escape(say(sign.part))}</strong><span class="j-unseen"> {escape(say(label))} : </span>'
        f"<br>{escape(say(sign.words))}{more}</span></li>"
    )


def _place_incidents(rows: Sequence[Row], *, now: datetime) -> None:
    for row in (row for row in rows if row["ended_at"] is None):
        since = formats.age(row["first_at"], now=now)
        st.error(f"{formats.plain(row['summary'])} ({row['occurrence_count']} ×, {since})", icon=":material/error:")
    ended = [row for row in rows if row["ended_at"] is not None]
    if ended:
        with st.expander(f"{say('Incidents terminés cette semaine')} : {len(ended)}"):
            for row in ended:
                st.markdown(f"- {formats.plain(row['summary'])} ({formats.age(row['ended_at'], now=now)})")


def _place_routes(gateway: GatewayState) -> None:
    if not gateway.is_alive:
        st.warning(
            say("La passerelle ne répond pas : ses mesures manquent ici, et les bornes ne peuvent pas parler."),
            icon=":material/cloud_off:",
        )  # fmt: skip
        return
    lines = supervision.route_lines(gateway.meters)
    if not lines:
        st.info(say("Aucune requête depuis le démarrage de la passerelle."), icon=":material/speed:")
        return
    every = supervision.every_route(gateway.meters)
    st.caption(
        f"{say('Toutes les routes')} : p50 {_ms(every['p50_ms'])}, p95 {_ms(every['p95_ms'])}, "
        f"p99 {_ms(every['p99_ms'])}, {say('erreurs')} "
        f"{formats.number(100 * (every['error_share'] or 0), decimals=2)}\u00a0%. "
        + say("Depuis le démarrage de la passerelle ; un percentile est lu entre deux bornes de son histogramme.")
    )
    _place("routes", lines, _ROUTES, words=("route",), shares=("error_share",))


def _place_promises(rows: Sequence[Row], *, now: datetime) -> None:
    late = [row for row in rows if row["is_late"]]
    if not rows:
        st.info(say("Le pipeline n'a encore rien noté."), icon=":material/hourglass_top:")
        return
    if late:
        _place("late", [supervision.promise_line(row, now=now) for row in late], _LATE, words=tuple(_LATE))
    else:
        st.success(f"{say('Tout est à jour :')} {len(rows)} {say('promesses tenues.')}", icon=":material/check_circle:")
    with st.expander(f"{say('Toutes les promesses')} ({len(rows)})"):
        _place("promises", [supervision.promise_line(row, now=now) for row in rows], _LATE, words=tuple(_LATE))


def _place_slow(rows: Sequence[Row]) -> None:
    if rows:
        _place("slow", rows, _SLOW, words=("statement", "login"), widths={"statement": 480})
        st.caption(say("Les valeurs sont retirées des requêtes ; les comptes courent depuis leur remise à zéro."))
    else:
        st.success(say("Aucune requête n'a dépassé 500 ms."), icon=":material/check_circle:")


def _place_kiosks(scope: Scope, records: Records, *, now: datetime) -> None:
    rows = records.rows(scope, "supervision.kiosks", gym_id=context.gym_id())
    try:
        uptime = records.rows(scope, "marts_supervision.uptime", gym_id=context.gym_id())
    except NotBuiltYet:
        uptime = []
    lines = supervision.kiosk_lines(rows, uptime, now=now)
    due = [line for line in lines if line["is_heard"] is not None]
    heard = sum(line["is_heard"] for line in due)
    st.caption(f"{heard}/{len(due)} {say('bornes en service entendues dans les dernières minutes')}")
    lines = [{**line, "status": say(STATES[KioskState(line["status"])])} for line in lines]
    chosen = _place(
        "kiosks", lines, _KIOSKS, words=("gym_name", "kiosk_name", "status", "software_version"),
        shares=("availability_rate",), is_opened=True,
    )  # fmt: skip
    navigation.follow(chosen, rows, "bornes", named="borne", field="kiosk_id")


def _place(
    name: str, lines: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, words: Sequence[str],
    shares: Sequence[str] = (), widths: Mapping[str, int] | None = None, is_opened: bool = False,
) -> Any:  # fmt: skip
    """A table with its export; what is neither word, share nor moment is a number of at most one place.

    Args:
        is_opened: whether a line is clicked to open it.

    Returns:
        what `st.dataframe` answered.
    """
    column = st.column_config
    config: dict[str, Any] = {}
    for field, heading in columns.items():
        label, width = say(heading), (widths or {}).get(field)
        meant = say(_OURS[_MEANT[field]]) if field in _MEANT else None
        if field in words:
            config[field] = column.TextColumn(label, width=width)
        elif field in shares:
            config[field] = column.NumberColumn(label, format="percent", help=meant)
        elif field.endswith("_at"):
            config[field] = column.DatetimeColumn(
                label, format=formats.moment_column(), timezone=formats.NETWORK_TIMEZONE
            )
        elif field.startswith("is_"):
            config[field] = column.CheckboxColumn(label)
        else:
            config[field] = column.NumberColumn(label, format="localized", help=meant)
    chosen = st.dataframe(
        [
            {field: _shown(line[field], is_word=field in ("what", "since"), is_share=field in shares)
             for field in columns}
            for line in lines
        ],
        hide_index=True, key=f"supervision-{name}", placeholder="–", column_config=config,
        height=min(36 * len(lines) + 40, 400), alt=say(next(iter(columns.values()))),
        on_select="rerun" if is_opened else "ignore", selection_mode="single-row",
    )  # fmt: skip
    exports.place(lines, columns, name=f"supervision-{name}")
    return chosen


def _shown(value: Any, *, is_word: bool, is_share: bool) -> Any:
    if is_share and value is not None:
        # A tenth of a per cent.
        return round(float(value), 3)
    if isinstance(value, float):
        return round(value) if value >= 100 else round(value, 4 if value < 1 else 1)
    return say(value) if is_word else value


def _ms(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{formats.number(milliseconds, decimals=1)}\u00a0ms"
