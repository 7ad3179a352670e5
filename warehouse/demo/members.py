"""The members of a simulation: who they are, what they bought, what they agreed to, and where they are heading.

Pure. A `MemberStory` carries what no table knows (habit, trajectory); `visits.py` and
`conversations.py` act it out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from uuid import UUID

from jarvis.consents import NOTICE_VERSION
from warehouse.demo.chance import happens, new_id, one_of, stream, weighted
from warehouse.demo.network import MEN, PARIS, SURNAMES, WOMEN, GymStory, slug_of
from warehouse.demo.records import Consent, FitnessProfile, Member, Membership, Preference

FIRST_NAMES = MEN + WOMEN + (
    "Adèle", "Alain", "Amandine", "Antoine", "Aurélie", "Bastien", "Béatrice", "Benoît", "Brigitte", "Caroline",
    "Catherine", "Christophe", "Claire", "Damien", "Delphine", "Didier", "Élodie", "Éric", "Fanny", "Florian",
    "Françoise", "Gaëlle", "Guillaume", "Hélène", "Hugo", "Inès", "Isabelle", "Jérôme", "Joël", "Karine", "Léa",
    "Léo", "Louis", "Maëlle", "Marc", "Margaux", "Michel", "Mohamed", "Monique", "Noémie", "Odile", "Olivier",
    "Paul", "Philippe", "Quentin", "Raphaël", "Sabrina", "Sylvie", "Théo", "Valérie", "Xavier", "Yasmine", "Zoé",
)  # fmt: skip


class Trajectory(StrEnum):
    """Where a member's habit goes over the simulated days."""

    STEADY = "steady"
    GROWING = "growing"
    DECLINING = "declining"
    LOST = "lost"
    CANCELLED = "cancelled"
    NEWCOMER = "newcomer"
    PAUSED = "paused"
    DORMANT = "dormant"


_TRAJECTORIES = {
    Trajectory.STEADY: 0.55,
    Trajectory.GROWING: 0.08,
    Trajectory.DECLINING: 0.12,
    Trajectory.LOST: 0.07,
    Trajectory.CANCELLED: 0.06,
    Trajectory.NEWCOMER: 0.08,
    Trajectory.PAUSED: 0.02,
    Trajectory.DORMANT: 0.02,
}
_DRIFTING = frozenset({Trajectory.DECLINING, Trajectory.LOST, Trajectory.CANCELLED, Trajectory.PAUSED})


@dataclass(frozen=True, slots=True)
class Plan:
    """One formula a gym sells."""

    term_days: int
    prices_eur: tuple[str, ...]
    share: float


PLANS = {
    "essentiel": Plan(365, ("29.90", "32.90"), 0.45),
    "premium": Plan(365, ("44.90", "49.90"), 0.2),
    "flex": Plan(182, ("39.90",), 0.15),
    "etudiant": Plan(274, ("24.90",), 0.12),
    "senior": Plan(365, ("27.90",), 0.08),
}

# When people come: an hour and how far they stray from it, and weights for Monday to Sunday.
_HOURS = {(7.0, 0.6): 0.17, (10.0, 1.2): 0.12, (12.4, 0.4): 0.16, (15.5, 1.3): 0.1, (18.4, 0.9): 0.35, (20.2, 0.7): 0.1}
_WEEKS: dict[tuple[float, ...], float] = {
    (1.3, 1.1, 1.2, 1.1, 0.9, 0.8, 0.6): 0.5,
    (1.6, 0.3, 1.6, 0.3, 1.6, 0.9, 0.7): 0.2,
    (0.3, 1.7, 0.3, 1.7, 0.3, 1.6, 1.1): 0.2,
    (0.4, 0.4, 0.4, 0.4, 0.6, 2.6, 2.2): 0.1,
}
_PURPOSES = {
    "service": 1.0, "quality_analysis": 0.97, "personalisation": 0.85, "churn_profiling": 0.9, "health": 0.4,
}  # fmt: skip
_GOALS = ("perte de poids", "prise de muscle", "endurance", "santé", "souplesse", "préparation d'une course")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStory:
    """One member with what happens to them."""

    member: Member
    gym: GymStory
    trajectory: Trajectory
    joined_on: date
    drift_on: date | None
    """First day of a decline; None for those who do not drift."""
    drift_days: int
    """How long the decline takes."""
    left_on: date | None
    """First day without a valid membership: nothing happens from here on."""
    visits_per_week: float
    """The habit before any drift."""
    hour: float
    hour_spread: float
    weekday_weights: tuple[float, ...]
    talkativeness: float
    """Conversations per visit."""
    language: str
    agrees_to_analysis: bool
    profile: FitnessProfile
    preference: Preference
    memberships: tuple[Membership, ...]
    consents: tuple[Consent, ...]


