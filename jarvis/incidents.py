"""What broke in the pipeline and how a person is told: one letter over all that is new, repeated with a count.

Pure; in English, for the data team. `warehouse/stores/incidents.py` counts, `orchestration/watch.py` looks and sends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jarvis.mail import Letter, Section

# A cause that goes on is told again after this, with its count.
REPEAT_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that was wrong at a moment."""

    cause: str
    """Kind and subject; the same cause is one incident."""
    summary: str
    """One line for a person, without any error's own text."""
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """A cause that is due to be told."""

    cause: str
    summary: str
    first_at: datetime
    last_at: datetime
    occurrence_count: int
    new_count: int
    """Since it was told last."""
    ended_at: datetime | None


def letter(incidents: Sequence[Incident], *, dagster_url: str) -> Letter:
    """What is due, in one letter; the subject says how much and what came first."""
    first = incidents[0].summary
    more = f" (and {len(incidents) - 1} more)" if len(incidents) > 1 else ""
    return Letter(
        subject=f"JARVIS: {first}{more}",
        opening=("JARVIS found something that needs a person.",),
        sections=tuple(Section(one.summary, tuple(_lines(one))) for one in incidents),
        closing=(
            f"The same cause is told again after {REPEAT_AFTER.total_seconds() / 3600:.0f} hours at the earliest, "
            "with its count.",
            "You receive this because your address is in JARVIS_OPERATORS_MAIL.",
        ),
        link=("Dagster", dagster_url),
        language="en",
    )


def _lines(one: Incident) -> list[str]:
    times = "once" if one.occurrence_count == 1 else f"{one.occurrence_count} times"
    new = f", {one.new_count} since the last message" if one.new_count < one.occurrence_count else ""
    lines = [
        f"seen {times}{new}",
        f"first {one.first_at:%Y-%m-%d %H:%M} UTC, last {one.last_at:%Y-%m-%d %H:%M} UTC",
    ]
    if one.ended_at is not None:
        lines.append(f"well again since {one.ended_at:%Y-%m-%d %H:%M} UTC")
    return lines
