"""The closed shape of a hosted analysis: the JSON schema that is sent, and the check of what comes back.

The model is held to the schema and checked all the same: a transcript is hostile, and a cited turn
must exist. Turn ids travel as t1, t2, …: nothing from the database leaves. Called by `openai`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from jarvis.conversations import (
    ActionItem,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Role,
    Topic,
    TurnAnalysis,
    sentiment_label,
)
from jarvis.evidence import CLAIMED_FIELDS, claim_of

SUMMARY_CHARACTERS = 900
ACTION_CHARACTERS = 200
PLACE_CHARACTERS = 60
MAX_ACTIONS = 4
MAX_ISSUES = 5
OWNERS = ("staff", "manager", "member")
CITED = CLAIMED_FIELDS

Choice = TypeVar("Choice", bound=StrEnum)


class ReplyError(ValueError):
    """The reply is not what the schema asked for; the message says what was found, never a word of the conversation."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked reply; turn ids are the conversation's own again."""

    summary: str
    key_topics: tuple[Topic, ...]
    sentiment_score: float
    emotion: Emotion
    intents: tuple[Intent, ...]
    outcome: Outcome
    action_items: tuple[ActionItem, ...]
    evidence: Mapping[str, tuple[str, ...]]
    turns: tuple[TurnAnalysis, ...]
    issues: tuple[Issue, ...]


def sent_ids(conversation: Conversation) -> dict[str, str]:
    """The id each turn travels under (t1, t2, …) to its own."""
    return {f"t{place}": turn.turn_id for place, turn in enumerate(conversation.turns, start=1)}


def reply_schema() -> dict[str, Any]:
    """The JSON schema of a reply, in the subset strict structured outputs accept."""
    ids = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    score = {"type": "number", "minimum": -1, "maximum": 1}
    text_or_null = {"type": ["string", "null"]}
    return _object(
        summary={"type": "string"},
        key_topics=_several(Topic),
        sentiment_score=score,
        emotion=_one(Emotion),
        intents=_several(Intent),
        outcome=_one(Outcome),
        action_items=_list(
            _object(text={"type": "string"}, owner={"type": "string", "enum": list(OWNERS)}, source_turn_ids=ids),
            MAX_ACTIONS,
        ),
        evidence=_object(
            **dict.fromkeys(CITED, ids),
            topics={"type": "array", "items": _object(topic=_one(Topic), turn_ids=ids)},
        ),
        turns={
            "type": "array",
            "items": _object(
                turn_id={"type": "string"},
                sentiment_score=score,
                emotion=_one(Emotion),
                intents={"type": "array", "items": _one(Intent)},
            ),
        },
        issues=_list(
            _object(topic=_one(Topic), machine=text_or_null, zone=text_or_null, source_turn_ids=ids), MAX_ISSUES
        ),
    )


def parse_reply(text: str, conversation: Conversation) -> Reply:
    """The reply, checked field by field.

    Raises:
        ReplyError: on the first field that is not what the schema asks for.
    """
    try:
        row = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise ReplyError("the reply is not JSON") from None
    if not isinstance(row, dict):
        raise ReplyError(f"the reply is a {type(row).__name__}, expected an object")
    known = sent_ids(conversation)
    evidence = row.get("evidence")
    if not isinstance(evidence, dict):
        raise ReplyError("evidence: expected an object")
    key_topics = _choices(Topic, row.get("key_topics"), "key_topics", least=1)
    intents = _choices(Intent, row.get("intents"), "intents", least=1)
    turns = _turns(row.get("turns"), conversation, known)
    return Reply(
        summary=_text(row.get("summary"), "summary", SUMMARY_CHARACTERS),
        key_topics=key_topics,
        sentiment_score=_score(row.get("sentiment_score"), "sentiment_score"),
        emotion=_choice(Emotion, row.get("emotion"), "emotion"),
        intents=intents,
        outcome=_choice(Outcome, row.get("outcome"), "outcome"),
        action_items=tuple(
            ActionItem(
                _text(item.get("text"), "action_items.text", ACTION_CHARACTERS),
                _owner(item.get("owner")),
                _ids(item.get("source_turn_ids"), known, "action_items.source_turn_ids"),
            )
            for item in _objects(row.get("action_items"), "action_items", MAX_ACTIONS)
        ),
        evidence=_evidence(evidence, known, key_topics=key_topics, intents=intents, turns=turns),
        turns=turns,
        issues=tuple(
            Issue(
                _choice(Topic, item.get("topic"), "issues.topic"),
                _text_or_none(item.get("machine"), "issues.machine"),
                _text_or_none(item.get("zone"), "issues.zone"),
                _ids(item.get("source_turn_ids"), known, "issues.source_turn_ids"),
            )
            for item in _objects(row.get("issues"), "issues", MAX_ISSUES)
        ),
    )


