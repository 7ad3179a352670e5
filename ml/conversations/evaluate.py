"""How well the engine does on labelled rows it was not fitted on, figure by figure, each beside a floor.

    python -m ml.conversations.evaluate --data DIR

runs the shipped engine over DIR/kiosk_examples and prints one JSON line. With `--fit-on FILE` it
fits our text-classification recipe on any labelled CSV instead, and judges it on `--judge FILE`, or
by leaving fifths of the same file out. Every other figure: `python -m bench.analysis_quality`,
which calls the functions here.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jarvis.conversations import Analysis, Conversation, Role, Sentiment, Turn, sentiment_label
from ml.conversations.examples import (
    LabelledConversation,
    LabelledTweet,
    corpus_conversations,
    corpus_turns,
    load_conversations,
)
from ml.conversations.golden import golden_conversations, means_of, scores_of
from ml.conversations.heads import HeadSet
from ml.conversations.local import LocalEngine
from ml.conversations.metrics import accuracy, conversation_figures, macro_f1, rank_correlation, recall_at
from ml.conversations.public_sets import LabelledText, RatedDialogue, SupportChat, labelled_texts
from ml.conversations.reading import member_text, read
from ml.conversations.sentences import Vectors, clean_text

# Tenths: what ships is fitted on all tweets, and a third fewer of them costs French two points.
_TWEET_FOLDS = 10
_LABEL_FOLDS = 5

# The share of conversations a manager is asked to look at (issue 4).
ALERT_RATE = 0.3


def kiosk_figures(engine: LocalEngine, examples: Sequence[LabelledConversation]) -> dict[str, float]:
    """The goals' figures on these conversations, and the milliseconds a turn took."""
    started = time.perf_counter()
    results = engine.analyse([example.conversation for example in examples])
    elapsed = time.perf_counter() - started
    judged = [
        (example, result) for example, result in zip(examples, results, strict=True) if isinstance(result, Analysis)
    ]
    turns = sum(len(example.conversation.turns) for example in examples)
    return {
        **conversation_figures([example for example, _ in judged], [result for _, result in judged]),
        "failures": len(results) - len(judged),
        "milliseconds_a_turn": 1000 * elapsed / turns,
    }


def majority_figures(examples: Sequence[LabelledConversation]) -> dict[str, float]:
    """The floor of the same figures: what always answering the commonest label would score."""

    def most(values: Sequence[str]) -> float:
        return Counter(values).most_common(1)[0][1] / len(values)

    sentiments = [str(example.sentiment) for example in examples]
    commonest = Counter(sentiments).most_common(1)[0][0]
    return {
        "sentiment_macro_f1": macro_f1(sentiments, [commonest] * len(sentiments)),
        "emotion_accuracy": most([str(example.emotion) for example in examples]),
        "outcome_accuracy": most([str(example.outcome) for example in examples]),
    }


def tweet_figures(heads: HeadSet, tweets: Sequence[LabelledTweet]) -> dict[str, float]:
    """Macro-F1 a language over the tweets, each judged by public heads that were fitted without its tenth.

    The other heads stay as they are: no tweet trains them.
    """
    from threadpoolctl import threadpool_limits

    from ml.conversations.train import fit_public

    vectors = Vectors()
    said = [
        clean_text(turn.text)
        for turn in (*corpus_turns(), *(turn for each in corpus_conversations() for turn in each.turns))
    ]
    truth: dict[str, list[str]] = {}
    guessed: dict[str, list[str]] = {}
    for fold in range(_TWEET_FOLDS):
        seen = [tweet for place, tweet in enumerate(tweets) if place % _TWEET_FOLDS != fold]
        with threadpool_limits(limits=1):
            public, of_public = fit_public(heads.features, said, seen, vectors=vectors)
        held = tweets[fold::_TWEET_FOLDS]
        readings = read(
            [_alone(tweet.text, tweet.language) for tweet in held],
            replace(heads, public=public, heads={**heads.heads, **of_public}),
            vectors_of=vectors.of,
        )
        for tweet, reading in zip(held, readings, strict=True):
            truth.setdefault(tweet.language, []).append(tweet.sentiment)
            guessed.setdefault(tweet.language, []).append(sentiment_label(reading.score))
    return {f"{language}_macro_f1": macro_f1(truth[language], guessed[language]) for language in sorted(truth)}


