"""Kiosks as their page knows them: how each is, since when, who needs somebody first, and the sentence that sums it up.

Rows of `kiosks.wall` in, `KioskView`s and French sentences out. No Streamlit, no query: `kiosk_wall.py` places them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from dashboards import formats
from dashboards.language import say
from dashboards.records import Row
from jarvis.kiosk_config import KioskConfig, config_of
from jarvis.kiosk_health import OFFLINE_AFTER, KioskStanding, open_time

# Three signs of life of the usual minute are missing; kiosks told to speak more rarely are given two of theirs.
SILENT_AFTER = timedelta(minutes=3)
BEATS_MISSED = 2

# A network's wall beyond this shows those that need somebody first, ten rows of three; a gym chosen at the left shows
# all of its own.
MOST_CARDS = 30


class KioskState(StrEnum):
    """How a kiosk is at a moment; in the order in which somebody should look."""

    OFFLINE = "offline"
    SILENT = "silent"
    """Missed for some minutes; offline when it lasts."""
    ERROR = "error"
    """Heard, and says that a part of it is not well."""
    PROVISIONING = "provisioning"
    CONVERSING = "conversing"
    ONLINE = "online"
    MAINTENANCE = "maintenance"
    SUSPENDED = "suspended"
    """Its gym is not served: the gateway refuses it, whatever it says of itself."""


UNREACHABLE = (KioskState.OFFLINE, KioskState.SILENT)
NEEDING = (*UNREACHABLE, KioskState.ERROR, KioskState.PROVISIONING)
_SET_ASIDE = (KioskState.PROVISIONING, KioskState.MAINTENANCE)
_OUT_OF_SERVICE = (*_SET_ASIDE, KioskState.SUSPENDED)

STATES: Mapping[KioskState, str] = {
    KioskState.OFFLINE: "Hors ligne",
    KioskState.SILENT: "Ne répond plus",
    KioskState.ERROR: "Défaut signalé",
    KioskState.PROVISIONING: "À installer",
    KioskState.CONVERSING: "En conversation",
    KioskState.ONLINE: "En ligne",
    KioskState.MAINTENANCE: "En maintenance",
    KioskState.SUSPENDED: "Salle suspendue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskView:
    """One kiosk with everything its card shows."""

    id: UUID
    gym_id: UUID
    gym_name: str
    timezone: str
    slug: str
    name: str
    location: str | None
    state: KioskState
    since: datetime | None
    """Since when it is so; None where nobody wrote it down."""
    is_gym_open: bool
    last_heartbeat_at: datetime | None
    software_version: str | None
    config: KioskConfig
    is_reader_well: bool | None
    """None where it said nothing of it lately."""
    is_microphone_well: bool | None
    session_count: int
    """Conversations begun today, in the gym's own day."""
    cut_count: int
    """Of them, ended by a breakdown of the kiosk, the gateway or the provider."""
    has_alert: bool

    @property
    def is_unreachable(self) -> bool:
        """True while it should answer and does not."""
        return self.state in UNREACHABLE

    @property
    def is_in_service(self) -> bool:
        """True for a kiosk that members can use, or could if it answered."""
        return self.state not in _OUT_OF_SERVICE

    @property
    def wanted_version(self) -> str | None:
        """The version it should run, where that is another than the one it runs."""
        wanted = self.config.software_version
        return wanted if wanted and wanted != self.software_version else None


def view(row: Row, *, now: datetime) -> KioskView:
    """What the row of a kiosk means at this moment."""
    config = config_of(row["settings"])
    state = _state(row, config, now=now)
    return KioskView(
        id=row["id"],
        gym_id=row["gym_id"],
        gym_name=row["gym_name"],
        timezone=row["timezone"],
        slug=row["slug"],
        name=row["name"],
        location=row["location_in_gym"],
        state=state,
        since=_since(row, state),
        is_gym_open=_is_open(row, now=now),
        last_heartbeat_at=row["last_heartbeat_at"],
        software_version=row["software_version"],
        config=config,
        is_reader_well=row["reader_ok"],
        is_microphone_well=row["microphone_ok"],
        session_count=row["session_count"],
        cut_count=row["cut_count"],
        has_alert=row["has_alert"],
    )


def is_heard(row: Row, *, now: datetime) -> bool | None:
    """True while a kiosk sends signs of life; None for one that should not: put away, or not set up yet."""
    if row["status"] in _SET_ASIDE:
        return None
    heard_at = row["last_heartbeat_at"]
    return heard_at is not None and now - heard_at < OFFLINE_AFTER and row["status"] != "offline"


