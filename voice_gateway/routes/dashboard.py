"""What a signed-in person reads: key figures, members, sessions, alerts; and the next step of an alert.

Row security decides which rows there are, so the same address answers each person with their own. An id of
another gym is answered as one that does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio.to_thread
import psycopg
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from jarvis import small_numbers
from jarvis.alerts import SAID_BY_MEMBERS
from jarvis.tenancy import Permission, Scope
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard_answers import (
    AlertItem,
    AlertOutcome,
    AlertPriority,
    AlertStatus,
    AlertType,
    ChurnLevel,
    DayFigures,
    Figures,
    GymFigures,
    GymItem,
    Kpis,
    MemberDetail,
    MemberItem,
    Page,
    SentimentLabel,
    SessionDetail,
    SessionItem,
    SessionState,
    TurnItem,
    VisitTrend,
)
from voice_gateway.routes.guards import PeopleHere, may, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from voice_gateway.routes.paging import PersonPaging
from warehouse.stores import kpis, overview
from warehouse.stores.marts import NotBuiltYet

router = APIRouter(
    prefix="/api/dashboard",
    tags=["dashboard"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API, caller_of=person_or_address))],
    responses=ALWAYS,
)

LONGEST_PERIOD_DAYS = 366
_USUAL_PERIOD = timedelta(days=27)

SeesKpis = Annotated[Scope, Depends(may(Permission.SEE_KPIS))]
SeesMembers = Annotated[Scope, Depends(may(Permission.SEE_MEMBERS))]
SeesConversations = Annotated[Scope, Depends(may(Permission.SEE_CONVERSATIONS))]
SeesAlerts = Annotated[Scope, Depends(may(Permission.SEE_ALERTS))]
ActsOnAlerts = Annotated[Scope, Depends(may(Permission.ACT_ON_ALERTS))]

GymFilter = Annotated[UUID | None, Query(description="Only this gym; every gym the person sees without it.")]
Since = Annotated[date | None, Query(description="First day, 28 days to `until` without it.")]
Until = Annotated[date | None, Query(description="Last day, today without it.")]


class AlertStep(BaseModel):
    """A step of an alert, from where the caller saw it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"seen_status": "pending", "status": "in_progress"}]},
    )

    seen_status: Annotated[
        Literal["pending", "in_progress"], Field(description="Somebody who was faster is not overwritten.")
    ]
    status: AlertStatus
    outcome_code: Annotated[AlertOutcome, Field(description="Required to resolve: how it ended.")] | None = None
    notes: Annotated[str, Field(max_length=1000, description="Required to dismiss.")] | None = None


@router.get("/kpis", operation_id="read_kpis", summary="Key figures of a period")
async def read_kpis(
    person: SeesKpis, people: PeopleHere, gym_id: GymFilter = None, since: Since = None, until: Until = None
) -> Kpis:
    """Key figures from the marts, together and by gym: the same numbers as the pages and the analysts'.

    Who sees several gyms is told no count of one to four, and none that would give such a one away: it is null.
    """
    first, last = _period(since, until)
    is_compared = small_numbers.compares(person)
    try:
        async with people.as_person(person) as connection:
            # What one gym withholds for another's sake shows beside all of them only.
            of = None if is_compared else gym_id
            rows = await kpis.by_gym(connection, since=first, until=last, gym_id=of)
    except NotBuiltYet as error:
        raise _not_built_yet(error) from None
    told = kpis.side_by_side(rows) if is_compared else None
    gyms = [row for row in (rows if told is None else told.rows) if gym_id in (None, row["gym_id"])]
    if gym_id is not None and not gyms:
        raise unknown("gym")
    built = [row["built_at"] for row in gyms if row["built_at"] is not None]
    return Kpis(
        since=first,
        until=last,
        built_at=min(built) if built else None,
        total=_total(rows, told) if told is None or gym_id is None else Figures.model_validate(gyms[0]),
        gyms=[GymFigures.model_validate(row) for row in gyms],
    )


@router.get(
    "/kpis/daily", operation_id="list_daily_kpis", summary="Key figures day by day", response_model=Page[DayFigures]
)
async def list_daily_kpis(
    person: SeesKpis,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: GymFilter = None,
    since: Since = None,
    until: Until = None,
) -> Any:
    """One row per gym and day, the latest day first; who sees several gyms is told no count of one to four."""
    first, last = _period(since, until)
    after = (paging.after[0], paging.after[1]) if paging.after else None
    try:
        async with people.as_person(person) as connection:
            rows = await kpis.daily(connection, since=first, until=last, gym_id=gym_id, after=after, asked=paging.asked)
            if small_numbers.compares(person):
                rows = await kpis.days_side_by_side(connection, rows)
    except NotBuiltYet as error:
        raise _not_built_yet(error) from None
    return paging.page(rows, "local_date", "gym_id")


@router.get("/gyms", operation_id="list_my_gyms", summary="Gyms the person sees", response_model=Page[GymItem])
async def list_my_gyms(person: SeesKpis, people: PeopleHere, paging: PersonPaging) -> Any:
    """By slug."""
    async with people.as_person(person) as connection:
        rows = await overview.rows_of(connection, "gyms", {"after_slug": paging.key(0), "asked": paging.asked})
    return paging.page(rows, "slug")


