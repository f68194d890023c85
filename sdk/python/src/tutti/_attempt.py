"""State of one attempt. Handlers see it as their `TaskContext`.

Only the thread of the event loop may use it, except for the condition that handlers wait on, and its reason.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ._contracts import Amounts, Assign, BlobReference, PartialOutput
from ._handlers import Registered
from ._masks import Masks
from ._measures import MeasureBook
from ._model_calls import AskedModels

NEVER = math.inf


class AttemptPort(Protocol):
    """Port for the messages of an attempt. May be called from any thread."""

    namespace: str
    measures: MeasureBook

    def now_ms(self) -> float: ...

    def progressed(self, attempt: Attempt, progress: PendingProgress) -> None: ...

    def output(self, attempt: Attempt, piece: PartialOutput) -> None: ...

    def logged(self, attempt: Attempt, line: Callable[[], str]) -> None:
        """Send a line of the log to readers of the run. Dropped while the backlog is large."""

    def secret(self, attempt: Attempt, reference: str) -> str:
        """Return the value of a secret. Blocks."""

    def store(self, attempt: Attempt, content: bytes) -> BlobReference:
        """Store content. Blocks until it is durable."""

    def content(self, attempt: Attempt, blob: BlobReference) -> bytes:
        """Read content. Blocks."""

    def when_room(self, call: Callable[[], None]) -> bool:
        """Call the function when there is room again. Return False without a call if there is room now."""


@dataclass
class PendingProgress:
    """Progress that is not sent yet. Later calls of a turn replace earlier ones."""

    saved: bytes | None = None
    fraction: float | None = None
    message: str | None = None

    def add(self, later: PendingProgress) -> None:
        for name in ("saved", "fraction", "message"):
            value = getattr(later, name)
            if value is not None:
                setattr(self, name, value)


class Attempt:
    __slots__ = (
        "token", "assign", "registered", "port", "started_ms", "run_ends_ms", "total_ends_ms", "given_up_ms",
        "is_over", "is_cancelled", "is_abandoned", "is_known", "pieces", "pending_progress", "reported_ms", "saved", "used", "reason",
        "task", "masks", "models", "_ended", "__weakref__",
    )  # fmt: skip

    def __init__(
        self, token: bytes, assign: Assign, registered: Registered, port: AttemptPort, now_ms: float
    ) -> None:
        self.token = token
        self.assign = assign
        self.registered = registered
        self.port = port
        self.started_ms = now_ms
        self.given_up_ms = NEVER
        # True if it was answered, or needs no answer.
        self.is_over = False
        # True if its end was requested, so that its end is not a failure.
        self.is_cancelled = False
        self.is_abandoned = False
        # True if the host knows that it has started.
        self.is_known = False
        self.pieces = 0
        self.pending_progress: PendingProgress | None = None
        self.reported_ms = -NEVER
        # The last value that it saved for later attempts. Sent again on a new link.
        self.saved: bytes | None = None
        self.used: Amounts | None = None
        # Why its end was requested.
        self.reason: Exception | None = None
        # Its asyncio task, if the handler is a coroutine.
        self.task: Any = None
        # Masks for the secrets of the attempt.
        self.masks: Masks | None = None
        self.models: AskedModels | None = None
        self._ended: threading.Event | None = None
        self.limit(assign.run_ms, assign.total_ms, now_ms)

    def limit(self, run_ms: float, total_ms: float, now_ms: float) -> None:
        """Set the timeouts, counted from now."""
        self.run_ends_ms = now_ms + run_ms if run_ms > 0 else NEVER
        self.total_ends_ms = now_ms + total_ms if total_ms > 0 else NEVER

    @property
    def remaining_ms(self) -> float:
        ends_ms = min(self.run_ends_ms, self.total_ends_ms)
        return NEVER if ends_ms == NEVER else max(0.0, ends_ms - self.port.now_ms())

    def abort(self, reason: Exception, given_up_ms: float) -> None:
        """Request the end of its handler. At ``given_up_ms`` it is answered in any case."""
        self.run_ends_ms = self.total_ends_ms = NEVER
        self.given_up_ms = min(self.given_up_ms, given_up_ms)
        if self.reason is not None:
            return
        # Set the reason before the event. A handler that creates the event in between reads the reason afterwards.
        self.reason = reason
        if self._ended is not None:
            self._ended.set()
        if self.task is not None:
            self.task.cancel()

    @property
    def ended(self) -> threading.Event:
        """Event that is set when its end is requested. Created on first use because most handlers never need it."""
        if self._ended is None:
            self._ended = threading.Event()
        if self.reason is not None:
            self._ended.set()
        return self._ended

    def due_ms(self, started_after_ms: float, progress_every_ms: float) -> float:
        """Return the time of its next due action."""
        due_ms = min(self.run_ends_ms, self.total_ends_ms, self.given_up_ms)
        if not self.is_known:
            due_ms = min(due_ms, self.started_ms + started_after_ms)
        if self.pending_progress is not None:
            due_ms = min(due_ms, self.reported_ms + progress_every_ms)
        return due_ms
