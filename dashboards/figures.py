"""Charts, each the answer to the question in its title: rows in, plotly figures out. No Streamlit, no query.

Colours come from the Okabe–Ito palette, and no meaning rests on colour alone: a line is dashed, a bar has its
number under the pointer.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a949f"

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
    figure.update_yaxes(range=[-1.05, 1.05], tickformat=".1f")
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


def _shape(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 24, "b": 0}, showlegend=False, separators=", ",
        xaxis={"tickformat": "%d/%m", "fixedrange": True},
        yaxis={"rangemode": "tozero", "fixedrange": True, "tickformat": ",d", "nticks": 6},
    )  # fmt: skip
    return figure
