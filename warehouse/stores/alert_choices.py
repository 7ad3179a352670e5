"""Brings the members at risk and keeps whom to call.

SQL is in `queries/alert_choices.sql`, the rules in `jarvis/alert_choices.py`. Transactions are the caller's.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_choices import Candidate, Choice, period_of, week_of
from jarvis.alert_upkeep import MISSED_AFTER
from jarvis.churn import RiskLevel
from jarvis.churn_fr import card_reasons
from warehouse.sql import queries
from warehouse.stores import gyms


def hold(connection: Connection) -> None:
    """No other run chooses until the transaction ends."""
    connection.execute(_sql("hold_choices"))


def budgets(connection: Connection, *, now: datetime) -> dict[UUID, tuple[int, int]]:
    """Each active gym's churn alerts a week, and how many of this week's are spent."""
    rows = connection.execute(_sql("budgets"), {"week_starts_on": week_of(now.date())})
    return {gym_id: (budget, spent) for gym_id, budget, spent in rows}


def candidates(connection: Connection, *, now: datetime) -> list[Candidate]:
    """Every member whose newest score is high and may be acted on."""
    asked = {"week_starts_on": week_of(now.date())}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("candidates"), {**asked, "now": now, "missed_after": MISSED_AFTER})
        return [_candidate(row) for row in rows]


def keep(connection: Connection, choices: Iterable[Choice], *, now: datetime) -> None:
    """The week's choices stand; an alert's choice knows its alert.

    An alert of an earlier week that rises is no choice of this one: it spends nothing, and nobody was drawn for it.
    """
    drawn = [one for one in choices if one.candidate.open_level is None or one.candidate.is_alerted_this_week]
    with connection.cursor() as cursor:
        cursor.executemany(_sql("keep_choice"), [_parameters(one, now=now) for one in drawn])


def set_budget(
    connection: Connection, *, gym_slug: str, per_week: int | None, control_share: Decimal | None
) -> tuple[int, float]:
    """What is given holds for the gym, audited; churn alerts a week and the control group's share that hold now.

    Raises:
        GymNotFound: when no gym has the slug.
    """
    gyms.gym_id_of(connection, gym_slug)
    values = {"gym_slug": gym_slug, "per_week": per_week, "control_share": control_share}
    row = connection.execute(_sql("set_budget"), values).fetchone()
    assert row is not None, "the gym was there a moment ago"
    return int(row[0]), float(row[1])


def _candidate(row: dict[str, Any]) -> Candidate:
    factors = [one for one in row.pop("factors") or [] if isinstance(one, dict)]
    usual = row.pop("usual_visits_per_week")
    levels = {name: row.pop(name) for name in ("level", "open_level", "closed_level")}
    return Candidate(
        **row,
        level=RiskLevel(levels["level"]),
        open_level=None if levels["open_level"] is None else RiskLevel(levels["open_level"]),
        closed_level=None if levels["closed_level"] is None else RiskLevel(levels["closed_level"]),
        reasons=card_reasons(
            factors,
            usual_visits_per_week=usual,
            has_stayed_away=not (row["keeps_habit"] or row["is_within_gap"]),
        ),
        factors=tuple(str(one["factor"]) for one in factors if one.get("factor")),
    )


def _parameters(one: Choice, *, now: datetime) -> dict[str, object]:
    candidate = one.candidate
    return {
        "gym_id": candidate.gym_id,
        "member_id": candidate.member_id,
        "week_starts_on": week_of(now.date()),
        "period": period_of(now),
        "decision": one.decision,
        "as_of_date": candidate.as_of_date,
        "score": candidate.score,
        "level": candidate.level,
        "expected_value_eur": candidate.expected_value_eur,
        "dedup_key": None if one.alert is None else one.alert.dedup_key,
        "now": now,
    }


def _sql(block: str) -> LiteralString:
    return queries("alert_choices")[block]
