"""Keeps reports: their figures as the marts have them, the rows they become, and who has got them.

What stands in `queries/reports.sql` plans on the migrated database; statements on marts stand here,
because those tables exist only once dbt has built them. Transactions are the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from jarvis import report_gyms, small_numbers
from jarvis.conversations import Topic
from jarvis.reports import (
    SESSIONS_CITED,
    WEEKS_SHOWN,
    Figures,
    GymLine,
    Period,
    Report,
    Standing,
    TopicCount,
    Week,
)
from warehouse.sql import queries
from warehouse.stores.marts import asking_marts

_FIGURES: LiteralString = """
    select
        coalesce(sum(daily.visit_count), 0)::integer as visit_count,
        coalesce(sum(daily.session_count), 0)::integer as session_count,
        coalesce(sum(daily.session_minutes), 0)::double precision as session_minutes,
        felt.analysed_session_count,
        felt.mean_sentiment_score,
        coalesce(sum(daily.negative_session_count), 0)::integer as negative_session_count,
        coalesce(sum(daily.positive_session_count), 0)::integer as positive_session_count,
        coalesce(sum(daily.alert_opened_count), 0)::integer as alert_opened_count,
        coalesce(sum(daily.cost_usd), 0)::double precision as cost_usd,
        (count(distinct daily.local_date) filter (where daily.visit_count + daily.session_count > 0))::integer
            as active_days
    from (
        select
            count(sessions.sentiment_score)::integer as analysed_session_count,
            avg(sessions.sentiment_score)::double precision as mean_sentiment_score
        from marts.fct_sessions as sessions
        where sessions.gym_id = any (%(gym_ids)s::uuid[])
            and sessions.local_date between %(first)s::date and %(last)s::date
    ) as felt
    left join marts.fct_gym_daily as daily
        on daily.gym_id = any (%(gym_ids)s::uuid[]) and daily.local_date between %(first)s::date and %(last)s::date
    group by felt.analysed_session_count, felt.mean_sentiment_score
"""

_TOPICS: LiteralString = """
    select
        topics.topic,
        count(*)::integer as session_count,
        (count(*) filter (where sessions.sentiment_label = 'negative'))::integer as negative_count,
        (array_agg(
            sessions.session_id
            order by (sessions.sentiment_label = 'negative') desc, sessions.started_at desc, sessions.session_id
        ))[1:5] as session_ids
    from marts.fct_sessions as sessions
    cross join lateral unnest(sessions.key_topics) as topics (topic)
    where sessions.gym_id = any (%(gym_ids)s::uuid[])
        and sessions.local_date between %(first)s::date and %(last)s::date
    group by topics.topic
    order by negative_count desc, session_count desc, topics.topic
"""


_WEEKS: LiteralString = """
    select
        weeks.weeks_ago,
        (%(end)s::date - 1 - 7 * weeks.weeks_ago) as last,
        coalesce(sum(daily.visit_count) filter (where daily.local_date > %(end)s::date - 200), 0)::integer
            as visit_count,
        -- Nothing on record is no zero.
        nullif(sum(daily.visit_count) filter (where daily.local_date <= %(end)s::date - 200), 0)::integer as year_before
    from generate_series(0, %(weeks)s::integer - 1) as weeks (weeks_ago)
    left join marts.fct_gym_daily as daily
        on daily.gym_id = any (%(gym_ids)s::uuid[])
        and (
            daily.local_date between %(end)s::date - 7 * (weeks.weeks_ago + 1)
                and %(end)s::date - 1 - 7 * weeks.weeks_ago
            or daily.local_date between %(end)s::date - 364 - 7 * (weeks.weeks_ago + 1)
                and %(end)s::date - 365 - 7 * weeks.weeks_ago
        )
    group by weeks.weeks_ago
    order by weeks.weeks_ago desc
