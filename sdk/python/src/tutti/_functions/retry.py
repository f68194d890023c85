"""When a failed step is followed by another attempt: the rules of `libs/kernel/src/retry`, for local steps."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .._call import seconds_of
from .._document import written
from ..workflow import Retry

_ATTEMPTS = 5
_FIRST_MS = 1_000.0
_LONGEST_MS = 60_000.0
_ASKED_MS_MAX = 3_600_000.0


def pause_ms(
    retry: int | Retry | Mapping[str, Any] | None,
    error: Mapping[str, Any],
    tries: int,
    random: Callable[[], float],
) -> int | None:
    """The pause before the next attempt. None: there is none. ``tries``: attempts so far, from 1."""
    policy: dict[str, Any] = {"attempts": retry} if isinstance(retry, int) else written(retry or {})
    if not _is_retried(policy, error) or tries >= policy.get("attempts", _ATTEMPTS):
        return None
    first, _, longest = policy.get("backoff", "").partition("..")
    first_ms = seconds_of(first, "backoff") * 1_000 if first else _FIRST_MS
    longest_ms = seconds_of(longest, "backoff") * 1_000 if longest else max(_LONGEST_MS, first_ms)
    whole = min(first_ms * policy.get("factor", 2) ** (tries - 1), longest_ms)
    pause = math.floor(whole * (1 - policy.get("jitter", 0.2) * random()) + 0.5)
    asked_ms = float((error.get("details") or {}).get("retryAfterMs", 0))
    longer: float = max(pause, min(asked_ms, _ASKED_MS_MAX))
    return math.ceil(longer)


def _is_retried(policy: Mapping[str, Any], error: Mapping[str, Any]) -> bool:
    code = error["code"]
    if any(_matches(pattern, code) for pattern in policy.get("notOn", policy.get("not_on", ()))):
        return False
    only = policy.get("on", ())
    return any(_matches(pattern, code) for pattern in only) if only else not error.get("final", False)


def _matches(pattern: str, code: str) -> bool:
    """`stock.*` matches all codes with that prefix."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), code) is not None
