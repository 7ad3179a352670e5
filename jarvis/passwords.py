"""Passwords as they are kept: argon2id hashes, made and checked without any I/O.

The demo network and the managers' door both need them; neither may import the other. argon2 is
imported when a hash is made or checked, not before.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# OWASP password storage cheat sheet, Argon2id minimum: 19 MiB, 2 passes, 1 lane (about 20 ms on one core).
MEMORY_KIB = 19 * 1024
TIME_COST = 2
PARALLELISM = 1

# ASVS 6.2.1 asks for 8 at least; the upper bound keeps a megabyte of "password" from the hasher.
SHORTEST = 12
LONGEST = 256


class PasswordRefused(ValueError):
    """A new password is too short or too long; the message never holds it."""


def hash_password(password: str) -> str:
    """The argon2id hash of a new password, salt and parameters included.

    Raises:
        PasswordRefused: when it has fewer than 12 or more than 256 characters.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(f"found a password of {len(password)} characters, expected {SHORTEST} to {LONGEST}")
    return _hasher().hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """True when the password made this hash; a hash we cannot read is a wrong one."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


@cache
def decoy_hash() -> str:
    """A hash nobody's password made, to be checked where there is no account: the answer takes as long."""
    import secrets

    return _hasher().hash(secrets.token_hex(32))


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)
