"""Texts to numbers: sentence vectors, hashed characters and words, and cues, side by side.

`TextFeatures` has no vocabulary: characters and words are hashed, so that what ships is one weight
per column. Everything learnt here (the centre of the vectors, the rarity of columns) comes from
the training texts. Called by `heads`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.conversations.cues import cue_counts, plain

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

CHARACTER_COLUMNS = 4096
WORD_COLUMNS = 2048

# Found on our own corpus by leaving one batch out: vectors carry most, cues must not drown them.
VECTOR_WEIGHT = 1.5
CUE_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """What was learnt from the training texts."""

    centre: "Array"
    """Mean sentence vector, 384 numbers; e5 vectors all point one way until it is taken away."""
    rarity: "Array"
    """Inverse document frequency of each hashed column."""

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: "Array") -> "TextFeatures":
        """Features whose centre and rarities are those of these texts."""
        import numpy

        hashed = _hashed(texts)
        seen = numpy.asarray((hashed > 0).sum(axis=0)).ravel()
        rarity = numpy.log((1 + len(texts)) / (1 + seen)) + 1
        return cls(vectors.mean(axis=0).astype(numpy.float32), rarity.astype(numpy.float16).astype(numpy.float32))

    def matrix(self, texts: Sequence[str], vectors: "Array") -> Any:
        """One sparse row per text: 384 vector columns, the hashed columns, the cues."""
        import numpy
        from scipy import sparse
        from sklearn.preprocessing import normalize

        centred = normalize(vectors - self.centre) * VECTOR_WEIGHT
        hashed = _hashed(texts)
        hashed.data = 1 + numpy.log(hashed.data)
        hashed = hashed.multiply(self.rarity).tocsr()
        characters = normalize(hashed[:, :CHARACTER_COLUMNS])
        words = normalize(hashed[:, CHARACTER_COLUMNS:])
        cues = numpy.array([cue_counts(text) for text in texts], dtype=numpy.float32) * CUE_WEIGHT
        return sparse.hstack([sparse.csr_matrix(centred), characters, words, sparse.csr_matrix(cues)]).tocsr()


def _hashed(texts: Sequence[str]) -> Any:
    """Counts of hashed character n-grams (2 to 5, within words) and of words and pairs of words."""
    from scipy import sparse
    from sklearn.feature_extraction.text import HashingVectorizer

    folded = [plain(text) for text in texts]
    options = {"alternate_sign": False, "norm": None, "lowercase": False}
    characters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=CHARACTER_COLUMNS, **options)
    words = HashingVectorizer(
        analyzer="word", ngram_range=(1, 2), token_pattern=r"\w+|[!?…]", n_features=WORD_COLUMNS, **options
    )
    return sparse.hstack([characters.transform(folded), words.transform(folded)]).tocsr()
