"""When a manager should be told, and with which evidence: pure rules over one analysed conversation.

`warehouse/stores/alerts.py` brings the findings and keeps the alerts, one open alert per cause;
`alerts_fr.py` words them. Who calls: the alerts stage of `orchestration`.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from jarvis import alerts_fr
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic
from jarvis.places import evidence_of

# Visits worth a word from the team.
MILESTONES = (50, 100, 200, 300, 500, 750, 1000)
# A milestone passed longer ago is old news, for example after an import of past visits.
MILESTONE_FRESH_FOR = timedelta(days=7)

# Having been dealt with, a member at risk is not put back on the list so soon, unless the level rises.
CHURN_COOLDOWN = timedelta(days=14)
ONCE_FOR_EVER = timedelta(days=36500)

COMPLAINTS = frozenset({Intent.COMPLAIN, Intent.REPORT_ISSUE, Intent.REQUEST_HUMAN, Intent.CANCEL_MEMBERSHIP})

# Topics of which something can be wrong in a place, for somebody to repair, clean or reset; the most telling first: of
# dirty showers, « propreté » says what is wrong, and « douches » only where.
REPAIRABLE = (
    Topic.EQUIPMENT,
    Topic.SAFETY,
    Topic.CLEANLINESS,
    Topic.SHOWERS_LOCKERS,
    Topic.TEMPERATURE_AIR,
    Topic.ACCESS_BADGE,
    Topic.KIOSK_APP,
    Topic.FACILITIES_OTHER,
    Topic.MUSIC_NOISE,
)


class AlertType(StrEnum):
    """What an alert is about."""

    CHURN_RISK = "churn_risk"
    NEGATIVE_FEEDBACK = "negative_feedback"
    EQUIPMENT_ISSUE = "equipment_issue"
    MILESTONE = "milestone"
    KIOSK_OFFLINE = "kiosk_offline"
    DATA_QUALITY = "data_quality"
    VOICE_BUDGET = "voice_budget"


# Their descriptions are the members' own words where the assistant handed them on: shown masked.
SAID_BY_MEMBERS = frozenset({AlertType.NEGATIVE_FEEDBACK, AlertType.EQUIPMENT_ISSUE})


class Priority(StrEnum):
    """How soon somebody should act."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """One member turn with what the analysis read in it."""

    turn_id: str
    text: str
    said_at: datetime
    sentiment_score: float | None
    sentiment_label: Sentiment | None
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One analysed conversation and its member's standing, as the rules read them."""

    gym_id: UUID
    session_id: UUID
    kiosk_id: UUID
    member_id: UUID | None
    """None for an unknown badge."""
    occurred_at: datetime
    sentiment_score: float
    sentiment_label: Sentiment
    emotion: Emotion
    topics: tuple[Topic, ...]
    intents: tuple[Intent, ...]
    issues: tuple[Issue, ...]
    turns: tuple[SaidTurn, ...]
    """The member's turns only, in order."""
    total_visits: int = 0
    visits_before_fresh: int = 0
    """Visits older than `MILESTONE_FRESH_FOR`."""
    milestones: tuple[int, ...] = MILESTONES
    """The numbers of visits that this gym celebrates."""
    keeps_health: bool = True
    """False where the member has not agreed that what they say of their health is kept: no alert quotes any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert to raise; the store folds it into an open one of the same `dedup_key`."""

    gym_id: UUID
    session_id: UUID | None
    """None for what no conversation has shown: a silent kiosk, a score, a date."""
    kiosk_id: UUID | None
    member_id: UUID | None
    alert_type: AlertType
    priority: Priority
    title: str
    description: str
    recommended_actions: tuple[str, ...]
    dedup_key: str
    """The same cause gives the same key within a gym."""
    occurred_at: datetime
    turns: tuple[SaidTurn, ...] = ()
    """The words it rests on."""
    details: tuple[tuple[str, object], ...] = ()
    """Further evidence, as JSON takes it: machine, zone, scores."""
    cooldown: timedelta = timedelta(0)
    """Not raised again within this time after one with the same key was closed."""


def alerts_for(finding: Finding, *, negative_feedback_below: float) -> list[Alert]:
    """Every alert one conversation gives reason for, in the order a manager should read them.

    Args:
        finding: the conversation.
        negative_feedback_below: sentiment score under which the conversation alone is reason enough (settings).
    """
    found = [
        _negative_feedback(finding, below=negative_feedback_below),
        *_equipment_issues(finding),
        _milestone(finding),
    ]
    return [alert for alert in found if alert is not None]


def negative_feedback_priority(finding: Finding, *, below: float) -> Priority | None:
    """How soon to answer an unhappy member; None when the conversation is no reason for an alert.

    The score alone decides below the threshold. Above it, a complaint counts when the whole
    conversation or at least one of its turns is negative: people complain politely.
    """
    has_complaint = not COMPLAINTS.isdisjoint(finding.intents)
    if finding.sentiment_score < below:
        leaves = Intent.CANCEL_MEMBERSHIP in finding.intents or Topic.SAFETY in finding.topics
        return Priority.URGENT if leaves else Priority.HIGH
    if has_complaint and finding.sentiment_label is Sentiment.NEGATIVE:
        return Priority.MEDIUM
    if has_complaint and any(turn.sentiment_label is Sentiment.NEGATIVE for turn in finding.turns):
        return Priority.LOW
    return None


