"""A person's key figures, read from the marts that dbt builds, so that every door shows the same numbers.

The statements stand here and not in `queries/`, because they do not plan before dbt has built its tables.
Row security of the marts decides which gyms there are; the caller's transaction carries the person.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection

from jarvis import small_numbers
from warehouse.stores.marts import asking_marts

Connection = AsyncConnection[dict[str, Any]]

# Well above the network's size; a bound all the same.
MOST_GYMS = 1000

_DAY_COUNTS = (
    "visit_count", "distinct_visitor_count", "session_count", "negative_session_count", "positive_session_count",
    "unconsented_session_count", "alert_opened_count",
)  # fmt: skip
COUNTS = (
    "active_member_count", "at_risk_member_count", "visit_count", "session_count", "analysed_session_count",
    "negative_session_count", "positive_session_count", "unconsented_session_count", "estimated_session_count",
    "unfounded_session_count", "judged_label_count", "agreed_label_count", "alert_opened_count",
)  # fmt: skip
# What tells how many there were, or of how few it is the mean.
_RESTS_ON: Mapping[str, Sequence[str]] = {
    "session_minutes": ("session_count",),
    "mean_sentiment_score": ("analysed_session_count",),
    "mean_satisfaction": ("estimated_session_count",),
    "agreement_rate": ("judged_label_count", "agreed_label_count"),
}
_DAY_RESTS_ON: Mapping[str, Sequence[str]] = {
    "session_minutes": ("session_count",), "mean_sentiment_score": ("session_count",),
}  # fmt: skip

_BY_GYM: LiteralString = """
    select
        gyms.gym_id,
        gyms.gym_name,
        gyms.active_member_count,
        risks.at_risk_member_count,
        days.visit_count,
        days.session_count,
        days.session_minutes::double precision as session_minutes,
        days.negative_session_count,
        days.positive_session_count,
        days.unconsented_session_count,
        felt.analysed_session_count,
        felt.mean_sentiment_score::double precision as mean_sentiment_score,
        felt.estimated_session_count,
        felt.mean_satisfaction::double precision as mean_satisfaction,
        felt.unfounded_session_count,
        judged.judged_label_count,
        judged.agreed_label_count,
        judged.agreed_label_count::double precision / nullif(judged.judged_label_count, 0) as agreement_rate,
        days.alert_opened_count,
        days.cost_usd,
        least(gyms.built_at, days.built_at) as built_at
    from marts.dim_gyms as gyms
    cross join lateral (
        select
            coalesce(sum(daily.visit_count), 0)::bigint as visit_count,
            coalesce(sum(daily.session_count), 0)::bigint as session_count,
            coalesce(sum(daily.session_minutes), 0) as session_minutes,
            coalesce(sum(daily.negative_session_count), 0)::bigint as negative_session_count,
            coalesce(sum(daily.positive_session_count), 0)::bigint as positive_session_count,
            coalesce(sum(daily.unconsented_session_count), 0)::bigint as unconsented_session_count,
            coalesce(sum(daily.alert_opened_count), 0)::bigint as alert_opened_count,
            coalesce(sum(daily.cost_usd), 0) as cost_usd,
            min(daily.built_at) as built_at
        from marts.fct_gym_daily as daily
        where daily.gym_id = gyms.gym_id
            and daily.local_date between %(since)s::date and %(until)s::date
    ) as days
    cross join lateral (
        select
            count(sessions.sentiment_score) as analysed_session_count,
            avg(sessions.sentiment_score) as mean_sentiment_score,
            count(sessions.satisfaction) as estimated_session_count,
            avg(sessions.satisfaction) as mean_satisfaction,
            count(*) filter (where sessions.unfounded_claim_count > 0) as unfounded_session_count
        from marts.fct_sessions as sessions
        where sessions.gym_id = gyms.gym_id
            and sessions.local_date between %(since)s::date and %(until)s::date
    ) as felt
    cross join lateral (
        select
            coalesce(sum(agreement.judged_count), 0)::bigint as judged_label_count,
            coalesce(sum(agreement.agreed_count), 0)::bigint as agreed_label_count
        from marts.fct_label_agreement as agreement
        where agreement.gym_id = gyms.gym_id
            and agreement.local_month_date
            between date_trunc('month', %(since)s::date)::date and %(until)s::date
    ) as judged
    cross join lateral (
        select count(*) as at_risk_member_count
        from marts.dim_members as members
        where members.gym_id = gyms.gym_id
            and members.is_active
            and members.is_at_risk
    ) as risks
    where (%(gym_id)s::uuid is null or gyms.gym_id = %(gym_id)s::uuid)
    order by gyms.gym_name, gyms.gym_id
    limit %(most)s::integer
