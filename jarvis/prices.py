"""What hosted models cost: a dated price table, and the cost of one usage report by model and modality.

Pure. `voice_gateway/ledger.py` prices each response and each transcription as it is reported, and
stores the table's version beside the cost, so that an invoice can be recomputed. The hosted analysis
prices its calls by the same table. A table that was billed by is never edited: new prices are a new table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

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
    image_in: Decimal = Decimal(0)
    image_cached: Decimal = Decimal(0)
    per_minute: Decimal = Decimal(0)
    shuts_down_on: date | None = None
    """The day from which the provider refuses it; None while no day is announced."""


_NOTHING = ("0", "0", "0")


def _tokens(
    text: tuple[str, str, str],
    audio: tuple[str, str, str] = _NOTHING,
    image: tuple[str, str] = ("0", "0"),
    *,
    shuts_down_on: date | None = None,
) -> Price:
    """A model billed by the token; each triple is in, cached, out."""
    text_in, text_cached, text_out, audio_in, audio_cached, audio_out = map(Decimal, (*text, *audio))
    image_in, image_cached = map(Decimal, image)
    return Price(
        text_in, text_cached, text_out, audio_in, audio_cached, audio_out, image_in, image_cached,
        shuts_down_on=shuts_down_on,
    )  # fmt: skip


def _minutes(price: str, *, shuts_down_on: date | None = None) -> Price:
    """A model billed by the minute of sound."""
    return Price(per_minute=Decimal(price), shuts_down_on=shuts_down_on)


_FULL_AUDIO, _MINI_TEXT, _MINI_AUDIO = ("32", "0.40", "64"), ("0.60", "0.06", "2.40"), ("10", "0.30", "20")
_FULL_IMAGE, _MINI_IMAGE = ("5", "0.50"), ("0.80", "0.08")
_TRANSCRIPTION_ENDS = date(2027, 2, 26)

# By the day they were read: in litellm 1.109.1's table and on developers.openai.com's model pages.
_TABLES: Mapping[str, Mapping[str, Price]] = {
    "2026-11-22": {
        "gpt-realtime-2.1": _tokens(("4", "0.40", "24"), _FULL_AUDIO, _FULL_IMAGE),
        "gpt-realtime-2": _tokens(("4", "0.40", "24"), _FULL_AUDIO, _FULL_IMAGE),
        "gpt-realtime-1.5": _tokens(("4", "0.40", "16"), _FULL_AUDIO, _FULL_IMAGE),
        "gpt-realtime-2.1-mini": _tokens(_MINI_TEXT, _MINI_AUDIO, _MINI_IMAGE),
        "gpt-realtime": _tokens(("4", "0.40", "16"), _FULL_AUDIO, _FULL_IMAGE, shuts_down_on=date(2027, 1, 20)),
        "gpt-realtime-mini": _tokens(_MINI_TEXT, _MINI_AUDIO, _MINI_IMAGE, shuts_down_on=date(2027, 1, 20)),
        # The model of the first design: its alias went before its dated snapshot.
        "gpt-4o-mini-realtime-preview": _tokens(("0.60", "0.30", "2.40"), _MINI_AUDIO, shuts_down_on=date(2026, 5, 7)),
        "gpt-4o-mini-realtime-preview-2024-12-17": _tokens(
            ("0.60", "0.30", "2.40"), _MINI_AUDIO, shuts_down_on=date(2026, 7, 23)
        ),
        "gpt-4o-mini": _tokens(("0.15", "0.075", "0.60"), shuts_down_on=date(2027, 1, 14)),
        # Our calls are single ones; in batches it would be half of that.
        "text-embedding-3-small": _tokens(("0.02", "0.02", "0")),
        "gpt-4o-transcribe": _tokens(("2.50", "2.50", "10"), ("2.50", "2.50", "0"), shuts_down_on=_TRANSCRIPTION_ENDS),
        "gpt-4o-mini-transcribe": _tokens(
            ("1.25", "1.25", "5"), ("1.25", "1.25", "0"), shuts_down_on=_TRANSCRIPTION_ENDS
        ),
        "whisper-1": _minutes("0.006", shuts_down_on=_TRANSCRIPTION_ENDS),
        "gpt-transcribe": _minutes("0.0045"),
        "gpt-realtime-whisper": _minutes("0.017"),
        "gpt-live-transcribe": _minutes("0.017"),
    }
}

PRICE_VERSION = max(_TABLES)

# An unknown model is billed as the dearest one we know, so that a budget errs on the safe side.
DEAREST = "gpt-realtime-2.1"
_SNAPSHOT_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# How long before its end a model is spoken of.
_WARN_DAYS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one response or one transcription used; cached tokens are part of the input tokens."""

    text_input_tokens: int = 0
    audio_input_tokens: int = 0
    cached_text_tokens: int = 0
    cached_audio_tokens: int = 0
    text_output_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    cached_image_tokens: int = 0
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
    image = _count(details.get("image_tokens"))
    cached = _count(details.get("cached_tokens"))
    split = details.get("cached_tokens_details")
    is_estimated = False
    if text + audio + image == 0 and _count(report.get("input_tokens")):
        text, is_estimated = _count(report.get("input_tokens")), True
    if isinstance(split, Mapping):
        cached_text, cached_audio = _count(split.get("text_tokens")), _count(split.get("audio_tokens"))
        cached_image = _count(split.get("image_tokens"))
    else:
        # Azure and older servers give only the sum: instructions, which are text, are what is cached first.
        cached_text = min(cached, text)
        cached_audio = min(cached - cached_text, audio)
        cached_image = cached - cached_text - cached_audio
        is_estimated = is_estimated or cached > 0
    outputs = _mapping(report.get("output_token_details"))
    text_out, audio_out = _count(outputs.get("text_tokens")), _count(outputs.get("audio_tokens"))
    if text_out + audio_out == 0 and _count(report.get("output_tokens")):
        # A transcription puts out nothing but text.
        text_out = _count(report.get("output_tokens"))
        is_estimated = is_estimated or report.get("type") != "tokens"
    return Usage(
        text_input_tokens=text,
        audio_input_tokens=audio,
        cached_text_tokens=min(cached_text, text),
        cached_audio_tokens=min(cached_audio, audio),
        text_output_tokens=text_out,
        audio_output_tokens=audio_out,
        image_input_tokens=image,
        cached_image_tokens=min(cached_image, image),
        is_estimated=is_estimated,
    )


