"""Measures the shipped engine on labelled rows it was not fitted on.

    python -m ml.conversations.evaluate --data DIR [--tweets]

runs over DIR/kiosk_examples and prints one JSON line. With --tweets, the tweet figures too: their
development rows are training material, so the turn head is fitted again with a third of them left out, three times.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jarvis.conversations import Analysis
from ml.conversations.examples import (
    LabelledConversation,
    corpus_conversations,
    corpus_turns,
    load_conversations,
    load_tweets,
)
from ml.conversations.local import LocalEngine
from ml.conversations.metrics import conversation_figures, macro_f1
from ml.conversations.sentences import Vectors, clean_text

_FOLDS = 3


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


def tweet_figures(data: Path) -> dict[str, float]:
    """Macro-F1 a language over the tweets, each judged by a turn head that was fitted without it."""
    from ml.conversations.train import fit

    tweets, vectors = load_tweets(data), Vectors()
    conversations, turns = corpus_conversations(), corpus_turns()
    truth: dict[str, list[str]] = {}
    guessed: dict[str, list[str]] = {}
    for fold in range(_FOLDS):
        heads = fit(
            conversations,
            turns,
            [tweet for place, tweet in enumerate(tweets) if place % _FOLDS != fold],
            vectors=vectors,
        )
        held = [tweet for place, tweet in enumerate(tweets) if place % _FOLDS == fold]
        texts = [clean_text(tweet.text) for tweet in held]
        head = heads.heads["turn_sentiment"]
        rows = head.probabilities(heads.features.matrix(texts, vectors.of(texts))).argmax(axis=1)
        for tweet, row in zip(held, rows, strict=True):
            truth.setdefault(tweet.language, []).append(tweet.sentiment)
            guessed.setdefault(tweet.language, []).append(head.classes[row])
    return {f"tweets_{language}_macro_f1": macro_f1(truth[language], guessed[language]) for language in sorted(truth)}


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m ml.conversations.evaluate", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds kiosk_examples/")
    parser.add_argument("--tweets", action="store_true", help="also measure tweets by leaving a third out (minutes)")
    options = parser.parse_args(arguments)
    path = options.data / "kiosk_examples" / "conversations.jsonl"
    if not path.is_file():
        sys.stderr.write(f"{path}: not found; --data must name the folder that holds kiosk_examples/\n")
        return 2
    engine = LocalEngine.load()
    figures: dict[str, Any] = kiosk_figures(engine, load_conversations(path))
    if options.tweets:
        figures |= tweet_figures(options.data)
    line = {"engine_version": engine.version, "training": engine.heads.training}
    sys.stdout.write(json.dumps(line | {name: round(value, 3) for name, value in figures.items()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