def tweet_floor(tweets: Sequence[LabelledTweet]) -> dict[str, float]:
    """The same tenths, judged by TF-IDF and logistic regression on all languages together."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    truth: dict[str, list[str]] = {}
    guessed: dict[str, list[str]] = {}
    for fold in range(_TWEET_FOLDS):
        seen = [tweet for place, tweet in enumerate(tweets) if place % _TWEET_FOLDS != fold]
        held = tweets[fold::_TWEET_FOLDS]
        model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
        model.fit([tweet.text for tweet in seen], [str(tweet.sentiment) for tweet in seen])
        for tweet, label in zip(held, model.predict([tweet.text for tweet in held]), strict=True):
            truth.setdefault(tweet.language, []).append(tweet.sentiment)
            guessed.setdefault(tweet.language, []).append(str(label))
    return {f"{language}_macro_f1": macro_f1(truth[language], guessed[language]) for language in sorted(truth)}


def polarity_figures(engine: LocalEngine, reviews: Sequence[LabelledText]) -> dict[str, float]:
    """Accuracy of the score's sign over texts that are positive or negative, never neutral."""
    answers = engine.analyse([_alone(review.text, "fr") for review in reviews])
    right = [
        (answer.sentiment_score >= 0) == (review.label == Sentiment.POSITIVE)
        for answer, review in zip(answers, reviews, strict=True)
        if isinstance(answer, Analysis)
    ]
    commonest = Counter(review.label for review in reviews).most_common(1)[0][1]
    return {
        "rows": len(reviews),
        "accuracy": sum(right) / len(reviews),
        "floor_accuracy_majority": commonest / len(reviews),
    }


def support_figures(engine: LocalEngine, chats: Sequence[SupportChat]) -> dict[str, dict[str, float]]:
    """A set: recall of failed chats among the least satisfied 30 %, and the most any order could reach."""
    figures = {}
    for source in sorted({chat.source for chat in chats}):
        # Some chats were never translated: without a word of the customer's there is nothing to judge.
        mine = [chat for chat in chats if chat.source == source and member_text(chat.conversation)]
        answers = engine.analyse([chat.conversation for chat in mine])
        failed = [chat.is_failed for chat in mine]
        content = [
            answer.satisfaction if isinstance(answer, Analysis) and answer.satisfaction is not None else 0.0
            for answer in answers
        ]
        alerts = round(ALERT_RATE * len(mine))
        figures[source] = {
            "rows": len(mine),
            "failed": sum(failed),
            "recall": recall_at(failed, content, count=alerts),
            "most_possible": min(1.0, alerts / sum(failed)),
            "floor_recall_by_chance": alerts / len(mine),
        }
    return figures


def satisfaction_figures(engine: LocalEngine, dialogues: Sequence[RatedDialogue]) -> dict[str, float]:
    """Spearman correlations with what people thought of whole dialogues."""
    answers = engine.analyse([dialogue.conversation for dialogue in dialogues])
    pairs = [
        (dialogue, answer) for dialogue, answer in zip(dialogues, answers, strict=True) if isinstance(answer, Analysis)
    ]
    figures: dict[str, float] = {"rows": len(pairs)}
    for source in ("all", *sorted({dialogue.source for dialogue, _ in pairs})):
        mine = [(dialogue, answer) for dialogue, answer in pairs if source in ("all", dialogue.source)]
        truth = [dialogue.satisfaction for dialogue, _ in mine]
        figures[f"{source}_satisfaction"] = rank_correlation(truth, [answer.satisfaction or 0.0 for _, answer in mine])
        figures[f"{source}_sentiment_score"] = rank_correlation(truth, [answer.sentiment_score for _, answer in mine])
    return figures


