"""Our recipe for one label a text, on any labelled texts: the features and the exclusive head of the engine.

Lives here: what a gym that labels its own questions would use, and what the intent benchmarks
measure. Not here: reading files (`public_sets`), the engine's own heads (`train`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.conversations.features import TextFeatures
from ml.conversations.heads import Head, fit_exclusive
from ml.conversations.sentences import Vectors

# A question of one sentence names its label in a word or two: less regularised than a conversation's heads.
STRENGTH = 10.0


@dataclass(frozen=True, slots=True)
class LabelModel:
    """Features and one head."""

    features: TextFeatures
    head: Head

    def answer(self, texts: Sequence[str], *, vectors: Vectors) -> list[str]:
        """The most probable label of each text, in order."""
        rows = self.head.probabilities(self.features.matrix(texts, vectors.of(texts)))
        return [self.head.classes[place] for place in rows.argmax(axis=1)]


def fit_labels(texts: Sequence[str], labels: Sequence[str], *, vectors: Vectors) -> LabelModel:
    """A model fitted on these texts, cleaned, at least one of each of two labels."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        features = TextFeatures.fit(texts, vectors.of(texts))
        head = fit_exclusive(features.matrix(texts, vectors.of(texts)), labels, strength=STRENGTH)
    return LabelModel(features, head)
