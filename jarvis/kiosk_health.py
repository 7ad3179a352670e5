"""Which kiosks are silent, and when that is worth a manager's time: pure rules over the last signs of life.

Seed: offline after 10 minutes of silence, one alert after 30, cleared when the kiosk returns. A gym that is closed,
a kiosk taken out of service and a platform that hears nobody are no reason for an alert.
`warehouse/stores/kiosk_health.py` brings the standings and keeps the verdict. Who calls: the kiosk health job.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from jarvis import alerts_fr
from jarvis.alerts import Alert, AlertType, Priority

# Seed, "Job: kiosk health": silent 10 minutes is offline, 30 minutes is an alert.
OFFLINE_AFTER = timedelta(minutes=10)
ALERT_AFTER = timedelta(minutes=30)

# Open hours are summed over at most this long; whatever is silent longer is due anyway.
LONGEST_LOOK_BACK = timedelta(days=7)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskStanding:
    """One kiosk in service in a gym that is not suspended."""

    kiosk_id: UUID
    gym_id: UUID
    name: str
    status: str
    """online, error or offline; kiosks in maintenance or not provisioned are not asked about."""
    last_heartbeat: datetime
    opening_hours: Mapping[str, object]
    """Weekday to [opens, closes]; empty means always open."""
    timezone: str
    closures: Collection[date] = frozenset()
    """Days of the last week on which the gym is closed whatever its hours say."""
    alert_after: timedelta = ALERT_AFTER
    """Silence within opening hours that is due an alert in this gym."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the watch itself remembers between two looks."""

    looked_at: datetime
    is_network_silent: bool
    heard_since: datetime
    """A silence is counted from here at the earliest."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An open alert whose cause has ended."""

    gym_id: UUID
    dedup_key: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one look changes."""

    offline: tuple[UUID, ...]
    """Kiosks to show as offline from now on."""
    raised: tuple[Alert, ...]
    ended: tuple[Ending, ...]
    watch: Watch


def kiosk_key(kiosk_id: UUID) -> str:
    """The cause of one silent kiosk."""
    return f"{AlertType.KIOSK_OFFLINE}:{kiosk_id}"


# All kiosks of one gym: its network or its power, and one alert.
GYM_KEY = f"{AlertType.KIOSK_OFFLINE}:all"


def look(
    standings: Sequence[KioskStanding],
    open_causes: Collection[tuple[UUID, str]],
    *,
    watch: Watch | None,
    now: datetime,
) -> Verdict:
    """What the silence of the kiosks means at this moment; the same look twice changes nothing more.

    Args:
        standings: every kiosk in service.
        open_causes: gym and key of the kiosk alerts that are open.
        watch: what the last look remembered; None before the first one.
        now: aware.
    """
    watch = _watch(standings, watch, now=now)
    offline = tuple(
        one.kiosk_id
        for one in standings
        if one.status != "offline" and now - one.last_heartbeat >= OFFLINE_AFTER and not watch.is_network_silent
    )
    wanted: dict[tuple[UUID, str], Alert | None] = {}
    for gym_id, group in groupby(sorted(standings, key=_by_gym), key=lambda one: one.gym_id):
        wanted |= _of_gym(gym_id, list(group), open_causes, watch=watch, now=now)
    if watch.is_network_silent:
        # Nobody can be heard: no silence is news, and no return either.
        return Verdict(offline=(), raised=(), ended=(), watch=watch)
    grouped = {gym_id for gym_id, key in wanted if key == GYM_KEY}
    return Verdict(
        offline=offline,
        raised=tuple(alert for cause, alert in wanted.items() if alert is not None and cause not in open_causes),
        ended=tuple(
            Ending(gym_id, key, alerts_fr.KIOSK_GROUPED if gym_id in grouped else alerts_fr.KIOSK_BACK)
            for gym_id, key in sorted(set(open_causes) - set(wanted))
        ),
        watch=watch,
    )


def open_time(standing: KioskStanding, *, since: datetime, until: datetime) -> timedelta:
    """How long the gym was open between two moments, in the time that passes and not on the clock."""
    if not standing.opening_hours:
        return max(until - since, timedelta(0))
    since = max(since, until - LONGEST_LOOK_BACK)
    zone = ZoneInfo(standing.timezone)
    day = since.astimezone(zone).date() - timedelta(days=1)
    total = timedelta(0)
    while day <= until.astimezone(zone).date():
        hours = None if day in standing.closures else _hours(standing.opening_hours, day, zone)
        if hours is not None:
            total += max(min(until, hours[1]) - max(since, hours[0]), timedelta(0))
        day += timedelta(days=1)
    return total


def _watch(standings: Sequence[KioskStanding], before: Watch | None, *, now: datetime) -> Watch:
    """Whether anybody can be heard, and since when."""
    expected = [one for one in standings if open_time(one, since=now - timedelta(minutes=1), until=now) > timedelta(0)]
    # One gym alone may have lost its own network.
    is_silent = len({one.gym_id for one in expected}) > 1 and all(
        now - one.last_heartbeat >= OFFLINE_AFTER for one in standings
    )
    if before is None or now - before.looked_at >= OFFLINE_AFTER or (before.is_network_silent and not is_silent):
        # The watch, or the platform, was away itself: kiosks get their time to come back.
        return Watch(now, is_silent, heard_since=now)
    return Watch(now, is_silent, before.heard_since)


def _of_gym(
    gym_id: UUID,
    standings: Sequence[KioskStanding],
    open_causes: Collection[tuple[UUID, str]],
    *,
    watch: Watch,
    now: datetime,
) -> dict[tuple[UUID, str], Alert | None]:
    """The causes that stand in one gym: with an alert where it is due, None where one that is open stays so."""
    down = [one for one in standings if now - one.last_heartbeat >= OFFLINE_AFTER]
    due = [one for one in down if _is_due(one, heard_since=watch.heard_since, now=now)]
    if len(standings) > 1 and len(down) == len(standings) and (len(due) > 1 or (gym_id, GYM_KEY) in open_causes):
        alert = _alert(tuple(down), GYM_KEY, now=now) if len(due) > 1 else None
        return {(gym_id, GYM_KEY): alert}
    return {
        (gym_id, key): _alert((one,), key, now=now) if one in due else None
        for one in down
        if one in due or (gym_id, kiosk_key(one.kiosk_id)) in open_causes
        for key in [kiosk_key(one.kiosk_id)]
    }


def _is_due(one: KioskStanding, *, heard_since: datetime, now: datetime) -> bool:
    is_open = open_time(one, since=now - timedelta(minutes=1), until=now) > timedelta(0)
    silent_since = max(one.last_heartbeat, heard_since)
    return is_open and open_time(one, since=silent_since, until=now) >= one.alert_after


def _alert(down: Sequence[KioskStanding], key: str, *, now: datetime) -> Alert:
    latest = max(down, key=lambda one: one.last_heartbeat)
    is_one = key != GYM_KEY
    return Alert(
        gym_id=latest.gym_id,
        session_id=None,
        kiosk_id=latest.kiosk_id if is_one else None,
        member_id=None,
        alert_type=AlertType.KIOSK_OFFLINE,
        priority=Priority.HIGH,
        title=alerts_fr.kiosk_offline_title([one.name for one in down]),
        description=alerts_fr.kiosk_offline_description(latest.last_heartbeat, timezone=latest.timezone),
        recommended_actions=alerts_fr.KIOSK_ACTIONS if is_one else alerts_fr.KIOSKS_ACTIONS,
        dedup_key=key,
        occurred_at=now,
        details=(("silent_since", latest.last_heartbeat.isoformat()), ("kiosk_count", float(len(down)))),
    )


def _hours(hours: Mapping[str, object], day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """When the gym opens and closes on a day, aware; None when it does not. Past midnight counts for the day before."""
    found = hours.get(WEEKDAYS[day.weekday()])
    if not isinstance(found, list) or len(found) != 2:
        return None
    try:
        opens, closes = (time.fromisoformat("00:00" if text == "24:00" else str(text)) for text in found)
    except ValueError:
        return None
    last = day + timedelta(days=1) if closes <= opens else day
    # In UTC: Python subtracts two times of one zone by the clock on the wall, which jumps twice a year.
    return datetime.combine(day, opens, zone).astimezone(UTC), datetime.combine(last, closes, zone).astimezone(UTC)


def _by_gym(one: KioskStanding) -> tuple[UUID, UUID]:
    return one.gym_id, one.kiosk_id
