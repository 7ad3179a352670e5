"""Keeps member analytics: the facts the rules read, and the row they give.

SQL is in `queries/members.sql`, the rules in `jarvis/members.py`. Transactions are the caller's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from jarvis.absences import Away, GymCalendar, Period
from jarvis.calendars import HolidayRegion, SchoolZone
from jarvis.conversations import Sentiment
from jarvis.members import GymDay, MemberAnalytics, MemberFacts, PastConversation, gym_day
from jarvis.visit_habits import LOOK_BACK_DAYS, NO_RECORD
from warehouse.sql import queries
from warehouse.stores.conversations import count_failed_try


@dataclass(frozen=True, slots=True)
class UncountedConversation:
    """A conversation that no analytics contain yet."""

    session_id: UUID
    gym_id: UUID
    member_id: UUID | None


def claim_uncounted(connection: Connection, *, batch_size: int) -> list[UncountedConversation]:
    """Conversations to count, locked until the transaction ends."""
    with connection.cursor(row_factory=class_row(UncountedConversation)) as cursor:
        return cursor.execute(_sql("claim_uncounted"), {"batch_size": batch_size}).fetchall()


def gym_ids(connection: Connection) -> list[UUID]:
    """Every gym that has a member."""
    return [row[0] for row in connection.execute(_sql("gyms_with_members"))]


def member_ids_of(connection: Connection, gym_id: UUID) -> list[UUID]:
    """All members of the gym, in order."""
    return [row[0] for row in connection.execute(_sql("members_of_gym"), {"gym_id": gym_id})]


def load_gym_days(connection: Connection, gym_ids: Collection[UUID], *, now: datetime) -> dict[UUID, GymDay]:
    """Each gym's own day at `now`, with the days on which nobody is missed there."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("gym_days"), {"gym_ids": list(gym_ids), "now": now}).fetchall()
    return {
        row["gym_id"]: gym_day(
            GymCalendar(
                closures=_periods(row["closures_start_on"], row["closures_end_on"]),
                school_zone=None if row["school_zone"] is None else SchoolZone(row["school_zone"]),
                holiday_region=None if row["holiday_region"] is None else HolidayRegion(row["holiday_region"]),
            ),
            today=row["today"],
            recorded_from=row["recorded_from"] or NO_RECORD,
        )
        for row in rows
    }


def load_facts(connection: Connection, member_ids: Sequence[UUID], *, now: datetime) -> list[MemberFacts]:
    """The members' facts as of now; the members stay locked against another recount until the transaction ends."""
    # A statement of its own: the facts are read after the wait, with what the other batch has written.
    connection.execute(_sql("lock_members"), {"member_ids": list(member_ids)})
    parameters = {"member_ids": list(member_ids), "now": now, "look_back_days": LOOK_BACK_DAYS}
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_facts(row) for row in cursor.execute(_sql("member_facts"), parameters)]


def save_analytics(connection: Connection, analytics: Sequence[MemberAnalytics]) -> None:
    """The members' rows are as given, written at once; churn columns stay as they are."""
    # Dates, moments and ids go as text, which the statement casts.
    connection.execute(_sql("save_analytics"), {"rows": Jsonb(analytics, dumps=orjson.dumps)})


def mark_counted(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """The conversations are counted and will not be claimed again."""
    connection.execute(_sql("mark_counted"), {"session_ids": list(session_ids)})


def put_off(connection: Connection, session_id: UUID, *, reason: str) -> bool:
    """The failed try is counted and the conversation waits for the next one; True when that was the last."""
    return count_failed_try(connection, _sql("put_off_count"), session_id, reason=reason)


def count_analytics_behind(connection: Connection, *, grace: timedelta) -> int:
    """How many members' analytics are older than a conversation analysed more than `grace` ago."""
    row = connection.execute(_sql("analytics_behind"), {"grace": grace}).fetchone()
    return 0 if row is None else int(row[0])


def count_analytics_stale(connection: Connection) -> int:
    """How many members have no analytics of the last two days."""
    row = connection.execute(_sql("analytics_stale")).fetchone()
    return 0 if row is None else int(row[0])


def _facts(row: dict[str, Any]) -> MemberFacts:
    visits = row["visited_on"] or ([] if row["last_visit_on"] is None else [row["last_visit_on"]])
    return MemberFacts(
        gym_id=row["gym_id"],
        member_id=row["member_id"],
        conversations=_conversations(row) if row["conversations_started_at"] else (),
        visits=tuple(visits),
        joined_on=row["joined_on"],
        known_on=row["known_on"],
        away=_away(row),
    )


def _conversations(row: dict[str, Any]) -> tuple[PastConversation, ...]:
    return tuple(
        PastConversation(
            started_at=started_at,
            started_on=started_on,
            duration_seconds=duration,
            sentiment_score=score,
            sentiment_label=None if label is None else Sentiment(label),
        )
        for started_at, started_on, duration, score, label in zip(
            row["conversations_started_at"],
            row["conversations_started_on"],
            row["durations_seconds"],
            row["sentiment_scores"],
            row["sentiment_labels"],
            strict=True,
        )
    )


def _away(row: dict[str, Any]) -> Away:
    return Away(
        absences=_periods(row["absences_start_on"] or (), row["absences_end_on"] or ()),
        pauses=_periods(row["pauses_start_on"] or (), row["pauses_end_on"] or ()),
    )


def _periods(starts: Sequence[date], ends: Sequence[date | None]) -> tuple[Period, ...]:
    return tuple(Period(start, end) for start, end in zip(starts, ends, strict=True))


def _sql(block: str) -> LiteralString:
    return queries("members")[block]
