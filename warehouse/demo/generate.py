"""The whole network as records: places, members, visits and conversations put together.

Pure: the same arguments give equal records, identifiers included. `simulate.py` writes them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from uuid import UUID

from warehouse.demo.chance import new_id, stream
from warehouse.demo.conversations import Arrival, Spoken, hold_conversations
from warehouse.demo.members import MemberStory, Trajectory, make_members
from warehouse.demo.network import Places, make_places
from warehouse.demo.records import ClassBooking, GymClass, GymMachine, MemberGoal, Visit
from warehouse.demo.timetable import bookings_of, classes_of, goals_of, machines_of
from warehouse.demo.visits import visit_times


@dataclass(frozen=True, slots=True)
class Network:
    """Every record of one simulation."""

    places: Places
    members: tuple[MemberStory, ...]
    visits: tuple[Visit, ...]
    conversations: tuple[Spoken, ...]
    machines: tuple[GymMachine, ...]
    classes: tuple[GymClass, ...]
    bookings: tuple[ClassBooking, ...]
    goals: tuple[MemberGoal, ...]

    def moods_by_gym(self) -> dict[str, Counter[str]]:
        """Gym slug to how many conversations were written in each mood."""
        slugs = {story.gym.id: story.gym.slug for story in self.places.stories}
        moods: dict[str, Counter[str]] = {slug: Counter() for slug in slugs.values()}
        for spoken in self.conversations:
            moods[slugs[spoken.session.gym_id]][spoken.dialogue.mood.value] += 1
        return moods


def generate(*, days: int, members: int, seed: int, now: datetime) -> Network:
    """A network of so many members that lived for so many days up to `now`.

    Raises:
        ValueError: when `days` or `members` is not positive, or `now` has no time zone.
    """
    if days < 1 or members < 1:
        raise ValueError(f"found {days} days and {members} members, expected at least 1 of each")
    if now.tzinfo is None:
        raise ValueError("found a time without a zone, expected an aware one")
    now = now.astimezone(UTC).replace(microsecond=0)
    places = make_places(members=members, days=days, seed=seed, now=now)
    stories = tuple(make_members(places.stories, members=members, days=days, seed=seed, now=now))
    arrivals: dict[str, list[Arrival]] = defaultdict(list)
    for number, story in enumerate(stories):
        chance = stream(seed, "visits", number)
        for visited_at in visit_times(chance, story, days=days, now=now):
            visit = Visit(new_id(chance), story.member.gym_id, story.member.id, None, visited_at, "door")
            arrivals[story.gym.gym.slug].append(Arrival(story, visit))
    visits: list[Visit] = []
    conversations: list[Spoken] = []
    for gym in places.stories:
        chance = stream(seed, "conversations", gym.gym.slug)
        for visit, spoken in hold_conversations(chance, gym, arrivals[gym.gym.slug], now=now):
            if spoken is not None:
                conversations.append(spoken)
            visits.append(visit)
    visits += _visits_before(stories, days=days, seed=seed, now=now)
    timetables = {gym.gym.id: tuple(classes_of(gym, seed=seed)) for gym in places.stories}
    of_gym: dict[UUID, list[MemberStory]] = defaultdict(list)
    for story in stories:
        of_gym[story.member.gym_id].append(story)
    return Network(
        places,
        _with_last_visits(stories, visits),
        tuple(visits),
        tuple(conversations),
        machines=tuple(machine for gym in places.stories for machine in machines_of(gym, seed=seed)),
        classes=tuple(chain.from_iterable(timetables.values())),
        bookings=tuple(
            booking
            for gym_id, timetable in timetables.items()
            for booking in bookings_of(timetable, of_gym[gym_id], seed=seed, now=now)
        ),
        goals=tuple(goals_of(stories, seed=seed, now=now)),
    )


def _visits_before(stories: Iterable[MemberStory], *, days: int, seed: int, now: datetime) -> Iterator[Visit]:
    """The last visit of each dormant member, known from an import: before the simulated days."""
    for number, story in enumerate(stories):
        if story.trajectory is not Trajectory.DORMANT:
            continue
        chance = stream(seed, "before", number)
        day = (now - timedelta(days=days + chance.randint(1, 15))).date()
        opens_at, _ = story.gym.open_on(day)
        visited_at = (opens_at + timedelta(minutes=chance.randint(5, 200))).astimezone(UTC)
        yield Visit(new_id(chance), story.member.gym_id, story.member.id, None, visited_at, "import")


def _with_last_visits(stories: Iterable[MemberStory], visits: Iterable[Visit]) -> tuple[MemberStory, ...]:
    last: dict[UUID, datetime] = {}
    for visit in visits:
        last[visit.member_id] = max(visit.visited_at, last.get(visit.member_id, visit.visited_at))
    return tuple(
        replace(story, member=replace(story.member, last_visit=last.get(story.member.id))) for story in stories
    )
