"""The misbehaviours a test may ask of the stand-in, as one record.

They come as the query string of a connection (that session only) or through the control API (live sessions and later
ones). Nothing here is random: the same switches give the same session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self


class FaultsError(Exception):
    """The fault switches asked for make no sense."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What a session does wrong. The defaults are a provider in good health."""

    ttfb_ms: int = 0  # silence before a response's first output
    delta_pacing: float = 0.1  # seconds taken to send one second of audio; 0 is at once, 1 is real time
    session_max_seconds: float = 3600.0  # OpenAI's own limit; then close code 1001
    eof_after_ms: int | None = None  # the connection drops without a closing handshake
    freeze_after_ms: int | None = None  # the connection stays open and nothing moves in it, not even a pong
    refuse_connection: bool = False  # 503 in place of the upgrade
    unauthorized: bool = False  # 401 in place of the upgrade, as for a wrong key
    rate_limited: bool = False  # every response is done with status failed, code rate_limit_exceeded
    quota_exhausted: bool = False  # every response gets an error insufficient_quota and nothing else
    transcription_delay_ms: int = 0  # the member's transcript comes this much later than it was known
    transcription_fails: bool = False  # the member's speech never gets a transcript
    server_error: bool = False  # every response is done with status failed, code server_error
    active_response_race: bool = False  # the next response.create meets a response that the server began just before
    duplicate_tool_calls: bool = False  # a finished function call is told twice
    omit_response_created: bool = False
    duplicate_response_created: bool = False

    @classmethod
    def names(cls) -> frozenset[str]:
        """The switches there are."""
        return frozenset(field.name for field in fields(cls))

    def changed(self, switches: Mapping[str, object]) -> Self:
        """These faults with `switches` set; values may be JSON values or the strings of a query.

        Raises:
            FaultsError: lists every switch that is unknown or has a value of the wrong kind.
        """
        problems: list[str] = []
        values: dict[str, Any] = {}
        for name, value in switches.items():
            if name not in self.names():
                problems.append(f"{name} is not a switch")
                continue
            try:
                values[name] = _CONVERSIONS[name](value)
            except (TypeError, ValueError):
                problems.append(f"{name}={value!r} should be {_EXPECTED[_CONVERSIONS[name]]}")
        if problems:
            raise FaultsError(f"found {'; '.join(problems)}; expected switches among {', '.join(sorted(self.names()))}")
        return replace(self, **values)


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError
    return number


def _milliseconds(value: object) -> int:
    return int(_amount(value))


def _optional_milliseconds(value: object) -> int | None:
    return None if value in (None, "") else _milliseconds(value)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("1", "true", "yes", "on", 1):
        return True
    if value in ("0", "false", "no", "off", 0):
        return False
    raise ValueError


_EXPECTED = {
    _amount: "a number not below 0",
    _milliseconds: "a number of milliseconds not below 0",
    _optional_milliseconds: "a number of milliseconds not below 0, or null",
    _switch: "true or false",
}

_CONVERSIONS = {
    "ttfb_ms": _milliseconds,
    "delta_pacing": _amount,
    "session_max_seconds": _amount,
    "eof_after_ms": _optional_milliseconds,
    "freeze_after_ms": _optional_milliseconds,
    "refuse_connection": _switch,
    "unauthorized": _switch,
    "rate_limited": _switch,
    "quota_exhausted": _switch,
    "transcription_delay_ms": _milliseconds,
    "transcription_fails": _switch,
    "server_error": _switch,
    "active_response_race": _switch,
    "duplicate_tool_calls": _switch,
    "omit_response_created": _switch,
    "duplicate_response_created": _switch,
}