"""

_NEGATIVE_SESSIONS: LiteralString = """
    select sessions.session_id
    from marts.fct_sessions as sessions
    where sessions.gym_id = any (%(gym_ids)s::uuid[])
        and sessions.local_date between %(first)s::date and %(last)s::date
        and sessions.sentiment_label = 'negative'
    order by sessions.started_at desc, sessions.session_id
    limit %(asked)s::integer
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report tells of: a gym, or a franchise with its gyms."""

    gym_id: UUID | None
    franchise_id: UUID | None
    name: str
    timezone: str
    gym_ids: list[UUID]
    reads_reports_first: bool
    """True where somebody reads each report before it is sent: it stays a draft until they publish it."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A report that waits for one person, who is locked until the transaction ends."""

    id: UUID
    report_id: UUID
    recipient_user_id: UUID
    attempts: int
    email: str
    is_active: bool
    timezone: str
    report_type: str
    is_served: bool
    """False once the gym, or every gym of the franchise, is suspended."""
    is_unsubscribed: bool
    """From this kind of report."""
    quiet_from: time
    quiet_until: time


def subjects(connection: Connection) -> list[Subject]:
    """Every gym that is open and every franchise with one."""
    with connection.cursor(row_factory=class_row(Subject)) as cursor:
        return cursor.execute(_sql("subjects")).fetchall()


def figures(connection: Connection, gym_ids: Sequence[UUID], period: Period) -> Figures:
    """The period's figures over these gyms, as the marts have them.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    row = _mart_rows(connection, _FIGURES, _within(gym_ids, period))[0]
    return Figures(**row)


def topics(connection: Connection, gym_ids: Sequence[UUID], period: Period) -> tuple[TopicCount, ...]:
    """What members spoke of, most unhappy sessions first.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    rows = _mart_rows(connection, _TOPICS, _within(gym_ids, period))
    return tuple(
        TopicCount(Topic(row["topic"]), row["session_count"], row["negative_count"], tuple(row["session_ids"]))
        for row in rows
    )


def weeks(connection: Connection, gym_ids: Sequence[UUID], period: Period) -> tuple[Week, ...]:
    """Visits week by week up to the period's end, beside the same weeks of the year before; the oldest first.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    parameters = {"gym_ids": list(gym_ids), "end": period.end, "weeks": WEEKS_SHOWN}
    rows = _mart_rows(connection, _WEEKS, parameters)
    return tuple(Week(row["last"], row["visit_count"], row["year_before"]) for row in rows)


def negative_sessions(connection: Connection, gym_ids: Sequence[UUID], period: Period) -> tuple[UUID, ...]:
    """The latest unhappy conversations of the period, as many as an insight cites.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    parameters = {**_within(gym_ids, period), "asked": SESSIONS_CITED}
    return tuple(row["session_id"] for row in _mart_rows(connection, _NEGATIVE_SESSIONS, parameters))


def standing(connection: Connection, gym_ids: Sequence[UUID], *, now: datetime) -> Standing:
    """Where these gyms stand at this moment."""
    gyms = _members_at_risk(connection, gym_ids)
    with connection.cursor(row_factory=dict_row) as cursor:
        alerts = cursor.execute(_sql("late_alerts"), {"gym_ids": list(gym_ids), "now": now}).fetchone()
    assert alerts is not None
    return Standing(
        active_member_count=sum(row["active_member_count"] for row in gyms),
        at_risk_member_count=sum(row["at_risk_member_count"] for row in gyms),
        open_alert_count=alerts["open_count"],
        late_alert_ids=tuple(alerts["late_ids"]),
    )


