"""Kiosks as the kernel knows them: codes, tokens, slugs, and what a badge turned out to be.

Pure rules. `voice_gateway` checks tokens, `warehouse/stores/kiosks.py` keeps hashes only.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from jarvis.consents import Choice

# No character that a person could take for another one: no 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V.
CODE_ALPHABET = "ACDEFGHJKMNPQRTVWXY34679"
CODE_LENGTH = 6
# Of a kiosk's name, whose slug stands in the kiosk's address; the API takes no longer one either.
NAME_LENGTH = 80
CODE_VALID_MINUTES = 10
CODE_TRIES = 5
# The first characters say which code a try is meant for, so that wrong tries count against it; the rest is secret.
CODE_LOOKUP_LENGTH = 2
# Unused for as long, a renewed token lapses and the one before it goes on.
ROTATION_GRACE_SECONDS = 600

TOKEN_BYTES = 32
# A prefix by which leaked tokens are found.
TOKEN_PREFIX = "jk_"
CLIENT_SECRET_PREFIX = "ek_"


class CodeFormatError(ValueError):
    """A provisioning code cannot be one of ours."""


class Holder(StrEnum):
    """Who at a kiosk proves itself with a token of its own."""

    PAGE = "page"
    AGENT = "agent"


class BadgeOutcome(StrEnum):
    """What a scanned badge turned out to be, seen from the kiosk's gym."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    OTHER_GYM = "other_gym"


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A kiosk that has proved who it is."""

    kiosk_id: UUID
    gym_id: UUID
    slug: str
    name: str
    language: str = "fr"
    voice: str | None = None
    """The voice chosen for this kiosk; None means the platform's."""
    model: str | None = None
    """The Realtime model chosen for this kiosk; None means the platform's."""
    is_served: bool = True
    """False while its gym, or the franchise of it, is suspended."""


@dataclass(frozen=True, slots=True)
class Member:
    """What the gateway may know of a member whose badge was scanned."""

    member_id: UUID
    first_name: str | None
    language: str
    communication_style: str
    """encouraging, direct or friendly."""
    choice: Choice | None = None
    """The latest answer to the notice about the analysis of conversations; None when never asked."""


@dataclass(frozen=True, slots=True)
class Guest:
    """All that a kiosk learns of a member of another gym of its franchise."""

    first_name: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Badge:
    """One scanned badge and whoever is behind it, where there is somebody to greet."""

    outcome: BadgeOutcome
    member: Member | None = None
    """A member of the kiosk's own gym, active or not."""
    guest: Guest | None = None
    """A member of another gym of the franchise."""
    unread_id: str | None = field(default=None, repr=False)
    """The badge itself where nobody could look it up: it is read when the database is back."""
    scanned_at: datetime | None = None
    """When the kiosk's agent read it; None where it was shown just now."""

    @property
    def language(self) -> str | None:
        """The language to greet in; None where nobody says."""
        if self.member is not None:
            return self.member.language
        return self.guest.language if self.guest is not None else None


def new_code() -> str:
    """A provisioning code nobody has seen yet."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def new_codes() -> Iterator[str]:
    """Codes to try one after the other: six characters do collide with one of long ago, once in a few 100,000."""
    return (new_code() for _ in range(CODE_TRIES))


def new_token() -> str:
    """A device token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def new_client_secret() -> str:
    """A short-lived credential of 256 random bits; stock clients know the prefix of OpenAI's."""
    return CLIENT_SECRET_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A provisioning code as the database keeps it."""

    lookup: str
    """Its first characters, in clear."""
    hash: bytes
    """SHA-256 of the whole."""


def stored_code(code: str) -> StoredCode:
    """A code as it is stored; case, spaces and dashes do not matter.

    Raises:
        CodeFormatError: when it cannot be a code, so that no try is spent on a typing error.
    """
    normal = re.sub(r"[\s-]", "", code).upper()
    if len(normal) != CODE_LENGTH or not set(normal) <= set(CODE_ALPHABET):
        raise CodeFormatError(
            f"found a code of {len(normal)} characters, expected {CODE_LENGTH} out of {CODE_ALPHABET}: "
            "type the code shown by `jarvis kiosk code`"
        )
    return StoredCode(normal[:CODE_LOOKUP_LENGTH], hashlib.sha256(normal.encode()).digest())


def token_hash(token: str) -> bytes:
    """SHA-256 of a device token as it is stored; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def slug_of(name: str) -> str:
    """A name as a slug: « Borne Entrée » gives borne-entree.

    Raises:
        ValueError: when no letter or digit is left, or the name is too long for an address.
    """
    if len(name) > NAME_LENGTH:
        raise ValueError(f"found a name of {len(name)} characters, expected at most {NAME_LENGTH}: shorten it")
    slug = _slug(name)
    if not slug:
        raise ValueError(f"found the name '{name}', expected at least one letter or digit in it")
    return slug


def has_slug(name: str) -> bool:
    """True where `slug_of` gives one: a letter from A to Z, with or without its accent, or a digit is in the name."""
    return bool(_slug(name))


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
