"""From when on a gym is told of silent kiosks, round numbers of visits and missing check-ins: its own numbers, its
franchise's, or the rules'.

Pure. `app.held_thresholds` and the stages' own queries bring what is set; the rules that fire and their previews read
it here alike. Churn has its threshold in the query of candidates, mood one for the network in the settings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jarvis.alert_previews import THRESHOLDS
from jarvis.alert_upkeep import CHECKINS_SILENT_AFTER
from jarvis.alerts import MILESTONES, AlertType
from jarvis.kiosk_health import ALERT_AFTER

# The kinds of alert with a number that a gym, or its franchise, sets here.
SET_BY_GYM = (AlertType.KIOSK_OFFLINE, AlertType.MILESTONE, AlertType.DATA_QUALITY)

# The table's own bounds (migration 0374).
MOST_MILESTONES = 12
HIGHEST_MILESTONE = 10_000


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What holds for one gym."""

    kiosk_alert_after: timedelta = ALERT_AFTER
    """Silence of a kiosk within opening hours."""
    milestones: tuple[int, ...] = MILESTONES
    """Numbers of visits, ascending."""
    checkins_silent_after: timedelta = CHECKINS_SILENT_AFTER
    """Time without any check-in where they are usual."""


def held(row: Mapping[str, Any]) -> Thresholds:
    """What is set for a gym, and the rules' own where nothing is.

    Args:
        row: `kiosk_silence_minutes`, `milestone_visits` and `checkins_silent_hours`, each null or missing for unset.
    """
    minutes, steps, hours = (
        row.get(name) for name in ("kiosk_silence_minutes", "milestone_visits", "checkins_silent_hours")
    )
    return Thresholds(
        ALERT_AFTER if minutes is None else timedelta(minutes=minutes),
        MILESTONES if steps is None else tuple(sorted(set(steps))),
        CHECKINS_SILENT_AFTER if hours is None else timedelta(hours=hours),
    )


def read_milestones(text: str) -> tuple[int, ...] | None:
    """« 50, 100 et 1 000 » as ascending numbers of visits, each once; None where it is not one to twelve of them."""
    # A blank of thousands stands between a figure and three more.
    joined = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))", "", text)
    if not re.fullmatch(r"\s*\d+(?:\s*(?:[,;]|et|\s)\s*\d+)*\s*[,;]?\s*", joined):
        return None
    steps = tuple(sorted({int(one) for one in re.findall(r"\d+", joined)}))
    return steps if len(steps) <= MOST_MILESTONES and steps[0] >= 1 and steps[-1] <= HIGHEST_MILESTONE else None


def read_steps(kind: AlertType, text: str) -> tuple[int, ...] | None:
    """A threshold as somebody types it; None where it is none of this kind, or out of its bounds."""
    if kind is AlertType.MILESTONE:
        return read_milestones(text)
    bounds = THRESHOLDS[kind]
    return (int(text),) if re.fullmatch(r"\d{1,6}", text) and bounds.low <= int(text) <= bounds.high else None


def expected_steps(kind: AlertType) -> str:
    """What a threshold of this kind may be."""
    bounds = THRESHOLDS[kind]
    if kind is AlertType.MILESTONE:
        return f"1 to {MOST_MILESTONES} numbers of visits up to {HIGHEST_MILESTONE}, such as 50,100,200, or default"
    return f"whole {bounds.unit} from {bounds.low:g} to {bounds.high:g}, or default"


def milestone_words(steps: Sequence[int]) -> str:
    """The numbers as they are typed: 50, 100, 1000."""
    return ", ".join(str(one) for one in steps)
