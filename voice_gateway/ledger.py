"""What one session puts on record: numbered events, turns and bills. Pure; `session.py` decides when."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

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

    @property
    def last_seq(self) -> int:
        """Number of the latest event."""
        return self._seq

    def log(self, direction: str, event: Event, now: Moment) -> Record:
        """The next event, without its sound."""
        self._seq += 1
        silent = realtime.without_audio(event)
        return store.event_row(self.scope, seq=self._seq, occurred_at=now.at, direction=direction, event=silent)

    def turns(self, *turns: TurnRow | None) -> list[Record]:
        """The turns there are."""
        return [store.save_turn(self.scope, turn) for turn in turns if turn is not None]

    def bill(
        self, source_kind: str, source_id: str, *, model: str, report: Mapping[str, Any], now: Moment
    ) -> Sequence[Record]:
        """One usage report, priced; the same source is billed once, however often it is written."""
        usage = usage_of(report)
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
        )
