"""What one log line holds."""

import io
import json
import logging
import sys
from pathlib import PurePosixPath

from jarvis.logs import JsonLines


def logged(event: str, *values: object, **fields: object) -> dict[str, object]:
    """One record of a logger with our formatter, read back."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.Logger("dashboards.access")
    logger.addHandler(handler)
    logger.error(event, *values, exc_info=bool(sys.exc_info()[0]), extra=fields)
    (line,) = stream.getvalue().splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_fields_are_on_the_line() -> None:
    """What a caller gives as `extra` is there to be read, beside who says what and how grave it is."""
    line = logged("session not resolved", error="PoolTimeout", attempt_count=3)
    assert line.pop("at")
    assert line == {
        "level": "error",
        "logger": "dashboards.access",
        "event": "session not resolved",
        "error": "PoolTimeout",
        "attempt_count": 3,
    }


def test_values_of_foreign_types_are_text() -> None:
    """A field never costs the line."""
    assert logged("odd", place=PurePosixPath("dashboards/main.py"))["place"] == "dashboards/main.py"


def test_a_traceback_names_places_and_quotes_nobody() -> None:
    """One event is one line: what failed and where, through its causes, and no message, which may hold words."""
    try:
        try:
            raise KeyError("Léa Martin")
        except KeyError as error:
            raise ValueError("found « mes genoux me font mal »") from error
    except ValueError:
        line = logged("failed")
    assert [str(entry).split(" ")[0] for entry in line["traceback"]] == ["ValueError", "KeyError"]  # type: ignore[attr-defined]
    assert "test_logs.py:" in str(line["traceback"])
    assert "genoux" not in str(line) and "Léa" not in str(line)


def test_a_traceback_of_errors_that_name_each_other_ends() -> None:
    """Two errors can be each other's cause."""
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    try:
        raise first
    except ValueError:
        assert len(logged("failed")["traceback"]) == 2  # type: ignore[arg-type]
