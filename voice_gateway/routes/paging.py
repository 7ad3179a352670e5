"""Long lists in pages: by key, never by offset, with a cursor that only its own caller can use.

A cursor holds the place where a page ended, sealed with whose it is, which list it is and how that was
filtered. It holds moments, slugs and ids only, because addresses end up in logs. Row security decides what a page
shows, whatever a cursor says; the seal is there so that a cursor never means something else than it did.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request

from jarvis.kiosks import Kiosk
from jarvis.tenancy import Scope
from voice_gateway.routes.answers import Refused
from voice_gateway.routes.guards import at_kiosk, signed_in

MOST_ITEMS = 200
USUAL_ITEMS = 50
_SEAL_BYTES = 16

Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Items on this page, at most.")]
Cursor = Annotated[
    str | None,
    Query(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before."),
]


class Paging:
    """One page that is asked for."""

    def __init__(self, request: Request, owner: UUID, *, limit: int, cursor: str | None) -> None:
        self.limit = limit
        self._key = request.app.state.cursor_key
        filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("cursor", "limit"))
        self._list = orjson.dumps([str(owner), request.url.path, filters])
        self.after: list[str] | None = None if cursor is None else self._opened(cursor)

    @property
    def asked(self) -> int:
        """Rows to ask for: one more than shown tells whether there is a next page."""
        return self.limit + 1

    def key(self, number: int) -> str | None:
        """A part of the place where the page before ended; None on the first page."""
        return None if self.after is None else self.after[number]

    def page(self, rows: Sequence[Mapping[str, Any]], *keys: str) -> dict[str, Any]:
        """The items and the cursor of what follows them; `keys` are the columns of the list's order."""
        shown = rows[: self.limit]
        is_last = len(rows) <= self.limit
        return {"items": shown, "next_cursor": None if is_last else self._sealed([shown[-1][key] for key in keys])}

    def _sealed(self, place: Sequence[object]) -> str:
        content = orjson.dumps([_text(part) for part in place])
        return base64.urlsafe_b64encode(self._seal(content) + content).decode().rstrip("=")

    def _opened(self, cursor: str) -> list[str]:
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        seal, content = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise Refused(
                400, "invalid_cursor",
                "found a cursor that is not of this list with these filters, expected next_cursor of its page before",
            )  # fmt: skip
        place: list[str] = orjson.loads(content)
        return place

    def _seal(self, content: bytes) -> bytes:
        return hmac.new(self._key, self._list + b"\x00" + content, hashlib.sha256).digest()[:_SEAL_BYTES]


def cursor_key(secret_key: str) -> bytes:
    """The key that seals cursors, the same in every process of one installation."""
    return hmac.new(secret_key.encode(), b"api-cursors", hashlib.sha256).digest()


async def _for_person(
    request: Request, person: Annotated[Scope, Depends(signed_in)], limit: Limit = USUAL_ITEMS, cursor: Cursor = None
) -> Paging:
    return Paging(request, person.user_id, limit=limit, cursor=cursor)


async def _for_kiosk(
    request: Request, kiosk: Annotated[Kiosk, Depends(at_kiosk)], limit: Limit = USUAL_ITEMS, cursor: Cursor = None
) -> Paging:
    return Paging(request, kiosk.kiosk_id, limit=limit, cursor=cursor)


PersonPaging = Annotated[Paging, Depends(_for_person)]
KioskPaging = Annotated[Paging, Depends(_for_kiosk)]


def _text(part: object) -> str:
    return part.isoformat() if isinstance(part, (datetime, date)) else str(part)
