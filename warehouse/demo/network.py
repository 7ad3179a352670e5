"""The places of a simulation and who runs them: franchises, gyms, kiosks, heartbeats, users.

Pure: no clock, no database. Gyms also get a story (weak spots, coaches, kiosks that fell silent) that
`gym_lives.py` acts out and `conversations.py` makes their members talk about.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import sqrt
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from jarvis.calendars import HolidayRegion, SchoolZone
from warehouse.demo.chance import happens, new_id, one_of, stream
from warehouse.demo.places import FRANCHISES, HOLIDAY_REGIONS, MEN, PLACES, SURNAMES, WOMEN
from warehouse.demo.records import Franchise, Gym, Heartbeat, Kiosk, User

EMAIL_DOMAIN = "demo.jarvis"
PARIS = ZoneInfo("Europe/Paris")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SOFTWARE_VERSION = "0.1.0"

LARGEST_WEIGHT = 1.6

# What a gym can be bad at: topics of the negative dialogues in `dialogues/`.
WEAK_SPOTS = (
    "equipment", "showers_lockers", "crowding", "cleanliness", "temperature_air", "class_schedule", "staff_coaching",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GymStory:
    """What happens in a gym beside its row: the background of what members say."""

    gym: Gym
    weight: float
    """Its share of the network's members, relative to the other gyms."""
    weak_spots: tuple[str, ...]
    """Two topics that members complain about more than elsewhere."""
    coach_m: str
    coach_f: str
    kiosks: tuple[Kiosk, ...]
    offline_since: Mapping[UUID, datetime]
    """Kiosk id to the time it fell silent."""

    def open_on(self, day: date) -> tuple[datetime, datetime]:
        """When the gym opens and closes on a day."""
        opens, closes = self.gym.opening_hours[WEEKDAYS[day.weekday()]]
        return _at(day, opens), _at(day, closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The network without its members."""

    franchises: tuple[Franchise, ...]
    stories: tuple[GymStory, ...]
    heartbeats: tuple[Heartbeat, ...]
    users: tuple[User, ...]


def gym_count(members: int) -> int:
    """How many gyms so many members make: 6 for 300, 15 for 2,000, at most 40."""
    return max(2, min(40, round(sqrt(members) / 2.9)))


def make_places(*, gyms: int | None = None, members: int, days: int, seed: int, now: datetime) -> Places:
    """Franchises of two gyms or more, one independent gym, their kiosks and their people.

    Args:
        gyms: how many; as many as fit the members when None.

    Raises:
        ValueError: when there are more gyms than we know places for, or fewer members than gyms.
    """
    chance = stream(seed, "network")
    count = gym_count(members) if gyms is None else gyms
    if not 1 <= count <= len(PLACES):
        raise ValueError(f"found {count} gyms, expected 1 to {len(PLACES)}")
    if gyms is not None and members < gyms:
        raise ValueError(f"found {members} members for {gyms} gyms, expected at least one each")
    founded_at = now - timedelta(days=days + 900)
    franchise_count = min(len(FRANCHISES), max(1, round(count / 2)))
    franchises = tuple(
        Franchise(new_id(chance), name, city, "active", plan, founded_at)
        for name, city, plan in FRANCHISES[:franchise_count]
    )
    stories = []
    for number, place in enumerate(PLACES[:count]):
        # The last gym is independent: the role rules for it differ.
        franchise = None if number == count - 1 else franchises[number % franchise_count]
        salt = new_id(stream(seed, "control", number))
        story = _gym(chance, salt, place, franchise, founded_at, now)
        # The first gym is the one people look at first: the largest.
        stories.append(replace(story, weight=LARGEST_WEIGHT) if number == 0 else story)
    places = tuple(_with_a_silent_kiosk(stories, now))
    heartbeats = tuple(beat for story in places for beat in _heartbeats(chance, story, now))
    return Places(
        franchises=franchises,
        stories=places,
        heartbeats=heartbeats,
        users=tuple(_users(chance, franchises, places, founded_at)),
    )


def slug_of(text: str) -> str:
    """Lowercase ASCII words joined by hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(letter if letter.isalnum() else " " for letter in ascii_text).split())


