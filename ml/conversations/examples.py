"""Labelled examples as records: our own corpus, the kiosk examples, the tweets.

Lives here: reading and checking files of labels. The corpus is written by hand in
`corpus/`: `batch_NN.jsonl` holds conversations (with a label per member turn), `turns_NN.jsonl`
single member turns. Files of one number were written in one sitting and are left out together.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jarvis.conversations import Conversation, Emotion, Intent, Outcome, Role, Sentiment, Topic, Turn
from jarvis.corrections import LabelField

CORPUS = Path(__file__).parent / "corpus"


class ExampleError(ValueError):
    """A labelled file does not say what it should; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One member turn with its labels; `topics` is empty where they were only judged for the conversation."""

    batch: str
    language: str
    text: str
    sentiment: Sentiment
    emotion: Emotion
    intents: frozenset[Intent]
    topics: frozenset[Topic] = frozenset()


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """One conversation with the labels a sensible manager would give it."""

    batch: str
    conversation: Conversation
    sentiment: Sentiment
    emotion: Emotion
    topics: frozenset[Topic]
    intents: frozenset[Intent]
    outcome: Outcome
    evidence_turn_ids: tuple[str, ...]
    machine: str | None
    zone: str | None
    turns: tuple[LabelledTurn, ...]
    """One per member turn, in order, where turns were labelled one by one; else empty."""
    judged: frozenset[LabelField] = frozenset(LabelField)
    """The labels of the conversation that a person has looked at; only these may judge an engine."""


@dataclass(frozen=True, slots=True)
class LabelledTweet:
    """A short text written for a public, with a sentiment only."""

    language: str
    text: str
    sentiment: Sentiment


def load_conversations(path: Path) -> list[LabelledConversation]:
    """The conversations of one JSONL file, in its order."""
    return [labelled_conversation(row, where, batch=path.stem.rpartition("_")[2]) for where, row in _rows(path)]


def load_turns(path: Path) -> list[LabelledTurn]:
    """The single turns of one JSONL file, in its order."""
    return [_turn(path.stem.rpartition("_")[2], row["language"], row, where) for where, row in _rows(path)]


def corpus_conversations(folder: Path = CORPUS) -> list[LabelledConversation]:
    """All conversations of our own corpus, in the order of the files' names."""
    return [example for path in sorted(folder.glob("batch_*.jsonl")) for example in load_conversations(path)]


def corpus_turns(folder: Path = CORPUS) -> list[LabelledTurn]:
    """All single turns of our own corpus, in the order of the files' names."""
    return [example for path in sorted(folder.glob("turns_*.jsonl")) for example in load_turns(path)]


def load_tweets(data: Path) -> list[LabelledTweet]:
    """The development tweets under the data folder, none where the set is absent."""
    tweets: list[LabelledTweet] = []
    for path in sorted((data / "sentiment_tweets_umsab").glob("sentiment_*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            tweets.extend(
                LabelledTweet(row["lang"], row["text"], Sentiment(row["label"])) for row in csv.DictReader(stream)
            )
    return tweets


def corpus_opinions() -> list[LabelledTweet]:
    """Our own opinions written for a public, in the file's order."""
    opinions = []
    for line in (CORPUS / "opinions.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, sentiment, text = line.split(" ", 2)
            opinions.append(LabelledTweet(language, text, Sentiment(sentiment)))
    return opinions


def read_conversation(row: Mapping[str, Any]) -> Conversation:
    """The conversation of one JSON object; a turn without an id gets its place as one.

    Raises:
        ExampleError: saying which part was found wrong and what was expected.
    """
    if not isinstance(row, Mapping):
        raise ExampleError(f"found {type(row).__name__}, expected an object with session_id, language and turns")
    session_id, language, turns = row.get("session_id"), row.get("language"), row.get("turns")
    if not isinstance(session_id, str) or not session_id:
        raise ExampleError("session_id: expected a non-empty text")
    if not isinstance(language, str) or not language:
        raise ExampleError("language: expected a code such as 'fr'")
    if not isinstance(turns, list):
        raise ExampleError(f"turns: found {type(turns).__name__}, expected a list of turns")
    read: list[Turn] = []
    for place, turn in enumerate(turns, start=1):
        if not isinstance(turn, Mapping) or not isinstance(turn.get("text"), str):
            raise ExampleError(f"turn {place}: expected an object with role and text")
        if turn.get("role") not in ("member", "assistant"):
            raise ExampleError(f"turn {place}: role must be 'member' or 'assistant'")
        turn_id = turn.get("turn_id", f"t{place}")
        if not isinstance(turn_id, str | int) or isinstance(turn_id, bool):
            raise ExampleError(f"turn {place}: turn_id must be a text")
        read.append(Turn(str(turn_id), Role(turn["role"]), turn["text"]))
    if len({turn.turn_id for turn in read}) != len(read):
        raise ExampleError("turns: found the same turn_id twice, expected each once")
    return Conversation(session_id, language, tuple(read))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield f"{path.name} line {number}", json.loads(line)


def _turn(batch: str, language: str, row: Mapping[str, Any], where: str) -> LabelledTurn:
    try:
        return LabelledTurn(
            batch=batch,
            language=language,
            text=row["text"],
            sentiment=Sentiment(row["sentiment_label"]),
            emotion=Emotion(row["emotion"]),
            intents=frozenset(Intent(value) for value in row["intents"]),
            topics=frozenset(Topic(value) for value in row.get("topics", ())),
        )
    except (KeyError, ValueError) as error:
        raise ExampleError(f"{where}: {error}; use the closed vocabularies of jarvis.conversations") from error


def labelled_conversation(row: Mapping[str, Any], where: str, *, batch: str = "") -> LabelledConversation:
    """The labelled conversation of one JSON object.

    Raises:
        ExampleError: naming where it stood and what is wrong with it.
    """
    try:
        conversation = read_conversation(row)
        labels = row["labels"]
        texts = {turn.turn_id: turn.text for turn in conversation.turns}
        issue = labels.get("issue") or {}
        return LabelledConversation(
            batch=batch,
            conversation=conversation,
            sentiment=Sentiment(labels["sentiment_label"]),
            emotion=Emotion(labels["emotion"]),
            topics=frozenset(Topic(value) for value in labels["topics"]),
            intents=frozenset(Intent(value) for value in labels["intents"]),
            outcome=Outcome(labels["outcome"]),
            evidence_turn_ids=tuple(labels["evidence_turns"]),
            machine=issue.get("machine"),
            zone=issue.get("zone"),
            judged=frozenset(LabelField(value) for value in row.get("judged", LabelField)),
            turns=tuple(
                _turn(batch, conversation.language, {**turn, "text": texts[turn["turn_id"]]}, where)
                for turn in row.get("turn_labels", ())
            ),
        )
    except (KeyError, ValueError) as error:
        raise ExampleError(f"{where}: {error}; see the other rows for the shape") from error
