"""The chart of « Réseau »: gyms by one figure, against the network's median and middle half. No Streamlit."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboards import formats
from dashboards.figures import BLUE, GREY
from dashboards.network import Benchmark


def standing(
    names: Sequence[str], values: Sequence[float], found: Benchmark | None, *, decimals: int, unit: str,
    labels: Sequence[str],
) -> go.Figure:  # fmt: skip
    """A bar a gym, the highest on top; a dashed line at the median, a band from quartile to quartile.

    Args:
        labels: what the line and the band are called.
    """
    order = sorted(range(len(names)), key=lambda number: values[number])
    texts = [formats.number(values[number], decimals=decimals) + unit for number in order]
    figure = go.Figure(
        go.Bar(
            x=[values[number] for number in order], y=[names[number] for number in order], orientation="h",
            marker_color=BLUE, text=texts, textposition="auto", insidetextanchor="start", cliponaxis=False,
            hovertemplate="%{y} : %{text}<extra></extra>",
        )
    )  # fmt: skip
    if found is not None:
        words = f"{labels[0]} : {formats.number(found.median, decimals=decimals)}{unit}"
        figure.add_vline(
            x=found.median, line_dash="dash", line_color=GREY, annotation_text=words, annotation_position="top"
        )
        if found.quartiles is not None:
            figure.add_vrect(
                x0=found.quartiles[0], x1=found.quartiles[1], fillcolor=GREY, opacity=0.18, line_width=0,
                layer="below", annotation_text=labels[1], annotation_position="bottom right",
            )  # fmt: skip
    figure.update_layout(
        height=max(180, 34 * len(names) + 70), margin={"l": 0, "r": 60, "t": 28, "b": 8}, showlegend=False,
        xaxis={"visible": False, "fixedrange": True}, yaxis={"fixedrange": True, "automargin": True},
    )  # fmt: skip
    return figure