def _evidence(
    value: Mapping[str, Any],
    known: Mapping[str, str],
    *,
    key_topics: Sequence[Topic],
    intents: Sequence[Intent],
    turns: Sequence[TurnAnalysis],
) -> dict[str, tuple[str, ...]]:
    """The turns of each field, and of each topic and intent alone: its field's where the reply tells none apart."""
    cited = {name: _ids(value.get(name), known, f"evidence.{name}") for name in CITED}
    told = {
        _choice(Topic, item.get("topic"), "evidence.topics.topic"): _ids(
            item.get("turn_ids"), known, "evidence.topics.turn_ids"
        )
        for item in _objects(value.get("topics", []), "evidence.topics", len(Topic))
    }
    for topic in key_topics:
        cited[claim_of("key_topics", topic)] = told.get(topic) or cited["key_topics"]
    for intent in intents:
        wanted = tuple(turn.turn_id for turn in turns if intent in turn.intents)
        cited[claim_of("intents", intent)] = wanted or cited["intents"]
    return cited


def _turns(value: object, conversation: Conversation, known: Mapping[str, str]) -> tuple[TurnAnalysis, ...]:
    rows = _objects(value, "turns", len(conversation.turns))
    turns = []
    for row in rows:
        (turn_id,) = _ids([row.get("turn_id")], known, "turns.turn_id")
        score = _score(row.get("sentiment_score"), "turns.sentiment_score")
        turns.append(
            TurnAnalysis(
                turn_id,
                score,
                sentiment_label(score),
                _choice(Emotion, row.get("emotion"), "turns.emotion"),
                _choices(Intent, row.get("intents"), "turns.intents"),
            )
        )
    expected = [turn.turn_id for turn in conversation.turns if turn.role is Role.MEMBER]
    if [turn.turn_id for turn in turns] != expected:
        raise ReplyError(f"turns: found {len(turns)} entries, expected the {len(expected)} member turns in order")
    return tuple(turns)


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


def _one(kind: type[StrEnum]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(value) for value in kind]}


def _several(kind: type[StrEnum]) -> dict[str, Any]:
    return {"type": "array", "items": _one(kind), "minItems": 1}


def _choice(kind: type[Choice], value: object, field: str) -> Choice:
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise ReplyError(f"{field}: found a value outside its closed list") from None


def _choices(kind: type[Choice], value: object, field: str, *, least: int = 0) -> tuple[Choice, ...]:
    if not isinstance(value, list) or len(value) < least:
        raise ReplyError(f"{field}: expected a list of at least {least}")
    return tuple(dict.fromkeys(_choice(kind, item, field) for item in value))


def _score(value: object, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 1:
        raise ReplyError(f"{field}: expected a number from -1 to 1")
    return round(float(value), 2)


def _text(value: object, field: str, most: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ReplyError(f"{field}: expected a text")
    if len(value) > most:
        raise ReplyError(f"{field}: found {len(value)} characters, expected at most {most}")
    return value.strip()


def _text_or_none(value: object, field: str) -> str | None:
    return None if value is None or value == "" else _text(value, field, PLACE_CHARACTERS)


def _owner(value: object) -> str:
    if value not in OWNERS:
        raise ReplyError(f"action_items.owner: expected one of {', '.join(OWNERS)}")
    return str(value)


def _ids(value: object, known: Mapping[str, str], field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(item, str) or item not in known for item in value):
        raise ReplyError(f"{field}: expected a list of this conversation's turn ids")
    if not value:
        raise ReplyError(f"{field}: found no turn, expected at least one: a claim rests on what was said")
    return tuple(dict.fromkeys(known[item] for item in value))


def _objects(value: object, field: str, most: int) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or len(value) > most or any(not isinstance(item, dict) for item in value):
        raise ReplyError(f"{field}: expected a list of at most {most} objects")
    return value
