"""The charts of « Coûts », each the answer to the question in its title: days in, plotly figures out."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from dashboards.figures import BLUE, GREEN, GREY, ORANGE, across, decimals_of, drawn, room, step_to
from jarvis import spending

_DOLLARS = "%{x|%d/%m/%Y} : %{y:,.2f} $<extra></extra>"


def month_so_far(
    days: spending.Days, told: spending.Forecast | None, *, first: date, last: date, month_last: date,
    budget_usd: Decimal | None, labels: Sequence[str],
) -> go.Figure:  # fmt: skip
    """What has been spent since the first, what is expected by the end (dashed), and the budget (dotted).

    Args:
        budget_usd: of the voice; None for none.
        labels: spent, expected, budget.
    """
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    totals = _running(days, dates)
    traces: list[dict[str, Any]] = [{
        "type": "scatter", "x": dates, "y": totals, "mode": "lines", "name": labels[0],
        "line": {"color": BLUE, "width": 3}, "fill": "tozeroy", "fillcolor": "rgba(0, 114, 178, .12)",
        "hovertemplate": _DOLLARS,
    }]  # fmt: skip
    end = (labels[0], dates[-1], totals[-1], BLUE)
    if told is not None and last < month_last:
        left = [last, *(last + timedelta(days=number) for number in range(1, (month_last - last).days + 1))]
        base = float(told.expected_usd - sum((cost for day, cost in told.by_day.items() if day > last), Decimal(0)))
        expected = [base]
        for day in left[1:]:
            expected.append(expected[-1] + float(told.by_day[day]))
        traces.append({
            "type": "scatter", "x": left, "y": expected, "mode": "lines", "name": labels[1], "hovertemplate": _DOLLARS,
            "line": {"color": ORANGE, "width": 3, "dash": "dash"},
        })  # fmt: skip
        end = (labels[1], left[-1], expected[-1], ORANGE)
    budget = across(float(budget_usd), {"dash": "dot", "color": GREY}, words=labels[2]) if budget_usd else {}
    name, day, total, colour = end
    sum_of_month = {
        "x": day, "y": total, "text": f"{name} : {total:.2f} $".replace(".", ","), "showarrow": False,
        "xanchor": "right", "yanchor": "bottom", "font": {"color": colour},
    }  # fmt: skip
    highest = max([*totals, total, float(budget_usd or 0)])
    return _shape(
        traces, first=first, last=month_last, highest=highest, shapes=budget.get("shapes", []),
        annotations=[*budget.get("annotations", []), sum_of_month],
    )  # fmt: skip


def day_by_day(
    days: spending.Days, dear: Sequence[spending.DearDay], *, first: date, last: date, labels: Sequence[str]
) -> go.Figure:
    """Each day's cost as a bar; days far above their habit are hatched, with a mark where the habit lies.

    Args:
        labels: a day, its habit.
    """
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    marked = {one.day: one for one in dear}
    traces: list[dict[str, Any]] = [{
        "type": "bar", "x": dates, "y": [float(days.get(day, 0)) for day in dates], "name": labels[0],
        "hovertemplate": _DOLLARS,
        "marker": {
            "color": [ORANGE if day in marked else BLUE for day in dates],
            "pattern": {"shape": ["/" if day in marked else "" for day in dates]},
        },
    }]  # fmt: skip
    if marked:
        traces.append({
            "type": "scatter", "x": list(marked), "y": [float(one.usual_usd) for one in marked.values()],
            "mode": "markers", "name": labels[1], "hovertemplate": f"{labels[1]} : %{{y:,.2f}} $<extra></extra>",
            "marker": {"symbol": "line-ew-open", "size": 16, "color": GREY, "line": {"width": 3}},
        })  # fmt: skip
    return _shape(traces, first=first, last=last, highest=max(max(trace["y"]) for trace in traces))


def parts(costs: Mapping[str, Decimal]) -> go.Figure:
    """What was paid for, as bars, the dearest on top, each with its amount and its share.

    Args:
        costs: French words to US dollars.
    """
    total = sum(costs.values(), Decimal(0)) or Decimal(1)
    names = sorted(costs, key=lambda name: costs[name])
    bars = {
        "type": "bar", "x": [float(costs[name]) for name in names], "y": names, "orientation": "h",
        "marker": {"color": GREEN}, "textposition": "auto", "cliponaxis": False,
        "text": [f"{costs[name]:.2f} $ · {costs[name] / total * 100:.0f} %".replace(".", ",") for name in names],
        "hovertemplate": "%{y} : %{text}<extra></extra>",
    }  # fmt: skip
    return go.Figure(
        data=[bars],
        layout={
            "height": max(140, 46 * len(names)), "margin": {"r": 40, "t": 8, **room(names), "b": 0},
            "showlegend": False, "template": "none", "xaxis": {"visible": False, "fixedrange": True},
            "yaxis": {"fixedrange": True, "automargin": True},
        },
    )  # fmt: skip


def _running(days: spending.Days, dates: Sequence[date]) -> list[float]:
    total, totals = Decimal(0), []
    for day in dates:
        total += days.get(day, Decimal(0))
        totals.append(float(total))
    return totals


def _shape(traces: Sequence[Mapping[str, Any]], *, first: date, last: date, highest: float, **layout: Any) -> go.Figure:
    step = step_to(highest)
    ticks = [f"{step * place:,.{decimals_of(step)}f}\u00a0$" for place in range(int(highest / step) + 1)]
    return drawn(
        traces,
        x_axis={
            "range": [f"{first - timedelta(days=1)} 12:00", f"{last} 12:00"], "tickangle": 0, "automargin": False,
        },
        y_axis={"tickformat": None, "ticksuffix": "\u00a0$", "dtick": step, "automargin": False},
        margin={"r": 8, "t": 24, **room(ticks)}, **layout,
    )  # fmt: skip