def place_key(text: str | None) -> str:
    """One spelling for a machine or a zone: no accents, no case, single spaces; '-' for none."""
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode().casefold()
    return " ".join(plain.split()) or "-"


def _negative_feedback(finding: Finding, *, below: float) -> Alert | None:
    priority = negative_feedback_priority(finding, below=below)
    quoted = _negative_turns(finding)
    if priority is None or not quoted:
        return None
    topic = finding.topics[0] if finding.topics else Topic.OTHER
    return Alert(
        gym_id=finding.gym_id,
        session_id=finding.session_id,
        kiosk_id=finding.kiosk_id,
        member_id=finding.member_id,
        alert_type=AlertType.NEGATIVE_FEEDBACK,
        priority=priority,
        title=alerts_fr.negative_feedback_title(finding.topics),
        description=alerts_fr.negative_feedback_description(finding.emotion),
        recommended_actions=alerts_fr.negative_feedback_actions(finding.intents),
        # A stranger's complaint cannot be told from another stranger's.
        dedup_key=f"negative_feedback:{finding.member_id or finding.session_id}:{topic}",
        occurred_at=finding.occurred_at,
        turns=quoted,
        details=(
            ("topic", topic),
            ("sentiment_score", finding.sentiment_score),
            ("emotion", finding.emotion),
        ),
    )


def _negative_turns(finding: Finding) -> tuple[SaidTurn, ...]:
    """The turns that carry the complaint, or the least happy one where none stands out."""
    carrying = tuple(
        turn
        for turn in finding.turns
        if turn.sentiment_label is Sentiment.NEGATIVE or not COMPLAINTS.isdisjoint(turn.intents)
    )
    if carrying or not finding.turns:
        return carrying
    return (min(finding.turns, key=lambda turn: turn.sentiment_score or 0.0),)


def _equipment_issues(finding: Finding) -> Iterable[Alert]:
    for issue in repairable_issues(finding):
        sources = set(issue.source_turn_ids)
        quoted = tuple(turn for turn in finding.turns if turn.turn_id in sources)
        key = f"equipment_issue:{issue.topic}:{place_key(issue.machine)}:{place_key(issue.zone)}"
        yield Alert(
            gym_id=finding.gym_id,
            session_id=finding.session_id,
            # The machine is broken for everybody: no member, no kiosk.
            kiosk_id=None,
            member_id=None,
            alert_type=AlertType.EQUIPMENT_ISSUE,
            priority=Priority.URGENT if issue.topic is Topic.SAFETY else Priority.MEDIUM,
            title=alerts_fr.equipment_title(issue),
            description=alerts_fr.EQUIPMENT_DESCRIPTION,
            recommended_actions=alerts_fr.equipment_actions(issue),
            dedup_key=key,
            occurred_at=finding.occurred_at,
            turns=quoted,
            details=(
                ("topic", issue.topic),
                ("machine", issue.machine),
                ("zone", issue.zone),
                *evidence_of(issue.topic, issue.machine, issue.zone, finding.session_id).items(),
            ),
        )


def repairable_issues(finding: Finding) -> tuple[Issue, ...]:
    """The issues somebody can repair; an unplaced one where the member reported something without saying where."""
    named = tuple(issue for issue in finding.issues if issue.topic in REPAIRABLE)
    if named or Intent.REPORT_ISSUE not in finding.intents:
        return named
    reporting = tuple(turn.turn_id for turn in finding.turns if Intent.REPORT_ISSUE in turn.intents)
    topic = next((topic for topic in finding.topics if topic in REPAIRABLE), None)
    if topic is None or not reporting:
        return ()
    return (Issue(topic=topic, machine=None, zone=None, source_turn_ids=reporting),)


def _milestone(finding: Finding) -> Alert | None:
    passed = [count for count in finding.milestones if finding.visits_before_fresh < count <= finding.total_visits]
    if finding.member_id is None or not passed:
        return None
    return Alert(
        gym_id=finding.gym_id,
        session_id=finding.session_id,
        kiosk_id=None,
        member_id=finding.member_id,
        alert_type=AlertType.MILESTONE,
        priority=Priority.LOW,
        title=alerts_fr.milestone_title(passed[-1]),
        description=alerts_fr.milestone_description(passed[-1]),
        recommended_actions=alerts_fr.MILESTONE_ACTIONS,
        dedup_key=f"milestone:{finding.member_id}:{passed[-1]}",
        occurred_at=finding.occurred_at,
        details=(("visits", passed[-1]),),
        cooldown=ONCE_FOR_EVER,
    )
