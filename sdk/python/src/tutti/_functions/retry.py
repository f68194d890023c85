"""Retry policies of local steps, with the rules of `libs/kernel/src/retry`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._call import seconds_of
from .._document import written
from ..errors import OptionInvalid
from ..workflow import Retry

_ATTEMPTS = 5
_FIRST_MS = 1_000.0
_LONGEST_MS = 60_000.0
_ASKED_MS_MAX = 3_600_000.0


@dataclass(frozen=True)
class Policy:
    attempts: int
    first_ms: float
    longest_ms: float
    factor: float
    jitter: float
    only: Sequence[str]
    never: Sequence[str]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


_texts = ("a list of texts", _is_texts)
# All options of a policy: the expected value, and whether a value is right.
_options: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "attempts": (
        "a whole number of at least 1, the first attempt included",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1,
    ),
    "backoff": ("a duration such as 1s, or two such as 1s..1m", lambda value: isinstance(value, str)),
    "factor": ("a number from 0", lambda value: _is_number(value) and value >= 0),
    "jitter": ("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "on": _texts,
    "notOn": _texts,
    "not_on": _texts,
    "exhausted": ("one of fail, pause", lambda value: value in ("fail", "pause")),
    "onLost": ("one of retry, fail", lambda value: value in ("retry", "fail")),
    "on_lost": ("one of retry, fail", lambda value: value in ("retry", "fail")),
}


def _checked(retry: int | Retry | Mapping[str, Any] | None) -> Mapping[str, Any]:
    options = {} if retry is None else written(retry)
    given: Mapping[str, Any] = options if isinstance(options, Mapping) else {"attempts": options}
    for name, value in given.items():
        if name not in _options:
            raise OptionInvalid("retry", f"the options {', '.join(_options)}", name)
        expected, is_right = _options[name]
        if not is_right(value):
            raise OptionInvalid(f"retry.{name}", expected, value)
    return given


def policy_of(retry: int | Retry | Mapping[str, Any] | None) -> Policy:
    """Resolve the option. Raises if it contradicts itself."""
    given = _checked(retry)
    attempts = given.get("attempts", _ATTEMPTS)
    backoff = given.get("backoff", "")
    first, _, longest = backoff.partition("..")
    first_ms = seconds_of(first, "retry.backoff") * 1_000 if first else _FIRST_MS
    longest_ms = seconds_of(longest, "retry.backoff") * 1_000 if longest else max(_LONGEST_MS, first_ms)
    if attempts > 1 and min(first_ms, longest_ms) <= 0:
        raise OptionInvalid("retry.backoff", f"more than 0 with {attempts} attempts", backoff)
    return Policy(
        attempts,
        first_ms,
        longest_ms,
        given.get("factor", 2),
        given.get("jitter", 0.2),
        given.get("on", ()),
        given.get("notOn", given.get("not_on", ())),
    )


def pause_ms(
    policy: Policy, error: Mapping[str, Any], tries: int, random: Callable[[], float]
) -> int | None:
    """Return the pause before the next attempt, or None if there is none. ``tries``: attempts so far, from 1."""
    if not _is_retried(policy, error) or tries >= policy.attempts:
        return None
    try:
        whole = min(policy.first_ms * policy.factor ** (tries - 1), policy.longest_ms)
    except OverflowError:
        whole = policy.longest_ms
    pause = math.floor(whole * (1 - policy.jitter * random()) + 0.5)
    asked_ms = float((error.get("details") or {}).get("retryAfterMs", 0))
    longer: float = max(pause, min(asked_ms, _ASKED_MS_MAX))
    return math.ceil(longer)


def _is_retried(policy: Policy, error: Mapping[str, Any]) -> bool:
    code = error["code"]
    if any(_matches(pattern, code) for pattern in policy.never):
        return False
    if policy.only:
        return any(_matches(pattern, code) for pattern in policy.only)
    return not error.get("final", False)


def _matches(pattern: str, code: str) -> bool:
    """`stock.*` matches all codes with that prefix."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), code) is not None
