"""What can be set for a kiosk from afar: a closed list of keys, what each may hold, and what holds when nobody set it.

Set for a franchise, a gym or one kiosk; the nearer word wins, which `warehouse/stores/kiosk_settings.py` sees to.
Pure rules: `voice_gateway` applies and delivers them, `jarvis kiosk config` checks them before they are written.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# Voices of the Realtime API. Once one has spoken it cannot be changed: a new one is heard from the next session on.
VOICES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")
LANGUAGES = ("fr", "en", "es")
NOISE_REDUCTIONS = ("far_field", "near_field", "off")
THEMES = ("dark", "contrast")


class KioskConfigError(ValueError):
    """A key or a value cannot be set; the message says what was found and what may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskConfig:
    """The effective configuration of one kiosk."""

    voice: str | None = None
    """None means the platform's."""
    language: str | None = None
    """Spoken to members who did not choose one; None means the kiosk's own."""
    idle_seconds: int | None = None
    """Silence after which a session ends; None means the platform's."""
    vad_threshold: float = 0.6
    """0 to 1: how loud speech must be to count, for rooms with music."""
    noise_reduction: str = "far_field"
    volume: float = 0.8
    """0 to 1."""
    has_captions: bool = True
    theme: str = "dark"
    """Colours of the page and its sphere."""
    heartbeat_seconds: int = 60
    rotate_token_days: int = 7
    software_version: str | None = None
    """The version the kiosk should run; None means whichever it has."""

    def as_json(self) -> dict[str, Any]:
        """Every key with its effective value."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Rule:
    expected: str
    is_allowed: Callable[[Any], bool]


def _one_of(*values: str) -> _Rule:
    return _Rule(f"one of {', '.join(values)}", lambda value: isinstance(value, str) and value in values)


def _whole(low: int, high: int) -> _Rule:
    return _Rule(f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high)


_SHARE = _Rule("a number from 0 to 1", lambda value: type(value) in (int, float) and 0 <= value <= 1)


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 32 and all(part.isalnum() for part in value.split("."))


RULES: Mapping[str, _Rule] = {
    "voice": _one_of(*VOICES),
    "language": _one_of(*LANGUAGES),
    "idle_seconds": _whole(10, 300),
    "vad_threshold": _SHARE,
    "noise_reduction": _one_of(*NOISE_REDUCTIONS),
    "volume": _SHARE,
    "has_captions": _Rule("true or false", lambda value: type(value) is bool),
    "theme": _one_of(*THEMES),
    "heartbeat_seconds": _whole(15, 300),
    "rotate_token_days": _whole(1, 90),
    "software_version": _Rule("a version such as 1.4.2", _is_version),
}
assert set(RULES) == {field.name for field in fields(KioskConfig)}


def checked(key: str, value: Any) -> Any:
    """The value, fit for the key.

    Raises:
        KioskConfigError: when there is no such key, or it cannot hold the value.
    """
    rule = RULES.get(key)
    if rule is None:
        raise KioskConfigError(f"found the setting '{key}', expected one of {', '.join(RULES)}")
    if not rule.is_allowed(value):
        raise KioskConfigError(f"{key}: found {_shown(value)}, expected {rule.expected}")
    return value


def config_of(settings: Mapping[str, Any]) -> KioskConfig:
    """The effective configuration: what is set and fit, else the default; another version's keys are passed over."""
    fit = {key: value for key, value in settings.items() if key in RULES and RULES[key].is_allowed(value)}
    return KioskConfig(**fit)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"
