"""CPU and memory of tasks, for agents whose tasks share resources.

Tasks can be measured only one at a time, so a task that ran next to another task is not measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from ._attempt import Attempt
from ._figures import own_memory
from ._measures import MeasureBook

# Shorter attempts are too short for a useful measurement.
_RUN_MIN_MS = 50


class ProcessUse(NamedTuple):
    # CPU time of the process, including ended child processes.
    cpu_ms: float
    memory_bytes: float
    # CPU time of the ended child processes. Their memory is unknown.
    child_ms: float


def process_use() -> ProcessUse:
    times = os.times()
    child = times.children_user + times.children_system
    return ProcessUse((times.user + times.system + child) * 1_000, own_memory(), child * 1_000)


class OwnUse:
    def __init__(self, book: MeasureBook, read: Callable[[], ProcessUse] = process_use) -> None:
        self._book, self._read = book, read
        self._alone: tuple[Attempt, ProcessUse] | None = None

    def started(self, attempt: Attempt, running: int) -> None:
        """Start the measurement. `running` is the number of running handlers, including this one."""
        self._alone = (attempt, self._read()) if running == 1 else None

    def ended(self, attempt: Attempt, run_ms: float) -> None:
        alone, self._alone = self._alone, None
        if alone is None or alone[0] is not attempt or run_ms < _RUN_MIN_MS:
            return
        before, after = alone[1], self._read()
        namespace = attempt.assign.namespace or attempt.port.namespace
        labels = {"capability": attempt.registered.name}
        cpu = self._book.histogram(namespace, "task_cpu_cores", "CPU that a task used while it ran alone.", "cores")
        cpu.observe(max(0.0, after.cpu_ms - before.cpu_ms) / run_ms, labels)
        if after.child_ms == before.child_ms and after.memory_bytes > 0:
            about = "Memory of the process while a task ran alone."
            memory = self._book.histogram(namespace, "task_memory_bytes", about, "bytes")
            memory.observe(max(before.memory_bytes, after.memory_bytes), labels)
