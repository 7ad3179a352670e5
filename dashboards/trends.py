"""A trend as « Analyses » shows it: a question, its answer, the chart or its table, and the way to its rows.

What a trend says is written in `trend_visits.py`, `trend_talks.py` and `trend_leavers.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboards import charts, exports, navigation, tiles
from dashboards.definitions import meaning
from dashboards.language import say
from dashboards.periods import Period, Span
from dashboards.records import Row
from dashboards.tiles import Drill
from jarvis import reports_fr

# A smaller change says more about chance than about the gym.
NOTABLE_SHARE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the page looks at: the choice, its days, and what of the past can be compared with them."""

    period: Period
    span: Span
    record: Row | None
    """`marts_trends.record`: first_date, comparable_date."""

    @property
    def has_before(self) -> bool:
        """True where every gym in view was on record all through the period before."""
        return self._reaches(self.span.before)

    @property
    def has_year_before(self) -> bool:
        """True where last year stands beside this one and is not the period before itself."""
        return self._reaches(self.span.year_before) and self.span.year_before != self.span.before

    @property
    def days(self) -> Mapping[str, str]:
        """The period as an address says it."""
        return navigation.days(self.span.first, self.span.last)

    def _reaches(self, past: Span) -> bool:
        since = None if self.record is None else self.record["comparable_date"]
        return since is not None and since <= past.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One question and everything that answers it."""

    key: str
    question: str
    answer: str
    figure: go.Figure | None
    """None where there is nothing to draw."""
    rows: Sequence[Row]
    """The same figures as a table."""
    columns: Mapping[str, str]
    """Fields of the table to their headings."""
    source: tuple[str, str]
    """Mart and column whose description says what is counted."""
    meant: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Fields of the table that count something else, to what says it."""
    note: str = ""
    drill: Drill | None = None
    drill_label: str = ""
    picks: Mapping[str, Drill] = field(default_factory=dict)
    """Where a click on a part of the chart leads, by its pick."""


def place(trend: Trend) -> None:
    """The question, the answer, the chart or its table; then the rows behind it and the file."""
    with st.container(border=True, height="stretch", key=f"trend-{trend.key}"):
        # A question mark never begins a line.
        st.subheader(trend.question.replace(" ?", "\u00a0?"), anchor=False, help=meaning(*trend.source))
        st.html(f'<p class="j-answer">{escape(trend.answer)}</p>')
        if trend.figure is not None:
            _place_table(trend) if st.session_state.get(_as_table(trend)) else _place_chart(trend)
        if trend.note:
            st.html(f'<p class="j-note">{escape(trend.note)}</p>')
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if trend.figure is not None:
                st.toggle(say("Tableau"), key=_as_table(trend))
            if trend.drill is not None:
                navigation.link(trend.drill.url_path, trend.drill_label, trend.drill.query)
            exports.place(trend.rows, trend.columns, name=f"analyse-{trend.key}")


def against(now: float | None, before: float | None) -> float | None:
    """The change in share of what was before; None where there is nothing to compare with."""
    return None if now is None or not before else (now - before) / abs(before)


def verdict(share: float, *, better: str, same: str, worse: str) -> str:
    """Yes, no, or as before."""
    return same if abs(share) < NOTABLE_SHARE else better if share > 0 else worse


def signed(share: float) -> str:
    """+12 %, −3 %, =."""
    return reports_fr.change(share)


def short_date(of: date) -> str:
    """26/07/2026."""
    return f"{of:%d/%m/%Y}"


def nothing_before(look: Look) -> str:
    """Why no comparison stands here."""
    if look.record is None or look.record["comparable_date"] is None:
        return ""
    since = short_date(look.record["comparable_date"])
    return say("Pas encore de période à comparer : les données commencent le {date}.").format(date=since)


def sums(rows: Sequence[Row], column: str, span: Span, part_days: int) -> list[float]:
    """What a column adds up to in each part of a span, the oldest first.

    Args:
        rows: any days, each with its local_date.
    """
    totals = [0.0] * len(span.parts(part_days))
    for row in rows:
        place_of = (row["local_date"] - span.first).days
        if 0 <= place_of < span.days:
            totals[place_of // part_days] += float(row[column])
    return totals


def _as_table(trend: Trend) -> str:
    return f"as-table-{trend.key}"


def _place_chart(trend: Trend) -> None:
    words, key = f"{trend.question} {trend.answer}", f"chart-{trend.key}"
    if not trend.picks:
        charts.place(trend.figure, words=words, key=key)
        return
    picked = trend.picks.get(charts.place_to_pick(trend.figure, words=words, key=key))
    if picked is not None:
        navigation.go(picked.url_path, picked.query)


def _place_table(trend: Trend) -> None:
    column = st.column_config
    config: dict[str, Any] = {}
    for name, heading in trend.columns.items():
        values = [row[name] for row in trend.rows]
        if any(isinstance(value, date) for value in values):
            config[name] = column.DateColumn(heading, format="DD/MM/YYYY")
        elif any(isinstance(value, str) for value in values):
            config[name] = column.TextColumn(heading)
        else:
            told = tiles.help_of(trend.meant.get(name, trend.source))
            config[name] = column.NumberColumn(heading, format="localized", help=told)
    st.dataframe(
        [{name: row[name] for name in trend.columns} for row in trend.rows], hide_index=True, height=260,
        column_config=config, placeholder="–", alt=trend.question, key=f"table-{trend.key}",
    )  # fmt: skip
