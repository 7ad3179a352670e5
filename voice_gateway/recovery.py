"""What a gateway that died left unfinished, put right from its log: half answers, lost words, bills that never came.

What mattered is on record already: it was committed before anybody saw it. The rest is rebuilt from the events that
were written: an answer whose final words never arrived from the pieces that did, a member's turn that was never
transcribed as a failed one, and a row without an amount for each of them and for every answer that nobody saw the end
of. Tools are not run again. `rebuilt` is pure; `recorder.py` calls `settle` for each lost session.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg import AsyncConnection

from jarvis.prices import PRICE_VERSION, Usage
from voice_gateway.effects import Moment
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from voice_gateway.turns import Transcript
from warehouse.stores import sessions as store
from warehouse.stores.sessions import LoggedEvent, Scope, TurnRow, Write

log = logging.getLogger(__name__)

# From here on another upstream answered.
_ANEW = frozenset({"upstream.lost", "upstream.renewed"})


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is missing on record."""

    turns: tuple[TurnRow, ...] = ()
    unbilled: tuple[str, ...] = ()
    """Answers that began and whose end nobody saw."""
    untranscribed: tuple[str, ...] = ()
    """Turns of the member whose words never came, and their bill neither."""
    transcription_model: str = "unknown"
    ended_at: datetime | None = None
    """The last sign of life; None for a session without any."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How much was put right."""

    turns: int
    unbilled: int


async def settle(connection: AsyncConnection, scope: Scope) -> Recovered | None:
    """The lost session is complete as far as can be, and closed; None when another gateway was first."""
    try:
        return await _settle(connection, scope)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:
        # A log that nobody understands must not keep its session open, nor the sessions behind it.
        log.error(
            "a lost session could not be mended",
            extra={"session_id": str(scope.session_id), "error": type(error).__name__},
        )
    is_closed = await store.settle_lost_session(connection, scope, lambda events, model: [])
    return Recovered(0, 0) if is_closed else None


async def _settle(connection: AsyncConnection, scope: Scope) -> Recovered | None:
    found = Rebuilt()

    def mend(events: Sequence[LoggedEvent], model: str) -> list[Write]:
        nonlocal found
        found = rebuilt(events)
        return writes(scope, found, model)

    if not await store.settle_lost_session(connection, scope, mend):
        return None
    return Recovered(len(found.turns), len(found.unbilled) + len(found.untranscribed))


def rebuilt(events: Sequence[LoggedEvent]) -> Rebuilt:
    """What the log of a session that stopped in mid-air has, and its record has not.

    Args:
        events: the log in its order.
    """
    heard = _Log()
    for logged in events:
        heard.take(logged)
    if not events:
        return Rebuilt()
    end = Moment(events[-1].occurred_at, events[-1].occurred_at.timestamp())
    rows = heard.transcript.unfinished(now=end)
    rows += [heard.transcript.transcription_failed(item_id, now=end) for item_id in sorted(heard.untranscribed)]
    return Rebuilt(
        tuple(replace(row, is_recovered=True) for row in rows),
        tuple(sorted(heard.open_answers)),
        tuple(sorted(heard.untranscribed)),
        heard.transcription_model,
        end.at,
    )


