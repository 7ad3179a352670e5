"""How much of an answer was heard."""

import pytest

from voice_gateway.turns import heard_text


@pytest.mark.parametrize(
    ("heard_ms", "expected"),
    [
        (0, ""),
        (1, ""),
        (500, "Bonjour à"),
        (999, "Bonjour à tous et"),
        (1000, "Bonjour à tous et toutes"),
        (5000, "Bonjour à tous et toutes"),
    ],
)
def test_an_answer_is_cut_between_words(heard_ms: int, expected: str) -> None:
    """Half a word was not heard."""
    assert heard_text("Bonjour à tous et toutes", heard_ms=heard_ms, total_ms=1000) == expected


def test_an_answer_without_sound_was_read_whole() -> None:
    """Text answers have no milliseconds."""
    assert heard_text("Bonjour", heard_ms=0, total_ms=0) == "Bonjour"
