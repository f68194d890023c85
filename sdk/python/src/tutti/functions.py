"""Durable functions: plain code that survives a crash. Its steps are recorded, so another worker can continue it.

::

    @durable("order")
    async def order(ctx, input):
        stock = await ctx.run("reserve", lambda: reserve(input["items"]))
        approval = await ctx.signal("approved", within="2d")
        if not approval["yes"]:
            return {"status": "rejected"}
        paid, label = await ctx.all([ctx.call("pay.charge", input["total"]), ctx.call("ship.label", stock)])
        return {"status": "shipped", "paid": paid, "label": label}

    worker.durable(order)

The guide: ``docs/guides/functions.md``.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from typing import Any, TypedDict, TypeVar, Unpack, overload

from ._call import Duration
from ._document import duration_text, written
from ._functions.branches import Step, call_site
from ._functions.instance import FunctionInstance
from ._functions.loop import STEPS_DEFAULT, LoopDone, continuation_of
from ._functions.retry import Policy, pause_ms, policy_of
from ._functions.wire import (
    Json,
    StepFailure,
    loop_not_first,
    loop_without_step,
    object_calls_itself,
    object_none,
    plain,
    step_error,
)
from ._generated import TaskBudget
from ._handlers import _takes
from .context import TaskContext
from .errors import OptionInvalid
from .workflow import Approve, Cache, Compensate, Cost, Limit, Placement, Retry, Task, Timeout

T = TypeVar("T")
Code = Callable[..., Coroutine[Any, Any, Any]]
# Retry policy of a step. A number is the total of attempts. Default: 5 attempts, 1 s to 1 min apart.
StepRetry = int | Retry | Mapping[str, Any] | None
_not_of_ids = re.compile(r"[^A-Za-z0-9._-]+")
_silent = logging.getLogger("tutti.task.replayed")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False
_default_retry = policy_of(None)
# Retry policy of a turn, after which the run pauses. A turn fails if its code has changed, not if it raises.
_turn_retry = Retry(attempts=5, backoff="1s..1m", exhausted="pause")


class CallOptions(TypedDict, total=False):
    """Options of a task, as in a definition."""

    title: str
    retry: int | Retry
    timeout: Duration | Timeout
    compensate: Compensate
    priority: int
    labels: Mapping[str, str]
    placement: Placement
    resources: Mapping[str, float]
    budget: TaskBudget
    cost: Cost
    limits: Sequence[Limit]
    cache: Duration | Cache
    due_time: str
    idempotency_key: str
    gang: str


class AgentOptions(TypedDict, total=False):
    """Options of an agent, as in a definition."""

    title: str
    retry: int | Retry
    timeout: Duration | Timeout
    labels: Mapping[str, str]


class ChildOptions(TypedDict, total=False):
    """Options of a child run, as in a definition."""

    title: str
    retry: int | Retry
    timeout: Duration | Timeout
    labels: Mapping[str, str]
    priority: int
    parent_close: Any
    parameters: Any
    budget: TaskBudget


@dataclass(frozen=True)
class DurableFunction:
    """A durable function. ``definition``: the workflow that starts it. ``takes``: its number of parameters."""

    name: str
    code: Code
    definition: Mapping[str, Any]
    takes: int


def durable(
    name: str,
    *,
    description: str | None = None,
    retry: int | Retry = _turn_retry,
    timeout: Duration | None = None,
    pool: str | None = None,
) -> Callable[[Code], DurableFunction]:
    """Makes a durable function. Pass it to `worker.durable(function)`, and start it by its name.

    description: one sentence for people. Default: the first line of the docstring.
    retry: retry policy of a turn that failed, such as after a deployment of changed code.
    timeout: how long the function may take. pool: pool of its workers. Default: the pool of the run.
    """

    def make(code: Code) -> DurableFunction:
        if not inspect.iscoroutinefunction(code):
            raise OptionInvalid(f"the durable function {name}", "an `async def`", type(code).__name__)
        task = {"function": name, "with": "${{ input }}", "retry": written(retry)}
        if pool is not None:
            task["placement"] = {"pool": pool}
        definition: dict[str, Any] = {"workflow": name}
        about = description or (inspect.getdoc(code) or "").partition("\n")[0]
        if about:
            definition["description"] = about
        if timeout is not None:
            definition["timeout"] = duration_text(timeout)
        definition["continueAsNew"] = continuation_of(name)
        definition["tasks"] = {name: task}
        definition["output"] = f"${{{{ tasks[{json.dumps(name)}].output }}}}"
        return DurableFunction(name, code, definition, _takes(code))

    return make


class ObjectCalls:
    """The calls of a keyed object with one key, as functions of an input."""

    def __init__(self, call: Callable[[str, Any], Any]) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda input=None: self._call(name, input)


class State:
    """Values in the history of the run. Calls of a keyed object with the same key share them. Set None to remove one."""

    def __init__(self, instance: FunctionInstance) -> None:
        self._instance = instance

    def get(self, key: str, default: Any = None) -> Any:
        return self._instance.state.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self._instance.require_code(key)
        self._instance.set(key, call_site(), plain(value, key))


class FunctionContext:
    """The operations of a durable function. Its code awaits nothing else."""

    def __init__(self, instance: FunctionInstance) -> None:
        self._instance = instance
        self._undo: list[tuple[str, Callable[[], Any]]] = []
        self._draws = 0
        self.state = State(instance)

    @property
    def task(self) -> TaskContext:
        """The attempt that executes this turn. Each turn has another attempt, so do not depend on it outside of `run`."""
        task = self._instance.task
        if task is None:
            raise RuntimeError("A function has no task before its first turn.")
        return task

    @property
    def left(self) -> Mapping[str, float] | None:
        """The rest of the run's budget: `tokens`, `money` and `time_ms`. Amounts without a limit are absent. None without a
        budget. It changes with each turn, so read it only inside of `run`.
        """
        left = self._instance.left
        if left is None:
            return None
        used = self.task.used
        return {"time_ms" if name == "timeMs" else name: each - used.get(name, 0) for name, each in left.items()}

    @property
    def used(self) -> Mapping[str, float]:
        """`tokens` and `money` that ended calls and children used. Equal after a replay."""
        return dict(self._instance.used)

    @overload
    def run(
        self,
        name: str,
        work: Callable[[], Awaitable[T]],
        *,
        retry: StepRetry = ...,
        confirm: bool = ...,
        at_most_once: bool = ...,
    ) -> Step[T]: ...

    @overload
    def run(
        self,
        name: str,
        work: Callable[[], T],
        *,
        retry: StepRetry = ...,
        confirm: bool = ...,
        at_most_once: bool = ...,
    ) -> Step[T]: ...

    def run(
        self,
        name: str,
        work: Callable[[], Any],
        *,
        retry: StepRetry = None,
        confirm: bool = False,
        at_most_once: bool = False,
    ) -> Step[Any]:
        """Runs code of this worker once and records its return value. A plain function runs in a thread.

        The code runs again if the worker is lost before the record, so let other systems recognise a repetition, for
        example by `ctx.uuid()`.

        retry: default: 5 attempts, 1 s to 1 min apart.
        confirm: continue only when the result is durable.
        at_most_once: each attempt runs at most once. Its start is recorded first, which costs a turn. If the worker is lost
            after that, the attempt fails with `sdk.step_interrupted`, although the work may be complete.
        """
        self._instance.require_code(name)
        policy = policy_of(retry)
        code = self._attempts(name, call_site(), work, policy, at_most_once=at_most_once, confirm=confirm)
        return self._instance.branches.start(code)

    def file(
        self,
        name: str,
        content: bytes | str | PathLike[str] | Callable[[], bytes | str | PathLike[str]],
        *,
        media_type: str = "application/octet-stream",
    ) -> Step[dict[str, Any]]:
        """Stores a file once, as a step. Return the result, or pass it to tasks, which read it by `context.content`.
        A path is read on the machine of the worker that executes the step.
        """
        self._instance.require_code(name)

        def store() -> dict[str, Any]:
            return self.task.store(content() if callable(content) else content, media_type=media_type)

        return self._instance.branches.start(self._attempts(name, call_site(), store, _default_retry))

    async def _attempts(
        self,
        name: str,
        at: str,
        work: Callable[[], Any],
        policy: Policy,
        *,
        at_most_once: bool = False,
        **means: bool,
    ) -> Any:
        instance = self._instance
        id = instance.id_of(_id_from(name))
        tries = 1
        while True:
            step = id if tries == 1 else f"{id}.try-{tries}"
            own = _first(instance, step, await instance.mark(step, at), work) if at_most_once else work
            try:
                return await instance.step(step, at, own, **means)
            except Exception as raised:
                pause = pause_ms(policy, step_error(raised), tries, self._random)
                if pause is None or instance.is_stopped:
                    raise
            await instance.add(f"{id}.pause-{tries}", at, {"wait": f"{pause}ms"})
            tries += 1

    def call(
        self, capability: str, input: Any = None, *, id: str | None = None, **options: Unpack[CallOptions]
    ) -> Step[Any]:
        """Runs a capability on any worker, and returns its output. id: default: the name of the capability."""
        spec = {"uses": capability, **_with(input, capability), **written(Task(**options))}
        return self._task(id or capability.partition("@")[0], spec)

    def child(
        self, workflow: str, input: Any = None, *, id: str | None = None, **options: Unpack[ChildOptions]
    ) -> Step[Any]:
        """Starts a workflow or another durable function as a child, and returns its output."""
        spec = {"workflow": workflow, **_with(input, workflow), **written(Task(**options))}
        return self._task(id or workflow.partition("@")[0], spec)

    def agent(
        self, document: Mapping[str, Any], *, id: str = "agent", **options: Unpack[AgentOptions]
    ) -> Step[Any]:
        """Runs an AI agent, and returns its answer: a text, or JSON if its output has a schema.

        document: the value of `agent` of a task in a definition: `{"model": …, "instructions": …, "prompt": …}`.
        """
        return self._task(id, {"agent": plain(document, id), **written(Task(**options))})

    def object(
        self, target: DurableFunction | str, key: str, *, id: str | None = None, **options: Unpack[ChildOptions]
    ) -> ObjectCalls:
        """The calls of a keyed object: `await ctx.object(cart, "ann").add("book")`. One call at a time runs for a key.

        target: the object, or its name. id: id of the task. Default: `cart.add`.
        """
        name = target if isinstance(target, str) else target.name

        def call(call: str, input: Any) -> Step[Any]:
            own = self._instance
            if own.object is not None and not own.is_reader and (own.name, own.key) == (name, key):
                raise object_calls_itself(name, key, call)
            given = {"key": key, "call": call} if input is None else {"key": key, "call": call, "input": input}
            spec = {"workflow": name, **_with(given, name), **written(Task(**options))}
            return self._task(id or f"{name}.{call}", spec, 4)

        return ObjectCalls(call)

    @property
    def key(self) -> str:
        """Key of the keyed object that is called."""
        key = self._instance.key
        if key is None:
            raise object_none(self._instance.name)
        return key

    def sleep(self, span: Duration, *, id: str = "sleep") -> Step[None]:
        """Waits for a duration, such as `30`, `"30s"` or `"2d"`, without a slot or memory of a worker."""
        return self._task(id, {"wait": _span(span)})

    def until(self, moment: datetime | str, *, id: str = "until") -> Step[None]:
        """Waits until a time. A datetime without a zone is local time."""
        text = moment if isinstance(moment, str) else _iso(moment)
        return self._task(id, {"wait": {"until": text}})

    def signal(self, name: str, *, within: Duration | None = None, id: str | None = None) -> Step[Any]:
        """Waits for a signal and returns its payload. After `within` it raises `workflow.signal_missing`."""
        wait = {"signal": name} if within is None else {"signal": name, "within": _span(within)}
        return self._task(id or name, {"wait": wait})

    def event(
        self,
        type: str,
        *,
        if_: str | None = None,
        source: str | None = None,
        within: Duration | None = None,
        id: str | None = None,
    ) -> Step[Any]:
        """Waits for an event of a type, posted since the start of the run, and returns it.

        if_: an expression over `event`: `event.data.order == 7`. source: default: any. After `within` it raises
        `workflow.event_missing`.
        """
        given = {
            "event": type,
            "if": if_,
            "source": source,
            "within": None if within is None else _span(within),
        }
        return self._task(id or type, {"wait": written(given)})

    def emit(
        self,
        type: str,
        data: Any = None,
        *,
        subject: str | None = None,
        source: str | None = None,
        id: str | None = None,
    ) -> Step[Any]:
        """Publishes an event for triggers and for runs that wait for it.

        A repeated step publishes the same event, so it counts once. subject: default: the id of the event.
        source: default: the run.
        """
        content = None if data is None else plain(data, type)
        given = {"type": type, "data": content, "subject": subject, "source": source}
        return self._task(id or type, {"uses": "tutti.emit", "with": written(given)})

    def approve(
        self,
        title: str,
        *,
        by: Sequence[str] | None = None,
        message: str | None = None,
        context: Any = None,
        form: Mapping[str, Any] | None = None,
        needed: int | None = None,
        within: Duration | None = None,
        id: str = "approve",
    ) -> Step[Any]:
        """Asks people, and returns their decision."""
        question = Approve(by=by, title=title, message=message, form=form, needed=needed, within=within)
        shown = {} if context is None else {"context": plain(context, id)}
        return self._task(id, {"approve": {**written(question), **shown}})

    async def loop(
        self, first: Any, round: Callable[[Any], Awaitable[Any]], *, steps: int = STEPS_DEFAULT
    ) -> Any:
        """Repeats `round` until it returns `ctx.done(output)`. Each round gets the state that the previous round returned.

        After many steps the loop continues as a new run with this state and the same input, so its history stays short.
        The new run starts the code from the beginning, so the loop must be the first operation of the function.
        """
        instance = self._instance
        if not instance.is_untouched:
            raise loop_not_first(instance.name)
        state = first if instance.carried is None else instance.carried["state"]
        while True:
            before = instance.position
            following = await round(state)
            if isinstance(following, LoopDone):
                return following.output
            if instance.position == before:
                raise loop_without_step(instance.name)
            # The value as it would be after a crash.
            state = plain(following, "loop")
            if not self._undo and instance.is_quiet_after(steps):
                await instance.continue_as_new(state)

    def done(self, output: Any = None) -> LoopDone:
        """Ends a loop with an output. Return it from the last round."""
        return LoopDone(output)

    def all(self, steps: Iterable[Awaitable[Any]]) -> Step[list[Any]]:
        """Returns all results, in the order of the list. Raises the first failure. Coroutines of `ctx` run concurrently."""
        return self._together(steps, _All())

    def race(self, steps: Iterable[Awaitable[Any]]) -> Step[Any]:
        """Returns the result of the first step to end, or raises its error. Others are stopped when the function ends."""
        return self._together(steps, _First())

    def any(self, steps: Iterable[Awaitable[Any]]) -> Step[Any]:
        """Returns the result of the first step that succeeds. Raises an `ExceptionGroup` if all have failed."""
        return self._together(steps, _Any())

    def now(self) -> datetime:
        """Returns the time at which the code first reached this point. Equal after a replay."""
        return datetime.fromtimestamp(self._instance.now_ms / 1_000, UTC)

    def random(self) -> float:
        """Returns a random number from 0 to 1. Equal after a replay."""
        self._instance.require_code("random")
        return self._random()

    def uuid(self) -> str:
        """Returns a UUID that is equal after a replay and a crash. Use it as a key for other systems."""
        self._instance.require_code("uuid")
        return str(uuid.UUID(bytes=self._drawn()[:16], version=4))

    def compensate(self, name: str, work: Callable[[], Any]) -> None:
        """Registers the compensation of a step. It runs if the function fails or its run is cancelled, the last one first.

        A compensation runs again if the worker is lost meanwhile.
        """
        self._instance.require_code(name)
        id = self._instance.id_of(_id_from(name))
        self._instance.undo(id, call_site())
        self._undo.append((f"{id}.run", work))

    def version(self, change: str) -> bool:
        """Returns True if the run has this change. False for a run that passed this point before the deployment."""
        self._instance.require_code(change)
        return self._instance.version(change, call_site())

    @property
    def log(self) -> logging.Logger | logging.LoggerAdapter[Any]:
        """Logger of the function. Lines of a replay are not written."""
        return _silent if self._instance.is_replaying else self.task.logger

    async def _compensate_all(self) -> list[dict[str, Any]]:
        """Runs all compensations of a function that failed or is stopped. Returns their failures."""
        failed = []
        while self._undo:
            id, work = self._undo.pop()
            try:
                await self._attempts(id, "", work, _default_retry, is_compensation=True)
            except Exception as raised:
                failed.append(step_error(raised))
                self.log.error("compensation failed", extra={"step": id, "error": str(raised)})
        return failed

    def _task(self, name: str, spec: Mapping[str, Any], depth: int = 3) -> Step[Any]:
        self._instance.require_code(name)
        return self._instance.add(self._instance.id_of(_id_from(name)), call_site(depth), spec)

    def _together(self, steps: Iterable[Awaitable[Any]], end: _All) -> Step[Any]:
        """Combines steps, or coroutines that await steps."""
        branches = self._instance.branches
        self._instance.require_code("all")
        started = [each if isinstance(each, Step) else branches.start(_awaited(each)) for each in steps]
        result: Step[Any] = Step(branches)
        for each in started:
            each.when_done(lambda each=each: end.ended(each, started, result))  # type: ignore[misc]
        if not started:
            end.none(result)
        return result

    def _random(self) -> float:
        return int.from_bytes(self._drawn()[:4], "big") / 2**32

    def _drawn(self) -> bytes:
        text = f"{self._instance.seed} {self._draws}"
        self._draws += 1
        return hashlib.sha256(text.encode()).digest()


class _All:
    def none(self, result: Step[Any]) -> None:
        result.resolve([])

    def ended(self, step: Step[Any], steps: Sequence[Step[Any]], result: Step[Any]) -> None:
        if step.error is not None:
            result.reject(step.error)
        elif all(each.is_done for each in steps):
            result.resolve([each.value for each in steps])


class _First(_All):
    def none(self, result: Step[Any]) -> None:
        result.reject(ValueError("a race needs at least one step"))

    def ended(self, step: Step[Any], steps: Sequence[Step[Any]], result: Step[Any]) -> None:
        if step.error is not None:
            result.reject(step.error)
        else:
            result.resolve(step.value)


class _Any(_First):
    def ended(self, step: Step[Any], steps: Sequence[Step[Any]], result: Step[Any]) -> None:
        if step.error is None:
            result.resolve(step.value)
        elif all(each.error is not None for each in steps):
            errors = [each.error for each in steps if isinstance(each.error, Exception)]
            result.reject(ExceptionGroup("no step succeeded", errors))


async def _awaited(step: Awaitable[T]) -> T:
    return await step


def _with(input: Any, name: str) -> dict[str, Json]:
    return {} if input is None else {"with": plain(input, name)}


def _span(span: Duration) -> str:
    return span if isinstance(span, str) else duration_text(span)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first(instance: FunctionInstance, step: str, marked: int, work: Callable[[], Any]) -> Callable[[], Any]:
    """Returns the work, guarded so that it only runs if no other attempt can have run it."""
    if inspect.iscoroutinefunction(work):

        async def begin() -> Any:
            instance.require_first(step, marked)
            return await work()

        return begin

    def call() -> Any:
        instance.require_first(step, marked)
        return work()

    return call


def _id_from(name: str) -> str:
    """Converts a name to the form of task ids."""
    return re.sub(r"^[.-]+", "", _not_of_ids.sub("-", name)) or "step"


__all__ = ["DurableFunction", "FunctionContext", "Step", "StepFailure", "durable"]
