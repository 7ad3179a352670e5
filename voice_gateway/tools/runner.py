"""The tools a model may call, and how one call is run: in time, once, and never past its own gym.

A call is on record as started before it comes here (`session.py`, or `run_audited` for callers without one); whoever
claims that record runs it, and the database lets one claim win. So a call that comes back after a crash, a reconnect
or a replay is answered with what it gave and does not run again. Only the claim that won ends the record.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from warehouse.stores import sessions as store
from warehouse.stores.sessions import CallClaim, Record, Scope

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
# How long a call that another one runs is waited for, and how often it is looked at.
_PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.05

# What the model is told when a tool gives nothing: it must neither invent an answer nor fall silent.
_FAILED = {
    "ok": False,
    "reason": "unavailable",
    "message": "L'information n'est pas disponible pour le moment : l'équipe à l'accueil peut aider.",
    "spoken": "Je n'y arrive pas pour le moment, désolé : l'équipe à l'accueil peut vous aider.",
}
_TOO_LONG = {
    "ok": False,
    "reason": "too_long",
    "message": "C'était trop long : présente des excuses, et oriente vers l'accueil.",
    "spoken": "Je suis désolé, cela prend trop de temps. L'équipe à l'accueil peut vous répondre.",
}


class ToolInputError(ValueError):
    """The model called a tool with arguments it cannot work with; the message goes back to the model."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may use. Who the member is stands in the session's row, and only the database reads it there."""

    kiosk_id: UUID
    session_id: UUID
    pool: "AsyncConnectionPool[AsyncConnection]"
    call_id: str = ""
    """Of the call that runs, for effects that must happen once."""

    async def has_member(self, connection: AsyncConnection) -> bool:
        """True while a known member's badge opened the session and it is still open."""
        return await store.has_member(connection, kiosk_id=self.kiosk_id, session_id=self.session_id)


class Tool(Protocol):
    """One thing the assistant can do."""

    name: str
    description: str
    """In French: the model reads it."""
    parameters: Mapping[str, Any]
    """JSON schema of the arguments."""

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        """The answer for the model: `ok`, a French `message`, or where it is refused `reason` and `spoken`.

        Raises:
            ToolInputError: when the arguments make no sense.
        """


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a call ended."""

    status: str
    """done, failed or timed_out; started or unknown for a call of somebody else's that is not over."""
    output: dict[str, Any]
    is_ours: bool = True
    """False where somebody else ran it, or runs it: its end is not ours to record."""
    claimed_at: datetime | None = None
    """Of the claim that ran it; None where it did not run."""


def toolbox() -> tuple[Tool, ...]:
    """Every tool there is."""
    from voice_gateway.tools.advice import GetAdvice
    from voice_gateway.tools.analysis_consent import SetAnalysisConsent
    from voice_gateway.tools.book_class import BookClass
    from voice_gateway.tools.cancel_booking import CancelBooking
    from voice_gateway.tools.class_schedule import GetClassSchedule
    from voice_gateway.tools.declare_absence import DeclareAbsence
    from voice_gateway.tools.feedback import GiveFeedback
    from voice_gateway.tools.member_profile import GetMemberProfile
    from voice_gateway.tools.opening_hours import GetOpeningHours
    from voice_gateway.tools.progress import GetProgress
    from voice_gateway.tools.report_issue import ReportIssue
    from voice_gateway.tools.request_human import RequestHuman
    from voice_gateway.tools.set_goal import SetGoal

    return (
        GetOpeningHours(), GetClassSchedule(), BookClass(), CancelBooking(), GetMemberProfile(), SetGoal(),
        GetProgress(), DeclareAbsence(), GetAdvice(), ReportIssue(), GiveFeedback(), RequestHuman(),
        SetAnalysisConsent(),
    )  # fmt: skip


