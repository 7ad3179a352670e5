"""Whom to call this week: which members at risk become alerts, which wait in the digest, who is held back at random.

Pure rules over the newest scores. The gym's weekly budget goes to those with most to lose; a member dealt with lately
rests; with a control group, chance decides by a salted hash, so that the same member stays on the same side for a
quarter. `warehouse/stores/alert_choices.py` brings the candidates and keeps the choices. Who calls: alert upkeep.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from jarvis import alerts_fr
from jarvis.alerts import CHURN_COOLDOWN, Alert, AlertType, Priority
from jarvis.churn import RiskLevel

LEVELS = tuple(RiskLevel)

# Where a membership's price is not known: about what a month costs in a French chain.
USUAL_MONTHLY_PRICE_EUR = 30.0
MONTHS_AT_STAKE = 12

# How a score and the last visit make an alert's level and priority. 2: nobody is urgent while within their own rhythm.
PRIORITY_RULES_VERSION = "2"
PRIORITIES = {RiskLevel.HIGH: Priority.HIGH, RiskLevel.CRITICAL: Priority.URGENT}

# Rules that count days and nothing else: to them, who always came once a fortnight looks lost after two weeks.
_DAY_COUNTING = frozenset({"absent", "low_engagement"})


class Decision(StrEnum):
    """What becomes of a member at risk in one week."""

    ALERT = "alert"
    DIGEST = "digest"
    CONTROL = "control"
    """Held back to measure what calling does; in no list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A member whose newest score is high and may be acted on."""

    gym_id: UUID
    member_id: UUID
    as_of_date: date
    score: float
    """0 to 1."""
    level: RiskLevel
    is_calibrated: bool
    """True where the score is a probability."""
    reasons: tuple[str, ...]
    """French sentences as a card tells them, at most three."""
    factors: tuple[str, ...]
    """What they rest on, as the churn stage names it."""
    counterfactual: str | None
    monthly_price_eur: float | None
    open_level: RiskLevel | None
    """Of the alert that is open; None without one."""
    closed_at: datetime | None
    """When the member's last churn alert ended."""
    closed_level: RiskLevel | None
    """Its level."""
    keeps_habit: bool
    """True where the member comes no less than they always did."""
    is_within_gap: bool
    """True where the last visit is no longer ago than the member's own gaps between two visits usually last."""
    expected_gap_days: float | None
    """How long those last, in counted days; None without a habit."""
    is_alerted_this_week: bool
    """True where this week's choice was an alert already."""
    is_control_this_week: bool
    """True where it was the control group: whoever was held back is, until the week is over."""
    control_share: float
    """0 to 0.5; 0 for no control group."""
    control_salt: str

    @property
    def call_level(self) -> RiskLevel:
        """The level of the alert: who still comes in their own rhythm is « élevé » at most, whatever the score.

        When they are missed the level rises, and the open alert with it.
        """
        return RiskLevel.HIGH if self.is_within_gap and self.level is RiskLevel.CRITICAL else self.level

    @property
    def can_wait(self) -> bool:
        """True where rules alone see a risk, only by counting days, and the member keeps their own habit."""
        return not self.is_calibrated and self.keeps_habit and _DAY_COUNTING.issuperset(self.factors)

    @property
    def expected_value_eur(self) -> float:
        """What a year of the membership is worth, times the risk of losing it."""
        price = USUAL_MONTHLY_PRICE_EUR if self.monthly_price_eur is None else self.monthly_price_eur
        return round(self.score * price * MONTHS_AT_STAKE, 2)


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one candidate, and the alert where it is one."""

    candidate: Candidate
    decision: Decision
    alert: Alert | None


def choose(candidates: Iterable[Candidate], *, budget: int, spent: int, now: datetime) -> list[Choice]:
    """The choices of one gym on one day, what is worth most first, who can wait last; members who rest have none.

    Args:
        candidates: of one gym.
        budget: churn alerts a week.
        spent: alerts of this week already chosen.
        now: aware.
    """
    left = budget - spent
    chosen = []
    for one in sorted(candidates, key=_most_at_stake):
        if one.open_level is not None:
            # The alert is there already: only a rise changes it, and costs nothing.
            if _is_above(one.call_level, one.open_level):
                chosen.append(Choice(one, Decision.ALERT, churn_alert(one, now=now)))
            continue
        if one.is_alerted_this_week or _rests(one, now=now):
            continue
        if one.is_control_this_week:
            chosen.append(Choice(one, Decision.CONTROL, None))
        elif left <= 0:
            chosen.append(Choice(one, Decision.DIGEST, None))
        elif is_control(one.member_id, period_of(now), share=one.control_share, salt=one.control_salt):
            chosen.append(Choice(one, Decision.CONTROL, None))
        else:
            left -= 1
            chosen.append(Choice(one, Decision.ALERT, churn_alert(one, now=now)))
    return chosen


def is_control(member_id: UUID, period: str, *, share: float, salt: str) -> bool:
    """True when chance holds this member back in this period; always the same answer for the same question."""
    digest = hashlib.sha256(f"{salt}/{period}/{member_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def period_of(now: datetime) -> str:
    """The calendar quarter in which the week began, such as 2026-Q4: nobody changes sides within a week."""
    monday = week_of(now.date())
    return f"{monday.year}-Q{(monday.month + 2) // 3}"


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def churn_alert(one: Candidate, *, now: datetime) -> Alert:
    """The alert of one member at risk."""
    return Alert(
        gym_id=one.gym_id,
        session_id=None,
        kiosk_id=None,
        member_id=one.member_id,
        alert_type=AlertType.CHURN_RISK,
        priority=Priority.MEDIUM if one.can_wait else PRIORITIES.get(one.call_level, Priority.HIGH),
        title=alerts_fr.churn_risk_title(one.call_level),
        description=alerts_fr.churn_risk_description(
            one.score,
            one.reasons,
            is_calibrated=one.is_calibrated,
            counterfactual=one.counterfactual,
            can_wait=one.can_wait,
            usual_gap_days=one.expected_gap_days if one.is_within_gap else None,
        ),
        recommended_actions=alerts_fr.churn_risk_actions(one.factors),
        dedup_key=f"{AlertType.CHURN_RISK}:{one.member_id}",
        occurred_at=now,
        details=(
            ("churn_risk_score", one.score),
            ("level", one.call_level),
            ("priority_rules", PRIORITY_RULES_VERSION),
            ("as_of_date", one.as_of_date.isoformat()),
            ("expected_value_eur", one.expected_value_eur),
            ("factors", ",".join(one.factors)),
        ),
    )


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """One member's score of one day, for a preview."""

    member_id: UUID
    day: date
    score: float
    is_held_back: bool
    is_high: bool = True
    """True at the level from which alerts fire, whatever decided it on that day."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a threshold would have done."""

    fired: int
    """Alerts, each member's again only after it had ended and rested."""
    members: int
    days: int
    """Days of the window that have data: fewer than asked where history is shorter."""
    within_budget: int | None = None
    """Members whom the weekly budget would have reached; None where none was counted."""


