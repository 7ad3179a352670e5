"""Who said what, in which order, and how much of it was heard: protocol events become turns. Pure.

Transcripts arrive late and out of order, answers are cut in the middle. A turn's place is its item's in the chain
(`places.py`), its time the moment its speech began, its text what was heard. What a member had heard when he began
to speak is what his kiosk reported as played; of a client that reports nothing, the time since the first sound, as if
it played at once and without a pause. Neither is ever more than was produced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from voice_gateway.continuity import Said
from voice_gateway.effects import Moment
from voice_gateway.places import Places
from voice_gateway.protocol.realtime import AUDIO_BYTES_PER_MS
from warehouse.stores.sessions import TurnRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    item_id: str
    role: str
    started_at: datetime
    ended_at: datetime | None = None
    parts: Mapping[int, str] = field(default_factory=dict)
    """Its words by content part: an answer may have several."""
    final_parts: frozenset[int] = frozenset()
    is_over: bool = False
    """Its words are whole, or no more of them will come."""
    is_failed: bool = False
    is_broken_off: bool = False
    """Its response ended before it did."""
    audio_bytes: int = 0
    audio_part: int = 0
    first_sound: float | None = None
    """Monotonic seconds of its first sound."""
    played_ms: int | None = None
    """What the kiosk says it has played; None while it says nothing."""
    heard_ms: int | None = None
    """Set when the answer was cut there."""

    @property
    def produced_ms(self) -> int:
        return self.audio_bytes // AUDIO_BYTES_PER_MS

    @property
    def words(self) -> str:
        return " ".join(part.strip() for _, part in sorted(self.parts.items()) if part.strip())


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an answer was cut by the member's speech."""

    item_id: str
    content_index: int
    heard_ms: int


