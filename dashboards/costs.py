"""A month's cost as « Coûts » shows it: rows of the marts in, tiles and table lines out. No query.

A day is a gym's own local day. « Today » is the reader's day in Paris: a gym elsewhere is off by hours at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dashboards import formats, navigation
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.periods import months_back
from dashboards.records import Row
from dashboards.tiles import Drill, Tile
from jarvis import small_numbers, spending
from jarvis.budgets import Standing, VoiceMode

# Behind the month: last month's forecast is tried out too, and needs four weeks before that.
LOOK_BACK_DAYS = 31
MONTHS_OFFERED = 12

FORECAST_METHOD = (
    "Prévision : ce qui est dépensé, plus, pour chaque jour restant, la moyenne du même jour de semaine "
    "sur les 28 derniers jours."
)
ANOMALY_METHOD = (
    "Une journée est signalée quand elle dépasse la médiane du même jour de semaine des 8 semaines d'avant de plus de "
    "3 écarts médians, de plus de moitié et de plus de 0,50 $."
)

# By gym and month; the tile is the same over all gyms in view.
COST_PER_MEMBER = ("fct_franchise_gyms_monthly", "cost_per_member_usd")

# The lines of the bill that an address asks for: `lignes=voix`.
LINES, VOICE_LINES = "lignes", "voix"

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class GymDays:
    """One gym's cost day by day."""

    costs: spending.Days
    voice: spending.Days


@dataclass(frozen=True, slots=True)
class Month:
    """The month that is looked at."""

    first: date
    last: date
    """The month's last day, or today where it is not over."""
    today: date

    @property
    def is_current(self) -> bool:
        """True for the month that is not over."""
        return self.first == self.today.replace(day=1)

    @property
    def days(self) -> Mapping[str, str]:
        """The month as an address says it."""
        return navigation.days(self.first, self.last)

    @property
    def since(self) -> date:
        """The first day that is asked for: what the forecast and the habits rest on."""
        return months_back(self.first, 1) - timedelta(days=LOOK_BACK_DAYS)

    @property
    def before(self) -> tuple[date, date]:
        """As many days of the month before."""
        first, last = spending.month_of(months_back(self.first, 1))
        return first, min(last, first + (self.last - self.first)) if self.is_current else last


def months(today: date) -> list[date]:
    """The first days of the months one may look at, the current one first."""
    return [months_back(today, ago) for ago in range(MONTHS_OFFERED)]


def month(first: date, *, today: date) -> Month:
    """The month that begins on this day, as far as it has gone."""
    return Month(first, min(spending.month_of(first)[1], today), today)


def days_by_gym(rows: Sequence[Row]) -> dict[UUID, GymDays]:
    """Gym to its days, of `marts_costs.days`."""
    return {
        row["gym_id"]: GymDays(
            dict(zip(row["dates"], row["costs_usd"], strict=True)),
            dict(zip(row["dates"], row["voice_costs_usd"], strict=True)),
        )
        for row in rows
    }


def together(days: Iterable[spending.Days]) -> spending.Days:
    """The days of all of them, summed."""
    summed: dict[date, Decimal] = {}
    for one in days:
        for day, cost in one.items():
            summed[day] = summed.get(day, _ZERO) + cost
    return summed


def tiles(
    of: Month, days: spending.Days, sessions: Row | None, gyms: Sequence[Row], dear: Sequence[date], *,
    member_count: int,
) -> list[Tile]:  # fmt: skip
    """The month in six figures, one of them how it will end while it is not over.

    Args:
        days: every gym in view together.
        sessions: session_count, median_usd and high_usd of all of them; None where there is no session.
        gyms: `costs.gyms`.
        dear: each day of a gym that cost far more than usual, the latest first.
        member_count: active on the month's first day, in every gym in view.
    """
    talks = Drill(url_path="conversations", query=of.days, label="Voir les échanges")
    total = spending.spent(days, of.first, of.last)
    count = sessions["session_count"] if sessions else 0
    told = spending.forecast(days, today=of.today) if of.is_current else None
    missed = spending.past_error(days, today=of.today) if told else None
    method = say(FORECAST_METHOD)
    if missed is not None:
        wrong = f"{formats.number(float(missed) * 100)}\u00a0%"
        method += f" {say('Erreur le mois dernier, à la même date :')} {wrong}."
    budgets = [gym["budget_usd"] for gym in gyms if gym["budget_usd"] is not None]
    month_end = Tile(
        label="Fin du mois", value=float(told.expected_usd) if told else None, unit="\u00a0$", decimals=2,
        source=(METRIC, "cost_usd"), method=method, drill=talks,
    )  # fmt: skip
    return [
        Tile(
            label="Coût du mois", value=float(total), unit="\u00a0$", decimals=2, more_is_better=False,
            before=float(spending.spent(days, *of.before)) or None, source=(METRIC, "cost_usd"), drill=talks,
        ),
        *([month_end] if of.is_current else []),
        Tile(
            label="Budgets de voix", value=float(sum(budgets, _ZERO)) if budgets else None, unit="\u00a0$", decimals=2,
            source=("dim_gyms", "voice_budget_usd"),
            drill=Drill(url_path="couts", query={LINES: VOICE_LINES}, label="Voir les lignes"),
        ),
        Tile(
            label="Coût d'un échange", value=float(total / count) if count else None, unit="\u00a0$", decimals=3,
            source=(METRIC, "cost_per_session_usd"), drill=talks, more_is_better=False,
            method=None if not sessions or not count else (
                f"{say('Médiane')} {formats.number(sessions['median_usd'], decimals=3)}\u00a0$, "
                f"95\u00a0% < {formats.number(sessions['high_usd'], decimals=3)}\u00a0$."
            ),
        ),
        Tile(
            label="Coût par adhérent", unit="\u00a0$", decimals=3, source=COST_PER_MEMBER, more_is_better=False,
            value=float(total / member_count) if small_numbers.told(member_count) else None,
            drill=Drill(url_path="adherents", label="La liste"),
        ),
        Tile(
            label="Jours anormaux", value=len(dear), source=(METRIC, "cost_usd"), method=say(ANOMALY_METHOD),
            more_is_better=False, drill=_dear_drill(dear),
        ),
    ]  # fmt: skip


