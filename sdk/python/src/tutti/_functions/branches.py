"""Runs the code of a function without an event loop, so that every replay is deterministic.

1. A branch runs until it awaits a step without a result. Branches continue in the order of the results.
2. An await of anything else stops the function, because its result could not be replayed after a crash.
"""

from __future__ import annotations

import logging
import os
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_log = logging.getLogger("tutti.worker")
_libraries = (
    *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    os.path.dirname(os.path.dirname(__file__)),
)
_shown: dict[str, str] = {}


class Blocked(BaseException):
    """Raised by the watchdog in code that does not give control back."""


class Step(Generic[T]):
    """Awaitable result of a step of a durable function. It may be awaited several times."""

    __slots__ = ("_branches", "_calls", "error", "is_done", "value")

    def __init__(self, branches: Branches) -> None:
        self._branches = branches
        self._calls: list[Callable[[], None]] = []
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def __await__(self) -> Generator[Any, None, T]:
        if not self.is_done:
            yield self
        if self.error is not None:
            raise self.error.with_traceback(None)
        value: T = self.value
        return value

    def resolve(self, value: Any) -> None:
        self._settle(value, None)

    def reject(self, error: BaseException) -> None:
        self._settle(None, error)

    def when_done(self, call: Callable[[], None]) -> None:
        if self.is_done:
            call()
        else:
            self._calls.append(call)

    def is_of(self, branches: Branches) -> bool:
        return self._branches is branches

    def _settle(self, value: Any, error: BaseException | None) -> None:
        if self.is_done:
            return
        self.is_done, self.value, self.error = True, value, error
        calls, self._calls = self._calls, []
        for call in calls:
            call()


class Branches:
    """The coroutines of a function. ``foreign`` is called with the line that awaits something other than a step."""

    def __init__(self, foreign: Callable[[str], None]) -> None:
        self._foreign = foreign
        self._ready: deque[tuple[Coroutine[Any, Any, Any], Step[Any]]] = deque()
        self._live: dict[Coroutine[Any, Any, Any], None] = {}

    def start(self, code: Coroutine[Any, Any, T]) -> Step[T]:
        """Start a coroutine, and run it until it waits."""
        result: Step[T] = Step(self)
        self._live[code] = None
        self._advance(code, result)
        return result

    def run(self) -> None:
        while self._ready:
            self._advance(*self._ready.popleft())

    def halt(self) -> None:
        """Stop all branches where they wait."""
        self._ready.clear()

    def close(self) -> None:
        """Close the coroutines where they wait."""
        self.halt()
        for code in list(self._live):
            try:
                code.close()
            except Exception:
                _log.exception("the code of a durable function failed when its worker let go of it")
        self._live.clear()

    def _advance(self, code: Coroutine[Any, Any, Any], result: Step[Any]) -> None:
        try:
            awaited = code.send(None)
        except StopIteration as end:
            self._live.pop(code, None)
            result.resolve(end.value)
        except Blocked:
            self._live.pop(code, None)
            raise
        except BaseException as error:  # noqa: BLE001 - the function fails with it, not the worker
            self._live.pop(code, None)
            result.reject(error)
        else:
            if isinstance(awaited, Step) and awaited.is_of(self):
                awaited.when_done(lambda: self._ready.append((code, result)))
            else:
                self._foreign(_waiting_line(code))


def _waiting_line(code: Any) -> str:
    """Return the innermost line outside of libraries."""
    found = ""
    while code is not None:
        frame: FrameType | None = getattr(code, "cr_frame", None) or getattr(code, "gi_frame", None)
        if frame is None:
            break
        if not found or not frame.f_code.co_filename.startswith(_libraries):
            found = _place(frame)
        code = getattr(code, "cr_await", None) or getattr(code, "gi_yieldfrom", None)
    return found


def own_place(frame: FrameType | None) -> str:
    """Return the innermost line of a stack outside of libraries."""
    while frame is not None and frame.f_code.co_filename.startswith(_libraries):
        frame = frame.f_back
    return "" if frame is None else _place(frame)


def call_site(depth: int = 2) -> str:
    """Return the file and line that called the caller of this function."""
    return _place(sys._getframe(depth))


def _place(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    shown = _shown.get(file)
    if shown is None:
        # The path from the working directory, or the name alone of a file elsewhere.
        try:
            near = os.path.relpath(file)
        except ValueError:
            near = ".."
        shown = os.path.basename(file) if near.startswith("..") else near.replace(os.sep, "/")
        _shown[file] = shown
    return f"{shown}:{frame.f_lineno}"