"""

_DAYS: LiteralString = """
    select
        daily.gym_id,
        daily.local_date,
        daily.visit_count,
        daily.distinct_visitor_count,
        daily.session_count,
        daily.session_minutes::double precision as session_minutes,
        daily.mean_sentiment_score::double precision as mean_sentiment_score,
        daily.negative_session_count,
        daily.positive_session_count,
        daily.unconsented_session_count,
        daily.alert_opened_count,
        daily.cost_usd,
        daily.built_at,
        gyms.active_member_count
    from marts.fct_gym_daily as daily
    inner join marts.dim_gyms as gyms on gyms.gym_id = daily.gym_id
    where daily.local_date = any (%(dates)s::date[])
"""

_DAILY: LiteralString = """
    select
        daily.gym_id,
        daily.local_date,
        daily.visit_count,
        daily.distinct_visitor_count,
        daily.session_count,
        daily.session_minutes::double precision as session_minutes,
        daily.mean_sentiment_score::double precision as mean_sentiment_score,
        daily.negative_session_count,
        daily.positive_session_count,
        daily.unconsented_session_count,
        daily.alert_opened_count,
        daily.cost_usd,
        daily.built_at
    from marts.fct_gym_daily as daily
    where (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
        and daily.local_date between %(since)s::date and %(until)s::date
        and (
            %(after_date)s::date is null
            or (daily.local_date, daily.gym_id) < (%(after_date)s::date, %(after_id)s::uuid)
        )
    order by daily.local_date desc, daily.gym_id desc
    limit %(asked)s::integer
"""


async def by_gym(connection: Connection, *, since: date, until: date, gym_id: UUID | None) -> Sequence[dict[str, Any]]:
    """One row per gym the person sees, over the gyms' own days from `since` to `until`, both included.

    Raises:
        NotBuiltYet: when a mart is missing.
    """
    parameters = {"since": since, "until": until, "gym_id": gym_id, "most": MOST_GYMS}
    return await _rows(connection, _BY_GYM, parameters)


async def daily(
    connection: Connection,
    *,
    since: date,
    until: date,
    gym_id: UUID | None,
    after: tuple[str, str] | None,
    asked: int,
) -> Sequence[dict[str, Any]]:
    """One row per gym and day, the latest day first, from the one after a place.

    Raises:
        NotBuiltYet: when the mart is missing.
    """
    after_date, after_id = after or (None, None)
    parameters = {
        "since": since,
        "until": until,
        "gym_id": gym_id,
        "after_date": after_date,
        "after_id": after_id,
        "asked": asked,
    }
    return await _rows(connection, _DAILY, parameters)


def side_by_side(rows: Sequence[dict[str, Any]]) -> small_numbers.Compared:
    """What `by_gym` finds of every gym a person sees, as it is told to who compares them."""
    return small_numbers.compared(rows, COUNTS, people="active_member_count", rests_on=_RESTS_ON)


def told_together(figures: Mapping[str, Any], told: small_numbers.Compared) -> dict[str, Any]:
    """The same figures of all those gyms together; None where a sum, or what is reckoned from it, is not told."""
    gone = [name for name, bases in _RESTS_ON.items() if any(told.sums[base] is None for base in bases)]
    return {**figures, **told.sums, **dict.fromkeys(gone)}


async def days_side_by_side(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `daily` as they are told to who compares gyms: each beside every gym the person sees, on the same day.

    Raises:
        NotBuiltYet: when the mart is missing.
    """
    whole_days = await _rows(connection, _DAYS, {"dates": sorted({row["local_date"] for row in rows})})
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in whole_days:
        by_day.setdefault(row["local_date"], []).append(row)
    told = {
        (day, row["gym_id"]): row
        for day, gyms in by_day.items()
        for row in small_numbers.compared(gyms, _DAY_COUNTS, people="active_member_count", rests_on=_DAY_RESTS_ON).rows
    }
    return [told[row["local_date"], row["gym_id"]] for row in rows]


async def _rows(
    connection: Connection, statement: LiteralString, parameters: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    with asking_marts():
        cursor = await connection.execute(statement, parameters)
        return await cursor.fetchall()
