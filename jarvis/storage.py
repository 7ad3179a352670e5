"""How much of what members say a gym keeps once it is analysed: the levels, and what is never kept of JSON. Pure.

`orchestration/words.py` brings a session to its level, `warehouse/stores/words.py` keeps what is left, `jarvis gym
storage` sets a gym's level.
"""

import re
from collections.abc import Callable
from enum import StrEnum

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


class StorageLevel(StrEnum):
    """What a gym keeps; each level keeps less than the one before."""

    ALL = "all"
    WITHOUT_PERSONAL_DATA = "without_personal_data"
    METADATA_ONLY = "metadata_only"


def with_words(value: object, change: Callable[[str], str]) -> object:
    """The JSON value with every text changed; ids, numbers and names of fields stay."""
    if isinstance(value, str):
        return value if _ID.fullmatch(value) else change(value)
    if isinstance(value, list):
        return [with_words(one, change) for one in value]
    if isinstance(value, dict):
        return {name: with_words(one, change) for name, one in value.items()}
    return value
