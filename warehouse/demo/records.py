"""The rows a simulation writes, one frozen record per table; field names are column names.

Columns that the database fills itself (states of the analysis, for example) are absent on purpose.
`write.py` maps each record to its table. Rules and random choices live in the modules that make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from jarvis.calendars import HolidayRegion, SchoolZone


@dataclass(frozen=True, slots=True)
class Franchise:
    """One network of gyms under one owner."""

    id: UUID
    name: str
    city: str
    status: str
    subscription_plan: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Gym:
    """One gym."""

    id: UUID
    franchise_id: UUID | None
    """None for an independent gym."""
    slug: str
    name: str
    city: str
    address: str
    opening_hours: Mapping[str, list[str]]
    """Weekday (mon…sun) to [opens, closes] as HH:MM, local time."""
    school_zone: SchoolZone
    holiday_region: HolidayRegion | None
    """None where the mainland's public holidays are all."""
    churn_control_salt: UUID
    """Decides who is in the control group of churn alerts."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GymClosure:
    """Days on which a gym stays shut."""

    id: UUID
    gym_id: UUID
    starts_on: date
    ends_on: date
    """The last closed day."""
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One kiosk of a gym."""

    id: UUID
    gym_id: UUID
    slug: str
    name: str
    status: str
    status_changed_at: datetime
    last_heartbeat: datetime
    device_id: str
    software_version: str
    location_in_gym: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One sign of life of a kiosk."""

    gym_id: UUID
    kiosk_id: UUID
    received_at: datetime
    software_version: str
    microphone_ok: bool
    reader_ok: bool
    network_ms: int


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in to the dashboards."""

    id: UUID
    email: str
    full_name: str
    role: str
    franchise_id: UUID | None
    gym_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """A user's password hash: the one thing that differs between two runs of the same seed."""

    user_id: UUID
    password_hash: str


@dataclass(frozen=True, slots=True)
class Member:
    """One member of one gym."""

    id: UUID
    gym_id: UUID
    badge_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    birth_date: date
    membership_type: str
    is_active: bool
    member_since: date
    last_visit: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FitnessProfile:
    """A member's goals and habit, as declared at the desk."""

    member_id: UUID
    gym_id: UUID
    height_cm: int
    current_weight_kg: Decimal
    target_weight_kg: Decimal
    fitness_level: str
    primary_goals: list[str]
    workout_frequency_per_week: int


@dataclass(frozen=True, slots=True)
class Preference:
    """How a member wants to be spoken to."""

    member_id: UUID
    gym_id: UUID
    communication_style: str
    language: str


@dataclass(frozen=True, slots=True)
class Membership:
    """One contract period of a member."""

    id: UUID
    gym_id: UUID
    member_id: UUID
    plan: str
    status: str
    started_on: date
    expires_on: date
    cancelled_on: date | None
    monthly_price_eur: Decimal
    frozen_from: date | None
    """The pause of a frozen period."""
    frozen_until: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """Days a member said they would not come."""

    id: UUID
    gym_id: UUID
    member_id: UUID
    starts_on: date
    ends_on: date | None
    """The last day away; None while nobody knows."""
    reason: str
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """What a member agreed to, or refused."""

    id: UUID
    gym_id: UUID
    member_id: UUID
    purpose: str
    is_granted: bool
    notice_version: str
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """One arrival of a member."""

    id: UUID
    gym_id: UUID
    member_id: UUID
    kiosk_id: UUID | None
    """Set where the badge was read by a kiosk; None at the door."""
    visited_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Session:
    """One closed voice session."""

    id: UUID
    gym_id: UUID
    kiosk_id: UUID
    member_id: UUID | None
    badge_outcome: str
    state: str
    started_at: datetime
    ended_at: datetime
    close_reason: str
    gateway_instance: str
    upstream_session_id: str
    model: str
    voice: str
    language: str
    has_analysis_consent: bool
    notice_version: str | None
    price_version: str
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class SessionTurn:
    """One utterance of a session, as it was heard."""

    id: UUID
    session_id: UUID
    gym_id: UUID
    item_id: str
    position: int
    role: str
    text: str
    generated_text: str | None
    """The whole answer, where the member heard only its beginning."""
    status: str
    started_at: datetime
    ended_at: datetime
    heard_ms: int | None
    total_ms: int | None


@dataclass(frozen=True, slots=True)
class UsageLine:
    """What one response, or one transcription, cost."""

    id: UUID
    session_id: UUID
    gym_id: UUID
    source_kind: str
    source_id: str
    model: str
    text_input_tokens: int
    audio_input_tokens: int
    cached_text_tokens: int
    cached_audio_tokens: int
    text_output_tokens: int
    audio_output_tokens: int
    duration_seconds: Decimal
    is_estimated: bool
    price_version: str
    cost_usd: Decimal
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class GymMachine:
    """One machine of a gym."""

    id: UUID
    gym_id: UUID
    name: str
    number: int | None
    """None where there is one of its kind."""
    zone: str


@dataclass(frozen=True, slots=True)
class GymClass:
    """One class of a gym's weekly timetable."""

    id: UUID
    gym_id: UUID
    name: str
    weekday: int
    """Monday is 1, Sunday is 7."""
    starts_at: time
    """Local time."""
    duration_minutes: int
    capacity: int
    coach_name: str
    room: str


@dataclass(frozen=True, slots=True)
class ClassBooking:
    """One place in one class of one day, or in its waiting list."""

    id: UUID
    gym_id: UUID
    class_id: UUID
    class_date: date
    member_id: UUID
    status: str
    """booked or waiting."""
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class MemberGoal:
    """What a member wants to reach."""

    id: UUID
    gym_id: UUID
    member_id: UUID
    kind: str
    target_count: int | None
    description: str
    started_at: datetime
