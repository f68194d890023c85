"""Runs durable functions in a unit test: the real code, virtual time, no platform and no network.

::

    def test_a_large_order_waits_for_its_approval():
        handlers = {"pay.charge": lambda total: "paid", "ship.label": lambda stock: "label"}
        run = DurableTest(order, handlers).start({"total": 5_000})
        run.skip("1d")
        run.signal("approved", {"yes": True})
        assert run.result()["status"] == "shipped"

It simulates the operations of the platform that functions use. Options of tasks such as timeouts have no effect.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import inspect
import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from ._attempt import Attempt, PendingProgress
from ._call import Duration, seconds_of
from ._contracts import Assign, BlobReference, PartialOutput
from ._functions.host import FunctionHost
from ._functions.loop import carried_in
from ._functions.retry import pause_ms, policy_of
from ._functions.wire import Json, plain, step_error
from ._handlers import Handlers
from ._measures import MeasureBook
from ._threads import Threads
from .context import TaskContext
from .errors import RunCancelled, RunFailed, TuttiError
from .functions import DurableFunction
from .objects import KeyedObject

_ATTEMPTS = 5
_START = datetime(2026, 1, 1, tzinfo=UTC)
_threads = Threads(64)


class DurableTest:
    """Tests a durable function. Waits pass at once.

    handlers: handlers of its calls, by capability or workflow. functions: durable functions that it starts as children.
    forgets: replays the code in every turn, as after a crash between any two waits.
    """

    def __init__(
        self,
        function: DurableFunction,
        handlers: Mapping[str, Callable[[Any], Any]] | None = None,
        *,
        functions: Sequence[DurableFunction] = (),
        forgets: bool = False,
        start: datetime = _START,
    ) -> None:
        self._function = function
        self._handlers = dict(handlers or {})
        self._functions = {each.name: each for each in (function, *functions)}
        self._forgets = forgets
        self._host = FunctionHost(_threads)
        #: Emitted events, in order: `type`, `data`, `subject`.
        self.emitted: list[Mapping[str, Any]] = []
        self._objects: dict[tuple[str, str], _TestObject] = {}
        self._now_ms = start.timestamp() * 1_000
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._due: deque[Callable[[], None]] = deque()
        self._count = itertools.count(1)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now_ms / 1_000, UTC)

    def start(self, input: Any = None) -> DurableRun:
        """Start a run, and advance it until it waits."""
        run = DurableRun(self, self._function, plain(input, "input"), lambda: None)
        self._settle()
        return run

    def execute(self, input: Any = None) -> Any:
        """Start a run, and advance it to its end. Return its output."""
        return self.start(input).result()

    def values(self, target: KeyedObject, key: str) -> Mapping[str, Json]:
        """Return the values of a keyed object."""
        known = self._objects.get((target.name, key))
        return {} if known is None else dict(known.values)

    def _object_of(self, function: DurableFunction, given: Json) -> _TestObject | None:
        if not isinstance(function, KeyedObject):
            return None
        at = (function.name, given["key"])
        return self._objects.setdefault(at, _TestObject(function.readers))

    def _turn(self, function: DurableFunction, asked: Mapping[str, Any], task: TaskContext) -> dict[str, Any]:
        if self._forgets:
            self._host = FunctionHost(_threads)
        return asyncio.run(self._host.turn(function, asked, task))

    def _soon(self, call: Callable[[], None]) -> None:
        self._due.append(call)

    def _after(self, ms: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self._now_ms + max(0.0, ms), next(self._count), call))

    def _settle(self) -> None:
        while self._due:
            self._due.popleft()()

    def _pass(self, until_ms: float, is_done: Callable[[], bool]) -> None:
        self._settle()
        while self._timers and self._timers[0][0] <= until_ms and not is_done():
            self._now_ms, _, call = heapq.heappop(self._timers)
            call()
            self._settle()


class _TestObject:
    """The values of a key of an object, and the calls that wait for it."""

    def __init__(self, readers: Sequence[str]) -> None:
        self.values: dict[str, Json] = {}
        self._readers = readers
        self._current: DurableRun | None = None
        self._waiting: deque[DurableRun] = deque()

    def called(self, run: DurableRun) -> None:
        if self._reads(run):
            self._begin(run)
        elif self._current is None:
            self._current = run
            self._begin(run)
        else:
            self._waiting.append(run)

    def of(self, run: DurableRun) -> dict[str, Any]:
        """Return the state for a turn."""
        return {"state": dict(run._values), **({"reader": True} if self._reads(run) else {})}

    def set(self, run: DurableRun, name: str, value: Json) -> None:
        if run is not self._current:
            return
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def ended(self, run: DurableRun) -> None:
        if run in self._waiting:
            self._waiting.remove(run)
        if run is not self._current:
            return
        self._current = self._waiting.popleft() if self._waiting else None
        if self._current is not None:
            self._begin(self._current)

    def _begin(self, run: DurableRun) -> None:
        run._values = dict(self.values)
        run._need_turn()

    def _reads(self, run: DurableRun) -> bool:
        return run._input["call"] in self._readers


class DurableRun:
    """A run of a durable function in a test."""

    def __init__(
        self, test: DurableTest, function: DurableFunction, given: Json, on_end: Callable[[], None]
    ) -> None:
        self.id = f"{function.name}-{next(test._count)}"
        #: Number of times that its loop has continued as a new run.
        self.continued = 0
        #: The entries of its history, in the form of ADR 0100. After a continuation: of the latest run.
        self.journal: list[dict[str, Any]] = []
        #: Runs of functions that it started as children, by id of the task.
        self.children: dict[str, DurableRun] = {}
        self._test = test
        self._function = function
        self._input = given
        self._on_end = on_end
        self._start_ms = round(test._now_ms)
        self._open: dict[str, Mapping[str, Any]] = {}
        self._signals: dict[str, deque[Json]] = {}
        self._turns = self._last = self._known = 0
        self._is_due = False
        self._saved: Any = None
        self._end: Mapping[str, Any] | None = None
        self._object = test._object_of(function, given)
        # The values when the call started.
        self._values: dict[str, Json] = {}
        if self._object is None:
            self._need_turn()
        else:
            self._object.called(self)

    @property
    def has_ended(self) -> bool:
        return self._end is not None

    @property
    def waits_for(self) -> Sequence[str]:
        """Return the ids of the tasks that have not ended."""
        return list(self._open)

    def result(self) -> Any:
        """Advance time until the end. Return the output. Raises `RunFailed` if the run fails."""
        self._test._pass(float("inf"), lambda: self.has_ended)
        if self._end is None:
            raise AssertionError(f"{self.id} waits for {', '.join(self._open)}, and no time ends that")
        error = self._end.get("error")
        if error is None:
            return self._end["output"]
        kind = RunCancelled if error["code"] == "workflow.run_cancelled" else RunFailed
        raise kind(error["code"], error["message"], details=error.get("details"))

    def skip(self, span: Duration) -> None:
        """Advance time. All due events happen at their time."""
        until_ms = self._test._now_ms + seconds_of(span, "span") * 1_000
        self._test._pass(until_ms, lambda: False)
        self._test._now_ms = until_ms

    def signal(self, name: str, payload: Any = None) -> None:
        """Send a signal. A signal that arrives before the function waits for it is kept."""
        self._signals.setdefault(name, deque()).append(plain(payload, name))
        for id, spec in list(self._open.items()):
            if isinstance(spec.get("wait"), dict) and spec["wait"].get("signal") == name:
                self._take_signal(id, name)
        self._test._settle()

    def approve(
        self, task: str = "approve", *, by: str = "test", comment: str = "", data: Any = None
    ) -> None:
        self.complete(task, {"verdict": "approved", "by": [by], "comment": comment, "data": data})

    def reject(self, task: str = "approve", *, by: str = "test", comment: str = "") -> None:
        why = f": {comment}" if comment else ""
        self.fail(task, "workflow.approval_rejected", f"Task `{task}` was rejected by {by}{why}.")

    def complete(self, task: str, output: Any = None) -> None:
        """Complete a task that the run waits for, such as an event, a call without a handler or a wait."""
        self._require(task)
        self._ended(task, {"output": plain(output, task)})
        self._test._settle()

    def fail(self, task: str, code: str, message: str) -> None:
        """Fail a task that the run waits for."""
        self._require(task)
        self._ended(task, {"error": {"code": code, "message": message}})
        self._test._settle()

    def cancel(self, reason: str = "") -> None:
        """Cancel the run. Compensations of `ctx.compensate` run."""
        if self.has_ended:
            return
        error = {"code": "workflow.run_cancelled", "message": f"The run was cancelled: {reason}"}
        if any("undo" in each for each in self.journal) and not self._compensates():
            error["details"] = {"not_compensated": self._function.name}  # type: ignore[assignment]
        self._finish({"error": error})
        self._test._settle()

    def _compensates(self) -> bool:
        self._saved = None
        for _ in range(_ATTEMPTS):
            try:
                self._make_turn(0, undo=True)
                return True
            except Exception as error:
                if step_error(error).get("final", False):
                    return False
        return False

    def _need_turn(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._test._soon(self._turn)

    def _turn(self) -> None:
        self._is_due = False
        if self.has_ended:
            return
        self._saved = None
        try:
            output = self._make_turn(self._known)
            if output.get("cold", False):
                output = self._make_turn(0, cold=1)
        except Exception as error:
            # A platform retries the turn, and pauses the run in the end.
            self._finish({"error": step_error(error)})
            return
        self._last, self._known = self._turns, output["known"]
        for step in output["steps"]:
            self.journal.append(_recorded(step))
            if "set" in step and self._object is not None:
                self._object.set(self, step["set"], step["value"])
            if "task" in step:
                self._open[step["task"]] = step["spec"]
                self._test._soon(lambda id=step["task"], spec=step["spec"]: self._begin(id, spec))  # type: ignore[misc]
        if "end" in output:
            self._finish(output["end"])
        elif output.get("more", False):
            self._need_turn()

    def _make_turn(self, first: int, *, undo: bool = False, cold: int = 0) -> dict[str, Any]:
        self._turns += 1
        asked = {
            **{"function": 1, "input": self._input, "startMs": self._start_ms},
            **{"nowMs": round(self._test._now_ms), "seed": self._seed},
            **{"turn": self._turns, "last": self._last, "from": first, "journal": self.journal[first:]},
            **({"undo": True} if undo else {}),
            **({"cold": cold} if cold else {}),
            **({} if self._object is None else {"object": self._object.of(self)}),
        }
        id = self.id if self.continued == 0 else f"{self.id}...{self.continued + 1}"
        task = task_context(self._function.name, id, self._turns, self._saved, self._save)
        return self._test._turn(self._function, asked, task)

    def _save(self, saved: Json) -> None:
        self._saved = saved

    def _begin(self, id: str, spec: Mapping[str, Any]) -> None:
        wait = spec.get("wait")
        if "uses" in spec or "workflow" in spec:
            self._call(id, spec, 1)
        elif isinstance(wait, str):
            self._test._after(seconds_of(wait) * 1_000, lambda: self._ended(id, {"output": None}))
        elif wait is not None and "until" in wait:
            moment = datetime.fromisoformat(wait["until"])
            left_ms = moment.timestamp() * 1_000 - self._test._now_ms
            self._test._after(left_ms, lambda: self._ended(id, {"output": None}))
        elif wait is not None and "signal" in wait and self._signals.get(wait["signal"]):
            self._take_signal(id, wait["signal"])
        else:
            self._give_up(id, wait if wait is not None else spec["approve"])

    def _give_up(self, id: str, waiting: Mapping[str, Any]) -> None:
        """End the task with an error after `within`."""
        if "within" not in waiting:
            return
        kind = next((kind for kind in ("signal", "event") if kind in waiting), None)
        code = "workflow.approval_expired" if kind is None else f"workflow.{kind}_missing"
        asked = "decision" if kind is None else f"{kind} `{waiting[kind]}`"
        error = {"code": code, "message": f"Task `{id}` did not receive the {asked} in time.", "final": True}
        self._test._after(seconds_of(waiting["within"]) * 1_000, lambda: self._ended(id, {"error": error}))

    def _take_signal(self, id: str, name: str) -> None:
        if self._signals[name]:
            self._ended(id, {"output": self._signals[name].popleft()})

    def _call(self, id: str, spec: Mapping[str, Any], tries: int) -> None:
        """Call the handler. A task without a handler stays open."""
        name = (spec.get("uses") or spec["workflow"]).partition("@")[0]
        handler = self._test._handlers.get(name)
        given = _content_of(spec.get("with"))
        if self.has_ended:
            return
        if name == "tutti.emit":
            event: Mapping[str, Any] = spec["with"]
            self._test.emitted.append(event)
            self._ended(id, {"output": {"type": event["type"], "source": f"/tutti/runs/{self.id}"}})
            return
        if handler is None:
            if "workflow" in spec and name in self._test._functions:
                self._start_child(id, self._test._functions[name], given)
            return
        try:
            output = plain(_outcome(handler, given), name)
        except Exception as raised:
            error = step_error(raised)
            policy = policy_of(spec.get("retry"))
            pause = None if "workflow" in spec else pause_ms(policy, error, tries, lambda: 0.0)
            if pause is None:
                self._ended(id, {"error": error})
            else:
                self._test._after(pause, lambda: self._call(id, spec, tries + 1))
            return
        self._ended(id, {"output": output})

    def _start_child(self, id: str, function: DurableFunction, given: Json) -> None:
        def ended() -> None:
            self._ended(id, _outcome_of_child(id, child))

        child = DurableRun(self._test, function, given, ended)
        self.children[id] = child

    def _ended(self, id: str, outcome: Mapping[str, Any]) -> None:
        if self.has_ended or self._open.pop(id, None) is None:
            return
        self.journal.append({"end": id, "atMs": round(self._test._now_ms), **outcome})
        self._need_turn()

    @property
    def _seed(self) -> str:
        return f"{self.id}/{self._function.name}/{self.continued + 1}"

    def _finish(self, end: Mapping[str, Any]) -> None:
        if self._object is None and carried_in(end.get("output")) is not None:
            self.continued += 1
            self.journal, self._input, self._saved = [], end["output"], None
            self._start_ms = round(self._test._now_ms)
            self._open.clear()
            self._turns = self._last = self._known = 0
            self._need_turn()
            return
        self._end = end
        self._open.clear()
        self._on_end()
        if self._object is not None:
            self._object.ended(self)

    def _require(self, task: str) -> None:
        if task not in self._open:
            raise AssertionError(
                f"{self.id} does not wait for {task}, but for {', '.join(self._open) or 'nothing'}"
            )


@dataclass(frozen=True)
class Replayed:
    """Result of a replay: whether changed code matches a run. ``message`` has the first different step, with both lines."""

    differs: bool
    message: str


def replay(function: DurableFunction, run: DurableRun) -> Replayed:
    """Compare the journal of a test run with changed code. No steps run."""
    asked = {
        **{"function": 1, "input": run._input, "startMs": run._start_ms, "nowMs": run._start_ms},
        **{"seed": run._seed, "turn": 1, "last": 0, "from": 0, "journal": run.journal},
        **({} if run._object is None else {"object": run._object.of(run)}),
    }
    task = task_context(function.name, run.id, 1, None, lambda saved: None)
    try:
        output = asyncio.run(FunctionHost(_threads, is_dry=True).turn(function, asked, task))
    except TuttiError as error:
        if error.code != "sdk.function_changed":
            raise
        return Replayed(True, error.message)
    wanted = (output.get("next") or ["it waits"])[0]
    if run.has_ended and "end" not in output:
        return Replayed(True, f"The code of `{function.name}` has changed: history has its end, code has {wanted}.")
    if not run.has_ended and "end" in output:
        return Replayed(True, f"The code of `{function.name}` has changed: history waits, code has its end.")
    return Replayed(False, f"The code does the same: {len(run.journal)} entries of the journal.")


def task_context(
    name: str, run_id: str, attempt: int, saved: Json, save: Callable[[Json], None]
) -> TaskContext:
    """Return a task context without a host."""
    handlers = Handlers()
    handlers.add(name, lambda: None)
    [registered] = handlers.numbered({f"{name}@1.0.0": 1}).values()
    content = b"" if saved is None else json.dumps(saved).encode()
    assign = Assign(work_id=run_id, task_id=name, attempt=attempt, saved=content)
    return TaskContext(Attempt(b"", assign, registered, _Port(save), 0.0))


def _content_of(given: Json) -> Json:
    """Return the input of a task. A function stores a large input."""
    if not isinstance(given, dict) or given.keys() != {"$blob"}:
        return given
    return json.loads(_Port._stored[bytes.fromhex(given["$blob"]["sha256"])])


class _Port:
    namespace = "default"
    # Stored content by hash, shared by all tests of the process, so that a later attempt reads content of an earlier one.
    _stored: ClassVar[dict[bytes, bytes]] = {}

    def __init__(self, save: Callable[[Json], None]) -> None:
        self._save = save
        self.measures = MeasureBook()

    def now_ms(self) -> float:
        return 0.0

    def progressed(self, attempt: Attempt, progress: PendingProgress) -> None:
        if progress.saved is not None:
            self._save(json.loads(progress.saved))

    def output(self, attempt: Attempt, piece: PartialOutput) -> None:
        return

    def secret(self, attempt: Attempt, reference: str) -> str:
        raise LookupError(f"a test has no secret {reference}")

    def store(self, attempt: Attempt, content: bytes) -> BlobReference:
        sha256 = hashlib.sha256(content).digest()
        self._stored[sha256] = content
        return BlobReference(sha256=sha256, size=len(content))

    def content(self, attempt: Attempt, blob: BlobReference) -> bytes:
        return self._stored[blob.sha256]

    def logged(self, attempt: Attempt, line: Callable[[], str]) -> None:
        return

    def when_room(self, call: Callable[[], None]) -> bool:
        return False


def _recorded(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as the platform would return it."""
    if "task" not in step:
        return dict(step)
    kind = next(iter(_kinds(step["spec"])), "")
    return {**{key: value for key, value in step.items() if key != "spec"}, "kind": kind}


def _outcome_of_child(task: str, child: DurableRun) -> Mapping[str, Any]:
    """Return the outcome as the platform reports it: the error of the child is the cause."""
    end = child._end or {}
    if "error" not in end:
        return end
    message = f"Child run `{child.id}` of task `{task}` failed. See its error with `tutti show`."
    return {"error": {"code": "workflow.child_failed", "message": message, "cause": end["error"]}}


def _kinds(spec: Mapping[str, Any]) -> Iterator[str]:
    return (kind for kind in ("uses", "workflow", "wait", "approve") if kind in spec)


def _outcome(handler: Callable[[Any], Any], given: Json) -> Any:
    output = handler(given)
    if not inspect.isawaitable(output):
        return output

    async def wait() -> Any:
        return await output

    return asyncio.run(wait())


__all__ = ["DurableRun", "DurableTest"]
