"""Entries and errors of a turn, in the form of ADR 0100."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .. import _json
from .._contracts import ErrorDetail
from ..errors import RETRY_ELSEWHERE, RETRY_NEVER
from ..failures import TaskFailure, TuttiError, failure_detail, output_invalid

Json = Any
Entry = Mapping[str, Any]


class StepFailure(TaskFailure):
    """The error of a step of a durable function: code, message and causes, also after a replay.

    The ``__cause__`` of a child that failed is the error of the child.
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(
            error["code"],
            error["message"],
            final=error.get("final", False),
            details=error.get("details") or {},
        )
        if "cause" in error:
            self.__cause__ = StepFailure(error["cause"])


def step_error(raised: BaseException) -> dict[str, Any]:
    """Convert an exception to its form in the journal."""
    return _error_in(failure_detail(raised))


def _error_in(detail: ErrorDetail) -> dict[str, Any]:
    details = dict(detail.details)
    if detail.retry_after_ms > 0:
        # Part of the details, so that a replay has the same pause.
        details["retryAfterMs"] = f"{detail.retry_after_ms:g}"
    error: dict[str, Any] = {"code": detail.code, "message": detail.message, "details": details}
    if detail.retry == RETRY_NEVER:
        error["final"] = True
    if detail.HasField("cause"):
        error["cause"] = _error_in(detail.cause)
    return error


def plain(value: Any, name: str) -> Json:
    """Convert a result to JSON, as it would be after a crash."""
    if value is None or type(value) in (bool, int, str):
        return value
    try:
        return _json.parse(_json.render(value))
    except _json.NotJson as error:
        raise output_invalid(name, error.path, error.found) from None


def name_of(entry: Entry) -> str:
    if "step" in entry:
        return f"step `{entry['step']}`"
    if "task" in entry:
        return f"{entry.get('kind') or 'task'} `{entry['task']}`"
    if "end" in entry:
        return f"the end of `{entry['end']}`"
    return f"state `{entry['set']}`" if "set" in entry else f"compensation `{entry['undo']}`"


def length_of(entry: Entry) -> int:
    """Return the approximate number of characters of an entry."""
    value = entry.get("output", entry.get("value", entry.get("spec")))
    return 100 + (len(json.dumps(value)) if isinstance(value, (dict, list, str)) else 8)


#: If a turn is too large, also smaller inputs of its tasks go into the blob store.
STORED_OF_MANY = 4_096


def storable_input(entry: Entry) -> Json:
    """Return the input of a task that its worker or child reads from the blob store, if it is large.

    The platform emits events itself.
    """
    spec = entry.get("spec") or {}
    if spec.get("uses") == "tutti.emit" or ("uses" not in spec and "workflow" not in spec):
        return None
    return spec.get("with")


def inline_length_of(entry: Entry) -> int:
    """Return the length without content of the blob store."""
    task_input = storable_input(entry)
    length = 0 if task_input is None else len(json.dumps(task_input))
    return length_of(entry) - (length if length > STORED_OF_MANY else 0)


def function_changed(name: str, history: str, code: str) -> TuttiError:
    return _elsewhere(
        "sdk.function_changed",
        f"The code of `{name}` has changed: history has {history}, code has {code}."
        " Deploy code that does the same steps, use `ctx.version`, or reset the run to before the step.",
    )


def awaits_foreign(name: str, where: str) -> TuttiError:
    return _elsewhere(
        "sdk.function_awaits_foreign",
        f"`{name}` waits for something that is no step, {where}."
        " Put what it waits for into `ctx.run`, and use `ctx.all` in place of `asyncio.gather`.",
    )


def function_blocked(name: str, at: str, seconds: float) -> TuttiError:
    return _elsewhere(
        "sdk.function_blocked",
        f"`{name}` blocked its worker for {seconds:g} s, at {at}."
        " Await a step in each round of a loop, and move long calculations to a plain function in `ctx.run`.",
    )


def function_stopped(name: str) -> TuttiError:
    return TuttiError(
        "sdk.function_stopped",
        f"`{name}` is stopped, and compensates. Let the error pass, or clean up in `finally`.",
        status="CANCELLED",
        retry=RETRY_NEVER,
    )


def function_endless(name: str) -> TuttiError:
    return _elsewhere(
        "sdk.function_endless",
        f"`{name}` does not end although it is stopped."
        " Let `sdk.function_stopped` pass in loops that catch errors.",
    )


def loop_not_first(name: str) -> TuttiError:
    return _elsewhere(
        "sdk.loop_not_first",
        f"`{name}` has done something before its `ctx.loop`."
        " Make `ctx.loop` the first step of the function, and do the rest in its rounds or after it.",
    )


def loop_without_step(name: str) -> TuttiError:
    return _elsewhere(
        "sdk.loop_without_step",
        f"A round of the loop of `{name}` has no step."
        " Wait in each round, such as with `ctx.sleep`, or return `ctx.done(output)`.",
    )


def step_interrupted(step: str) -> TuttiError:
    return TuttiError(
        "sdk.step_interrupted",
        f"The step `{step}` was interrupted: its work may be done. Find out whether it is done, or let `retry` of the "
        "step run it again.",
        status="ABORTED",
    )


def step_too_large(step: str, length: int, length_max: int) -> TuttiError:
    return TuttiError(
        "sdk.step_too_large",
        f"Values and tasks of this turn have {length} characters, more than the maximum of {length_max}. The largest is"
        f" {step}. Store a large value with `ctx.file`, and pass the reference that it returns.",
        status="INVALID_ARGUMENT",
        retry=RETRY_NEVER,
    )


def step_nested(step: str) -> TuttiError:
    return TuttiError(
        "sdk.step_nested",
        f"The step `{step}` is inside of another step. Move it out of `ctx.run`, behind or before it.",
        status="FAILED_PRECONDITION",
        retry=RETRY_NEVER,
    )


def object_error(code: str, status: str, message: str) -> TuttiError:
    return TuttiError(f"sdk.object_{code}", message, status=status, retry=RETRY_NEVER)


def object_calls_itself(name: str, key: str, call: str) -> TuttiError:
    return object_error(
        "calls_itself",
        "FAILED_PRECONDITION",
        f"`{call}` of object `{name}` waits for the call that it is made from, with key `{key}`."
        " Share a function between the calls instead.",
    )


def object_read_only(name: str, value: str) -> TuttiError:
    return object_error(
        "read_only",
        "FAILED_PRECONDITION",
        f"A reader of object `{name}` sets `{value}`. Make the call without `reader`.",
    )


def object_none(name: str) -> TuttiError:
    return object_error(
        "none",
        "FAILED_PRECONDITION",
        f"`{name}` is no keyed object, so it has no key. Make it with `keyed_object`.",
    )


def _elsewhere(code: str, message: str) -> TuttiError:
    return TuttiError(code, message, status="FAILED_PRECONDITION", retry=RETRY_ELSEWHERE)
