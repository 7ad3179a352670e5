"""Any flat table as numbers: which columns are figures, dates, words or nothing, decided on the training rows only.

Pure. `evaluate.py` reads files with it; the product's own features need none of it. What a column was
taken for, and why one was left out, is kept and told.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a", "nd", "inconnu", "unknown"})
TRUE = frozenset({"true", "t", "yes", "y", "oui", "o", "vrai", "v", "1", "1.0", "left", "churned", "parti", "résilié"})
FALSE = frozenset({"false", "f", "no", "n", "non", "faux", "0", "0.0", "stayed", "retained", "resté", "actif"})

_FRENCH_NUMBER = re.compile(r"^[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})*(?:,\d+)?$|^[+-]?\d+,\d+$")
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d.%m.%Y")

# A column is what nineteen of twenty of its values are; the others are dirt and count as missing.
_MOSTLY = 0.95
# A word needs so many rows to say anything; the rarer ones are one word together.
_RARE = 10
_WORDS = 30


class TableError(ValueError):
    """A table cannot be learned from; the message says what was found, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows as text, by column."""

    name: str
    columns: Mapping[str, Sequence[str]]
    rows: int


@dataclass(frozen=True, slots=True)
class _Column:
    """How one column becomes numbers."""

    name: str
    kind: str
    """number, boolean, date or words."""
    words: tuple[str, ...] = ()
    """The words with an output of their own; the others share the last one."""

    @property
    def outputs(self) -> list[str]:
        if self.kind == "words":
            return [f"{self.name}={word}" for word in (*self.words, "…")]
        return [self.name, f"{self.name} (month)"] if self.kind == "date" else [self.name]

    def matrix(self, values: Sequence[str]) -> NDArray[np.float64]:
        if self.kind == "words":
            cleaned = [_clean(value) for value in values]
            known = set(self.words)
            return np.array(
                [[word == one for one in self.words] + [word not in known] for word in cleaned], dtype=float
            ).reshape(len(values), len(self.words) + 1)
        if self.kind == "date":
            days = [_date(value) for value in values]
            return np.array(
                [[np.nan, np.nan] if day is None else [day.toordinal(), day.month] for day in days], dtype=float
            ).reshape(len(values), 2)
        read = _number if self.kind == "number" else _boolean
        return np.array([[read(value)] for value in values], dtype=float).reshape(len(values), 1)


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a table becomes a matrix, as the training rows decided."""

    columns: tuple[_Column, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column to the reason it was left out."""

    @classmethod
    def fit(cls, table: Table, *, without: Sequence[str]) -> "Encoder":
        """The encoding of these rows' columns, but for those named.

        Raises:
            TableError: when no column is left.
        """
        kept: list[_Column] = []
        left_out: dict[str, str] = {}
        for name, values in table.columns.items():
            if name in without:
                continue
            column = _column(name, values)
            if isinstance(column, str):
                left_out[name] = column
            else:
                kept.append(column)
        if not kept:
            raise TableError(f"{table.name}: found no column to learn from, expected at least one that varies")
        return cls(tuple(kept), left_out)

    @property
    def names(self) -> list[str]:
        """The columns of the matrix."""
        return [name for column in self.columns for name in column.outputs]

    def matrix(self, table: Table) -> NDArray[np.float64]:
        """One row per row of the table; NaN where a value is missing or unreadable.

        Raises:
            TableError: when a column of the training rows is not there.
        """
        missing = [column.name for column in self.columns if column.name not in table.columns]
        if missing:
            raise TableError(
                f"{table.name}: found no column {', '.join(missing)}, expected those of the training table"
            )
        return np.hstack([column.matrix(table.columns[column.name]) for column in self.columns])


def read_table(path: Path) -> Table:
    """The CSV file's rows, separated by comma, semicolon or tab as its first line says.

    Raises:
        TableError: when it cannot be read, has no rows, a column twice, or a row of another length.
    """
    try:
        # Line ends as they are: one between quotes belongs to its value.
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = max(",;\t", key=file.readline().count)
            file.seek(0)
            rows = list(csv.reader(file, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path}: cannot be read ({type(error).__name__}), expected a CSV file in UTF-8") from error
    if len(rows) < 2:
        raise TableError(f"{path}: found no rows, expected a header and at least one row")
    header, body = [name.strip() for name in rows[0]], [row for row in rows[1:] if row]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise TableError(f"{path}: found the column {twice[0]} twice, expected each name once")
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise TableError(f"{path}: found {len(row)} values in row {number}, expected {len(header)}")
    return Table(str(path), {name: [row[place] for row in body] for place, name in enumerate(header)}, len(body))


def labels_of(table: Table, column: str) -> NDArray[np.int64]:
    """1 for who left, 0 for who stayed, one per row.

    Raises:
        TableError: when the column is missing, a value is neither, or only one of both occurs.
    """
    if column not in table.columns:
        raise TableError(
            f"{table.name}: found no column {column}, expected the label there (columns: {', '.join(table.columns)})"
        )
    values = [_boolean(value) for value in table.columns[column]]
    unknown = sorted({table.columns[column][place] for place, value in enumerate(values) if np.isnan(value)})
    if unknown:
        raise TableError(
            f"{table.name}: found {unknown[0]!r} in {column}, expected yes or no (1/0, oui/non) in every row"
        )
    labels = np.array(values, dtype=np.int64)
    if len(set(labels.tolist())) < 2:
        raise TableError(f"{table.name}: found one value only in {column}, expected both who left and who stayed")
    return labels


def groups_of(table: Table, name: str) -> list[tuple[str, NDArray[np.bool_]]]:
    """The rows by a column's values, or by quarters of a figure with many; those without a value are `missing`.

    Raises:
        TableError: when the table has no such column.
    """
    if name not in table.columns:
        raise TableError(f"{table.name}: found no column {name} to slice by, expected one of its own columns")
    words = np.array([_clean(value) for value in table.columns[name]])
    figures = np.array([_number(value) for value in table.columns[name]])
    known = figures[~np.isnan(figures)]
    if len(known) < _MOSTLY * len(words) or len(np.unique(known)) <= 8:
        return [("missing" if word in MISSING else str(word), words == word) for word in np.unique(words)]
    edges = [known.min(), *np.unique(np.quantile(known, (0.25, 0.5, 0.75))), known.max()]
    groups = [
        (f"{low:g} to {high:g}", (figures >= low) & ((figures < high) | (high == edges[-1]) & (figures <= high)))
        for low, high in pairwise(edges)
    ]
    return groups + ([("missing", np.isnan(figures))] if np.isnan(figures).any() else [])


def _column(name: str, values: Sequence[str]) -> _Column | str:
    """How the column is read, or why it is left out."""
    present = [cleaned for value in values if (cleaned := _clean(value)) not in MISSING]
    distinct = Counter(present)
    if not present:
        return "empty"
    if len(distinct) == 1 and len(present) == len(values):
        return "constant"
    enough = _MOSTLY * len(present)
    if set(distinct) <= TRUE | FALSE:
        return _Column(name, "boolean")
    if sum(not np.isnan(_number(value)) for value in present) >= enough:
        return _Column(name, "number")
    if sum(_date(value) is not None for value in present) >= enough:
        return _Column(name, "date")
    if len(distinct) > max(50, len(present) / 3):
        return "a name of each row"
    words = tuple(word for word, count in distinct.most_common(_WORDS) if count >= _RARE)
    return _Column(name, "words", words) if words else "no word often enough"


def _clean(value: str) -> str:
    return value.strip().lower()


def _number(value: str) -> float:
    text = _clean(value)
    if text in MISSING:
        return float("nan")
    if _FRENCH_NUMBER.match(text):
        text = re.sub(r"[ \u00a0\u202f]", "", text).replace(",", ".")
    try:
        found = float(text)
    except ValueError:
        return float("nan")
    return found if np.isfinite(found) else float("nan")


def _boolean(value: str) -> float:
    text = _clean(value)
    return 1.0 if text in TRUE else 0.0 if text in FALSE else float("nan")


def _date(value: str) -> date | None:
    text = _clean(value)[:10]
    if len(text) < 8 or not text[0].isdigit():
        return None
    for shape in _DATE_FORMATS:
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    return None
