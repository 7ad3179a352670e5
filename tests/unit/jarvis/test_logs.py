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


def test_a_traceback_stays_on_the_line() -> None:
    """One event is one line, however many its traceback has."""
    try:
        raise ValueError("seven")
    except ValueError:
        line = logged("failed")
    assert "ValueError: seven" in str(line["traceback"])
