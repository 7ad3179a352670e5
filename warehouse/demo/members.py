"""The members of a simulation as the desk knows them: names, badges, profiles, consents, contracts.

Pure. `personas.py` and `lives.py` say who they are and what becomes of them; here each gets the rows
that a gym would hold on the last day of the story, and not a day more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from jarvis.consents import NOTICE_VERSION
from warehouse.demo.chance import happens, new_id, one_of, stream, weighted
from warehouse.demo.contracts import Signature, memberships_of, morning
from warehouse.demo.gym_lives import GymLife
from warehouse.demo.lives import NEVER, Away, Lives
from warehouse.demo.network import PARIS, GymStory, slug_of
from warehouse.demo.personas import PLANS, Personas
from warehouse.demo.places import FIRST_NAMES, SURNAMES
from warehouse.demo.records import Absence, Consent, FitnessProfile, Member, Membership, Preference

_PURPOSES = {
    "service": 1.0, "quality_analysis": 0.97, "personalisation": 0.85, "churn_profiling": 0.9, "health": 0.4,
}  # fmt: skip
_GOALS = ("perte de poids", "prise de muscle", "endurance", "santé", "souplesse", "préparation d'une course")
# The members whose badge people try a kiosk with speaks French; the others as people on holiday do.
_LANGUAGES = {"fr": 0.93, "en": 0.04, "es": 0.03}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStory:
    """One member with the row of their life and the records of the desk."""

    row: int
    """In the arrays of `Personas` and `Lives` of their gym."""
    member: Member
    gym: GymStory
    joined_on: date
    left_on: date | None
    """The first day without a membership, where it is past."""
    language: str
    agrees_to_analysis: bool
    profile: FitnessProfile
    preference: Preference
    memberships: tuple[Membership, ...]
    consents: tuple[Consent, ...]
    absences: tuple[Absence, ...]
    """Those that were declared by now."""


def badge_of(number: int) -> str:
    """The badge of the n-th member of a network, as a reader shows a card's four-byte identifier."""
    return f"{0x04D30000 + number:08X}"


def make_members(
    gym: GymStory,
    life: GymLife,
    personas: Personas,
    lives: Lives,
    *,
    last_visits: Mapping[int, datetime],
    first_number: int,
    seed: int,
    now: datetime,
) -> Iterator[MemberStory]:
    """Every member of one gym who has joined by now, in the order of the arrays; each from a stream of their own.

    Args:
        last_visits: the last arrival of each row that has one.
        first_number: the place in the network of the gym's first member.
    """
    today = now.astimezone(PARIS).date()
    aways: dict[int, list[Away]] = {}
    for away in lives.aways:
        aways.setdefault(away.member, []).append(away)
    for row in range(len(personas)):
        chance = stream(seed, "member", first_number + row)
        joined_on = lives.first_day + timedelta(days=int(personas.joined[row]))
        left_on = lives.first_day + timedelta(days=int(lives.left[row])) if lives.left[row] < NEVER else None
        if left_on is not None and left_on > today:
            # Nobody knows yet.
            left_on = None
        member_id = new_id(chance)
        first_name, last_name = one_of(chance, FIRST_NAMES), one_of(chance, SURNAMES)
        language = "fr" if first_number + row == 1 else weighted(chance, _LANGUAGES)
        consents = tuple(_consents(chance, gym.gym.id, member_id, joined_on))
        plan = PLANS[personas.plan[row]]
        absences = tuple(
            _absences(chance, aways.get(row, ()), (gym.gym.id, member_id), lives.first_day, (joined_on, left_on), now)
        )
        frozen = next((one for one in absences if one.reason == "frozen" and _covers(one, today)), None)
        signature = Signature(
            gym_id=gym.gym.id, member_id=member_id, plan=plan, joined_on=joined_on, left_on=left_on,
            frozen=(frozen.starts_on, frozen.ends_on or today) if frozen else None,
        )  # fmt: skip
        rate = float(personas.rate[row])
        yield MemberStory(
            row=row,
            member=Member(
                id=member_id,
                gym_id=gym.gym.id,
                badge_id=badge_of(first_number + row),
                first_name=first_name,
                last_name=last_name,
                email=f"{slug_of(first_name)}.{slug_of(last_name)}.{first_number + row}@example.org",
                # Numbers the regulator keeps for fiction: they ring nowhere.
                phone=f"+3363998{chance.randrange(10000):04d}",
                birth_date=_birth_date(chance, today, plan.name),
                membership_type=plan.name,
                is_active=left_on is None,
                member_since=joined_on,
                last_visit=last_visits.get(row),
                created_at=morning(joined_on),
            ),
            gym=gym,
            joined_on=joined_on,
            left_on=left_on,
            language=language,
            agrees_to_analysis=any(one.purpose == "quality_analysis" and one.is_granted for one in consents),
            profile=_profile(chance, gym.gym.id, member_id, rate),
            preference=Preference(
                member_id,
                gym.gym.id,
                weighted(chance, {"friendly": 0.6, "encouraging": 0.25, "direct": 0.15}),
                language,
            ),
            memberships=tuple(memberships_of(chance, signature, rises=life.rises, today=today)),
            consents=consents,
            absences=absences,
        )


def _absences(
    chance: Random,
    aways: Iterable[Away],
    owner: tuple[UUID, UUID],
    first_day: date,
    membership: tuple[date, date | None],
    now: datetime,
) -> Iterator[Absence]:
    """What the member had said by now: journeys some days ahead, injuries some days late and without an end."""
    joined_on, left_on = membership
    today = now.astimezone(PARIS).date()
    for away in aways:
        starts_on, ends_on = first_day + timedelta(days=away.first), first_day + timedelta(days=away.last)
        is_planned = away.reason in ("holiday", "travel")
        said_on = starts_on + timedelta(days=-chance.randint(1, 12) if is_planned else chance.randint(0, 4))
        absence_id = new_id(chance)
        is_member = joined_on <= said_on and (left_on is None or starts_on < left_on)
        if not (away.is_declared and is_member and morning(said_on) <= now):
            continue
        # Nobody knows how long an injury lasts before it is over.
        is_open = away.reason == "injury" and ends_on >= today
        yield Absence(
            id=absence_id, gym_id=owner[0], member_id=owner[1], starts_on=starts_on,
            ends_on=None if is_open else ends_on, reason=away.reason, source="simulator", created_at=morning(said_on),
        )  # fmt: skip


def _covers(absence: Absence, day: date) -> bool:
    return absence.starts_on <= day and (absence.ends_on is None or day <= absence.ends_on)


def _birth_date(chance: Random, today: date, plan: str) -> date:
    ages = {"etudiant": (21.0, 2.5), "senior": (68.0, 5.0)}
    mean, spread = ages.get(plan, (38.0, 12.0))
    return today - timedelta(days=int(365.25 * min(84.0, max(16.0, chance.gauss(mean, spread)))))


def _consents(chance: Random, gym_id: UUID, member_id: UUID, joined_on: date) -> Iterator[Consent]:
    for purpose, share in _PURPOSES.items():
        yield Consent(
            id=new_id(chance), gym_id=gym_id, member_id=member_id, purpose=purpose,
            is_granted=happens(chance, share), notice_version=NOTICE_VERSION, source="desk",
            recorded_at=morning(joined_on),
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
