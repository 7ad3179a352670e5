"""What one session puts on record: numbered events, turns and bills. Pure; `conversation/` decides when."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from jarvis.prices import PRICE_VERSION, cost_of, usage_of
from voice_gateway.effects import Event, Moment
from voice_gateway.protocol import realtime
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record, Scope, TurnRow


class Ledger:
    """The records of one session; numbers its events without a gap and adds up its cost."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.cost_usd = Decimal(0)
        self._seq = 0
        self._billed: set[tuple[str, str]] = set()

    @property
    def last_seq(self) -> int:
        """Number of the latest event."""
        return self._seq

    def log(self, direction: str, event: Event, now: Moment) -> Record:
        """The next event, without its sound, its prompt and its first name."""
        self._seq += 1
        kept = _anonymous(realtime.without_audio(event))
        return store.event_row(self.scope, seq=self._seq, occurred_at=now.at, direction=direction, event=kept)

    def turns(self, *turns: TurnRow | None) -> list[Record]:
        """The turns there are."""
        return [store.save_turn(self.scope, turn) for turn in turns if turn is not None]

    def bill(self, source_kind: str, source_id: str, *, model: str, report: object, now: Moment) -> Sequence[Record]:
        """One answer or transcription has its one row: priced, or marked where no usage was reported.

        The same source is billed once, however often it is reported or written.
        """
        if (source_kind, source_id) in self._billed:
            return []
        self._billed.add((source_kind, source_id))
        is_missing = not isinstance(report, Mapping)
        usage = usage_of(report if isinstance(report, Mapping) else {})
        cost = cost_of(model, usage)
        self.cost_usd += cost.usd
        return store.save_usage(
            self.scope,
            usage,
            source_kind=source_kind,
            source_id=source_id,
            model=model,
            cost_usd=str(cost.usd),
            is_estimated=cost.is_estimated,
            price_version=PRICE_VERSION,
            occurred_at=now.at,
            is_missing=is_missing,
        )


def _anonymous(event: Event) -> Event:
    """The event without the first name of whoever badged, which may be a guest's, and without what a prompt says.

    A hash of the prompt would not do: of a text that everybody may read and one first name, it gives the name away.
    """
    if "first_name" in event:
        event = {name: value for name, value in event.items() if name != "first_name"}
    for holder in ("session", "response"):
        inner = event.get(holder)
        if isinstance(inner, Mapping) and "instructions" in inner:
            kept = {name: value for name, value in inner.items() if name != "instructions"}
            event = {**event, holder: {**kept, "instructions_length": len(str(inner["instructions"]))}}
    return event
