"""Which gyms and franchises have no report of a kind yet, and whether their first one can be written now.

The clock writes reports on Mondays and mornings; a network that starts on a Tuesday would show nothing for days.
Statements on marts stand here, because those tables exist only once dbt has built them. Reads only.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.reports import Period, ReportKind, latest_period
from warehouse.sql import queries
from warehouse.stores.marts import asking_marts
from warehouse.stores.reports import Subject, subjects

# A gym without anything in the period has nothing to read; its figures are whole once the marts have all of it.
_STANDING: LiteralString = """
    select
        daily.gym_id,
        coalesce(bool_or(said.waits), false) as waits,
        min(daily.built_at) < %(ended_at)s::timestamptz
            or coalesce(max(said.analysed_at) > coalesce(max(known.analysed_at), '-infinity'), false) as is_behind,
        max(said.analysed_at) as analysed_at
    from marts.fct_gym_daily as daily
    left join lateral (
        select
            bool_or(summaries.status = 'pending') as waits,
            max(summaries.analysed_at) filter (where summaries.status = 'completed') as analysed_at
        from public.openai_realtime_sessions as sessions
        inner join public.conversation_summaries as summaries
            on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
        where sessions.gym_id = daily.gym_id
            and sessions.started_at >= %(began_at)s::timestamptz
            and sessions.started_at < %(ended_at)s::timestamptz
    ) as said on true
    left join lateral (
        select max(facts.analysed_at) as analysed_at
        from marts.fct_sessions as facts
        where facts.gym_id = daily.gym_id and facts.analysis_status = 'completed'
            and facts.started_at >= %(began_at)s::timestamptz and facts.started_at < %(ended_at)s::timestamptz
    ) as known on true
    where daily.gym_id = any (%(gym_ids)s::uuid[])
        and daily.local_date >= %(first)s::date and daily.local_date < %(end)s::date
    group by daily.gym_id
    having sum(daily.visit_count + daily.session_count) > 0
"""


@dataclass(frozen=True, slots=True)
class FirstReports:
    """Who is still without a report of one kind."""

    ready: tuple[Subject, ...]
    """Theirs can be written now."""
    behind_since: datetime | None
    """The marts must be built anew for the others, because of what happened then; None where that helps nobody."""


def first_reports(connection: Connection, kind: ReportKind, *, now: datetime) -> FirstReports:
    """Subjects without any report of this kind, whose last whole period has something to tell of.

    Raises:
        NotBuiltYet: a mart is missing.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries("reports")["reported"], {"report_type": kind.value}).fetchall()
    reported = {(row["gym_id"], row["franchise_id"]) for row in rows}
    by_place: dict[tuple[Period, str], list[Subject]] = defaultdict(list)
    for subject in subjects(connection):
        if (subject.gym_id, subject.franchise_id) not in reported:
            today = now.astimezone(ZoneInfo(subject.timezone)).date()
            by_place[latest_period(kind, today=today), subject.timezone].append(subject)
    ready: list[Subject] = []
    behind: list[datetime] = []
    for (period, timezone), waiting in by_place.items():
        began_at, ended_at = (datetime.combine(day, time(0), ZoneInfo(timezone)) for day in (period.start, period.end))
        gym_ids = {gym_id for subject in waiting for gym_id in subject.gym_ids}
        with asking_marts(), connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(
                _STANDING,
                {
                    "gym_ids": list(gym_ids), "first": period.start, "end": period.end, "began_at": began_at,
                    "ended_at": ended_at,
                },
            ).fetchall()  # fmt: skip
        standing: Mapping[UUID, dict[str, object]] = {row["gym_id"]: row for row in found}
        for subject in waiting:
            rows = [standing[gym_id] for gym_id in subject.gym_ids if gym_id in standing]
            if not rows or any(row["waits"] for row in rows):
                continue
            late = [row["analysed_at"] or ended_at for row in rows if row["is_behind"]]
            behind += late
            if not late:
                ready.append(subject)
    return FirstReports(tuple(ready), max(behind, default=None))
