"""Logs to standard error if the process has not set up logging: text at a terminal, else JSON."""

from __future__ import annotations

import json
import logging
import sys
import time

from .failures import safe

# The fields of every record. All other fields were passed by the caller.
_own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_secret = ("token", "password", "secret", "authorization", "credential")


def _members_of(record: logging.LogRecord) -> dict[str, object]:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    line: dict[str, object] = {
        "time": f"{moment}.{int(record.msecs):03}Z",
        "level": {"WARNING": "warn", "CRITICAL": "fatal"}.get(record.levelname, record.levelname.lower()),
        "message": safe(record.getMessage(), 8_192),
    }
    for name, value in vars(record).items():
        if name not in _own:
            is_secret = name.lower().endswith(_secret)
            line[name] = "[redacted]" if is_secret else safe(value, 8_192) if isinstance(value, str) else value
    return line


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line = _members_of(record)
        if record.exc_info:
            line["error"] = safe(self.formatException(record.exc_info), 8_192)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """``16:03:11 warn  no link, retrying: The connection was refused. Start the platform. (pause_ms 72)``"""

    def format(self, record: logging.LogRecord) -> str:
        line = _members_of(record)
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        why = f": {line['reason']}" if line.get("reason") else ""
        after = f". {line['remedy']}" if line.get("remedy") else ""
        said = ("time", "level", "message", "reason", "remedy")
        rest = [f"{name} {value}" for name, value in line.items() if name not in said and value not in (None, "")]
        details = f" ({', '.join(rest)})" if rest else ""
        text = f"{clock} {line['level']!s:5} {line['message']}{why}{after}{details}"
        error = f"\n{safe(self.formatException(record.exc_info), 8_192)}" if record.exc_info else ""
        return text + error


def log_to_standard_error() -> None:
    """Set up the log. Does nothing if the program has set up handlers."""
    logger = logging.getLogger("tutti")
    if logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextLines() if sys.stderr.isatty() else JsonLines())
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