class _Log:
    """A session's log, read again as the session heard it."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.untranscribed: set[str] = set()
        self.transcription_model = "unknown"
        self.open_answers: set[str] = set()
        self._ended_answers: set[str] = set()

    def take(self, logged: LoggedEvent) -> None:
        """One more event."""
        event, now = logged.event, Moment(logged.occurred_at, logged.occurred_at.timestamp())
        kind, item_id = event.get("type"), event.get("item_id")
        if logged.direction == "gateway" and kind in _ANEW:
            self.transcript.begin_anew()
        elif logged.direction == "kiosk_in" and kind == kiosk_protocol.PLAYBACK:
            played_ms = event.get("played_ms")
            if isinstance(item_id, str) and isinstance(played_ms, int):
                self.transcript.played(item_id, played_ms)
        elif logged.direction == "upstream_out" and kind == kiosk_protocol.SESSION_UPDATE:
            self.transcription_model = realtime.transcription_model(event) or self.transcription_model
        elif logged.direction == "upstream_in" and isinstance(kind, str):
            self._note_answer(kind, event)
            if kind in (realtime.ITEM_ADDED, realtime.OUTPUT_ITEM_ADDED):
                self._item_added(event, now)
            elif isinstance(item_id, str):
                self._about_item(kind, item_id, event, now)

    def _note_answer(self, kind: str, event: Mapping[str, object]) -> None:
        response = event.get("response")
        response_id = response.get("id") if isinstance(response, Mapping) else event.get("response_id")
        if not isinstance(response_id, str):
            return
        if kind == realtime.RESPONSE_DONE:
            self._ended_answers.add(response_id)
            self.open_answers.discard(response_id)
        elif response_id not in self._ended_answers:
            self.open_answers.add(response_id)

    def _item_added(self, event: Mapping[str, object], now: Moment) -> None:
        item = event.get("item")
        if not isinstance(item, Mapping) or not isinstance(item.get("id"), str):
            return
        item_id = item["id"]
        self.transcript.follows(item_id, event.get("previous_item_id"))
        if item.get("type") == "message" and item.get("role") in ("user", "assistant"):
            role = "member" if item["role"] == "user" else "assistant"
            self.transcript.appeared(item_id, role=role, now=now)
            words = realtime.user_text(item)
            if words is not None:
                self.transcript.member_said(item_id, words, now=now)

    def _about_item(self, kind: str, item_id: str, event: Mapping[str, object], now: Moment) -> None:
        transcript, part = self.transcript, realtime.content_index(event)
        length, cut_at = event.get("audio_bytes"), event.get("audio_end_ms")
        if kind == realtime.SPEECH_STARTED:
            transcript.began(item_id, now=now)
        elif kind == realtime.SPEECH_STOPPED:
            transcript.ended(item_id, now=now)
        elif kind == realtime.COMMITTED:
            transcript.appeared(item_id, role="member", now=now)
            transcript.follows(item_id, event.get("previous_item_id"))
            self.untranscribed.add(item_id)
        elif kind == realtime.TRANSCRIPTION_COMPLETED:
            transcript.member_said(item_id, str(event.get("transcript") or ""), now=now)
            self.untranscribed.discard(item_id)
        elif kind == realtime.TRANSCRIPTION_FAILED:
            transcript.transcription_failed(item_id, now=now)
            self.untranscribed.discard(item_id)
        elif kind == realtime.AUDIO_DELTA and isinstance(length, int):
            transcript.assistant_audio(item_id, length, now=now, part=part)
        elif kind in realtime.WORDS_DELTA:
            transcript.assistant_words(item_id, str(event.get("delta") or ""), now=now, part=part)
        elif kind in realtime.WORDS_DONE:
            words = str(event.get("transcript", event.get("text")) or "")
            transcript.assistant_said(item_id, words, now=now, part=part)
        elif kind == realtime.ITEM_TRUNCATED and isinstance(cut_at, int):
            transcript.was_cut(item_id, cut_at)


def writes(scope: Scope, found: Rebuilt, model: str) -> list[Write]:
    """What is missing, as it is put on record.

    Args:
        model: that answered.
    """
    missing = [store.save_turn(scope, turn) for turn in found.turns]
    if found.ended_at is None:
        return missing
    bills = [("response", response_id, model) for response_id in found.unbilled]
    bills += [("transcription", item_id, found.transcription_model) for item_id in found.untranscribed]
    for source_kind, source_id, billed_model in bills:
        missing += store.save_usage(
            scope, Usage(), source_kind=source_kind, source_id=source_id, model=billed_model, cost_usd="0",
            is_estimated=False, price_version=PRICE_VERSION, occurred_at=found.ended_at, is_missing=True,
        )  # fmt: skip
    return missing
