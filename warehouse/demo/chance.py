"""Chance that repeats: every part of the network draws from its own stream, named by seed and subject.

Streams are apart, so that one more dialogue in the library changes what is said and nothing else.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar
from uuid import UUID

import numpy as np

Choice = TypeVar("Choice")


def stream(seed: int, *subject: str | int) -> Random:
    """The generator of one subject: the same seed and subject always give the same numbers."""
    return Random(":".join(map(str, (seed, *subject))))


def new_id(chance: Random) -> UUID:
    """A version 4 UUID out of this stream."""
    return UUID(int=chance.getrandbits(128), version=4)


def token(chance: Random, prefix: str) -> str:
    """An upstream-looking identifier, for example item_9f2c…"""
    return f"{prefix}_{chance.getrandbits(96):024x}"


def weighted(chance: Random, weights: Mapping[Choice, float]) -> Choice:
    """One key, as likely as its weight."""
    return chance.choices(list(weights), list(weights.values()))[0]


def happens(chance: Random, probability: float) -> bool:
    """True with this probability."""
    return chance.random() < probability


def one_of(chance: Random, values: Sequence[Choice]) -> Choice:
    """One value, all as likely."""
    return values[int(chance.random() * len(values))]


def numbers(seed: int, *subject: str | int) -> np.random.Generator:
    """As `stream`, for whole arrays at once: a generator of numpy's, the same on every machine."""
    digest = sha256(":".join(map(str, (seed, *subject))).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
