"""Golden invoices: what a session's usage reports cost, by model and modality, to the cent.

The files in `tests/golden/invoices` carry their own arithmetic, done by hand with the published prices and exact
fractions; nothing in them was computed by the code under test.
"""

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from jarvis.prices import Usage, lines_of
from tests.conftest import REPOSITORY
from tests.unit.voice_gateway.test_session import PROFILE, SCOPE, START, upstream, written
from voice_gateway.effects import Opened, SessionPlan, UpstreamOpened
from voice_gateway.session import VoiceSession

USAGE_FIELDS = (
    "text_input_tokens", "audio_input_tokens", "cached_text_tokens", "cached_audio_tokens", "text_output_tokens",
    "audio_output_tokens", "image_input_tokens", "cached_image_tokens", "duration_seconds",
)  # fmt: skip
INVOICES = sorted((REPOSITORY / "tests" / "golden" / "invoices").glob("*.json"))


def billed(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    """The ledger's rows after a whole session that reported this, each source as the database keeps it: once."""
    plan = SessionPlan(
        scope=SCOPE, gateway_instance="gateway-1", is_kiosk=True,
        profile=replace(PROFILE, model=invoice["model"], transcription_model=invoice["transcription_model"]),
    )  # fmt: skip
    session = VoiceSession(plan, START)
    effects = session.receive(Opened(None), START) + session.receive(UpstreamOpened(), START)
    effects += upstream(session, {"type": "session.updated", "session": {"type": "realtime"}})
    for report in invoice["reports"]:
        effects += upstream(session, report)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in written(effects, "save_usage"):
        rows.setdefault((row["source_kind"], row["source_id"]), row)
    assert session.cost_usd == sum(Decimal(row["cost_usd"]) for row in rows.values())
    return list(rows.values())


@pytest.mark.parametrize("path", INVOICES, ids=lambda path: path.stem)
def test_an_invoice_is_right_to_the_cent(path: Path) -> None:
    """One row for each response and each transcription; each line by modality, and the sum, as worked out by hand."""
    invoice = json.loads(path.read_text())
    expected = invoice["expected"]
    rows = billed(invoice)
    sources = {report.get("item_id") or report["response"]["id"] for report in invoice["reports"]}
    assert {row["source_id"] for row in rows} == sources
    assert len(rows) == len(sources)

    lines: dict[str, dict[str, Fraction]] = {}
    for row in rows:
        usage = Usage(**{name: row[name] for name in USAGE_FIELDS})
        model_lines = lines.setdefault(row["model"], {})
        for modality, usd in lines_of(row["model"], usage, version=invoice["price_version"]).items():
            model_lines[modality] = model_lines.get(modality, Fraction(0)) + Fraction(usd)
    for model, modalities in expected["lines"].items():
        by_hand = {name: Fraction(line["usd"]) for name, line in modalities.items()}
        found = {name: usd for name, usd in lines.pop(model).items() if usd or name in by_hand}
        assert found.keys() == by_hand.keys()
        # A third of a minute has no last decimal.
        assert all(abs(found[name] - by_hand[name]) < Fraction(1, 10**20) for name in by_hand)
    assert not lines

    total = sum(Decimal(row["cost_usd"]) for row in rows)
    # Each row is rounded to a millionth of a dollar.
    assert abs(Fraction(total) - Fraction(expected["total"])) <= Fraction(len(rows), 2 * 10**6)
    assert round(total * 100) == expected["cents"]
    assert {row["source_id"] for row in rows if row["is_estimated"]} == set(expected["estimated"])


@pytest.mark.parametrize("path", INVOICES, ids=lambda path: path.stem)
def test_the_arithmetic_of_a_file_is_its_own_sum(path: Path) -> None:
    """A reader can check each line: what stands beside it gives its amount, and the lines give the total."""
    expected = json.loads(path.read_text())["expected"]
    lines = [line for modalities in expected["lines"].values() for line in modalities.values()]
    for line in lines:
        parts = re.fullmatch(r"\(([\d. +]+)\)(?: s / (60))? x ([\d.]+)(?: / (1000000))?", line["arithmetic"])
        assert parts
        amount = sum(Fraction(number) for number in parts[1].split(" + "))
        assert Fraction(line["usd"]) == amount * Fraction(parts[3]) / int(parts[2] or parts[4])
    assert Fraction(expected["total"]) == sum(Fraction(line["usd"]) for line in lines)
    assert expected["cents"] == (Fraction(expected["total"]) * 100 + Fraction(1, 2)).__floor__()


def test_the_default_session_costs_less_than_ten_cents() -> None:
    """Six turns on the default models: the goal of the design."""
    invoice = json.loads((REPOSITORY / "tests" / "golden" / "invoices" / "six_turns_default.json").read_text())
    assert invoice["expected"]["cents"] < 10
