"""A kiosk that lost its connection: how long its session waits for it, and what it is owed when it comes back. Pure."""

from jarvis.sessions import Limits


class Absence:
    """Whether the kiosk is away; nothing is said to nobody, and an answer that nobody heard is asked for again."""

    def __init__(self, limits: Limits) -> None:
        self._wait_seconds = limits.resume_seconds
        self._since: float | None = None
        self._owes_answer = False

    @property
    def is_away(self) -> bool:
        """True between the loss of the connection and the next one."""
        return self._since is not None

    @property
    def due_at(self) -> float | None:
        """When the session waits no longer; None while the kiosk is there."""
        return None if self._since is None else self._since + self._wait_seconds

    def begins(self, at: float) -> None:
        """The connection is gone."""
        self._since, self._owes_answer = at, False

    def owe(self) -> None:
        """An answer is due that the member has heard nothing of."""
        self._owes_answer = True

    def ends(self) -> bool:
        """The kiosk is back; True when an answer is owed to it."""
        owes, self._since, self._owes_answer = self._owes_answer, None, False
        return owes
