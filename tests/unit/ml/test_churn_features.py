"""Features of a day rest on nothing later; labels are what the memberships say once they are settled."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest

from jarvis.absences import Declared
from jarvis.churn import Contract, MemberHistory, Talk
from jarvis.visit_habits import NO_RECORD
from ml.churn.explain import muted_days
from ml.churn.features import FEATURES, Timeline
from ml.churn.snapshots import has_left, matrix, month_starts

DAY = date(2026, 3, 2)
HALF_A_YEAR = timedelta(days=182)


def member(number: int = 1, *, seen: tuple[int, ...] = (), joined: int = 300, **changes: object) -> MemberHistory:
    """A member seen so many days before DAY (negative: after it)."""
    history = MemberHistory(
        gym_id=UUID(int=1 + number % 2),
        member_id=UUID(int=number),
        joined_on=DAY - timedelta(days=joined),
        seen_on=tuple(sorted(DAY - timedelta(days=days) for days in seen)),
    )
    return replace(history, **changes)  # type: ignore[arg-type]


def row_of(history: MemberHistory) -> dict[str, float]:
    """The one row of the member on DAY."""
    return Timeline.of([history]).snapshot(DAY).row(0, named=True)


def random_absence(chance: Random) -> Declared:
    """Days away around DAY that were declared before it began, often after the first of them."""
    start = DAY - timedelta(days=chance.randint(2, 120))
    known_from = min(DAY, start + timedelta(days=chance.randint(-10, 60)))
    return Declared(start, start + timedelta(days=chance.randint(1, 90)), known_from)


def changed_since(declared: Declared, chance: Random) -> tuple[Declared, ...]:
    """The absence as it is known after DAY: as it was, withdrawn, or ended early; DAY itself knew the old one."""
    how = chance.choice(("same", "withdrawn", "ended"))
    changed_on = DAY + timedelta(days=chance.randint(0, 30))
    before = replace(declared, known_until=changed_on)
    # A version that stood when it ended is kept beside the new one.
    shorter = replace(declared, ends_on=declared.starts_on, known_from=changed_on + timedelta(days=1))
    return {"same": (declared,), "withdrawn": (before,), "ended": (before, shorter)}[how]


def random_member(number: int, chance: Random) -> MemberHistory:
    """Somebody with a past and a future around DAY."""
    days = sorted({DAY + timedelta(days=chance.randint(-250, 120)) for _ in range(chance.randint(0, 90))})
    talks = sorted({DAY + timedelta(days=chance.randint(-200, 90)) for _ in range(chance.randint(0, 8))})
    start = DAY - timedelta(days=chance.randint(10, 500))
    return member(
        number,
        joined=chance.randint(5, 600),
        seen_on=tuple(days),
        muted_on=tuple(sorted({DAY + timedelta(days=chance.randint(-60, 60)) for _ in range(5)})),
        away=tuple(random_absence(chance) for _ in range(chance.randint(0, 2))),
        talks=tuple(
            Talk(
                day=day, sentiment_score=chance.choice([None, chance.uniform(-1, 1)]),
                is_negative=chance.random() < 0.4, wants_out=chance.random() < 0.2,
            )
            for day in talks
        ),
        contracts=(
            Contract(
                plan="a", started_on=start, expires_on=start + timedelta(days=365), monthly_price_eur=30.0,
                cancelled_on=DAY + timedelta(days=chance.randint(0, 80)) if chance.random() < 0.3 else None,
            ),
        ),
    )  # fmt: skip


def with_another_future(one: MemberHistory, chance: Random) -> MemberHistory:
    """The same past, and a future that is anybody's."""
    later = sorted({DAY + timedelta(days=chance.randint(0, 200)) for _ in range(chance.randint(0, 60))})
    begun = tuple(contract for contract in one.contracts if contract.started_on < DAY)
    contracts = tuple(
        replace(contract, cancelled_on=chance.choice([None, DAY + timedelta(days=chance.randint(0, 50))]))
        for contract in begun
    )
    former: tuple[Contract, ...] = ()
    if chance.random() < 0.5:
        # Prolonged, dearer and cancelled for a day of before, all of it written down since.
        former = tuple(replace(contract, known_until=DAY) for contract in begun)
        contracts = tuple(
            replace(
                contract, expires_on=contract.expires_on + timedelta(days=99), monthly_price_eur=49.0,
                cancelled_on=chance.choice([None, DAY - timedelta(days=9)]), known_from=DAY + timedelta(days=1),
            )
            for contract in begun
        )  # fmt: skip
    declared_since = Declared(
        DAY - timedelta(days=chance.randint(1, 40)), DAY + timedelta(days=9), DAY + timedelta(days=1)
    )
    return replace(
        one,
        seen_on=(*(day for day in one.seen_on if day < DAY), *later),
        # Whether the day itself is a holiday is written in the calendar.
        muted_on=(*(day for day in one.muted_on if day <= DAY), *(day for day in later[:3] if day > DAY)),
        away=(*(each for old in one.away for each in changed_since(old, chance)), declared_since),
        former_contracts=former,
        talks=(
            *(talk for talk in one.talks if talk.day < DAY),
            *(Talk(day=day, sentiment_score=-1.0, is_negative=True, wants_out=True) for day in later[:5]),
        ),
        contracts=(
            *contracts,
            Contract(plan="b", started_on=DAY, expires_on=DAY + timedelta(days=30), monthly_price_eur=99.0),
        ),
    )


