"""How often the alerts besides churn would have fired over past days with another threshold: pure replays.

Each asks the rule that fires, at the moments at which it may, over what is kept of the days, as if nobody had acted on
any alert. Scores are replayed by `alert_choices.preview_churn`. `warehouse/stores/alert_previews.py` brings what is
kept. Who calls: `jarvis alerts preview`, and « Réglages » through the store.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from jarvis.alert_choices import Preview
from jarvis.alert_upkeep import Arrival, GymData, data_faults, milestones
from jarvis.alerts import MILESTONE_FRESH_FOR, MILESTONES, AlertType, Finding, alerts_for
from jarvis.budgets import Standing, VoiceMode
from jarvis.churn import HeldBack
from jarvis.kiosk_health import GYM_KEY as ALL_KIOSKS
from jarvis.kiosk_health import OFFLINE_AFTER, KioskStanding, Watch, kiosk_key, look

# How often the jobs ask: kiosk health every five minutes, alert upkeep every quarter of an hour.
KIOSKS_ASKED_EVERY = timedelta(minutes=5)
DATA_ASKED_EVERY = timedelta(minutes=15)

# Over which `visits_a_day` is a mean.
USUAL_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The number that one kind of alert turns on."""

    unit: str
    """score, sentiment, minutes, hours, visits or usd."""
    low: float
    high: float


THRESHOLDS: Mapping[AlertType, Threshold] = {
    AlertType.CHURN_RISK: Threshold(unit="score", low=0, high=1),
    AlertType.NEGATIVE_FEEDBACK: Threshold(unit="sentiment", low=-1, high=1),
    AlertType.KIOSK_OFFLINE: Threshold(unit="minutes", low=10, high=1440),
    AlertType.MILESTONE: Threshold(unit="visits", low=1, high=10_000),
    AlertType.DATA_QUALITY: Threshold(unit="hours", low=1, high=240),
    AlertType.VOICE_BUDGET: Threshold(unit="usd", low=0.01, high=10**8 - 0.01),
}
# Equipment has none: the first report of a machine is reason enough, the later ones add to its count.


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are looked at, of one gym's calendar."""

    first: date
    last: date
    timezone: str

    @property
    def since(self) -> datetime:
        """The moment the first day begins."""
        return _midnight(self.first, self.timezone)

    @property
    def until(self) -> datetime:
        """The moment the last day is over."""
        return _midnight(self.last + timedelta(days=1), self.timezone)

    def of(self, moments: Iterable[datetime]) -> int:
        """How many of the days have one of the moments."""
        zone = ZoneInfo(self.timezone)
        return len({one.astimezone(zone).date() for one in moments if self.since <= one < self.until})


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a kiosk said nothing for longer than it takes to be offline."""

    kiosk_id: UUID
    began_at: datetime
    """Its last sign of life before."""
    ended_at: datetime | None
    """The first one after; None where it is silent still."""


@dataclass(frozen=True, slots=True)
class Visits:
    """A member's visits around the days."""

    member_id: UUID
    before: int
    """Those older than `MILESTONE_FRESH_FOR` before the first day."""
    visited_at: Sequence[datetime]
    """The later ones, in order."""


def preview_feedback(findings: Sequence[Finding], *, below: float, days: Days) -> Preview:
    """How many causes of unhappiness conversations would have given; a cause told again adds to its count only."""
    raised: set[str] = set()
    members: set[UUID] = set()
    for one in findings:
        for alert in alerts_for(one, negative_feedback_below=below):
            if alert.alert_type is AlertType.NEGATIVE_FEEDBACK:
                raised.add(alert.dedup_key)
                if alert.member_id is not None:
                    members.add(alert.member_id)
    return Preview(len(raised), len(members), days.of(one.occurred_at for one in findings))


def preview_milestones(
    members: Iterable[Visits], *, gym_id: UUID, days: Days, steps: Sequence[int] = MILESTONES
) -> Preview:
    """How many members would have been congratulated on having come so often."""
    zone = ZoneInfo(days.timezone)
    raised: set[str] = set()
    reached: set[UUID] = set()
    every: list[datetime] = []
    for one in members:
        every += one.visited_at
        for place, moment in enumerate(one.visited_at):
            if not days.since <= moment < days.until:
                continue
            arrival = Arrival(
                gym_id=gym_id,
                member_id=one.member_id,
                last_visit_at=moment,
                total_visits=one.before + place + 1,
                visits_before_fresh=one.before + bisect_right(one.visited_at, moment - MILESTONE_FRESH_FOR),
                member_since=None,
                goal_id=None,
                goal_kind=None,
                goal_target=None,
                goal_started_at=None,
                steps=tuple(steps),
            )
            passed = [alert.dedup_key for alert in milestones(arrival, today=moment.astimezone(zone).date())]
            if passed and arrival.total_visits in steps:
                raised.update(passed)
                reached.add(one.member_id)
    return Preview(len(raised), len(reached), days.of(every))


