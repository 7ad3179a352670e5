"""When a silent kiosk is offline, when it is a manager's business, and when it is nobody's."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from jarvis.alerts import Priority
from jarvis.kiosk_health import GYM_KEY, KioskStanding, Verdict, Watch, kiosk_key, look, open_time

DAX, PAU = UUID(int=1), UUID(int=2)
# A Wednesday, 11:00 in Paris.
NOON = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
HOURS = {day: ["06:00", "22:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def kiosk(number: int, *, silent_minutes: float, gym: UUID = DAX, now: datetime = NOON) -> KioskStanding:
    """A kiosk last heard so long ago."""
    return KioskStanding(
        kiosk_id=UUID(int=100 + number),
        gym_id=gym,
        name=f"Borne {number}",
        status="online",
        last_heartbeat=now - timedelta(minutes=silent_minutes),
        opening_hours=HOURS,
        timezone="Europe/Paris",
    )


ALIVE = kiosk(9, silent_minutes=1, gym=PAU)


def watched(now: datetime = NOON) -> Watch:
    """A watch that looked five minutes ago and has heard kiosks all week."""
    return Watch(now - timedelta(minutes=5), is_network_silent=False, heard_since=now - timedelta(days=7))


def keys(verdict: Verdict) -> list[str]:
    """The causes raised."""
    return [alert.dedup_key for alert in verdict.raised]


@pytest.mark.parametrize(
    ("minutes", "is_offline", "is_raised"), [(9, False, False), (10, True, False), (29, True, False), (30, True, True)]
)
def test_ten_minutes_is_offline_and_thirty_an_alert(minutes: float, is_offline: bool, is_raised: bool) -> None:
    """The seed's two thresholds, to the minute."""
    silent = kiosk(1, silent_minutes=minutes)
    verdict = look([silent, kiosk(2, silent_minutes=1)], set(), watch=watched(), now=NOON)
    assert verdict.offline == ((silent.kiosk_id,) if is_offline else ())
    assert keys(verdict) == ([kiosk_key(silent.kiosk_id)] if is_raised else [])
    assert all(alert.priority is Priority.HIGH for alert in verdict.raised)


def test_alert_stays_one_and_ends_with_the_return() -> None:
    """While it is open nothing is raised again; a heartbeat ends it."""
    silent, other = kiosk(1, silent_minutes=60), kiosk(2, silent_minutes=1)
    cause = (DAX, kiosk_key(silent.kiosk_id))
    still = look([silent, other], {cause}, watch=watched(), now=NOON)
    assert (still.raised, still.ended) == ((), ())
    back = look([replace(silent, last_heartbeat=NOON), other], {cause}, watch=watched(), now=NOON)
    assert [(one.gym_id, one.dedup_key) for one in back.ended] == [cause]


def test_kiosk_taken_out_of_service_ends_its_alert() -> None:
    """What is in maintenance is not asked about, and leaves no alert behind."""
    cause = (DAX, kiosk_key(UUID(int=101)))
    assert [one.dedup_key for one in look([ALIVE], {cause}, watch=watched(), now=NOON).ended] == [cause[1]]


def test_closed_gym_raises_nothing() -> None:
    """Switched off over night is no alert, nor the first half hour of the day; after it, it is."""
    for hour, minute, is_raised in ((3, 0, False), (6, 10, False), (6, 29, False), (6, 30, True)):
        now = datetime(2026, 11, 18, hour - 1, minute, tzinfo=UTC)
        standings = [kiosk(1, silent_minutes=8 * 60, now=now), kiosk(2, silent_minutes=1, now=now)]
        assert bool(keys(look(standings, set(), watch=watched(now), now=now))) is is_raised, (hour, minute)


def test_gym_closed_for_the_day_raises_nothing() -> None:
    """A closure wins over the weekday's hours."""
    silent = replace(kiosk(1, silent_minutes=120), closures=frozenset({date(2026, 11, 18)}))
    assert keys(look([silent, ALIVE], set(), watch=watched(), now=NOON)) == []