def _dear_drill(dear: Sequence[date]) -> Drill | None:
    """The conversations of the odd day; of the latest one where there are several, since others lie between them."""
    if not dear:
        return None
    label = "Voir ce jour" if len(set(dear)) == 1 else "Voir le dernier"
    return Drill(url_path="conversations", query=navigation.days(dear[0], dear[0]), label=label)


def dear_days(of: Month, days: Mapping[UUID, GymDays]) -> list[tuple[UUID, spending.DearDay]]:
    """Gym and day, the latest first; today is not over and is not judged."""
    last = of.last if of.last < of.today else of.today - timedelta(days=1)
    found = [
        (gym_id, dear) for gym_id, one in days.items()
        for dear in spending.dear_days(one.costs, first=of.first, last=last)
    ]  # fmt: skip
    return sorted(found, key=lambda pair: (pair[1].day, pair[1].cost_usd), reverse=True)


def gym_lines(
    of: Month, days: Mapping[UUID, GymDays], gyms: Sequence[Row], counts: Mapping[UUID, int],
    by_member: Mapping[UUID, Decimal | None],
) -> list[dict[str, Any]]:  # fmt: skip
    """One line a gym, the dearest first: what it cost, by conversation and by member, and where its budget stands.

    Conversations that are not told beside other gyms' are None, and so is what one of them cost.

    Args:
        counts: conversations of the month.
        by_member: `marts_costs.members`, US dollars.
    """
    beside = small_numbers.side_by_side([counts.get(gym["gym_id"], 0) for gym in gyms]).told
    lines = [
        {
            **_gym_line(of, days.get(gym["gym_id"], GymDays({}, {})), gym, count),
            "member_cost_usd": by_member.get(gym["gym_id"]),
        }
        for gym, count in zip(gyms, beside, strict=True)
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (-line["cost_usd"], line["gym_name"]))


def franchise_lines(lines: Sequence[Mapping[str, Any]], counts: Mapping[UUID, int]) -> list[dict[str, Any]]:
    """The lines of gyms, summed by franchise, the dearest first; as few conversations are told as beside gyms.

    Args:
        counts: conversations of the month by gym.
    """
    summed: dict[str | None, dict[str, Any]] = {}
    for line in lines:
        found = summed.setdefault(
            line["franchise_name"],
            {"franchise_name": line["franchise_name"], "gym_count": 0, "cost_usd": _ZERO, "session_count": 0},
        )
        found["gym_count"] += 1
        found["cost_usd"] += line["cost_usd"]
        found["session_count"] += counts.get(line["gym_id"], 0)
    beside = small_numbers.side_by_side([found["session_count"] for found in summed.values()]).told
    told = [{**found, "session_count": count} for found, count in zip(summed.values(), beside, strict=True)]
    return sorted(told, key=lambda line: -line["cost_usd"])


def _gym_line(of: Month, days: GymDays, gym: Row, session_count: int | None) -> dict[str, Any]:
    cost, voice = spending.spent(days.costs, of.first, of.last), spending.spent(days.voice, of.first, of.last)
    budget = gym["budget_usd"]
    told = spending.forecast(days.voice, today=of.today) if of.is_current else None
    standing = None if budget is None else Standing(of.first, voice, budget, gym["cheaper_share"])
    return {
        "gym_id": gym["gym_id"],
        "gym_name": gym["gym_name"],
        "franchise_name": gym["franchise_name"],
        "cost_usd": cost,
        "session_count": session_count,
        "session_cost_usd": cost / session_count if session_count else None,
        "budget_usd": budget,
        "cheaper_share": gym["cheaper_share"],
        "voice_usd": voice,
        "used_share": float(voice / budget) if budget else None,
        "expected_usd": told.expected_usd if told else None,
        "state": _state(of, days.voice, told, standing),
    }


def _state(of: Month, voice: spending.Days, told: spending.Forecast | None, standing: Standing | None) -> str:
    """Where a gym's budget stands, and when it will be reached."""
    if standing is None:
        return "Sans budget"
    if standing.mode is VoiceMode.TEXT:
        return "Atteint : écrit seulement"
    reached = spending.reaches(voice, told, standing.budget_usd, today=of.today) if told else None
    if reached is not None:
        return f"Atteint vers le {reached:%d/%m}"
    return "Modèle économique" if standing.mode is VoiceMode.CHEAPER else "Tient"
