"""Threads for handlers that are plain functions.

They are daemons because a handler that never ends must not keep the process of a stopped worker alive.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]


class Threads:
    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._count = 0
        self._unfinished = 0
        self._lock = threading.Lock()

    def run(self, job: Job) -> None:
        """Run a job in a free thread, else in a new one, else as soon as a thread is free."""
        with self._lock:
            self._unfinished += 1
            is_needed = self._unfinished > self._count and self._count < self._most
            if is_needed:
                self._count += 1
        if is_needed:
            threading.Thread(target=self._work, name=f"tutti-{self._count}", daemon=True).start()
        self._jobs.put(job)

    def stop(self) -> None:
        """End each thread after its current job."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                job()
            finally:
                with self._lock:
                    self._unfinished -= 1
