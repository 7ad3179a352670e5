"""What is to be done after conversations: read by those who see them, taken on and ended by those who act on alerts."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from jarvis.action_items import ActionState
from jarvis.tenancy import Permission, Scope
from voice_gateway.rates import RateClass
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard import GymFilter, SeesConversations, found
from voice_gateway.routes.dashboard_answers import Page
from voice_gateway.routes.guards import PeopleHere, may, own_origin, person_or_address
from voice_gateway.routes.limits import limited
from voice_gateway.routes.paging import PersonPaging
from warehouse.stores import action_items

router = APIRouter(
    prefix="/api/dashboard",
    tags=["dashboard"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API, caller_of=person_or_address))],
    responses=ALWAYS,
)

ActsOnItems = Annotated[Scope, Depends(may(Permission.ACT_ON_ALERTS))]
ActionOwner = Literal["staff", "manager", "member"]


class ActionItemAnswer(BaseModel):
    """Something somebody should do after a conversation."""

    id: UUID
    gym_id: UUID
    gym_name: str
    session_id: UUID
    member_id: UUID | None
    member_first_name: str | None
    member_last_name: str | None
    position: Annotated[int, Field(description="Among those of its conversation, the most pressing first.")]
    text: str
    owner: Annotated[ActionOwner, Field(description="What kind of person should do it.")]
    source_turn_ids: Annotated[list[str], Field(description="The turns it rests on.")]
    state: ActionState
    assigned_to: Annotated[UUID | None, Field(description="The person who has taken it on.")]
    due_date: date | None
    created_at: datetime
    closed_at: datetime | None
    closed_by: UUID | None


class ActionStep(BaseModel):
    """What somebody does about an action item; what is left out stays, null takes it away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seen_state": "open", "state": "done"}]})

    seen_state: Annotated[ActionState, Field(description="Somebody who was faster is not overwritten.")]
    state: ActionState | None = None
    assigned_to: Annotated[UUID | None, Field(description="Somebody who sees its gym.")] = None
    due_date: date | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.model_fields_set & {"state", "assigned_to", "due_date"}:
            raise ValueError("found nothing to change, expected state, assigned_to or due_date")
        return self


@router.get(
    "/action-items", operation_id="list_action_items", summary="What is to be done after conversations",
    response_model=Page[ActionItemAnswer],
)  # fmt: skip
async def list_action_items(
    person: SeesConversations,
    people: PeopleHere,
    paging: PersonPaging,
    gym_id: GymFilter = None,
    session_id: UUID | None = None,
    member_id: UUID | None = None,
    state: ActionState | None = None,
    owner: ActionOwner | None = None,
    assigned_to: UUID | None = None,
) -> Any:
    """The latest first."""
    asked = {
        "gym_id": gym_id, "session_id": session_id, "member_id": member_id, "state": state, "owner": owner,
        "assigned_to": assigned_to, "after_at": paging.key(0), "after_id": paging.key(1), "asked": paging.asked,
    }  # fmt: skip
    async with people.as_person(person) as connection:
        rows = await action_items.listed(connection, asked)
    return paging.page(rows, "created_at", "id")


@router.get(
    "/action-items/{action_item_id}", operation_id="read_action_item", summary="One thing to do",
    responses=refusals(404), response_model=ActionItemAnswer,
)  # fmt: skip
async def read_action_item(action_item_id: UUID, person: SeesConversations, people: PeopleHere) -> Any:
    """An action item of a gym the person sees."""
    async with people.as_person(person) as connection:
        return found(await action_items.one(connection, action_item_id), "action_item")


@router.patch(
    "/action-items/{action_item_id}", operation_id="move_action_item", summary="Take on or end an action item",
    responses=refusals(404, 409, 413), response_model=ActionItemAnswer, **taking(ActionStep),
)  # fmt: skip
async def move_action_item(
    action_item_id: UUID,
    person: ActsOnItems,
    people: PeopleHere,
    step: Annotated[ActionStep, Depends(json_body(ActionStep))],
) -> Any:
    """Done, dismissed, open again, or in somebody's hands; no later analysis changes what a person took up."""
    try:
        async with people.as_person(person) as connection:
            is_done = await action_items.move(
                connection,
                action_item_id,
                action_items.Step(
                    seen_state=step.seen_state,
                    state=step.state,
                    has_assignee="assigned_to" in step.model_fields_set,
                    assigned_to=step.assigned_to,
                    has_due_date="due_date" in step.model_fields_set,
                    due_date=step.due_date,
                ),
            )
            item = found(await action_items.one(connection, action_item_id), "action_item")
    except psycopg.errors.CheckViolation:
        raise Refused(
            409, "illegal_step",
            "found a step that an action item cannot take, expected one of its course, with an assignee of its gym",
        ) from None  # fmt: skip
    if not is_done:
        raise Refused(
            409,
            "action_item_moved",
            "found the action item moved by somebody since, expected it as it was seen: read it again",
        )
    return item
