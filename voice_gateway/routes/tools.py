"""The assistant's tools over HTTP: what there is, and one call for an open session of the calling kiosk.

A call goes the way of a spoken one: on record before it runs, in time, and once for its `call_id`. Asked again,
it answers what it gave the first time.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from voice_gateway.rates import RateClass
from voice_gateway.recorder import RecordingError
from voice_gateway.routes.answers import ALWAYS, Refused, refusals
from voice_gateway.routes.bodies import json_body, taking
from voice_gateway.routes.dashboard import found
from voice_gateway.routes.guards import KioskHere, own_origin
from voice_gateway.routes.limits import limited
from voice_gateway.services import Services
from voice_gateway.tools.runner import ToolContext, run_audited
from warehouse.stores import voice

router = APIRouter(
    prefix="/api/jarvis/tools",
    tags=["tools"],
    dependencies=[Depends(own_origin), Depends(limited(RateClass.API))],
    responses=ALWAYS,
)


class ToolDefinition(BaseModel):
    """A tool as a Realtime session announces it."""

    name: str
    description: Annotated[str, Field(description="In French: the model reads it.")]
    parameters: Annotated[dict[str, Any], Field(description="JSON schema of the arguments.")]


class ToolList(BaseModel):
    """Every tool there is."""

    items: list[ToolDefinition]


class ToolRun(BaseModel):
    """One call of a tool."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "session_id": "7b0e3f5e-3d0f-4f6a-9a53-0f8b7c1d2e3f",
                    "call_id": "call_1",
                    "arguments": {"day": "samedi"},
                }
            ]
        },
    )

    session_id: Annotated[UUID, Field(description="An open session of this kiosk.")]
    call_id: Annotated[
        str, Field(min_length=1, max_length=128, pattern=r"^[\w.:-]+$", description="The caller's own; it runs once.")
    ]
    arguments: dict[str, Any] = Field(default_factory=dict)


class ToolAnswer(BaseModel):
    """How a call ended."""

    call_id: str
    name: str
    status: Annotated[
        Literal["done", "failed", "timed_out"], Field(description="A refusal by the tool is a failed call.")
    ]
    output: Annotated[dict[str, Any], Field(description="What the model is told.")]
    is_repeated: Annotated[bool, Field(description="True when the call had run before, and did not run now.")]


@router.get("", operation_id="list_tools", response_model=ToolList)
async def list_tools(request: Request, _kiosk: KioskHere) -> Any:
    """In the order in which sessions announce them."""
    services: Services = request.app.state.services
    return {
        "items": [
            {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
            for tool in services.tools
        ]
    }


@router.post(
    "/{name}", operation_id="run_tool", response_model=ToolAnswer, responses=refusals(404, 409, 413),
    **taking(ToolRun),
)  # fmt: skip
async def run_tool(
    request: Request,
    name: Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[a-z_]+$")],
    kiosk: KioskHere,
    body: Annotated[ToolRun, Depends(json_body(ToolRun))],
) -> Any:
    """The call has run, once, and its row is in `tool_calls`."""
    services: Services = request.app.state.services
    if not any(tool.name == name for tool in services.tools):
        raise Refused(404, "tool_not_found", "found no tool of this name, expected one of GET /api/jarvis/tools")
    async with services.pool.connection() as connection:
        before = found(await voice.tool_call(connection, kiosk.kiosk_id, body.session_id, body.call_id), "session")
    if before["name"] is not None:
        return _answered_before(before, name, body)
    if before["state"] != "active":
        raise Refused(409, "session_closed", "found the session closed, expected an open one: open another one")
    context = ToolContext(kiosk.kiosk_id, body.session_id, services.pool, body.call_id)
    try:
        result = await run_audited(
            services.tools, name, body.arguments, context, gym_id=kiosk.gym_id, commit=services.recorder.commit,
            clock=lambda: datetime.now(UTC),
        )  # fmt: skip
    except RecordingError:
        raise Refused(
            503, "not_recorded", "found no place to record the call, expected the database or a disk: try again"
        ) from None
    if not result.is_ours:
        # Another request was quicker with this call_id, perhaps for another tool.
        async with services.pool.connection() as connection:
            before = found(await voice.tool_call(connection, kiosk.kiosk_id, body.session_id, body.call_id), "session")
        return _answered_before(before, name, body)
    return _answer(body.call_id, name, result.status, result.output, is_repeated=False)


def _answered_before(before: dict[str, Any], name: str, body: ToolRun) -> dict[str, Any]:
    if (before["name"], before["arguments"]) != (name, body.arguments):
        raise Refused(
            409, "call_id_taken",
            "found this call_id on a call with another tool or other arguments, expected a new one for a new call",
        )  # fmt: skip
    if before["status"] not in ("done", "failed", "timed_out"):
        # Started and not over, or lost on its way: nobody runs it again.
        raise Refused(
            409, "call_not_over", "found the call started and without a result, expected it over: it will not run again"
        )
    return _answer(body.call_id, name, before["status"], before["output"] or {}, is_repeated=True)


def _answer(call_id: str, name: str, status: str, output: dict[str, Any], *, is_repeated: bool) -> dict[str, Any]:
    return {"call_id": call_id, "name": name, "status": status, "output": output, "is_repeated": is_repeated}
