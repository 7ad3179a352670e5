"""Brings what is kept of past days to the previews of alerts' thresholds.

SQL is in `queries/alert_previews.sql`, the replays in `jarvis/alert_previews.py` and `jarvis/alert_choices.py`. Asks
through whoever may: the pipeline's connection (`asking`), or a page's records, as the person signed in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_choices import Preview, ScoredDay, preview_churn
from jarvis.alert_previews import (
    Days,
    Silence,
    Visits,
    preview_data_faults,
    preview_feedback,
    preview_kiosks,
    preview_milestones,
    preview_voice_budget,
)
from jarvis.alert_thresholds import held
from jarvis.alerts import CHURN_COOLDOWN, MILESTONE_FRESH_FOR, AlertType
from jarvis.churn import HeldBack
from jarvis.kiosk_health import LONGEST_LOOK_BACK, OFFLINE_AFTER
from warehouse.sql import queries
from warehouse.stores.alerts import read_finding, read_turn

Row = Mapping[str, Any]


class Ask(Protocol):
    """The rows of a block of `queries/alert_previews.sql`."""

    def __call__(self, question: str, **values: object) -> Sequence[Row]:
        """The rows, in the block's own order."""


class NoThreshold(LookupError):
    """Nothing to preview; the message says in a sentence why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a preview is asked."""

    gym_id: UUID
    alert_type: AlertType
    threshold: float | None
    """In the unit of `alert_previews.THRESHOLDS`; None for what holds now."""
    first_day: date
    last_day: date
    negative_feedback_below: float
    """What holds now for the network (settings)."""
    per_week: int | None = None
    """Churn alerts a week; None for what holds now."""
    steps: tuple[int, ...] | None = None
    """Numbers of visits that are celebrated together, instead of one threshold."""
    rest: timedelta = CHURN_COOLDOWN
    """How long a member rests after a churn alert ended."""


def asking(connection: Connection) -> Ask:
    """Asks through this connection."""

    def ask(question: str, **values: object) -> Sequence[Row]:
        name, _, block = question.partition(".")
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(queries(name)[block], values).fetchall()

    return ask


def preview(ask: Ask, one: Question) -> Preview:
    """How often the alert would have fired over the days, had nobody acted on any.

    Raises:
        NoThreshold: the kind of alert turns on no number, or none is set and none was given.
        LookupError: whoever asks sees no such gym.
    """
    found = ask("alert_previews.gym", gym_id=one.gym_id)
    if not found:
        raise LookupError("found no such gym, expected one of this person's")
    replay = _REPLAYS.get(one.alert_type)
    if replay is None:
        raise NoThreshold(NO_THRESHOLD)
    days = Days(one.first_day, one.last_day, found[0]["timezone"])
    return replay(partial(ask, gym_id=one.gym_id), one, found[0], days)


NO_THRESHOLD = (
    "equipment_issue has no threshold: the first report of a machine raises its alert, later ones add to its count"
)
NO_BUDGET = "voice_budget: this gym has no budget, so nothing would have fired; give --threshold to try one"


def _churn(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    rows = ask("alert_previews.scored_days", first_day=days.first, last_day=days.last)
    return preview_churn(
        [ScoredDay(**row) for row in rows],
        threshold=gym["churn_alert_threshold"] if one.threshold is None else one.threshold,
        budget=gym["alert_budget_per_week"] if one.per_week is None else one.per_week,
        cooldown=one.rest,
    )


def _feedback(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    said: dict[UUID, list[Row]] = {}
    for turn in ask("alert_previews.labels", since=days.since, until=days.until):
        said.setdefault(turn["session_id"], []).append(turn)
    findings = [
        read_finding(row, tuple(read_turn(turn) for turn in said.get(row["session_id"], ())))
        for row in ask("alert_previews.findings", since=days.since, until=days.until)
    ]
    below = one.negative_feedback_below if one.threshold is None else one.threshold
    return preview_feedback(findings, below=below, days=days)


def _kiosks(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    closed = _closed_days(ask, days.first - LONGEST_LOOK_BACK, days.last)
    kiosks = {row["kiosk_id"]: row["name"] for row in ask("alert_previews.kiosks_in_service")}
    rows = ask("alert_previews.silences", since=days.since, until=days.until, offline_after=OFFLINE_AFTER)
    [heard] = ask("alert_previews.days_heard", since=days.since, until=days.until)
    return preview_kiosks(
        [Silence(**row) for row in rows],
        kiosks=kiosks,
        gym_id=one.gym_id,
        opening_hours=gym["opening_hours"],
        closures={day for day, is_closed in closed.items() if is_closed},
        heard_on=heard["days"],
        alert_after=held(gym).kiosk_alert_after if one.threshold is None else timedelta(minutes=one.threshold),
        days=days,
    )


def _milestones(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    fresh_since = days.since - MILESTONE_FRESH_FOR
    rows = ask("alert_previews.visits", since=days.since, until=days.until, fresh_since=fresh_since)
    steps = held(gym).milestones if one.threshold is None else (round(one.threshold),)
    steps = steps if one.steps is None else one.steps
    return preview_milestones([Visits(**row) for row in rows], gym_id=one.gym_id, days=days, steps=steps)


def _data_faults(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    visits = ask("alert_previews.check_ins", since=days.since, until=days.until)
    scored = ask("alert_previews.held_back", first_day=days.first, last_day=days.last)
    return preview_data_faults(
        [row["visited_at"] for row in visits],
        gym_id=one.gym_id,
        days=days,
        closed=_closed_days(ask, days.first, days.last).keys(),
        held_back={row["day"]: frozenset(HeldBack(reason) for reason in row["reasons"]) for row in scored},
        silent_after=held(gym).checkins_silent_after if one.threshold is None else timedelta(hours=one.threshold),
    )


def _voice_budget(ask: Ask, one: Question, gym: Row, days: Days) -> Preview:
    budget = gym["voice_budget_usd"] if one.threshold is None else Decimal(str(one.threshold))
    if budget is None:
        raise NoThreshold(NO_BUDGET)
    month = Days(days.first.replace(day=1), days.last, days.timezone)
    rows = ask("alert_previews.costs", month_began_at=month.since, until=days.until)
    return preview_voice_budget(
        [(row["ended_at"], row["cost_usd"]) for row in rows],
        budget_usd=budget,
        cheaper_share=gym["voice_budget_cheaper_share"],
        days=days,
    )


def _closed_days(ask: Ask, first: date, last: date) -> Mapping[date, bool]:
    """Days of a closure, and the two after each; True on those of it."""
    rows = ask("alert_previews.closed_days", first_day=first, last_day=last)
    return {row["day"]: row["is_closed"] for row in rows}


_REPLAYS: Mapping[AlertType, Callable[[Ask, Question, Row, Days], Preview]] = {
    AlertType.CHURN_RISK: _churn,
    AlertType.NEGATIVE_FEEDBACK: _feedback,
    AlertType.KIOSK_OFFLINE: _kiosks,
    AlertType.MILESTONE: _milestones,
    AlertType.DATA_QUALITY: _data_faults,
    AlertType.VOICE_BUDGET: _voice_budget,
}
