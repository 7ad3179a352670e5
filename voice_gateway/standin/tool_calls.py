"""How the brain calls the tools a session offers: which one, with what arguments, and how its result is said.

Pure, and driven by the tool's own JSON schema, so that a tool the stand-in never heard of still gets arguments of the
right shape.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voice_gateway.standin.intents_fr import ANYWHERE, CLASSES, DAYS, DAYS_ENGLISH, MACHINES, NUMBERS, ZONES, Intent


@dataclass(frozen=True)
class Tool:
    """A function the session offers."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)  # its JSON schema


def choose_tool(tools: tuple[Tool, ...], *, intent: Intent | None, forced: str | None) -> Tool | None:
    """The tool to call: the forced one, else the first offered among those that serve the intent, else none."""
    offered = {tool.name: tool for tool in tools}
    if forced is not None:
        return offered.get(forced)
    return next((offered[name] for name in intent.tools if name in offered), None) if intent else None


def arguments_for(tool: Tool, *, words: str, category: str, hints: tuple[str, ...] = ()) -> str:
    """The tool's arguments as JSON: properties filled from the member's words, optional ones left out if not found."""
    properties: dict[str, Any] = tool.parameters.get("properties") or {}
    required = set(tool.parameters.get("required") or ())
    arguments: dict[str, object] = {}
    for name, schema in properties.items():
        value = _value(name, schema if isinstance(schema, dict) else {}, words=words, category=category, hints=hints)
        if value is None and name in required:
            value = _filler(schema if isinstance(schema, dict) else {}, words)
        if value is not None:
            arguments[name] = value
    return json.dumps(arguments, ensure_ascii=False)


def spoken_result(tool_name: str, output: str) -> str | None:
    """A French sentence that tells the tool's result; None when the tool failed."""
    try:
        result = json.loads(output)
    except ValueError:
        return output.strip() or None
    if isinstance(result, str):
        return result.strip() or None
    if not isinstance(result, dict):
        return "C'est fait."
    if isinstance(result.get("spoken"), str) and result["spoken"].strip():
        # Fit to be said as it is, also where the tool refuses.
        return str(result["spoken"]).strip()
    if result.get("error") or result.get("ok") is False or result.get("status") in ("failed", "error"):
        return None
    for key in ("message", "text", "answer", "summary", "message_fr"):
        if isinstance(result.get(key), str) and result[key].strip():
            return str(result[key]).strip()
    if "hours" in tool_name and (hours := _spoken_hours(result)):
        return f"Voici nos horaires : {hours}."
    if "book" in tool_name and "cancel" not in tool_name:
        return "C'est réservé. Vous recevrez une confirmation, à très vite en cours !"
    if "cancel" in tool_name:
        return "C'est annulé, merci d'avoir prévenu."
    if "human" in tool_name or "staff" in tool_name:
        return "L'équipe est prévenue, quelqu'un vient vous voir dans quelques minutes."
    if "report" in tool_name or "issue" in tool_name or "log" in tool_name:
        return (
            "C'est transmis à l'équipe, qui s'en occupe au plus vite. Merci de l'avoir signalé, et désolé pour la gêne."
        )
    told = [
        f"{key.replace('_', ' ')} : {value}"
        for key, value in result.items()
        if isinstance(value, str | int | float) and key != "ok"
    ]
    return f"Voici ce que j'ai trouvé. {', '.join(told)}." if told else "C'est fait."


def _spoken_hours(result: dict[str, Any]) -> str:
    days = next(
        (value for value in (result.get("hours"), result.get("opening_hours"), result) if isinstance(value, dict)), {}
    )
    told = []
    for day, value in days.items():
        span = [value.get("open"), value.get("close")] if isinstance(value, dict) else value
        if isinstance(span, list):
            span = " à ".join(str(part) for part in span)
        if isinstance(span, str) and (str(day).lower() in DAYS_ENGLISH or str(day).lower() in DAYS):
            told.append(f"{DAYS_ENGLISH.get(str(day).lower(), str(day))}, {span.replace('-', ' à ')}")
    return " ; ".join(told)


def _value(name: str, schema: dict[str, Any], *, words: str, category: str, hints: tuple[str, ...]) -> object | None:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return _choice(choices, words=words, fitting=(category, *hints))
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _number(words)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(next(iter({"yes", "no"} & set(hints)), ""))
    for parts, find in _FINDERS:
        if any(part in name.lower() for part in parts):
            return find(words, category)
    return None


def _choice(choices: list[Any], *, words: str, fitting: tuple[str, ...]) -> object | None:
    for value in fitting:
        if value in choices:
            return value
    said = _bare(words)
    for choice in choices:
        if isinstance(choice, str) and (_bare(choice) in said or _bare(DAYS_ENGLISH.get(choice, "\0")) in said):
            return choice
    for fallback in ("medium", "normal", "other", "autre"):
        if fallback in choices:
            return fallback
    return None


def _filler(schema: dict[str, Any], words: str) -> object:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        filler: object = choices[0]
        return filler
    fillers: dict[object, object] = {"integer": 0, "number": 0, "boolean": True, "array": [], "object": {}}
    return fillers.get(schema.get("type"), words)


def _equipment(words: str) -> str | None:
    machine = _first(MACHINES, words)
    number = _number(words) if machine and "numero" in _bare(words) else None
    return f"{machine} {number}" if machine and number is not None else machine


def _number(words: str) -> int | None:
    for word in re.findall(r"\w+", words.lower()):
        if word.isdecimal():
            return int(word)
        if word in NUMBERS and word != "un":
            return NUMBERS[word]
    return None


def _first(known: tuple[str, ...], words: str) -> str | None:
    said = _bare(words)
    return next((candidate for candidate in known if _bare(candidate) in said), None)


def _bare(words: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", words.lower()) if not unicodedata.combining(char))


# What a string property is filled with, by a part of its name; the first match counts.
_FINDERS: tuple[tuple[tuple[str, ...], Callable[[str, str], str | None]], ...] = (
    (("categor", "topic", "kind", "type", "area"), lambda words, category: category),
    (("class", "course", "cours", "activity"), lambda words, category: _first(CLASSES, words)),
    (("equipment", "machine", "device"), lambda words, category: _equipment(words)),
    (("zone", "place", "location", "room"), lambda words, category: _first(ZONES, words) or ANYWHERE),
    (("day", "date", "when", "time", "jour"), lambda words, category: _first(DAYS, words)),
    (("severity", "priority", "urgency"), lambda words, category: "medium"),
    (("description", "detail", "problem", "text", "message", "reason", "note"), lambda words, category: words),
    (("question", "summary", "subject"), lambda words, category: words),
)
