"""Who the members of one gym are before anything happens to them: habits, tastes, contracts, friends.

Pure, and whole arrays at once: one row per member. No table of the product holds any of this; `lives.py`
acts it out and `members.py` gives it names.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.chance import numbers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Plan:
    """One formula a gym sells."""

    name: str
    share: float
    price_eur: float
    committed_months: int
    """Nobody leaves earlier without a reason the law knows; 0 to leave with a month's notice."""


PLANS = (
    Plan("essentiel", 0.34, 31.9, 12),
    Plan("premium", 0.16, 46.9, 12),
    Plan("flex", 0.32, 39.9, 0),
    Plan("etudiant", 0.11, 24.9, 9),
    Plan("senior", 0.07, 27.9, 12),
)

# What members quarrel about, in the columns of a grievance.
TOPICS = (
    "equipment", "showers_lockers", "cleanliness", "temperature_air", "class_schedule", "music_noise",
    "staff_coaching", "crowding", "billing",
)  # fmt: skip
CROWDING, BILLING = TOPICS.index("crowding"), TOPICS.index("billing")

# When people come: hour, how far they stray from it, share.
_HOURS = ((7.0, 0.6, 0.17), (10.0, 1.2, 0.12), (12.4, 0.4, 0.16), (15.5, 1.3, 0.1), (18.4, 0.9, 0.35), (20.2, 0.7, 0.1))
# Monday to Sunday, share.
_WEEKS = (
    ((1.3, 1.1, 1.2, 1.1, 0.9, 0.8, 0.6), 0.5),
    ((1.6, 0.3, 1.6, 0.3, 1.6, 0.9, 0.7), 0.2),
    ((0.3, 1.7, 0.3, 1.7, 0.3, 1.6, 1.1), 0.2),
    ((0.4, 0.4, 0.4, 0.4, 0.6, 2.6, 2.2), 0.1),
)
# Who joins when: resolutions in January, the return in September.
_JOINING = np.array([1.7, 1.1, 1.0, 0.9, 0.8, 0.8, 0.6, 0.6, 1.9, 1.3, 0.9, 0.6])
# A fraction of the members that joins each month in a gym that stays as large as it is.
_JOINERS_PER_MONTH = 0.032
# Who pays and hardly comes: every club has them, and they stay for years.
_FORGETFUL = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Personas:
    """The members of one gym: every array has one row per member."""

    joined: Integers
    """Day of joining, counted from the first day of the story; negative for those who were there before."""
    rate: Floats
    """Visits a week in an ordinary week."""
    weekdays: Floats
    """(members, 7): Monday to Sunday, mean 1."""
    hour: Floats
    hour_spread: Floats
    keenness: Floats
    """Where motivation comes back to; 0 is the habit they joined with."""
    alertness: Floats
    """How much not coming tells them to leave: 1, or little for those who pay and forget."""
    sensitivity: Floats
    """(members, topics): what a trouble weighs on them."""
    plan: Integers
    """Index into PLANS."""
    friend: Integers
    """Row of the one they train with; -1 for those who come alone."""
    is_parent: Booleans
    takes_classes: Booleans
    declares_absences: Booleans
    talkativeness: Floats
    """Conversations per visit."""
    is_blunt: Booleans
    """Says what is wrong; the others leave in silence."""

    def __len__(self) -> int:
        return len(self.rate)


def personas_of(
    count: int, *, seed: int, gym: str, first_month: int, history_days: int, talk: float, keeps_first: bool
) -> Personas:
    """So many members of one gym over `history_days` days from the first of the story.

    Args:
        first_month: the month (1–12) of the first day: joining has seasons.
        talk: multiplies everybody's talkativeness.
        keeps_first: the first member is an old, steady one.
    """
    chance = numbers(seed, "personas", gym)
    months = history_days / 30.4
    joiners = _JOINERS_PER_MONTH * months / (1 + _JOINERS_PER_MONTH * months)
    is_joiner = chance.random(count) < joiners
    joined = np.where(
        is_joiner, _joining_days(chance, count, first_month, history_days), -20 - chance.exponential(520, count)
    ).astype(np.int64)
    hours = np.array(_HOURS)
    when = chance.choice(len(hours), count, p=hours[:, 2])
    weeks = np.array([weights for weights, _ in _WEEKS])
    week = chance.choice(len(weeks), count, p=[share for _, share in _WEEKS])
    hour = chance.normal(hours[when, 0], 0.4)
    takes_classes = chance.random(count) < 0.4
    sensitivity = np.clip(chance.lognormal(-0.25, 0.7, (count, len(TOPICS))), 0.05, 4.0)
    sensitivity[:, CROWDING] *= (hour > 16.5) & (hour < 20.5)
    sensitivity[:, TOPICS.index("class_schedule")] *= takes_classes
    sensitivity[:, TOPICS.index("equipment")] *= chance.random(count) < 0.65
    plan = chance.choice(len(PLANS), count, p=[one.share for one in PLANS])
    # Those who joined in January on a resolution fade sooner than those who joined because they train.
    keenness = chance.normal(0.12, 0.38, count) - 0.3 * is_joiner * (chance.random(count) < 0.35)
    forgets = chance.random(count) < _FORGETFUL
    keenness -= 1.7 * forgets
    talkativeness = np.minimum(0.6, talk * chance.lognormal(-2.65, 0.8, count))
    if keeps_first and count:
        joined[0], keenness[0], plan[0], forgets[0] = -400, 0.6, 0, False
        sensitivity[0] *= 0.3
        talkativeness[0] = max(talkativeness[0], 0.08)
    return Personas(
        joined=joined,
        rate=np.clip(chance.lognormal(np.log(1.35), 0.55, count), 0.25, 5.0),
        weekdays=weeks[week] / weeks[week].mean(axis=1, keepdims=True),
        hour=hour,
        hour_spread=hours[when, 1],
        keenness=keenness,
        alertness=np.where(forgets, 0.15, 1.0),
        sensitivity=sensitivity,
        plan=plan,
        friend=_friends(chance, count),
        is_parent=chance.random(count) < 0.3,
        takes_classes=takes_classes,
        declares_absences=chance.random(count) < 0.35,
        talkativeness=talkativeness,
        is_blunt=chance.random(count) < 0.6,
    )


def _joining_days(chance: np.random.Generator, count: int, first_month: int, history_days: int) -> Integers:
    months = (first_month - 1 + np.arange(history_days) // 30.4).astype(np.int64) % 12
    weights = _JOINING[months]
    return chance.choice(history_days, count, p=weights / weights.sum())


def _friends(chance: np.random.Generator, count: int) -> Integers:
    """Two in five train in pairs."""
    friend = np.full(count, -1)
    paired = chance.permutation(count)[: 2 * round(0.2 * count)].reshape(-1, 2)
    friend[paired[:, 0]], friend[paired[:, 1]] = paired[:, 1], paired[:, 0]
    return friend
