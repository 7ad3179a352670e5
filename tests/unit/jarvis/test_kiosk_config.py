"""What may be set for a kiosk: a closed list, each refusal with what was found, expected and allowed."""

from typing import Any

import pytest

from jarvis.kiosk_config import RULES, KioskConfig, KioskConfigError, checked, config_of


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("voice", "cedar"), ("language", "es"), ("idle_seconds", 30), ("vad_threshold", 0.75), ("vad_threshold", 1),
        ("noise_reduction", "off"), ("volume", 0), ("has_captions", False), ("theme", "contrast"),
        ("heartbeat_seconds", 15), ("rotate_token_days", 90), ("software_version", "1.4.2"),
    ],
)  # fmt: skip
def test_what_may_be_set(key: str, value: Any) -> None:
    """A fit value is kept as it is, and is the effective one."""
    assert checked(key, value) == value
    assert config_of({key: value}).as_json()[key] == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("voice", "darth"), ("language", "de"), ("idle_seconds", 5), ("idle_seconds", True), ("idle_seconds", "30"),
        ("vad_threshold", 1.5), ("volume", -0.1), ("has_captions", "true"), ("software_version", "../etc"),
        ("software_version", ""), ("theme", None),
    ],
)  # fmt: skip
def test_what_may_not_be_set(key: str, value: Any) -> None:
    """The refusal names the key and what it may hold; stored all the same, it is passed over."""
    with pytest.raises(KioskConfigError, match=rf"^{key}: found .*, expected "):
        checked(key, value)
    assert config_of({key: value}) == KioskConfig()


def test_an_unknown_key_is_refused_and_passed_over() -> None:
    """The list is closed: a typing error is told, with the keys there are; another release's key does no harm."""
    with pytest.raises(KioskConfigError, match="found the setting 'voic', expected one of voice, language"):
        checked("voic", "cedar")
    assert config_of({"voic": "cedar", "voice": "cedar"}) == KioskConfig(voice="cedar")


def test_every_key_has_a_rule_its_default_fits() -> None:
    """Nothing that holds by default could not be set."""
    defaults = KioskConfig().as_json()
    assert [key for key, value in defaults.items() if value is not None and not RULES[key].is_allowed(value)] == []