@router.get("/members", operation_id="list_members", summary="Members", response_model=Page[MemberItem])
async def list_members(
    person: SeesMembers,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: GymFilter = None,
    is_active: bool | None = None,
    churn_risk_level: Annotated[
        ChurnLevel | None, Query(description="Of scores that may be acted on: those held back have none.")
    ] = None,
    is_at_risk: bool | None = None,
    is_new: bool | None = None,
    visit_trend: VisitTrend | None = None,
) -> Any:
    """By last name, first name and id."""
    asked = {
        "gym_id": gym_id, "is_active": is_active, "churn_risk_level": churn_risk_level, "is_at_risk": is_at_risk,
        "is_new": is_new, "visit_trend": visit_trend, "after_id": paging.key(0), "asked": paging.asked,
    }  # fmt: skip
    async with people.as_person(person) as connection:
        rows = await overview.rows_of(connection, "members", asked)
        if not rows and paging.after and await overview.member(connection, UUID(paging.after[0])) is None:
            # The place was a member's, who has gone since: an empty page would pass for the end.
            raise Refused(400, "invalid_cursor", "found a place that is gone, expected one of now: begin again")
    return paging.page(rows, "id")


@router.get(
    "/members/{member_id}", operation_id="read_member", summary="One member", responses=refusals(404),
    response_model=MemberDetail,
)  # fmt: skip
async def read_member(member_id: UUID, person: SeesMembers, people: PeopleHere) -> Any:
    """A member of a gym the person sees."""
    async with people.as_person(person) as connection:
        return found(await overview.member(connection, member_id), "member")


@router.get("/sessions", operation_id="list_sessions", summary="Sessions", response_model=Page[SessionItem])
async def list_sessions(
    person: SeesConversations,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: GymFilter = None,
    kiosk_id: UUID | None = None,
    member_id: UUID | None = None,
    state: SessionState | None = None,
    sentiment_label: SentimentLabel | None = None,
    since: Annotated[AwareDatetime | None, Query(description="Begun at this moment or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Begun before this moment.")] = None,
) -> Any:
    """The latest first."""
    asked = {
        "gym_id": gym_id, "kiosk_id": kiosk_id, "member_id": member_id, "state": state,
        "sentiment_label": sentiment_label, "since": since, "until": until, "after_at": paging.key(0),
        "after_id": paging.key(1), "asked": paging.asked,
    }  # fmt: skip
    async with people.as_person(person) as connection:
        rows = await overview.rows_of(connection, "sessions", asked)
    return paging.page(rows, "started_at", "id")


@router.get(
    "/sessions/{session_id}", operation_id="read_session", summary="One session", responses=refusals(404),
    response_model=SessionDetail,
)  # fmt: skip
async def read_session(session_id: UUID, person: SeesConversations, people: PeopleHere) -> Any:
    """A session with its summary."""
    async with people.as_person(person) as connection:
        return found(await overview.session(connection, session_id), "session")


@router.get(
    "/sessions/{session_id}/turns", operation_id="list_session_turns", summary="What was said",
    responses=refusals(404), response_model=Page[TurnItem],
)  # fmt: skip
async def list_session_turns(
    session_id: UUID,
    person: SeesConversations,
    people: PeopleHere,
    paging: PersonPaging,
    unmasked: Annotated[
        bool, Query(description="The words as they were said; that they were asked for goes into the audit trail.")
    ] = False,
) -> Any:
    """In the order it was said; names, numbers, addresses and health details are masked, as on the pages."""
    asked = {
        "id": session_id, "after_position": paging.key(0), "after_id": paging.key(1), "asked": paging.asked
    }  # fmt: skip
    async with people.as_person(person) as connection:
        if unmasked and not await overview.note_unmasking(connection, session_id):
            raise unknown("session")
        rows = await overview.rows_of(connection, "turns", asked)
        if not rows:
            found(await overview.session(connection, session_id), "session")
        known = [] if unmasked else await overview.known_of_speaker(connection, session_id)
    if not unmasked:
        # Hundreds of utterances take long enough to be heard as a gap in whoever talks at a kiosk meanwhile.
        rows = await anyio.to_thread.run_sync(_masked, rows, known)
    return paging.page(rows, "position", "id")


@router.get("/alerts", operation_id="list_alerts", summary="Alerts", response_model=Page[AlertItem])
async def list_alerts(
    person: SeesAlerts,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: GymFilter = None,
    status: AlertStatus | None = None,
    priority: AlertPriority | None = None,
    alert_type: AlertType | None = None,
) -> Any:
    """The latest opened first; what members said in them is masked, as on the pages: see `read_alert`."""
    asked = {
        "gym_id": gym_id, "alert_id": None, "status": status, "priority": priority, "alert_type": alert_type,
        "after_at": paging.key(0), "after_id": paging.key(1), "asked": paging.asked,
    }  # fmt: skip
    async with people.as_person(person) as connection:
        rows = await overview.rows_of(connection, "alerts", asked)
    rows = await anyio.to_thread.run_sync(_masked_alerts, rows)
    return paging.page(rows, "created_at", "id")


