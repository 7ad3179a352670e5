"""What happens to the members of one gym, week by week, until some of them leave.

Pure, and whole arrays at once. Each member has a motivation that wanders around their own keenness and
grievances that troubles of the gym feed and time heals; both bend the habit long before they end it. A
member who wants out leaves with a month's notice, or waits in silence for the end of a commitment; others
move away in the best of moods, or are hurt and come back. So leaving shows beforehand in visits against
the member's own habit, in words and in the contract, and never surely: holidays, injuries and a bad week
look alike for a while, and chance decides the rest.

Rates are ours, set so that 2 to 5 % of members leave in a month and a table of visits looks like those of
real clubs; `python -m bench.network` prints both. A ground-truth file (`truth.py`) tells what happened.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from jarvis.calendars import HolidayRegion, SchoolZone
from warehouse.demo.chance import numbers
from warehouse.demo.gym_lives import GymLife
from warehouse.demo.personas import BILLING, CROWDING, PLANS, TOPICS, Booleans, Floats, Integers, Personas
from warehouse.demo.seasons import attendance, in_school_holidays

NEVER = 10**6
NOTICE_DAYS = 30

# Per week. Motivation keeps this much of its distance from keenness, and is moved by so much chance.
_PULL, _NOISE = 0.05, 0.16
_HEALING = 0.9
# The weekly chance to want out: what it is for a member at ease, and what moves it (log odds).
_AT_EASE = -6.95
_WEIGHT_OF_MOTIVATION, _WEIGHT_OF_GRIEVANCE, _WEIGHT_OF_LAPSE = 2.9, 0.75, 0.3
_MOVES, _INJURIES, _NEW_JOBS, _TRIPS = 0.0005, 0.0016, 0.0012, 0.009
_RECONCILED = 0.04


class Reason(StrEnum):
    """Why a member left, as only the simulation knows."""

    MOVED = "moved"
    GRIEVANCE = "grievance"
    PRICE = "price"
    INJURY = "injury"
    NEW_JOB = "new_job"
    FRIEND_LEFT = "friend_left"
    LOST_HABIT = "lost_habit"


@dataclass(frozen=True, slots=True)
class Away:
    """Days on which one member does not come, for a reason that is not the gym."""

    member: int
    first: int
    last: int
    """Days of the story, both included."""
    reason: str
    """holiday, injury, frozen or travel."""
    is_declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What became of the members of one gym: arrays have one row per member, days count from the first of the story."""

    first_day: date
    came: Booleans
    """(members, days): the days on which they came."""
    grievances: Floats
    """(members, weeks, topics): what weighs on them at the end of each week."""
    motivation: Floats
    """(members, weeks): 0 is the habit they joined with."""
    decided: Integers
    """The day on which they wanted out for good; NEVER for those who stay."""
    left: Integers
    """The first day without a membership; NEVER for those who stay."""
    reasons: tuple[Reason | None, ...]
    topics: tuple[str | None, ...]
    """What the quarrel was about, for those who left over one."""
    aways: tuple[Away, ...]

    def week(self, day: int) -> int:
        """The week of the story in which a day lies."""
        last: int = self.motivation.shape[1] - 1
        return min(max(day, 0) // 7, last)


def live(
    personas: Personas,
    gym: GymLife,
    *,
    seed: int,
    name: str,
    zone: SchoolZone,
    region: HolidayRegion | None,
    first_day: date,
    weeks: int,
    keeps_first: bool,
) -> Lives:
    """The gym's members have lived for so many weeks from the first day.

    Args:
        name: of the gym, for its own stream of chance.
        zone: of the school holidays.
        region: where more days are public holidays; None for most of the mainland.
        keeps_first: the first member stays whatever happens.
    """
    story = _Story(personas, gym, seed=seed, name=name, zone=zone, region=region, first_day=first_day, weeks=weeks)
    if keeps_first:
        story.is_safe[0] = True
    for week in range(weeks):
        story.pass_week(week)
    return story.told()


class _Story:
    """The members' state while the weeks pass."""

    def __init__(
        self,
        personas: Personas,
        gym: GymLife,
        *,
        seed: int,
        name: str,
        zone: SchoolZone,
        region: HolidayRegion | None,
        first_day: date,
        weeks: int,
    ) -> None:
        count, length = len(personas), weeks * 7
        self.personas, self.gym, self.first_day, self.weeks, self.zone = personas, gym, first_day, weeks, zone
        self.chance = numbers(seed, "lives", name)
        self.dates = [first_day + timedelta(days=offset) for offset in range(length)]
        self.share = attendance(self.dates, zone=zone, region=region) * [not gym.is_closed(day) for day in self.dates]
        self.aways: list[Away] = []
        # How much of a member each day finds: 0 away, less than 1 on the way back.
        self.presence = np.ones((count, length))
        self._plan_holidays()
        self.weights = self._weights_of_troubles()
        self.motivation = personas.keenness + 0.35 * self.chance.standard_normal(count)
        self.keenness = personas.keenness.copy()
        self.grievance = np.zeros((count, len(TOPICS)))
        self.idle_weeks = np.zeros(count)
        # Whom nothing happens to: the member whose badge people try a kiosk with.
        self.is_safe = np.zeros(count, dtype=bool)
        self.wants_out = np.zeros(count, dtype=bool)
        self.decided = np.full(count, NEVER)
        self.left = np.full(count, NEVER)
        self.reasons: list[Reason | None] = [None] * count
        self.topics: list[str | None] = [None] * count
        self.mark: list[Reason | None] = [None] * count
        self.came = np.zeros((count, length), dtype=bool)
        self.grievances = np.zeros((count, weeks, len(TOPICS)))
        self.motivations = np.zeros((count, weeks))
        self.terms = np.array([plan.committed_months * 30 for plan in PLANS])[personas.plan]

    def pass_week(self, week: int) -> None:
        """One week has happened to everybody."""
        day = 7 * week
        is_member = (self.personas.joined < day + 7) & (self.left > day)
        # The first weeks are the best.
        is_new = (self.personas.joined >= day) & is_member
        self.motivation = np.where(is_new, self.keenness + 0.6, self.motivation)
        came = self._visits(week)
        self._weigh(week, came, is_member)
        self._events(day, is_member, came)
        self._decide(day, is_member)
        self.motivations[:, week] = self.motivation
        self.grievances[:, week] = self.grievance

    def told(self) -> Lives:
        """The story so far as a record."""
        return Lives(
            first_day=self.first_day,
            came=self.came,
            grievances=self.grievances,
            motivation=self.motivations,
            decided=self.decided,
            left=self.left,
            reasons=tuple(self.reasons),
            topics=tuple(self.topics),
            aways=tuple(sorted(self.aways, key=lambda one: (one.member, one.first, one.reason))),
        )

    def _visits(self, week: int) -> Integers:
        """Visits of each member in this week; they are in `came`."""
        personas, day = self.personas, 7 * week
        days = np.arange(day, day + 7)
        is_member = (days >= personas.joined[:, None]) & (days < self.left[:, None])
        mood = np.exp(np.clip(self.motivation - 0.3 * self.grievance.sum(axis=1), -3.0, 0.75))
        # Whoever gave notice, or only waits for the contract's end, has half gone.
        mood = mood * np.where(self.decided <= day, np.where(self._moves_away, 1.0, 0.15), 1.0)
        order = np.roll(np.arange(7), -self.dates[day].weekday())
        probability = (
            (personas.rate * mood / 7)[:, None]
            * personas.weekdays[:, order]
            * self.share[day : day + 7]
            * self.presence[:, day : day + 7]
            * is_member
        )
        came = self.chance.random(probability.shape) < np.minimum(0.95, probability)
        self.came[:, day : day + 7] = came
        visits: Integers = came.sum(axis=1)
        return visits

    @property
    def _moves_away(self) -> Booleans:
        return np.array([reason is Reason.MOVED for reason in self.reasons])

    def _weigh(self, week: int, came: Integers, is_member: Booleans) -> None:
        """Grievances and motivation after what this week's visits met."""
        met = np.minimum(1.0, 0.45 + 0.25 * came) * (came > 0)
        self.grievance = self.grievance * _HEALING + met[:, None] * self.weights[week] * self.personas.sensitivity
        for rise in self.gym.rises:
            # Felt by everybody who pays, whether they came or not.
            if 0 <= (rise.day - self.dates[7 * week]).days < 7:
                felt = is_member * self.personas.sensitivity[:, BILLING]
                self.grievance[:, BILLING] += felt * rise.share / 0.05
        noise = _NOISE * self.chance.standard_normal(len(self.motivation))
        self.motivation = self.motivation + _PULL * (self.keenness - self.motivation) + noise
        excused = self.presence[:, 7 * week : 7 * week + 7].mean(axis=1) < 0.6
        self.idle_weeks = np.where(came > 0, 0.0, self.idle_weeks + ~excused)

    def _events(self, day: int, is_member: Booleans, came: Integers) -> None:
        """Injuries, new jobs and journeys of this week."""
        chance = self.chance.random((3, len(is_member)))
        is_member = is_member & ~self.is_safe
        healthy = is_member & (self.presence[:, min(day + 6, self.presence.shape[1] - 1)] == 1.0)
        for member in np.flatnonzero((chance[0] < _INJURIES * (0.6 + 0.4 * came)) & healthy):
            self._hurt(int(member), day + 7)
        for member in np.flatnonzero((chance[1] < _NEW_JOBS) & is_member):
            self.keenness[member] += self.chance.normal(-0.45, 0.35)
            self.mark[member] = Reason.NEW_JOB
        for member in np.flatnonzero((chance[2] < _TRIPS) & healthy):
            self._send_away(int(member), day + 7, int(self.chance.integers(5, 17)), "travel")

    def _hurt(self, member: int, first: int) -> None:
        """A gap of some weeks, sometimes with a pause of the contract, then a slow return."""
        length = int(np.clip(self.chance.lognormal(3.5, 0.55), 10, 130))
        is_frozen = length > 28 and self.chance.random() < 0.4
        self._send_away(member, first, length, "frozen" if is_frozen else "injury")
        back = np.arange(first + length, min(first + length + 35, self.presence.shape[1]))
        self.presence[member, back] *= 0.3 + 0.02 * (back - first - length)
        self.motivation[member] -= 0.25
        self.mark[member] = Reason.INJURY

    def _send_away(self, member: int, first: int, length: int, reason: str) -> None:
        last = min(first + length - 1, self.presence.shape[1] - 1)
        if first > last:
            return
        self.presence[member, first : last + 1] = 0.0
        habit = bool(self.personas.declares_absences[member])
        is_declared = reason == "frozen" or (habit and self.chance.random() < 0.75)
        self.aways.append(Away(member, first, last, reason, is_declared))

    def _decide(self, day: int, is_member: Booleans) -> None:
        """Who wants out, who changes their mind, and who is gone."""
        chance = self.chance.random((3, len(is_member)))
        is_free = is_member & (self.decided == NEVER) & ~self.is_safe
        weight = self.grievance.sum(axis=1)
        log_odds = (
            _AT_EASE
            - _WEIGHT_OF_MOTIVATION * self.personas.alertness * np.minimum(self.motivation, 0.6)
            + _WEIGHT_OF_GRIEVANCE * np.minimum(weight, 6.0)
            + _WEIGHT_OF_LAPSE * self.personas.alertness * np.minimum(self.idle_weeks, 10.0)
        )
        for member in np.flatnonzero((chance[0] < _MOVES) & is_free):
            self._leave(int(member), day, Reason.MOVED)
        calm = self.wants_out & (self.motivation > 0.1) & (weight < 1.0) & (chance[2] < _RECONCILED)
        self.wants_out &= ~calm
        self.wants_out |= is_free & (chance[1] < 1 / (1 + np.exp(-log_odds)))
        in_term = self.personas.joined + self.terms - day
        for member in np.flatnonzero(self.wants_out & is_free & (self.decided == NEVER)):
            # Bound until the end of the term: nothing is said, and the habit goes.
            if in_term[member] > NOTICE_DAYS:
                self.motivation[member] -= 0.2
            else:
                self._leave(int(member), day, self._reason(int(member)))

    def _leave(self, member: int, day: int, reason: Reason) -> None:
        self.decided[member] = day + int(self.chance.integers(0, 7))
        term_ends = int(self.personas.joined[member] + self.terms[member])
        notice = int(self.decided[member] + self.chance.integers(NOTICE_DAYS - 6, NOTICE_DAYS + 9))
        self.left[member] = notice if reason is Reason.MOVED else max(notice, term_ends)
        self.reasons[member] = reason
        friend = int(self.personas.friend[member])
        if friend >= 0 and self.decided[friend] == NEVER:
            self.keenness[friend] -= 0.45
            self.mark[friend] = Reason.FRIEND_LEFT

    def _reason(self, member: int) -> Reason:
        """What weighed most."""
        grievance = self.grievance[member]
        worst = int(grievance.argmax())
        if grievance.sum() > 0.9 and grievance.sum() > -1.5 * self.motivation[member]:
            self.topics[member] = TOPICS[worst]
            return Reason.PRICE if worst == BILLING else Reason.GRIEVANCE
        return self.mark[member] or Reason.LOST_HABIT

    def _plan_holidays(self) -> None:
        """Summers away, weeks with the children, before anybody joins: nobody joins on holiday."""
        count, length = len(self.personas), len(self.dates)
        for year in sorted({day.year for day in self.dates}):
            summer = (date(year, 7, 3) - self.first_day).days
            starts = summer + self.chance.integers(0, 45, count)
            lengths = self.chance.integers(7, 25, count)
            goes = self.chance.random(count) < 0.7
            for member in np.flatnonzero(goes & (starts >= 0) & (starts < length)):
                self._send_away(int(member), int(starts[member]), int(lengths[member]), "holiday")
            christmas = (date(year, 12, 21) - self.first_day).days + self.chance.integers(0, 6, count)
            goes = self.chance.random(count) < 0.3
            for member in np.flatnonzero(goes & (christmas >= 0) & (christmas < length)):
                self._send_away(int(member), int(christmas[member]), 8, "holiday")
        with_children = in_school_holidays(self.dates, zone=self.zone)
        self.presence[np.ix_(self.personas.is_parent, with_children)] *= 0.62

    def _weights_of_troubles(self) -> Floats:
        """(weeks, topics): what a visit of that week meets."""
        weights = np.zeros((self.weeks, len(TOPICS)))
        weights[:, CROWDING] = 0.13 * self.gym.crowding * self.share.reshape(self.weeks, 7).mean(axis=1) ** 3
        for trouble in self.gym.troubles:
            topic = TOPICS.index(trouble.topic)
            first, last = (trouble.starts_on - self.first_day).days, (trouble.ends_on - self.first_day).days
            for week in range(max(0, first // 7), min(self.weeks, -(-last // 7))):
                days = min(last, 7 * week + 7) - max(first, 7 * week)
                weights[week, topic] += 0.3 * trouble.severity * days / 7
        return weights