def make_members(
    stories: Sequence[GymStory], *, members: int, days: int, seed: int, now: datetime
) -> Iterator[MemberStory]:
    """Members spread over the gyms by weight; each is drawn from a stream of their own."""
    shares = stream(seed, "shares").choices(
        stories, [story.weight for story in stories], k=max(0, members - len(stories))
    )
    # Every gym has at least one member, however small the network.
    for number, gym in enumerate([*stories, *shares][:members], start=1):
        yield _member(stream(seed, "member", number), gym, number=number, days=days, now=now)


def badge_of(number: int) -> str:
    """The badge of the n-th member of a network, as a reader shows a card's four-byte identifier."""
    return f"{0x04D30000 + number:08X}"


def _member(chance: Random, gym: GymStory, *, number: int, days: int, now: datetime) -> MemberStory:
    today = now.astimezone(PARIS).date()
    first_day = today - timedelta(days=days)
    # The first member is the one whose badge people try a kiosk with: they stay.
    trajectory = Trajectory.STEADY if number == 1 else weighted(chance, _TRAJECTORIES)
    if trajectory is Trajectory.NEWCOMER:
        joined_on = first_day + timedelta(days=int(chance.uniform(0, 0.8) * days))
    else:
        joined_on = first_day - timedelta(days=chance.randint(20, 1200))
    drift_on = first_day + timedelta(days=int(chance.uniform(0.15, 0.6) * days)) if trajectory in _DRIFTING else None
    drift_days = max(5, int(days * (0.4 if trajectory is Trajectory.DECLINING else 0.2)))
    left_on = None
    if drift_on is not None and (
        trajectory is Trajectory.CANCELLED or (trajectory is Trajectory.LOST and happens(chance, 0.4))
    ):
        left_on = min(today, drift_on + timedelta(days=drift_days + chance.randint(0, max(1, days // 8))))

    member_id = new_id(chance)
    first_name, last_name = one_of(chance, FIRST_NAMES), one_of(chance, SURNAMES)
    hour, hour_spread = weighted(chance, _HOURS)
    visits_per_week = min(6.0, max(0.4, chance.gammavariate(4.0, 0.55)))
    language = weighted(chance, {"fr": 0.92, "en": 0.04, "es": 0.04})
    plan_name = weighted(chance, {name: plan.share for name, plan in PLANS.items()})
    consents = tuple(_consents(chance, gym.gym.id, member_id, joined_on))
    birth_date = today - timedelta(days=int(365.25 * min(82.0, max(16.0, chance.gauss(37, 13)))))
    return MemberStory(
        member=Member(
            id=member_id,
            gym_id=gym.gym.id,
            badge_id=badge_of(number),
            first_name=first_name,
            last_name=last_name,
            email=f"{slug_of(first_name)}.{slug_of(last_name)}.{number}@example.org",
            # Numbers the regulator keeps for fiction: they ring nowhere.
            phone=f"+3363998{chance.randrange(10000):04d}",
            birth_date=birth_date,
            membership_type=plan_name,
            is_active=left_on is None,
            member_since=joined_on,
            last_visit=None,
            created_at=_morning(joined_on),
        ),
        gym=gym,
        trajectory=trajectory,
        joined_on=joined_on,
        drift_on=drift_on,
        drift_days=drift_days,
        left_on=left_on,
        visits_per_week=visits_per_week,
        hour=hour,
        hour_spread=hour_spread,
        weekday_weights=weighted(chance, _WEEKS),
        talkativeness=min(0.5, chance.lognormvariate(-2.95, 0.8)),
        language=language,
        agrees_to_analysis=any(one.purpose == "quality_analysis" and one.is_granted for one in consents),
        profile=_profile(chance, gym.gym.id, member_id, visits_per_week),
        preference=Preference(
            member_id, gym.gym.id, weighted(chance, {"friendly": 0.6, "encouraging": 0.25, "direct": 0.15}), language
        ),
        memberships=tuple(
            _memberships(
                chance, gym.gym.id, member_id, plan_name,
                joined_on=joined_on, left_on=left_on, today=today, trajectory=trajectory,
            )
        ),
        consents=consents,
    )  # fmt: skip


def _memberships(
    chance: Random,
    gym_id: UUID,
    member_id: UUID,
    plan_name: str,
    *,
    joined_on: date,
    left_on: date | None,
    today: date,
    trajectory: Trajectory,
) -> Iterator[Membership]:
    """The period before the current one, where there was one, and the current one."""
    plan = PLANS[plan_name]
    term = timedelta(days=plan.term_days)
    price = Decimal(one_of(chance, plan.prices_eur))

    def period(started_on: date, expires_on: date, status: str, cancelled_on: date | None = None) -> Membership:
        return Membership(
            id=new_id(chance), gym_id=gym_id, member_id=member_id, plan=plan_name, status=status,
            started_on=started_on, expires_on=expires_on, cancelled_on=cancelled_on,
            monthly_price_eur=price, created_at=_morning(started_on),
        )  # fmt: skip

    if left_on is not None and trajectory is Trajectory.LOST:
        # Not renewed: the period ran out on the day they left.
        yield period(max(joined_on, left_on - term), left_on, "expired")
        return
    reference_day = left_on or today
    started_on = joined_on + term * ((reference_day - joined_on) // term)
    if started_on > joined_on:
        yield period(started_on - term, started_on, "expired")
    expires_on = started_on + term
    if left_on is not None:
        yield period(started_on, expires_on, "cancelled", left_on)
    else:
        yield period(started_on, expires_on, "frozen" if trajectory is Trajectory.PAUSED else "active")


def _consents(chance: Random, gym_id: UUID, member_id: UUID, joined_on: date) -> Iterator[Consent]:
    for purpose, share in _PURPOSES.items():
        yield Consent(
            id=new_id(chance), gym_id=gym_id, member_id=member_id, purpose=purpose,
            is_granted=happens(chance, share), notice_version=NOTICE_VERSION, source="desk",
            recorded_at=_morning(joined_on),
        )  # fmt: skip


def _profile(chance: Random, gym_id: UUID, member_id: UUID, visits_per_week: float) -> FitnessProfile:
    weight = round(min(140.0, max(45.0, chance.gauss(75, 14))), 1)
    return FitnessProfile(
        member_id=member_id,
        gym_id=gym_id,
        height_cm=min(205, max(145, round(chance.gauss(171, 9)))),
        current_weight_kg=Decimal(str(weight)),
        target_weight_kg=Decimal(str(round(weight * chance.uniform(0.88, 1.04), 1))),
        fitness_level=weighted(chance, {"beginner": 0.4, "intermediate": 0.45, "advanced": 0.15}),
        primary_goals=chance.sample(_GOALS, chance.randint(1, 2)),
        workout_frequency_per_week=round(visits_per_week),
    )


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), tzinfo=PARIS)
