"""What a handler knows about its task, and what it can say while it works."""

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
from .failures import cancelled, failure_detail, output_invalid, saved_too_large

_SAVED_BYTES_MAX = 65_536
_CHUNK_BYTES_MAX = 65_536
_MESSAGE_LENGTH_MAX = 4_096
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
    """May be used from any thread, and from coroutines."""

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
        """Id of the task in it. For an entry of a list, it has the index: `ship[3]`."""
        return self._attempt.assign.task_id

    @property
    def namespace(self) -> str:
        """The namespace of the work. Default: the worker's own."""
        return self._attempt.assign.namespace or self._attempt.port.namespace

    @property
    def caller(self) -> str:
        """Who asked for it: `run order-17, task reserve`."""
        return f"{self.work_kind} {self.work_id}, task {self.task_id}"

    @property
    def attempt(self) -> int:
        """From 1."""
        return self._attempt.assign.attempt

    @property
    def idempotency_key(self) -> str:
        """To be handed to other systems, so that a repeated attempt takes effect there once."""
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
        """Credential for calls back to the platform, narrowed to what this task may do."""
        return self._attempt.assign.access_token

    @property
    def budget(self) -> Budget | None:
        """The limits of use for the attempt. None without limit."""
        assign = self._attempt.assign
        if not assign.HasField("budget"):
            return None
        return Budget(assign.budget.tokens, assign.budget.money, assign.budget.time_ms)

    @property
    def traceparent(self) -> str:
        """The W3C header to hand on. Empty when the work is not traced."""
        return self._attempt.assign.traceparent

    @property
    def trace(self) -> Trace | None:
        """The place in a distributed trace. None when the work is not traced."""
        found = _trace_form.fullmatch(self.traceparent)
        if found is None:
            return None
        return Trace(found[1], found[2], int(found[3], 16) & 1 == 1)

    @property
    def remaining_seconds(self) -> float:
        """How long the attempt may still take; `math.inf` without a limit."""
        return self._attempt.remaining_ms / 1_000

    @property
    def saved(self) -> Any:
        """What an earlier attempt kept by `progress(saved=…)`; None for none."""
        saved = self._attempt.assign.saved
        if not saved:
            return None
        try:
            return _json.parse(saved)
        except ValueError:
            return saved.decode("utf-8", "replace")

    @property
    def cancelled(self) -> bool:
        """Whether the attempt is no longer wanted: cancelled, timed out, or given to another worker."""
        return self._attempt.reason is not None

    @property
    def cancellation(self) -> Exception | None:
        """Why it is no longer wanted."""
        return self._attempt.reason

    @property
    def cancelled_event(self) -> threading.Event:
        """Set when the attempt is no longer wanted: for threads that wait for something."""
        return self._attempt.ended

    def raise_if_cancelled(self) -> None:
        """Raises `Cancelled` when the attempt is no longer wanted. For loops in threads."""
        if self._attempt.reason is not None:
            raise self._attempt.reason

    def sleep(self, seconds: float) -> None:
        """Waits, in a thread. Raises `Cancelled` as soon as the attempt is no longer wanted."""
        if self._attempt.ended.wait(seconds):
            raise self._attempt.reason or cancelled("")

    def progress(
        self, fraction: float | None = None, message: str | None = None, *, saved: Any = None
    ) -> None:
        """Reports how far the work is, 0 to 1. A sign of life too. Reports within a moment are sent as one.

        `saved`: what a later attempt finds in `context.saved`; JSON, at most 64 KiB.
        """
        progress = PendingProgress()
        if fraction is not None:
            progress.fraction = 0.0 if math.isnan(fraction) else min(1.0, max(0.0, float(fraction)))
        if message is not None:
            progress.message = message[:_MESSAGE_LENGTH_MAX]
        if saved is not None:
            progress.saved = self._saved_bytes(saved)
        self._attempt.port.progressed(self._attempt, progress)

    def heartbeat(self) -> None:
        """A sign of life, where the task has a heartbeat timeout."""
        self.progress()

    def output(self, chunk: str | bytes, *, channel: str = "", media_type: str = "") -> None:
        """A piece of output before the result, such as a token of a language model: for readers, at best effort.

        In a thread it waits where readers are slow. In a coroutine use `await context.output_async(…)` for much.
        """
        self._send(chunk, channel, media_type)
        room = threading.Event()
        if not _is_in_loop() and self._attempt.port.when_room(room.set):
            while not room.wait(0.5):
                if self._attempt.is_over or self.cancelled:
                    return

    async def output_async(self, chunk: str | bytes, *, channel: str = "", media_type: str = "") -> None:
        """The same, in a coroutine: waits where readers are slow."""
        self._send(chunk, channel, media_type)
        loop = asyncio.get_running_loop()
        room = loop.create_future()

        def opened() -> None:
            loop.call_soon_threadsafe(lambda: None if room.done() else room.set_result(None))

        if self._attempt.port.when_room(opened):
            await room

    def secret(self, reference: str) -> str:
        """The value of a secret: `secret:NAME` or `secret:NAME@VERSION` of the installation, which only this worker can open;
        `env:NAME` or `file:/path` of this machine, where the worker's option `secrets` has it.

        Ask at the last moment, hand it to what needs it, and keep it nowhere. Where the attempt says it (output, error,
        progress, its logger), its name stands in its place. It waits: in a coroutine use `await context.secret_async(…)`.
        """
        return self._attempt.port.secret(self._attempt, reference)

    async def secret_async(self, reference: str) -> str:
        """The same, in a coroutine."""
        return await asyncio.to_thread(self.secret, reference)

    def store(
        self, content: bytes | str | PathLike[str], *, media_type: str = "application/octet-stream"
    ) -> dict[str, Any]:
        """Stores a file: bytes, or what is at a path. Return what it gives, alone or within JSON, and later tasks read it
        by `context.content`. Content is removed a day after nothing refers to it any more.

        It waits: in a coroutine use `await context.store_async(…)`.
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
        """What a value stands for: JSON in the blob store as a value, other content as bytes, anything else as it is.

        It waits: in a coroutine use `await context.content_async(…)`.
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
        """A metric of yours that grows. It is recorded in the namespace of the work, with the label `worker`."""
        return self._attempt.port.measures.counter(self.namespace, name, help, unit)

    def gauge(self, name: str, help: str = "", unit: str = "") -> Gauge:
        """A metric of yours that goes up and down."""
        return self._attempt.port.measures.gauge(self.namespace, name, help, unit)

    def histogram(self, name: str, help: str = "", unit: str = "") -> Histogram:
        """A metric of yours that has a distribution: durations, sizes."""
        return self._attempt.port.measures.histogram(self.namespace, name, help, unit)

    def ask_model(
        self, model: str, *, provider: str = "", operation: str = "chat"
    ) -> AbstractContextManager[AskedModel]:
        """Records its body as a call of a language model: the trace of the work has the call within this
        attempt, with its model, its time and what `answered` was told. In threads and in coroutines alike:

            with context.ask_model("gpt-5", provider="openai") as asked:
                answer = await client.responses.create(…)
                asked.answered(input_tokens=answer.usage.input_tokens, output_tokens=answer.usage.output_tokens)

        Tokens count as used: do not pass them to `use` too. `provider` and `operation` as
        `gen_ai.provider.name` and `gen_ai.operation.name` have them: `openai`, `embeddings`.
        """
        attempt = self._attempt
        if attempt.models is None:
            attempt.models = AskedModels()
        now_ms = attempt.port.now_ms
        asked = attempt.models.begin(model, provider, operation, now_ms())
        return asked._going_on(now_ms, lambda tokens: self.use(tokens=tokens))

    @property
    def logger(self) -> TaskLogger:
        """Writes work, task, attempt and trace with each line of the worker's log. Readers of the run see the lines too:
        on the page of the run and by `tutti logs`, as output in the channel `log`."""
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
            ("remaining", _shown(self.remaining_seconds)),
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
    """`logger.info("charging %d", cents)`; what is in `extra` goes beside the task's own fields."""

    def __init__(self, logger: logging.Logger, fields: dict[str, Any], attempt: Attempt) -> None:
        super().__init__(logger, fields)
        self._attempt = attempt

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Names of secrets replace their values."""
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
                # A traceback repeats what the handler said.
                extra["reason"] = masks.text(failure_detail(raised).message)
            kwargs["extra"] = extra
            super().log(level, masks.text(str(msg) % args if args else str(msg)), **kwargs)
        if self.isEnabledFor(level):
            self._attempt.port.logged(self._attempt, lambda: self._line(level, msg, args, kwargs))

    def _line(self, level: int, msg: object, args: tuple[object, ...], kwargs: dict[str, Any]) -> str:
        """Without the fields that say which task it is. Secrets are masked as in all output."""
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
            # As `logging` does: a line that cannot be formatted does not fail the handler.
            return str(msg)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


_current: contextvars.ContextVar[TaskContext | None] = contextvars.ContextVar("tutti_task", default=None)


def current_task() -> TaskContext | None:
    """The task that the calling code works for, however deep inside its handler. None outside of one."""
    return _current.get()


@contextmanager
def working_for(context: TaskContext) -> Iterator[None]:
    """Everything inside finds its task."""
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


def _shown(seconds: float) -> str:
    if seconds == math.inf:
        return "no limit"
    if seconds < 1:
        return f"{round(seconds * 1_000)} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{round(seconds / 60)} min"
