"""Reports as records: the days one covers, what it is written from, and what is kept and read of it. Pure.

Figures come from the marts (`warehouse/stores/reports.py`), what they say from `jarvis/report_writing.py`, pages from
`jarvis/report_pdf.py`. A report tells of a gym, or of a franchise with its gyms side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from jarvis import reports_fr
from jarvis.churn import HeldBack
from jarvis.conversations import Topic
from jarvis.formats_fr import member_name

# Of those that an insight was counted over.
SESSIONS_CITED = 5
# A season: enough to tell a trend from a bad week.
WEEKS_SHOWN = 12


class ReportKind(StrEnum):
    """How long a report looks back."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the gym's own calendar."""

    kind: ReportKind
    start: date
    end: date
    """The day after the last one."""

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @property
    def before(self) -> "Period":
        """The period that ended when this one began."""
        return latest_period(self.kind, today=self.start)

    @property
    def year_before(self) -> "Period":
        """The same weeks of the year before: whole weeks back, so that a Monday meets a Monday; months meet months."""
        if self.kind in (ReportKind.DAILY, ReportKind.WEEKLY):
            shift = timedelta(weeks=52)
            return Period(self.kind, self.start - shift, self.end - shift)
        return Period(self.kind, self.start.replace(year=self.start.year - 1), self.end.replace(year=self.end.year - 1))


