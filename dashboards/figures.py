"""Charts, each the answer to the question in its title: rows in, plotly figures out. No Streamlit, no query.

Colours come from the Okabe–Ito palette, and no meaning rests on colour alone: a line is dashed, a bar has its
number under the pointer. A figure is made in one go: plotly's `update_layout` and `add_hline` cost more than the
whole figure, and eight of them were half the time of « Analyses ». It carries no template: fonts and grid come from
Streamlit's theme in the browser, colours from here. It names the room that its labels need, and the step of its scale:
plotly would draw once, see that the labels need room, and draw again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a949f"
SKY, AMBER = "#56b4e9", "#e69f00"
# The ground of whatever it stands on, in the light and in the dark.
CLEAR = "rgba(0, 0, 0, 0)"

HEIGHT = 260
# Read from across a desk: plotly begins at 12.
TEXT = {"size": 13}
# A day on which a kiosk was heard less is marked: an hour and twelve minutes of silence.
GOOD_AVAILABILITY = 0.95
# Three quarters of a day, in milliseconds: one day alone would be a hair.
_BAR_OF_A_DAY = 18 * 3_600_000
# plotly writes no space before its own per cent sign.
_QUARTERS: Mapping[str, Any] = {
    "tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": [f"{percent}\u00a0%" for percent in (0, 25, 50, 75, 100)],
}  # fmt: skip


def weekly_visits(
    weeks: Sequence[date], counts: Sequence[int], *, usual: float | None, labels: Sequence[str]
) -> go.Figure:
    """Visits a week as bars, the member's own habit as a dashed line.

    Args:
        usual: visits a week by habit; None where there is none yet.
        labels: what the bars and the line are called.
    """
    bars = {
        "type": "bar", "x": list(weeks), "y": list(counts), "name": labels[0], "marker": {"color": BLUE},
        "hovertemplate": "%{x|%d/%m/%Y} : %{y}<extra></extra>",
    }  # fmt: skip
    # Few visits need no fractions between their whole numbers.
    steps = {"dtick": 1} if max(counts, default=0) <= 6 else {}
    habit = {} if usual is None else across(usual, {"dash": "dash", "color": ORANGE}, words=labels[1])
    return drawn([bars], y_axis=steps, **habit)


def sentiment_line(numbers: Sequence[int], scores: Sequence[float]) -> go.Figure:
    """The sentiment of each thing a member said, -1 to 1, in the order it was said."""
    line = {
        "type": "scatter", "x": list(numbers), "y": list(scores), "mode": "lines+markers", "line": {"color": BLUE},
        "marker": {"size": 9}, "hovertemplate": "%{y:.2f}<extra></extra>",
    }  # fmt: skip
    return drawn(
        [line], x_axis={"visible": False}, height=HEIGHT - 80,
        # Room for a mark at either end.
        y_axis={"range": [-1.15, 1.15], "tickformat": ".1f", "dtick": 0.5},
        **across(0, {"dash": "dot", "color": GREY}),
    )  # fmt: skip


def daily_availability(days: Sequence[date], rates: Sequence[float], *, first: date, last: date) -> go.Figure:
    """The share of each day in which a kiosk was heard, 0 to 1, as bars from the first to the last day."""
    bars = {
        "type": "bar", "x": list(days), "y": list(rates), "width": _BAR_OF_A_DAY,
        # A bad day is marked by its pattern too.
        "marker": {
            "color": [BLUE if rate >= GOOD_AVAILABILITY else ORANGE for rate in rates],
            "pattern": {"shape": ["" if rate >= GOOD_AVAILABILITY else "/" for rate in rates]},
        },
        "hovertemplate": "%{x|%d/%m/%Y} : %{y:.1%}<extra></extra>",
        "text": ["" if rate >= GOOD_AVAILABILITY else f"{100 * rate:.0f}\u202f%" for rate in rates],
        "textposition": "outside", "cliponaxis": False,
    }  # fmt: skip
    half_day = timedelta(hours=12)
    shown = [datetime.combine(first, time()) - half_day, datetime.combine(last, time()) + half_day]
    return drawn(
        [bars], x_axis={"range": shown}, y_axis={"range": [0, 1.02], **_QUARTERS},
        height=HEIGHT - 40, bargap=0.25,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One set of values of a chart."""

    name: str
    values: Sequence[float | None]
    colour: str
    dash: str | None = None
    """A dashed line where set, bars else."""
    pattern: str = ""
    """What fills the bars besides their colour."""


