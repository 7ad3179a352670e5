"""A network's gyms side by side: rows of the marts in, measures, benchmarks and changes out. No Streamlit, no query.

No number of one to four is told: the mart leaves it out, a gym of one to four members has no measure here at all, and
where one gym's number is withheld so is another's, since their sum stands on other pages (`jarvis/small_numbers.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from dashboards.definitions import METRIC
from dashboards.records import Row
from jarvis import small_numbers

# Quartiles of fewer gyms are the gyms themselves.
LEAST_GYMS = 4
# The small bars of a line: this month and those before.
MONTHS_SHOWN = 6
# More bars than these nobody compares at a glance: the ends of the network are drawn, the table has all of it.
MOST_BARS, BARS_AT_EACH_END = 40, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure that gyms are compared by."""

    label: str
    of: Callable[[Row], float | None]
    """A gym's month to its figure; None where it is not told, or there is nothing to divide by."""
    source: tuple[str, str]
    """Mart and column whose description says what is counted."""
    decimals: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Gym:
    """One gym's month, and the ones before."""

    gym_id: UUID
    name: str
    franchise_name: str | None
    member_count: int | None
    """None where it is not told."""
    month: Row | None
    """None for a month in which nothing happened."""
    before: Row | None
    """The month before."""
    visits: tuple[int | None, ...]
    """Month by month, oldest first, up to this one; None where they are too few to be told."""

    def value(self, measure: Measure) -> float | None:
        """The month's figure."""
        return measure.of(self.month) if self.month else None

    def value_before(self, measure: Measure) -> float | None:
        """The figure of the month before."""
        return measure.of(self.before) if self.before else None

    def change(self, measure: Measure) -> float | None:
        """The month's figure against the month before, as a share of it; None where one of the two is not told."""
        now, then = self.value(measure), self.value_before(measure)
        return None if now is None or not then else (now - then) / abs(then)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Where the own gyms lie."""

    median: float
    quartiles: tuple[float, float] | None
    """The lower and the upper; None for fewer than four gyms."""
    gym_count: int


def _share(of: str, among: str, times: int = 1) -> Callable[[Row], float | None]:
    def value(row: Row) -> float | None:
        return None if row[of] is None or not row[among] else times * float(row[of]) / float(row[among])

    return value


def _plain(column: str, times: int = 1) -> Callable[[Row], float | None]:
    return lambda row: None if row[column] is None else times * float(row[column])


_MART = "fct_franchise_gyms_monthly"

MEASURES: Mapping[str, Measure] = {
    "visits": Measure(
        label="Visites par adhérent", of=_share("visit_count", "active_member_count"), source=(METRIC, "visit_count"),
        decimals=1,
    ),
    "talks": Measure(
        label="Échanges pour 100 visites", of=_share("session_count", "visit_count", 100),
        source=(METRIC, "session_count"), decimals=1,
    ),
    "negative": Measure(
        label="Échanges négatifs", of=_share("negative_session_count", "analysed_session_count", 100),
        source=(METRIC, "negative_session_rate"), unit="\u00a0%",
    ),
    "sentiment": Measure(
        label="Sentiment moyen", of=_plain("mean_sentiment_score"), source=(METRIC, "mean_sentiment_score"),
        decimals=2,
    ),
    "churn": Measure(
        label="Taux de départ", of=_plain("churn_rate", 100), source=(_MART, "churn_rate"), decimals=1,
        unit="\u00a0%",
    ),
    "alerts": Measure(
        label="Alertes pour 100 adhérents", of=_share("alert_opened_count", "active_member_count", 100),
        source=(METRIC, "alert_opened_count"), decimals=1,
    ),
    "cost": Measure(
        label="Coût d'un échange", of=_share("cost_usd", "session_count"), source=(METRIC, "cost_per_session_usd"),
        decimals=3, unit="\u00a0$",
    ),
}  # fmt: skip

# Of a gym's month; the others are reckoned from these.
_COUNTS = ("visit_count", "session_count", "negative_session_count", "analysed_session_count", "alert_opened_count")
_RESTS_ON = {"mean_sentiment_score": ("analysed_session_count",), "churn_rate": ()}


def gyms_of(rows: Sequence[Row], *, month: date, before: date) -> list[Gym]:
    """The gyms of `marts_network.months` (each gym's months in order), by name."""
    by_gym: dict[UUID, list[Row]] = {}
    for row in _told(rows):
        by_gym.setdefault(row["gym_id"], []).append(row)
    found = []
    for gym_id, months in by_gym.items():
        told = {row["month_date"]: row for row in months}
        last = months[-1]
        found.append(
            Gym(
                gym_id, last["gym_name"], last["franchise_name"], last["active_member_count"], told.get(month),
                told.get(before), tuple(row["visit_count"] for row in months if row["month_date"] <= month),
            )
        )  # fmt: skip
    return found


def benchmark(gyms: Sequence[Gym], measure: Measure) -> Benchmark | None:
    """Median and quartiles of the gyms that tell this figure; None where fewer than two do."""
    values = [value for gym in gyms if (value := gym.value(measure)) is not None]
    if len(values) < 2:
        return None
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return Benchmark(median(values), (lower, upper) if len(values) >= LEAST_GYMS else None, len(values))


def ends(told: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """The gyms of the lowest and of the highest figures; all of them where they are few.

    Args:
        told: each gym's name and its figure.
    """
    if len(told) <= MOST_BARS:
        return told
    ordered = sorted(told, key=lambda pair: pair[1])
    return [*ordered[:BARS_AT_EACH_END], *ordered[-BARS_AT_EACH_END:]]


def extremes(gyms: Sequence[Gym], measure: Measure) -> tuple[Gym, Gym] | None:
    """The gym that rose most and the one that fell most against the month before; None where fewer than two tell."""
    moved = sorted(
        (gym for gym in gyms if gym.change(measure) is not None), key=lambda gym: gym.change(measure) or 0.0
    )  # fmt: skip
    return (moved[-1], moved[0]) if len(moved) > 1 else None


def lines(gyms: Sequence[Gym]) -> list[dict[str, Any]]:
    """One line a gym, the most visits a member first; a gym of one to four members keeps its name only."""
    found = [
        {
            "gym_id": gym.gym_id, "gym_name": gym.name, "franchise_name": gym.franchise_name,
            "member_count": gym.member_count,
            "visit_counts": list(bars) if any(count is not None for count in bars) else None,
            "visit_change": gym.change(MEASURES["visits"]),
            **{name: gym.value(measure) for name, measure in MEASURES.items()},
        }
        for gym in gyms
        for bars in [gym.visits[-MONTHS_SHOWN:]]
    ]  # fmt: skip
    return sorted(found, key=lambda line: (line["visits"] is None, -(line["visits"] or 0.0), line["gym_name"]))


def _told(rows: Sequence[Row]) -> list[Row]:
    """The rows in their order, each month's gyms as they may stand side by side."""
    members = {row["gym_id"]: row["active_member_count"] for row in rows}
    told_members = dict(zip(members, small_numbers.side_by_side(list(members.values())).told, strict=True))
    by_month: dict[date, list[Row]] = {}
    for row in rows:
        by_month.setdefault(row["month_date"], []).append(row)
    found = {}
    for month, gyms in by_month.items():
        told = small_numbers.compared(gyms, _COUNTS, people="active_member_count", rests_on=_RESTS_ON)
        for row in told.rows:
            found[month, row["gym_id"]] = {**row, "active_member_count": told_members[row["gym_id"]]}
    return [found[row["month_date"], row["gym_id"]] for row in rows]
