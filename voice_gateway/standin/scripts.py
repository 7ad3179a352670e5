"""The lines a replay wants the stand-in to say, by the request id of the connection that will say them.

A script may arrive before or after its connection; whoever asks gets the next line, so a session that reconnects goes
on where the lost one stopped.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

# A replay posts one script a dialogue and never deletes it: the oldest go first.
_KEPT_SCRIPTS = 10_000


class ScriptBook:
    """Every script posted and how far each was read."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[str]] = OrderedDict()

    def post(self, request_id: str, lines: Iterable[str]) -> None:
        """The session of `request_id` says `lines` from now on, one a response, whatever it was to say before."""
        self._lines.pop(request_id, None)
        self._lines[request_id] = deque(lines)
        while len(self._lines) > _KEPT_SCRIPTS:
            self._lines.popitem(last=False)

    def next_line(self, request_id: str | None) -> str | None:
        """The next line of that script, which is then said; None without a script or past its end."""
        lines = self._lines.get(request_id) if request_id is not None else None
        return lines.popleft() if lines else None
