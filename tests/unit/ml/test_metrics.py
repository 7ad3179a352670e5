"""The figures of the model card are what they say."""

import pytest

from ml.conversations.metrics import accuracy, hit_rate, macro_f1, micro_f1


def test_macro_f1_counts_every_class_alike() -> None:
    """Three right of a and the only b missed: (6/7 + 0) / 2."""
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7) / 2)


def test_micro_f1_counts_every_label_alike() -> None:
    """Two hits, three true, three given: 4/6."""
    assert micro_f1([{"a", "b"}, {"c"}], [{"a"}, {"c", "d"}]) == pytest.approx(4 / 6)


def test_a_hit_needs_something_right_and_half_of_what_is_cited() -> None:
    """Citing everything to catch one turn is not a hit."""
    assert hit_rate([{"t1"}, {"t1"}, {"t1"}], [["t1", "t2"], ["t1", "t2", "t3"], []]) == pytest.approx(1 / 3)


def test_accuracy_of_nothing_is_nothing() -> None:
    """No rows, no credit."""
    assert accuracy([], []) == 0.0