@router.get(
    "/alerts/{alert_id}", operation_id="read_alert", summary="One alert", responses=refusals(404),
    response_model=AlertItem,
)  # fmt: skip
async def read_alert(
    alert_id: UUID,
    person: SeesAlerts,
    people: PeopleHere,
    unmasked: Annotated[
        bool, Query(description="The description as it was said; that it was asked for goes into the audit trail.")
    ] = False,
) -> Any:
    """An alert of a gym the person sees; names, numbers, addresses and health details are masked, as on the pages."""
    async with people.as_person(person) as connection:
        if unmasked and not await overview.note_alert_unmasking(connection, alert_id):
            raise unknown("alert")
        alert = found(await overview.alert(connection, alert_id), "alert")
    return alert if unmasked else (await anyio.to_thread.run_sync(_masked_alerts, [alert]))[0]


@router.patch(
    "/alerts/{alert_id}", operation_id="move_alert", summary="Take an alert one step on",
    responses=refusals(404, 409, 413), response_model=AlertItem, **taking(AlertStep),
)  # fmt: skip
async def move_alert(
    alert_id: UUID,
    person: ActsOnAlerts,
    people: PeopleHere,
    step: Annotated[AlertStep, Depends(json_body(AlertStep))],
) -> Any:
    """In hand, waiting again, resolved or dismissed; the database refuses what is no step, and keeps who did it."""
    try:
        async with people.as_person(person) as connection:
            is_done = await overview.move_alert(
                connection,
                alert_id,
                user_id=person.user_id,
                seen_status=step.seen_status,
                status=step.status,
                outcome_code=step.outcome_code,
                notes=(step.notes or "").strip() or None,
            )
            alert = found(await overview.alert(connection, alert_id), "alert")
    except psycopg.errors.CheckViolation:
        raise Refused(
            409, "illegal_step",
            "found a step that an alert cannot take, expected one of its course; a resolution needs its outcome_code, "
            "a dismissal its reason in notes",
        ) from None  # fmt: skip
    if not is_done:
        raise Refused(
            409,
            "alert_moved",
            "found the alert moved by somebody since, expected it as it was seen: read it again",
        )
    return (await anyio.to_thread.run_sync(_masked_alerts, [alert]))[0]


def found(row: dict[str, Any] | None, what: str) -> dict[str, Any]:
    """The row.

    Raises:
        Refused: with the one answer for what does not exist and for what the person does not see.
    """
    if row is None:
        raise unknown(what)
    return row


def unknown(what: str) -> Refused:
    """There is none, or none that the person sees."""
    return Refused(404, f"{what}_not_found", f"found no {what} of this id, expected one that you see: list them")


def _period(since: date | None, until: date | None) -> tuple[date, date]:
    last = until or datetime.now(UTC).date()
    first = since or max(date.min + _USUAL_PERIOD, last) - _USUAL_PERIOD
    if not 0 <= (last - first).days < LONGEST_PERIOD_DAYS:
        raise Refused(
            422,
            "invalid_period",
            f"found a period that is not of 1 to {LONGEST_PERIOD_DAYS} days, expected one that is",
        )
    return first, last


def _masked(turns: Sequence[dict[str, Any]], known: Sequence[str]) -> list[dict[str, Any]]:
    """The turns with what is personal in their words masked, the speaker's own data for certain."""
    # Reads its lists at its first call.
    from ml.conversations.redaction import redact

    return [{**turn, "text": redact(turn["text"], known=known) if turn["text"] else turn["text"]} for turn in turns]


def _masked_alerts(alerts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts with what is personal masked where their descriptions may repeat what a member said."""
    # Reads its lists at its first call.
    from ml.conversations.redaction import redact

    return [
        {**alert, "description": redact(alert["description"], known=_names(alert))}
        if alert["description"] and alert["alert_type"] in SAID_BY_MEMBERS
        else alert
        for alert in alerts
    ]


def _names(alert: Mapping[str, Any]) -> list[str]:
    return [name for name in (alert["member_first_name"], alert["member_last_name"]) if name]


def _not_built_yet(error: NotBuiltYet) -> Refused:
    return Refused(503, "not_built_yet", str(error), headers={"Retry-After": "60"})


def _total(rows: Sequence[Mapping[str, Any]], told: small_numbers.Compared | None) -> Figures:
    """The gyms together, as far as it is told; a mean is weighed by what it is the mean of."""
    means = {"mean_sentiment_score": "analysed_session_count", "mean_satisfaction": "estimated_session_count"}
    summed = {
        name: sum(row[name] for row in rows)
        for name in Figures.model_fields
        if name not in means and name != "agreement_rate"
    }
    weighed: dict[str, Any] = {
        name: sum(row[name] * row[weight] for row in rows if row[weight]) / summed[weight] if summed[weight] else None
        for name, weight in means.items()
    }
    judged = summed["judged_label_count"]
    rate = summed["agreed_label_count"] / judged if judged else None
    found = {**summed, **weighed, "agreement_rate": rate}
    return Figures(**found if told is None else kpis.told_together(found, told))
