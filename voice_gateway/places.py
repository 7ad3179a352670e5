"""The order of a conversation's items: the chain of `previous_item_id`, whatever order the events arrive in. Pure.

Every item names the one before it, once; tool items, which are no turns, are links of the same chain. An item that
names none keeps the place of its arrival: it is the first, or nobody has said yet what it follows. `turns.py` asks.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class _Link:
    previous: str | None = None
    linked: int = 0
    """When it named its predecessor; of two with the same one, the later was put in between."""


class Places:
    """The items known so far, each in its place."""

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}
        self._count = 0
        self._past: set[str] = set()

    def begin_anew(self) -> None:
        """Another provider session was told of what is known; its chain is its own, and stands behind."""
        self._past = set(self._links)

    def arrived(self, item_id: str) -> None:
        """The item has a place; one that has it already keeps it."""
        self._links.setdefault(item_id, _Link())

    def follows(self, item_id: str, previous: object) -> None:
        """The item stands behind the one it names; a null, which the provider also sends for known items, says nothing.

        The first name counts. One that would close a circle is no place, and is left.
        """
        self.arrived(item_id)
        if not isinstance(previous, str) or previous in self._past or self._links[item_id].previous is not None:
            return
        # Named before it was seen: it keeps a place until it comes.
        self.arrived(previous)
        behind: str | None = previous
        while behind is not None:
            if behind == item_id:
                return
            behind = self._links[behind].previous
        self._count += 1
        self._links[item_id] = _Link(previous, self._count)

    def in_order(self) -> list[str]:
        """Every item, the first one first."""
        followers: dict[str, list[str]] = {}
        for item_id, link in self._links.items():
            if link.previous is not None:
                followers.setdefault(link.previous, []).append(item_id)
        # A stack, not recursion: a conversation may be longer than Python's.
        waiting = [item_id for item_id, link in self._links.items() if link.previous is None]
        waiting.reverse()
        order = []
        while waiting:
            item_id = waiting.pop()
            order.append(item_id)
            waiting += sorted(followers.get(item_id, ()), key=lambda follower: self._links[follower].linked)
        return order
