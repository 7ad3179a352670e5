"""Every suite passes sound rows and names what is wrong with planted ones, one fault at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jarvis.quality import BY_NAME, SUITES, Severity, Verdict
from orchestration.quality import validate

# One sound row a suite, as its query gives it.
SOUND: Mapping[str, dict[str, Any]] = {
    "sessions_keep_their_contract": {
        "session_id": "s1", "state": "closed", "close_reason": "idle", "badge_outcome": None, "storage_level": "all",
        "language": "fr", "has_one_end": True, "duration_seconds": 60.0, "cost_usd": 0.01, "seconds_ahead": -5.0,
        "cost_is_its_ledger": True,
    },
    "session_volume_is_usual": {"gym_id": "g1", "found_count": 20, "usual_count": 20.0, "share_of_usual": 1.0},
    "events_keep_their_contract": {
        "direction": "kiosk_in", "event_type": "session.update", "payload_is_an_object": True, "payload_bytes": 90,
        "skipped_numbers": 0,
    },
    "turns_keep_their_contract": {
        "session_id": "s1", "position": 1, "role": "member", "status": "final", "sentiment_label": "neutral",
        "emotion": "joy", "sentiment_score": 0.5, "heard_share": 0.5, "is_of_its_sessions_gym": True,
    },
    "usage_can_be_billed": {
        "source_kind": "response", "model": "m", "price_version": "p", "input_tokens": 9, "output_tokens": 9,
        "cached_is_part_of_input": True, "cost_usd": 0.1, "is_reported": True,
    },
    "visits_are_plausible": {
        "member_id": "m1", "visited_at": 1.0, "source": "badge", "seconds_ahead": -5.0, "is_of_its_members_gym": True,
    },
    "visit_volume_is_usual": {"gym_id": "g1", "found_count": 20, "usual_count": 20.0, "share_of_usual": 1.0},
    "memberships_are_plausible": {
        "status": "active", "term_days": 365, "monthly_price_eur": 30.0, "cancelled_has_a_date": True,
    },
    "kiosks_are_heard_when_used": {
        "kiosk_id": "k1", "beat_count": 9, "session_count": 2, "is_heard_when_used": True,
        "has_visits_when_heard": True, "network_ms": 80,
    },
}  # fmt: skip

# What is wrong, and which expectation must say so.
FAULTS = [
    ("sessions_keep_their_contract", {"state": "lost"}, "ColumnValuesToBeInSet(state)", Severity.ERROR),
    ("sessions_keep_their_contract", {"close_reason": "bored"}, "ColumnValuesToBeInSet(close_reason)", Severity.ERROR),
    ("sessions_keep_their_contract", {"language": "xx"}, "ColumnValuesToBeInSet(language)", Severity.WARN),
    ("sessions_keep_their_contract", {"has_one_end": False}, "ColumnValuesToBeInSet(has_one_end)", Severity.ERROR),
    (
        "sessions_keep_their_contract",
        {"duration_seconds": 90_000.0},
        "ColumnValuesToBeBetween(duration_seconds)",
        Severity.ERROR,
    ),
    ("sessions_keep_their_contract", {"cost_usd": -1.0}, "ColumnValuesToBeBetween(cost_usd)", Severity.ERROR),
    ("sessions_keep_their_contract", {"cost_usd": 1_006}, "ColumnValuesToBeBetween(cost_usd)", Severity.ERROR),
    ("usage_can_be_billed", {"cost_usd": 5.01}, "ColumnValuesToBeBetween(cost_usd)", Severity.ERROR),
    ("sessions_keep_their_contract", {"seconds_ahead": 4e3}, "ColumnValuesToBeBetween(seconds_ahead)", Severity.ERROR),
    (
        "sessions_keep_their_contract",
        {"cost_is_its_ledger": False},
        "ColumnValuesToBeInSet(cost_is_its_ledger)",
        Severity.ERROR,
    ),
    (
        "session_volume_is_usual",
        {"share_of_usual": 0.1},
        "ColumnValuesToBeBetween(share_of_usual)",
        Severity.WARN,
    ),
    ("events_keep_their_contract", {"direction": "up"}, "ColumnValuesToBeInSet(direction)", Severity.ERROR),
    ("events_keep_their_contract", {"event_type": "No type"}, "ColumnValuesToMatchRegex(event_type)", Severity.ERROR),
    ("events_keep_their_contract", {"payload_bytes": 10**6}, "ColumnValuesToBeBetween(payload_bytes)", Severity.ERROR),
    (
        "events_keep_their_contract",
        {"skipped_numbers": 2},
        "ColumnValuesToBeBetween(skipped_numbers)",
        Severity.WARN,
    ),
    ("turns_keep_their_contract", {"role": "nobody"}, "ColumnValuesToBeInSet(role)", Severity.ERROR),
    (
        "turns_keep_their_contract",
        {"sentiment_score": 1.5},
        "ColumnValuesToBeBetween(sentiment_score)",
        Severity.ERROR,
    ),
    (
        "turns_keep_their_contract",
        {"is_of_its_sessions_gym": False},
        "ColumnValuesToBeInSet(is_of_its_sessions_gym)",
        Severity.ERROR,
    ),
    ("usage_can_be_billed", {"model": None}, "ColumnValuesToNotBeNull(model)", Severity.ERROR),
    ("usage_can_be_billed", {"input_tokens": 10**7}, "ColumnValuesToBeBetween(input_tokens)", Severity.ERROR),
    ("usage_can_be_billed", {"is_reported": False}, "ColumnValuesToBeInSet(is_reported)", Severity.WARN),
    ("visits_are_plausible", {"seconds_ahead": 9e4}, "ColumnValuesToBeBetween(seconds_ahead)", Severity.ERROR),
    ("visits_are_plausible", {"source": "window"}, "ColumnValuesToBeInSet(source)", Severity.ERROR),
    ("visit_volume_is_usual", {"share_of_usual": 4.0}, "ColumnValuesToBeBetween(share_of_usual)", Severity.WARN),
    ("memberships_are_plausible", {"status": "lent"}, "ColumnValuesToBeInSet(status)", Severity.ERROR),
    (
        "memberships_are_plausible",
        {"monthly_price_eur": 9000.0},
        "ColumnValuesToBeBetween(monthly_price_eur)",
        Severity.WARN,
    ),
    (
        "kiosks_are_heard_when_used",
        {"is_heard_when_used": False},
        "ColumnValuesToBeInSet(is_heard_when_used)",
        Severity.WARN,
    ),
    (
        "kiosks_are_heard_when_used",
        {"has_visits_when_heard": False},
        "ColumnValuesToBeInSet(has_visits_when_heard)",
        Severity.WARN,
    ),
]


def sound_frames() -> dict[str, pd.DataFrame]:
    """One sound row for every suite."""
    return {name: pd.DataFrame([row]) for name, row in SOUND.items()}


def sound_columns() -> dict[str, pd.DataFrame]:
    """Every table with the columns that its suites name."""
    return {
        table: pd.DataFrame(
            {
                "column_type": [
                    f"{name} {kind}" for suite in SUITES if suite.table == table for name, kind in suite.columns.items()
                ]
            }
        )
        for table in {suite.table for suite in SUITES}
    }


def unmet(verdicts: list[Verdict]) -> list[tuple[str, str, Severity]]:
    """What is not met, by suite, expectation and severity."""
    return [(one.suite, one.expectation, one.severity) for one in verdicts if not one.is_met]


def test_sound_rows_pass_and_pages_are_written(tmp_path: Path) -> None:
    """Every expectation of every suite is met and has a verdict of its own; each suite has a page."""
    docs = tmp_path / "data_docs"
    (docs / "old").mkdir(parents=True)
    verdicts = validate(SUITES, sound_frames(), sound_columns(), docs=docs)
    assert unmet(verdicts) == []
    assert [one.error for one in verdicts if one.error] == []
    expected = sum(len(suite.expectations) + bool(suite.columns) for suite in SUITES)
    assert len({(one.suite, one.expectation) for one in verdicts}) == expected
    pages = {path.stem for path in (docs / "expectations").rglob("*.html")}
    assert {suite.name for suite in SUITES} <= {page.partition(".")[0] for page in pages}
    assert (docs / "index.html").is_file()
    assert not (docs / "old").exists()


@pytest.mark.parametrize(("suite", "fault", "expectation", "severity"), FAULTS)
def test_a_planted_fault_is_named(suite: str, fault: dict[str, Any], expectation: str, severity: Severity) -> None:
    """One wrong cell beside a sound row: its suite says which expectation that breaks, and nothing else is said."""
    frame = pd.DataFrame([SOUND[suite], {**SOUND[suite], "session_id": "s2", "member_id": "m2", **fault}])
    frame = frame[list(SOUND[suite])]
    verdicts = validate([BY_NAME[suite]], {suite: frame}, sound_columns())
    assert unmet(verdicts) == [(suite, expectation, severity)]


@pytest.mark.parametrize("suite", ["turns_keep_their_contract", "visits_are_plausible"])
def test_a_row_that_stands_twice_is_named(suite: str) -> None:
    """What must be unique is, over all its columns together."""
    frame = pd.DataFrame([SOUND[suite], SOUND[suite]])
    verdicts = validate([BY_NAME[suite]], {suite: frame}, sound_columns())
    assert [one.expectation.partition("(")[0] for one in verdicts if not one.is_met] == ["CompoundColumnsToBeUnique"]


def test_a_column_that_changed_its_type_is_named() -> None:
    """A column renamed or cast by hand is the schema's fault, not its rows'."""
    suite = BY_NAME["memberships_are_plausible"]
    columns = sound_columns()
    columns["memberships"] = columns["memberships"].replace("expires_on date", "expires_on text")
    verdicts = validate([suite], sound_frames(), columns)
    assert unmet(verdicts) == [(suite.name, "ColumnDistinctValuesToContainSet(column_type)", Severity.ERROR)]


def test_no_rows_are_no_fault() -> None:
    """A young network has empty tables; volume and completeness say so elsewhere."""
    frames = {name: frame.iloc[:0] for name, frame in sound_frames().items()}
    assert unmet(validate(SUITES, frames, sound_columns())) == []


def test_every_suite_has_a_planted_fault() -> None:
    """A suite that was never seen to fail proves nothing."""
    assert {fault[0] for fault in FAULTS} == {suite.name for suite in SUITES} == set(SOUND)
