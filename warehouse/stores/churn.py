"""Keeps churn scores: the histories a score may rest on, and the scores of a day.

SQL is in `queries/churn.sql`, the records in `jarvis/churn.py`; models are kept by `stores/churn_models.py`, what
records said before they were changed is read by `stores/superseded.py`.
Transactions are the caller's.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from jarvis.absences import (
    Away,
    Declared,
    GymCalendar,
    MuteReason,
    Period,
    ended_by_return,
    gym_muted_days,
    member_muted_days,
)
from jarvis.calendars import HolidayRegion, SchoolZone
from jarvis.churn import ChurnScore, Contract, MemberHistory, RiskLevel, Talk
from jarvis.visit_habits import LOOK_BACK_DAYS, NO_RECORD
from warehouse.sql import queries
from warehouse.stores import superseded
from warehouse.stores.superseded import Version, Versions

# As far as a member's analytics look back; older visits only say that there were any.
LOOK_BACK = timedelta(days=LOOK_BACK_DAYS)


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

    What was declared, signed or changed says since when it was known, so that a day is scored with what was known as
    it began, however much later that is done.

    Args:
        until: the last day whose visits and conversations are loaded; one day more may come with it.
        since: the first day of visits; 420 days before `until` when None. Conversations and contracts come whole.
        gym_id: one gym only.
    """
    begin = since or until - LOOK_BACK
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        versions = superseded.load(cursor, gym_id=gym_id)
        gyms = {row["gym_id"]: _gym(row, versions, begin, until) for row in cursor.execute(_sql("calendars"))}
        parameters = {"since": begin, "until": until, "gym_id": gym_id}
        return [
            _history(row, gyms[row["gym_id"]], versions, begin, until)
            for row in cursor.execute(_sql("histories"), parameters)
        ]


def save_scores(connection: Connection, scores: Sequence[ChurnScore], *, as_of: date) -> ScoredDay:
    """The day's scores are exactly these; members' analytics show them unless a later day was scored."""
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


@dataclass(frozen=True, slots=True)
class _Gym:
    """What closes or empties one gym."""

    closed: tuple[Declared, ...]
    muted: dict[date, MuteReason]
    """The days that every later day knows as muted for everybody."""
    recorded_from: date


def _gym(row: dict[str, Any], versions: Versions, first: date, last: date) -> _Gym:
    closed = tuple(_declared(row["ids"], row["recorded_on"], row["starts_on"], row["ends_on"], versions))
    closed += tuple(one for version in versions.of(row["gym_id"], None, "gym_closures") for one in _days_of(version))
    calendar = GymCalendar(
        closures=tuple(period for one in closed if (period := one.in_time)),
        school_zone=None if row["school_zone"] is None else SchoolZone(row["school_zone"]),
        holiday_region=None if row["holiday_region"] is None else HolidayRegion(row["holiday_region"]),
    )
    return _Gym(closed, gym_muted_days(calendar, first, last), row["recorded_from"] or NO_RECORD)


def _declared(
    ids: Sequence[UUID] | None,
    recorded_on: Sequence[date | None] | None,
    starts: Sequence[date | None] | None,
    ends: Sequence[date | None] | None,
    versions: Versions,
) -> Iterator[Declared]:
    rows = zip(ids or (), recorded_on or (), starts or (), ends or (), strict=True)
    for record_id, recorded, starts_on, ends_on in rows:
        if starts_on is not None:
            yield Declared(starts_on, ends_on or date.max, versions.known_from(record_id, recorded))


def _days_of(version: Version) -> Iterator[Declared]:
    """The days of an absence or a closure as one version of it said."""
    starts_on, ends_on = version.day("starts_on"), version.day("ends_on")
    assert starts_on is not None
    yield Declared(starts_on, ends_on or date.max, version.known_from, version.known_until)


def _pause_of(version: Version) -> Iterator[Declared]:
    """The pause of a membership as one version of it said, by the rule of the query."""
    first, last = version.day("frozen_from"), version.day("frozen_until")
    is_frozen = version.record["status"] == "frozen"
    if is_frozen or last is not None:
        starts_on = first or version.day("started_on")
        assert starts_on is not None
        yield Declared(starts_on, last or date.max, version.known_from, version.known_until)


