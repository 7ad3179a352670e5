"""Fits the local engine's heads, measures them by leaving whole batches out, saves them.

    python -m ml.conversations.train --data DIR

reads our own corpus beside this file and, where DIR holds them, the UMSAB tweets (Apache-2.0); no
other set may train weights that ship. The same input gives the same bytes. Prints one JSON line.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jarvis.conversations import Analysis, Intent, Sentiment, Topic
from ml.conversations.examples import (
    LabelledConversation,
    LabelledTurn,
    LabelledTweet,
    corpus_conversations,
    corpus_opinions,
    corpus_turns,
    load_tweets,
)
from ml.conversations.features import TextFeatures
from ml.conversations.heads import WEIGHTS, Head, HeadSet, fit_exclusive, fit_several, save
from ml.conversations.metrics import accuracy, conversation_figures, macro_f1
from ml.conversations.reading import closing_text, ending_rows, member_text
from ml.conversations.sentences import Vectors, clean_text

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

# Inverse regularisation of each head, chosen by leaving one batch out.
EXCLUSIVE_STRENGTH = 1.0
SEVERAL_STRENGTH = 5.0

# Tweets are many and short: more regularised. Thirds left out gave the same from 0.3 to 1.
PUBLIC_STRENGTH = 0.5

# Our opinions are few beside the tweets: each counts as much as this many.
OPINION_WEIGHT = 5.0

# How much commoner emotions are preferred where words leave it open, and what a pair never seen counts.
_COMMON_POWER = 0.25
_UNSEEN = 0.3

# Batches are left out in so many groups, whole: each group's heads are fitted once.
LEFT_OUT_GROUPS = 8


def fit(
    conversations: Sequence[LabelledConversation],
    turns: Sequence[LabelledTurn],
    tweets: Sequence[LabelledTweet],
    *,
    vectors: Vectors,
) -> HeadSet:
    """Heads fitted on these examples and no others; `vectors` remembers texts from one fit to the next."""
    from threadpoolctl import threadpool_limits

    # One thread: sums in another order would be other bytes.
    with threadpool_limits(limits=1):
        return _fitted(conversations, turns, tweets, vectors=vectors)


def _fitted(
    conversations: Sequence[LabelledConversation],
    turns: Sequence[LabelledTurn],
    tweets: Sequence[LabelledTweet],
    *,
    vectors: Vectors,
) -> HeadSet:
    spoken = [*turns, *(turn for conversation in conversations for turn in conversation.turns)]
    wholes = [member_text(example.conversation) for example in conversations]
    turn_texts = [clean_text(turn.text) for turn in spoken]
    single_texts = turn_texts[: len(turns)]
    closings = [closing_text(example.conversation) for example in conversations]

    features = TextFeatures.fit([*wholes, *turn_texts], vectors.of([*wholes, *turn_texts]))

    def matrix(texts: list[str]) -> Any:
        return features.matrix(texts, vectors.of(texts))

    heads: dict[str, Head] = {}
    turn_rows = matrix(turn_texts)
    public = None
    if tweets:
        public, of_public = fit_public(features, turn_texts, tweets, vectors=vectors)
        heads |= of_public
    heads["turn_sentiment"] = fit_exclusive(turn_rows, [turn.sentiment for turn in spoken], strength=EXCLUSIVE_STRENGTH)
    heads["turn_emotion"] = fit_exclusive(turn_rows, [turn.emotion for turn in spoken], strength=EXCLUSIVE_STRENGTH)
    heads["turn_intents"] = fit_several(
        turn_rows,
        [frozenset(map(str, turn.intents)) for turn in spoken],
        classes=[str(intent) for intent in Intent],
        strength=SEVERAL_STRENGTH,
    )
    # A single turn is a conversation of one: it teaches the whole text's heads as well. A turn within a
    # conversation has a stance of its own, but its topics were only judged for the whole.
    examples: list[LabelledConversation | LabelledTurn] = [*conversations, *turns]
    whole_rows = matrix([*wholes, *single_texts])
    stances: list[LabelledConversation | LabelledTurn] = [*conversations, *spoken]
    stance_rows = matrix([*wholes, *turn_texts])
    heads["conversation_sentiment"] = fit_exclusive(
        stance_rows, [example.sentiment for example in stances], strength=EXCLUSIVE_STRENGTH
    )
    heads["conversation_emotion"] = fit_exclusive(
        stance_rows, [example.emotion for example in stances], strength=EXCLUSIVE_STRENGTH
    )
    heads["conversation_topics"] = fit_several(
        whole_rows,
        [frozenset(map(str, example.topics)) for example in examples],
        classes=[str(topic) for topic in Topic],
        strength=SEVERAL_STRENGTH,
    )
    heads["conversation_intents"] = fit_several(
        whole_rows,
        [frozenset(map(str, example.intents)) for example in examples],
        classes=[str(intent) for intent in Intent],
        strength=SEVERAL_STRENGTH,
    )
    heads["conversation_outcome"] = fit_exclusive(
        ending_rows(matrix(closings), matrix(wholes)),
        [example.outcome for example in conversations],
        strength=EXCLUSIVE_STRENGTH,
    )
    training = (
        f"{len(conversations)} conversations, {len(turns)} single turns, {len(tweets)} tweets, "
        f"{len(corpus_opinions()) if tweets else 0} opinions"
    )
    return HeadSet(
        features,
        public,
        heads,
        _stances(
            conversations,
            sentiments=heads["conversation_sentiment"].classes,
            emotions=heads["conversation_emotion"].classes,
        ),
        training,
    )


def fit_public(
    features: TextFeatures, said: Sequence[str], tweets: Sequence[LabelledTweet], *, vectors: Vectors
) -> tuple[TextFeatures, dict[str, Head]]:
    """What is written for a public: its own features, heads for it, and one that tells it from what a kiosk hears.

    The words of a gym are not the words of a timeline: which are rare, and where the middle is, differ as well.
    Nor is an opinion of a series a tweet: it is for or against, and what is for and against in it misleads on a
    timeline (French tweets 0.661 with all opinions in one head, 0.684 without any). Each has its head, and one more
    tells them apart.

    Args:
        features: the kiosk's, in which the two registers are told apart.
        said: cleaned member turns, the other register.
        tweets: at least one; our own opinions are added.
    """
    from scipy import sparse

    opinions = corpus_opinions()
    public = [*tweets, *opinions]
    texts = [clean_text(each.text) for each in public]
    found = vectors.of(texts)
    own = TextFeatures.fit(texts, found)
    rows = own.matrix(texts, found)
    sentiments = [frozenset({str(each.sentiment)}) for each in public]
    classes = sorted(str(sentiment) for sentiment in Sentiment)
    weights = [1.0] * len(tweets) + [OPINION_WEIGHT] * len(opinions)
    return own, {
        "public_sentiment": fit_several(
            rows[: len(tweets)], sentiments[: len(tweets)], classes=classes, strength=PUBLIC_STRENGTH
        ),
        "opinion_sentiment": fit_several(rows, sentiments, classes=classes, strength=PUBLIC_STRENGTH, weights=weights),
        "opinion": fit_several(
            rows,
            [frozenset[str]()] * len(tweets) + [frozenset({"opinion"})] * len(opinions),
            classes=["opinion"],
            strength=EXCLUSIVE_STRENGTH,
            weights=weights,
        ),
        "register": fit_several(
            sparse.vstack([features.matrix(said, vectors.of(said)), features.matrix(texts, found)]).tocsr(),
            [frozenset[str]()] * len(said) + [frozenset({"public"})] * len(public),
            classes=["public"],
            strength=EXCLUSIVE_STRENGTH,
            weights=[1.0] * len(said) + weights,
        ),
    }


def _stances(
    conversations: Sequence[LabelledConversation], *, sentiments: Sequence[str], emotions: Sequence[str]
) -> "Array":
    """The share of each sentiment among the conversations of each emotion, commoner emotions a little heavier."""
    import numpy

    counts = numpy.full((len(sentiments), len(emotions)), _UNSEEN)
    for example in conversations:
        counts[sentiments.index(example.sentiment), emotions.index(example.emotion)] += 1
    totals = counts.sum(axis=0)
    return numpy.asarray(counts / totals * (totals / totals.sum()) ** _COMMON_POWER, dtype=numpy.float32)


def left_out(
    conversations: Sequence[LabelledConversation], turns: Sequence[LabelledTurn], *, vectors: Vectors
) -> dict[str, float]:
    """Figures over our own corpus when each batch is judged by heads that never saw it, nor the batches of its group.

    Without the public register: it is asked only about texts that stand alone, which no conversation here does.
    """
    from ml.conversations.local import LocalEngine

    judged: list[LabelledConversation] = []
    analyses: list[Analysis] = []
    turn_truth: list[Sentiment] = []
    turn_guess: list[Sentiment] = []
    batches = sorted({example.batch for example in conversations})
    for group in range(min(LEFT_OUT_GROUPS, len(batches))):
        out = set(batches[group::LEFT_OUT_GROUPS])
        heads = fit(
            [example for example in conversations if example.batch not in out],
            [turn for turn in turns if turn.batch not in out],
            [],
            vectors=vectors,
        )
        engine = LocalEngine(heads, vectors_of=vectors.of)
        mine = [example for example in conversations if example.batch in out]
        results = engine.analyse([example.conversation for example in mine])
        for example, result in zip(mine, results, strict=True):
            if not isinstance(result, Analysis):
                raise RuntimeError(f"{example.conversation.session_id}: {result.reason}")
            judged.append(example)
            analyses.append(result)
            turn_truth.extend(turn.sentiment for turn in example.turns)
            turn_guess.extend(turn.sentiment_label for turn in result.turns)
    return {
        **conversation_figures(judged, analyses),
        "turn_sentiment_macro_f1": macro_f1(turn_truth, turn_guess),
        "turn_sentiment_accuracy": accuracy(turn_truth, turn_guess),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The weights are saved and one line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m ml.conversations.train", description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder that may hold sentiment_tweets_umsab/")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where to save (default: the shipped file)")
    parser.add_argument("--skip-figures", action="store_true", help="only fit and save")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    conversations, turns = corpus_conversations(), corpus_turns()
    tweets = load_tweets(options.data) if options.data else []
    vectors = Vectors()
    figures = {} if options.skip_figures else left_out(conversations, turns, vectors=vectors)
    heads = fit(conversations, turns, tweets, vectors=vectors)
    save(heads, options.weights)
    line = {
        "training": heads.training,
        "left_out": {name: round(value, 3) for name, value in figures.items()},
        "weights_bytes": options.weights.stat().st_size,
        "seconds": round(time.monotonic() - started, 1),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