def _gym(
    chance: Random,
    salt: UUID,
    place: tuple[str, str, str, str],
    franchise: Franchise | None,
    founded_at: datetime,
    now: datetime,
) -> GymStory:
    city, district, street, zone = place
    opens, closes = one_of(chance, ("06:00", "06:30", "07:00")), one_of(chance, ("22:00", "22:30", "23:00"))
    hours = {day: [opens, closes] for day in WEEKDAYS[:5]} | {"sat": ["08:00", "20:00"], "sun": ["09:00", "13:00"]}
    gym = Gym(
        id=new_id(chance),
        franchise_id=franchise.id if franchise else None,
        slug=slug_of(f"{city} {district}"),
        name=f"{city} {district}",
        city=city,
        address=f"{street}, {city}",
        opening_hours=hours,
        school_zone=SchoolZone(zone),
        holiday_region=HolidayRegion(HOLIDAY_REGIONS[city]) if city in HOLIDAY_REGIONS else None,
        churn_control_salt=salt,
        created_at=founded_at,
    )
    spots = ("à l'entrée", "au plateau musculation", "devant les vestiaires")
    kiosks = tuple(
        Kiosk(
            id=(kiosk_id := new_id(chance)),
            gym_id=gym.id,
            slug=f"borne-{number}",
            name=f"Borne {number}",
            status="online",
            status_changed_at=max(founded_at, now - _up_for(kiosk_id)),
            last_heartbeat=now,
            device_id=f"demo-{gym.slug}-{number}",
            software_version=SOFTWARE_VERSION,
            location_in_gym=spots[number - 1],
            created_at=founded_at,
            updated_at=now,
        )
        for number in range(1, 2 + chance.randrange(3))
    )
    return GymStory(
        gym=gym,
        weight=chance.uniform(0.6, LARGEST_WEIGHT),
        weak_spots=tuple(chance.sample(WEAK_SPOTS, 2)),
        coach_m=one_of(chance, MEN),
        coach_f=one_of(chance, WOMEN),
        kiosks=kiosks,
        offline_since={},
    )


def _up_for(kiosk_id: UUID) -> timedelta:
    """How long a kiosk has been running: a machine is restarted with its updates, at some hour of the last weeks.

    Of its id and not of chance: every draw after one more would be another network.
    """
    return timedelta(days=2 + kiosk_id.int % 33, minutes=kiosk_id.int % 1423)


def _with_a_silent_kiosk(stories: Sequence[GymStory], now: datetime) -> list[GymStory]:
    """The last kiosk of the first gym that has two fell silent two days ago: something for the kiosk page."""
    silent_at = now - timedelta(days=2, minutes=17)
    result = list(stories)
    for index, story in enumerate(stories):
        if len(story.kiosks) > 1:
            *others, last = story.kiosks
            silent = replace(
                last, status="offline", status_changed_at=silent_at, last_heartbeat=silent_at, updated_at=silent_at
            )
            result[index] = replace(story, kiosks=(*others, silent), offline_since={last.id: silent_at})
            break
    return result


def _heartbeats(chance: Random, story: GymStory, now: datetime) -> list[Heartbeat]:
    """Six hours of signs of life, one every five minutes, up to each kiosk's last one."""
    return [
        Heartbeat(
            gym_id=kiosk.gym_id,
            kiosk_id=kiosk.id,
            received_at=kiosk.last_heartbeat - timedelta(minutes=5 * step),
            software_version=kiosk.software_version,
            microphone_ok=True,
            reader_ok=not happens(chance, 0.01),
            network_ms=chance.randint(12, 90),
        )
        for kiosk in story.kiosks
        for step in reversed(range(72))
    ]


def _users(
    chance: Random, franchises: Sequence[Franchise], stories: Sequence[GymStory], founded_at: datetime
) -> list[User]:
    def user(name: str, role: str, *, franchise: Franchise | None = None, gym: Gym | None = None) -> User:
        full_name = f"{one_of(chance, MEN + WOMEN)} {one_of(chance, SURNAMES)}"
        return User(
            id=new_id(chance),
            email=f"{name}@{EMAIL_DOMAIN}",
            full_name=full_name,
            role=role,
            franchise_id=franchise.id if franchise else None,
            gym_id=gym.id if gym else None,
            created_at=founded_at,
        )

    users = [user("admin", "super_admin")]
    users += [user(f"proprio.{slug_of(one.name)}", "franchise_owner", franchise=one) for one in franchises]
    taken: set[str] = set()
    for story in stories:
        # A city's second gym needs its whole slug to be told apart.
        name = slug_of(story.gym.city)
        name = story.gym.slug if name in taken else name
        taken.add(name)
        users.append(user(f"manager.{name}", "gym_manager", gym=story.gym))
        users.append(user(f"equipe.{name}", "gym_staff", gym=story.gym))
    users.append(user("analyste", "analyst", franchise=franchises[0]))
    return users


def _at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=PARIS)
