"""Virtual time, controlled by a test."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from typing import Any


class _Timer:
    def __init__(self, call: Callable[[], Any]) -> None:
        self.call: Callable[[], Any] | None = call

    def cancel(self) -> None:
        self.call = None


class VirtualTime:
    def __init__(self) -> None:
        self._now_ms = 1_000_000.0
        self._due: list[tuple[float, int, _Timer]] = []
        self._soon: deque[Callable[[], Any]] = deque()
        self._count = itertools.count()

    def now_ms(self) -> float:
        return self._now_ms

    def after(self, ms: float, call: Callable[[], Any]) -> _Timer:
        timer = _Timer(call)
        heapq.heappush(self._due, (self._now_ms + max(0.0, ms), next(self._count), timer))
        return timer

    def soon(self, call: Callable[[], Any]) -> None:
        self._soon.append(call)

    def settle(self) -> None:
        """Run all work that is ready."""
        while self._soon:
            self._soon.popleft()()

    def pass_ms(self, ms: float) -> None:
        end_ms = self._now_ms + ms
        self.settle()
        while self._due and self._due[0][0] <= end_ms:
            self._now_ms, _, timer = heapq.heappop(self._due)
            if timer.call is not None:
                timer.call()
            self.settle()
        self._now_ms = end_ms
