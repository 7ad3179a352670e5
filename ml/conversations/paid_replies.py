"""What a hosted provider has answered and was paid for, until it is used: the seam to whoever keeps it.

A run may die between a reply and the transaction that uses it. A reply is kept as soon as it is there, under the
session and a hash of all that was asked, so that the next run takes it and pays nothing. Kept is
what the provider said of the redacted words; what was asked is not. `warehouse/stores/paid_replies.py`
keeps them, the composition root brings the two together.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

ReplyKey = tuple[str, str]
"""The session's id and the request's hash: what one gym's member was told of is never another's."""


class PaidReplies(Protocol):
    """Keeps replies from their arrival until the analysis they belong to is written."""

    def stored(self, keys: Sequence[ReplyKey]) -> Mapping[ReplyKey, str]:
        """The replies that are kept under these keys."""

    def keep(self, replies: Mapping[ReplyKey, str]) -> None:
        """The replies outlive this process; one that is there already stays as it was."""


class NothingKept:
    """For runs whose results nobody stores either: every request is paid for."""

    def stored(self, keys: Sequence[ReplyKey]) -> Mapping[ReplyKey, str]:
        """None."""
        return {}

    def keep(self, replies: Mapping[ReplyKey, str]) -> None:
        """Nothing is kept."""


def reply_key(session_id: str, request: Mapping[str, Any], *, number: int = 1) -> ReplyKey:
    """The key of one reply; the model, the prompt, the schema and the redacted words are all in the request.

    Args:
        number: which reply to the same request, where a broken one was asked for again.
    """
    asked = json.dumps([number, request], ensure_ascii=True, sort_keys=True)
    return session_id, hashlib.sha256(asked.encode("ascii")).hexdigest()
