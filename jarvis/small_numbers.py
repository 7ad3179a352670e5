"""Where gyms are compared, a number of one to four is not told, nor found by subtraction. Pure.

ADR 18 says whom that protects, and where. Asked by kept reports with their pages and files, by « Réseau », « Coûts »
and « Analyses », and by the API's key figures; dbt's own is the macro `suppressed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from jarvis.tenancy import Permission, Scope

# As `least_members` of dbt_project.yml.
LEAST = 5


class Hidden(StrEnum):
    """What stands in place of a number, in French."""

    FEW = "moins de 5"
    BESIDE = "non dit"
    """Five or more: without it, the sum of all gyms less the numbers that are told would give another gym's few."""


Told: TypeAlias = int | Hidden


def compares(scope: Scope) -> bool:
    """True for whoever sees gyms side by side; who stands for one gym knows its members and reads its own numbers."""
    return scope.may(Permission.CHOOSE_GYM)


def is_told(count: int) -> bool:
    """False for one to four; nobody is behind zero."""
    return count == 0 or count >= LEAST


def told(count: int | None) -> int | None:
    """The count; None where it is not told."""
    return count if count is not None and is_told(count) else None


@dataclass(frozen=True, slots=True)
class Column:
    """One count of several gyms, as it may stand beside its sum."""

    counts: list[Told]
    """In the gyms' order."""
    is_sum_told: bool
    """False where the sum would give away a few all the same: too little else is withheld."""

    @property
    def told(self) -> list[int | None]:
        """The counts as numbers; None for one that is not told."""
        return [None if isinstance(one, Hidden) else one for one in self.counts]


def side_by_side(counts: Sequence[Told | None]) -> Column:
    """Where a gym's count is few, the smallest of the others are withheld too, until the sum gives no few away.

    That is when each few may have two values at least, for whoever knows the sum, the numbers that are told, and that
    those withheld for its sake are five or more and the smallest. Zeros are told, and nobody hides behind one. Said
    again of what it has said, it says the same.

    Args:
        counts: None where the number is withheld already, for being few.
    """
    found: list[Told] = [
        Hidden.FEW if one is None or (isinstance(one, int) and not is_told(one)) else one for one in counts
    ]
    if Hidden.FEW not in found or Hidden.BESIDE in found:
        return Column(found, is_sum_told=True)
    others = sorted((one, place) for place, one in enumerate(found) if isinstance(one, int) and one)
    withheld = 0
    for number, (count, place) in enumerate(others, start=1):
        found[place] = Hidden.BESIDE
        withheld += count
        is_highest = len(others) > number and withheld >= number * others[number][0]
        if withheld > number * LEAST and not is_highest:
            return Column(found, is_sum_told=True)
    return Column(found, is_sum_told=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of several gyms as they may stand side by side."""

    rows: list[dict[str, Any]]
    """As they came, in their order; what is not told is None."""
    sums: dict[str, int | None]
    """Each count over all gyms; None where it is not told."""


def compared(
    rows: Sequence[Mapping[str, Any]],
    counts: Sequence[str],
    *,
    people: str | None = None,
    rests_on: Mapping[str, Sequence[str]] | None = None,
) -> Compared:
    """One row a gym, of the same days, with nothing in them that few are behind.

    Args:
        rows: each with its counts; None is withheld already.
        people: the count of a gym's members: one of one to four keeps no figure at all.
        rests_on: other figures, each with the counts it is reckoned from.
    """
    few = [people is not None and (row[people] is None or not is_told(row[people])) for row in rows]
    columns = {
        name: side_by_side([None if is_few else row[name] for row, is_few in zip(rows, few, strict=True)])
        for name in counts
    }
    numbers = {name: column.told for name, column in columns.items()}
    found = []
    for place, row in enumerate(rows):
        here = {name: column[place] for name, column in numbers.items()}
        gone = [
            name for name, bases in (rests_on or {}).items()
            if few[place] or any(here[base] is None for base in bases)
        ]  # fmt: skip
        found.append({**row, **here, **dict.fromkeys(gone)})
    sums = {
        name: told(sum(row[name] for row in rows))
        if column.is_sum_told and all(row[name] is not None for row in rows)
        else None
        for name, column in columns.items()
    }
    return Compared(found, sums)