def golden_figures(engine: LocalEngine, examples: Sequence[LabelledConversation]) -> dict[str, float]:
    """The mean score a field, over the conversations that people judged by it; failures score 0."""
    return means_of(scores_of(engine, examples)[0])


def label_figures(rows: Sequence[LabelledText], judged: Sequence[LabelledText] | None = None) -> dict[str, float]:
    """Accuracy of our recipe when its head is fitted on these rows, beside TF-IDF and logistic regression.

    Args:
        judged: other rows to be judged on; None leaves a fifth of `rows` out, five times.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from ml.conversations.labels import fit_labels

    vectors = Vectors()
    if judged is None:
        parts = [
            ([row for place, row in enumerate(rows) if place % _LABEL_FOLDS != fold], rows[fold::_LABEL_FOLDS])
            for fold in range(_LABEL_FOLDS)
        ]
    else:
        parts = [(list(rows), list(judged))]
    truth: list[str] = []
    ours: list[str] = []
    floor: list[str] = []
    for seen, held in parts:
        known = [clean_text(row.text) for row in seen]
        asked = [clean_text(row.text) for row in held]
        labels = [row.label for row in seen]
        truth.extend(row.label for row in held)
        ours.extend(fit_labels(known, labels, vectors=vectors).answer(asked, vectors=vectors))
        plain = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(known, labels)
        floor.extend(str(label) for label in plain.predict(asked))
    return {
        "rows": len(truth),
        "accuracy": accuracy(truth, ours),
        "macro_f1": macro_f1(truth, ours),
        "floor_accuracy_tfidf": accuracy(truth, floor),
    }


def _alone(text: str, language: str) -> Conversation:
    """A conversation of one member turn."""
    return Conversation("alone", language, (Turn("t1", Role.MEMBER, text),))


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m ml.conversations.evaluate", description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds kiosk_examples/")
    parser.add_argument(
        "--golden",
        type=Path,
        nargs="*",
        metavar="JSONL",
        help="judge the golden set and exported files",
    )
    parser.add_argument("--fit-on", type=Path, metavar="CSV", help="fit a head on this file")
    parser.add_argument("--judge", type=Path, metavar="CSV", help="judge it on this file (default: left-out fifths)")
    parser.add_argument("--text-column", default="text", help="column of the texts (default: text)")
    parser.add_argument("--label-column", default="label", help="column of the labels (default: label)")
    options = parser.parse_args(arguments)
    if options.fit_on is not None:
        try:
            rows, judged = (
                labelled_texts(path, text=options.text_column, label=options.label_column) if path else None
                for path in (options.fit_on, options.judge)
            )
        except KeyError as error:
            sys.stderr.write(f"found no column {error}; name the file's own with --text-column and --label-column\n")
            return 2
        return _print({"fit_on": options.fit_on.name}, label_figures(rows or [], judged))
    if options.golden is not None:
        engine = LocalEngine.load()
        exported = [example for path in options.golden for example in load_conversations(path)]
        examples = [*golden_conversations(), *exported]
        return _print({"engine_version": engine.version, "rows": len(examples)}, golden_figures(engine, examples))
    if options.data is None:
        parser.error("found none of --data, --golden and --fit-on; expected one of them")
    path = options.data / "kiosk_examples" / "conversations.jsonl"
    if not path.is_file():
        sys.stderr.write(f"{path}: not found; --data must name the folder that holds kiosk_examples/\n")
        return 2
    engine = LocalEngine.load()
    figures = kiosk_figures(engine, load_conversations(path))
    return _print({"engine_version": engine.version, "training": engine.heads.training}, figures)


def _print(line: dict[str, Any], figures: dict[str, float]) -> int:
    sys.stdout.write(json.dumps(line | {name: round(value, 3) for name, value in figures.items()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
