"""What every connection of the gateway shares, handed down from `app.py`; and now, on both clocks."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from jarvis.budgets import VoiceMode
from jarvis.sessions import Limits
from jarvis.settings import Settings
from jarvis.storage import StorageLevel
from voice_gateway.effects import Moment
from voice_gateway.metrics import Metrics
from voice_gateway.recorder import Recorder
from voice_gateway.tools.runner import Tool
from voice_gateway.upstream import DialUpstream

if TYPE_CHECKING:
    from voice_gateway.connection import KioskConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every connection shares."""

    settings: Settings
    pool: "AsyncConnectionPool[AsyncConnection]"
    recorder: Recorder
    dial: DialUpstream
    tools: Sequence[Tool]
    mode_of: Callable[[UUID, datetime], Awaitable[VoiceMode]]
    """How the next session of a kiosk is held, at a moment."""
    storage_level_of: Callable[[UUID], Awaitable[StorageLevel]]
    """What a kiosk's gym keeps of what is said."""
    metrics: Metrics
    limits: Limits = field(default_factory=Limits)
    resumable: "dict[UUID, KioskConnection]" = field(default_factory=dict)
    """The connection that holds each session of a kiosk: of this process only, so kiosks come back to the same one."""


def moment() -> Moment:
    """Now, on both clocks."""
    return Moment(datetime.now(UTC), time.monotonic())
