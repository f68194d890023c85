"""One JSON object per line on standard error, where the process has set up no logging of its own."""

from __future__ import annotations

import json
import logging
import sys
import time

from .failures import safe

# What every record has; all else are fields that were given with it.
_own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_secret = ("token", "password", "secret", "authorization", "credential")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": {"WARNING": "warn", "CRITICAL": "fatal"}.get(record.levelname, record.levelname.lower()),
            "message": safe(record.getMessage(), 8_192),
        }
        for name, value in vars(record).items():
            if name not in _own:
                is_secret = name.lower().endswith(_secret)
                line[name] = (
                    "[redacted]" if is_secret else safe(value, 8_192) if isinstance(value, str) else value
                )
        if record.exc_info:
            line["error"] = safe(self.formatException(record.exc_info), 8_192)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_standard_error() -> None:
    """Does nothing where somebody has decided where the lines go."""
    logger = logging.getLogger("tutti")
    if logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