def definitions(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as a Realtime session announces them."""
    return [
        {"type": "function", "name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
        for tool in tools
    ]


async def run_once(
    tools: Sequence[Tool],
    name: str,
    arguments: Mapping[str, Any],
    context: ToolContext,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> ToolResult:
    """The started call has run, here or before: what it gave is what the model is told.

    Without the database nobody can say whether it ran already, so it does not.
    """
    claim: CallClaim | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            claim = await _claim(context)
            if claim is None:
                return ToolResult("failed", dict(_FAILED))
            if claim.claimed_at is not None:
                result = await run_tool(tools, name, arguments, context)
                return replace(result, claimed_at=claim.claimed_at)
    except TimeoutError:
        log.warning("a tool took too long", extra={"tool": name[:64], "session_id": str(context.session_id)})
        return ToolResult("timed_out", dict(_TOO_LONG), claimed_at=claim.claimed_at if claim else None)
    try:
        async with asyncio.timeout(min(timeout_seconds, _PATIENCE_SECONDS)):
            while claim.status == "started":
                await asyncio.sleep(_LOOK_SECONDS)
                claim = await _claim(context) or claim
    except TimeoutError:
        log.warning("a tool call was not ours to run", extra={"tool": name[:64], "session_id": str(context.session_id)})
    return ToolResult(claim.status, claim.output or dict(_FAILED), is_ours=False)


async def run_audited(
    tools: Sequence[Tool],
    name: str,
    arguments: Mapping[str, Any],
    context: ToolContext,
    *,
    gym_id: UUID,
    commit: Callable[[Sequence[Record]], Awaitable[None]],
    clock: Callable[[], datetime],
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> ToolResult:
    """The call has run once and stands in `tool_calls`, for callers other than a voice session.

    Args:
        context: with the call's id.
        commit: puts records where nothing is lost; `Recorder.commit`.
        clock: now, in UTC.
    """
    scope = Scope(context.session_id, context.kiosk_id, gym_id)
    call_id = context.call_id
    await commit([store.start_tool_call(scope, call_id=call_id, name=name, arguments=arguments, started_at=clock())])
    result = await run_once(tools, name, arguments, context, timeout_seconds=timeout_seconds)
    if result.is_ours:
        ended = store.finish_tool_call(
            scope, call_id=call_id, status=result.status, output=result.output, finished_at=clock(),
            claimed_at=result.claimed_at,
        )  # fmt: skip
        await commit([ended])
    return result


async def run_tool(tools: Sequence[Tool], name: str, arguments: Mapping[str, Any], context: ToolContext) -> ToolResult:
    """The tool has run, well or not: there is always something to tell the model.

    Nothing is claimed or recorded, and how long it may take is the caller's to say.
    """
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        return ToolResult("failed", {"ok": False, "message": f"Il n'y a pas d'outil {name[:64]}."})
    if "_invalid" in arguments:
        return ToolResult("failed", {"ok": False, "message": "Les arguments ne sont pas un objet JSON : recommence."})
    try:
        return ToolResult("done", dict(await tool.run(arguments, context)))
    except ToolInputError as error:
        return ToolResult("failed", {"ok": False, "message": str(error)})
    except Exception as error:
        # Whatever broke, the member is waiting for an answer.
        log.error(
            "a tool failed", extra={"tool": name, "session_id": str(context.session_id), "error": type(error).__name__}
        )
        return ToolResult("failed", dict(_FAILED))


async def _claim(context: ToolContext) -> CallClaim | None:
    """The call is claimed, or somebody else's; None where nobody can say."""
    try:
        async with context.pool.connection() as connection:
            return await store.claim_tool_call(
                connection, kiosk_id=context.kiosk_id, session_id=context.session_id, call_id=context.call_id
            )
    except (psycopg.Error, PoolTimeout, OSError) as error:
        log.warning(
            "a tool call cannot be claimed",
            extra={"session_id": str(context.session_id), "error": type(error).__name__},
        )
        return None
