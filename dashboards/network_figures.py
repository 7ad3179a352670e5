"""The chart of « Réseau »: gyms by one figure, against the network's median and middle half. No Streamlit."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboards import formats
from dashboards.figures import BLUE, GREY, TEXT, room
from dashboards.network import Benchmark

# Along the values, over the whole height.
_PLACE = {"xref": "x", "yref": "y domain"}


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
    bars = {
        "type": "bar", "x": [values[number] for number in order], "y": [names[number] for number in order],
        "orientation": "h", "marker": {"color": BLUE}, "text": texts, "textposition": "auto", "textfont": TEXT,
        "insidetextanchor": "start", "cliponaxis": False, "hovertemplate": "%{y} : %{text}<extra></extra>",
    }  # fmt: skip
    shapes, annotations = [], []
    if found is not None:
        words = f"{labels[0]} : {formats.number(found.median, decimals=decimals)}{unit}"
        shapes.append({
            "type": "line", "line": {"dash": "dash", "color": GREY}, "x0": found.median, "x1": found.median,
            "y0": 0, "y1": 1, **_PLACE,
        })  # fmt: skip
        annotations.append({
            "text": words, "showarrow": False, "x": found.median, "xanchor": "center", "y": 1, "yanchor": "bottom",
            "font": TEXT, **_PLACE,
        })  # fmt: skip
        if found.quartiles is not None:
            lower, upper = found.quartiles
            shapes.append({
                "type": "rect", "fillcolor": GREY, "opacity": 0.18, "layer": "below", "line": {"width": 0},
                "x0": lower, "x1": upper, "y0": 0, "y1": 1, **_PLACE,
            })  # fmt: skip
            annotations.append({
                "text": labels[1], "showarrow": False, "x": upper, "xanchor": "right", "y": 0, "yanchor": "top",
                "font": TEXT, **_PLACE,
            })  # fmt: skip
    return go.Figure(
        data=[bars],
        layout={
            "height": max(180, 34 * len(names) + 90),
            # Where every side has a margin, plotly wants twelve pixels more for an axis' labels.
            "margin": {"r": 60, "t": 28, "b": 28, "l": room(names)["l"] + 12},
            "showlegend": False, "template": "none", "xaxis": {"visible": False, "fixedrange": True},
            "yaxis": {"fixedrange": True, "automargin": True, "tickfont": TEXT},
            "shapes": shapes, "annotations": annotations,
        },
    )  # fmt: skip
