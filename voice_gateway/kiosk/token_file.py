"""The agent's device token on disk: readable by its owner only, replaced whole, never lost half-way through a renewal.

The token before stays beside the new one until the gateway has taken the new one once: a renewed token that was
not used in time lapses, and the one before it goes on.
"""

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from voice_gateway.kiosk.errors import KioskError


@dataclass(frozen=True, slots=True)
class KeptToken:
    """What the kiosk proves itself with."""

    token: str
    obtained_at: datetime
    previous: str | None = None
    """What opens the door if the new token does not."""


class TokenFile:
    """The file and what is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> KeptToken:
        """The token.

        Raises:
            KioskError: when there is none, anybody else could read it, or the file is none of ours.
        """
        try:
            mode = self._path.stat().st_mode & 0o777
            content = orjson.loads(self._path.read_bytes())
            kept = KeptToken(content["token"], datetime.fromisoformat(content["obtained_at"]), content.get("previous"))
        except FileNotFoundError:
            raise KioskError(
                f"found no token in {self._path}, expected this kiosk provisioned: "
                "give --code with one of `jarvis kiosk code … --agent`"
            ) from None
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise KioskError(f"cannot read a token from {self._path}: remove it and give --code again") from None
        if mode & 0o077:
            raise KioskError(f"found {self._path} open to others, expected mode 0600: chmod 600, and revoke the kiosk")
        return kept

    def write(self, kept: KeptToken) -> None:
        """The token is on disk, whole, with mode 0600.

        Raises:
            KioskError: when it cannot be kept.
        """
        content = {"token": kept.token, "obtained_at": kept.obtained_at.isoformat(), "previous": kept.previous}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Made with 0600, and in place only once it is whole.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(orjson.dumps(content))
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(self._path)
        except OSError as error:
            raise KioskError(
                f"cannot keep the token in {self._path} ({error.strerror}): name a writable folder"
            ) from error

    def renew(self, token: str) -> KeptToken:
        """The new token is kept, with the one before it."""
        kept = KeptToken(token, datetime.now(UTC), self.read().token)
        self.write(kept)
        return kept

    def settle(self, *, on_previous: bool = False) -> KeptToken:
        """One token is left: the new one, which the gateway has taken, or the one before where it has not."""
        kept = self.read()
        if kept.previous is None:
            return kept
        settled = replace(kept, token=kept.previous if on_previous else kept.token, previous=None)
        self.write(settled)
        return settled