def latest_period(kind: ReportKind, *, today: date) -> Period:
    """The last whole period before `today`."""
    match kind:
        case ReportKind.DAILY:
            return Period(kind, today - timedelta(days=1), today)
        case ReportKind.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            return Period(kind, monday - timedelta(days=7), monday)
        case ReportKind.MONTHLY:
            first = today.replace(day=1)
            return Period(kind, (first - timedelta(days=1)).replace(day=1), first)
        case ReportKind.QUARTERLY:
            first = today.replace(month=today.month - (today.month - 1) % 3, day=1)
            last = first - timedelta(days=1)
            return Period(kind, date(last.year, last.month - 2, 1), first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened in a period, summed over the report's gyms: `marts.fct_gym_daily` and `marts.fct_sessions`."""

    visit_count: int = 0
    session_count: int = 0
    session_minutes: float = 0.0
    analysed_session_count: int = 0
    mean_sentiment_score: float | None = None
    """−1 to 1, over the analysed sessions; None where there is none."""
    negative_session_count: int = 0
    positive_session_count: int = 0
    alert_opened_count: int = 0
    cost_usd: float = 0.0
    active_days: int = 0
    """Days with a visit or a session; 0 means that the period is not on record."""


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How often members spoke of a topic, and in how many of those sessions they were unhappy."""

    topic: Topic
    session_count: int
    negative_count: int
    session_ids: tuple[UUID, ...]
    """The latest unhappy ones, else the latest: what the sentence rests on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the gym stands on the day the report is made; not of the period."""

    active_member_count: int
    at_risk_member_count: int
    """Level high or critical."""
    open_alert_count: int
    late_alert_ids: tuple[UUID, ...]
    """Urgent or high, and nobody has taken them for a day."""


@dataclass(frozen=True, slots=True)
class GymLine:
    """One gym of a franchise's report."""

    gym_id: UUID
    name: str
    figures: Figures
    active_member_count: int
    at_risk_member_count: int


@dataclass(frozen=True, slots=True)
class Week:
    """Visits of seven days that end with the report's period, or some weeks before it."""

    last: date
    """Its last day."""
    visit_count: int
    year_before: int | None
    """Of the same week a year before; None where that is not on record."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All a report is written from."""

    subject: str
    """The gym's or the franchise's name."""
    period: Period
    now: Figures
    before: Figures
    year_before: Figures
    topics: tuple[TopicCount, ...]
    """Most unhappy sessions first."""
    topics_before: tuple[TopicCount, ...]
    standing: Standing
    gyms: tuple[GymLine, ...] = ()
    """Of a franchise; empty for a gym."""
    weeks: tuple[Week, ...] = ()
    """The last `WEEKS_SHOWN` ones up to the period's end, the oldest first."""
    negative_session_ids: tuple[UUID, ...] = ()
    """The latest unhappy conversations of the period, some of them."""

    @property
    def is_network(self) -> bool:
        """True for a franchise: no number of one to four is told beside its gyms'."""
        return bool(self.gyms)


@dataclass(frozen=True, slots=True)
class Insight:
    """One sentence and what it rests on."""

    kind: str
    text: str
    weight: float
    """The larger, the earlier it is read; 0 to 1 of what it talks about."""
    metric: str | None = None
    session_ids: tuple[UUID, ...] = ()
    alert_ids: tuple[UUID, ...] = ()
    topic: Topic | None = None
    evidence_count: int = 0
    """How many visits, conversations, members or alerts it was counted over; `session_ids` are some of them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure beside its past."""

    name: str
    now: float | None
    before: float | None
    year_before: float | None
    withheld: tuple[str, ...] = ()
    """Those of the three that are None because they are not told; the others are not on record."""

    @property
    def share(self) -> float | None:
        """Change against the last period, in share of it; None where there is nothing to compare with."""
        return _share(self.now, self.before)

    @property
    def share_of_year(self) -> float | None:
        """Change against the same weeks last year; None where there is nothing to compare with."""
        return _share(self.now, self.year_before)


@dataclass(frozen=True, slots=True)
class Report:
    """What is kept, shown and sent."""

    findings: Findings
    title: str
    summary: str
    changes: tuple[Change, ...]
    insights: tuple[Insight, ...]
    """Weightiest first."""
    actions: tuple[str, ...]
    """At most three, the first one first."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A published report as it was kept."""

    id: UUID
    gym_id: UUID | None
    franchise_id: UUID | None
    report_type: str
    period_start: datetime
    period_end: datetime
    title: str
    summary: str | None
    insights: list[dict[str, Any]] | None
    """`Insight` as JSON; None once it is archived."""
    metrics: dict[str, Any]
    """`warehouse.stores.reports.metrics_of`."""
    recommendations: list[str] | None
    trends: dict[str, Any]
    status: str
    generated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberAtRisk:
    """Somebody to call, named because the reader may know them."""

    member_id: UUID
    first_name: str | None
    last_name: str | None
    gym_name: str
    churn_risk_level: str
    churn_factors: list[dict[str, Any]] | None

    @property
    def name(self) -> str:
        """First and last name, as far as they are known."""
        return member_name(self.first_name, self.last_name)

    @property
    def reason(self) -> str | None:
        """The first reason, in French; None where none was kept."""
        return next((one["text"] for one in self.churn_factors or [] if one.get("text")), None)


@dataclass(frozen=True, slots=True)
class Said:
    """What a member said in a conversation that an insight rests on."""

    session_id: UUID
    topic: str | None
    said_at: datetime
    """In the gym's own time."""
    gym_name: str
    kiosk_name: str
    text: str
    """Without what is personal in it."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report with what its reader may see beside it."""

    report: KeptReport
    whom_to_call: tuple[MemberAtRisk, ...]
    held_back: HeldBack | None = None
    """Why nobody is named although scores are high; None where somebody is, or none is high."""
    said: tuple[Said, ...] = ()
    """The words behind the insights that the reader may see, at most one for each."""

    def quote_of(self, insight: Mapping[str, Any]) -> Said | None:
        """The words behind one of the report's insights; None where none are kept, or the reader sees none."""
        cited, topic = {str(one) for one in insight.get("session_ids") or ()}, insight.get("topic")
        return next((one for one in self.said if str(one.session_id) in cited and one.topic == topic), None)

    @property
    def why_nobody(self) -> str | None:
        """The sentence that stands in place of the names, in French; None where there is nothing to explain."""
        return None if self.held_back is None else reports_fr.NOBODY_TO_CALL[self.held_back]


def _share(now: float | None, past: float | None) -> float | None:
    if now is None or past is None or past == 0:
        return None
    return (now - past) / abs(past)
