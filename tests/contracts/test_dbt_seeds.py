"""The calendar and the prices that SQL joins are those that Python knows."""

import pytest

from orchestration.dbt_seeds import SEEDS, seeds


@pytest.mark.parametrize("name", seeds())
def test_a_seed_is_what_its_module_knows(name: str) -> None:
    """A new decree or price list reaches dbt: `python -m orchestration.dbt_seeds` writes the seeds anew."""
    assert (SEEDS / name).read_text("utf-8") == seeds()[name]


def test_every_seed_has_a_module() -> None:
    """Nothing is typed in by hand."""
    assert {path.name for path in SEEDS.glob("*.csv")} == set(seeds())
