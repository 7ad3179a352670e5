"""A table of a page as a file for a spreadsheet: CSV as French Excel opens it."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.language import say

# A cell that begins with one of these is a formula to a spreadsheet; members' words are never one.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> bytes:
    """The rows with the headings of `columns` (field to heading), semicolons, decimal commas, UTF-8 with its mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns.values())
    writer.writerows([_cell(row[field]) for field in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def place(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, name: str, label: str | None = None
) -> None:
    """A button that downloads what the page shows, with the reader's rights: the rows are those they were given."""
    st.download_button(
        label or say("Exporter en CSV"), lambda: csv_bytes(rows, columns), file_name=f"{name}.csv", mime="text/csv",
        icon=":material/download:", type="tertiary", on_click="ignore", key=f"export-{name}", disabled=not rows,
    )  # fmt: skip


def place_later(
    read: Callable[[], Sequence[Mapping[str, Any]]], columns: Mapping[str, str], *, name: str, label: str
) -> None:
    """A button that asks for its rows when it is pressed, with the reader's rights as they are then."""
    st.download_button(
        label, lambda: csv_bytes(read(), columns), file_name=f"{name}.csv", mime="text/csv",
        icon=":material/download:", type="tertiary", on_click="ignore", key=f"export-{name}",
    )  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float | Decimal):
        return str(value).replace(".", ",")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(_cell(part) for part in value)
    words = str(value)
    return f"'{words}" if isinstance(value, str) and words.startswith(_FORMULA_SIGNS) else words
