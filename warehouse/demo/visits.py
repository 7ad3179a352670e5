"""When members come: their habit, day by day, under holidays, opening hours and their trajectory.

Pure. At most one visit a day; never outside opening hours, never before joining, never after leaving.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from warehouse.demo.chance import happens
from warehouse.demo.members import MemberStory, Trajectory
from warehouse.demo.network import PARIS

# Nobody starts a training session in the last minutes.
LATEST_BEFORE_CLOSING = timedelta(minutes=25)

_PUBLIC_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
# First and last (month, day) of the school holidays, roughly, and the share of visits that remains.
_SCHOOL_HOLIDAYS = (
    ((12, 20), (12, 31), 0.5), ((1, 1), (1, 4), 0.6), ((2, 14), (2, 28), 0.85), ((4, 11), (4, 26), 0.85),
    ((7, 6), (8, 25), 0.65), ((10, 18), (11, 2), 0.85),
)  # fmt: skip


def attendance_factor(day: date) -> float:
    """The share of usual visits that a day's holidays leave."""
    if (day.month, day.day) in _PUBLIC_HOLIDAYS:
        return 0.3
    for first, last, factor in _SCHOOL_HOLIDAYS:
        if first <= (day.month, day.day) <= last:
            return factor
    return 1.0


def habit_factor(story: MemberStory, day: date, *, first_day: date, last_day: date) -> float:
    """How much of the member's habit is left on a day: 1 as ever, 0 gone."""
    progress = (day - first_day) / max(timedelta(days=1), last_day - first_day)
    match story.trajectory:
        case Trajectory.DORMANT:
            return 0.0
        case Trajectory.GROWING:
            return 0.6 + 0.8 * progress
        case Trajectory.NEWCOMER:
            return 1.3 if (day - story.joined_on).days < 21 else 0.9
    if story.drift_on is None or day < story.drift_on:
        return 1.0
    done = min(1.0, (day - story.drift_on).days / story.drift_days)
    floor = 0.2 if story.trajectory is Trajectory.DECLINING else 0.0
    return 1.0 - (1.0 - floor) * done


def visit_times(chance: Random, story: MemberStory, *, days: int, now: datetime) -> Iterator[datetime]:
    """The member's arrivals over the last `days`, in order, in UTC."""
    last_day = now.astimezone(PARIS).date()
    first_day = last_day - timedelta(days=days)
    mean_weight = sum(story.weekday_weights) / 7
    for offset in range(days + 1):
        day = first_day + timedelta(days=offset)
        if day < story.joined_on or (story.left_on is not None and day >= story.left_on):
            continue
        probability = (
            story.visits_per_week / 7
            * story.weekday_weights[day.weekday()] / mean_weight
            * attendance_factor(day)
            * habit_factor(story, day, first_day=first_day, last_day=last_day)
        )  # fmt: skip
        if not happens(chance, min(0.95, probability)):
            continue
        arrived_at = _arrival(chance, story, day)
        if arrived_at <= now:
            yield arrived_at


def _arrival(chance: Random, story: MemberStory, day: date) -> datetime:
    opens_at, closes_at = story.gym.open_on(day)
    wanted = datetime.combine(day, time(), tzinfo=PARIS) + timedelta(hours=chance.gauss(story.hour, story.hour_spread))
    latest = closes_at - LATEST_BEFORE_CLOSING
    if not opens_at <= wanted <= latest:
        # Whoever finds the door closed comes at another time of that day.
        wanted = opens_at + (latest - opens_at) * chance.random()
    return wanted.replace(microsecond=0).astimezone(UTC)
