"""Limits the log to one error per name and second, for code that fails thousands of times a second."""

from __future__ import annotations

import math

_EVERY_MS = 1_000


class FailureLog:
    def __init__(self) -> None:
        self._logged_ms: dict[str, float] = {}

    def is_due(self, name: str, now_ms: float) -> bool:
        """Count the error. Return whether to log it now."""
        if now_ms - self._logged_ms.get(name, -math.inf) < _EVERY_MS:
            return False
        self._logged_ms[name] = now_ms
        return True