def with_days_in_time(one: MemberHistory) -> tuple[date, ...]:
    """The member's muted days with those of their absences that were declared in time, as the store brings them."""
    days = {day for each in one.away if each.in_time for day in each.in_time.days_within(DAY - HALF_A_YEAR, DAY)}
    return tuple(sorted(days.union(one.muted_on)))


def test_another_future_changes_no_feature() -> None:
    """Visits, words, absences, cancellations and contracts from the day on are shuffled, and absences and contracts
    of before are declared late, changed or withdrawn: every figure stays."""
    chance = Random(11)
    histories = [random_member(number, chance) for number in range(150)]
    shuffled = [with_another_future(one, chance) for one in histories]
    histories, shuffled = (
        [replace(one, muted_on=with_days_in_time(one)) for one in each] for each in (histories, shuffled)
    )
    one, other = (Timeline.of(each).snapshot(DAY) for each in (histories, shuffled))
    assert one.height > 140
    # To the rounding of sums over everybody.
    np.testing.assert_allclose(matrix(one), matrix(other), rtol=0, atol=1e-9)
    assert one.drop(FEATURES).equals(other.drop(FEATURES), null_equal=True)


def test_a_record_that_begins_later_is_no_feature_of_before() -> None:
    """Whether the gym's first visit on record is tomorrow's, next year's or none at all, the day knows of none."""
    chance = Random(4)
    histories = [replace(random_member(number, chance), seen_on=()) for number in range(40)]
    rows = [
        matrix(Timeline.of([replace(one, recorded_from=begins) for one in histories]).snapshot(DAY))
        for begins in (DAY, DAY + timedelta(days=1), DAY + timedelta(days=300), NO_RECORD)
    ]
    assert (rows[0][:, FEATURES.index("days_away")] == 0).all()
    for other in rows[1:]:
        np.testing.assert_array_equal(rows[0], other)


def test_another_past_does() -> None:
    """The test above can fail."""
    chance = Random(11)
    histories = [random_member(number, chance) for number in range(50)]
    moved = [replace(one, seen_on=one.seen_on[1:]) for one in histories]
    one, other = (matrix(Timeline.of(each).snapshot(DAY)) for each in (histories, moved))
    assert not np.allclose(one, other, rtol=0, atol=1e-9, equal_nan=True)


def test_windows_end_the_day_before() -> None:
    """A visit on the day itself is the future; one 28 days before is in the window, one 29 days before is not."""
    assert row_of(member(seen=(0,)))["visits_28"] == 0
    assert row_of(member(seen=(1, 28, 29)))["visits_28"] == 2
    assert row_of(member(seen=(1, 28, 29)))["visits_28_before"] == 1
    assert row_of(member(seen=(5, 9)))["days_away"] == 5


def test_absence_is_measured_in_the_members_own_habit() -> None:
    """Eight days away: two habits of somebody who came every four days, half a one of who came every sixteen."""
    often = row_of(member(seen=tuple(range(8, 160, 4))))
    seldom = row_of(member(seen=tuple(range(8, 160, 16))))
    assert (often["days_away"], seldom["days_away"]) == (8, 8)
    assert often["days_away_in_habits"] == pytest.approx(2)
    assert seldom["days_away_in_habits"] == pytest.approx(0.5)


def test_muted_days_are_no_absence() -> None:
    """Ten days of holiday after the last visit leave four days of absence, and are told apart from them."""
    holiday = tuple(DAY - timedelta(days=days) for days in range(10, 0, -1))
    rested, present = row_of(member(seen=(14,), muted_on=holiday)), row_of(member(seen=(14,)))
    assert (rested["days_away"], muted_days(rested)) == (4, 10)
    assert (present["days_away"], muted_days(present)) == (14, 0)


def test_never_seen_counts_from_joining() -> None:
    """And has no last visit."""
    found = row_of(member(joined=40))
    assert found["days_away"] == 40
    assert np.isnan(found["last_seen"])
    assert np.isnan(found["gap_mean"])


def test_members_do_not_mix() -> None:
    """Figures of a member are the same alone and among others of other gyms."""
    chance = Random(3)
    histories = [random_member(number, chance) for number in range(40)]
    frame = Timeline.of(histories).snapshot(DAY)
    together = dict(zip(frame["place"].to_list(), matrix(frame), strict=True))
    trend = FEATURES.index("gym_trend")
    for place, figures in together.items():
        alone = matrix(Timeline.of([histories[place]]).snapshot(DAY))[0]
        np.testing.assert_allclose(np.delete(figures, trend), np.delete(alone, trend), rtol=0, atol=1e-9)