class Transcript:
    """The items of one session."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        self._places = Places()
        self._spoken: list[str] = []
        """Answers with sound, in the order of their first."""
        self._reports_playback = False
        self._kept: dict[str, int] = {}
        """The places on record."""

    def appeared(self, item_id: str, *, role: str, now: Moment) -> None:
        """The item has its place; one that has it already keeps it."""
        self._places.arrived(item_id)
        if item_id not in self._items:
            self._items[item_id] = _Item(item_id=item_id, role=role, started_at=now.at)

    def follows(self, item_id: str, previous: object) -> None:
        """The item's place is behind another's; items that are no turns have a place as well."""
        self._places.follows(item_id, previous)

    def began(self, item_id: str, *, now: Moment) -> None:
        """The member began to speak: that is the turn's time, whatever was heard of the item before."""
        self.appeared(item_id, role="member", now=now)
        self._change(item_id, started_at=now.at)

    def ended(self, item_id: str, *, now: Moment) -> None:
        """The member stopped speaking."""
        if item_id in self._items:
            self._change(item_id, ended_at=now.at)

    def member_said(self, item_id: str, words: str, *, now: Moment) -> TurnRow | None:
        """The member's words are known; None when there are none to keep."""
        self.appeared(item_id, role="member", now=now)
        item = self._change(
            item_id, parts={0: words.strip()}, is_over=True, ended_at=self._items[item_id].ended_at or now.at
        )
        return self._row(item) if item.words else None

    def transcription_failed(self, item_id: str, *, now: Moment) -> TurnRow:
        """The member spoke and nobody knows what; the turn is kept, empty."""
        self.appeared(item_id, role="member", now=now)
        ended_at = self._items[item_id].ended_at or now.at
        return self._row(self._change(item_id, is_over=True, is_failed=True, ended_at=ended_at))

    def assistant_audio(self, item_id: str, byte_count: int, *, now: Moment, part: int = 0) -> None:
        """More of the answer's voice was produced."""
        self.appeared(item_id, role="assistant", now=now)
        item = self._items[item_id]
        if item.first_sound is None:
            self._spoken.append(item_id)
        first_sound = now.seconds if item.first_sound is None else item.first_sound
        self._change(item_id, audio_bytes=item.audio_bytes + byte_count, audio_part=part, first_sound=first_sound)

    def assistant_words(self, item_id: str, delta: str, *, now: Moment, part: int = 0) -> None:
        """More of the answer's words were produced."""
        self.appeared(item_id, role="assistant", now=now)
        item = self._items[item_id]
        if part not in item.final_parts:
            self._change(item_id, parts={**item.parts, part: item.parts.get(part, "") + delta}, is_over=False)

    def assistant_said(self, item_id: str, words: str, *, now: Moment, part: int = 0) -> TurnRow | None:
        """The answer's words are whole; None when there are none."""
        self.appeared(item_id, role="assistant", now=now)
        item = self._items[item_id]
        finals = item.final_parts | {part}
        parts = {**item.parts, part: words}
        item = self._change(
            item_id, parts=parts, final_parts=finals, is_over=finals >= parts.keys(), ended_at=item.ended_at or now.at
        )
        return self._row(item) if item.words else None

    def stopped(self, item_id: str, *, now: Moment) -> TurnRow | None:
        """The answer ended before it was complete; None for one without words."""
        item = self._items.get(item_id)
        if item is None or item.role != "assistant":
            return None
        item = self._change(item_id, is_over=True, is_broken_off=True, ended_at=item.ended_at or now.at)
        return self._row(item) if item.words else None

    def unfinished(self, *, now: Moment) -> list[TurnRow]:
        """Answers whose final words never came, now closed as interrupted with those that did."""
        stopped = [
            self.stopped(item.item_id, now=now)
            for item in list(self._items.values())
            if item.role == "assistant" and item.words and not item.is_over
        ]
        return [row for row in stopped if row is not None]

    def moved(self) -> list[TurnRow]:
        """Turns on record whose place is another since."""
        places = self._turn_places()
        return [
            self._row(self._items[item_id], places[item_id])
            for item_id, kept in list(self._kept.items())
            if places[item_id] != kept
        ]

    def said(self) -> list[Said]:
        """Every turn in its place, with the words of it that were heard; none where they are not known."""
        items = (self._items[item_id] for item_id in self._turn_places())
        return [
            Said(item.item_id, item.role, _row(item, 0).text if item.is_over and not item.is_failed else "")
            for item in items
        ]

    def last_item_id(self) -> str | None:
        """The item that stands last; None before the first."""
        return next(reversed(self._turn_places()), None)

    def begin_anew(self) -> None:
        """Another upstream was told what was said so far: what it adds stands behind all of it."""
        self._places.begin_anew()

    # What was heard.

    def played(self, item_id: str, played_ms: int) -> None:
        """The kiosk has played so much of the answer; reports for unknown items are ignored."""
        if item_id in self._items:
            self._reports_playback = True
            self._change(item_id, played_ms=played_ms)

    def interrupt(self, now: Moment) -> list[Cut]:
        """The member speaks: every answer that is not heard to its end is cut where he stopped hearing it."""
        cuts = []
        for item, heard_ms in self._playing(now):
            self._change(item.item_id, heard_ms=heard_ms)
            cuts.append(Cut(item.item_id, item.audio_part, heard_ms))
        return cuts

    def truncation(self, item_id: str, audio_end_ms: int) -> int | None:
        """A client's own truncation as the upstream accepts it; None where it would say nothing new, or only fail.

        Beyond what was produced, before the first sound, or longer than an earlier cut, the upstream answers with an
        error, and some then fall silent. An answer that was heard to its end is not cut. One of an unknown item is the
        upstream's to refuse.
        """
        item = self._items.get(item_id)
        if item is None:
            return audio_end_ms
        heard_ms = min(audio_end_ms, item.produced_ms)
        if heard_ms == 0 or (item.heard_ms is not None and heard_ms >= item.heard_ms):
            return None
        if item.is_over and heard_ms == item.produced_ms:
            return None
        self._change(item_id, heard_ms=heard_ms)
        return heard_ms

    def clamped(self, item_id: str, audio_end_ms: int) -> int:
        """A truncation that nobody checks any more: never past what was produced."""
        item = self._items.get(item_id)
        return min(audio_end_ms, item.produced_ms) if item else audio_end_ms

    def was_cut(self, item_id: str, heard_ms: int) -> TurnRow | None:
        """The upstream has cut the answer there; None for an item without words."""
        item = self._items.get(item_id)
        if item is None or item.role != "assistant":
            return None
        heard_ms = min(heard_ms, item.produced_ms)
        if item.heard_ms is not None or not item.is_over or heard_ms < item.produced_ms:
            item = self._change(item_id, heard_ms=heard_ms)
        return self._row(item) if item.words else None

    def cut_rows(self, cuts: list[Cut]) -> list[TurnRow]:
        """The turns of answers that were cut, as far as they have words yet."""
        return [self._row(self._items[cut.item_id]) for cut in cuts if self._items[cut.item_id].words]

    def is_cut(self, item_id: str) -> bool:
        """True when nobody hears the rest of the answer."""
        item = self._items.get(item_id)
        return item is not None and item.heard_ms is not None

    def remaining_playback_ms(self, now: Moment) -> int:
        """Milliseconds of sound that nobody has heard yet, but will if nobody interrupts."""
        return sum(item.produced_ms - heard_ms for item, heard_ms in self._playing(now))

    def _playing(self, now: Moment) -> list[tuple[_Item, int]]:
        """The answers not heard to their end, and how much of each was."""
        if not self._reports_playback:
            return self._playing_by_the_clock(now)
        found = []
        # From the latest back to the one being played: what came before it is over, whatever was reported last.
        for item_id in reversed(self._spoken):
            item = self._items[item_id]
            if item.heard_ms is None and (item.played_ms or 0) < item.produced_ms:
                found.append((item, item.played_ms or 0))
            if item.played_ms is not None:
                break
        return found[::-1]

    def _playing_by_the_clock(self, now: Moment) -> list[tuple[_Item, int]]:
        found = []
        free_at = 0.0
        for item_id in self._spoken:
            item = self._items[item_id]
            begins_at = max(free_at, item.first_sound or 0.0)
            heard_ms = max(0, round((now.seconds - begins_at) * 1000))
            if item.heard_ms is not None:
                # It fell silent when the member spoke; the next answer came after that.
                continue
            if heard_ms < item.produced_ms:
                found.append((item, heard_ms))
            free_at = begins_at + item.produced_ms / 1000
        return found

    # Rows.

    def _turn_places(self) -> dict[str, int]:
        turns = (item_id for item_id in self._places.in_order() if item_id in self._items)
        return {item_id: position for position, item_id in enumerate(turns)}

    def _row(self, item: _Item, position: int | None = None) -> TurnRow:
        place = self._turn_places()[item.item_id] if position is None else position
        self._kept[item.item_id] = place
        return _row(item, place)

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


def _row(item: _Item, position: int) -> TurnRow:
    total_ms = item.produced_ms or None
    text = item.words
    if item.heard_ms is not None and total_ms:
        text = heard_text(item.words, heard_ms=item.heard_ms, total_ms=total_ms)
    return TurnRow(
        item_id=item.item_id,
        position=position,
        role=item.role,
        text=text,
        generated_text=item.words if item.role == "assistant" and text != item.words else None,
        status="failed"
        if item.is_failed
        else "interrupted"
        if item.heard_ms is not None or item.is_broken_off
        else "final",
        started_at=item.started_at,
        ended_at=item.ended_at,
        heard_ms=total_ms if item.heard_ms is None else item.heard_ms,
        total_ms=total_ms,
    )
