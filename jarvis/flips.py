"""What changes between two analyses of the same conversation: labels that flip, alerts that fire or cease. Pure rules.

Called by `orchestration/comparison.py`, which brings past conversations and two engine versions. Ids and labels only:
no word of a conversation is in what comes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jarvis.alerts import Alert, AlertType, Finding, Priority, SaidTurn, alerts_for
from jarvis.conversations import Analysis, Conversation
from jarvis.corrections import LabelField

# What an analysis decides; churn risk, milestones and machines come from other facts and are the same for both.
DECIDED = frozenset({AlertType.NEGATIVE_FEEDBACK, AlertType.EQUIPMENT_ISSUE})

# Which cited turns a field rests on.
_EVIDENCE = {
    LabelField.SENTIMENT_LABEL: "sentiment",
    LabelField.EMOTION: "emotion",
    LabelField.TOPICS: "key_topics",
    LabelField.INTENTS: "intents",
    LabelField.OUTCOME: "outcome",
}


@dataclass(frozen=True, slots=True)
class LabelFlip:
    """One label that the two versions give differently."""

    session_id: str
    turn_id: str | None
    """None for a label of the whole conversation."""
    field: LabelField
    first: tuple[str, ...]
    second: tuple[str, ...]
    first_evidence: tuple[str, ...] = ()
    """The turns the first version rests its label on."""
    second_evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertFlip:
    """One kind of alert that a conversation raises with one version only, or with another priority."""

    session_id: str
    alert_type: AlertType
    first: Priority | None
    """None where the first version gives no reason for it."""
    second: Priority | None

    @property
    def kind(self) -> str:
        """fires, ceases or moves: what the second version does to it."""
        if self.first is None:
            return "fires"
        return "ceases" if self.second is None else "moves"


def label_flips(first: Analysis, second: Analysis) -> list[LabelFlip]:
    """The labels that differ, the conversation's own first; several values are compared as sets."""
    flips = [
        LabelFlip(
            first.session_id,
            None,
            field,
            _values(first, field),
            _values(second, field),
            tuple(first.evidence.get(_EVIDENCE[field], ())),
            tuple(second.evidence.get(_EVIDENCE[field], ())),
        )
        for field in LabelField
    ]
    turns = {turn.turn_id: turn for turn in second.turns}
    for turn in first.turns:
        other = turns.get(turn.turn_id)
        if other is not None:
            cited = (turn.turn_id,)
            flips += [
                LabelFlip(first.session_id, turn.turn_id, field, tuple(before), tuple(after), cited, cited)
                for field, before, after in (
                    (LabelField.SENTIMENT_LABEL, (turn.sentiment_label,), (other.sentiment_label,)),
                    (LabelField.EMOTION, (turn.emotion,), (other.emotion,)),
                    (LabelField.INTENTS, turn.intents, other.intents),
                )
            ]
    return [flip for flip in flips if set(flip.first) != set(flip.second)]


def alert_flips(
    finding: Finding, conversation: Conversation, first: Analysis, second: Analysis, *, negative_feedback_below: float
) -> list[AlertFlip]:
    """The alerts that one version alone would raise, or raise with another priority.

    Args:
        finding: whose the conversation is; its labels are not looked at.
        negative_feedback_below: sentiment score under which the conversation alone is reason enough (settings).
    """
    before, after = (
        _strongest(
            alerts_for(_seen_by(analysis, finding, conversation), negative_feedback_below=negative_feedback_below)
        )
        for analysis in (first, second)
    )
    return [
        AlertFlip(first.session_id, alert_type, before.get(alert_type), after.get(alert_type))
        for alert_type in sorted(DECIDED)
        if before.get(alert_type) != after.get(alert_type)
    ]


def _values(analysis: Analysis, field: LabelField) -> tuple[str, ...]:
    match field:
        case LabelField.SENTIMENT_LABEL:
            return (analysis.sentiment_label,)
        case LabelField.EMOTION:
            return (analysis.emotion,)
        case LabelField.OUTCOME:
            return (analysis.outcome,)
        case LabelField.TOPICS:
            return tuple(analysis.key_topics)
        case LabelField.INTENTS:
            return tuple(analysis.intents)


def _seen_by(analysis: Analysis, finding: Finding, conversation: Conversation) -> Finding:
    labels = {turn.turn_id: turn for turn in analysis.turns}
    said: list[SaidTurn] = []
    for turn in conversation.member_turns:
        found = labels.get(turn.turn_id)
        said.append(
            SaidTurn(
                turn_id=turn.turn_id,
                text=turn.text,
                said_at=finding.occurred_at,
                sentiment_score=None if found is None else found.sentiment_score,
                sentiment_label=None if found is None else found.sentiment_label,
                intents=() if found is None else found.intents,
            )
        )
    return replace(
        finding,
        sentiment_score=analysis.sentiment_score,
        sentiment_label=analysis.sentiment_label,
        emotion=analysis.emotion,
        topics=analysis.key_topics,
        intents=analysis.intents,
        issues=analysis.issues,
        turns=tuple(said),
    )


def _strongest(alerts: Iterable[Alert]) -> dict[AlertType, Priority]:
    """The highest priority of each kind that an analysis decides."""
    order: Sequence[Priority] = tuple(Priority)
    found: dict[AlertType, Priority] = {}
    for alert in alerts:
        if alert.alert_type in DECIDED:
            known = found.get(alert.alert_type, Priority.LOW)
            found[alert.alert_type] = max(known, alert.priority, key=order.index)
    return found
