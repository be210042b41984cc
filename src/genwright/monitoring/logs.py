"""Structured logs: one JSON object a line on standard error, or the same as text."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest is what the caller gave as ``extra``."""


class JsonFormatter(logging.Formatter):
    """``{"time", "level", "logger", "event", …}`` with every field of ``extra``.

    Args:
        redact: Applied to every text.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: each for key, each in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        plain = {
            key: self._redact(value) if isinstance(value, str) else value
            for key, value in fields.items()
            if key != "color_message"
        }
        return json.dumps(plain, ensure_ascii=False, default=str)


class TextFormatter(JsonFormatter):
    """The same for people: time, level, event, and fields as ``key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of text, and the lines of an exception."""
        fields = json.loads(super().format(record))
        exception = fields.pop("exception", "")
        first = " ".join(str(fields.pop(key)) for key in ("time", "level", "event"))
        fields.pop("logger")
        rest = " ".join(f"{key}={value}" for key, value in fields.items())
        return f"{first} {rest}".rstrip() + (f"\n{exception}" if exception else "")


def configure_logging(form: str = "json", redact: Callable[[str], str] = str) -> None:
    """Send genwright's and the web server's records to standard error.

    Args:
        form: ``json`` or ``text``.
        redact: Applied to every text.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonFormatter if form == "json" else TextFormatter)(redact))
    for name, level in (("genwright", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