def _contract_of(version: Version) -> Contract:
    started_on, expires_on = version.day("started_on"), version.day("expires_on")
    assert started_on is not None and expires_on is not None
    price = version.record["monthly_price_eur"]
    return Contract(
        plan=version.record["plan"],
        started_on=started_on,
        expires_on=expires_on,
        cancelled_on=version.day("cancelled_on"),
        monthly_price_eur=None if price is None else float(price),
        known_from=version.known_from,
        known_until=version.known_until,
    )


def _left(
    row: dict[str, Any], seen: Sequence[date], contracts: Sequence[Contract], versions: Versions
) -> tuple[tuple[date, date], ...]:
    """The spans of days that began with the member gone.

    When somebody left is known where the database saw it happen; else it was after the last trace of them.
    """
    spans = [
        (version.known_from, version.known_until, version.record["is_active"])
        for version in versions.of(row["gym_id"], row["member_id"], "gym_members_v2")
    ]
    spans.append((versions.known_from(row["member_id"], None), date.max, row["is_active"]))
    found = []
    for first, last, is_active in spans:
        if is_active:
            continue
        if first == date.min:
            ends = (min(one.expires_on, one.cancelled_on or one.expires_on) for one in contracts)
            traces = [day for day in (row["joined_on"], row["last_visit_on"], *seen[-1:], *ends) if day and day <= last]
            first = max(traces, default=last - timedelta(days=1)) + timedelta(days=1)
        found.append((first, last))
    return tuple(found)


def _history(row: dict[str, Any], gym: _Gym, versions: Versions, first: date, last: date) -> MemberHistory:
    seen = tuple(row["seen_on"] or ())
    owner = (row["gym_id"], row["member_id"])
    former = versions.of(*owner, "memberships")
    absences = (
        *_declared(row["absence_ids"], row["absences_recorded_on"], row["away_from"], row["away_until"], versions),
        *(one for version in versions.of(*owner, "member_absences") for one in _days_of(version)),
    )
    pauses = (
        *_declared(
            row["contract_ids"], row["contracts_recorded_on"], row["frozen_from"], row["frozen_until"], versions
        ),
        *(one for version in former for one in _pause_of(version)),
    )
    # A visit of the last day itself ends no absence yet: nobody knew of it as the day began.
    seen_before = seen[: bisect_left(seen, last)]
    away = (*(_ended_by_return(one, seen_before) for one in absences), *pauses)
    in_time = Away(
        absences=tuple(period for one in away[: len(absences)] if (period := one.in_time)),
        pauses=tuple(period for one in pauses if (period := one.in_time)),
    )
    contracts = tuple(
        Contract(
            plan=plan,
            started_on=start,
            expires_on=end,
            cancelled_on=cancelled,
            monthly_price_eur=price,
            known_from=versions.known_from(record_id, recorded),
        )
        for record_id, recorded, plan, start, end, cancelled, price in zip(
            row["contract_ids"] or (),
            row["contracts_recorded_on"] or (),
            row["plans"] or (),
            row["started_on"] or (),
            row["expires_on"] or (),
            row["cancelled_on"] or (),
            row["prices"] or (),
            strict=True,
        )
    )
    return MemberHistory(
        gym_id=row["gym_id"],
        member_id=row["member_id"],
        joined_on=row["joined_on"],
        left=_left(row, seen, contracts, versions),
        recorded_from=gym.recorded_from,
        birth_year=row["birth_year"],
        seen_on=seen,
        muted_on=tuple(sorted(member_muted_days(gym.muted, in_time, first, last))),
        away=away,
        closed=gym.closed,
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
        contracts=contracts,
        former_contracts=tuple(_contract_of(version) for version in former),
    )


def _ended_by_return(absence: Declared, seen: Sequence[date]) -> Declared:
    """An absence without an end ends the day before the member came again."""
    if absence.ends_on < date.max:
        return absence
    ends_on = ended_by_return(Period(absence.starts_on), seen).ends_on
    return absence if ends_on is None else replace(absence, ends_on=ends_on)


def _sql(block: str) -> LiteralString:
    return queries("churn")[block]
