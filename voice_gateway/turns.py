"""Who said what, in which order, and how much of it was heard: protocol events become turns. Pure.

Transcripts arrive late and out of order, answers are cut in the middle. A turn's place is the moment
its item appeared, not the moment its words arrived; its text is what was heard.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from voice_gateway.continuity import Said
from voice_gateway.protocol.realtime import AUDIO_BYTES_PER_MS
from warehouse.stores.sessions import TurnRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    item_id: str
    position: int
    role: str
    started_at: datetime
    ended_at: datetime | None = None
    words: str = ""
    audio_bytes: int = 0
    is_final: bool = False
    is_failed: bool = False
    played_ms: int | None = None
    """What the kiosk says it has played; None while it says nothing."""
    heard_ms: int | None = None
    """Set once, when the answer was cut there."""

    @property
    def produced_ms(self) -> int:
        return self.audio_bytes // AUDIO_BYTES_PER_MS


class Transcript:
    """The items of one session."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        self._last_spoken_answer: str | None = None

    def appeared(self, item_id: str, *, role: str, at: datetime) -> None:
        """The item has its place; one that has it already keeps it."""
        if item_id not in self._items:
            self._items[item_id] = _Item(item_id=item_id, position=len(self._items), role=role, started_at=at)

    def ended(self, item_id: str, at: datetime) -> None:
        """The member stopped speaking."""
        if item_id in self._items:
            self._change(item_id, ended_at=at)

    def member_said(self, item_id: str, words: str, *, at: datetime) -> TurnRow | None:
        """The member's words are known; None when there are none to keep."""
        self.appeared(item_id, role="member", at=at)
        item = self._change(item_id, words=words.strip(), is_final=True, ended_at=self._items[item_id].ended_at or at)
        return _row(item) if item.words else None

    def transcription_failed(self, item_id: str, *, at: datetime) -> TurnRow:
        """The member spoke and nobody knows what; the turn is kept, empty."""
        self.appeared(item_id, role="member", at=at)
        return _row(self._change(item_id, is_final=True, is_failed=True, ended_at=self._items[item_id].ended_at or at))

    def assistant_audio(self, item_id: str, byte_count: int, *, at: datetime) -> None:
        """More of the answer's voice was produced."""
        self.appeared(item_id, role="assistant", at=at)
        self._change(item_id, audio_bytes=self._items[item_id].audio_bytes + byte_count)
        self._last_spoken_answer = item_id

    def assistant_words(self, item_id: str, delta: str, *, at: datetime) -> None:
        """More of the answer's words were produced."""
        self.appeared(item_id, role="assistant", at=at)
        if not self._items[item_id].is_final:
            self._change(item_id, words=self._items[item_id].words + delta)

    def assistant_said(self, item_id: str, words: str, *, at: datetime) -> TurnRow | None:
        """The answer's words are whole; None when there are none."""
        self.appeared(item_id, role="assistant", at=at)
        item = self._change(item_id, words=words.strip(), is_final=True, ended_at=at)
        return _row(item) if item.words else None

    def played(self, item_id: str, played_ms: int) -> None:
        """The kiosk has played so much of the answer; reports for unknown items are ignored."""
        if item_id in self._items:
            self._change(item_id, played_ms=played_ms)

    def cut_point(self) -> tuple[str, int] | None:
        """Item and milliseconds at which the answer being played would be cut now; None when nothing is being cut.

        Nothing is cut where the kiosk reports no playback, where all was played, or where it was cut before.
        """
        if self._last_spoken_answer is None:
            return None
        item = self._items[self._last_spoken_answer]
        if item.played_ms is None or item.heard_ms is not None or item.played_ms >= item.produced_ms:
            return None
        return item.item_id, item.played_ms

    def clamped(self, item_id: str, audio_end_ms: int) -> int:
        """A truncation that the upstream accepts: never past what was produced."""
        item = self._items.get(item_id)
        return min(audio_end_ms, item.produced_ms) if item else audio_end_ms

    def was_cut(self, item_id: str, heard_ms: int) -> TurnRow | None:
        """The member heard only so much of the answer; None for an item without words."""
        item = self._items.get(item_id)
        if item is None or item.role != "assistant":
            return None
        item = self._change(item_id, heard_ms=min(heard_ms, item.produced_ms))
        return _row(item) if item.words else None

    def unfinished(self, *, at: datetime) -> list[TurnRow]:
        """Answers that were cut before their words were final, now closed as interrupted."""
        rows = []
        for item in list(self._items.values()):
            if item.role == "assistant" and item.words and not item.is_final:
                changed = self._change(
                    item.item_id, is_final=True, ended_at=at, words=item.words.strip(),
                    heard_ms=item.heard_ms if item.heard_ms is not None else item.produced_ms,
                )  # fmt: skip
                rows.append(_row(changed))
        return rows

    def said(self) -> list[Said]:
        """Every turn in its place, with the words of it that were heard; none where they are not known."""
        return [
            Said(item.item_id, item.role, _row(item).text if item.is_final and not item.is_failed else "")
            for item in self._items.values()
        ]

    def last_item_id(self) -> str | None:
        """The item that came last; None before the first."""
        return next(reversed(self._items), None)

    def remaining_playback_ms(self) -> int:
        """Milliseconds of the last answer that the kiosk has not reported as played; 0 where it reports nothing."""
        cut = self.cut_point()
        return self._items[cut[0]].produced_ms - cut[1] if cut else 0

    def _change(self, item_id: str, **changes: object) -> _Item:
        self._items[item_id] = replace(self._items[item_id], **changes)  # type: ignore[arg-type]
        return self._items[item_id]


def heard_text(words: str, *, heard_ms: int, total_ms: int) -> str:
    """The part of an answer that fits into the time it was heard, cut between words; speech is taken as even."""
    if total_ms <= 0 or heard_ms >= total_ms:
        return words
    end = len(words) * max(heard_ms, 0) // total_ms
    if end < len(words) and not words[end].isspace():
        end = words.rfind(" ", 0, end) + 1
    return words[:end].rstrip()


def _row(item: _Item) -> TurnRow:
    total_ms = item.produced_ms or None
    is_cut = item.role == "assistant" and item.heard_ms is not None
    text = item.words
    if is_cut and item.heard_ms is not None and total_ms:
        text = heard_text(item.words, heard_ms=item.heard_ms, total_ms=total_ms)
    return TurnRow(
        item_id=item.item_id,
        position=item.position,
        role=item.role,
        text=text,
        generated_text=item.words if item.role == "assistant" and text != item.words else None,
        status="failed" if item.is_failed else "interrupted" if is_cut else "final",
        started_at=item.started_at,
        ended_at=item.ended_at,
        heard_ms=item.heard_ms if is_cut else total_ms,
        total_ms=total_ms,
    )
