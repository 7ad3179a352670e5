"""The tools a model may call, and how one call is run: in time, once, and never past its own gym.

The call is on record as started before it comes here (`session.py`); this module only runs it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0

# What the model is told when a tool gives nothing: it must neither invent an answer nor fall silent.
_FAILED = {
    "ok": False,
    "message": "L'information n'est pas disponible pour le moment : l'équipe à l'accueil peut aider.",
}


class ToolInputError(ValueError):
    """The model called a tool with arguments it cannot work with; the message goes back to the model."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may use."""

    kiosk_id: UUID
    session_id: UUID
    pool: "AsyncConnectionPool[AsyncConnection]"


class Tool(Protocol):
    """One thing the assistant can do."""

    name: str
    description: str
    """In French: the model reads it."""
    parameters: Mapping[str, Any]
    """JSON schema of the arguments."""

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        """The answer for the model.

        Raises:
            ToolInputError: when the arguments make no sense.
        """


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a call ended."""

    status: str
    """done, failed or timed_out."""
    output: dict[str, Any]


def toolbox() -> tuple[Tool, ...]:
    """Every tool there is."""
    from voice_gateway.tools.opening_hours import GetOpeningHours
    from voice_gateway.tools.report_issue import ReportIssue

    return (GetOpeningHours(), ReportIssue())


def definitions(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as a Realtime session announces them."""
    return [
        {"type": "function", "name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
        for tool in tools
    ]


async def run_tool(
    tools: Sequence[Tool],
    name: str,
    arguments: Mapping[str, Any],
    context: ToolContext,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> ToolResult:
    """The call has ended, well or not: there is always something to tell the model."""
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        return ToolResult("failed", {"ok": False, "message": f"Il n'y a pas d'outil {name[:64]}."})
    if "_invalid" in arguments:
        return ToolResult("failed", {"ok": False, "message": "Les arguments ne sont pas un objet JSON : recommence."})
    try:
        async with asyncio.timeout(timeout_seconds):
            return ToolResult("done", dict(await tool.run(arguments, context)))
    except ToolInputError as error:
        return ToolResult("failed", {"ok": False, "message": str(error)})
    except TimeoutError:
        log.warning("a tool took too long", extra={"tool": name, "session_id": str(context.session_id)})
        return ToolResult("timed_out", dict(_FAILED))
    except Exception as error:
        # Whatever broke, the member is waiting for an answer.
        log.error(
            "a tool failed", extra={"tool": name, "session_id": str(context.session_id), "error": type(error).__name__}
        )
        return ToolResult("failed", dict(_FAILED))
