"""The stand-in's brain: what a polite gym assistant would say or which tool it would call, by scripted rules.

Pure: a situation in, one decision out, the same for the same situation. The French it knows is in `intents_fr`; how a
tool's arguments are filled is in `tool_calls`. It understands nothing: it matches keywords, so that demos and tests
have someone to talk to when no model is reachable.
"""

import re
import unicodedata
from dataclasses import dataclass

from voice_gateway.standin import intents_fr
from voice_gateway.standin.intents_fr import INTENTS, Intent
from voice_gateway.standin.tool_calls import Tool, arguments_for, choose_tool, spoken_result


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What the client answered to the last function call."""

    name: str  # the tool's
    output: str  # as sent, JSON by custom


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All the brain knows when it must answer."""

    instructions: str = ""  # the session's, or the response's own
    member_words: str | None = None  # the unanswered ones; None when the member said nothing since the last answer
    is_understood: bool = True  # False when the member spoke and the ears understood nothing
    has_spoken: bool = False  # whether the member said anything in this session
    is_idle: bool = False  # whether the member's silence is what asks for an answer
    tools: tuple[Tool, ...] = ()
    forced_tool: str | None = None  # a name, when tool_choice demands that function
    tool_result: ToolResult | None = None
    previous_answer: str = ""
    answer_count: int = 0  # assistant answers so far: which variant to say


@dataclass(frozen=True)
class Say:
    """Answer with these words."""

    text: str


@dataclass(frozen=True)
class CallTool:
    """Call that tool with that JSON."""

    name: str
    arguments: str


def first_name(instructions: str) -> str | None:
    """The member's first name if the instructions give one: « Prénom : Léa », « s'appelle Léa », `first_name: Léa`."""
    found = re.search(
        r"(?:pr[ée]nom(?: du membre)?|s['’]appelle|first[_ ]name|membre|adh[ée]rente?|member(?:'s name)?|name is)"
        r"(?:\s+(?:est|is))?\s*[:=]?\s*[«\"']?\s*(?-i:([A-ZÀ-Ý][\w'’-]+))",
        instructions,
        re.IGNORECASE,
    )
    return found.group(1) if found else None


def normalise(words: str) -> str:
    """Lower case, no accent, one space between words and around them: what keywords are matched against."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", words.lower()) if not unicodedata.combining(char))
    return " " + " ".join(re.findall(r"[a-z0-9]+", bare.replace("œ", "oe"))) + " "


def detect_intent(words: str) -> Intent | None:
    """The intent whose keywords weigh most in `words`, the table's first on a tie; None without any keyword."""
    text = normalise(words)
    best: tuple[int, Intent] | None = None
    for intent in INTENTS:
        weight = sum(weight for stem, weight in intent.keywords if f" {stem}" in text)
        if weight and (best is None or weight > best[0]):
            best = (weight, intent)
    return best[1] if best else None


def decide(situation: Situation) -> Say | CallTool:
    """What the assistant does next."""
    name = first_name(situation.instructions)
    called = f", {name}" if name else ""

    def say(*variants: str) -> Say:
        chosen = variants[situation.answer_count % len(variants)]
        return Say(chosen.format(name=called, previous=situation.previous_answer or "je suis là pour vous aider."))

    dictated = re.search(r"^Dis exactement[^«]*« (.+) »$", situation.instructions)
    if dictated:
        return Say(dictated[1])
    if situation.tool_result is not None:
        spoken = spoken_result(situation.tool_result.name, situation.tool_result.output)
        return Say(spoken) if spoken else say(intents_fr.TOOL_FAILED)
    if situation.is_idle:
        return say(intents_fr.STILL_THERE)
    if not situation.is_understood:
        return say(*intents_fr.NOT_UNDERSTOOD)
    words = situation.member_words
    if words is None:
        if situation.has_spoken or situation.answer_count:
            return say(intents_fr.ANYTHING_ELSE)
        return say(intents_fr.WELCOME)
    intent = detect_intent(words)
    tool = choose_tool(situation.tools, intent=intent, forced=situation.forced_tool)
    if tool is not None:
        category, hints = (intent.category, intent.hints) if intent else ("other", ())
        return CallTool(name=tool.name, arguments=arguments_for(tool, words=words, category=category, hints=hints))
    return say(*(intent.answers if intent else intents_fr.UNKNOWN))
