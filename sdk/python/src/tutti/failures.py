"""Failures of handlers, and refusals of the library."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence

from ._contracts import ErrorDetail
from .errors import RETRY_ELSEWHERE, RETRY_NEVER, RETRY_SAME_KEY, OptionInvalid, TuttiError

_STACK_LENGTH_MAX = 8_192
MESSAGE_LENGTH_MAX = 4_096
_CAUSES_MAX = 8
_code_form = re.compile(r"[A-Za-z][\w.-]{0,99}", re.ASCII)


class TaskFailure(TuttiError):
    """Raise this in a handler to fail the task with a stable code.

    ``raise TaskFailure("pay.declined", "the card was declined", final=True)``. Definitions match the code in ``retry``.
    ``final``: the task is not retried.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        final: bool = False,
        retry_after_seconds: float = 0,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            code,
            message,
            status="FAILED_PRECONDITION" if final else "UNAVAILABLE",
            retry=RETRY_NEVER if final else RETRY_SAME_KEY,
            retry_after_seconds=retry_after_seconds,
            details=details,
        )


class Busy(Exception):
    """Raise this in a handler that cannot start now, for example because its provider answered 429.

    No attempt is counted, and the pool sends fewer tasks to this worker. ``capabilities`` limits the pause to some
    capabilities, including the handler's own: ``shop.*`` matches all that start with ``shop.``.
    """

    def __init__(
        self,
        retry_after_seconds: float = 1.0,
        message: str = "no capacity at present",
        capabilities: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = max(0.0, retry_after_seconds)
        self.capabilities = tuple(capabilities)


_TOO_MANY_REQUESTS = 429


def busy_of(raised: BaseException, capability: str = "") -> Busy | None:
    """Return the ``Busy`` in an exception: ``Busy`` itself, or an HTTP client's error for the status 429."""
    if isinstance(raised, Busy):
        return raised
    response = getattr(raised, "response", None)
    places = (raised, response)
    # urllib calls it `code`, most clients `status_code` or `status`.
    statuses = [getattr(place, name, None) for place in places for name in ("status_code", "status", "code")]
    if _TOO_MANY_REQUESTS not in [status for status in statuses if isinstance(status, int)]:
        return None
    headers = next(
        (found for place in places if (found := getattr(place, "headers", None)) is not None), None
    )
    # A limit with a time comes from the provider. Without a time, the pool waits longer with each answer, and sends less.
    seconds = _seconds_in(headers)
    message = safe(_text(raised), MESSAGE_LENGTH_MAX) or "no capacity at present"
    return Busy(seconds, message, [capability] if seconds > 0 and capability != "" else ())


def _seconds_in(headers: object) -> float:
    get = getattr(headers, "get", None)
    if get is None:
        return 0.0
    try:
        return float(get("retry-after") or get("Retry-After") or 0)
    except (TypeError, ValueError):
        return 0.0


class Cancelled(TuttiError):
    """The attempt was cancelled, timed out, or moved to another worker. Clean up and return.

    ``context.sleep()`` and ``context.raise_if_cancelled()`` raise it in threads. Coroutines get
    ``asyncio.CancelledError``.
    """


class WorkerRefused(TuttiError):
    """The host refused this worker. A retry does not help."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            "sdk.refused",
            f"The host {address} rejected the worker: {reason}. Correct that before you start the worker again.",
            status="FAILED_PRECONDITION",
            retry=RETRY_NEVER,
        )


def unknown_capability(number: int) -> TuttiError:
    return TuttiError(
        "sdk.unknown_capability",
        f"The host sent the unknown capability number {number}. Restart the worker.",
        status="UNIMPLEMENTED",
        retry=RETRY_ELSEWHERE,
    )


def input_malformed(capability: str, reason: str) -> TuttiError:
    return _never(
        "sdk.input_malformed",
        f"The input of `{capability}` is not a JSON document: {reason}. Correct the input of the task.",
    )


def input_unreadable(capability: str, reason: str) -> TuttiError:
    return TuttiError(
        "sdk.input_unreadable",
        f"The input of `{capability}` cannot be read from the blob store: {reason}. "
        "Check the permissions of the worker. The task is retried.",
        status="UNAVAILABLE",
    )


def output_invalid(capability: str, path: str, found: str) -> TuttiError:
    return _never(
        "sdk.output_invalid",
        f"The output of `{capability}` is not JSON: {found} at {path}. Return plain data.",
    )


def output_not_stored(capability: str, size: int, reason: str) -> TuttiError:
    return TuttiError(
        "sdk.output_not_stored",
        f"The output of `{capability}` has {size} bytes and cannot be stored: {reason}. Check the blob store.",
        status="UNAVAILABLE",
    )


def saved_too_large(size: int, most: int) -> TuttiError:
    return _never(
        "sdk.saved_too_large",
        f"The saved progress has {size} bytes, more than the maximum of {most}. Save a position instead of the data.",
    )


def shown(ms: float) -> str:
    """Formats a duration for people, as all of Tutti does: `340 ms`, `4.2 s`, `3 min 5 s`."""
    if round(ms) < 1_000:
        return f"{round(ms)} ms"
    if ms < 9_950:
        return f"{ms / 1_000:.1f}".removesuffix(".0") + " s"
    if ms < 3_599_500:
        return _two_units(round(ms / 1_000), 60, "min", "s")
    minutes = round(ms / 60_000)
    return _two_units(minutes, 60, "h", "min") if minutes < 1_440 else _two_units(round(minutes / 60), 24, "d", "h")


def _two_units(count: int, per: int, large: str, small: str) -> str:
    whole, rest = divmod(count, per)
    return " ".join([f"{whole} {large}"] * (whole > 0) + [f"{rest} {small}"] * (rest > 0))


def timed_out(what: str, after_ms: float) -> Cancelled:
    return Cancelled(
        "sdk.timed_out",
        f"{what} did not finish within {shown(after_ms)}. Raise the timeout, or make the handler faster.",
        status="DEADLINE_EXCEEDED",
    )


def link_lost(after_ms: float) -> Cancelled:
    return Cancelled(
        "sdk.link_lost",
        f"The worker had no link to its host for {shown(after_ms)}, so the task goes to another worker."
        " Check the network and the host.",
        status="UNAVAILABLE",
    )


def cancelled(reason: str) -> Cancelled:
    why = f": {reason}" if reason else ""
    return Cancelled(
        "sdk.cancelled",
        f"The attempt was cancelled{why}. Clean up and return.",
        status="CANCELLED",
        retry=RETRY_NEVER,
    )


def stopped() -> TuttiError:
    return TuttiError(
        "sdk.stopped",
        "The worker was stopped before it was linked. Start it again.",
        status="CANCELLED",
        retry=RETRY_NEVER,
    )


def _never(code: str, message: str) -> TuttiError:
    return TuttiError(code, message, status="INVALID_ARGUMENT", retry=RETRY_NEVER)


def failure_detail(raised: BaseException, depth: int = 0) -> ErrorDetail:
    """Report any error that a handler raised. Never raises, and removes text that looks like a credential."""
    detail = _own_detail(raised) if isinstance(raised, TuttiError) else _foreign_detail(raised, depth)
    cause = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    if cause is not None and cause is not raised and depth < _CAUSES_MAX:
        detail.cause.CopyFrom(failure_detail(cause, depth + 1))
    return detail


def _own_detail(raised: TuttiError) -> ErrorDetail:
    return ErrorDetail(
        code=_text(raised.code),
        message=safe(_text(raised.message), MESSAGE_LENGTH_MAX),
        retry=raised.retry,
        retry_after_ms=max(0.0, float(raised.retry_after_seconds)) * 1_000,
        status=raised.status,
        details={_text(name): _text(value) for name, value in raised.details.items()},
    )


def _foreign_detail(raised: BaseException, depth: int) -> ErrorDetail:
    name = type(raised).__name__
    own = getattr(raised, "code", None)
    code = next(
        (text for text in (own, name) if isinstance(text, str) and _code_form.fullmatch(text)), "Error"
    )
    detail = ErrorDetail(
        code=code,
        message=safe(_words(raised), MESSAGE_LENGTH_MAX),
        retry=RETRY_SAME_KEY,
        status="UNKNOWN",
    )
    if depth == 0:
        lines = traceback.format_exception(type(raised), raised, raised.__traceback__, chain=False)
        detail.details["stack"] = safe("".join(lines), _STACK_LENGTH_MAX)
    return detail


def _words(raised: BaseException) -> str:
    name, text = type(raised).__name__, _text(raised)
    if isinstance(raised, BaseExceptionGroup):
        # The text of a group has only the number of its errors.
        return f"{_text(raised.message)}: {'; '.join(dict.fromkeys(map(_words, raised.exceptions)))}"
    # The text of a KeyError is only the key.
    return f"{name}: {text}" if isinstance(raised, KeyError) and text else text or name


def _text(value: object) -> str:
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - an exception that cannot be printed fails its attempt, not the worker
        return f"{type(value).__name__}, which cannot be printed"
    return text.encode("utf-8", "replace").decode("utf-8")


_redacted = "[redacted]"
_user_info = re.compile(r"://[^\s/?#@]+@")
_authorization = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_assignment = re.compile(
    r"\b(password|passwd|passphrase|secret|token|api[_-]?key)([\"']?\s*=\s*[\"']?|[\"']\s*:\s*[\"']?)[^\s\"',;&]+",
    re.IGNORECASE,
)


def safe(text: str, length_max: int) -> str:
    """Remove text that looks like a secret: the user of a URL, the value after Bearer, `password=`."""
    if len(text) > length_max:
        text = f"{text[:length_max]}…"
    text = _user_info.sub(f"://{_redacted}@", text)
    text = _assignment.sub(rf"\1\2{_redacted}", text)
    return _authorization.sub(rf"\1 {_redacted}", text)


__all__ = ["Busy", "Cancelled", "OptionInvalid", "TaskFailure", "TuttiError", "WorkerRefused"]
