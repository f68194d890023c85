"""Errors with a stable code, a remedy, and whether a retry can succeed.

Every status has its own class, so ``except NotFound`` works. The code identifies the exact reason:
``docs/reference/errors.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Retry classes of the contract.
RETRY_NEVER = 1
RETRY_SAME_KEY = 2
RETRY_ELSEWHERE = 3


@dataclass(frozen=True)
class FieldProblem:
    """A part of a request that is wrong."""

    field: str
    message: str


class TuttiError(Exception):
    """An error with a stable code.

    code: the stable code, such as ``workflow.run_missing``.
    message: what happened, why, and what to do.
    status: the gRPC status, such as ``NOT_FOUND``.
    retry_after_seconds: how long to wait before another attempt. 0: not set.
    details: identifiers that a program can use.
    fields: the parts of the request that are wrong.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: str = "UNKNOWN",
        retry: int = RETRY_SAME_KEY,
        retry_after_seconds: float = 0,
        details: Mapping[str, str] | None = None,
        fields: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry = retry
        self.retry_after_seconds = retry_after_seconds
        self.details = dict(details or {})
        self.fields = tuple(fields)

    @property
    def retryable(self) -> bool:
        """True if the same call can succeed later."""
        return self.retry != RETRY_NEVER

    @property
    def remedy(self) -> str:
        """The remedy in the message. Empty if the message has none."""
        _, found, remedy = self.message.partition(". ")
        if not found:
            _, found, remedy = self.message.rpartition("; ")
        return remedy if found else ""

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}", *(f"  {each.field}: {each.message}" for each in self.fields)]
        return "\n".join(lines)


class InvalidArgument(TuttiError):
    """The request is wrong. ``fields`` names the wrong parts."""


class OptionInvalid(InvalidArgument):
    """An option, or the variable of the environment for it, is wrong."""

    def __init__(self, option: str, expected: str, found: object) -> None:
        super().__init__(
            "sdk.option_invalid",
            f"`{option}`: expected {expected}, got {found!r}.",
            status="INVALID_ARGUMENT",
            retry=RETRY_NEVER,
        )


class NotFound(TuttiError):
    """The run, definition or schedule does not exist."""


class AlreadyExists(TuttiError):
    """The id exists with different content."""


class PermissionDenied(TuttiError):
    """The policy denies the call."""


class Unauthenticated(TuttiError):
    """The API key is missing, unknown or expired."""


class FailedPrecondition(TuttiError):
    """The call does not fit the current state."""


class Aborted(TuttiError):
    """A concurrent change won. Read again and retry."""


class ResourceExhausted(TuttiError):
    """Raised at a limit."""


class Unavailable(TuttiError):
    """The platform cannot serve the call at present."""


class DeadlineExceeded(TuttiError):
    """The call took longer than its timeout."""


class Unreachable(Unavailable, OSError):
    """No server answers."""


class NotEnded(DeadlineExceeded, TimeoutError):
    """The run had not ended at the timeout of the wait. The run continues."""


class RunFailed(TuttiError):
    """The run failed. ``code`` is the code of the task's error."""

    run_id: str = ""


class RunCancelled(RunFailed):
    """Raised for a cancelled run."""


class RunTerminated(RunFailed):
    """Raised for a terminated run."""


_classes: Mapping[str, type[TuttiError]] = {
    "INVALID_ARGUMENT": InvalidArgument,
    "OUT_OF_RANGE": InvalidArgument,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "PERMISSION_DENIED": PermissionDenied,
    "UNAUTHENTICATED": Unauthenticated,
    "FAILED_PRECONDITION": FailedPrecondition,
    "ABORTED": Aborted,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}
_endings: Mapping[str, type[RunFailed]] = {
    "failed": RunFailed,
    "cancelled": RunCancelled,
    "terminated": RunTerminated,
}
_retries = {
    "never": RETRY_NEVER,
    "elsewhere": RETRY_ELSEWHERE,
    "same-key": RETRY_SAME_KEY,
    "same_key": RETRY_SAME_KEY,
}
_by_http: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


def error_of_problem(problem: Mapping[str, Any]) -> TuttiError:
    """Return the error of a problem document, as defined in RFC 9457 and ``docs/reference/rest.md``."""
    http_status = int(problem.get("status") or 0)
    status = str(problem.get("statusName") or _by_http.get(http_status, "UNKNOWN"))
    known_retry = RETRY_SAME_KEY if http_status >= 429 else RETRY_NEVER
    error = _classes.get(status, TuttiError)(
        str(problem.get("code", "")),
        str(problem.get("detail", "")),
        status=status,
        retry=_retries.get(str(problem.get("retry", "")), known_retry),
        retry_after_seconds=float(problem.get("retryAfterMs") or 0) / 1_000,
        details=problem.get("details"),
        fields=[FieldProblem(each["field"], each["message"]) for each in problem.get("fields", ())],
    )
    if problem.get("cause"):
        error.__cause__ = error_of_problem(problem["cause"])
    return error


def data_unreadable(sha256: str, size: int, reason: str) -> TuttiError:
    return TuttiError(
        "sdk.data_unreadable",
        f"The stored value {sha256[:12]} of {size} bytes cannot be read: {reason}. Restore the blob store "
        "and retry the run, or reset the run to before the task that made the value.",
        status="FAILED_PRECONDITION",
        retry=RETRY_NEVER,
    )


#: Reasons why content can never be read, by the code of the platform.
LOSSES = {"blobs.missing": "it is not in the blob store", "blobs.damaged": "its content is damaged"}


def error_of_answer(http_status: int, text: bytes) -> TuttiError:
    """Return the error of an unsuccessful answer. A proxy may have answered."""
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    if isinstance(problem, dict) and "code" in problem:
        return error_of_problem({**problem, "status": http_status})
    shown = text.decode(errors="replace").strip()[:200]
    message = f"HTTP {http_status} is not an answer of Tutti{': ' if shown else ''}{shown}."
    return error_of_problem(
        {
            "code": "rest.strange_answer",
            "status": http_status,
            "detail": f"{message} Check the URL and the proxies in front of it.",
        }
    )


def error_of_detail(detail: Mapping[str, Any], kind: type[TuttiError] = TuttiError) -> TuttiError:
    """Return the error that a run or an attempt ended with."""
    error = kind(
        str(detail.get("code", "")),
        str(detail.get("message", "")),
        status=str(detail.get("status") or "UNKNOWN"),
        retry=_retries.get(str(detail.get("retry", "")), RETRY_SAME_KEY),
        retry_after_seconds=float(detail.get("retryAfterMs") or 0) / 1_000,
        details=detail.get("details"),
        fields=[FieldProblem(each["field"], each["message"]) for each in detail.get("violations", ())],
    )
    if detail.get("cause"):
        error.__cause__ = error_of_detail(detail["cause"])
    return error


def error_of_ending(ending: str, detail: Mapping[str, Any], run_id: str) -> RunFailed:
    """Return the error of a run that ended as failed, cancelled or terminated."""
    error = error_of_detail(detail, _endings[ending])
    assert isinstance(error, RunFailed)
    error.run_id = run_id
    return error


def unreachable(servers: Sequence[str], error: BaseException) -> Unreachable:
    where = " or ".join(servers)
    reached = Unreachable(
        "rest.unreachable",
        f"No Tutti answers at {where} ({error})."
        " Start the platform with `npx tutti dev`, or set TUTTI_URL to its address.",
        status="UNAVAILABLE",
    )
    reached.__cause__ = error
    return reached
