"""What the routes of `/api/dashboard` answer, field by field. Moments are UTC, days are the gym's own."""

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

Item = TypeVar("Item")

GymStatus = Literal["active", "maintenance", "suspended"]
ChurnLevel = Literal["low", "medium", "high", "critical"]
HeldBack = Literal["declared_absence", "gym_closed", "checkins_silent", "features_drifted"]
VisitTrend = Literal["rising", "steady", "falling", "absent"]
ConversationFrequency = Literal["daily", "weekly", "monthly", "rare"]
SentimentTrend = Literal["improving", "stable", "declining"]
MuteReason = Literal["absence", "frozen", "closure", "public_holiday", "school_holiday"]
SessionState = Literal["active", "closed"]
SentimentLabel = Literal["negative", "neutral", "positive"]
AlertStatus = Literal["pending", "in_progress", "resolved", "dismissed"]
AlertPriority = Literal["low", "medium", "high", "urgent"]
AlertType = Literal[
    "churn_risk", "negative_feedback", "equipment_issue", "milestone", "kiosk_offline", "data_quality", "voice_budget"
]  # fmt: skip
AlertOutcome = Literal["solved", "member_contacted", "no_action_needed", "false_alarm", "duplicate"]
# What only the system says.
AlertEnding = Literal[AlertOutcome, "cause_ended", "member_left"]

Score = Annotated[float, Field(description="From 0 to 1.")]
Sentiment = Annotated[float, Field(description="From -1 to 1.")]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: Annotated[str | None, Field(description="Give it as `cursor` for the next page; null on the last.")]


class GymItem(BaseModel):
    """A gym the person sees."""

    id: UUID
    slug: str
    name: str
    city: str | None
    status: GymStatus
    timezone: str
    franchise_id: UUID | None


class MemberItem(BaseModel):
    """A member as lists show one."""

    id: UUID
    gym_id: UUID
    gym_name: str
    first_name: str | None
    last_name: str | None
    membership_type: str | None
    is_active: bool
    member_since: date | None
    last_visit_at: datetime | None
    conversation_count: int | None
    last_conversation_at: datetime | None
    mean_sentiment_score: Sentiment | None
    engagement_score: Score | None
    is_new: Annotated[
        bool | None, Field(description="Joined less than 21 days ago: no scores yet. Null until first counted.")
    ]
    visit_trend: Annotated[
        VisitTrend | None,
        Field(description="Against the member's own habit; absent: away longer than is usual for them."),
    ]
    usual_visits_per_week: float | None
    churn_risk_score: Score | None
    churn_risk_level: ChurnLevel | None
    churn_held_back_reason: Annotated[
        HeldBack | None, Field(description="Why the score is not to be acted on; null where it may be.")
    ]
    is_at_risk: Annotated[
        bool | None, Field(description="High or critical, and not held back. Null until first counted.")
    ]


class MemberDetail(MemberItem):
    """A member with what the desk needs to reach them."""

    email: str | None
    phone: str | None
    language: str | None
    membership_plan: str | None
    membership_status: str | None
    membership_expires_date: date | None
    conversation_frequency: ConversationFrequency | None
    sentiment_trend: SentimentTrend | None
    days_since_last_visit: int | None
    counted_days_since_last_visit: Annotated[
        int | None, Field(description="Without declared absences, pauses, closures and holidays.")
    ]
    expected_gap_days: Annotated[
        float | None, Field(description="Counted days without a visit after which the member is missed.")
    ]
    visit_frequency_per_week: float | None
    mute_reason: Annotated[MuteReason | None, Field(description="Why nobody misses the member today.")]
    muted_until_date: Annotated[date | None, Field(description="Last day of it; null where no end is known.")]
    observed_date: Annotated[date | None, Field(description="The gym's own day these figures are of.")]


class SessionItem(BaseModel):
    """A session as lists show one; the fields of the analysis are null until it is done."""

    id: UUID
    gym_id: UUID
    gym_name: str
    kiosk_id: UUID
    kiosk_name: str
    member_id: UUID | None
    member_first_name: str | None
    member_last_name: str | None
    badge_outcome: str | None
    state: SessionState
    started_at: datetime
    ended_at: datetime | None
    close_reason: str | None
    language: str
    cost_usd: Annotated[float, Field(description="The voice provider's bill in US dollars.")]
    analysis_status: str | None
    sentiment_score: Sentiment | None
    sentiment_label: SentimentLabel | None
    emotion: str | None
    key_topics: list[str] | None
    intents: list[str] | None
    outcome: str | None