def preview_data_faults(
    visited_at: Sequence[datetime],
    *,
    gym_id: UUID,
    days: Days,
    closed: Collection[date],
    held_back: Mapping[date, frozenset[HeldBack]],
    silent_after: timedelta,
) -> Preview:
    """How often the gym's data would have been called into question.

    Args:
        visited_at: in order; from 28 days before the last visit that came before the days.
        closed: days on which nobody expects visits.
        held_back: day of scores to why some of them were held back on it; a day that is missing was not scored.
        silent_after: so long without a visit is a fault, where visits are usual.
    """
    zone = ZoneInfo(days.timezone)
    scored_on = sorted(held_back)
    standing: set[str] = set()
    fired = 0
    for moment in _every(DATA_ASKED_EVERY, since=days.since, until=days.until):
        known = bisect_right(visited_at, moment)
        last = visited_at[known - 1] if known else None
        usual = 0 if last is None else known - bisect_right(visited_at, last - timedelta(days=USUAL_DAYS))
        today = moment.astimezone(zone).date()
        scored = bisect_right(scored_on, today)
        gym = GymData(
            gym_id=gym_id,
            last_visit_at=last,
            visits_a_day=usual / USUAL_DAYS,
            is_closed=today in closed,
            held_back=held_back[scored_on[scored - 1]] if scored else frozenset(),
            silent_after=silent_after,
        )
        faults = set(data_faults(gym, now=moment))
        fired += len(faults - standing)
        standing = faults
    return Preview(fired, 0, days.of(visited_at))


def preview_voice_budget(
    sessions: Iterable[tuple[datetime, Decimal]], *, budget_usd: Decimal, cheaper_share: Decimal, days: Days
) -> Preview:
    """How often a month's sessions would have crossed the budget, or the share of it from which a cheaper model speaks.

    Args:
        sessions: end and cost in US dollars, in order, from the beginning of the first day's month.
    """
    zone = ZoneInfo(days.timezone)
    spent: dict[date, Decimal] = {}
    told: set[tuple[date, VoiceMode]] = set()
    fired = 0
    ended = []
    for ended_at, cost in sessions:
        ended.append(ended_at)
        month = ended_at.astimezone(zone).date().replace(day=1)
        spent[month] = spent.get(month, Decimal(0)) + cost
        mode = Standing(month, spent[month], budget_usd, cheaper_share).mode
        if mode is not VoiceMode.FULL and (month, mode) not in told:
            told.add((month, mode))
            fired += ended_at >= days.since
    return Preview(fired, 0, days.of(ended))


def preview_kiosks(
    silences: Sequence[Silence],
    *,
    kiosks: Mapping[UUID, str],
    gym_id: UUID,
    opening_hours: Mapping[str, object],
    closures: Collection[date],
    heard_on: int,
    alert_after: timedelta,
    days: Days,
) -> Preview:
    """How often a silent kiosk, or all of the gym's at once, would have been told.

    Counts a silence of the whole platform too, which raises nothing: other gyms are not asked.

    Args:
        silences: those that touch the days, from their beginning.
        kiosks: id to name of all that are in service.
        closures: days on which the gym is closed whatever its hours say.
        heard_on: days on which any of them was heard.
        alert_after: silence within opening hours that is due an alert.
    """
    open_causes: set[tuple[UUID, str]] = set()
    fired = 0
    edges = sorted({edge for one in silences for edge in _edges(one, days.until)})
    seen = 0
    is_settled = False
    for moment in _looks(silences, until=days.until):
        passed = bisect_right(edges, moment)
        if is_settled and passed == seen:
            continue
        seen = passed
        down = {one.kiosk_id: one.began_at for one in silences if _is_silent(one, moment)}
        standings = [
            KioskStanding(
                kiosk_id=kiosk_id,
                gym_id=gym_id,
                name=name,
                status="online",
                last_heartbeat=down.get(kiosk_id, moment),
                opening_hours=opening_hours,
                timezone=days.timezone,
                closures=closures,
                alert_after=alert_after,
            )
            for kiosk_id, name in kiosks.items()
        ]
        # The watch itself was never away: what it remembers is its look of five minutes ago.
        watch = Watch(
            moment - KIOSKS_ASKED_EVERY, is_network_silent=False, heard_since=min(down.values(), default=moment)
        )
        verdict = look(standings, open_causes, watch=watch, now=moment)
        open_causes -= {(one.gym_id, one.dedup_key) for one in verdict.ended}
        open_causes |= {(one.gym_id, one.dedup_key) for one in verdict.raised}
        fired += len(verdict.raised) if moment >= days.since else 0
        keys = {key for _, key in open_causes}
        is_settled = ALL_KIOSKS in keys or all(kiosk_key(kiosk_id) in keys for kiosk_id in down)
    return Preview(fired, 0, heard_on)


def _is_silent(one: Silence, moment: datetime) -> bool:
    return one.began_at <= moment and (one.ended_at is None or moment < one.ended_at)


def _edges(one: Silence, until: datetime) -> tuple[datetime, datetime]:
    return one.began_at + OFFLINE_AFTER, one.ended_at or until


def _looks(silences: Iterable[Silence], *, until: datetime) -> list[datetime]:
    """When kiosk health looked while a kiosk was silent, and once after."""
    found: set[datetime] = set()
    for one in silences:
        last = until if one.ended_at is None else min(until, one.ended_at + KIOSKS_ASKED_EVERY)
        found.update(_every(KIOSKS_ASKED_EVERY, since=one.began_at + OFFLINE_AFTER, until=last))
    return sorted(found)


def _every(step: timedelta, *, since: datetime, until: datetime) -> Iterable[datetime]:
    """Each whole step of the clock from one moment to before another."""
    start = datetime.fromtimestamp(-(-since.timestamp() // step.total_seconds()) * step.total_seconds(), UTC)
    while start < until:
        yield start
        start += step


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZoneInfo(timezone)).astimezone(UTC)
