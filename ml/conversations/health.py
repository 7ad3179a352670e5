"""What a member said of their health, kept out of an analysis where they have not agreed that it is kept.

Details (a diagnosis, a treatment) leave the words before any engine reads them, and no label may say that there were
any. Decided in `docs/adr/0015-refusals.md`; what counts as a detail says `redaction`. Called by `engine`, by `local`
before its labels become sentences, and by the alerts stage for what it quotes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from jarvis.conversations import Analysis, Conversation, Intent, Topic
from jarvis.evidence import claim_of
from ml.conversations.reading import Reading
from ml.conversations.redaction import health_details, without

Label = TypeVar("Label", Topic, Intent)


def without_details(text: str) -> str:
    """The text with a neutral word in brackets for every health detail; other personal data stays."""
    spans = health_details(text)
    return without(text, spans) if spans else text


def heard(conversation: Conversation) -> Conversation:
    """The conversation as an engine may read it."""
    if conversation.keeps_health:
        return conversation
    return replace(
        conversation, turns=tuple(replace(turn, text=without_details(turn.text)) for turn in conversation.turns)
    )


def unlabelled(reading: Reading) -> Reading:
    """The reading in which nobody speaks of health: what is made of it does not say so either."""
    return replace(
        reading,
        topics={**reading.topics, Topic.INJURY_HEALTH: 0.0},
        intents={**reading.intents, Intent.REPORT_INJURY: 0.0},
        turns=tuple(
            replace(
                turn,
                topics={**turn.topics, Topic.INJURY_HEALTH: 0.0},
                intents={**turn.intents, Intent.REPORT_INJURY: 0.0},
            )
            for turn in reading.turns
        ),
    )


def told(analysis: Analysis) -> Analysis:
    """The analysis without a label or a detail of health, whichever engine made it."""
    evidence = dict(analysis.evidence)
    topics = _left(analysis.key_topics, Topic.INJURY_HEALTH, Topic.OTHER, "key_topics", evidence)
    intents = _left(analysis.intents, Intent.REPORT_INJURY, Intent.OTHER, "intents", evidence)
    return replace(
        analysis,
        summary=without_details(analysis.summary),
        key_topics=topics,
        intents=intents,
        action_items=tuple(replace(item, text=without_details(item.text)) for item in analysis.action_items),
        evidence=evidence,
        turns=tuple(
            replace(turn, intents=tuple(intent for intent in turn.intents if intent is not Intent.REPORT_INJURY))
            for turn in analysis.turns
        ),
        issues=tuple(
            replace(issue, topic=Topic.OTHER) if issue.topic is Topic.INJURY_HEALTH else issue
            for issue in analysis.issues
        ),
    )


def _left(
    labels: Sequence[Label], dropped: Label, rest: Label, field: str, evidence: dict[str, tuple[str, ...]]
) -> tuple[Label, ...]:
    """The labels without the dropped one, "other" on the same turns where it was the only one."""
    left = tuple(label for label in labels if label is not dropped)
    turn_ids = evidence.pop(claim_of(field, dropped), ())
    if left or dropped not in labels:
        return left
    evidence[claim_of(field, rest)] = turn_ids or evidence.get(field, ())
    return (rest,)
