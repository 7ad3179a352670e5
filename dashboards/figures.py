"""Charts, each the answer to the question in its title: rows in, plotly figures out. No Streamlit, no query.

Colours come from the Okabe–Ito palette, and no meaning rests on colour alone: a line is dashed, a bar has its
number under the pointer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a949f"
SKY, AMBER = "#56b4e9", "#e69f00"
# The ground of whatever it stands on, in the light and in the dark.
CLEAR = "rgba(0, 0, 0, 0)"

HEIGHT = 260
# A day on which a kiosk was heard less is marked: an hour and twelve minutes of silence.
GOOD_AVAILABILITY = 0.95


def weekly_visits(
    weeks: Sequence[date], counts: Sequence[int], *, usual: float | None, labels: Sequence[str]
) -> go.Figure:
    """Visits a week as bars, the member's own habit as a dashed line.

    Args:
        usual: visits a week by habit; None where there is none yet.
        labels: what the bars and the line are called.
    """
    figure = go.Figure(
        go.Bar(
            x=list(weeks),
            y=list(counts),
            name=labels[0],
            marker_color=BLUE,
            hovertemplate="%{x|%d/%m/%Y} : %{y}<extra></extra>",
        )
    )
    if usual is not None:
        figure.add_hline(
            y=usual, line_dash="dash", line_color=ORANGE, annotation_text=labels[1], annotation_position="top left"
        )
    _shape(figure)
    # Few visits need no fractions between their whole numbers.
    figure.update_yaxes(dtick=1 if max(counts, default=0) <= 6 else None)
    return figure


def sentiment_line(numbers: Sequence[int], scores: Sequence[float]) -> go.Figure:
    """The sentiment of each thing a member said, -1 to 1, in the order it was said."""
    line = go.Scatter(x=list(numbers), y=list(scores), mode="lines+markers", line_color=BLUE, marker_size=9)
    line.hovertemplate = "%{y:.2f}<extra></extra>"
    figure = _shape(go.Figure(line))
    figure.add_hline(y=0, line_dash="dot", line_color=GREY)
    figure.update_layout(height=HEIGHT - 80, xaxis={"visible": False})
    # Room for a mark at either end.
    figure.update_yaxes(range=[-1.15, 1.15], tickformat=".1f", dtick=0.5)
    return figure


def daily_availability(days: Sequence[date], rates: Sequence[float], *, first: date, last: date) -> go.Figure:
    """The share of each day in which a kiosk was heard, 0 to 1, as bars from the first to the last day."""
    figure = go.Figure(
        go.Bar(
            x=list(days),
            y=list(rates),
            # A bad day is marked by its pattern too.
            marker={
                "color": [BLUE if rate >= GOOD_AVAILABILITY else ORANGE for rate in rates],
                "pattern": {"shape": ["" if rate >= GOOD_AVAILABILITY else "/" for rate in rates]},
            },
            hovertemplate="%{x|%d/%m/%Y} : %{y:.1%}<extra></extra>",
            text=["" if rate >= GOOD_AVAILABILITY else f"{100 * rate:.0f}\u202f%" for rate in rates],
            textposition="outside",
            cliponaxis=False,
        )
    )
    _shape(figure)
    figure.update_layout(height=HEIGHT - 40, bargap=0.25)
    half_day = timedelta(hours=12)
    figure.update_xaxes(range=[datetime.combine(first, time()) - half_day, datetime.combine(last, time()) + half_day])
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", dtick=0.25)
    return figure


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
              unit: str = "", decimals: int = 0) -> go.Figure:  # fmt: skip
    """Bars and lines over the same days or months, with a legend above them.

    Args:
        unit: what follows each number under the pointer.
    """
    figure = go.Figure()
    day = "%{x|%d/%m/%Y}" if places and isinstance(places[0], date) else "%{x}"
    for one in series:
        hover = f"{day} : %{{y:,.{decimals}f}}{unit}<extra>{one.name}</extra>"
        if one.dash is None:
            figure.add_bar(
                x=list(places), y=list(one.values), name=one.name, marker_color=one.colour,
                marker_pattern=_pattern(one.pattern), hovertemplate=hover,
            )  # fmt: skip
        else:
            figure.add_scatter(
                x=list(places), y=list(one.values), name=one.name, mode="lines", line_color=one.colour,
                line_dash=one.dash, line_width=2.5, hovertemplate=hover,
            )  # fmt: skip
    _shape(figure)
    _with_legend(figure)
    figure.update_layout(barmode="stack" if is_stacked else "group", bargap=0.25)
    figure.update_yaxes(tickformat=f",.{decimals}~f", ticksuffix=unit)
    # About five places are named: more would touch on a telephone.
    figure.update_xaxes(tickvals=list(places)[:: math.ceil(len(places) / 5) or 1], tickangle=0)
    if places and not isinstance(places[0], date):
        figure.update_xaxes(type="category", tickformat=None)
    figure.update_layout(showlegend=len(series) > 1)
    return figure


def ranked(labels: Sequence[str], series: Sequence[Series], *, picks: Sequence[str]) -> go.Figure:
    """Stacked bars lying on their side, the first label on top; a click answers its pick."""
    figure = go.Figure()
    for one in series:
        figure.add_bar(
            y=list(labels), x=list(one.values), name=one.name, orientation="h", marker_color=one.colour,
            marker_pattern=_pattern(one.pattern), customdata=list(picks),
            hovertemplate=f"%{{y}} : %{{x}}<extra>{one.name}</extra>",
        )  # fmt: skip
    _shape(figure)
    _with_legend(figure)
    figure.update_layout(barmode="stack", bargap=0.3, height=max(HEIGHT, 60 + 26 * len(labels)))
    figure.update_xaxes(tickformat=",d")
    figure.update_yaxes(autorange="reversed", tickformat=None, nticks=len(labels))
    return figure


def hours_map(hours: Sequence[int], days: Sequence[str], means: Sequence[Sequence[float]]) -> go.Figure:
    """One cell an hour of the week, the fuller the darker; one blue that fades into the ground, light or dark."""
    figure = go.Figure(
        go.Heatmap(
            x=[f"{hour} h" for hour in hours],
            y=list(days),
            z=[list(row) for row in means],
            colorscale=[[0, "rgba(0, 114, 178, 0.04)"], [1, "rgba(0, 114, 178, 1)"]],
            zmin=0,
            xgap=2,
            ygap=2,
            colorbar={"thickness": 8, "outlinewidth": 0, "tickformat": ",.1f", "nticks": 5},
            hovertemplate="%{y}, %{x} : %{z:,.1f}<extra></extra>",
        )
    )
    _shape(figure)
    names = [f"{hour} h" for hour in hours]
    figure.update_xaxes(type="category", tickformat=None, showgrid=False, tickangle=0, tickvals=names[::3])
    figure.update_yaxes(autorange="reversed", tickformat=None, showgrid=False, nticks=7)
    return figure


def stay_line(months: Sequence[int], shares: Sequence[float], *, name: str) -> go.Figure:
    """The share still there after so many months (per cent)."""
    line = go.Scatter(x=list(months), y=list(shares), mode="lines+markers", line_color=BLUE, marker_size=7, name=name)
    line.hovertemplate = "%{y:.0f} %<extra></extra>"
    figure = _shape(go.Figure(line))
    figure.update_xaxes(tickformat=",d", dtick=1)
    figure.update_yaxes(range=[0, 105], ticksuffix=" %", tickvals=[0, 25, 50, 75, 100])
    return figure


def _pattern(shape: str) -> Mapping[str, object]:
    """Thin strokes over the colour: a bar is told by more than it, and stays whole."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255, 255, 255, 0.75)", "size": 7, "solidity": 0.25}


def _with_legend(figure: go.Figure) -> None:
    legend: Mapping[str, object] = {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
        "title": None,
        "traceorder": "normal",
    }
    figure.update_layout(showlegend=True, legend=legend, margin={"t": 40})


def _shape(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 24, "b": 0}, showlegend=False, separators=", ",
        paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        xaxis={"tickformat": "%d/%m", "fixedrange": True},
        yaxis={"rangemode": "tozero", "fixedrange": True, "tickformat": ",d", "nticks": 6},
    )  # fmt: skip
    return figure
