"""A person's word on the engine's labels of one session: given, and read back. It stands over every later analysis."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from jarvis.corrections import Correction, LabelField, correction
from jarvis.tenancy import Permission, Scope
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard import SeesConversations, found, unknown
from voice_gateway.routes.dashboard_answers import Page
from voice_gateway.routes.guards import PeopleHere, may, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from voice_gateway.routes.paging import PersonPaging
from warehouse.stores import corrections, overview

router = APIRouter(
    prefix="/api/dashboard",
    tags=["dashboard"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API, caller_of=person_or_address))],
    responses=ALWAYS,
)

CorrectsLabels = Annotated[Scope, Depends(may(Permission.CORRECT_LABELS))]


class LabelGiven(BaseModel):
    """One label as it should be; the one the engine gave, where it is right as it is."""

    model_config = ConfigDict(extra="forbid")

    turn_id: Annotated[UUID | None, Field(description="A turn of the member's; the whole conversation without it.")] = (
        None
    )
    field: LabelField
    value: Annotated[
        list[str],
        Field(max_length=22, description="From the field's vocabulary: one value; topics and intents take several."),
    ]

    @field_validator("value")
    @classmethod
    def _of_its_vocabulary(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if "field" in info.data and "turn_id" in info.data:
            correction(info.data["field"], value, turn_id=info.data["turn_id"])
        return value

    def checked(self) -> Correction:
        """As the store takes it."""
        return correction(self.field, self.value, turn_id=self.turn_id)


class CorrectionsGiven(BaseModel):
    """The labels of one session that a person has looked at: those to change, and those that are right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "labels": [
                        {"field": "sentiment_label", "value": ["positive"]},
                        {"field": "topics", "value": ["class_schedule", "staff_coaching"]},
                    ]
                }
            ]
        },
    )

    labels: Annotated[list[LabelGiven], Field(min_length=1, max_length=50)]


class CorrectionItem(BaseModel):
    """What a person said of one label."""

    id: int
    session_id: UUID
    turn_id: UUID | None
    field: LabelField
    engine: str
    engine_version: str
    engine_value: Annotated[list[str], Field(description="What the engine had said.")]
    value: Annotated[list[str], Field(description="What the person says.")]
    is_agreed: Annotated[bool, Field(description="True for a confirmation: both say the same, in whatever order.")]
    corrected_by: UUID | None
    corrected_at: datetime


class Corrections(BaseModel):
    """The corrections just made."""

    items: list[CorrectionItem]


@router.post(
    "/sessions/{session_id}/corrections", operation_id="correct_session_labels",
    summary="Correct or confirm labels", status_code=201, responses=refusals(404, 409, 413),
    response_model=Corrections, **taking(CorrectionsGiven),
)  # fmt: skip
async def correct_session_labels(
    session_id: UUID,
    person: CorrectsLabels,
    people: PeopleHere,
    given: Annotated[CorrectionsGiven, Depends(json_body(CorrectionsGiven))],
) -> Any:
    """All of them or none. They are shown at once and kept over every analysis; members and alerts follow."""
    try:
        async with people.as_person(person) as connection:
            made = await corrections.correct(connection, session_id, [label.checked() for label in given.labels])
            if made is None:
                # Raised inside: what was written for the labels before goes with the transaction.
                found(await overview.session(connection, session_id), "session")
                raise unknown("turn")
    except corrections.NothingToCorrect:
        raise Refused(
            409, "not_analysed", "found a session without an analysis, expected one: wait until it is analysed"
        ) from None
    except corrections.BeingAnalysed:
        raise Refused(
            409, "being_analysed", "found an analysis of it under way, expected none: try again in a moment"
        ) from None
    return {"items": made}


@router.get(
    "/sessions/{session_id}/corrections", operation_id="list_session_corrections",
    summary="What people said of the labels", responses=refusals(404), response_model=Page[CorrectionItem],
)  # fmt: skip
async def list_session_corrections(
    session_id: UUID, person: SeesConversations, people: PeopleHere, paging: PersonPaging
) -> Any:
    """The latest first: of each label it is the latest that is shown."""
    async with people.as_person(person) as connection:
        rows = await corrections.of_session(connection, session_id, after_id=paging.key(0), asked=paging.asked)
        if not rows:
            found(await overview.session(connection, session_id), "session")
    return paging.page(rows, "id")
