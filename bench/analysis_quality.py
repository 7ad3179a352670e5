"""Every figure of the local analysis engine, each beside a floor measured in the same run.

    python -m bench.analysis_quality [--data DIR] [--only PART …]

prints one JSON line, and each part on the error stream as soon as it is measured. Parts: `kiosk` (the
labelled examples, shipped weights), `corpus` (whole batches of our own corpus left out; minutes),
`tweets` (tenths left out of the public heads; minutes), `series` (polarity of reviews by the shipped
heads, which saw none, and by our label recipe, fifths left out; minutes), `wikit` (that recipe on
intents), `support` (failed chats among the least satisfied 30 %), `satisfaction` (rank correlation
with people's), `cost` (processor time a turn on one core, bytes of weights). A part whose data is
absent says so instead of a figure.
The floors: the commonest label, TF-IDF with logistic regression, or an order by chance.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ml.conversations import evaluate, public_sets
from ml.conversations.examples import corpus_conversations, corpus_turns, load_conversations, load_tweets
from ml.conversations.heads import WEIGHTS
from ml.conversations.local import LocalEngine

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"

# One review in six and one dialogue in ten: enough for two decimals, and minutes instead of half an hour.
_SERIES_STEP = 6
_SATISFACTION_STEP = 10


def kiosk(data: Path) -> dict[str, Any]:
    """The goals' figures on the labelled kiosk examples, and each over the commonest label's."""
    examples = load_conversations(data / "kiosk_examples" / "conversations.jsonl")
    return _beside(evaluate.kiosk_figures(LocalEngine.load(), examples), evaluate.majority_figures(examples))


def corpus(data: Path) -> dict[str, Any]:
    """The same over our own corpus, each batch judged by heads that never saw it."""
    from ml.conversations.sentences import Vectors
    from ml.conversations.train import left_out

    conversations = corpus_conversations()
    figures = left_out(conversations, corpus_turns(), vectors=Vectors())
    return _beside(figures, evaluate.majority_figures(conversations))


def tweets(data: Path) -> dict[str, Any]:
    """Macro-F1 a language, beside TF-IDF and logistic regression on the same tenths."""
    rows = load_tweets(data)
    return _beside(evaluate.tweet_figures(LocalEngine.load().heads, rows), evaluate.tweet_floor(rows))


def series(data: Path) -> dict[str, Any]:
    """Polarity of reviews by the shipped heads, which saw none, and by a head of ours fitted on other reviews."""
    reviews = public_sets.series_reviews(data)
    return {
        **evaluate.polarity_figures(LocalEngine.load(), reviews[::_SERIES_STEP]),
        "fitted": evaluate.label_figures(reviews),
    }


def wikit(data: Path) -> dict[str, Any]:
    """Intents of another trade, when a head of ours is fitted on them."""
    return evaluate.label_figures(public_sets.wikit_questions(data))


def support(data: Path) -> dict[str, Any]:
    """Failed support chats found, a set and a language."""
    return evaluate.support_figures(LocalEngine.load(), public_sets.support_chats(data))


def satisfaction(data: Path) -> dict[str, Any]:
    """Correlation with people's satisfaction; the floor, an order by chance, is 0."""
    return evaluate.satisfaction_figures(LocalEngine.load(), public_sets.rated_dialogues(data)[::_SATISFACTION_STEP])


def cost(data: Path) -> dict[str, Any]:
    """Processor milliseconds a turn of the kiosk examples, and what ships."""
    examples = load_conversations(data / "kiosk_examples" / "conversations.jsonl")
    engine = LocalEngine.load()
    conversations = [example.conversation for example in examples]
    engine.analyse(conversations[:1])
    started = time.process_time()
    engine.analyse(conversations)
    spent = time.process_time() - started
    return {
        "processor_milliseconds_a_turn": 1000 * spent / sum(len(each.turns) for each in conversations),
        "weights_bytes": WEIGHTS.stat().st_size,
    }


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "kiosk": kiosk,
    "corpus": corpus,
    "tweets": tweets,
    "series": series,
    "wikit": wikit,
    "support": support,
    "satisfaction": satisfaction,
    "cost": cost,
}


def _beside(figures: dict[str, float], floor: dict[str, float]) -> dict[str, Any]:
    """The figures, the floor's, and how many times the floor each is."""
    ratios = {f"{name}_over_floor": figures[name] / value for name, value in floor.items() if value}
    return {**figures, **{f"floor_{name}": value for name, value in floor.items()}, **ratios}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed; 1 where a part that was asked for found no data."""
    parser = argparse.ArgumentParser(prog="python -m bench.analysis_quality", description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public sets (default: ../shared/data)")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="only these parts")
    options = parser.parse_args(arguments)
    line: dict[str, Any] = {"bench": "analysis_quality", "engine_version": LocalEngine.load().version}
    missing = False
    for name in options.only or PARTS:
        started = time.monotonic()
        try:
            line[name] = _rounded(PARTS[name](options.data))
            # A whole run takes long: what is measured stands, whatever becomes of the rest.
            part = {name: line[name], "seconds": round(time.monotonic() - started, 1)}
            sys.stderr.write(json.dumps(part) + "\n")
        except FileNotFoundError as error:
            line[name] = {"error": f"found no {Path(error.filename).name} under --data"}
            missing = True
    sys.stdout.write(json.dumps(line) + "\n")
    return 1 if missing and options.only else 0


if __name__ == "__main__":
    sys.exit(main())
