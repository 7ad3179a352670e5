"""Golden invoices: usage reports in the shapes the provider sends, priced by hand."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from jarvis.prices import Price, Usage, cost_of, endings, exact_usd, price_of, usage_of

# The usage object of a response.done, as OpenAI documents it.
RESPONSE = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119,
        "audio_tokens": 13,
        "image_tokens": 0,
        "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}


def test_cached_tokens_are_charged_once() -> None:
    """(119-64)*0.60 + 64*0.06 + 13*10 + 30*2.40 + 91*20 = 2058.84 millionths."""
    cost = cost_of("gpt-realtime-2.1-mini", usage_of(RESPONSE))
    assert cost.usd == Decimal("0.002059")
    assert not cost.is_estimated


def test_cached_tokens_without_a_split_are_text_first_and_flagged() -> None:
    """Azure's shape gives only the sum; the assumption shows."""
    usage = usage_of(
        {"input_token_details": {"text_tokens": 50, "audio_tokens": 100, "cached_tokens": 64}, "output_tokens": 0}
    )
    assert (usage.cached_text_tokens, usage.cached_audio_tokens) == (50, 14)
    assert usage.is_estimated


def test_a_transcription_is_billed_by_the_minute_or_by_the_token() -> None:
    """Both shapes of a transcription's usage have a price."""
    by_time = usage_of({"type": "duration", "seconds": 3.2})
    assert cost_of("gpt-realtime-whisper", by_time).usd == Decimal("0.000907")
    by_token = usage_of(
        {
            "type": "tokens",
            "input_tokens": 42,
            "output_tokens": 11,
            "total_tokens": 53,
            "input_token_details": {"audio_tokens": 40, "text_tokens": 2},
        }
    )
    # (40 + 2) * 1.25 + 11 * 5 = 107.5 millionths.
    assert cost_of("gpt-4o-mini-transcribe", by_token).usd == Decimal("0.000108")


def test_a_dated_snapshot_has_its_familys_price() -> None:
    """gpt-realtime-2025-08-28 is gpt-realtime, but gpt-realtime-mini is not."""
    assert price_of("gpt-realtime-2025-08-28") == price_of("gpt-realtime")
    assert price_of("gpt-realtime-mini")[0].audio_in == Decimal(10)


@pytest.mark.parametrize("model", ["gpt-realtime-3", "gpt-realtime-1", "gpt-realtime-mini-2", "gpt-realtime-2026"])
def test_a_number_that_is_no_date_names_another_model(model: str) -> None:
    """A new generation has a price of its own: until it is known, the dearest, and the bill says so."""
    assert price_of(model) == (price_of("gpt-realtime-2.1")[0], False)


def test_an_unknown_model_costs_the_dearest_and_says_so() -> None:
    """A budget never errs towards free."""
    cost = cost_of("gpt-tomorrow", Usage(audio_output_tokens=1_000_000))
    assert cost.usd == Decimal(64)
    assert cost.is_estimated


@pytest.mark.parametrize("report", [{}, {"input_tokens": None}, {"input_token_details": None, "total_tokens": 0}])
def test_an_empty_report_costs_nothing(report: dict[str, object]) -> None:
    """All-zero usage, seen on failed responses, has a price of zero."""
    assert cost_of("gpt-realtime-2.1-mini", usage_of(report)).usd == 0


def test_every_recorded_usage_splits_into_its_own_total(data_dir: Path) -> None:
    """In real recordings, text and audio add up to what the provider billed."""
    reports = [
        usage
        for path in sorted((data_dir / "openai_realtime_events" / "recorded_sessions").glob("openai_ws__*.jsonl"))
        for line in path.read_text().splitlines()
        if (event := json.loads(line)["event"]) and event.get("type") == "response.done"
        if (usage := event["response"].get("usage"))
    ]
    assert reports
    for report in reports:
        usage = usage_of(report)
        assert usage.text_input_tokens + usage.audio_input_tokens == report["input_tokens"]
        assert usage.text_output_tokens + usage.audio_output_tokens == report["output_tokens"]
        assert not usage.is_estimated


def test_the_hosted_analysis_is_priced_by_the_same_table() -> None:
    """600 fresh at 0.15, 400 cached at 0.075, 300 out at 0.60; a vector's fifth of a microdollar is kept."""
    chat = Usage(text_input_tokens=1000, cached_text_tokens=400, text_output_tokens=300)
    assert cost_of("gpt-4o-mini-2024-07-18", chat).usd == Decimal("0.000300")
    assert exact_usd("text-embedding-3-small", Usage(text_input_tokens=10)) == Decimal("0.0000002")


# One line for each model that the provider's price list has: text in, cached, out, audio in, cached, out, image in,
# cached (USD per million tokens), USD a minute, and the day it ends. Typed from the list, not from our table.
PUBLISHED = """
gpt-realtime-2.1 4 0.40 24 32 0.40 64 5 0.50 0 -
gpt-realtime-2 4 0.40 24 32 0.40 64 5 0.50 0 -
gpt-realtime-1.5 4 0.40 16 32 0.40 64 5 0.50 0 -
gpt-realtime-2.1-mini 0.60 0.06 2.40 10 0.30 20 0.80 0.08 0 -
gpt-realtime 4 0.40 16 32 0.40 64 5 0.50 0 2027-01-20
gpt-realtime-mini 0.60 0.06 2.40 10 0.30 20 0.80 0.08 0 2027-01-20
gpt-4o-mini-realtime-preview 0.60 0.30 2.40 10 0.30 20 0 0 0 2026-05-07
gpt-4o-mini-realtime-preview-2024-12-17 0.60 0.30 2.40 10 0.30 20 0 0 0 2026-07-23
gpt-4o-mini 0.15 0.075 0.60 0 0 0 0 0 0 2027-01-14
text-embedding-3-small 0.02 0.02 0 0 0 0 0 0 0 -
gpt-4o-transcribe 2.50 2.50 10 2.50 2.50 0 0 0 0 2027-02-26
gpt-4o-mini-transcribe 1.25 1.25 5 1.25 1.25 0 0 0 0 2027-02-26
whisper-1 0 0 0 0 0 0 0 0 0.006 2027-02-26
gpt-transcribe 0 0 0 0 0 0 0 0 0.0045 -
gpt-realtime-whisper 0 0 0 0 0 0 0 0 0.017 -
gpt-live-transcribe 0 0 0 0 0 0 0 0 0.017 -
"""


@pytest.mark.parametrize("line", PUBLISHED.strip().splitlines(), ids=lambda line: line.split()[0])
def test_the_table_is_the_published_one(line: str) -> None:
    """Every published model is known, at its price and with its end."""
    model, *numbers, end = line.split()
    price, is_known = price_of(model)
    assert is_known
    assert price == Price(*map(Decimal, numbers), shuts_down_on=None if end == "-" else date.fromisoformat(end))


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 9, 1), None),
        (date(2026, 11, 22), "is shut down by the provider on 2027-01-20"),
        (date(2027, 1, 19), "is shut down by the provider on 2027-01-20"),
        (date(2027, 1, 20), "shut down on 2027-01-20"),
    ],
)
def test_the_end_of_a_model_is_told_in_time(on: date, expected: str | None) -> None:
    """Four months before, and from the day itself; a model without an end is never spoken of."""
    found = endings(["gpt-realtime", "gpt-realtime-2.1-mini", "gpt-tomorrow"], on=on)
    assert len(found) == (expected is not None)
    assert all(expected and expected in sentence for sentence in found)