class SessionDetail(SessionItem):
    """A session with its summary."""

    model: str | None
    summary_text: Annotated[str | None, Field(description="Null where its gym keeps no words any more.")]
    analysed_at: datetime | None
    has_analysis_consent: Annotated[bool, Field(description="Without it, nothing was analysed.")]
    analysis_tier: Annotated[
        Literal["local", "hosted"] | None, Field(description="Which tier gave the labels: local at once, hosted later.")
    ]
    analysis_engine: str | None
    analysis_engine_version: str | None
    enrichment_state: Annotated[
        Literal["none", "waiting", "done", "failed", "ruled_out"] | None,
        Field(description="Where the session stands with the hosted engine."),
    ]
    enrichment_reason: Annotated[str | None, Field(description="Why it waits, failed or was ruled out.")]
    enriched_at: datetime | None
    sentiment_shift: Annotated[
        float | None, Field(description="From the member's first words to their last, -2 to 2; null for one turn.")
    ]
    satisfaction: Annotated[
        Score | None, Field(description="How content the member left: an order to look in, not a rating.")
    ]
    unfounded_claims: Annotated[
        list[str],
        Field(description="Claims of the analysis that a check found to rest on nothing said, by their names."),
    ]
    storage_level: Annotated[
        Literal["all", "without_personal_data", "metadata_only"],
        Field(description="What its gym keeps of what was said."),
    ]


class TurnItem(BaseModel):
    """One utterance."""

    id: UUID
    item_id: str
    position: int
    role: Literal["member", "assistant"]
    text: Annotated[str, Field(description="What was said, masked unless `unmasked` asks for the words themselves.")]
    status: str
    started_at: datetime
    ended_at: datetime | None
    sentiment_score: Sentiment | None
    sentiment_label: SentimentLabel | None
    emotion: str | None
    intents: list[str] | None


class AlertItem(BaseModel):
    """Something a manager should act on."""

    id: UUID
    gym_id: UUID
    gym_name: str
    member_id: UUID | None
    member_first_name: str | None
    member_last_name: str | None
    kiosk_id: UUID | None
    session_id: UUID | None
    alert_type: AlertType
    priority: AlertPriority
    status: AlertStatus
    title: str
    description: Annotated[
        str | None, Field(description="Masked where it may be a member's words, unless `unmasked` asks for them.")
    ]
    recommended_actions: list[object]
    occurrence_count: int
    created_at: datetime
    last_occurred_at: datetime
    assigned_to: UUID | None
    resolved_at: datetime | None
    outcome_code: AlertEnding | None
    resolution_notes: str | None


class Figures(BaseModel):
    """Key figures of a period; counts of sessions are of closed ones.

    To who sees several gyms, a count of one to four is null, and so is one that would give such a count away.
    """

    active_member_count: Annotated[int | None, Field(description="Today, whatever the period.")]
    at_risk_member_count: Annotated[int | None, Field(description="Active members at high or critical risk, today.")]
    visit_count: int | None
    session_count: int | None
    session_minutes: float | None
    analysed_session_count: int | None
    negative_session_count: int | None
    positive_session_count: int | None
    unconsented_session_count: Annotated[
        int | None, Field(description="Not analysed: their member did not agree to it.")
    ]
    mean_sentiment_score: Sentiment | None
    estimated_session_count: Annotated[
        int | None, Field(description="Those whose engine says how content the member left.")
    ]
    mean_satisfaction: Annotated[Score | None, Field(description="How content members left, as the engine estimates.")]
    unfounded_session_count: Annotated[
        int | None, Field(description="Conversations of which a claim of the analysis rests on nothing that was said.")
    ]
    judged_label_count: Annotated[
        int | None, Field(description="Labels that people looked at, in the whole months that the period touches.")
    ]
    agreed_label_count: Annotated[
        int | None, Field(description="Of these, the labels that the engine had given as they do.")
    ]
    agreement_rate: Annotated[
        Score | None, Field(description="The part of the judged labels that is agreed; null where nobody judged any.")
    ]
    alert_opened_count: int | None
    cost_usd: float


class GymFigures(Figures):
    """Key figures of one gym."""

    gym_id: UUID
    gym_name: str


class Kpis(BaseModel):
    """Key figures of everything the person sees, together and by gym."""

    since: date
    until: date
    built_at: Annotated[datetime | None, Field(description="When the oldest of these figures was built.")]
    total: Figures
    gyms: list[GymFigures]


class DayFigures(BaseModel):
    """One gym on one of its own days; to who sees several gyms, a count of one to four is null (see `Figures`)."""

    gym_id: UUID
    local_date: date
    visit_count: int | None
    distinct_visitor_count: int | None
    session_count: int | None
    session_minutes: float | None
    mean_sentiment_score: Sentiment | None
    negative_session_count: int | None
    positive_session_count: int | None
    unconsented_session_count: Annotated[
        int | None, Field(description="Not analysed: their member did not agree to it.")
    ]
    alert_opened_count: int | None
    cost_usd: float
    built_at: datetime
