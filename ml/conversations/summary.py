"""A summary that reads as prose, in the conversation's language, from the member's own words.

Extractive: the sentences that carry the intents are quoted, cut to length and rid of names, inside
a frame that says what the member wanted and how it ended. Nothing is invented, so every clause has
a turn. Not here: choosing labels (`local`), removing personal data (`redaction`).
"""

import re
from collections.abc import Sequence

from jarvis.conversations import Intent, Outcome, Sentiment, Topic
from ml.conversations.reading import TurnReading
from ml.conversations.redaction import redact
from ml.conversations.summary_phrases import ENDINGS, OPENINGS, QUOTES, SECOND, TOPICS, ZONES_JOIN

LANGUAGES = ("fr", "en", "es")
MAX_QUOTE_CHARACTERS = 220

# What the summary opens with when several intents hold: the most telling first.
_PRECEDENCE = (
    Intent.CANCEL_MEMBERSHIP, Intent.REPORT_INJURY, Intent.LOST_ITEM, Intent.REPORT_ISSUE, Intent.COMPLAIN,
    Intent.FREEZE_MEMBERSHIP, Intent.CHANGE_MEMBERSHIP, Intent.ASK_BILLING, Intent.REQUEST_HUMAN, Intent.PRAISE,
    Intent.SUGGEST, Intent.SET_GOAL, Intent.CHECK_PROGRESS, Intent.REPORT_ABSENCE, Intent.CANCEL_BOOKING,
    Intent.BOOK_CLASS, Intent.ASK_SCHEDULE, Intent.ASK_HOURS, Intent.ASK_TRAINING_ADVICE, Intent.ASK_NUTRITION,
    Intent.SMALL_TALK, Intent.OTHER,
)  # fmt: skip

_FILLER = re.compile(
    r"^(?:(?:euh|heu|bah|ben|bon|alors|donc|voila|voilà|hein|hey|hi|hello|bonjour|bonsoir|salut|hola|pues|bueno|well|so|um|uh|"
    r"excusez-moi|excuse me|perdone)\b[\s,.!…]*)+",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def summarise(
    turns: Sequence[TurnReading],
    *,
    language: str,
    topics: Sequence[Topic],
    intents: Sequence[Intent],
    sentiment: Sentiment,
    outcome: Outcome,
    names: Sequence[str] = (),
) -> tuple[str, tuple[str, ...]]:
    """The summary and the ids of the turns it quotes.

    Args:
        turns: the member's turns with words, at least one.
        language: an unknown one is summarised in French, the product's own.
        names: the member's own names, kept out whatever their case.
    """
    tongue = language[:2].lower() if language[:2].lower() in LANGUAGES else "fr"
    main = next((intent for intent in _PRECEDENCE if intent in intents), Intent.OTHER)
    opening = OPENINGS[tongue][main].format(
        topics=ZONES_JOIN[tongue].join(TOPICS[tongue][topic] for topic in topics[:2])
    )
    first = max(turns, key=lambda turn: _weight(turn, main, sentiment))
    quoted = [first]
    # A second quote where the member's view at the end is said elsewhere.
    last = max(turns, key=lambda turn: (turn.sentiment[sentiment], turn.turn_id))
    if (
        last is not first
        and last.sentiment[sentiment] > 0.5
        and len(last.text) > 20
        and sentiment is not Sentiment.NEUTRAL
    ):
        quoted.append(last)
    quotes = [quote(turn.text, names=names) for turn in quoted]
    left, right = QUOTES[tongue]
    sentences = [f"{opening}{left}{quotes[0]}{right}."]
    if len(quotes) > 1:
        sentences.append(f"{SECOND[tongue][sentiment]}{left}{quotes[1]}{right}.")
    sentences.append(ENDINGS[tongue][outcome])
    return " ".join(sentences), tuple(turn.turn_id for turn in quoted)


def quote(text: str, *, names: Sequence[str] = ()) -> str:
    """The member's words without names or hesitations at the start, at whole sentences where they are long."""
    redacted = redact(text, known=names)
    kept = _FILLER.sub("", redacted).strip() or redacted
    if len(kept) > MAX_QUOTE_CHARACTERS:
        short = ""
        for sentence in _SENTENCE_END.split(kept):
            if len(short) + len(sentence) > MAX_QUOTE_CHARACTERS:
                break
            short = f"{short} {sentence}".strip()
        kept = short or kept[:MAX_QUOTE_CHARACTERS].rsplit(" ", 1)[0] + "…"
    kept = kept.replace("«", "“").replace("»", "”").rstrip(" .")
    return kept[:1].upper() + kept[1:]


def _weight(turn: TurnReading, main: Intent, sentiment: Sentiment) -> float:
    # Long enough to say something, and about what the summary opens with.
    return turn.intents[main] + 0.5 * turn.sentiment[sentiment] + min(len(turn.text), 120) / 120