def contract(started: int, expires: int, cancelled: int | None = None) -> Contract:
    """A contract by days from DAY."""
    return Contract(
        plan="a", started_on=DAY + timedelta(days=started), expires_on=DAY + timedelta(days=expires),
        cancelled_on=None if cancelled is None else DAY + timedelta(days=cancelled),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contracts", "left"),
    [
        ([contract(-100, 265)], False),
        ([contract(-100, 59)], True),
        ([contract(-100, 60)], False),
        ([contract(-100, 265, 10)], True),
        ([contract(-100, 265, 70)], False),
        ([contract(-100, 20), contract(20, 385)], False),
        ([contract(-100, 20), contract(50, 415)], False),
        ([contract(-100, 20), contract(51, 416)], True),
        ([contract(-100, 265, 10), contract(30, 395)], False),
        ([contract(-400, -35)], None),
        ([contract(5, 370)], None),
    ],
)
def test_who_left_by_membership(contracts: list[Contract], left: bool | None) -> None:
    """Cancelled or run out within 60 days, and no other one begun within 30 days of the end."""
    assert has_left(member(contracts=tuple(contracts)), DAY) is left


@pytest.mark.parametrize(
    ("seen", "left"), [((5, -10), False), ((5, -29), False), ((5, -30), True), ((5,), True), ((40, -3), None)]
)
def test_who_left_without_any_membership(seen: tuple[int, ...], left: bool | None) -> None:
    """No visit for 30 days; whoever had not come for a month was gone already."""
    assert has_left(member(seen=seen), DAY) is left


def test_months_begin_on_their_first_day() -> None:
    """Over the end of a year."""
    assert month_starts(date(2025, 11, 2), date(2026, 2, 1)) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert month_starts(date(2026, 3, 1), date(2026, 3, 31)) == [date(2026, 3, 1)]


def test_a_late_absence_is_known_from_the_day_after_it_was_declared() -> None:
    """Declared on DAY for the ten days before it and itself: DAY does not know of it, the day after counts them all."""
    one = member(
        seen=(12,), away=(Declared(DAY - timedelta(days=10), DAY + timedelta(days=3), DAY + timedelta(days=1)),)
    )
    timeline = Timeline.of([one])
    days = [DAY, DAY + timedelta(days=1)]
    assert [timeline.snapshot(day).row(0, named=True)["muted_28"] for day in days] == [0, 11]
    assert [timeline.snapshot(day).row(0, named=True)["days_away"] for day in days] == [12, 2]


def test_a_withdrawn_absence_is_known_until_it_was_withdrawn() -> None:
    """Withdrawn on DAY: DAY still counts the days as muted, the day after does not."""
    one = member(seen=(12,), away=(Declared(DAY - timedelta(days=10), DAY + timedelta(days=3), known_until=DAY),))
    timeline = Timeline.of([one])
    days = [DAY, DAY + timedelta(days=1)]
    assert [timeline.snapshot(day).row(0, named=True)["muted_28"] for day in days] == [10, 0]


def a_contract(start: int, end: int, **changes: object) -> Contract:
    """A contract from and until so many days after DAY."""
    days = {"started_on": DAY + timedelta(days=start), "expires_on": DAY + timedelta(days=end)}
    return Contract(plan="a", **(days | changes))  # type: ignore[arg-type]


def test_a_short_contract_beside_a_long_one_ends_nothing() -> None:
    """A month of classes that ran out under a year's membership: the year is what counts, for rows and labels."""
    one = member(contracts=(a_contract(-200, 165, monthly_price_eur=30.0), a_contract(-90, -60, monthly_price_eur=9.0)))
    row = row_of(one)
    assert (row["is_valid"], row["days_to_expiry"], row["monthly_price_eur"]) == (True, 165, 30.0)
    assert has_left(one, DAY) is False


def test_a_contract_changed_for_a_shorter_one_counts_no_more() -> None:
    """The year was cancelled when the month began: the month is what counts."""
    year = a_contract(-200, 165, cancelled_on=DAY - timedelta(days=9), monthly_price_eur=30.0)
    one = member(contracts=(year, a_contract(-9, 21, monthly_price_eur=40.0)))
    row = row_of(one)
    assert (row["days_to_expiry"], row["price_change"]) == (21, 10.0)
    assert has_left(one, DAY) is True


def test_of_two_contracts_the_later_end_is_the_members() -> None:
    """The year is cancelled in ten days, the month beside it ends in twenty, and nothing follows: they leave then."""
    year = a_contract(-200, 165, cancelled_on=DAY + timedelta(days=10))
    assert has_left(member(contracts=(year, a_contract(-9, 20))), DAY) is True
    assert has_left(member(contracts=(year, a_contract(-9, 20), a_contract(45, 90))), DAY) is False
