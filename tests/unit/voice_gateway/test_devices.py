"""What notifications may say: any role may send them, so what is none of ours costs no question."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from jarvis.kiosk_config import KioskConfig
from voice_gateway.devices import Devices

# The same in every worker: they are part of the tests' names.
KIOSK, GYM, ANOTHER = (UUID(int=number) for number in (1, 2, 3))


@dataclass(eq=False)
class Page:
    """An open connection that must not be harmed."""

    kiosk_id: UUID = KIOSK
    gym_id: UUID = GYM
    token_hash: bytes = b"hash"
    shows_badges: bool = True
    happened: list[str] = field(default_factory=list)

    def configure(self, config: KioskConfig, version: int) -> None:
        self.happened.append("configured")

    def badge_read(self, badge_id: str, scanned_at: datetime) -> None:
        self.happened.append("badge")

    def cut_off(self) -> None:
        self.happened.append("cut off")


class AwayPool:
    """A database that does not answer, and counts who asked."""

    def __init__(self) -> None:
        self.asked_count = 0

    def connection(self) -> Any:
        """Refused."""
        self.asked_count += 1
        raise psycopg.OperationalError("away")


@pytest.mark.parametrize(
    ("payload", "asked_count"),
    [
        ("", 0), ("nonsense", 0), ("[]", 0), ("{}", 0), ('{"kind": "badge"}', 0), ('{"kind": "lunch"}', 0),
        (f'{{"kind": "revoked", "kiosk_id": "{ANOTHER}"}}', 0),
        (f'{{"kind": "settings", "gym_id": "{ANOTHER}"}}', 0),
        (f'{{"kind": "revoked", "kiosk_id": "{KIOSK}"}}', 1),
        (f'{{"kind": "settings", "gym_id": "{GYM}"}}', 1),
        (f'{{"kind": "badge", "kiosk_id": "{KIOSK}"}}', 1),
    ],
)  # fmt: skip
def test_only_news_of_a_kiosk_that_is_here_is_looked_into(payload: str, asked_count: int) -> None:
    """And without an answer nobody is cut off: a database that is away revokes nothing."""
    pool, page = AwayPool(), Page()
    devices = Devices(pool, "")  # type: ignore[arg-type]

    async def hear() -> None:
        await devices.enter(page)
        pool.asked_count = 0
        await devices.hear(payload)

    asyncio.run(hear())
    assert (pool.asked_count, page.happened) == (asked_count, [])


def test_who_left_is_asked_about_no_more() -> None:
    """A closed connection costs nothing in a sweep."""
    pool, page = AwayPool(), Page()
    devices = Devices(pool, "")  # type: ignore[arg-type]

    async def leave_and_sweep() -> None:
        await devices.enter(page)
        devices.leave(page)
        devices.leave(page)
        pool.asked_count = 0
        await devices.sweep()

    asyncio.run(leave_and_sweep())
    assert pool.asked_count == 0
