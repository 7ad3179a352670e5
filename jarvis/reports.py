"""Reports as rules: which days a report covers, how its figures are compared, what they say and ask for. Pure.

Figures come from the marts (`warehouse/stores/reports.py`), words from `jarvis/reports_fr.py`, pages from
`jarvis/report_pdf.py`. A report tells of a gym, or of a franchise with its gyms side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from jarvis import report_gyms, reports_fr, small_numbers
from jarvis.churn import HeldBack
from jarvis.conversations import Topic
from jarvis.formats_fr import member_name

# Below this many sessions a share or a mean says more about chance than about the gym.
FEW_SESSIONS = 5
# A change smaller than this, in share of the value before, is not worth a sentence.
NOTABLE_CHANGE = 0.10
# Half the scale's usual width between a neutral and a clearly negative week.
NOTABLE_SENTIMENT = 0.10
MOST_ACTIONS = 3
# What cannot wait, whom one may lose, what they complain of, and then what only informs.
_ORDER_OF_ACTION = ("alerts", "churn", "topic", "sentiment", "visits")
SESSIONS_CITED = 5
# A complaint of one member is an alert, not a tendency.
_LEAST_COMPLAINTS = 2
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
class ReadReport:
    """A report with what its reader may see beside it."""

    report: KeptReport
    whom_to_call: tuple[MemberAtRisk, ...]
    held_back: HeldBack | None = None
    """Why nobody is named although scores are high; None where somebody is, or none is high."""

    @property
    def why_nobody(self) -> str | None:
        """The sentence that stands in place of the names, in French; None where there is nothing to explain."""
        return None if self.held_back is None else reports_fr.NOBODY_TO_CALL[self.held_back]


def write_report(findings: Findings) -> Report:
    """The report on these findings; the same findings give the same report."""
    changes = changes_of(findings)
    insights = tuple(sorted(_insights(findings, changes), key=lambda one: -one.weight))
    return Report(
        findings=findings,
        title=reports_fr.title(findings.subject, findings.period),
        summary=reports_fr.summary(findings),
        changes=changes,
        insights=insights,
        actions=_actions(findings, insights),
    )


def changes_of(findings: Findings) -> tuple[Change, ...]:
    """Every figure beside the last period and the same weeks last year; None where a period is not on record."""
    periods = {
        "now": findings.now,
        "before": findings.before if findings.before.active_days else None,
        "year_before": findings.year_before if findings.year_before.active_days else None,
    }
    found = []
    for name in (field.name for field in fields(Figures) if field.name != "active_days"):
        withheld = tuple(
            when
            for when, figures in periods.items()
            if figures is not None and report_gyms.is_withheld(findings, when, name)
        )
        values = {
            when: None if figures is None or when in withheld else getattr(figures, name)
            for when, figures in periods.items()
        }
        found.append(Change(name, **values, withheld=withheld))
    return tuple(found)


def _share(now: float | None, past: float | None) -> float | None:
    if now is None or past is None or past == 0:
        return None
    return (now - past) / abs(past)


def _insights(findings: Findings, changes: Sequence[Change]) -> list[Insight]:
    by_name = {one.name: one for one in changes}
    found = [
        _visits(by_name["visit_count"]),
        _sentiment(findings, by_name["mean_sentiment_score"]),
        *_topics(findings),
        _risk(findings),
        _late_alerts(findings.standing),
    ]
    return [one for one in found if one is not None]


def _visits(change: Change) -> Insight | None:
    share = change.share
    if share is None or abs(share) < NOTABLE_CHANGE or change.now is None or change.before is None:
        return None
    text = reports_fr.visits_insight(int(change.now), int(change.before), change.share_of_year)
    return Insight("visits", text, min(1.0, abs(share)), metric="visit_count", evidence_count=int(change.now))


def _sentiment(findings: Findings, change: Change) -> Insight | None:
    enough = min(findings.now.analysed_session_count, findings.before.analysed_session_count) >= FEW_SESSIONS
    if not enough or change.now is None or change.before is None:
        return None
    difference = change.now - change.before
    if abs(difference) < NOTABLE_SENTIMENT:
        return None
    text = reports_fr.sentiment_insight(
        difference,
        report_gyms.told_now(findings, "negative_session_count"),
        findings.now.analysed_session_count,
    )
    return Insight(
        "sentiment",
        text,
        min(1.0, abs(difference)),
        metric="mean_sentiment_score",
        session_ids=findings.negative_session_ids[:SESSIONS_CITED],
        evidence_count=findings.now.analysed_session_count,
    )


def _topics(findings: Findings) -> list[Insight]:
    past = {one.topic: one for one in findings.topics_before}
    analysed = max(1, findings.now.analysed_session_count)
    least = small_numbers.LEAST if findings.is_network else _LEAST_COMPLAINTS
    found = []
    for one in findings.topics:
        if one.topic is Topic.OTHER or one.negative_count < least:
            continue
        before = past[one.topic].negative_count if one.topic in past else 0
        negative_before = small_numbers.told(before) if findings.is_network else before
        text = reports_fr.topic_insight(one.topic, one.session_count, one.negative_count, negative_before)
        found.append(
            Insight(
                "topic",
                text,
                one.negative_count / analysed,
                topic=one.topic,
                session_ids=one.session_ids[:SESSIONS_CITED],
                evidence_count=one.session_count,
            )
        )
    return sorted(found, key=lambda insight: -insight.weight)[:3]


def _risk(findings: Findings) -> Insight | None:
    standing = findings.standing
    if not standing.at_risk_member_count or (findings.is_network and report_gyms.at_risk_of(findings) is None):
        return None
    text = reports_fr.risk_insight(standing.at_risk_member_count, standing.active_member_count)
    share = standing.at_risk_member_count / max(1, standing.active_member_count)
    return Insight(
        "churn",
        text,
        min(1.0, share),
        metric="at_risk_member_count",
        evidence_count=standing.at_risk_member_count,
    )


def _late_alerts(standing: Standing) -> Insight | None:
    if not standing.late_alert_ids:
        return None
    text = reports_fr.late_alerts_insight(len(standing.late_alert_ids))
    count = len(standing.late_alert_ids)
    return Insight("alerts", text, 1.0, alert_ids=standing.late_alert_ids, evidence_count=count)


def _actions(findings: Findings, insights: Sequence[Insight]) -> tuple[str, ...]:
    """What to do first: what waits, who may leave, what members complain of, and then what keeps things going."""
    wanted = []
    for insight in sorted(insights, key=lambda one: _ORDER_OF_ACTION.index(one.kind)):
        action = reports_fr.action(insight.kind, insight.topic, findings.standing)
        if action is not None:
            wanted.append(action)
    wanted += reports_fr.standing_actions(findings)
    return tuple(dict.fromkeys(wanted))[:MOST_ACTIONS]
