"""Our recipe for one label a text, on any labelled texts: sentence vectors, and the words that these texts use.

Lives here: what a gym that labels its own questions would use, and what the intent benchmarks
measure. Nothing of it ships, so characters and words keep a vocabulary instead of the engine's
hashed columns: in short questions a column shared by two words costs a point of accuracy. Not here:
reading files (`public_sets`), the engine's own heads (`train`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.conversations.cues import plain
from ml.conversations.features import VECTOR_WEIGHT
from ml.conversations.heads import Head, fit_exclusive
from ml.conversations.sentences import Vectors

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

# A question of one sentence names its label in a word or two: less regularised than a conversation's heads.
STRENGTH = 10.0


@dataclass(frozen=True, slots=True)
class LabelModel:
    """What was learnt from the labelled texts."""

    centre: "Array"
    """Mean sentence vector."""
    words: Any
    """scikit-learn's fitted TF-IDF of characters and words."""
    head: Head

    def answer(self, texts: Sequence[str], *, vectors: Vectors) -> list[str]:
        """The most probable label of each text, in order."""
        rows = self.head.probabilities(_matrix(texts, vectors.of(texts), centre=self.centre, words=self.words))
        return [self.head.classes[place] for place in rows.argmax(axis=1)]


def fit_labels(texts: Sequence[str], labels: Sequence[str], *, vectors: Vectors) -> LabelModel:
    """A model fitted on these texts, cleaned, at least one of each of two labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from threadpoolctl import threadpool_limits

    words = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), preprocessor=plain, sublinear_tf=True),
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[!?…]", preprocessor=plain, sublinear_tf=True),
    ).fit(texts)
    found = vectors.of(texts)
    centre = found.mean(axis=0)
    with threadpool_limits(limits=1):
        head = fit_exclusive(_matrix(texts, found, centre=centre, words=words), labels, strength=STRENGTH)
    return LabelModel(centre, words, head)


def _matrix(texts: Sequence[str], found: "Array", *, centre: "Array", words: Any) -> Any:
    """One sparse row per text: the vector columns, then characters and words."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    return sparse.hstack([sparse.csr_matrix(normalize(found - centre) * VECTOR_WEIGHT), words.transform(texts)]).tocsr()