def preview_churn(
    history: Sequence[ScoredDay],
    *,
    threshold: float | None,
    budget: int | None = None,
    cooldown: timedelta = CHURN_COOLDOWN,
) -> Preview:
    """How often a churn alert from this score on would have fired, had nobody acted on any.

    Args:
        history: any order; one entry per member and day.
        threshold: an alert is open while the score is high and at least this; None for whatever is high.
        budget: alerts a week, the highest scores first; who is left out waits for the next week.
        cooldown: after an alert ended, the member rests so long.
    """
    fired = 0
    members, reached = set(), set()
    standing: set[UUID] = set()
    waiting: set[UUID] = set()
    rests_until: dict[UUID, date] = {}
    spent: Counter[date] = Counter()
    for one in sorted(history, key=lambda each: (each.day, -each.score, each.member_id)):
        if one.is_held_back:
            # Neither raises nor ends anything.
            continue
        if not one.is_high or (threshold is not None and one.score < threshold):
            if one.member_id in standing:
                standing.remove(one.member_id)
                waiting.discard(one.member_id)
                rests_until[one.member_id] = one.day + cooldown
            continue
        if one.member_id not in standing and one.day >= rests_until.get(one.member_id, one.day):
            standing.add(one.member_id)
            members.add(one.member_id)
            waiting.add(one.member_id)
            fired += 1
        week = week_of(one.day)
        if one.member_id in waiting and budget is not None and spent[week] < budget:
            waiting.remove(one.member_id)
            reached.add(one.member_id)
            spent[week] += 1
    days = len({one.day for one in history})
    return Preview(fired, len(members), days, None if budget is None else len(reached))


def _rests(one: Candidate, *, now: datetime) -> bool:
    """True while the member was dealt with lately and is no worse than then."""
    if one.closed_at is None or now - one.closed_at >= CHURN_COOLDOWN:
        return False
    return one.closed_level is None or not _is_above(one.call_level, one.closed_level)


def _is_above(level: RiskLevel, other: RiskLevel) -> bool:
    return LEVELS.index(level) > LEVELS.index(other)


def _most_at_stake(one: Candidate) -> tuple[bool, float, float, UUID]:
    return one.can_wait, -one.expected_value_eur, -one.score, one.member_id
