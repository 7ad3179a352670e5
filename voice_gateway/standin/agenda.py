"""What a session has still to do, by the moment it is due. Pure: moments are given, never read from a clock."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Agenda:
    """Acts in the order they are due, those of one moment in the order they were added."""

    _acts: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, due: float, act: Callable[[], None]) -> None:
        """`act` happens with the first `run` at or after `due`."""
        heapq.heappush(self._acts, (due, next(self._order), act))

    def run(self, now: float) -> None:
        """Everything due by `now` has happened."""
        while self._acts and self._acts[0][0] <= now:
            heapq.heappop(self._acts)[2]()

    def next_due(self) -> float | None:
        """When the next act is due, None without any."""
        return self._acts[0][0] if self._acts else None
