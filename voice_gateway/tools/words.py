"""How tools read the words a model passes on, and what they say when the session is over meanwhile. Pure."""

from collections.abc import Mapping
from typing import Any

from jarvis.conversations import Topic
from voice_gateway.tools.runner import ToolInputError

_MAX_CHARACTERS = 500

OVER: Mapping[str, Any] = {
    "ok": False,
    "reason": "session_over",
    "spoken": "Je n'ai pas pu le transmettre : l'accueil peut vous aider.",
}


def words_in(arguments: Mapping[str, Any], name: str) -> str | None:
    """The text of one argument on one line, no longer than is kept; None where there is none.

    Raises:
        ToolInputError: when it is no text.
    """
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ToolInputError(f"{name} doit être un texte.")
    return " ".join(value.replace("\x00", "").split())[:_MAX_CHARACTERS] or None


def topic_in(arguments: Mapping[str, Any], otherwise: Topic) -> Topic:
    """The closed topic that was named, else the one that fits the tool."""
    return next((topic for topic in Topic if topic == arguments.get("topic")), otherwise)