def gym_lines(connection: Connection, gym_ids: Sequence[UUID], period: Period) -> tuple[GymLine, ...]:
    """Each gym's own figures, by name.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    return tuple(
        GymLine(
            row["gym_id"],
            row["gym_name"],
            figures(connection, [row["gym_id"]], period),
            row["active_member_count"],
            row["at_risk_member_count"],
        )
        for row in _members_at_risk(connection, gym_ids)
    )


def save_draft(connection: Connection, subject: Subject, report: Report) -> UUID | None:
    """The report is kept as a draft; None where it is published already and stays as people read it."""
    period = report.findings.period
    zone = ZoneInfo(subject.timezone)
    row = connection.execute(
        _sql("save_draft"),
        {
            "gym_id": subject.gym_id,
            "franchise_id": subject.franchise_id,
            "report_type": str(period.kind),
            "period_start": _midnight(period.start, zone),
            "period_end": _midnight(period.end, zone),
            "title": report.title,
            "summary": report.summary,
            "insights": Jsonb([_plain(asdict(one)) for one in report.insights]),
            "metrics": Jsonb(metrics_of(report)),
            "recommendations": Jsonb(list(report.actions)),
            "trends": Jsonb(
                {one.name: {"share": one.share, "share_of_year": one.share_of_year} for one in report.changes}
            ),
        },
    ).fetchone()
    return None if row is None else row[0]


def metrics_of(report: Report) -> dict[str, Any]:
    """What the report's tables show: each figure with its past, the standing, topics, and gyms side by side."""
    findings = report.findings
    return {
        "period": {"first": findings.period.start.isoformat(), "last": findings.period.last.isoformat()},
        "figures": {
            one.name: {
                "now": one.now,
                "before": one.before,
                "year_before": one.year_before,
                **({"withheld": list(one.withheld)} if one.withheld else {}),
            }
            for one in report.changes
        },
        "standing": {
            "active_member_count": findings.standing.active_member_count,
            "at_risk_member_count": report_gyms.at_risk_of(findings),
            "open_alert_count": findings.standing.open_alert_count,
            "late_alert_count": len(findings.standing.late_alert_ids),
        },
        "topics": report_gyms.told_topics(findings),
        "weeks": [
            {
                "last": one.last.isoformat(),
                "visit_count": report_gyms.visits_of_week(findings, one),
                "year_before": small_numbers.told(one.year_before) if findings.is_network else one.year_before,
            }
            for one in findings.weeks
        ],
        "gyms": [
            {"gym_id": str(line.gym_id), "name": line.name, **report_gyms.kept(counts)}
            for line, counts in zip(findings.gyms, report_gyms.gyms_side_by_side(findings.gyms), strict=True)
        ],
    }


def publish(connection: Connection, report_id: UUID, *, now: datetime) -> bool:
    """The draft is what people read from now on, and waits for everybody it concerns; False where it was no draft."""
    if connection.execute(_sql("publish"), {"report_id": report_id}).fetchone() is None:
        return False
    connection.execute(_sql("queue_deliveries"), {"report_id": report_id, "now": now})
    return True


def claim_due(connection: Connection, *, now: datetime, batch_size: int = 1) -> list[DueDelivery]:
    """Deliveries whose time has come, locked until the transaction ends."""
    with connection.cursor(row_factory=class_row(DueDelivery)) as cursor:
        return cursor.execute(_sql("claim_due"), {"now": now, "batch_size": batch_size}).fetchall()


def settle(
    connection: Connection,
    delivery: DueDelivery,
    status: str,
    *,
    now: datetime,
    reason: str | None = None,
    due_at: datetime | None = None,
    message_id: str | None = None,
    is_try: bool = True,
) -> None:
    """What became of this try is on record.

    Args:
        status: waiting (again, at `due_at`), sent, failed, bounced or suppressed.
        is_try: False where no server was asked, such as within quiet hours.
    """
    connection.execute(
        _sql("settle_delivery"),
        {
            "delivery_id": delivery.id,
            "status": status,
            "reason": reason,
            "tried": int(is_try),
            "due_at": due_at,
            "message_id": message_id,
            "now": now,
        },
    )


def _members_at_risk(connection: Connection, gym_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_sql("members_at_risk"), {"gym_ids": list(gym_ids)}).fetchall()


def _within(gym_ids: Sequence[UUID], period: Period) -> Mapping[str, Any]:
    return {"gym_ids": list(gym_ids), "first": period.start, "last": period.last}


def _mart_rows(connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with asking_marts(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value


def _sql(block: str) -> LiteralString:
    return queries("reports")[block]
