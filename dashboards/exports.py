"""A table of a page as a file for a spreadsheet: in the reader's words, as French Excel opens it."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboards import formats
from dashboards.language import for_later, say

# What a field's stored codes are called on the page: a file reads as the list beside it.
Labels = Mapping[str, Mapping[str, str]]

# A cell that begins with one of these is a formula to a spreadsheet; members' words are never one.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], labels: Labels | None = None) -> bytes:
    """The rows under their headings, both in the reader's language; semicolons, decimal commas, UTF-8 with its mark.

    Args:
        columns: fields to their French headings.
        rows: moments are written on the clock of the row's `timezone`, on the network's where it has none, as pages
            show them: a spreadsheet knows no offset.
        labels: French words of fields that hold codes; a code without a label stays as it is.
    """
    worded = {field: {code: say(words) for code, words in of.items()} for field, of in (labels or {}).items()}
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(map(say, columns.values()))
    for row in rows:
        zone = ZoneInfo(row.get("timezone") or formats.NETWORK_TIMEZONE)
        writer.writerow([_cell(_worded(row[field], worded.get(field)), zone) for field in columns])
    return text.getvalue().encode("utf-8-sig")


def place(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, name: str, label: str | None = None,
    labels: Labels | None = None,
) -> None:  # fmt: skip
    """A button that downloads what the page shows, with the reader's rights: the rows are those they were given.

    Args:
        labels: French words of fields that hold codes, as the page has them.
    """
    _place(
        lambda: csv_bytes(rows, columns, labels), name=name, label=label or say("Exporter en CSV"), is_empty=not rows
    )


def place_later(
    read: Callable[[], Sequence[Mapping[str, Any]]], columns: Mapping[str, str], *, name: str, label: str,
    labels: Labels | None = None,
) -> None:  # fmt: skip
    """A button that asks for its rows when it is pressed, with the reader's rights as they are then.

    Args:
        labels: French words of fields that hold codes, as the page has them.
    """
    _place(lambda: csv_bytes(read(), columns, labels), name=name, label=label, is_empty=False)


def _place(write: Callable[[], bytes], *, name: str, label: str, is_empty: bool) -> None:
    st.download_button(
        label, for_later(write), file_name=f"{name}.csv", mime="text/csv", icon=":material/download:", type="tertiary",
        on_click="ignore", key=f"export-{name}", disabled=is_empty,
    )  # fmt: skip


def _worded(value: Any, labels: Mapping[str, str] | None) -> Any:
    if labels is None or value is None:
        return value
    if isinstance(value, list | tuple):
        return [labels.get(one, one) for one in value]
    return labels.get(value, value)


def _cell(value: object, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return say("oui") if value else say("non")
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, float):
        # What lies beyond a millionth is the arithmetic of binary fractions.
        return f"{value:.6f}".rstrip("0").rstrip(".").replace(".", ",")
    if isinstance(value, datetime):
        local = value if value.tzinfo is None else value.astimezone(zone)
        return f"{local:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(_cell(part, zone) for part in value)
    words = str(value)
    return f"'{words}" if isinstance(value, str) and words.startswith(_FORMULA_SIGNS) else words
