"""What the desk writes down: who is away, and when the gym is closed. Nobody is missed on those days.

What a role may is checked here for a clear answer, and in the database for good (migration 0241), which writes the
audit trail itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from jarvis.absences import AbsenceReason, AbsenceSource
from jarvis.tenancy import Permission, Scope
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard import found, unknown
from voice_gateway.routes.guards import PeopleHere, may, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from warehouse.stores import desk, overview

router = APIRouter(
    prefix="/api/dashboard",
    tags=["dashboard"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API, caller_of=person_or_address))],
    responses=ALWAYS,
)

WorksHere = Annotated[Scope, Depends(may(Permission.RECORD_ABSENCES))]
ManagesGyms = Annotated[Scope, Depends(may(Permission.MANAGE_GYMS))]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AbsenceNew(_Body):
    """Days on which a member will not come."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"starts_on": "2026-12-20", "ends_on": "2027-01-03", "reason": "holiday"}]}
    )

    starts_on: date
    ends_on: Annotated[date | None, Field(description="The last day away; none while nobody knows.")] = None
    reason: Annotated[
        AbsenceReason, Field(description="An injury is kept as such only with the member's consent to health data.")
    ] = AbsenceReason.OTHER

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("found ends_on before starts_on, expected the same day or a later one")
        return self


class AbsenceEnd(_Body):
    """The member is back."""

    back_on: Annotated[date | None, Field(description="The first day they come again; today without it.")] = None


class Absence(BaseModel):
    """Days on which a member is not missed; why stays with the pipeline."""

    id: UUID
    member_id: UUID
    starts_on: date
    ends_on: date | None
    source: AbsenceSource
    created_at: datetime


class ClosureNew(_Body):
    """Days on which nobody can come."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"starts_on": "2026-12-24", "ends_on": "2026-12-26", "reason": "Fêtes"}]}
    )

    starts_on: date
    ends_on: Annotated[date, Field(description="The last day closed.")]
    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("found ends_on before starts_on, expected the same day or a later one")
        return self


class Closure(BaseModel):
    """Days on which a gym is closed."""

    id: UUID
    gym_id: UUID
    starts_on: date
    ends_on: date
    reason: str


class Written(BaseModel):
    """What was written down."""

    id: UUID


class Absences(BaseModel):
    """The latest two hundred of a member."""

    items: list[Absence]


class Closures(BaseModel):
    """The latest two hundred of a gym."""

    items: list[Closure]


@router.get(
    "/members/{member_id}/absences", operation_id="list_absences", summary="When a member is away",
    response_model=Absences, responses=refusals(404),
)  # fmt: skip
async def list_absences(member_id: UUID, person: WorksHere, people: PeopleHere) -> Any:
    """Those the member declared and those the desk wrote, the latest first."""
    async with people.as_person(person) as connection:
        rows = await desk.listed(connection, "absences_of_member", member_id=member_id)
        if not rows:
            found(await overview.member(connection, member_id), "member")
    return {"items": rows}


@router.post(
    "/members/{member_id}/absences", operation_id="add_absence", summary="Write down that a member is away",
    status_code=201, response_model=Written, responses=refusals(404, 409, 413), **taking(AbsenceNew),
)  # fmt: skip
async def add_absence(
    member_id: UUID,
    person: WorksHere,
    people: PeopleHere,
    given: Annotated[AbsenceNew, Depends(json_body(AbsenceNew))],
) -> Any:
    """From the next count on the member is not missed on these days. The same days twice are one absence."""
    async with people.as_person(person) as connection, _rules():
        made = await desk.change(connection, "add_absence", member_id=member_id, **given.model_dump())
    if made is None:
        raise unknown("member")
    return {"id": made}


@router.post(
    "/absences/{absence_id}/end", operation_id="end_absence", summary="Write down that a member is back",
    response_model=Written, responses=refusals(404, 413), **taking(AbsenceEnd),
)  # fmt: skip
async def end_absence(
    absence_id: UUID,
    person: WorksHere,
    people: PeopleHere,
    given: Annotated[AbsenceEnd, Depends(json_body(AbsenceEnd))],
) -> Any:
    """Whoever declared it; one that had not begun by then is gone."""
    async with people.as_person(person) as connection:
        if not await desk.change(connection, "end_absence", id=absence_id, back_on=given.back_on):
            raise unknown("absence")
    return {"id": absence_id}


@router.get(
    "/gyms/{gym_id}/closures", operation_id="list_closures", summary="When a gym is closed",
    response_model=Closures, responses=refusals(404),
)  # fmt: skip
async def list_closures(gym_id: UUID, person: WorksHere, people: PeopleHere) -> Any:
    """The latest first; holidays are not closures, the calendar knows them."""
    async with people.as_person(person) as connection:
        return {"items": await desk.listed(connection, "closures_of_gym", gym_id=gym_id)}


@router.post(
    "/gyms/{gym_id}/closures", operation_id="add_closure", summary="Write down that a gym is closed",
    status_code=201, response_model=Written, responses=refusals(404, 409, 413), **taking(ClosureNew),
)  # fmt: skip
async def add_closure(
    gym_id: UUID,
    person: ManagesGyms,
    people: PeopleHere,
    given: Annotated[ClosureNew, Depends(json_body(ClosureNew))],
) -> Any:
    """From the next count on nobody is missed on these days, and no kiosk is looked for."""
    async with people.as_person(person) as connection, _rules():
        made = await desk.change(connection, "add_closure", gym_id=gym_id, **given.model_dump())
    if made is None:
        raise unknown("gym")
    return {"id": made}


@router.post(
    "/closures/{closure_id}/remove", operation_id="remove_closure", summary="The gym is open after all",
    response_model=Written, responses=refusals(404),
)  # fmt: skip
async def remove_closure(closure_id: UUID, person: ManagesGyms, people: PeopleHere) -> Any:
    """The closure is gone; the trail keeps that it was."""
    async with people.as_person(person) as connection:
        if not await desk.change(connection, "remove_closure", id=closure_id):
            raise unknown("closure")
    return {"id": closure_id}


@asynccontextmanager
async def _rules() -> AsyncIterator[None]:
    """Days that cannot be are answered as such, without the row they were meant for."""
    try:
        yield
    except psycopg.errors.CheckViolation:
        raise Refused(
            409, "days_out_of_range",
            "found days too far away or too many, expected an absence that begins within a year of today and lasts "
            "two at most, or a closure of two at most",
        ) from None  # fmt: skip
