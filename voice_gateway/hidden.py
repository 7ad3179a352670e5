"""Which items of a conversation clients never see, and what stands in their place in the chain of items.

Tools are the gateway's: a call and its output are items of the upstream's conversation, and clients that
met them would try to run them. Each item names the one before it, so where that one is hidden, the last
visible one before it is named instead. Pure; `conversation/saying.py` asks.
"""

from collections.abc import Mapping
from typing import Any

from voice_gateway.effects import Event
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime

# What a client says about an item, and the upstream's own word for one that it does not know.
_ABOUT_AN_ITEM = {
    kiosk_protocol.ITEM_RETRIEVE: "item_retrieve_invalid_item_id",
    kiosk_protocol.ITEM_TRUNCATE: "item_truncate_invalid_item_id",
    kiosk_protocol.ITEM_DELETE: "item_delete_invalid_item_id",
}


class HiddenItems:
    """The tool items of one session, each with the item before it."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._before

    def covers(self, event: Event) -> bool:
        """True for an event of the upstream that clients must not see; an item that it brings is hidden from now on."""
        if realtime.is_tool_item(event):
            self._hide(event["item"].get("id"), event.get("previous_item_id"))
            return True
        return realtime.is_tool_event(event["type"]) or event.get("item_id") in self._before

    def shown(self, event: Event, text: str) -> str:
        """The event as clients see it: the frame as it came, unless it names a hidden item as the one before."""
        before = event.get("previous_item_id")
        if before not in self._before:
            return text
        return realtime.text_of({**event, "previous_item_id": self._visible_before(before)})

    def allowed(self, event: Event) -> Event:
        """The client's event, which is about an item that it can see.

        Raises:
            FrameError: it is about a hidden one, which to this client does not exist.
        """
        code = _ABOUT_AN_ITEM.get(event["type"])
        if code is not None and event.get("item_id") in self._before:
            raise kiosk_protocol.FrameError(
                code, f"found no item with id '{event['item_id']}', expected one of the conversation",
                event_id=_text(event, "event_id"), param="item_id",
            )  # fmt: skip
        return event

    def _hide(self, item_id: object, before: object) -> None:
        if not isinstance(item_id, str):
            return
        # The first event about an item need not name the one before, and the last one may name none where there is.
        if isinstance(before, str) and before != item_id:
            self._before[item_id] = before
        else:
            self._before.setdefault(item_id, None)

    def _visible_before(self, item_id: str | None) -> str | None:
        passed: set[str] = set()
        while item_id in self._before and item_id not in passed:
            passed.add(item_id)
            item_id = self._before[item_id]
        return None if item_id in passed else item_id


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    return value if isinstance(value, str) else None
