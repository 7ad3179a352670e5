"""What a gym of a simulation offers: machines with their numbers and zones, a timetable, places taken in it.

Pure. Bookings and goals belong to members who still come; everything is drawn from streams of its own, so that the
rest of a network stays as it was.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from warehouse.demo.chance import happens, new_id, one_of, stream
from warehouse.demo.contracts import morning
from warehouse.demo.gym_lives import GymLife
from warehouse.demo.members import MemberStory
from warehouse.demo.network import PARIS, GymStory
from warehouse.demo.records import ClassBooking, GymClass, GymClosure, GymMachine, MemberGoal

# Name, how many of them (None: one without a number), zone.
MACHINES = (
    ("tapis", 12, "plateau cardio"), ("vélo", 10, "plateau cardio"), ("vélo elliptique", 6, "plateau cardio"),
    ("rameur", 4, "plateau cardio"), ("stepper", 2, "plateau cardio"),
    ("presse à cuisses", None, "plateau musculation"),
    ("poulie", 4, "plateau musculation"), ("cage à squat", 2, "zone poids libres"), ("banc", 5, "zone poids libres"),
    ("machine à tractions", None, "plateau musculation"), ("leg curl", None, "plateau musculation"),
    ("leg extension", None, "plateau musculation"), ("fontaine à eau", None, "entrée"),
)  # fmt: skip

# Name, weekdays (Monday is 1), time, minutes, places, room.
CLASSES = (
    ("Yoga", (1, 3), time(18, 30), 60, 16, "studio zen"), ("Yoga", (6,), time(10, 0), 60, 16, "studio zen"),
    ("Pilates", (2, 4), time(12, 15), 45, 14, "studio zen"),
    ("Cycling", (1, 3, 5), time(12, 30), 45, 18, "salle cycling"),
    ("Cycling", (2, 4), time(19, 0), 45, 18, "salle cycling"),
    ("Boxe", (2, 5), time(19, 30), 60, 12, "studio"),
    ("Zumba", (3,), time(20, 0), 60, 25, "studio"), ("Body pump", (1, 4), time(18, 0), 60, 20, "studio"),
    ("Stretching", (7,), time(10, 30), 45, 20, "studio zen"), ("Cross training", (6,), time(11, 15), 45, 10, "studio"),
)  # fmt: skip

_GOALS = (
    ("weekly_visits", 2, "venir deux fois par semaine"),
    ("weekly_visits", 3, "venir trois fois par semaine"),
    ("total_visits", 20, "faire vingt séances"),
    ("other", None, "courir dix kilomètres sans m'arrêter"),
    ("other", None, "réussir ma première traction"),
)
_DAYS_AHEAD = 7
_ANNOUNCED_DAYS = 40
# Always full, so that a demo has a waiting list to show.
SOUGHT_AFTER = "Cross training"


def machines_of(story: GymStory, *, seed: int) -> Iterator[GymMachine]:
    """Every machine of one gym; the treadmill its members complain about is among them."""
    chance = stream(seed, "machines", story.gym.slug)
    for name, count, zone in MACHINES:
        for number in [None] if count is None else range(1, count + 1):
            yield GymMachine(new_id(chance), story.gym.id, name, number, zone)


def classes_of(story: GymStory, *, seed: int) -> Iterator[GymClass]:
    """One week of one gym, led by its two coaches, inside its opening hours."""
    chance = stream(seed, "classes", story.gym.slug)
    for name, weekdays, starts_at, minutes, capacity, room in CLASSES:
        for weekday in weekdays:
            coach = one_of(chance, (story.coach_f, story.coach_m))
            yield GymClass(new_id(chance), story.gym.id, name, weekday, starts_at, minutes, capacity, coach, room)


def closures_of(story: GymStory, life: GymLife, *, seed: int, now: datetime) -> Iterator[GymClosure]:
    """The closures of one gym that are past or announced a month ahead."""
    chance = stream(seed, "closures", story.gym.slug)
    announced_until = now.astimezone(PARIS).date() + timedelta(days=_ANNOUNCED_DAYS)
    for closure in life.closures:
        closure_id = new_id(chance)
        if closure.starts_on <= announced_until:
            announced_at = morning(closure.starts_on - timedelta(days=_ANNOUNCED_DAYS))
            yield GymClosure(closure_id, story.gym.id, closure.starts_on, closure.ends_on, closure.reason, announced_at)


def bookings_of(
    classes: Sequence[GymClass], members: Sequence[MemberStory], *, seed: int, now: datetime
) -> Iterator[ClassBooking]:
    """The coming week of one gym: most classes half full, the one everybody wants full with a waiting list."""
    today = now.astimezone(PARIS).date()
    active = [story for story in members if story.member.is_active]
    for ahead in range(_DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        offered = [one for one in classes if one.weekday == day.isoweekday() and _begins(one, day) > now]
        chance = stream(seed, "bookings", str(classes[0].gym_id), day.isoformat())
        # Each comes to one class a day at most: nobody is in two rooms at once.
        comers = chance.sample(active, k=round(len(active) * 0.35))
        for class_ in sorted(offered, key=lambda one: one.name != SOUGHT_AFTER):
            wanted = class_.capacity + 2 if class_.name == SOUGHT_AFTER else round(class_.capacity * chance.random())
            taken, comers = comers[:wanted], comers[wanted:]
            for number, story in enumerate(taken):
                status = "booked" if number < class_.capacity else "waiting"
                booked_at = now - timedelta(minutes=7200 - number)
                yield ClassBooking(new_id(chance), class_.gym_id, class_.id, day, story.member.id, status, booked_at)


def goals_of(members: Sequence[MemberStory], *, seed: int, now: datetime, is_first_gym: bool) -> Iterator[MemberGoal]:
    """One goal of every third active member; the first member of the network always has one."""
    for story in members:
        chance = stream(seed, "goal", str(story.member.id))
        is_first = is_first_gym and story is members[0]
        if not story.member.is_active or not (happens(chance, 0.33) or is_first):
            continue
        kind, target, description = _GOALS[1] if is_first else one_of(chance, _GOALS)
        started_at = now - timedelta(days=chance.randint(2, 40))
        yield MemberGoal(new_id(chance), story.member.gym_id, story.member.id, kind, target, description, started_at)


def _begins(class_: GymClass, day: date) -> datetime:
    return datetime.combine(day, class_.starts_at, tzinfo=PARIS)