def test_night_does_not_end_an_open_alert() -> None:
    """A kiosk that is down at closing time is still down: the same alert stands in the morning."""
    night = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    silent = kiosk(1, silent_minutes=600, now=night)
    cause = (DAX, kiosk_key(silent.kiosk_id))
    assert look([silent, replace(ALIVE, last_heartbeat=night)], {cause}, watch=watched(night), now=night).ended == ()


def test_a_whole_gym_is_one_alert() -> None:
    """All three kiosks of a gym at once: its network, told once; the single alert open before is folded in."""
    silent = [kiosk(number, silent_minutes=40) for number in (1, 2, 3)]
    before = (DAX, kiosk_key(silent[0].kiosk_id))
    verdict = look([*silent, ALIVE], {before}, watch=watched(), now=NOON)
    assert keys(verdict) == [GYM_KEY]
    assert [one.dedup_key for one in verdict.ended] == [before[1]]
    assert verdict.raised[0].title == "Les 3 bornes de la salle sont hors ligne"


def test_one_of_a_silent_gym_comes_back() -> None:
    """The grouped alert ends and the kiosk still silent has its own."""
    standings = [kiosk(1, silent_minutes=1), kiosk(2, silent_minutes=50), ALIVE]
    verdict = look(standings, {(DAX, GYM_KEY)}, watch=watched(), now=NOON)
    assert (keys(verdict), [one.dedup_key for one in verdict.ended]) == ([kiosk_key(UUID(int=102))], [GYM_KEY])


def test_platform_that_hears_nobody_raises_nothing() -> None:
    """A hundred kiosks of fifty gyms silent at once: no alert, nobody shown as offline, and the watch knows."""
    silent = [kiosk(number, silent_minutes=45, gym=UUID(int=number // 2 + 1)) for number in range(100)]
    verdict = look(silent, set(), watch=watched(), now=NOON)
    assert (verdict.offline, verdict.raised, verdict.ended) == ((), (), ())
    assert verdict.watch.is_network_silent


def test_after_an_outage_kiosks_get_their_time_to_come_back() -> None:
    """Silence counts from the moment anybody can be heard again: who stays away is told 30 minutes later."""
    watch = Watch(NOON - timedelta(minutes=5), is_network_silent=True, heard_since=NOON - timedelta(days=1))
    late = kiosk(1, silent_minutes=120)
    other = kiosk(2, silent_minutes=1)
    first = look([late, other, ALIVE], set(), watch=watch, now=NOON)
    assert (keys(first), first.watch.heard_since) == ([], NOON)
    later = NOON + timedelta(minutes=30)
    awake = [replace(one, last_heartbeat=later) for one in (other, ALIVE)]
    beat = replace(first.watch, looked_at=later - timedelta(minutes=5))
    assert keys(look([late, *awake], set(), watch=beat, now=later)) == [kiosk_key(late.kiosk_id)]


def test_watch_that_was_away_itself_starts_anew() -> None:
    """The whole machine was off for a night: the first look accuses nobody."""
    silent = [kiosk(1, silent_minutes=300), kiosk(2, silent_minutes=1), ALIVE]
    away = replace(watched(), looked_at=NOON - timedelta(hours=5))
    assert keys(look(silent, set(), watch=away, now=NOON)) == []
    assert keys(look(silent, set(), watch=None, now=NOON)) == []


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 18), 24)]
)
def test_open_time_passes_both_clock_changes(day: date, expected: int) -> None:
    """A gym open round the clock is open 23 and 25 hours on those days."""
    always = replace(ALIVE, opening_hours={name: ["00:00", "24:00"] for name in HOURS})
    start = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=12)
    only = {name: hours for name, hours in always.opening_hours.items() if name == day.strftime("%a").lower()}
    found = open_time(replace(always, opening_hours=only), since=start, until=start + timedelta(days=2))
    assert found == timedelta(hours=expected)
