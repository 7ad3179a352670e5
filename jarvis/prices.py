"""What hosted models cost: a dated price table, and the cost of one usage report.

Pure. `voice_gateway/session.py` prices each response and each transcription as it is reported, and
stores the table's version beside the cost, so that an invoice can be recomputed. The hosted analysis
prices its calls by the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

PRICE_VERSION = "2026-11-22"

# Postgres keeps six decimals of a dollar.
_MICRODOLLAR = Decimal("0.000001")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """One model's prices: USD per million tokens, or per minute of audio."""

    text_in: Decimal = Decimal(0)
    text_cached: Decimal = Decimal(0)
    text_out: Decimal = Decimal(0)
    audio_in: Decimal = Decimal(0)
    audio_cached: Decimal = Decimal(0)
    audio_out: Decimal = Decimal(0)
    per_minute: Decimal = Decimal(0)


def _tokens(text: tuple[str, str, str], audio: tuple[str, str, str]) -> Price:
    """A model billed by the token; each triple is in, cached, out."""
    return Price(*(Decimal(price) for price in (*text, *audio)))


# Read in litellm 1.109.1's table and on developers.openai.com's model pages.
_PRICES: Mapping[str, Price] = {
    "gpt-realtime-2.1": _tokens(("4", "0.40", "24"), ("32", "0.40", "64")),
    "gpt-realtime-2": _tokens(("4", "0.40", "24"), ("32", "0.40", "64")),
    "gpt-realtime-1.5": _tokens(("4", "0.40", "16"), ("32", "0.40", "64")),
    "gpt-realtime": _tokens(("4", "0.40", "16"), ("32", "0.40", "64")),
    "gpt-realtime-2.1-mini": _tokens(("0.60", "0.06", "2.40"), ("10", "0.30", "20")),
    "gpt-realtime-mini": _tokens(("0.60", "0.06", "2.40"), ("10", "0.30", "20")),
    "gpt-4o-transcribe": _tokens(("2.50", "2.50", "10"), ("2.50", "2.50", "0")),
    "gpt-4o-mini-transcribe": _tokens(("1.25", "1.25", "5"), ("1.25", "1.25", "0")),
    "gpt-4o-mini": _tokens(("0.15", "0.075", "0.60"), ("0", "0", "0")),
    "text-embedding-3-small": _tokens(("0.02", "0.02", "0"), ("0", "0", "0")),
    "whisper-1": Price(per_minute=Decimal("0.006")),
    "gpt-transcribe": Price(per_minute=Decimal("0.0045")),
    "gpt-realtime-whisper": Price(per_minute=Decimal("0.017")),
    "gpt-live-transcribe": Price(per_minute=Decimal("0.017")),
}

# An unknown model is billed as the dearest one we know, so that a budget errs on the safe side.
_DEAREST = "gpt-realtime-2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one response or one transcription used; cached tokens are part of the input tokens."""

    text_input_tokens: int = 0
    audio_input_tokens: int = 0
    cached_text_tokens: int = 0
    cached_audio_tokens: int = 0
    text_output_tokens: int = 0
    audio_output_tokens: int = 0
    duration_seconds: float = 0.0
    is_estimated: bool = False
    """True when a split between text and audio had to be assumed."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The price of one usage."""

    usd: Decimal
    is_estimated: bool
    """True when the usage or the model's price had to be assumed."""


def usage_of(report: Mapping[str, Any]) -> Usage:
    """The usage in a `usage` object of `response.done` or of a completed transcription, in either of its shapes."""
    if report.get("type") == "duration":
        return Usage(duration_seconds=float(report.get("seconds") or 0))
    details = _mapping(report.get("input_token_details"))
    text, audio = _count(details.get("text_tokens")), _count(details.get("audio_tokens"))
    cached = _count(details.get("cached_tokens"))
    split = details.get("cached_tokens_details")
    is_estimated = False
    if text + audio == 0 and _count(report.get("input_tokens")):
        text, is_estimated = _count(report.get("input_tokens")), True
    if isinstance(split, Mapping):
        cached_text, cached_audio = _count(split.get("text_tokens")), _count(split.get("audio_tokens"))
    else:
        # Azure and older servers give only the sum: instructions, which are text, are what is cached first.
        cached_text = min(cached, text)
        cached_audio = min(cached - cached_text, audio)
        is_estimated = is_estimated or cached > 0
    outputs = _mapping(report.get("output_token_details"))
    text_out, audio_out = _count(outputs.get("text_tokens")), _count(outputs.get("audio_tokens"))
    if text_out + audio_out == 0 and _count(report.get("output_tokens")):
        text_out, is_estimated = _count(report.get("output_tokens")), True
    return Usage(
        text_input_tokens=text,
        audio_input_tokens=audio,
        cached_text_tokens=min(cached_text, text),
        cached_audio_tokens=min(cached_audio, audio),
        text_output_tokens=text_out,
        audio_output_tokens=audio_out,
        is_estimated=is_estimated,
    )


def cost_of(model: str, usage: Usage) -> Cost:
    """The price of a usage under today's table; cached tokens are never charged a second time."""
    amount = exact_usd(model, usage).quantize(_MICRODOLLAR, ROUND_HALF_UP)
    return Cost(amount, usage.is_estimated or not price_of(model)[1])


def exact_usd(model: str, usage: Usage) -> Decimal:
    """The price of a usage, not rounded: for a share of a call, which may cost less than a microdollar."""
    price, _ = price_of(model)
    return (
        (usage.text_input_tokens - usage.cached_text_tokens) * price.text_in
        + usage.cached_text_tokens * price.text_cached
        + usage.text_output_tokens * price.text_out
        + (usage.audio_input_tokens - usage.cached_audio_tokens) * price.audio_in
        + usage.cached_audio_tokens * price.audio_cached
        + usage.audio_output_tokens * price.audio_out
    ) / _MILLION + Decimal(str(usage.duration_seconds)) / 60 * price.per_minute


def price_of(model: str) -> tuple[Price, bool]:
    """The price of a model or of its dated snapshot, and whether the table knows it."""
    name = model
    while name:
        if name in _PRICES:
            return _PRICES[name], True
        # gpt-realtime-2025-08-28 is priced as gpt-realtime; only a date may be dropped.
        head, _, tail = name.rpartition("-")
        if not tail.isdigit():
            break
        name = head
    return _PRICES[_DEAREST], False


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
