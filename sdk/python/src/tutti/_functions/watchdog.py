"""Stops code of durable functions that blocks its worker, such as a loop without an ``await``.

1. A thread checks whether the same code has had control for the whole limit. It counts ticks, not time, so a process
   that was suspended and continued is not treated as blocked.
2. ``Blocked`` is raised in the code. Code that catches it gets it again at the next tick.
3. A C call, such as ``time.sleep``, is not interrupted. ``Blocked`` is raised when it returns.
4. While a debugger traces the thread, nothing is stopped.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable

from .branches import Blocked, own_place

LIMIT_SECONDS = 10.0
_TICKS = 10
# The thread ends when no code had control for this number of ticks.
_IDLE_TICKS = 600
_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Watchdog:
    def __init__(self, seconds: float = LIMIT_SECONDS) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        # The thread whose code has control, and its number.
        self._thread: int | None = None
        self._number = 0
        self._place = ""
        self._watching: threading.Thread | None = None

    def run(self, code: Callable[[], None]) -> str | None:
        """Run code. Return the line where it was stopped, or None."""
        with self._lock:
            self._number += 1
            self._place = ""
            self._thread = threading.get_ident()
            if self._watching is None and sys.gettrace() is None:
                self._watching = threading.Thread(target=self._watch, name="tutti-watchdog", daemon=True)
                self._watching.start()
        try:
            code()
        except Blocked:
            return self._leave() or "an unknown line"
        except BaseException:
            self._leave()
            raise
        return self._leave() or None

    def _leave(self) -> str:
        while True:
            try:
                with self._lock:
                    thread, self._thread = self._thread, None
                    if thread is not None and self._place:
                        # A pending exception must not be raised in other code.
                        _set_async_exc(ctypes.c_ulong(thread), None)
                return self._place
            except Blocked:
                continue

    def _watch(self) -> None:
        last, count, idle = 0, 0, 0
        while True:
            time.sleep(self.seconds / _TICKS)
            with self._lock:
                thread = self._thread
                is_same = thread is not None and self._number == last
                count = count + 1 if is_same else 0
                idle = idle + 1 if thread is None else 0
                last = self._number
                if idle >= _IDLE_TICKS:
                    self._watching = None
                    return
                if thread is None or count < _TICKS:
                    continue
                frame = sys._current_frames().get(thread)
                self._place = self._place or own_place(frame) or "an unknown line"
                _set_async_exc(ctypes.c_ulong(thread), ctypes.py_object(Blocked))
                del frame