def over_time(places: Sequence[date | str], series: Sequence[Series], *, is_stacked: bool = False,
              unit: str = "", decimals: int = 0, highest: float | None = None) -> go.Figure:  # fmt: skip
    """Bars and lines over the same days or months, with a legend above them.

    Args:
        unit: what follows each number under the pointer.
        highest: where the scale ends; None for what the values need.
    """
    has_dates = bool(places) and isinstance(places[0], date)
    day = "%{x|%d/%m/%Y}" if has_dates else "%{x}"
    traces: list[dict[str, Any]] = []
    for one in series:
        shape: dict[str, Any] = (
            {"type": "bar", "marker": {"color": one.colour, "pattern": _pattern(one.pattern)}}
            if one.dash is None
            else {"type": "scatter", "mode": "lines", "line": {"color": one.colour, "dash": one.dash, "width": 2.5}}
        )
        hover = f"{day} : %{{y:,.{decimals}f}}{unit}<extra>{one.name}</extra>"
        traces.append({**shape, "x": list(places), "y": list(one.values), "name": one.name, "hovertemplate": hover})
    # About five places are named: more would touch on a telephone.
    x_axis: dict[str, Any] = {"tickvals": list(places)[:: math.ceil(len(places) / 5) or 1], "tickangle": 0}
    if places and not has_dates:
        x_axis |= {"type": "category", "tickformat": None}
    y_axis: dict[str, Any] = {"tickformat": f",.{decimals}~f", "ticksuffix": unit}
    if highest is not None:
        y_axis |= {"range": [0, highest]}
    top = _highest(series, is_stacked=is_stacked) if highest is None else highest
    step = max(step_to(top), 10**-decimals)
    ticks = [f"{step * place:,.{decimals_of(step)}f}{unit}" for place in range(int(top / step) + 1)]
    margin = {
        # Four names stand on two lines in half a page; a month's name with its star reaches past the last bar.
        **room(ticks), "t": 40 if len(series) < 4 else 52, "r": 0 if has_dates else 8,
    }  # fmt: skip
    return drawn(
        traces, x_axis={**x_axis, "automargin": False}, y_axis={**y_axis, "dtick": step, "automargin": False},
        barmode="stack" if is_stacked else "group", bargap=0.25,
        **{**_LEGEND, "showlegend": len(series) > 1, "margin": margin},
    )  # fmt: skip


def ranked(labels: Sequence[str], series: Sequence[Series], *, picks: Sequence[str]) -> go.Figure:
    """Stacked bars lying on their side, the first label on top; a click answers its pick."""
    traces = [
        {
            "type": "bar", "y": list(labels), "x": list(one.values), "name": one.name, "orientation": "h",
            "marker": {"color": one.colour, "pattern": _pattern(one.pattern)}, "customdata": list(picks),
            "hovertemplate": f"%{{y}} : %{{x}}<extra>{one.name}</extra>",
        }
        for one in series
    ]  # fmt: skip
    return drawn(
        traces, x_axis={"tickformat": ",d"},
        y_axis={"autorange": "reversed", "tickformat": None, "nticks": len(labels)},
        barmode="stack", bargap=0.3, height=max(HEIGHT, 60 + 26 * len(labels)),
        **{**_LEGEND, "margin": {**room(labels), "t": 40, "r": 0}},
    )  # fmt: skip


def hours_map(hours: Sequence[int], days: Sequence[str], means: Sequence[Sequence[float | None]]) -> go.Figure:
    """One cell an hour of the week, the fuller the darker, empty for None; one blue that fades into the ground."""
    names = [f"{hour} h" for hour in hours]
    cells = {
        "type": "heatmap", "x": names, "y": list(days), "z": [list(row) for row in means],
        "colorscale": [[0, "rgba(0, 114, 178, 0.04)"], [1, "rgba(0, 114, 178, 1)"]],
        "zmin": 0, "xgap": 2, "ygap": 2,
        "colorbar": {"thickness": 8, "outlinewidth": 0, "tickformat": ",.1f", "nticks": 5},
        "hovertemplate": "%{y}, %{x} : %{z:,.1f}<extra></extra>",
    }  # fmt: skip
    return drawn(
        [cells],
        # The scale of colours asks for room of its own, and axes that do too make plotly draw again.
        x_axis={
            "type": "category", "tickformat": None, "showgrid": False, "tickangle": 0, "tickvals": names[::3],
            "automargin": False, "ticks": "",
        },
        # Without a grid Streamlit's theme draws ticks, which push the labels past their room.
        y_axis={
            "autorange": "reversed", "tickformat": None, "showgrid": False, "nticks": 7, "automargin": False,
            "ticks": "",
        },
        margin={**room(days), "t": 24, "r": 0},
    )  # fmt: skip


