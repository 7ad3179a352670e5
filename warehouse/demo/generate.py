"""The network as records, part by part: the places first, then one gym after another.

Pure: the same arguments give equal records, identifiers included. `write.py` copies each part into the
database before the next one is made, so that memory holds one gym at a time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from warehouse.demo.chance import stream
from warehouse.demo.conversations import Spoken, hold_conversations
from warehouse.demo.gym_lives import GymLife, life_of
from warehouse.demo.labels import Label, label_of
from warehouse.demo.lives import Lives, live
from warehouse.demo.members import MemberStory, make_members
from warehouse.demo.network import PARIS, GymStory, Places, make_places
from warehouse.demo.personas import Personas, personas_of
from warehouse.demo.records import ClassBooking, GymClass, GymClosure, GymMachine, MemberGoal, Visit
from warehouse.demo.timetable import bookings_of, classes_of, closures_of, goals_of, machines_of
from warehouse.demo.truth import WEEKS_AHEAD, truth_of
from warehouse.demo.visits import Arrivals, arrivals_of
from warehouse.demo.words import Talk

# Lives begin at least so long before the last day, however short the history: quarrels and habits need a past.
SHORTEST_STORY_DAYS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """What one simulation is made from; the same blueprint gives the same network."""

    gyms: int | None
    """As many as fit the members when None."""
    members: int
    days: int
    seed: int
    now: datetime
    """The last moment, UTC."""
    talk: float = 1.0
    """Conversations, times this: 1 is one in ten visits, 4 makes a million turns of 100 gyms and two years."""
    pending_days: int = 30
    """Conversations of so many days wait for the analysis engine; older ones carry the generator's labels."""

    @property
    def story_days(self) -> int:
        """How many days the lives last up to the last one."""
        return max(self.days, SHORTEST_STORY_DAYS)

    @property
    def first_day(self) -> date:
        """The first day of the lives."""
        return self.now.astimezone(PARIS).date() - timedelta(days=self.story_days)

    @property
    def pending_since(self) -> datetime:
        """Conversations that ended from here on wait for the analysis engine."""
        day = self.now.astimezone(PARIS).date() - timedelta(days=self.pending_days)
        return datetime.combine(day, time(), tzinfo=PARIS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GymPart:
    """Every record of one gym."""

    gym: GymStory
    life: GymLife
    lives: Lives
    members: tuple[MemberStory, ...]
    visits: tuple[Visit, ...]
    conversations: tuple[Spoken, ...]
    labels: tuple[Label, ...]
    closures: tuple[GymClosure, ...]
    machines: tuple[GymMachine, ...]
    classes: tuple[GymClass, ...]
    bookings: tuple[ClassBooking, ...]
    goals: tuple[MemberGoal, ...]

    def moods(self) -> Counter[str]:
        """How many conversations were written in each mood."""
        return Counter(spoken.dialogue.mood.value for spoken in self.conversations)

    def truth(self, *, now: datetime) -> Iterator[dict[str, Any]]:
        """What no table knows of this gym's members."""
        return truth_of(self.gym, {story.row: story for story in self.members}, self.lives, now=now)


def blueprint(
    *,
    gyms: int | None = None,
    members: int,
    days: int,
    seed: int,
    now: datetime,
    talk: float = 1.0,
    pending_days: int | None = None,
) -> Blueprint:
    """A checked blueprint.

    Args:
        pending_days: when None, so many that a few hundred conversations wait, at most 30.

    Raises:
        ValueError: when something is not positive, or `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("found a time without a zone, expected an aware one")
    if days < 1 or members < 1:
        raise ValueError(f"found {days} days and {members} members, expected at least 1 of each")
    if not 0 < talk <= 10:
        raise ValueError(f"found a talkativeness of {talk}, expected more than 0 and at most 10")
    if pending_days is None:
        # A member holds one conversation in about 70 days; a few hundred take the local engine a minute or two.
        pending_days = max(1, min(30, round(400 * 70 / (members * talk))))
    return Blueprint(
        gyms=gyms, members=members, days=days, seed=seed, now=now.astimezone(UTC).replace(microsecond=0),
        talk=talk, pending_days=pending_days,
    )  # fmt: skip


def places_of(plan: Blueprint) -> Places:
    """The network without its members."""
    return make_places(gyms=plan.gyms, members=plan.members, days=plan.story_days, seed=plan.seed, now=plan.now)


def gym_parts(plan: Blueprint, places: Places) -> Iterator[GymPart]:
    """One gym after another, the first of the network first."""
    first_number = 1
    for gym, count in zip(places.stories, _sizes(plan, places), strict=True):
        yield _part(plan, gym, first_number=first_number, count=count)
        first_number += count


def _sizes(plan: Blueprint, places: Places) -> list[int]:
    """Members of each gym: by weight, and at least one where there are enough."""
    stories = places.stories
    rest = max(0, plan.members - len(stories))
    drawn = Counter(stream(plan.seed, "shares").choices(range(len(stories)), [one.weight for one in stories], k=rest))
    return [drawn[place] + (place < plan.members) for place in range(len(stories))]


def _part(plan: Blueprint, gym: GymStory, *, first_number: int, count: int) -> GymPart:
    seed, slug, now = plan.seed, gym.gym.slug, plan.now
    weeks = ceil((plan.story_days + 1) / 7) + WEEKS_AHEAD
    last_day = plan.first_day + timedelta(days=7 * weeks - 1)
    keeps_first = first_number == 1
    life = life_of(gym, seed=seed, first_day=plan.first_day, last_day=last_day, now=now)
    personas = personas_of(
        count, seed=seed, gym=slug, first_month=plan.first_day.month, history_days=plan.story_days, talk=plan.talk,
        keeps_first=keeps_first,
    )  # fmt: skip
    lives = live(
        personas, life, seed=seed, name=slug, zone=gym.gym.school_zone,
        region=gym.gym.holiday_region, first_day=plan.first_day, weeks=weeks,
        keeps_first=keeps_first,
    )  # fmt: skip
    arrivals = arrivals_of(gym, personas, lives, seed=seed, now=now)
    stories = tuple(
        make_members(
            gym, life, personas, lives,
            last_visits=_last_visits(arrivals), first_number=first_number, seed=seed, now=now,
        )
    )  # fmt: skip
    visits, conversations = _days_at_the_gym(plan, gym, life, personas, lives, arrivals, stories)
    classes = tuple(classes_of(gym, seed=seed))
    return GymPart(
        gym=gym,
        life=life,
        lives=lives,
        members=stories,
        visits=tuple(visits),
        conversations=tuple(conversations),
        labels=tuple(_labels(plan, slug, conversations)),
        closures=tuple(closures_of(gym, life, seed=seed, now=now)),
        machines=tuple(machines_of(gym, seed=seed)),
        classes=classes,
        bookings=tuple(bookings_of(classes, stories, seed=seed, now=now)),
        goals=tuple(goals_of(stories, seed=seed, now=now, is_first_gym=keeps_first)),
    )


def _days_at_the_gym(
    plan: Blueprint,
    gym: GymStory,
    life: GymLife,
    personas: Personas,
    lives: Lives,
    arrivals: Arrivals,
    stories: tuple[MemberStory, ...],
) -> tuple[list[Visit], list[Spoken]]:
    """The visits and conversations of the simulated days; of older visits each member's last one, from an import."""
    is_told = arrivals.days >= plan.story_days - plan.days
    told = Arrivals(arrivals.rows[is_told], arrivals.days[is_told], arrivals.seconds[is_told])
    by_row = {story.row: story for story in stories}
    visits, conversations = [], []
    talk = Talk.of(personas, lives, life)
    for visit, spoken in hold_conversations(gym, life, by_row, told, talk, seed=plan.seed, now=plan.now):
        visits.append(visit)
        if spoken is not None:
            conversations.append(spoken)
    seen = set(told.rows.tolist())
    chance = stream(plan.seed, "before", gym.gym.slug)
    for row, visited_at in sorted(_last_visits(arrivals).items()):
        if row not in seen:
            member = by_row[row].member
            visit_id = UUID(int=chance.getrandbits(128), version=4)
            visits.append(Visit(visit_id, member.gym_id, member.id, None, visited_at, "import"))
    return visits, conversations


def _labels(plan: Blueprint, slug: str, conversations: list[Spoken]) -> Iterator[Label]:
    chance = stream(plan.seed, "labels", slug)
    for spoken in conversations:
        if spoken.session.has_analysis_consent and spoken.session.ended_at < plan.pending_since:
            yield label_of(chance, spoken)


def _last_visits(arrivals: Arrivals) -> Mapping[int, datetime]:
    # In time order: the last one of each row stays.
    last = dict(zip(arrivals.rows.tolist(), arrivals.seconds.tolist(), strict=True))
    return {row: datetime.fromtimestamp(seconds, UTC) for row, seconds in last.items()}
