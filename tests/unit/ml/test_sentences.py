"""Sentence vectors: the same whatever they are made together with, and wherever."""

import numpy
import pytest

from ml.conversations import sentences
from ml.conversations.sentences import EMBEDDING_LENGTH, embed

TEXTS = ["Le tapis 4 est en panne.", "Merci !", "Où sont les douches ? " * 20, "Oui", "Bonjour, je voudrais une pause."]


@pytest.mark.parametrize(("together", "threads"), [(1, 1), (2, 1), (16, 1), (2, 2), (16, 2)])
def test_a_vector_does_not_depend_on_its_neighbours(
    monkeypatch: pytest.MonkeyPatch, together: int, threads: int
) -> None:
    """Bit for bit, in any number of groups and threads, in the order asked for, equal texts alike."""
    alone = numpy.concatenate([embed([text]) for text in TEXTS])
    monkeypatch.setattr(sentences, "_TOGETHER", together)
    monkeypatch.setattr(sentences, "_THREADS", threads)
    found = embed([*TEXTS, TEXTS[0]])
    assert (found == numpy.concatenate([alone, alone[:1]])).all()


def test_no_text_is_no_vector() -> None:
    """An empty matrix of the right width."""
    assert embed([]).shape == (0, EMBEDDING_LENGTH)