def in_order(views: Sequence[KioskView]) -> list[KioskView]:
    """Who needs somebody first: silent in an open gym, faulty, to set up, silent in a closed gym; then the others."""
    return sorted(views, key=_need)


def by_gym(views: Sequence[KioskView]) -> list[tuple[str, list[KioskView]]]:
    """The kiosks of each gym in order, the gym first whose first kiosk needs somebody first."""
    gyms: dict[UUID, list[KioskView]] = {}
    for one in in_order(views):
        gyms.setdefault(one.gym_id, []).append(one)
    return [(group[0].gym_name, group) for group in gyms.values()]


def summary(views: Sequence[KioskView]) -> str:
    """How many of the kiosks in service do not answer, and what else waits: « 2 bornes sur 10 ne répondent pas »."""
    serving = [one for one in views if one.is_in_service]
    lost, total = sum(one.is_unreachable for one in serving), len(serving)
    if not views:
        return say("Aucune borne pour l'instant.")
    if not serving:
        words = say("Aucune borne n'est en service")
    elif total == 1:
        words = say("La borne ne répond pas") if lost else say("La borne répond")
    elif lost == 0:
        words = say("Les {total} bornes répondent")
    elif lost == total:
        words = say("Aucune des {total} bornes ne répond")
    elif lost == 1:
        words = say("1 borne sur {total} ne répond pas")
    else:
        words = say("{lost} bornes sur {total} ne répondent pas")
    sentence = words.format(lost=formats.number(lost), total=formats.number(total))
    return ", ".join([sentence, *_besides(views)]) + "."


# What else the sentence says: of one kiosk, and of several.
_BESIDES: Mapping[KioskState, tuple[str, str]] = {
    KioskState.ERROR: ("1 signale un défaut", "{count} signalent un défaut"),
    KioskState.PROVISIONING: ("1 est à installer", "{count} sont à installer"),
    KioskState.MAINTENANCE: ("1 est en maintenance", "{count} sont en maintenance"),
    KioskState.SUSPENDED: ("1 est refusée, sa salle est suspendue", "{count} sont refusées, leur salle est suspendue"),
}


def _besides(views: Sequence[KioskView]) -> list[str]:
    counts = {state: sum(one.state is state for one in views) for state in _BESIDES}
    return [
        say(_BESIDES[state][0] if count == 1 else _BESIDES[state][1]).format(count=formats.number(count))
        for state, count in counts.items()
        if count
    ]


def _state(row: Row, config: KioskConfig, *, now: datetime) -> KioskState:
    if not row["is_served"] and row["talking_since"] is None:
        return KioskState.SUSPENDED
    heard = is_heard(row, now=now)
    if heard is None:
        return KioskState(row["status"])
    if row["talking_since"] is not None:
        # Its socket is open and answers; heartbeats may wait.
        return KioskState.CONVERSING
    if not heard:
        return KioskState.OFFLINE
    if now - row["last_heartbeat_at"] >= max(SILENT_AFTER, timedelta(seconds=BEATS_MISSED * config.heartbeat_seconds)):
        return KioskState.SILENT
    return KioskState(row["status"])


def _since(row: Row, state: KioskState) -> datetime | None:
    since: datetime | None
    if state is KioskState.CONVERSING:
        since = row["talking_since"]
    elif state in UNREACHABLE:
        since = row["last_heartbeat_at"]
    elif state is KioskState.SUSPENDED:
        since = None
    else:
        since = row["status_changed_at"]
    return since


def _is_open(row: Row, *, now: datetime) -> bool:
    closures: Sequence[date] = row["closures"]
    hours: Mapping[str, Any] = row["opening_hours"] or {}
    standing = KioskStanding(
        kiosk_id=row["id"], gym_id=row["gym_id"], name=row["name"], status=row["status"], last_heartbeat=now,
        opening_hours=hours, timezone=row["timezone"], closures=frozenset(closures),
    )  # fmt: skip
    return open_time(standing, since=now - timedelta(minutes=1), until=now) > timedelta(0)


def _need(one: KioskView) -> tuple[int, float, str, str]:
    order = [
        one.is_unreachable and one.is_gym_open,
        one.state is KioskState.ERROR,
        one.state is KioskState.PROVISIONING,
        one.is_unreachable,
        one.wanted_version is not None or one.cut_count > 0,
        one.state is KioskState.CONVERSING,
        one.state is KioskState.ONLINE,
    ]
    rank = order.index(True) if True in order else len(order)
    # The longest away first; those that are well in the order of their names.
    away = one.since.timestamp() if one.is_unreachable and one.since is not None else 0.0
    return rank, away, one.gym_name, one.name
