"""What happens in a gym over the years: things that stay broken, dearer prices, closed days, silent kiosks.

Pure. All members of a gym live through the same events: a cold shower is cold for everybody. `lives.py`
lets them weigh on members, `conversations.py` lets members talk about them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from warehouse.demo.chance import happens, one_of, stream, weighted
from warehouse.demo.network import PARIS, GymStory

# Months between two troubles of a well-kept gym; a badly kept one has three times as many.
_MONTHS_BETWEEN = 1.6
# Topic: weight, and how many days it lasts, from a lucky repair to one that waits for a part.
_TROUBLES = {
    "equipment": (0.3, (5, 50)),
    "showers_lockers": (0.2, (7, 60)),
    "cleanliness": (0.13, (14, 70)),
    "temperature_air": (0.1, (10, 60)),
    "class_schedule": (0.09, (21, 80)),
    "music_noise": (0.08, (14, 60)),
    "staff_coaching": (0.1, (21, 90)),
}
# As many as `timetable.MACHINES` puts on the floor.
MACHINE_KINDS = {"tapis": 12, "velo": 10, "rameur": 4}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong for a while, for everybody."""

    topic: str
    starts_on: date
    ends_on: date
    """The first day it is right again."""
    severity: float
    """0.4 a nuisance … 1.6 a scandal."""
    machine: tuple[str, int] | None = None
    """Kind (a slot of the dialogues) and number, for equipment."""


@dataclass(frozen=True, slots=True)
class PriceRise:
    """A day from which everybody pays more."""

    day: date
    share: float
    """0.06 for six per cent."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which the door stays shut."""

    starts_on: date
    ends_on: date
    """The last closed day."""
    reason: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A kiosk's silence."""

    kiosk_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GymLife:
    """One gym's events, each in time order."""

    crowding: float
    """0 roomy … 1.3 a queue for everything from 17 to 20 h, all year round."""
    troubles: tuple[Trouble, ...]
    rises: tuple[PriceRise, ...]
    closures: tuple[Closure, ...]
    outages: tuple[Outage, ...]

    def machine_on(self, day: date) -> tuple[str, int] | None:
        """The machine that is out of order on a day, if any."""
        for trouble in self.troubles:
            if trouble.machine and trouble.starts_on <= day < trouble.ends_on:
                return trouble.machine
        return None

    def is_closed(self, day: date) -> bool:
        """True where the door stays shut."""
        return any(closure.starts_on <= day <= closure.ends_on for closure in self.closures)


def life_of(story: GymStory, *, seed: int, first_day: date, last_day: date, now: datetime) -> GymLife:
    """What happens in one gym from the first to the last day."""
    chance = stream(seed, "gym life", story.gym.slug)
    return GymLife(
        crowding=max(0.0, chance.gauss(1.0 if "crowding" in story.weak_spots else 0.35, 0.2)),
        troubles=_troubles(chance, story, first_day, last_day),
        rises=_rises(seed, str(story.gym.franchise_id or story.gym.id), first_day, last_day),
        closures=_closures(chance, first_day, last_day, now.astimezone(PARIS).date()),
        outages=_outages(chance, story, first_day, now),
    )


def _troubles(chance: Random, story: GymStory, first_day: date, last_day: date) -> tuple[Trouble, ...]:
    upkeep = chance.uniform(0.6, 2.0)
    weights = {topic: weight * (3.0 if topic in story.weak_spots else 1.0) for topic, (weight, _) in _TROUBLES.items()}
    found = []
    # Some are old when the story begins.
    day = first_day - timedelta(days=30)
    while day <= last_day:
        topic = weighted(chance, weights)
        shortest, longest = _TROUBLES[topic][1]
        lasts = timedelta(days=round(min(longest, shortest + chance.expovariate(2.5 / (longest - shortest)))))
        machine = None
        if topic == "equipment":
            kind = weighted(chance, {"tapis": 0.6, "velo": 0.25, "rameur": 0.15})
            machine = (kind, chance.randint(1, MACHINE_KINDS[kind]))
        found.append(Trouble(topic, day, day + lasts, min(1.6, chance.lognormvariate(-0.2, 0.4)), machine))
        day += timedelta(days=1 + round(chance.expovariate(1 / (30 * _MONTHS_BETWEEN / upkeep))))
    return tuple(found)


def _rises(seed: int, owner: str, first_day: date, last_day: date) -> tuple[PriceRise, ...]:
    """Once a year in most years, on the first of a month, in all gyms of one owner."""
    chance = stream(seed, "prices", owner)
    month = one_of(chance, (1, 3, 9, 10))
    rises = []
    for year in range(first_day.year, last_day.year + 1):
        share = chance.uniform(0.03, 0.13)
        if happens(chance, 0.75) and first_day <= date(year, month, 1) <= last_day:
            rises.append(PriceRise(date(year, month, 1), share))
    return tuple(rises)


def _closures(chance: Random, first_day: date, last_day: date, today: date) -> tuple[Closure, ...]:
    """Christmas and New Year's Day; a week of August in some gyms; a day of works now and then, never today."""
    closures = []
    shuts_in_august = happens(chance, 0.3)
    for year in range(first_day.year, last_day.year + 1):
        closures.append(Closure(date(year, 1, 1), date(year, 1, 1), "jour férié"))
        if shuts_in_august:
            monday = date(year, 8, 8 + (7 - date(year, 8, 8).weekday()) % 7)
            closures.append(Closure(monday, monday + timedelta(days=6), "fermeture annuelle"))
        if happens(chance, 0.5):
            works = date(year, 1, 15) + timedelta(days=chance.randrange(300))
            closures.append(Closure(works, works + timedelta(days=chance.randrange(3)), "travaux"))
        closures.append(Closure(date(year, 12, 25), date(year, 12, 25), "jour férié"))
    kept = (
        one
        for one in closures
        if first_day <= one.starts_on and one.ends_on <= last_day and not one.starts_on <= today <= one.ends_on
    )
    return tuple(sorted(kept, key=lambda one: one.starts_on))


def _outages(chance: Random, story: GymStory, first_day: date, now: datetime) -> tuple[Outage, ...]:
    """A few silences of every kiosk a year, most of them short, and the one that lasts until now."""
    begins = datetime.combine(first_day, time(), tzinfo=PARIS)
    outages = []
    for kiosk in story.kiosks:
        at = begins + timedelta(days=chance.expovariate(1 / 60))
        while at < now - timedelta(days=1):
            ends_at = at + timedelta(hours=min(60.0, chance.lognormvariate(0.5, 1.3)))
            outages.append(Outage(kiosk.id, at.astimezone(UTC), ends_at.astimezone(UTC)))
            at += timedelta(days=3 + chance.expovariate(1 / 60))
    silent = story.offline_since
    outages = [one for one in outages if one.kiosk_id not in silent or one.ends_at < silent[one.kiosk_id]]
    outages += [Outage(kiosk_id, since, now) for kiosk_id, since in story.offline_since.items()]
    return tuple(sorted(outages, key=lambda one: (one.starts_at, one.kiosk_id)))
