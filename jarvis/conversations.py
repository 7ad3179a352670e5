"""What a conversation is and what an analysis says of it: closed vocabularies and frozen records.

The vocabularies are the product's language: the database checks them by name
(`warehouse/migrations`), the engines choose from them (`ml/conversations`), the dashboards
translate them (`dashboards/texts_fr.py`). No I/O, no model, no SQL here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# Thresholds of the three labels on the score -1..1, the same for turns and conversations.
NEGATIVE_BELOW = -0.2
POSITIVE_FROM = 0.2


class Role(StrEnum):
    """Who speaks in a turn."""

    MEMBER = "member"
    ASSISTANT = "assistant"


class Sentiment(StrEnum):
    """The member's stance towards the gym."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Emotion(StrEnum):
    """The dominant emotion, read in the member's words only, never in the voice."""

    JOY = "joy"
    GRATITUDE = "gratitude"
    MOTIVATION = "motivation"
    NEUTRAL = "neutral"
    CONFUSION = "confusion"
    DISAPPOINTMENT = "disappointment"
    FRUSTRATION = "frustration"
    ANGER = "anger"
    ANXIETY = "anxiety"
    SADNESS = "sadness"


class Topic(StrEnum):
    """What a conversation is about."""

    EQUIPMENT = "equipment"
    CLEANLINESS = "cleanliness"
    SHOWERS_LOCKERS = "showers_lockers"
    TEMPERATURE_AIR = "temperature_air"
    MUSIC_NOISE = "music_noise"
    CROWDING = "crowding"
    OPENING_HOURS = "opening_hours"
    CLASS_SCHEDULE = "class_schedule"
    STAFF_COACHING = "staff_coaching"
    MEMBERSHIP = "membership"
    BILLING = "billing"
    ACCESS_BADGE = "access_badge"
    TRAINING_ADVICE = "training_advice"
    NUTRITION = "nutrition"
    INJURY_HEALTH = "injury_health"
    PROGRESS_GOALS = "progress_goals"
    KIOSK_APP = "kiosk_app"
    SAFETY = "safety"
    FACILITIES_OTHER = "facilities_other"
    OTHER = "other"


class Intent(StrEnum):
    """What the member wants."""

    BOOK_CLASS = "book_class"
    CANCEL_BOOKING = "cancel_booking"
    ASK_HOURS = "ask_hours"
    ASK_SCHEDULE = "ask_schedule"
    ASK_TRAINING_ADVICE = "ask_training_advice"
    ASK_NUTRITION = "ask_nutrition"
    REPORT_ISSUE = "report_issue"
    COMPLAIN = "complain"
    PRAISE = "praise"
    SUGGEST = "suggest"
    CANCEL_MEMBERSHIP = "cancel_membership"
    FREEZE_MEMBERSHIP = "freeze_membership"
    CHANGE_MEMBERSHIP = "change_membership"
    ASK_BILLING = "ask_billing"
    REQUEST_HUMAN = "request_human"
    SET_GOAL = "set_goal"
    CHECK_PROGRESS = "check_progress"
    REPORT_ABSENCE = "report_absence"
    REPORT_INJURY = "report_injury"
    LOST_ITEM = "lost_item"
    SMALL_TALK = "small_talk"
    OTHER = "other"


class Outcome(StrEnum):
    """How the conversation ended for the member."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    HANDED_OVER = "handed_over"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance as it was heard."""

    turn_id: str
    """Unique within the conversation: the database's turn id, or the caller's own."""
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One closed session's turns in the order they were spoken."""

    session_id: str
    language: str
    """ISO 639-1, for example fr."""
    turns: tuple[Turn, ...]
    known_of_member: tuple[str, ...] = ()
    """What is known of the member (names, e-mail address, phone), kept out of summaries and away from hosted models."""
    keeps_health: bool = True
    """False where a known member has not agreed that what they say of their health is kept: no analysis holds any."""

    @property
    def member_turns(self) -> tuple[Turn, ...]:
        """The member's turns only: what sentiment, emotion and intents are read from."""
        return tuple(turn for turn in self.turns if turn.role is Role.MEMBER)


@dataclass(frozen=True, slots=True)
class TurnAnalysis:
    """What one member turn expresses."""

    turn_id: str
    sentiment_score: float
    """-1 (negative) to 1 (positive)."""
    sentiment_label: Sentiment
    emotion: Emotion
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something somebody should do after the conversation."""

    text: str
    """One sentence in French."""
    owner: str
    """staff, manager or member."""
    source_turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """A thing that is wrong in the gym, as the member placed it."""

    topic: Topic
    machine: str | None
    """For example "tapis 4"; None where none was named."""
    zone: str | None
    source_turn_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one engine says of one conversation."""

    session_id: str
    summary: str
    """One to three sentences in the conversation's language, without personal names."""
    key_topics: tuple[Topic, ...]
    sentiment_score: float
    """-1 to 1, the member's turns only."""
    sentiment_label: Sentiment
    emotion: Emotion
    intents: tuple[Intent, ...]
    outcome: Outcome
    action_items: tuple[ActionItem, ...]
    evidence: Mapping[str, tuple[str, ...]]
    """Field name to the turn ids it rests on; every id exists in the conversation."""
    turns: tuple[TurnAnalysis, ...]
    """One per member turn, in order."""
    embedding: Sequence[float]
    """L2-normalised, of the model's own length (the store pads to 1536)."""
    embedding_model: str
    engine: str
    engine_version: str
    prompt_version: str | None = None
    tokens: int = 0
    """Tokens billed by a hosted model; 0 for the local engine."""
    cost_usd: float = 0.0
    issues: tuple[Issue, ...] = field(default=())
    satisfaction: float | None = None
    """How content the member left, 0 to 1: view, outcome and leave together; None where the engine does not say."""

    @property
    def sentiment_shift(self) -> float | None:
        """From the member's first words to their last, -2 to 2; None where they spoke once."""
        if len(self.turns) < 2:
            return None
        return round(self.turns[-1].sentiment_score - self.turns[0].sentiment_score, 2)


@dataclass(frozen=True, slots=True)
class AnalysisFailure:
    """Why one conversation could not be analysed; the rest of its batch goes on."""

    session_id: str
    reason: str
    """Says what was found and what was expected; never the member's words."""
    is_permanent: bool = False
    """True where another attempt cannot help (an empty conversation, a refusal)."""


def sentiment_label(score: float) -> Sentiment:
    """The label of a score in -1..1."""
    if score < NEGATIVE_BELOW:
        return Sentiment.NEGATIVE
    if score >= POSITIVE_FROM:
        return Sentiment.POSITIVE
    return Sentiment.NEUTRAL
