"""Public labelled sets as the engine's own records: for measuring, never for fitting what ships.

Lives here: where each set's texts and labels lie under the data folder, and how its speakers become
member and assistant. Not here: the figures (`evaluate`) and our own corpus and the tweets, the only
rows that train shipped weights (`examples`). Licences stand in each set's README: most say
"measure only" or forbid altered copies, so nothing read here is ever written down.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jarvis.conversations import Conversation, Role, Turn

# A task that got 1 or 2 of 5 failed (MAIA-DQE, "Task Sucess").
FAILED_UP_TO = 2.0


@dataclass(frozen=True, slots=True)
class SupportChat:
    """One real support chat in one language."""

    source: str
    """The set and the language read, for example gym_pt."""
    conversation: Conversation
    is_failed: bool
    """The customer dropped out, or the task got 1 or 2 of 5."""


@dataclass(frozen=True, slots=True)
class RatedDialogue:
    """One task dialogue and how satisfied its annotators thought the user was."""

    source: str
    conversation: Conversation
    satisfaction: float
    """Mean over the annotators, 1 to 5."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text with one label."""

    text: str
    label: str


def labelled_texts(path: Path, *, text: str = "text", label: str = "label") -> list[LabelledText]:
    """The rows of a CSV file in its order.

    Args:
        text: the column that holds the texts.
        label: the column that holds the labels.

    Raises:
        KeyError: when the file has no such column.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        return [LabelledText(row[text], row[label]) for row in csv.DictReader(lines)]


def series_reviews(data: Path) -> list[LabelledText]:
    """Allociné reviews of series, positive or negative."""
    return labelled_texts(data / "sentiment_fr_allocine_series" / "reviews.csv")


def wikit_questions(data: Path) -> list[LabelledText]:
    """Questions of employees, 22 intents."""
    return labelled_texts(data / "intents_fr_wikit" / "utterances.csv", label="intent")


def support_chats(data: Path) -> list[SupportChat]:
    """MAIA-DQE in English, and its gym pass customers again in human English and in Portuguese."""
    folder = data / "dialogues_emotion_maia_dqe"
    failed: dict[str, bool] = {}
    with (folder / "dialogue_labels.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            success = float(row["task_success"])
            failed[row["dialogue_id"]] = row["dropped_conversation"] == "1" or 0 < success <= FAILED_UP_TO
    chats = []
    for path in sorted(folder.glob("*_client_*.json")):
        for dialogue in json.loads(path.read_text(encoding="utf-8")):
            spoken = [
                (turn["floor"] == "inbound", " ".join(turn["text_mt" if turn["floor"] == "inbound" else "text_src"]))
                for turn in dialogue["turns"]
            ]
            chats.append(SupportChat("maia_en", _conversation(dialogue["id"], "en", spoken), failed[dialogue["id"]]))
    for row in _rows(data / "dialogues_pt_gym_support_wmt22" / "dialogues.jsonl"):
        for language in ("en", "pt"):
            spoken = [(turn["role"] == "customer", turn[f"text_{language}"] or "") for turn in row["turns"]]
            conversation = _conversation(row["dialogue_id"], language, spoken)
            chats.append(SupportChat(f"gym_{language}", conversation, failed[row["dialogue_id"]]))
    return chats


def rated_dialogues(data: Path) -> list[RatedDialogue]:
    """USS: role-played task dialogues in English with human satisfaction."""
    return [
        RatedDialogue(
            row["source"].lower(),
            _conversation(row["dialogue_id"], "en", [(turn["role"] == "USER", turn["text"]) for turn in row["turns"]]),
            float(row["overall_mean"]),
        )
        for row in _rows(data / "dialogues_en_satisfaction_uss" / "dialogues.jsonl")
    ]


def _conversation(session_id: str, language: str, spoken: list[tuple[bool, str]]) -> Conversation:
    """Consecutive lines of one speaker are one turn, as a kiosk would have heard them."""
    turns: list[Turn] = []
    for is_member, text in spoken:
        role = Role.MEMBER if is_member else Role.ASSISTANT
        if turns and turns[-1].role is role:
            turns[-1] = Turn(turns[-1].turn_id, role, f"{turns[-1].text} {text}".strip())
        else:
            turns.append(Turn(f"t{len(turns) + 1}", role, text))
    return Conversation(session_id, language, tuple(turns))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