def stay_line(months: Sequence[int], shares: Sequence[float], *, name: str) -> go.Figure:
    """The share still there after so many months (per cent)."""
    line = {
        "type": "scatter", "x": list(months), "y": list(shares), "mode": "lines+markers", "line": {"color": BLUE},
        "marker": {"size": 7}, "name": name, "hovertemplate": "%{y:.0f} %<extra></extra>",
    }  # fmt: skip
    return drawn(
        [line], x_axis={"tickformat": ",d", "dtick": 1},
        y_axis={"range": [0, 105], "ticksuffix": "\u00a0%", "tickvals": [0, 25, 50, 75, 100]},
        margin={**room(["100"]), "t": 24, "r": 0},
    )  # fmt: skip


def drawn(
    traces: Sequence[Mapping[str, Any]], *, x_axis: Mapping[str, Any] | None = None,
    y_axis: Mapping[str, Any] | None = None, **layout: Any,
) -> go.Figure:  # fmt: skip
    """The traces in the shape that our charts have, with what an axis or the layout has of its own."""
    return go.Figure(
        data=list(traces),
        layout={
            "height": HEIGHT, "margin": {"l": 0, "r": 0, "t": 24, "b": 0}, "showlegend": False, "separators": ", ",
            "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "template": "none",
            "xaxis": {"tickformat": "%d/%m", "fixedrange": True, "tickfont": TEXT, **(x_axis or {})},
            "yaxis": {
                "rangemode": "tozero", "fixedrange": True, "tickformat": ",d", "nticks": 6, "tickfont": TEXT,
                **(y_axis or {}),
            },
            **layout,
        },
    )  # fmt: skip


def across(value: float, line: Mapping[str, str], *, words: str | None = None) -> dict[str, Any]:
    """For a layout: a line over the whole width at this value, with words above its left end."""
    place = {"xref": "x domain", "yref": "y"}
    shape = {"type": "line", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line, **place}
    if words is None:
        return {"shapes": [shape]}
    note = {
        "text": words, "showarrow": False, "x": 0, "xanchor": "left", "y": value, "yanchor": "bottom", "font": TEXT,
        **place,
    }  # fmt: skip
    return {"shapes": [shape], "annotations": [note]}


def room(labels: Iterable[str]) -> dict[str, int]:
    """For a layout's margin: what the labels of the upright axis need at its left, and a line of labels below (px).

    A little more than they need: where it is less, an axis that looks after its own room makes plotly draw again.
    """
    widest = max((sum(map(_width, words)) for words in labels), default=0.0)
    return {"l": math.ceil(widest * TEXT["size"]) + 10, "b": 28}


def _width(sign: str) -> float:
    """Of a sign in Streamlit's font, as a share of its size."""
    usual = 0.62 if sign.isupper() else 0.525 if sign.isascii() or sign in _ACCENTED else 1.0
    return _WIDTHS.get(sign, usual)


def step_to(highest: float) -> float:
    """How far apart plotly puts the lines of a scale from nothing to this value, where it may draw six."""
    if highest <= 0:
        return 1
    # Bars end a twentieth below their scale's end.
    rough = highest / 0.95 / 6
    base: float = 10.0 ** math.floor(math.log10(rough))
    return next(base * times for times in (2, 5, 10) if base * times >= rough)


def decimals_of(step: float) -> int:
    """How many places tell the numbers of a scale with such a step apart."""
    return max(0, -math.floor(math.log10(step)))


def _highest(series: Sequence["Series"], *, is_stacked: bool) -> float:
    values = [[value or 0 for value in one.values] for one in series]
    if is_stacked:
        return max((sum(column) for column in zip(*values, strict=True)), default=0)
    return max((value for one in values for value in one), default=0)


_ACCENTED = "àâäçéèêëôöùûüÿñ«»"
_WIDTHS: Mapping[str, float] = {
    **dict.fromkeys("0123456789$", 0.5), **dict.fromkeys("iíîïjltrfI.,;:'’-() \u00a0\u202f", 0.3),
    **dict.fromkeys("mwMW%œŒ€", 0.87),
}  # fmt: skip

_LEGEND: Mapping[str, Any] = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
}


def _pattern(shape: str) -> Mapping[str, object]:
    """Thin strokes over the colour: a bar is told by more than it, and stays whole."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255, 255, 255, 0.75)", "size": 7, "solidity": 0.25}
