"""A mart as a file, under the rights of whoever asks: row security decides which rows are in it.

CSV is Postgres's own COPY; Parquet keeps the contract's types. Rows stream in batches, so that a mart larger than
memory is written all the same, and the file appears under its name only when it is whole.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg import Connection, sql

from warehouse.sql import queries

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["parquet", "csv"]

# About 10 MB of the widest mart.
BATCH_ROWS = 20_000

_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")


class ExportRefused(ValueError):
    """The mart is unknown or the file cannot be written; the message says what was expected."""


def export_mart(connection: Connection, mart: str, out: Path, *, kind: Format) -> int:
    """The rows of a mart that this connection may see are in the file; how many.

    Args:
        connection: the analyst's own; left without an open transaction.
        mart: its name, with or without the schema.
        out: replaced where it exists.
        kind: `csv` has a header line, an empty field for null and `{a,b}` for a list.

    Raises:
        ExportRefused: when there is no such mart, or the folder cannot be written.
    """
    name = mart.removeprefix("marts.")
    columns = _columns(connection, name)
    with _whole_file(out) as beside, connection.transaction():
        # One moment for every row, whatever dbt swaps meanwhile.
        connection.execute("set transaction isolation level repeatable read read only")
        if kind == "csv":
            return _to_csv(connection, name, beside)
        return _to_parquet(connection, name, columns, beside)


def answer_as_csv(connection: Connection, statement: str) -> Iterator[str]:
    """The rows of a statement of ours as CSV with a header line, piece by piece, as this connection may see them.

    Raises:
        ExportRefused: when a mart it asks is not built yet.
    """
    asked = f"copy ({statement}) to stdout with (format csv, header)".encode()
    try:
        with connection.cursor() as cursor, cursor.copy(asked) as copy:
            for piece in copy:
                yield bytes(piece).decode()
    except psycopg.errors.UndefinedTable as error:
        raise ExportRefused(
            "found a mart that is not built yet, expected it: `jarvis up` builds them in the first minutes of a new "
            "database, the job build_marts at any time"
        ) from error


def _columns(connection: Connection, name: str) -> dict[str, str]:
    """Column to type, as Postgres writes it, in the mart's order."""
    columns: dict[str, str] = dict(connection.execute(queries("export")["columns"], {"mart": name}).fetchall())
    if not columns:
        marts = [row[0] for row in connection.execute(queries("export")["marts"])]
        connection.rollback()
        known = ", ".join(marts) or "none is built yet"
        raise ExportRefused(f"found no mart '{name}', expected one of: {known}")
    connection.rollback()
    return columns


def _to_csv(connection: Connection, name: str, path: Path) -> int:
    statement = sql.SQL("copy (select * from {}) to stdout with (format csv, header)").format(_table(name))
    with path.open("wb") as file, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for piece in copy:
                file.write(piece)
        return cursor.rowcount


def _to_parquet(connection: Connection, name: str, columns: dict[str, str], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column, _arrow_type(kind)) for column, kind in columns.items()])
    identifiers = [column for column, kind in columns.items() if kind == "uuid"]
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer, connection.cursor(name="export") as cursor:
        cursor.execute(sql.SQL("select * from {}").format(_table(name)))
        while rows := cursor.fetchmany(BATCH_ROWS):
            batch: dict[str, list[Any]] = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
            for column in identifiers:
                batch[column] = [None if value is None else str(value) for value in batch[column]]
            writer.write_table(pa.table(batch, schema=schema))
            count += len(rows)
    return count


def _arrow_type(kind: str) -> "pa.DataType":
    """The Arrow type of a Postgres one; what has no counterpart is text."""
    import pyarrow as pa

    if kind.endswith("[]"):
        return pa.list_(_arrow_type(kind.removesuffix("[]")))
    if found := _NUMERIC.fullmatch(kind):
        return pa.decimal128(int(found[1]), int(found[2]))
    plain = {
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "smallint": pa.int16(),
        "boolean": pa.bool_(),
        "double precision": pa.float64(),
        "real": pa.float32(),
        "date": pa.date32(),
        "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    }
    return plain.get(kind, pa.string())


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("marts", name)


@contextmanager
def _whole_file(out: Path) -> Iterator[Path]:
    """A file beside `out` that takes its place when all went well, and is gone otherwise."""
    if out.is_dir():
        raise ExportRefused(f"found a folder at {out}, expected the name of a file")
    try:
        with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
            beside = Path(file.name)
    except OSError as error:
        raise ExportRefused(f"found no folder to write in at {out.parent}, expected one: {error.strerror}") from error
    try:
        yield beside
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