def cost_of(model: str, usage: Usage, *, version: str = PRICE_VERSION) -> Cost:
    """The price of a usage under a table; cached tokens are never charged a second time."""
    amount = exact_usd(model, usage, version=version).quantize(_MICRODOLLAR, ROUND_HALF_UP)
    return Cost(amount, usage.is_estimated or not price_of(model, version=version)[1])


def exact_usd(model: str, usage: Usage, *, version: str = PRICE_VERSION) -> Decimal:
    """The price of a usage, not rounded: for a share of a call, which may cost less than a microdollar."""
    return sum(lines_of(model, usage, version=version).values(), Decimal(0))


def lines_of(model: str, usage: Usage, *, version: str = PRICE_VERSION) -> dict[str, Decimal]:
    """The lines of an invoice: exact USD by modality, named as the table's columns."""
    price, _ = price_of(model, version=version)
    tokens = {
        "text_in": (usage.text_input_tokens - usage.cached_text_tokens, price.text_in),
        "text_cached": (usage.cached_text_tokens, price.text_cached),
        "text_out": (usage.text_output_tokens, price.text_out),
        "audio_in": (usage.audio_input_tokens - usage.cached_audio_tokens, price.audio_in),
        "audio_cached": (usage.cached_audio_tokens, price.audio_cached),
        "audio_out": (usage.audio_output_tokens, price.audio_out),
        "image_in": (usage.image_input_tokens - usage.cached_image_tokens, price.image_in),
        "image_cached": (usage.cached_image_tokens, price.image_cached),
    }
    lines = {name: count * each / _MILLION for name, (count, each) in tokens.items()}
    return {**lines, "minutes": Decimal(str(usage.duration_seconds)) / 60 * price.per_minute}


def price_of(model: str, *, version: str = PRICE_VERSION) -> tuple[Price, bool]:
    """The price of a model or of its dated snapshot, and whether the table knows it."""
    table = _TABLES[version]
    # gpt-realtime-2025-08-28 is priced as gpt-realtime; gpt-realtime-3 is another model, and may be dearer.
    found = table.get(model) or table.get(_SNAPSHOT_DATE.sub("", model))
    return (table[DEAREST], False) if found is None else (found, True)


def price_tables() -> Mapping[str, Mapping[str, Price]]:
    """Every table that was ever billed by: version to model to price."""
    return _TABLES


def endings(models: Iterable[str], *, on: date) -> list[str]:
    """One sentence for each of the models that the provider has shut down, or will within four months."""
    sentences = []
    for model in dict.fromkeys(models):
        end = price_of(model)[0].shuts_down_on if price_of(model)[1] else None
        if end is not None and end <= on:
            sentences.append(f"found model {model}, which the provider shut down on {end}: name another one")
        elif end is not None and (end - on).days <= _WARN_DAYS:
            sentences.append(f"model {model} is shut down by the provider on {end}: name another one before that day")
    return sentences


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
