"""Places a chart on a page: without plotly's own buttons, and in words for whoever does not see it."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboards.language import is_english

_CONFIG: dict[str, Any] = {"displayModeBar": False}


def place(figure: go.Figure, *, words: str, key: str | None = None) -> None:
    """The chart stands; what it shows is said in `words`."""
    _speak(figure)
    st.plotly_chart(figure, config=_CONFIG, alt=words, key=key)


def place_to_pick(figure: go.Figure, *, words: str, key: str) -> Any:
    """The chart stands; the `customdata` of the point that somebody picked in it, None for none."""
    _speak(figure)
    kept = st.plotly_chart(
        figure, config=_CONFIG, alt=words, key=key, on_select="rerun", selection_mode="points"
    )  # fmt: skip
    points = kept.selection.points
    return points[0]["customdata"] if points else None


def _speak(figure: go.Figure) -> None:
    """Its numbers are written as the page's are; a figure is made as French."""
    if is_english():
        figure.layout.separators = ".,"
