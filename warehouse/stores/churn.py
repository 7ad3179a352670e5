"""Keeps churn scores: the histories a score may rest on, and the scores of a day.

SQL is in `queries/churn.sql`, the records in `jarvis/churn.py`; models are kept by `stores/churn_models.py`.
Transactions are the caller's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from jarvis.absences import (
    Away,
    GymCalendar,
    MuteReason,
    Period,
    ended_by_return,
    gym_muted_days,
    member_muted_days,
)
from jarvis.calendars import HolidayRegion, SchoolZone
from jarvis.churn import ChurnScore, Contract, MemberHistory, RiskLevel, Talk
from warehouse.sql import queries

# A score looks half a year back at habits; older visits only say that there were any.
LOOK_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """What one scoring wrote."""

    as_of: date
    scored: int
    held_back: int
    by_level: dict[RiskLevel, int]


def load_histories(
    connection: Connection, *, until: date, since: date | None = None, gym_id: UUID | None = None
) -> list[MemberHistory]:
    """The histories of every member who did not refuse to be profiled, by gym and member.

    Args:
        until: the last day whose visits and conversations are loaded; one day more may come with it.
        since: the first day of visits; 400 days before `until` when None. Conversations and contracts come whole.
        gym_id: one gym only.
    """
    begin = since or until - LOOK_BACK
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        calendars = {row["gym_id"]: _calendar(row) for row in cursor.execute(_sql("calendars"))}
        muted = {gym: gym_muted_days(calendar, begin, until) for gym, calendar in calendars.items()}
        parameters = {"since": begin, "until": until, "gym_id": gym_id}
        return [
            _history(row, calendars[row["gym_id"]], muted[row["gym_id"]], begin, until)
            for row in cursor.execute(_sql("histories"), parameters)
        ]


def save_scores(connection: Connection, scores: Sequence[ChurnScore], *, as_of: date) -> ScoredDay:
    """The day's scores are exactly these, and members' analytics show them where no later day was scored."""
    connection.execute(_sql("hold_scoring"))
    connection.execute(_sql("save_scores"), {"as_of": as_of, "scores": Jsonb([_row(one) for one in scores])})
    connection.execute(_sql("drop_stale_scores"), {"as_of": as_of, "member_ids": [one.member_id for one in scores]})
    connection.execute(_sql("save_current"), {"as_of": as_of})
    connection.execute(_sql("clear_unscored"), {"as_of": as_of})
    return ScoredDay(
        as_of=as_of,
        scored=len(scores),
        held_back=sum(one.held_back_reason is not None for one in scores),
        by_level=dict(Counter(one.level for one in scores)),
    )


def unreliable_gyms(connection: Connection) -> list[tuple[str, str]]:
    """Slug and reason of each gym whose newest scores must not be acted on for want of data."""
    return [(slug, reason) for slug, reason in connection.execute(_sql("unreliable_gyms"))]


def _row(one: ChurnScore) -> dict[str, Any]:
    row = {name: value for name, value in asdict(one).items() if name != "as_of"}
    for name in ("gym_id", "member_id", "model_version_id"):
        row[name] = None if row[name] is None else str(row[name])
    return row


def _calendar(row: dict[str, Any]) -> GymCalendar:
    return GymCalendar(
        closures=_periods(row["starts_on"], row["ends_on"]),
        school_zone=None if row["school_zone"] is None else SchoolZone(row["school_zone"]),
        holiday_region=None if row["holiday_region"] is None else HolidayRegion(row["holiday_region"]),
    )


def _periods(starts: Sequence[date | None] | None, ends: Sequence[date | None] | None) -> tuple[Period, ...]:
    pairs = zip(starts or (), ends or (), strict=True)
    return tuple(Period(start, end) for start, end in pairs if start is not None)


def _history(
    row: dict[str, Any], calendar: GymCalendar, of_the_gym: dict[date, MuteReason], first: date, last: date
) -> MemberHistory:
    seen = tuple(row["seen_on"] or ())
    away = Away(
        absences=_periods(row["away_from"], row["away_until"]),
        pauses=_periods(row["frozen_from"], row["frozen_until"]),
    )
    muted = member_muted_days(of_the_gym, away, first, last, visits=seen)
    own = (*(ended_by_return(one, seen) for one in away.absences), *away.pauses)
    return MemberHistory(
        gym_id=row["gym_id"],
        member_id=row["member_id"],
        joined_on=row["joined_on"],
        is_active=row["is_active"],
        birth_year=row["birth_year"],
        seen_on=seen,
        muted_on=tuple(sorted(muted)),
        away=tuple((one.starts_on, one.ends_on or date.max) for one in own),
        closed=tuple((one.starts_on, one.ends_on or date.max) for one in calendar.closures),
        talks=tuple(
            Talk(
                day=day,
                sentiment_score=score,
                is_negative=negative,
                wants_out=wants_out,
                is_cancelling=cancelling,
                is_unsolved=unsolved,
                is_about_money=about_money,
            )
            for day, score, negative, wants_out, cancelling, unsolved, about_money in zip(
                row["talk_days"] or (),
                row["talk_scores"] or (),
                row["talk_negative"] or (),
                row["talk_wants_out"] or (),
                row["talk_cancelling"] or (),
                row["talk_unsolved"] or (),
                row["talk_about_money"] or (),
                strict=True,
            )
        ),
        contracts=tuple(
            Contract(plan=plan, started_on=start, expires_on=end, cancelled_on=cancelled, monthly_price_eur=price)
            for plan, start, end, cancelled, price in zip(
                row["plans"] or (),
                row["started_on"] or (),
                row["expires_on"] or (),
                row["cancelled_on"] or (),
                row["prices"] or (),
                strict=True,
            )
        ),
    )


def _sql(block: str) -> LiteralString:
    return queries("churn")[block]
