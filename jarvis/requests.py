"""What a member hands to the team by voice, and the alert it becomes: pure rules.

`warehouse/stores/requests.py` keeps both; `alerts_fr.py` words them. The same cause gets the same key as the
alerts that the analysis raises later (`alerts.py`), so that one broken machine is one alert.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jarvis import alerts_fr
from jarvis.alerts import AlertType, Priority, place_key
from jarvis.conversations import Issue, Topic
from jarvis.places import evidence_of


class RequestKind(StrEnum):
    """What the team is asked."""

    ISSUE = "issue"
    PRAISE = "praise"
    SUGGESTION = "suggestion"
    COMPLAINT = "complaint"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRequest:
    """One request of one session; whose it is, the session knows."""

    session_id: UUID
    kind: RequestKind
    topic: Topic
    text: str
    """In the member's words, as the assistant understood them."""
    machine: str | None = None
    zone: str | None = None
    key_zone: str | None = None
    """The zone as the member said it: a machine's own place is no part of what tells two issues apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAlert:
    """The alert of one request."""

    alert_type: AlertType
    priority: Priority
    title: str
    description: str
    recommended_actions: tuple[str, ...]
    dedup_key: str
    is_personal: bool
    """False for a broken machine, which is broken for everybody."""
    details: Mapping[str, object]


def alert_for(request: StaffRequest) -> RequestAlert | None:
    """The alert that staff see now; None for praise, which asks for nothing and is read with the conversation."""
    match request.kind:
        case RequestKind.ISSUE:
            issue = Issue(topic=request.topic, machine=request.machine, zone=request.zone, source_turn_ids=())
            return RequestAlert(
                alert_type=AlertType.EQUIPMENT_ISSUE,
                priority=Priority.URGENT if request.topic is Topic.SAFETY else Priority.MEDIUM,
                title=alerts_fr.equipment_title(issue),
                description=alerts_fr.EQUIPMENT_DESCRIPTION,
                recommended_actions=alerts_fr.equipment_actions(issue),
                dedup_key=(
                    f"equipment_issue:{request.topic}:{place_key(request.machine)}:{place_key(request.key_zone)}"
                ),
                is_personal=False,
                details={
                    "topic": request.topic,
                    "machine": request.machine,
                    "zone": request.zone,
                    **evidence_of(request.topic, request.machine, request.zone, request.session_id),
                },
            )
        case RequestKind.COMPLAINT | RequestKind.HAND_OVER:
            is_waiting = request.kind is RequestKind.HAND_OVER
            return RequestAlert(
                alert_type=AlertType.NEGATIVE_FEEDBACK,
                priority=Priority.HIGH if is_waiting else Priority.MEDIUM,
                title=alerts_fr.HAND_OVER_TITLE if is_waiting else alerts_fr.negative_feedback_title([request.topic]),
                description=(
                    alerts_fr.hand_over_description(request.text)
                    if is_waiting
                    else alerts_fr.complaint_description(request.text)
                ),
                recommended_actions=alerts_fr.HAND_OVER_ACTIONS if is_waiting else alerts_fr.COMPLAINT_ACTIONS,
                # The store puts the member in the session's place where one is known.
                dedup_key=(
                    f"hand_over:{request.session_id}"
                    if is_waiting
                    else f"negative_feedback:{request.session_id}:{request.topic}"
                ),
                is_personal=True,
                details={"topic": request.topic},
            )
        case RequestKind.SUGGESTION:
            return RequestAlert(
                # The vocabulary has no kinder word for what a member wants changed.
                alert_type=AlertType.NEGATIVE_FEEDBACK,
                priority=Priority.LOW,
                title=alerts_fr.suggestion_title(request.topic),
                description=alerts_fr.complaint_description(request.text),
                recommended_actions=alerts_fr.SUGGESTION_ACTIONS,
                dedup_key=f"suggestion:{request.session_id}:{request.topic}",
                is_personal=True,
                details={"topic": request.topic},
            )
        case RequestKind.PRAISE:
            return None
