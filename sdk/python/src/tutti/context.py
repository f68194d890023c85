"""The context of a task: data about the task, and the messages that a handler can send while it runs."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import re
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from . import _json
from ._attempt import Attempt, PendingProgress
from ._contracts import Amounts, BlobReference, PartialOutput
from ._logging import TextLines
from ._measures import Counter, Gauge, Histogram
from ._model_calls import AskedModel, AskedModels
from .failures import MESSAGE_LENGTH_MAX, cancelled, failure_detail, output_invalid, saved_too_large, shown

_SAVED_BYTES_MAX = 65_536
_CHUNK_BYTES_MAX = 65_536
_trace_form = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_log = logging.getLogger("tutti.task")
_lines = TextLines()


@dataclass(frozen=True)
class Trace:
    """A place in a distributed trace."""

    trace_id: str
    span_id: str
    sampled: bool


@dataclass(frozen=True)
class Budget:
    """Budget of an attempt."""

    tokens: float
    money: float
    time_ms: float


class TaskContext:
    """The context of a task for its handler. May be used from any thread, and from coroutines."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._logger: TaskLogger | None = None

    @property
    def capability(self) -> str:
        return self._attempt.registered.name

    @property
    def version(self) -> str:
        return self._attempt.registered.version

    @property
    def work_kind(self) -> str:
        """Kind of the work that the task belongs to: `run`, `mission`."""
        return self._attempt.assign.work_kind or "run"

    @property
    def work_id(self) -> str:
        """Id of the run or mission."""
        return self._attempt.assign.work_id

    @property
    def task_id(self) -> str:
        """Id of the task within the work. Tasks of a list have their index: `ship[3]`."""
        return self._attempt.assign.task_id

    @property
    def namespace(self) -> str:
        """The namespace of the work. Default: the worker's own."""
        return self._attempt.assign.namespace or self._attempt.port.namespace

    @property
    def caller(self) -> str:
        """The work that the task belongs to: `run order-17, task reserve`."""
        return f"{self.work_kind} {self.work_id}, task {self.task_id}"

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1."""
        return self._attempt.assign.attempt

    @property
    def idempotency_key(self) -> str:
        """Key to pass to other systems, so that a repeated attempt takes effect there once. Equal for every attempt."""
        return self._attempt.assign.idempotency_key or f"{self.work_id}/{self.task_id}"

    @property
    def labels(self) -> dict[str, str]:
        return {label.name: label.value for label in self._attempt.assign.labels}

    @property
    def context_key(self) -> str:
        """The sticky or context key by which this worker was chosen. Empty for none."""
        return self._attempt.assign.context_key

    @property
    def access_token(self) -> str:
        """Credential for calls to the platform, limited to the rights of this task."""
        return self._attempt.assign.access_token

    @property
    def budget(self) -> Budget | None:
        """Budget of the attempt. None without a limit."""
        assign = self._attempt.assign
        if not assign.HasField("budget"):
            return None
        return Budget(assign.budget.tokens, assign.budget.money, assign.budget.time_ms)

    @property
    def traceparent(self) -> str:
        """The W3C header to pass on. Empty if the work is not traced."""
        return self._attempt.assign.traceparent

    @property
    def trace(self) -> Trace | None:
        """The place in a distributed trace. None if the work is not traced."""
        found = _trace_form.fullmatch(self.traceparent)
        if found is None:
            return None
        return Trace(found[1], found[2], int(found[3], 16) & 1 == 1)

    @property
    def remaining_seconds(self) -> float:
        """Remaining time of the attempt in seconds. `math.inf` without a limit."""
        return self._attempt.remaining_ms / 1_000

    @property
    def saved(self) -> Any:
        """State that an earlier attempt saved by `progress(saved=…)`. None for none."""
        saved = self._attempt.assign.saved
        if not saved:
            return None
        try:
            return _json.parse(saved)
        except ValueError:
            return saved.decode("utf-8", "replace")

    @property
    def cancelled(self) -> bool:
        """True if the attempt was cancelled, timed out, or moved to another worker."""
        return self._attempt.reason is not None

    @property
    def cancellation(self) -> Exception | None:
        """Why the attempt was cancelled. None while it is not."""
        return self._attempt.reason

    @property
    def cancelled_event(self) -> threading.Event:
        """Event that is set when the attempt is cancelled, for threads that wait."""
        return self._attempt.ended

    def raise_if_cancelled(self) -> None:
        """Raises `Cancelled` if the attempt is cancelled. For loops in threads."""
        if self._attempt.reason is not None:
            raise self._attempt.reason

    def sleep(self, seconds: float) -> None:
        """Sleeps in a thread. Raises `Cancelled` as soon as the attempt is cancelled."""
        if self._attempt.ended.wait(seconds):
            raise self._attempt.reason or cancelled("")

    def progress(
        self, fraction: float | None = None, message: str | None = None, *, saved: Any = None
    ) -> None:
        """Reports progress from 0 to 1, which is also a heartbeat. Reports within a short time are sent as one.

        `saved`: state for a later attempt, which reads it from `context.saved`. JSON, at most 64 KiB.
        """
        progress = PendingProgress()
        if fraction is not None:
            progress.fraction = 0.0 if math.isnan(fraction) else min(1.0, max(0.0, float(fraction)))
        if message is not None:
            progress.message = message[:MESSAGE_LENGTH_MAX]
        if saved is not None:
            progress.saved = self._saved_bytes(saved)
        self._attempt.port.progressed(self._attempt, progress)

    def heartbeat(self) -> None:
        """Sends a heartbeat, for a task with a heartbeat timeout."""
        self.progress()

    def output(self, chunk: str | bytes, *, channel: str = "", media_type: str = "") -> None:
        """Sends a chunk of output before the result, such as a token of a language model, to readers at best effort.

        Blocks the thread while readers are slow. In a coroutine use `await context.output_async(…)` for large outputs.
        """
        self._send(chunk, channel, media_type)
        room = threading.Event()
        if not _is_in_loop() and self._attempt.port.when_room(room.set):
            while not room.wait(0.5):
                if self._attempt.is_over or self.cancelled:
                    return

    async def output_async(self, chunk: str | bytes, *, channel: str = "", media_type: str = "") -> None:
        """Like `output`, for coroutines. Waits while readers are slow."""
        self._send(chunk, channel, media_type)
        loop = asyncio.get_running_loop()
        room = loop.create_future()

        def opened() -> None:
            loop.call_soon_threadsafe(lambda: None if room.done() else room.set_result(None))

        if self._attempt.port.when_room(opened):
            await room

    def secret(self, reference: str) -> str:
        """Returns the value of a secret.

        `secret:NAME` or `secret:NAME@VERSION` is a secret of the installation, which only this worker can open.
        `env:NAME` or `file:/path` is a secret of this machine, and must be in the worker's option `secrets`.

        Read a secret just before its use, and do not store it. Its name replaces the value in messages of the attempt:
        output, error, progress and logger. The call blocks: in a coroutine use `await context.secret_async(…)`.
        """
        return self._attempt.port.secret(self._attempt, reference)

    async def secret_async(self, reference: str) -> str:
        """The same, in a coroutine."""
        return await asyncio.to_thread(self.secret, reference)

    def store(
        self, content: bytes | str | PathLike[str], *, media_type: str = "application/octet-stream"
    ) -> dict[str, Any]:
        """Stores bytes, or the file at a path. Return the result, alone or within JSON: later tasks read it by
        `context.content`. Content is removed one day after the last reference to it is gone.

        The call blocks: in a coroutine use `await context.store_async(…)`.
        """
        whole = content if isinstance(content, bytes) else Path(content).read_bytes()
        blob = self._attempt.port.store(self._attempt, whole)
        return {"$blob": {"sha256": blob.sha256.hex(), "size": int(blob.size)}, "mediaType": media_type}

    async def store_async(
        self, content: bytes | str | PathLike[str], *, media_type: str = "application/octet-stream"
    ) -> dict[str, Any]:
        """The same, in a coroutine."""
        return await asyncio.to_thread(partial(self.store, content, media_type=media_type))

    async def store_json(self, value: Any) -> dict[str, Any]:
        """Stores JSON, without the secrets of the task. Returns the reference that `content` reads."""
        masks = self._attempt.masks
        content = _json.render(value if masks is None else masks.json(value))
        stored = await self.store_async(content, media_type="")
        return {"$blob": stored["$blob"]}

    def content(self, value: Any) -> Any:
        """Resolves a reference: JSON in the blob store as a value, other content as bytes, any other value as it is.

        The call blocks: in a coroutine use `await context.content_async(…)`.
        """
        if not isinstance(value, dict) or not isinstance(value.get("$blob"), dict):
            return value
        sha256, size = value["$blob"].get("sha256"), value["$blob"].get("size")
        if not isinstance(sha256, str) or not isinstance(size, (int, float)):
            return value
        blob = BlobReference(sha256=bytes.fromhex(sha256), size=int(size))
        content = self._attempt.port.content(self._attempt, blob)
        is_json = value.get("mediaType", "") in ("", "application/json")
        return _json.parse(content) if is_json else content

    async def content_async(self, value: Any) -> Any:
        """The same, in a coroutine."""
        return await asyncio.to_thread(self.content, value)

    @property
    def used(self) -> dict[str, float]:
        """`tokens` and `money` that the attempt has used so far."""
        used = self._attempt.used or Amounts()
        return {"tokens": used.tokens, "money": used.money}

    def use(self, *, tokens: float = 0, money: float = 0) -> None:
        """Adds to the use of the attempt. Reported with its result."""
        used = self._attempt.used or Amounts()
        used.tokens += tokens
        used.money += money
        self._attempt.used = used

    def counter(self, name: str, help: str = "", unit: str = "") -> Counter:
        """Returns a custom metric that only grows. It is recorded in the namespace of the work, with the label `worker`."""
        return self._attempt.port.measures.counter(self.namespace, name, help, unit)

    def gauge(self, name: str, help: str = "", unit: str = "") -> Gauge:
        """Returns a custom metric that goes up and down."""
        return self._attempt.port.measures.gauge(self.namespace, name, help, unit)

    def histogram(self, name: str, help: str = "", unit: str = "") -> Histogram:
        """Returns a custom metric with a distribution, such as durations or sizes."""
        return self._attempt.port.measures.histogram(self.namespace, name, help, unit)

    def ask_model(
        self, model: str, *, provider: str = "", operation: str = "chat"
    ) -> AbstractContextManager[AskedModel]:
        """Records the body of the `with` statement as a call of a language model. The trace of the work shows the call
        within this attempt, with its model, its time and the data of `answered`. Works in threads and in coroutines:

            with context.ask_model("gpt-5", provider="openai") as asked:
                answer = await client.responses.create(…)
                asked.answered(input_tokens=answer.usage.input_tokens, output_tokens=answer.usage.output_tokens)

        Tokens count as used: do not pass them to `use` too. `provider` and `operation` are values of `gen_ai.provider.name`
        and `gen_ai.operation.name`, such as `openai` and `embeddings`.
        """
        attempt = self._attempt
        if attempt.models is None:
            attempt.models = AskedModels()
        now_ms = attempt.port.now_ms
        asked = attempt.models.begin(model, provider, operation, now_ms())
        return asked._going_on(now_ms, lambda tokens: self.use(tokens=tokens))

    @property
    def logger(self) -> TaskLogger:
        """Logger that adds work, task, attempt and trace to each line of the worker's log. Readers of the run also see the
        lines, in the dashboard and with `tutti logs`, as output in the channel `log`."""
        if self._logger is None:
            fields: dict[str, Any] = {
                "capability": self.capability,
                "work_id": self.work_id,
                "task_id": self.task_id,
                "attempt": self.attempt,
            }
            trace = self.trace
            if trace is not None:
                fields |= {"trace_id": trace.trace_id, "span_id": trace.span_id}
            self._logger = TaskLogger(_log, fields, self._attempt)
        return self._logger

    def __repr__(self) -> str:
        rows = (
            ("caller", f"{self.caller} in namespace {self.namespace}, attempt {self.attempt}"),
            ("remaining", "no limit" if self.remaining_seconds == math.inf else shown(self.remaining_seconds * 1_000)),
            ("trace", self.traceparent or "none"),
            ("key", self.idempotency_key),
        )
        return "\n".join(
            [f"task {self.capability}@{self.version}", *(f"  {name:<10}{value}" for name, value in rows)]
        )

    def _saved_bytes(self, saved: Any) -> bytes:
        try:
            content = _json.render(saved, "saved")
        except _json.NotJson as error:
            raise output_invalid(self.capability, error.path, error.found) from None
        if len(content) > _SAVED_BYTES_MAX:
            raise saved_too_large(len(content), _SAVED_BYTES_MAX)
        return content

    def _send(self, chunk: str | bytes, channel: str, media_type: str) -> None:
        attempt = self._attempt
        content = chunk.encode("utf-8", "replace") if isinstance(chunk, str) else bytes(chunk)
        for start in range(0, len(content), _CHUNK_BYTES_MAX):
            piece = PartialOutput(
                token=attempt.token,
                chunk=content[start : start + _CHUNK_BYTES_MAX],
                channel=channel,
                media_type=media_type,
            )
            attempt.port.output(attempt, piece)


class TaskLogger(logging.LoggerAdapter):  # type: ignore[type-arg]
    """Logger of a task: `logger.info("charging %d", cents)`. Fields in `extra` are added to the fields of the task."""

    def __init__(self, logger: logging.Logger, fields: dict[str, Any], attempt: Attempt) -> None:
        super().__init__(logger, fields)
        self._attempt = attempt

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Writes a line. Names of secrets replace their values."""
        masks = self._attempt.masks
        if masks is None:
            super().log(level, msg, *args, **kwargs)
        elif self.isEnabledFor(level):
            extra = masks.json(kwargs.get("extra") or {})
            raised = kwargs.pop("exc_info", None)
            if raised is True:
                raised = sys.exc_info()
            if isinstance(raised, tuple):
                raised = raised[1]
            if isinstance(raised, BaseException):
                # A traceback would repeat the message, which may have secrets.
                extra["reason"] = masks.text(failure_detail(raised).message)
            kwargs["extra"] = extra
            super().log(level, masks.text(str(msg) % args if args else str(msg)), **kwargs)
        if self.isEnabledFor(level):
            self._attempt.port.logged(self._attempt, lambda: self._line(level, msg, args, kwargs))

    def _line(self, level: int, msg: object, args: tuple[object, ...], kwargs: dict[str, Any]) -> str:
        """Returns the line for readers, without the fields that identify the task. Secrets are masked as in all output."""
        raised = kwargs.get("exc_info")
        if isinstance(raised, BaseException):
            raised = (type(raised), raised, raised.__traceback__)
        elif raised and not isinstance(raised, tuple):
            raised = sys.exc_info()
        name = self.logger.name
        record = self.logger.makeRecord(name, level, "", 0, msg, args, raised or None, extra=kwargs.get("extra"))
        try:
            return _lines.format(record)
        except Exception:
            # As in `logging`, a line that cannot be formatted does not fail the handler.
            return str(msg)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


_current: contextvars.ContextVar[TaskContext | None] = contextvars.ContextVar("tutti_task", default=None)


def current_task() -> TaskContext | None:
    """Returns the context of the current task, at any depth of its handler. None outside of a handler."""
    return _current.get()


@contextmanager
def working_for(context: TaskContext) -> Iterator[None]:
    """Sets the current task for the code in the `with` statement."""
    before = _current.set(context)
    try:
        yield
    finally:
        _current.reset(before)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
