"""The order of a conversation's items: the chain of `previous_item_id`, whatever order the events arrive in. Pure.

Every item names the one before it, once; tool items, which are no turns, are links of the same chain. An item that
names none stands behind what was last when it arrived: it is the first, nobody has said yet what it follows, or it is
outside the provider's conversation, as a filler is. `turns.py` asks.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class _Link:
    arrived_behind: str | None = None
    """What was last when it came; counts for as long as it names no predecessor."""
    previous: str | None = None
    linked: int = 0
    """When it named its predecessor; of two with the same one, the later was put in between."""

    @property
    def behind(self) -> str | None:
        return self.previous or self.arrived_behind


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
        if item_id not in self._links:
            order = self.in_order()
            self._links[item_id] = _Link(arrived_behind=order[-1] if order else None)

    def follows(self, item_id: str, previous: object) -> None:
        """The item stands behind the one it names; a null, which the provider also sends for known items, says nothing.

        The first name counts. One that would close a circle is no place, and is left.
        """
        self.arrived(item_id)
        if not isinstance(previous, str) or previous in self._past or self._links[item_id].previous is not None:
            return
        # Named before it was seen: it keeps a place until it comes.
        self.arrived(previous)
        item, behind = self._links[item_id], self._links[previous]
        above: list[_Link] = [behind]
        while behind.behind is not None:
            if behind.behind == item_id:
                # Only a place by arrival gives way: that of whatever came behind the item before this was said.
                giving_way = next((link for link in above if link.previous is None), None)
                if giving_way is None:
                    return
                giving_way.arrived_behind = item.arrived_behind
                break
            behind = self._links[behind.behind]
            above.append(behind)
        if previous == item_id:
            return
        self._count += 1
        item.previous, item.linked = previous, self._count

    def in_order(self) -> list[str]:
        """Every item, the first one first."""
        followers: dict[str, list[str]] = {}
        for item_id, link in self._links.items():
            if link.behind is not None:
                followers.setdefault(link.behind, []).append(item_id)
        # A stack, not recursion: a conversation may be longer than Python's.
        waiting = [item_id for item_id, link in self._links.items() if link.behind is None]
        waiting.reverse()
        order = []
        while waiting:
            item_id = waiting.pop()
            order.append(item_id)
            waiting += sorted(followers.get(item_id, ()), key=self._nearness)
        return order

    def _nearness(self, item_id: str) -> tuple[bool, int]:
        """Of several behind one item the greatest is next to it: one that names nobody, else the last to name it."""
        link = self._links[item_id]
        return link.previous is None, link.linked
