"""One JSON line a log event: a constant sentence and its fields. Never a transcript, a name, a badge or a token.

Every door that runs as a process of its own logs this way; `__main__` of each calls it once.
"""

import logging
import traceback
from datetime import UTC, datetime

import orjson

# What every record has by itself; the rest are fields given with `extra`.
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats records as JSON objects."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _STANDARD},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = [
                " ".join([type(error).__name__, *_places(error)]) for error in _with_causes(record.exc_info[1])
            ]
        return orjson.dumps(line, default=str).decode()


def place_of(error: BaseException) -> str:
    """Where the error was raised, as file and line: all there is to say beside its type, for its message may quote."""
    return next(reversed(_places(error)), "unknown")


def _places(error: BaseException) -> list[str]:
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]


def _with_causes(error: BaseException) -> list[BaseException]:
    """The error and what it came from, the latest first."""
    found: list[BaseException] = []
    latest: BaseException | None = error
    while latest is not None and latest not in found:
        found.append(latest)
        latest = latest.__cause__ or latest.__context__
    return found


def log_as_json_lines(level: int = logging.INFO) -> None:
    """This process logs JSON lines on stderr, from `level` up; libraries that quote addresses from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.error", "websockets", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
