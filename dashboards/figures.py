"""Charts, each the answer to the question in its title: rows in, plotly figures out. No Streamlit, no query.

Colours come from the Okabe–Ito palette, and no meaning rests on colour alone: a line is dashed, a bar has its
number under the pointer.
"""

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a949f"

HEIGHT = 260


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


def _shape(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 24, "b": 0}, showlegend=False, separators=", ",
        xaxis={"tickformat": "%d/%m", "fixedrange": True},
        yaxis={"rangemode": "tozero", "fixedrange": True, "tickformat": ",d", "nticks": 6},
    )  # fmt: skip
    return figure
