"""One JSON line a log event: a constant sentence and its fields. Never a transcript, a name, a badge or a token.

Every door that runs as a process of its own logs this way; `__main__` of each calls it once.
"""

import logging
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
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_as_json_lines(level: int = logging.INFO) -> None:
    """This process logs JSON lines on stderr, from `level` up; libraries that quote addresses from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.error", "websockets", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
