"""The figures of the model card are what they say."""

import pytest

from ml.conversations.metrics import accuracy, hit_rate, macro_f1, micro_f1, rank_correlation, recall_at


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


def test_recall_counts_the_failed_among_the_least_content() -> None:
    """Two alerts: one failed chat is among them, the other is not."""
    assert recall_at([True, False, True, False], [0.1, 0.2, 0.8, 0.9], count=2) == pytest.approx(0.5)


def test_recall_gives_ties_at_the_border_no_luck() -> None:
    """All alike and one alert for four chats: a quarter of the failed, whatever their order."""
    assert recall_at([True, False, False, False], [0.5] * 4, count=1) == pytest.approx(0.25)
    assert recall_at([False] * 4, [0.5] * 4, count=1) == 0.0


def test_rank_correlation_knows_order_only() -> None:
    """The same order is 1, the opposite -1, and no variation is no correlation."""
    assert rank_correlation([1, 2, 3], [10, 100, 1000]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 2, 3], [5, 5, 5]) == 0.0
