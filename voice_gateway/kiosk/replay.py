"""Holds one session per dialogue of a file: its member lines go in as the kiosk's, its assistant lines come out.

Works with the stand-in only, whose control API takes the lines to say: a hosted model says what it likes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import orjson

from voice_gateway.kiosk.client import connected
from voice_gateway.kiosk.errors import KioskError

_MEMBER_ROLES = frozenset({"customer", "member", "user"})
_ASSISTANT_ROLES = frozenset({"agent", "assistant"})


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """One line of a dialogue."""

    is_member: bool
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue of a file."""

    dialogue_id: str
    lines: tuple[DialogueLine, ...]

    @property
    def assistant_lines(self) -> list[str]:
        """What the stand-in is to say, in order."""
        return [line.text for line in self.lines if not line.is_member]


def read_dialogues(path: Path, *, limit: int | None = None) -> Iterator[Dialogue]:
    """The dialogues of a JSONL file, in order; lines without text are left out.

    Raises:
        KioskError: naming the line that is no dialogue.
    """
    count = 0
    try:
        stream = path.open("rb")
    except OSError as error:
        raise KioskError(f"{path}: cannot be read ({error.strerror})") from error
    with stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            if limit is not None and count >= limit:
                return
            yield _dialogue(raw, f"{path.name} line {number}")
            count += 1


def _dialogue(raw: bytes, where: str) -> Dialogue:
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise KioskError(f"{where}: found no JSON, expected one dialogue a line") from error
    if not isinstance(given, dict) or "dialogue_id" not in given or not isinstance(given.get("turns"), list):
        raise KioskError(f"{where}: expected an object with dialogue_id and turns")
    lines = tuple(line for turn in given["turns"] if (line := _line(turn, where)).text)
    return Dialogue(str(given["dialogue_id"]), lines)


def _line(turn: Any, where: str) -> DialogueLine:
    role = turn.get("role") if isinstance(turn, dict) else None
    if role not in _MEMBER_ROLES | _ASSISTANT_ROLES:
        raise KioskError(f"{where}: found the role {role!r}, expected customer or member, agent or assistant")
    text = turn.get("text") or turn.get("text_fr") or turn.get("text_en") or ""
    return DialogueLine(role in _MEMBER_ROLES, str(text).strip())


async def replay_dialogue(
    gateway_url: str, token: str, dialogue: Dialogue, *, standin_url: str, consent: bool = True
) -> dict[str, Any]:
    """The dialogue was held as one closed session; its ids and number of turns.

    Raises:
        KioskError: when the gateway or the stand-in does not play along.
    """
    async with connected(gateway_url, token, consent=consent) as kiosk:
        session_id = await kiosk.start()
        await give_lines(standin_url, session_id, dialogue.assistant_lines)
        await kiosk.text_only()
        for line in dialogue.lines:
            if line.is_member:
                await kiosk.type_text(line.text)
            else:
                await kiosk.ask_answer()
        await kiosk.hang_up("member_goodbye")
        return {"dialogue_id": dialogue.dialogue_id, "session_id": session_id, "turns": len(kiosk.turns)}


async def give_lines(standin_url: str, session_id: str, lines: list[str]) -> None:
    """The stand-in will say these lines in this session, one an answer.

    Raises:
        KioskError: when it does not take them.
    """
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.post(
                f"{standin_url}/control/scripts", json={"request_id": session_id, "assistant_lines": lines}
            )
    except httpx.HTTPError as error:
        raise KioskError(f"the stand-in at {standin_url} does not answer ({type(error).__name__})") from None
    if answer.is_error:
        raise KioskError(f"the stand-in at {standin_url} refused the dialogue's lines with status {answer.status_code}")


def control_url(realtime_url: str) -> str:
    """The stand-in's HTTP address, beside its websocket."""
    parts = urlsplit(realtime_url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit(parts._replace(scheme=scheme, path="", query=""))
