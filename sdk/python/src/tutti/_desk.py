"""The attempts of a worker, from the assignment to the answer.

1. A token runs once. An assignment is dropped if its token is running, or has a result that is not durable.
2. An attempt is answered at most once. Later output of its handler is dropped.
3. A slot is used until its handler has ended, also if its result is no longer wanted.
4. Messages of an attempt are sent before its result.
5. All methods run in one thread. Calls of handlers in other threads are posted to it, in order.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from . import _json, _wire
from ._attempt import NEVER, Attempt, PendingProgress
from ._contracts import (
    Assign,
    BlobReference,
    Cancel,
    ErrorDetail,
    Extend,
    PartialOutput,
    Payload,
    Progress,
    Result,
    Stopped,
)
from ._contracts import (
    Busy as BusyMessage,
)
from ._failure_log import FailureLog
from ._handlers import Registered
from ._masks import Masks
from ._measures import MeasureBook
from ._own_use import OwnUse
from ._payload import STORED_ABOVE_BYTES
from ._runner import Done, Ending
from ._secrets import SecretWanted, no_secrets
from ._time import Time, Timer
from .errors import TuttiError, data_unreadable
from .failures import (
    MESSAGE_LENGTH_MAX,
    Cancelled,
    busy_of,
    cancelled,
    failure_detail,
    input_malformed,
    input_unreadable,
    output_not_stored,
    timed_out,
    unknown_capability,
)

T = TypeVar("T")

# After this time, an attempt whose handler ignores the request to end is answered without it.
_GIVE_UP_AFTER_MS = 5_000
# Prefix of the output of a turn of a durable function.
_TURN = b'{"function":1,'
# Larger inputs are not read into memory.
_INPUT_BYTES_MAX = 256 * 1024 * 1024
# Pause before another attempt to reach an unavailable blob store.
_STORE_PAUSE_MS = 200.0
_STORE_PAUSE_MAX_MS = 15_000.0
# Minimum interval between progress messages of an attempt, except for saved values.
_PROGRESS_EVERY_MS = 100
# Above this backlog a streaming handler has to wait. Above the next limit its pieces are dropped.
_BACKLOG_HIGH_BYTES = 4 * 1024 * 1024
_BACKLOG_DROP_BYTES = 32 * 1024 * 1024
# Above this backlog, lines of the log are dropped for readers, because a handler never waits for its log.
_BACKLOG_LOG_BYTES = 1024 * 1024
_LOG_LINE_BYTES_MAX = 16_384

_log = logging.getLogger("tutti.worker")


class DeskOutbox(Protocol):
    """Outbox for the messages of attempts, as fields of a frame."""

    @property
    def backlog_bytes(self) -> int: ...

    def add(self, part: bytes) -> None: ...

    def add_result(self, token: bytes, part: bytes) -> None: ...

    def changed(self) -> None:
        """Called when a message is pending, or a slot has become free."""


ReadBlob = Callable[[str, BlobReference, Callable[[bytes | Exception], None]], None]
StoreBlob = Callable[[str, bytes, Callable[[BlobReference | Exception], None]], None]


@dataclass(frozen=True)
class DeskParts:
    namespace: str
    slots: int
    time: Time
    outbox: DeskOutbox
    run: Callable[[Attempt, Any, Done], None]
    # Runs a call in the thread of the desk. May be used from any thread.
    post: Callable[[Callable[[], None]], None]
    # Reads an input that is too large for a frame.
    read_blob: ReadBlob
    # Stores an output that is too large for a frame.
    store_blob: StoreBlob
    # Returns the value of a secret. Blocks the thread of the handler.
    open_secret: Callable[[SecretWanted], str] = no_secrets
    # Measurements of handlers. By default they are not sent.
    measures: MeasureBook = field(default_factory=MeasureBook)
    # Measures CPU and memory of tasks.
    own_use: OwnUse | None = None
    # Whether readers of a run see the log lines of its tasks.
    send_logs: bool = False


class Desk:
    def __init__(self, parts: DeskParts) -> None:
        self.namespace = parts.namespace
        self.measures = parts.measures
        self._parts = parts
        self._outbox = parts.outbox
        # Attempts by token. None for answered attempts, until their results are durable.
        self._attempts: dict[bytes, Attempt | None] = {}
        self._numbered: Mapping[int, Registered] = {}
        self._failure_log = FailureLog()
        self._telling: dict[Attempt, None] = {}
        self._sweep: Timer | None = None
        self._sweep_ms = NEVER
        self._rooms: list[Callable[[], None]] = []
        self._posted_bytes = 0
        self._posted_lock = threading.Lock()
        # Number of handlers that have not ended.
        self.at_work = 0
        # Number of attempts that will be answered.
        self.running = 0
        # Set by the welcome.
        self.started_after_ms = 0.0
        self.output_bytes_max = 1024 * 1024
        # The reason why no new attempt is started. Empty if attempts are started.
        self.closed_because = ""

    @property
    def free_slots(self) -> int:
        return max(0, self._parts.slots - self.at_work)

    @property
    def tokens(self) -> list[bytes]:
        return [attempt.token for attempt in self._alive()]

    def now_ms(self) -> float:
        return self._parts.time.now_ms()

    def number(self, numbered: Mapping[int, Registered]) -> None:
        """Set the numbers that the host has given to the capabilities."""
        self._numbered = numbered

    def assigned(self, assign: Assign, now_ms: float) -> None:
        token = assign.token
        if token in self._attempts:
            return
        registered = self._numbered.get(assign.capability)
        if registered is None:
            detail = failure_detail(unknown_capability(assign.capability))
            self._answer(token, _wire.failed_field(token, detail, _wire.NOT_BEGUN))
            return
        slots = self._parts.slots
        if self.closed_because or self.at_work >= slots:
            message = self.closed_because or f"all {slots} slots are taken"
            busy = Result(token=token, busy=BusyMessage(message=message))
            self._answer(token, _wire.result_field(busy))
            return
        attempt = Attempt(token, assign, registered, self, now_ms)
        self._attempts[token] = attempt
        self.running += 1
        self.at_work += 1
        if self._parts.own_use is not None:
            self._parts.own_use.started(attempt, self.at_work)
        self._plan(attempt, now_ms)
        if assign.WhichOneof("input") == "input_payload" and assign.input_payload.HasField("blob"):
            self._fetch(attempt)
        else:
            self._begin_with(attempt, _inline(assign))

    def cancel(self, message: Cancel) -> None:
        attempt = self._attempts.get(message.token)
        if attempt is None:
            return
        reason = cancelled(message.reason)
        if message.grace_ms <= 0:
            self._drop(attempt, reason)
            return
        now_ms = self.now_ms()
        attempt.is_cancelled = True
        attempt.abort(reason, now_ms + message.grace_ms)
        self._plan(attempt, now_ms)

    def extend(self, message: Extend) -> None:
        attempt = self._attempts.get(message.token)
        if attempt is None or attempt.reason is not None:
            return
        now_ms = self.now_ms()
        attempt.limit(message.run_ms, message.total_ms, now_ms)
        self._plan(attempt, now_ms)

    def unwanted(self, token: bytes) -> None:
        """End an attempt without an answer, because the host no longer needs it."""
        attempt = self._attempts.get(token)
        if attempt is not None:
            self._drop(attempt, cancelled("given to another"))

    def forget(self, token: bytes) -> None:
        """Forget an attempt whose result is durable."""
        self._attempts.pop(token, None)

    def tell_again(self) -> None:
        """Report the running attempts on a new link."""
        now_ms = self.now_ms()
        for attempt in self._alive():
            self._tell_started(attempt, now_ms)
            if attempt.saved is None:
                continue
            attempt.pending_progress = attempt.pending_progress or PendingProgress()
            attempt.pending_progress.saved = attempt.pending_progress.saved or attempt.saved
            self._telling[attempt] = None

    def abort_all(self, reason: Exception) -> None:
        """Abort all running attempts. They are answered when their handlers end."""
        now_ms = self.now_ms()
        for attempt in self._alive():
            attempt.abort(reason, now_ms + _GIVE_UP_AFTER_MS)
            self._plan(attempt, now_ms)

    def collect(self) -> None:
        """Write the messages of this turn into the outbox."""
        if not self._telling:
            return
        telling, self._telling = self._telling, {}
        now_ms = self.now_ms()
        for attempt in telling:
            if attempt.pending_progress is None or attempt.is_over:
                continue
            if attempt.pending_progress.saved is not None or now_ms - attempt.reported_ms >= _PROGRESS_EVERY_MS:
                self._tell(attempt)
            else:
                self._plan(attempt, now_ms)

    def drained(self) -> None:
        """Wake waiting handlers if the backlog is short enough."""
        if self._rooms and self._outbox.backlog_bytes <= _BACKLOG_HIGH_BYTES / 2:
            self._open_rooms()

    def stop(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._open_rooms()

    # Calls of handlers, from any thread.

    def progressed(self, attempt: Attempt, progress: PendingProgress) -> None:
        self._parts.post(partial(self._progressed, attempt, progress))

    def output(self, attempt: Attempt, piece: PartialOutput) -> None:
        size = len(piece.chunk)
        if self._outbox.backlog_bytes + self._posted_bytes >= _BACKLOG_DROP_BYTES:
            return
        with self._posted_lock:
            self._posted_bytes += size
        self._parts.post(partial(self._output, attempt, piece, size))

    def logged(self, attempt: Attempt, line: Callable[[], str]) -> None:
        backlog = self._outbox.backlog_bytes + self._posted_bytes
        if not self._parts.send_logs or attempt.is_over or backlog >= _BACKLOG_LOG_BYTES:
            return
        text = line().encode("utf-8", "replace")[:_LOG_LINE_BYTES_MAX]
        self.output(attempt, PartialOutput(token=attempt.token, chunk=text + b"\n", channel="log"))

    def secret(self, attempt: Attempt, reference: str) -> str:
        assign = attempt.assign
        wanted = SecretWanted(
            reference,
            assign.namespace or self.namespace,
            assign.work_kind or "run",
            assign.work_id,
            assign.task_id,
            assign.access_token,
        )
        value = self._parts.open_secret(wanted)
        masks = attempt.masks or Masks()
        masks.add(reference, value)
        attempt.masks = masks
        return value

    def store(self, attempt: Attempt, content: bytes) -> BlobReference:
        namespace = attempt.assign.namespace or self.namespace

        def put(done: Callable[[BlobReference | Exception], None]) -> None:
            self._parts.store_blob(namespace, content, done)

        return self._waited(attempt, "stored", put)

    def content(self, attempt: Attempt, blob: BlobReference) -> bytes:
        namespace = attempt.assign.namespace or self.namespace

        def get(done: Callable[[bytes | Exception], None]) -> None:
            self._parts.read_blob(namespace, blob, done)

        return self._waited(attempt, "read", get)

    def _waited(self, attempt: Attempt, verb: str, ask: Callable[[Callable[[T | Exception], None]], None]) -> T:
        """Ask in the thread of the desk, and block the handler's thread.

        Retries while the store is unavailable, or its disk is full. Readers of the run see the reason meanwhile.
        """
        for tries in itertools.count(1):
            asked: Future[T | Exception] = Future()
            self._parts.post(partial(ask, asked.set_result))
            answer = asked.result()
            if not isinstance(answer, Exception):
                if tries > 1:
                    self.progressed(attempt, PendingProgress(message=f"content is {verb}"))
                return answer
            if not isinstance(answer, ConnectionError):
                raise answer
            self.progressed(attempt, _waiting(verb, answer))
            if attempt.ended.wait(_pause_ms(tries) / 1_000):
                raise attempt.reason or cancelled("")
        raise AssertionError("counting has no end")

    def when_room(self, call: Callable[[], None]) -> bool:
        if self._outbox.backlog_bytes + self._posted_bytes < _BACKLOG_HIGH_BYTES:
            return False
        self._rooms.append(call)
        return True

    def _progressed(self, attempt: Attempt, progress: PendingProgress) -> None:
        if attempt.is_over:
            return
        attempt.pending_progress = attempt.pending_progress or PendingProgress()
        attempt.pending_progress.add(progress)
        attempt.saved = progress.saved or attempt.saved
        self._telling[attempt] = None
        self._outbox.changed()

    def _output(self, attempt: Attempt, piece: PartialOutput, size: int) -> None:
        with self._posted_lock:
            self._posted_bytes -= size
        if attempt.is_over:
            return
        if attempt.masks is not None:
            piece.chunk = attempt.masks.content(piece.chunk)
        piece.index = attempt.pieces
        attempt.pieces += 1
        self._outbox.add(_wire.piece_field(piece))
        self._outbox.changed()

    def _open_rooms(self) -> None:
        rooms, self._rooms = self._rooms, []
        for call in rooms:
            call()

    # From the start of an attempt to its answer.

    def _fetch(self, attempt: Attempt, tries: int = 1) -> None:
        capability = attempt.registered.name
        blob = attempt.assign.input_payload.blob

        def fetched(content: bytes | Exception) -> None:
            if attempt.is_over or attempt.reason is not None:
                self._ended(attempt, attempt.reason or cancelled(""))
            elif isinstance(content, bytes):
                if tries > 1:
                    self.progressed(attempt, PendingProgress(message="content is read"))
                self._begin_with(attempt, content)
            elif isinstance(content, ConnectionError):
                self.progressed(attempt, _waiting("read", content))
                self._parts.time.after(_pause_ms(tries), lambda: self._fetch(attempt, tries + 1))
            else:
                unread = content if isinstance(content, TuttiError) else None
                self._ended(attempt, unread or input_unreadable(capability, str(content)))

        if blob.size > _INPUT_BYTES_MAX:
            reason = f"a task reads at most {_INPUT_BYTES_MAX} bytes"
            fetched(data_unreadable(blob.sha256.hex(), int(blob.size), reason))
            return
        namespace = attempt.assign.namespace or self.namespace
        self._parts.read_blob(namespace, blob, fetched)

    def _begin_with(self, attempt: Attempt, content: bytes | None) -> None:
        """Start an attempt with the bytes of its input. None for null."""
        task_input: Any = None
        try:
            if content is not None:
                task_input = _json.parse(content) if _is_json(attempt.assign) else content
        except ValueError as error:
            self._ended(attempt, input_malformed(attempt.registered.name, str(error)))
            return
        self._parts.run(attempt, task_input, self._ended)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        """Handle the end of a handler, with its output or its exception."""
        if isinstance(ending, bytes) and not attempt.is_over and len(ending) > self._bytes_max(ending):
            self._store(attempt, ending)
            return
        self.at_work -= 1
        if self._parts.own_use is not None:
            self._parts.own_use.ended(attempt, self.now_ms() - attempt.started_ms)
        attempt.task = None
        if attempt.is_over:
            # The attempt was answered before. Its slot is free.
            if attempt.is_abandoned:
                extra = _names_of(attempt)
                _log.info("handler ended after its grace period. Its slot is free", extra=extra)
            self._outbox.changed()
            return
        figures = self._figures(attempt)
        if isinstance(ending, bytes):
            self._over(attempt, _wire.output_field(attempt.token, ending, figures))
            return
        if _is_failure(attempt, ending):
            self._log(attempt, ending)
        self._over(attempt, _outcome_field(attempt, ending, figures))

    def _log(self, attempt: Attempt, raised: BaseException) -> None:
        name = attempt.registered.name
        if not self._failure_log.is_due(name, self.now_ms()):
            return
        details: dict[str, object] = {**_names_of(attempt), "attempt": attempt.assign.attempt}
        if attempt.masks is None:
            _log.warning("attempt failed", extra=details, exc_info=raised)
        else:
            # A traceback would repeat the message, which may have secrets.
            details["reason"] = _masked(attempt, failure_detail(raised)).message
            _log.warning("attempt failed", extra=details)

    def _bytes_max(self, output: bytes) -> int:
        """Return the limit for an inline output. The run reads each step of a turn of a durable function."""
        is_turn = output.startswith(_TURN)
        return self.output_bytes_max if is_turn else min(self.output_bytes_max, STORED_ABOVE_BYTES)

    def _store(self, attempt: Attempt, content: bytes, tries: int = 1) -> None:
        """Store an output that is too large for a frame in the blob store. The slot is used until then."""

        def stored(result: BlobReference | Exception) -> None:
            if isinstance(result, BlobReference):
                self.at_work -= 1
                attempt.task = None
                if attempt.is_over:
                    self._outbox.changed()
                    return
                payload = Payload(blob=result)
                fields = self._figures(attempt)._asdict()
                part = Result(token=attempt.token, output_payload=payload, **fields)
                self._over(attempt, _wire.result_field(part))
                return
            is_over = attempt.is_over or attempt.reason is not None
            if is_over or not isinstance(result, ConnectionError):
                error = output_not_stored(attempt.registered.name, len(content), str(result))
                self._ended(attempt, attempt.reason or error)
                return
            self.progressed(attempt, _waiting("stored", result))
            self._parts.time.after(_pause_ms(tries), lambda: self._store(attempt, content, tries + 1))

        self._parts.store_blob(attempt.assign.namespace or self.namespace, content, stored)

    def _figures(self, attempt: Attempt) -> _wire.Figures:
        now_ms = self.now_ms()
        models = attempt.models
        calls = None if models is None else models.report(now_ms)
        return _wire.Figures(now_ms - attempt.started_ms, attempt.used, calls)

    def _over(self, attempt: Attempt, part: bytes) -> None:
        self._tell(attempt)
        attempt.is_over = True
        self.running -= 1
        self._answer(attempt.token, part)

    def _answer(self, token: bytes, part: bytes) -> None:
        self._attempts[token] = None
        self._outbox.add_result(token, part)
        self._outbox.changed()

    def _drop(self, attempt: Attempt, reason: Exception) -> None:
        attempt.is_over = True
        self.running -= 1
        self._attempts.pop(attempt.token, None)
        attempt.abort(reason, NEVER)

    def _alive(self) -> list[Attempt]:
        return [attempt for attempt in self._attempts.values() if attempt is not None]

    def _tell(self, attempt: Attempt) -> None:
        pending = attempt.pending_progress
        if pending is None:
            return
        saved, message, masks = pending.saved or b"", pending.message or "", attempt.masks
        progress = Progress(
            token=attempt.token,
            saved=saved if masks is None else masks.content(saved),
            fraction=pending.fraction or 0.0,
            message=message if masks is None else masks.text(message),
            used=attempt.used,
        )
        self._outbox.add(_wire.progress_field(progress))
        attempt.pending_progress = None
        attempt.reported_ms = self.now_ms()

    def _tell_started(self, attempt: Attempt, now_ms: float) -> None:
        self._outbox.add(_wire.started_field(attempt.token, max(0.0, now_ms - attempt.started_ms)))
        attempt.is_known = True

    # One timer for all attempts, because most end before any action is due.

    def _plan(self, attempt: Attempt, now_ms: float) -> None:
        due_ms = attempt.due_ms(self.started_after_ms, _PROGRESS_EVERY_MS)
        if self._sweep_ms <= due_ms or due_ms == NEVER:
            return
        if self._sweep is not None:
            self._sweep.cancel()
        self._sweep_ms = due_ms
        self._sweep = self._parts.time.after(max(0.0, due_ms - now_ms), self._look_at_all)

    def _look_at_all(self) -> None:
        self._sweep_ms = NEVER
        now_ms = self.now_ms()
        for attempt in self._alive():
            # A timer of the loop may be early by the resolution of its clock.
            if attempt.due_ms(self.started_after_ms, _PROGRESS_EVERY_MS) <= now_ms + 1:
                self._look(attempt, now_ms + 1)
            if not attempt.is_over:
                self._plan(attempt, now_ms)
        self._outbox.changed()

    def _look(self, attempt: Attempt, now_ms: float) -> None:
        if not attempt.is_known and attempt.started_ms + self.started_after_ms <= now_ms:
            self._tell_started(attempt, now_ms)
        if attempt.pending_progress is not None and now_ms - attempt.reported_ms >= _PROGRESS_EVERY_MS:
            self._tell(attempt)
        if min(attempt.run_ends_ms, attempt.total_ends_ms) <= now_ms:
            what = "the attempt" if attempt.run_ends_ms <= now_ms else "the task"
            reason = timed_out(what, min(attempt.run_ends_ms, attempt.total_ends_ms) - attempt.started_ms)
            attempt.abort(reason, now_ms + _GIVE_UP_AFTER_MS)
        if attempt.given_up_ms <= now_ms:
            self._give_up(attempt)

    def _give_up(self, attempt: Attempt) -> None:
        attempt.is_abandoned = True
        message = "handler did not end in its grace period. Its slot is in use until it ends"
        _log.warning(message, extra=_names_of(attempt))
        figures = self._figures(attempt)
        if attempt.is_cancelled:
            message = "the handler did not end in the time that it was given"
            part = _stopped_field(attempt, message, figures)
        else:
            detail = failure_detail(attempt.reason or cancelled(""))
            part = _wire.failed_field(attempt.token, detail, figures)
        self._over(attempt, part)


def _names_of(attempt: Attempt) -> dict[str, str]:
    assign = attempt.assign
    return {"capability": attempt.registered.name, "work_id": assign.work_id, "task_id": assign.task_id}


def _waiting(verb: str, reason: Exception) -> PendingProgress:
    """Return the progress of an attempt that waits for the blob store."""
    return PendingProgress(message=f"content cannot be {verb}, trying again: {reason}"[:MESSAGE_LENGTH_MAX])


def _pause_ms(tries: int) -> float:
    return min(_STORE_PAUSE_MAX_MS, _STORE_PAUSE_MS * 2.0 ** min(tries - 1, 10))


def _is_failure(attempt: Attempt, raised: BaseException) -> bool:
    """Return whether the exception may be a bug. A ``TaskFailure`` is a deliberate answer of the handler."""
    is_answer = isinstance(raised, (TuttiError, asyncio.CancelledError)) and not _is_changed(raised)
    return not attempt.is_cancelled and not is_answer and busy_of(raised) is None


def _is_changed(raised: BaseException) -> bool:
    """Return whether the code of a durable function does not match the recorded history."""
    return isinstance(raised, TuttiError) and raised.code == "sdk.function_changed"


def _outcome_field(attempt: Attempt, raised: BaseException, figures: _wire.Figures) -> bytes:
    reason = attempt.reason
    is_echo = raised is reason or isinstance(raised, (asyncio.CancelledError, Cancelled))
    if attempt.is_cancelled:
        message = "" if is_echo else _masked(attempt, failure_detail(raised)).message
        return _stopped_field(attempt, message, figures)
    detail: ErrorDetail
    if reason is not None and is_echo:
        detail = failure_detail(reason)
    elif (found := busy_of(raised, attempt.registered.name)) is not None:
        message = found.message if attempt.masks is None else attempt.masks.text(found.message)
        busy = BusyMessage(
            retry_after_ms=found.retry_after_seconds * 1_000,
            message=message[:MESSAGE_LENGTH_MAX],
            capabilities=found.capabilities,
        )
        return _wire.result_field(Result(token=attempt.token, busy=busy, **figures._asdict()))
    else:
        detail = failure_detail(raised)
    return _wire.failed_field(attempt.token, _masked(attempt, detail), figures)


def _masked(attempt: Attempt, detail: ErrorDetail) -> ErrorDetail:
    if attempt.masks is not None:
        attempt.masks.error(detail)
    return detail


def _stopped_field(attempt: Attempt, message: str, figures: _wire.Figures) -> bytes:
    stopped = Stopped(message=message[:MESSAGE_LENGTH_MAX])
    return _wire.result_field(Result(token=attempt.token, stopped=stopped, **figures._asdict()))


def _inline(assign: Assign) -> bytes | None:
    kind = assign.WhichOneof("input")
    if kind == "inline_input":
        return assign.inline_input
    if kind == "input_payload" and assign.input_payload.WhichOneof("body") == "inline":
        return assign.input_payload.inline
    return None


def _is_json(assign: Assign) -> bool:
    if assign.WhichOneof("input") != "input_payload":
        return True
    return assign.input_payload.media_type in ("", "application/json")
