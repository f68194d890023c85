"""Time of the worker: the time of the event loop, or of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Time(Protocol):
    def now_ms(self) -> float:
        """Return monotonic milliseconds. May be called from any thread."""

    def after(self, ms: float, call: Callable[[], Any]) -> Timer: ...

    def soon(self, call: Callable[[], Any]) -> None:
        """Run the call after the current callback has ended."""


class LoopTime:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now_ms(self) -> float:
        return self._loop.time() * 1_000

    def after(self, ms: float, call: Callable[[], Any]) -> Timer:
        return self._loop.call_later(max(0.0, ms) / 1_000, call)

    def soon(self, call: Callable[[], Any]) -> None:
        self._loop.call_soon(call)
