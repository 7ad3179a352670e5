"""What members signed: the periods of their contracts, as the desk's software keeps them.

Pure. A period says only what was known when it was written: the end of its term, never a leaving to
come. `cancelled_on` appears on the day the membership ends, and a price changes with the next period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from warehouse.demo.chance import new_id
from warehouse.demo.gym_lives import PriceRise
from warehouse.demo.network import PARIS
from warehouse.demo.personas import Plan
from warehouse.demo.records import Membership

TERM = timedelta(days=365)
DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One member's contract with its end, if it came."""

    gym_id: UUID
    member_id: UUID
    plan: Plan
    joined_on: date
    left_on: date | None
    """The first day without a membership, where it is past."""
    frozen: tuple[date, date] | None
    """First and last day of the pause that runs today."""


def memberships_of(
    chance: Random, signature: Signature, *, rises: Sequence[PriceRise], today: date
) -> Iterator[Membership]:
    """Every period up to today, oldest first: the commitment, then a year at a time.

    A rise is announced on its day and paid from the next period on.
    """
    plan, left_on = signature.plan, signature.left_on
    price = Decimal(str(plan.price_eur)) - chance.choice((0, 0, 2, 5))
    starts_on, term = signature.joined_on, timedelta(days=DAYS_A_MONTH * plan.committed_months) or TERM
    until = left_on or today + timedelta(days=1)
    announced = starts_on
    while starts_on < until:
        for rise in rises:
            if announced < rise.day <= starts_on:
                price = (price * (1 + Decimal(str(rise.share)))).quantize(Decimal("0.10"))
        announced, expires_on = starts_on, starts_on + term
        status, cancelled_on = "expired", None
        if expires_on >= until and left_on is None:
            status = "frozen" if signature.frozen else "active"
        elif left_on is not None and left_on < expires_on:
            status, cancelled_on = "cancelled", left_on
        frozen_from, frozen_until = (signature.frozen or (None, None)) if status == "frozen" else (None, None)
        yield Membership(
            id=new_id(chance), gym_id=signature.gym_id, member_id=signature.member_id, plan=plan.name,
            status=status, started_on=starts_on, expires_on=expires_on, cancelled_on=cancelled_on,
            monthly_price_eur=price, frozen_from=frozen_from, frozen_until=frozen_until, created_at=morning(starts_on),
        )  # fmt: skip
        starts_on, term = expires_on, TERM


def morning(day: date) -> datetime:
    """Nine o'clock of a day, when the desk opens."""
    return datetime.combine(day, time(9), tzinfo=PARIS)
