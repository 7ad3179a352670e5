"""The rows behind one kiosk's figures: its days, its silences, its signs of life, and who badged at it.

The address names the ones to show (`lignes=micro`); nothing is read for the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import exports, formats, navigation, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.kiosks import KioskView
from dashboards.language import say
from dashboards.records import Records, Row
from dashboards.tiles import Drill
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.tenancy import Permission, Scope

MOST_SHOWN = 200

# What the address says to see them.
NAMED = "lignes"
DAYS, SILENCES, MICROPHONE, READER, SIGNS, PASSAGES = "jours", "silences", "micro", "lecteur", "signes", "passages"
# The question of each part's faults, and the part as a sign of life names it.
_FAULTS = {
    MICROPHONE: ("Quand son micro était-il en panne ?", "microphone"),
    READER: ("Quand son lecteur était-il en panne ?", "reader"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Rows of one kind, as table and file show them."""

    name: str
    question: str
    source: tuple[str, str]
    read: Callable[[int | None], Sequence[Row]]
    """The latest so many rows; all of them for None."""
    columns: Mapping[str, str]
    """Field to heading; by its ending a field is a moment, a share, or whether a part is well."""


def drill(one: KioskView, name: str, label: str) -> Drill:
    """The way from a figure of the kiosk to rows of this kind."""
    return Drill(url_path="bornes", query={"borne": str(one.id), NAMED: name}, label=label)


def place(scope: Scope, records: Records, one: KioskView, days: Sequence[Row]) -> None:
    """The rows that the address names, with their file; nothing where it names none.

    Args:
        days: `marts_kiosks.days`, which the figures are added up from.
    """
    asked = chosen(scope, records, one, days, name=st.query_params.get(NAMED, ""))
    if asked is None:
        return
    tiles.place_question(say(asked.question), asked.source)
    rows = asked.read(MOST_SHOWN)
    if not rows:
        st.info(say("Rien de tel en 30 jours."), icon=":material/task_alt:")
    else:
        _place_table(scope, asked, rows, one)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        exports.place_later(
            lambda: [on_its_clock(row, one) for row in asked.read(None)], asked.columns,
            name=f"{asked.name}-{one.slug}", label=say("Exporter en CSV"),
        )  # fmt: skip
        navigation.link("bornes", say("Refermer ces lignes"), {"borne": str(one.id)})


def chosen(
    scope: Scope, records: Records, one: KioskView, days: Sequence[Row], *, name: str
) -> Lines | None:  # fmt: skip
    """The rows of this name; None for another name, where nothing is measured yet, and where they are not theirs."""
    if name == SILENCES:
        return Lines(
            name=name, question="Quand s'est-elle tue ?", source=(METRIC, "kiosk_availability_rate"),
            read=lambda most: records.rows(
                scope, "kiosks.silences", kiosk_id=one.id, offline_after=OFFLINE_AFTER, most=most
            ),
            columns={"began_at": "Dernier signe avant", "ended_at": "Premier signe après"},
        )  # fmt: skip
    if name == PASSAGES and scope.may(Permission.SEE_MEMBERS):
        return Lines(
            name=name, question="Qui y a badgé en 30 jours ?", source=(METRIC, "visit_count"),
            read=lambda most: [
                {**row, "source": say(texts_fr.VISIT_SOURCES[row["source"]])}
                for row in records.rows(scope, "kiosks.passages", kiosk_id=one.id, most=most)
            ],
            columns={"visited_at": "Quand", "source": "Source"},
        )  # fmt: skip
    if not days:
        return None
    if name == DAYS:
        return Lines(
            name=name, question="Quels jours font sa disponibilité ?", source=(METRIC, "kiosk_availability_rate"),
            read=lambda most: list(reversed(days))[:most],
            columns={
                "local_date": "Jour", "availability_rate": "Disponibilité", "heard_slot_count": "Tranches entendues",
                "due_slot_count": "Tranches attendues", "heartbeat_count": "Signes de vie",
            },
        )  # fmt: skip
    first, last = days[0]["local_date"], days[-1]["local_date"]
    if name in _FAULTS:
        question, part = _FAULTS[name]
        source = ("fct_kiosk_daily", f"{part}_fault_count")
        return _beats(scope, records, one, days, name, question, source, between=(first, last), part=part)
    if name == SIGNS:
        question, source = "Quels signes de vie, le dernier jour mesuré ?", ("fct_kiosk_daily", "median_network_ms")
        day = measured_day(days) or last
        return _beats(scope, records, one, days, name, question, source, between=(day, day), part=None)
    return None


def measured_day(days: Sequence[Row]) -> date | None:
    """The last day whose network was measured: the one the figure is of."""
    measured = [day["local_date"] for day in days if day["median_network_ms"] is not None]
    return measured[-1] if measured else None


def on_its_clock(row: Row, one: KioskView) -> dict[str, Any]:
    """The row with its moments on the clock of the kiosk's gym."""
    zone = ZoneInfo(one.timezone)
    return {
        name: value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _beats(
    scope: Scope, records: Records, one: KioskView, days: Sequence[Row], name: str, question: str,
    source: tuple[str, str], *, between: tuple[date, date], part: str | None,
) -> Lines:  # fmt: skip
    first, last = between
    # Signs of life that came after the figures were drawn up are not in them.
    until = max(day["built_at"] for day in days)
    read = partial(records.rows, scope, "kiosks.beats", kiosk_id=one.id, first=first, last=last, until=until, part=part)
    return Lines(
        name=name, question=question, source=source, read=lambda most: read(most=most),
        columns={
            "received_at": "Quand", "network_ms": "Réseau (ms)", "microphone_ok": "Micro en ordre",
            "reader_ok": "Lecteur en ordre", "software_version": "Version",
        },
    )  # fmt: skip


def _place_table(scope: Scope, asked: Lines, rows: Sequence[Row], one: KioskView) -> None:
    column = st.column_config
    config: dict[str, Any] = {}
    for name, heading in asked.columns.items():
        label = say(heading)
        if name.endswith("_at"):
            config[name] = column.DatetimeColumn(label, format=formats.moment_column())
        elif name.endswith("_rate"):
            config[name] = column.NumberColumn(label, format="percent")
        elif name == "local_date":
            config[name] = column.DateColumn(label, format="DD/MM/YYYY")
        elif name.endswith("_ok"):
            config[name] = column.CheckboxColumn(label)
        elif name in ("source", "software_version"):
            config[name] = column.TextColumn(label)
        else:
            config[name] = column.NumberColumn(label, format="localized")
    leads_to_members = asked.name == PASSAGES
    picked = st.dataframe(
        [{name: row[name] for name in asked.columns} for row in (on_its_clock(row, one) for row in rows)],
        hide_index=True,
        key=f"kiosk-lines-{asked.name}", placeholder="–", column_config=config, height=min(38 + 36 * len(rows), 420),
        on_select="rerun" if leads_to_members else "ignore", selection_mode="single-row", alt=say(asked.question),
    )  # fmt: skip
    count = rows[0].get("chosen_count", len(rows))
    if count > len(rows):
        words = say("{shown} lignes affichées sur {count}, la plus récente d'abord ; l'export les contient toutes.")
        st.caption(words.format(shown=formats.number(len(rows)), count=formats.number(count)))
    if leads_to_members:
        navigation.follow(picked, rows, "adherents", named="adherent", field="member_id")
