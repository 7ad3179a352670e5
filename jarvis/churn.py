"""What the churn stage knows of a member and says of them: histories, thresholds, scores and their reasons.

Records and vocabularies only. `warehouse/stores/churn.py` brings the histories and keeps the scores,
`ml/churn` turns one into the other, the churn stage of `orchestration` calls both.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from jarvis.absences import Declared

# What a reason says of its days where the calendar has more of them; a page that reads it there says it once.
UNCOUNTED = "hors absences et fermetures"


class RiskLevel(StrEnum):
    """A risk in one word."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class HeldBack(StrEnum):
    """Why no alert may fire on a score."""

    DECLARED_ABSENCE = "declared_absence"
    GYM_CLOSED = "gym_closed"
    CHECKINS_SILENT = "checkins_silent"
    FEATURES_DRIFTED = "features_drifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnThresholds:
    """What the rules fire at and where the levels begin; the settings give them, the seed gives the defaults."""

    absent_over_days: int = 14
    negative_over: int = 3
    """Negative conversations."""
    engagement_below: float = 0.3
    expires_within_days: int = 30
    medium_from: float = 0.3
    high_from: float = 0.5
    critical_from: float = 0.7
    new_member_days: int = 21
    """A member has no score before this many days: there is no pattern yet."""
    call_share: float = 0.05
    """The share of members the staff can call: a champion's levels begin where so many are high, at the latest."""

    def level(self, score: float) -> RiskLevel:
        """The level of a score from 0 to 1."""
        if score >= self.critical_from:
            return RiskLevel.CRITICAL
        if score >= self.high_from:
            return RiskLevel.HIGH
        return RiskLevel.MEDIUM if score >= self.medium_from else RiskLevel.LOW

    @property
    def fingerprint(self) -> str:
        """Eight characters that change with any of the rules' thresholds; empty for the seed's own."""
        rules = (self.absent_over_days, self.negative_over, self.engagement_below, self.expires_within_days)
        if rules == astuple(ChurnThresholds())[: len(rules)]:
            return ""
        return hashlib.sha256(repr(rules).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One membership period: what it says today, or what it said until it was changed."""

    plan: str
    started_on: date
    expires_on: date
    cancelled_on: date | None = None
    monthly_price_eur: float | None = None
    known_from: date = date.min
    """The first day that began with it known."""
    known_until: date = date.max
    """The last day that began with it known; `date.max` for what it says today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One closed conversation."""

    day: date
    """In the gym's time zone."""
    sentiment_score: float | None = None
    """-1 to 1; None where it was not analysed."""
    is_negative: bool = False
    wants_out: bool = False
    """The member spoke of cancelling or freezing."""
    is_cancelling: bool = False
    """The member spoke of cancelling."""
    is_unsolved: bool = False
    """The member complained or reported something, and nothing came of it."""
    is_about_money: bool = False
    """Negative, and about the membership or what it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHistory:
    """All that a score may rest on, for one member; nothing in it is cut at a day yet."""

    gym_id: UUID
    member_id: UUID
    joined_on: date
    left: tuple[tuple[date, date], ...] = ()
    """First and last days that began with them no member any more: for choosing whom to score, never a feature."""
    recorded_from: date | None = None
    """The gym's first visit on record, `NO_RECORD` while there is none: before it nobody is known to have stayed away.
    None where the record is as old as every membership."""
    birth_year: int | None = None
    """For the slices of the model card, never a feature."""
    seen_on: tuple[date, ...] = ()
    """Days with a visit or a conversation in the gym's time zone, ascending, each once."""
    talks: tuple[Talk, ...] = ()
    """Oldest first."""
    contracts: tuple[Contract, ...] = ()
    """As they stand, by start, then by end."""
    former_contracts: tuple[Contract, ...] = ()
    """What they said before they were changed."""
    muted_on: tuple[date, ...] = ()
    """Days of a declared absence, a freeze or a closed gym that were known in time, ascending: not coming on them says
    nothing."""
    away: tuple[Declared, ...] = ()
    """Declared absences and freezes of the member; those declared late, changed or withdrawn too."""
    closed: tuple[Declared, ...] = ()
    """Closures of the gym, in the same way."""

    def is_member_on(self, day: date) -> bool:
        """False when the day began with them gone."""
        return not any(first <= day <= last for first, last in self.left)

    def contracts_known_on(self, day: date) -> tuple[Contract, ...]:
        """The contracts as they stood when the day began, by start, then by end."""
        known = [one for one in self.contracts if one.known_from <= day]
        if self.former_contracts:
            known += [one for one in self.former_contracts if one.known_from <= day <= one.known_until]
            known.sort(key=lambda one: (one.started_on, one.expires_on))
        return tuple(known)


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason of a score."""

    factor: str
    points: float
    """What it adds to the score, 0 to 1."""
    text: str
    """A French sentence for the manager."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The figures and days it rests on, as the manager can look them up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnScore:
    """One row of `churn_scores`."""

    gym_id: UUID
    member_id: UUID
    as_of: date
    """The score rests on what happened before this day began, in the gym's time zone."""
    score: float
    """0 to 1: the sum of the rules that fired, or a champion model's calibrated probability."""
    level: RiskLevel
    factors: tuple[Factor, ...] = ()
    """At most three, the heaviest first."""
    rules_score: float
    rules_version: str
    model_version_id: UUID | None = None
    """The champion that gave the score; None where the rules did."""
    is_calibrated: bool = False
    counterfactual: str | None = None
    pooled: bool = False
    held_back_reason: HeldBack | None = None
