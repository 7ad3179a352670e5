"""Numbers of one to four are not told where gyms are compared, and the tests try to find them all the same."""

from itertools import combinations_with_replacement, product
from uuid import uuid4

import pytest

from jarvis.small_numbers import LEAST, Hidden, compared, compares, side_by_side
from jarvis.tenancy import Scope, UserRole

FEW, BESIDE = Hidden.FEW, Hidden.BESIDE


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([40, 50, 60], [40, 50, 60]),
        ([3, 50, 60], [FEW, BESIDE, 60]),
        ([3, 0, 60], [FEW, 0, BESIDE]),
        ([3, 2, 50], [FEW, FEW, BESIDE]),
        ([None, 50, 60], [FEW, BESIDE, 60]),
        ([3, 0], [FEW, 0]),
        ([3, 5, 60, 70], [FEW, BESIDE, BESIDE, 70]),
        ([3, 50, 50, 70], [FEW, BESIDE, BESIDE, 70]),
        ([], []),
    ],
)
def test_with_a_few_the_smallest_other_is_withheld(counts: list[int | None], shown: list[int | Hidden]) -> None:
    """Zero is told and hides nobody; said again of what was said, it is the same."""
    assert side_by_side(counts).counts == shown == side_by_side(side_by_side(counts).counts).counts


def test_no_few_is_found_by_subtraction() -> None:
    """Whoever knows the sum and what the words mean has two answers at least for each few, or is not told the sum."""
    tried = 0
    for counts in combinations_with_replacement((0, 1, 3, 4, 5, 6, 9, 30), 4):
        column = side_by_side(counts)
        if FEW not in column.counts or not column.is_sum_told:
            continue
        smallest = min((one for one in column.counts if isinstance(one, int) and one), default=sum(counts))
        ranges = {FEW: range(1, LEAST), BESIDE: range(LEAST, smallest + 1)}
        guesses = [
            guess
            for guess in product(*(ranges[one] if isinstance(one, Hidden) else (one,) for one in column.counts))
            if sum(guess) == sum(counts)
        ]
        assert counts in guesses
        tried += 1
        for place, one in enumerate(column.counts):
            assert one is not FEW or len({guess[place] for guess in guesses}) > 1, counts
    assert tried > 100


def test_what_is_reckoned_from_a_withheld_count_goes_with_it() -> None:
    """A mean with its conversations; a gym of a few members with all it has."""
    rows = [
        {"gym": name, "members": members, "talks": talks, "mood": 0.5}
        for name, members, talks in (("a", 100, 2), ("b", 90, 8), ("c", 105, 90), ("d", 3, 70))
    ]
    found = compared(rows, ("members", "talks"), people="members", rests_on={"mood": ("talks",)})
    assert [(row["members"], row["talks"], row["mood"]) for row in found.rows] == [
        (100, None, None), (None, None, None), (105, 90, 0.5), (None, None, None),
    ]  # fmt: skip
    assert found.sums == {"members": 298, "talks": 170}


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ([3], None), ([3, 1], None), ([4, 4, 0], None), ([4, 5, 5], None), ([3, 9], 12), ([0], 0),
    ],
)  # fmt: skip
def test_a_sum_that_would_tell_is_not_told(counts: list[int], total: int | None) -> None:
    """Of one small gym, of a few in all, or of small gyms only."""
    assert compared([{"talks": count} for count in counts], ("talks",)).sums == {"talks": total}


@pytest.mark.parametrize(
    ("role", "compares_gyms"),
    [
        (UserRole.GYM_MANAGER, False), (UserRole.GYM_STAFF, False),
        (UserRole.FRANCHISE_OWNER, True), (UserRole.SUPER_ADMIN, True),
    ],
)  # fmt: skip
def test_who_stands_for_one_gym_reads_its_own_numbers(role: UserRole, *, compares_gyms: bool) -> None:
    """So does whoever looks at a gym as its manager."""
    scope = Scope(user_id=uuid4(), role=role, full_name="Ana")
    assert compares(scope) is compares_gyms
    assert compares(scope.as_manager_of(uuid4(), "Dax")) is False


def test_the_least_is_the_warehouse_s() -> None:
    """dbt leaves out what Python leaves out."""
    assert LEAST == 5
