"""What a franchise's report tells of its gyms: no number of one to four, nor one that gives such a number away. Pure.

Asked when a report is written (`report_writing.py`), kept (`warehouse/stores/reports.py`) and shown (page and PDF):
reports of before the rule hold every number.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jarvis import small_numbers
from jarvis.conversations import Topic

if TYPE_CHECKING:
    from jarvis.reports import Findings, GymLine, Week

# What gyms are compared by, beside the members at risk.
COUNTS = ("visit_count", "session_count", "negative_session_count", "alert_opened_count")
# What is reckoned from a count that is not told is not told either.
_RESTS_ON = {"session_minutes": "session_count", "mean_sentiment_score": "analysed_session_count"}


def columns_of(lines: "Sequence[GymLine]") -> dict[str, small_numbers.Column]:
    """Each count of the gyms as it may stand beside its sum; a gym of one to four members keeps none."""
    few = [not small_numbers.is_told(line.active_member_count) for line in lines]
    return _columns(
        [
            {name: None if is_few else count for name, count in _counts_of(line).items()}
            for line, is_few in zip(lines, few, strict=True)
        ]
    )


def gyms_side_by_side(lines: "Sequence[GymLine]") -> list[dict[str, small_numbers.Told]]:
    """Each gym's counts as they may stand beside the others'."""
    return _rows(columns_of(lines), len(lines))


def kept(counts: Mapping[str, small_numbers.Told]) -> dict[str, Any]:
    """One gym's counts as a report keeps them: None for few, and the names of those withheld for another's sake."""
    told = {name: None if isinstance(count, small_numbers.Hidden) else count for name, count in counts.items()}
    return {
        "figures": {name: told[name] for name in COUNTS},
        "at_risk_member_count": told["at_risk_member_count"],
        "withheld": [name for name, count in counts.items() if count is small_numbers.Hidden.BESIDE],
    }


def told_topics(findings: "Findings") -> list[dict[str, Any]]:
    """The topics as a report keeps them."""
    return _told_topics(
        [
            {"topic": str(one.topic), "session_count": one.session_count, "negative_count": one.negative_count}
            for one in findings.topics
        ],
        is_network=findings.is_network,
    )


def visits_of_week(findings: "Findings", week: "Week") -> int | None:
    """A week's visits; None for a network's where they are few, or where the period itself does not tell them."""
    if not findings.is_network:
        return week.visit_count
    is_period = findings.period.start + timedelta(days=7) == findings.period.end and week.last == findings.period.last
    is_gone = is_period and is_withheld(findings, "now", "visit_count")
    return None if is_gone else small_numbers.told(week.visit_count)


def kept_gyms(gyms: Sequence[Mapping[str, Any]]) -> list[dict[str, small_numbers.Told]]:
    """The counts of a kept report's gyms as they may stand side by side, also where an older report holds them all."""
    kept_counts = [
        {**{name: gym["figures"][name] for name in COUNTS}, "at_risk_member_count": gym["at_risk_member_count"]}
        for gym in gyms
    ]
    marked = [
        {name: small_numbers.Hidden.BESIDE if name in gym.get("withheld", ()) else one for name, one in counts.items()}
        for gym, counts in zip(gyms, kept_counts, strict=True)
    ]
    return _rows(_columns(marked), len(gyms))


def kept_topics(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A kept report's topics; of a network's, none of one to four conversations, and no few unhappy ones (None)."""
    return _told_topics(metrics.get("topics") or (), is_network=bool(metrics.get("gyms")))


def complained_topics(metrics: Mapping[str, Any], *, most: int) -> list[dict[str, Any]]:
    """Of a kept report's topics those with a name that somebody was unhappy about; None for a few, as told."""
    found = [one for one in kept_topics(metrics) if one["topic"] != Topic.OTHER and one["negative_count"] != 0]
    return found[:most]


def _told_topics(topics: Sequence[Mapping[str, Any]], *, is_network: bool) -> list[dict[str, Any]]:
    if not is_network:
        return [dict(one) for one in topics]
    return [
        {**one, "negative_count": small_numbers.told(one["negative_count"])}
        for one in topics
        if small_numbers.is_told(one["session_count"])
    ]


def at_risk_of(findings: "Findings") -> int | None:
    """How many members are at high risk; None for a network's that is not told."""
    count = findings.standing.at_risk_member_count
    if not findings.is_network:
        return count
    return small_numbers.told(count) if columns_of(findings.gyms)["at_risk_member_count"].is_sum_told else None


def told_now(findings: "Findings", name: str) -> int | None:
    """A count of the period; None for a network's that is not told."""
    count: int = getattr(findings.now, name)
    return None if is_withheld(findings, "now", name) else count


def is_withheld(findings: "Findings", when: str, name: str) -> bool:
    """True for a network's count of one to four, and for a sum that would tell one of a gym."""
    count = _RESTS_ON.get(name, name)
    if not findings.is_network or not count.endswith("_count"):
        return False
    if when == "now" and count in COUNTS and not columns_of(findings.gyms)[count].is_sum_told:
        return True
    return not small_numbers.is_told(getattr(getattr(findings, when), count))


def _columns(gyms: Sequence[Mapping[str, small_numbers.Told | None]]) -> dict[str, small_numbers.Column]:
    names = (*COUNTS, "at_risk_member_count")
    return {name: small_numbers.side_by_side([gym[name] for gym in gyms]) for name in names}


def _rows(columns: Mapping[str, small_numbers.Column], gym_count: int) -> list[dict[str, small_numbers.Told]]:
    return [{name: column.counts[place] for name, column in columns.items()} for place in range(gym_count)]


def _counts_of(line: "GymLine") -> dict[str, int]:
    counts: dict[str, int] = {name: getattr(line.figures, name) for name in COUNTS}
    return {**counts, "at_risk_member_count": line.at_risk_member_count}
