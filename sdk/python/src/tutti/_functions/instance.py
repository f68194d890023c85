"""A durable function in the memory of a worker. It runs the code turn by turn, in sync with the journal.

1. The code sees the results of its steps in the order of the journal. Each result is applied alone. The code runs until
   it waits before the next result is applied.
2. While entries are left, no step is executed. The code must request the steps that the journal has.
3. After the last entry, local steps run and tasks are added. Their results are new entries, in the order of completion.
4. A turn ends when the code has ended, or waits only for steps that other workers execute.
5. Without a turn the code does not run. A worker that releases a function closes it where it waits.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import _json
from .._threads import Threads
from ..context import TaskContext, _current
from .branches import Branches, Step
from .loop import CARRIED, carried_in
from .watchdog import Watchdog
from .wire import (
    Entry,
    Json,
    StepFailure,
    awaits_foreign,
    function_blocked,
    function_changed,
    function_endless,
    function_stopped,
    inline_length_of,
    length_of,
    name_of,
    object_read_only,
    plain,
    step_error,
    step_interrupted,
    step_nested,
    step_too_large,
)

# Unreported results are saved after this time, while a step is still running.
_SAVE_AFTER_SECONDS = 0.05
_SAVED_BYTES_MAX = 50_000
_TURN_STEPS_MAX = 500
_TURN_LENGTH_MAX = 256 * 1024
# Limit of the report of one turn, because the run is kept in memory.
TURN_LENGTH_MOST = 900_000
# Maximum number of steps after a stop, because a loop that catches every error would never end.
_STOPPED_STEPS_MAX = 1_000

Work = Callable[[], Any]
Code = Callable[["FunctionInstance", Json], Coroutine[Any, Any, Json]]
# The function whose step is running.
_inside: contextvars.ContextVar[FunctionInstance | None] = contextvars.ContextVar(
    "tutti_function", default=None
)


@dataclass(frozen=True)
class Saved:
    """State that an attempt saves for the next attempt of the same turn."""

    # Entries after the entries of the journal.
    steps: Sequence[Entry] = ()
    # Results of steps that ran after the code was stopped, by id.
    done: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnMeans:
    """The parts of an attempt that a turn uses."""

    saved: Saved
    save: Callable[[Json], None]
    # The time of the platform.
    clock: Callable[[], int]
    task: TaskContext


@dataclass(frozen=True)
class Asked:
    """A step that the code has requested, without an entry in the journal."""

    kind: str
    id: str
    at: str
    begin: Callable[[], None]
    result: Step[Any] | None = None
    is_compensation: bool = False


class FunctionInstance:
    """A durable function in memory. Use it only in the thread of its event loop."""

    def __init__(
        self,
        name: str,
        seed: str,
        start_ms: int,
        code: Code,
        threads: Threads,
        *,
        object: Mapping[str, Any] | None = None,
        is_dry: bool = False,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.name = name
        self._watchdog = watchdog
        self.seed = seed
        # If true, no new steps run. The turn ends with the journal.
        self._is_dry = is_dry
        # For a call of a keyed object: its values, and whether the call only reads.
        self.object = object
        # Its key. None for other functions.
        self.key: str | None = None
        self.state: dict[str, Json] = dict((object or {}).get("state", {}))
        # The rest of the run's budget when the turn was offered, for amounts with a limit.
        self.left: Mapping[str, float] | None = None
        # Use of the tasks whose ends the code has seen.
        self.used = {"tokens": 0.0, "money": 0.0}
        # State of the loop from the previous run.
        self.carried: Mapping[str, Any] | None = None
        self._input: Json = None
        # Number of the last executed turn.
        self.last_turn = 0
        # Number of entries that are applied or created.
        self.position = 0
        # Time of the latest entry that the code has seen.
        self.now_ms = start_ms
        self._is_replaying = True
        # True if the platform requested the compensations, so the code does not complete.
        self.is_undoing = False
        # True if the code has been stopped. Another attempt repeats the failed part.
        self.is_stopped = False
        self.branches = Branches(lambda at: self._fail(awaits_foreign(self.name, f"at {at}")))
        self._code = code
        self._threads = threads
        self._context = contextvars.copy_context()
        self._turn: asyncio.Future[dict[str, Any]] | None = None
        self._means: TurnMeans | None = None
        self._is_begun = False
        self._is_driving = False
        self._ids: Counter[str] = Counter()
        # Requested steps by id, in the order of the requests.
        self._asked: dict[str, Asked] = {}
        # Tasks that were added and have not ended.
        self._open: dict[str, Step[Any]] = {}
        # Results for the code, applied one at a time.
        self._results: deque[Callable[[], None]] = deque()
        # Results that are applied once they are recorded.
        self._unconfirmed: list[Callable[[], None]] = []
        self._entries: Sequence[Entry] = ()
        self._at = 0
        self._turn_number = 0
        self._cold = 0
        self._known = 0
        self._steps: list[Entry] = []
        self._length = 0
        self._works: set[asyncio.Task[Json]] = set()
        self._running = 0
        self._stopped_steps = 0
        self._done: dict[str, Json] = {}
        self._sets_asked: Counter[str] = Counter()
        self._sets_applied: Counter[str] = Counter()
        self._versions: dict[str, bool] = {}
        # Ids of entries that record the start of a step.
        self._marks: set[str] = set()
        self._end: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_at = ""

    @property
    def task(self) -> TaskContext | None:
        """The attempt that executes the turn."""
        return None if self._means is None else self._means.task

    @property
    def turn_length(self) -> int:
        """Approximate number of characters of the entries of this turn."""
        return self._length

    @property
    def is_reader(self) -> bool:
        return bool((self.object or {}).get("reader", False))

    def take(self, turn: Mapping[str, Any], means: TurnMeans) -> asyncio.Future[dict[str, Any]]:
        """Execute a turn. Entries that were already applied are skipped."""
        made: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._turn, self._means = made, means
        self._turn_number = turn["turn"]
        self.left = turn.get("left")
        self._cold = turn.get("cold", 0)
        self._known = turn["from"] + len(turn["journal"])
        self._entries = [*turn["journal"], *means.saved.steps]
        self._at = self.position - turn["from"]
        self._steps = list(means.saved.steps)
        self._length = sum(map(length_of, self._steps))
        self._done = dict(means.saved.done)
        self.is_undoing = turn.get("undo", False)
        # Number of entries up to the last one that the code created. Later entries are ends that it sees in this turn.
        self._made = max((place + 1 for place, entry in enumerate(self._entries) if "end" not in entry), default=0)
        self._is_replaying = self._is_dry or self.is_undoing or self._at < len(self._entries)
        self._results.extend(self._unconfirmed)
        self._unconfirmed = []
        self._context.run(_current.set, means.task)
        self._drive(None if self._is_begun else partial(self._begin, turn.get("input")))
        return made

    def close(self) -> None:
        """Release the function. Its code is closed where it waits."""
        self._turn = None
        self._clear_timer()
        for work in self._works:
            work.cancel()
        self._context.run(self.branches.close)

    def require_code(self, step: str) -> None:
        """Require that the code of the function requests the step, within a turn."""
        if _inside.get() is self:
            raise step_nested(step)
        if self._turn is None:
            raise GeneratorExit

    def id_of(self, name: str) -> str:
        """Return a free id: `name`, `name-2`, …"""
        self._ids[name] += 1
        count = self._ids[name]
        return name if count == 1 else self.id_of(f"{name}-{count}")

    def step(
        self, id: str, at: str, work: Work, *, confirm: bool = False, is_compensation: bool = False
    ) -> Step[Any]:
        """Request a local step."""
        result: Step[Any] = Step(self.branches)
        begin = partial(self._start, id, at, work, confirm, result)
        return self._ask(Asked("step", id, at, begin, result, is_compensation))

    def mark(self, step: str, at: str) -> Step[Any]:
        """Record the start of a step before it runs. The result is the number of the turn that recorded it."""
        id = f"{step}.started"
        self._marks.add(id)

        async def number() -> int:
            return self._turn_number

        return self.step(id, at, number, confirm=True)

    def require_first(self, step: str, marked: int) -> None:
        """Raise if an earlier attempt may have run the step. Only the turn after the mark runs it, cold turns aside."""
        if marked != self._turn_number - 1 - self._cold:
            raise step_interrupted(step)

    def add(self, id: str, at: str, spec: Mapping[str, Any]) -> Step[Any]:
        """Request a task of the platform."""
        result: Step[Any] = Step(self.branches)

        def begin() -> None:
            self._record({"task": id, "at": at, "atMs": self._clock(), "spec": spec})
            self._open[id] = result

        return self._ask(Asked("task", id, at, begin, result))

    def set(self, key: str, at: str, value: Json) -> None:
        if self.is_reader:
            raise object_read_only(self.name, key)
        if value is None and self.object is not None:
            self.state.pop(key, None)
        else:
            self.state[key] = value
        self._sets_asked[key] += 1

        def begin() -> None:
            self._sets_applied[key] += 1
            self._record({"set": key, "at": at, "atMs": self._clock(), "value": value})

        self._add(Asked("set", f"{key} {self._sets_asked[key]}", at, begin))

    def undo(self, id: str, at: str) -> None:
        begin = lambda: self._record({"undo": id, "at": at, "atMs": self._clock()})  # noqa: E731
        self._add(Asked("undo", id, at, begin))

    def version(self, change: str, at: str) -> bool:
        """Return whether the run has the change: true if it first reached this point with the change."""
        if change in self._versions:
            return self._versions[change]
        step = f"version-{change}"
        is_new = not self.is_replaying or any(each.get("step") == step for each in self._entries[self._at :])
        self._versions[change] = is_new
        if is_new:
            begin = lambda: self._record({"step": step, "at": at, "atMs": self._clock(), "output": True})  # noqa: E731
            self._add(Asked("step", step, at, begin))
        return is_new

    @property
    def is_replaying(self) -> bool:
        """True while the code repeats recorded steps. It becomes false at the first end that the code sees in this turn."""
        return self._is_replaying and (self._is_dry or self.is_undoing or self._at < self._made)

    @property
    def is_untouched(self) -> bool:
        """True if no step was executed or requested."""
        return self.position + self._running + len(self._asked) == 0

    def is_quiet_after(self, steps: int) -> bool:
        """Return whether a loop may continue as a new run here."""
        # Values that were set at the end of a replay are recorded with the end.
        asked = sum(each.result is not None for each in self._asked.values())
        waiting = self._running + len(self._open) + asked + len(self._results)
        is_at_end = self._at >= len(self._entries) and not self.is_undoing and not self.is_stopped
        return is_at_end and waiting == 0 and self.position >= steps and self.object is None

    def continue_as_new(self, state: Json) -> Step[Any]:
        """End this run, and continue as a new one. The code waits until the worker releases it."""
        carried = {"state": state, "values": dict(self.state), "input": self._input}
        self._end = {"output": {CARRIED: carried}}
        return Step(self.branches)

    def _begin(self, given: Json) -> None:
        self._is_begun = True
        if self.object is not None and isinstance(given, dict):
            self.key = given.get("key")
        if self.object is None:
            self.carried = carried_in(given)
        if self.carried is not None:
            given = self.carried["input"]
            self.state.update(self.carried["values"])
        self._input = given
        main = self.branches.start(self._code(self, given))

        def ended() -> None:
            if self._end is not None:
                return
            self._end = {"output": main.value} if main.error is None else {"error": step_error(main.error)}

        main.when_done(ended)

    def _start(self, id: str, at: str, work: Work, confirm: bool, result: Step[Any]) -> None:
        self._running += 1
        turn = self._turn
        context = contextvars.copy_context()
        context.run(_inside.set, self)
        is_done = self.is_stopped and id in self._done
        outcome = _value(self._done[id]) if is_done else self._outcome(id, work)
        running = asyncio.get_running_loop().create_task(outcome, context=context)
        self._works.add(running)

        def ended(ended: asyncio.Task[Json]) -> None:
            self._works.discard(ended)
            error = None if ended.cancelled() else ended.exception()
            if self._turn is not turn:
                return
            self._running -= 1
            if ended.cancelled():
                error = asyncio.CancelledError()
            self._ended_step({"step": id, "at": at, "atMs": self._clock()}, ended, error, confirm, result)

        running.add_done_callback(ended)

    def _ended_step(
        self,
        entry: dict[str, Any],
        ended: asyncio.Task[Json],
        error: BaseException | None,
        confirm: bool,
        result: Step[Any],
    ) -> None:
        if error is None:
            entry["output"] = ended.result()
            give = partial(result.resolve, entry["output"])
        else:
            entry["error"] = step_error(error)
            give = partial(result.reject, StepFailure(entry["error"]))
        self._record(entry)
        if self.is_stopped and error is None:
            self._save_done(entry)
        if not self.is_undoing and (confirm or self._is_full):
            self._unconfirmed.append(give)
        else:
            self._results.append(give)
        self._drive()

    async def _outcome(self, id: str, work: Work) -> Json:
        """Run a step: coroutines in the event loop, plain functions in a thread."""
        value = await (work() if inspect.iscoroutinefunction(work) else self._in_thread(work))
        return plain(await value if inspect.isawaitable(value) else value, id)

    def _in_thread(self, work: Work) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()

        def settle(value: Any, error: BaseException | None) -> None:
            if ended.done():
                return
            if error is None:
                ended.set_result(value)
            else:
                # Futures refuse StopIteration, which would end the coroutine that waits.
                is_stop = isinstance(error, StopIteration)
                ended.set_exception(RuntimeError("StopIteration") if is_stop else error)

        def job() -> None:
            value, error = None, None
            try:
                value = context.run(work)
            except BaseException as raised:  # noqa: BLE001 - the step fails with it, not the thread
                error = raised
            try:
                loop.call_soon_threadsafe(settle, value, error)
            except RuntimeError:
                # The loop is closed: the step has outlived its worker.
                return

        self._threads.run(job)
        return ended

    def _ask(self, asked: Asked) -> Step[Any]:
        self._add(asked)
        assert asked.result is not None
        return asked.result

    def _add(self, asked: Asked) -> None:
        self._last_at = asked.at or self._last_at
        if self._is_replaying:
            self._asked[f"{asked.kind} {asked.id}"] = asked
        elif self._is_refused(asked):
            self._stop(asked.result)
        else:
            asked.begin()

    @property
    def _is_full(self) -> bool:
        """Return whether the report of the turn is full. It is one message, so a long loop takes several turns."""
        return len(self._steps) >= _TURN_STEPS_MAX or self._length >= _TURN_LENGTH_MAX

    def _clock(self) -> int:
        assert self._means is not None
        return self._means.clock()

    def _record(self, entry: Entry) -> None:
        self._steps.append(entry)
        self._length += length_of(entry)
        self.position += 1
        self.now_ms = max(self.now_ms, entry["atMs"])

    def _drive(self, first: Callable[[], None] | None = None) -> None:
        """Run the code until it waits, apply the next result, and repeat."""
        if self._turn is None or self._is_driving:
            return
        self._is_driving = True
        try:
            if first is not None and not self._controlled(first):
                return
            while self._turn is not None:
                if not self._controlled(self.branches.run) or self._turn is None:
                    return
                if not self._context.run(self._proceed):
                    return
        finally:
            self._is_driving = False

    def _controlled(self, code: Callable[[], None]) -> bool:
        """Give control to the code. Return False if it blocked for too long, and was stopped."""
        if self._watchdog is None:
            self._context.run(code)
            return True
        place = self._watchdog.run(partial(self._context.run, code))
        if place is not None:
            self._fail(function_blocked(self.name, place, self._watchdog.seconds))
        return place is None

    def _proceed(self) -> bool:
        """Apply the next result. Return whether the code may continue."""
        if self._results:
            self._results.popleft()()
            return True
        if self._is_replaying:
            changed = self._apply_next()
            if changed is not None:
                self._fail(changed)
            return changed is None
        if self._end is not None:
            self._finish({"end": self._end})
        elif self._running > 0:
            self._save_later()
        elif self._unconfirmed:
            self._finish({"more": True})
        elif self._open:
            self._finish({})
        else:
            self._fail(awaits_foreign(self.name, f"after {self._last_at or 'its start'}"))
        return False

    def _apply_next(self) -> Exception | None:
        """Apply the next entry. Return an error if it does not match the code."""
        if self._at >= len(self._entries) and self._is_dry:
            wanted = [f"{each.kind} `{each.id}` at {each.at or 'an unknown line'}" for each in self._asked.values()]
            self._finish({"next": wanted, **({} if self._end is None else {"end": self._end})})
            return None
        if self._at >= len(self._entries):
            self._is_replaying = False
            left, self._asked = list(self._asked.values()), {}
            if self.is_undoing:
                self._stop_all(left)
            else:
                for asked in left:
                    asked.begin()
            return None
        entry = self._entries[self._at]
        self.now_ms = max(self.now_ms, entry["atMs"])
        if "end" in entry:
            result = self._open.pop(entry["end"], None)
            for name in self.used:
                self.used[name] += entry.get("used", {}).get(name, 0)
        else:
            key = self._key_of(entry)
            if key not in self._asked:
                # Code may end right after a change of its state, before the entry of the change is applied.
                return self._changed(entry, self._wanted() if self._end is None else "it had ended")
            result = self._asked.pop(key).result
        if "task" in entry and result is not None:
            self._open[entry["task"]] = result
        elif result is not None:
            _settle(result, entry)
        self._at += 1
        self.position += 1
        return None

    def _stop_all(self, asked: Sequence[Asked]) -> None:
        """Stop all steps that the code waits for."""
        for opened in self._open.values():
            self._stop(opened)
        self._open.clear()
        for each in asked:
            if each.is_compensation or each.result is None:
                each.begin()
            else:
                self._stop(each.result)
        self.is_stopped = True

    def _stop(self, result: Step[Any] | None) -> None:
        if result is not None:
            self._results.append(partial(result.reject, function_stopped(self.name)))

    def _is_refused(self, asked: Asked) -> bool:
        """Return whether a step is refused. Stopped code may clean up, but adds no tasks."""
        if not self.is_stopped or asked.is_compensation:
            return False
        self._stopped_steps += 1
        if self._stopped_steps > _STOPPED_STEPS_MAX:
            self._fail(function_endless(self.name))
        return asked.kind == "task" or self._stopped_steps > _STOPPED_STEPS_MAX

    def _key_of(self, entry: Entry) -> str:
        """Return the key of the requested step that the entry belongs to."""
        if "set" in entry:
            key = entry["set"]
            self._sets_applied[key] += 1
            return f"set {key} {self._sets_applied[key]}"
        kind = next(kind for kind in ("step", "task", "undo") if kind in entry)
        return f"{kind} {entry[kind]}"

    def _wanted(self) -> str:
        """Describe the step that the code requests instead of the step in the history."""
        asked = next(iter(self._asked.values()), None)
        if asked is None:
            return f"nothing after {self._last_at or 'its start'}"
        return f"{asked.kind} `{asked.id}` at {asked.at or 'an unknown line'}"

    def _changed(self, entry: Entry, found: str) -> Exception:
        history = f"{name_of(entry)} at {entry.get('at') or 'an unknown line'}"
        return function_changed(self.name, history, found)

    def _save_done(self, entry: Entry) -> None:
        """Save a result, so that another attempt does not repeat the step."""
        assert self._means is not None
        self._done[entry["step"]] = entry["output"]
        self._save({"known": self._known, "steps": list(self._means.saved.steps), "done": self._done})

    def _save_later(self) -> None:
        if self.is_stopped or self._timer is not None or not self._steps:
            return

        def save() -> None:
            self._timer = None
            if self._turn is not None:
                # Only the journal counts for a mark: a copy saved here can be lost.
                marks = (at for at, entry in enumerate(self._steps) if entry.get("step") in self._marks)
                self._save({"known": self._known, "steps": self._steps[: next(marks, None)]})

        self._timer = asyncio.get_running_loop().call_later(_SAVE_AFTER_SECONDS, save)

    def _save(self, saved: Json) -> None:
        if self._means is not None and len(_json.render(saved)) <= _SAVED_BYTES_MAX:
            self._means.save(saved)

    def _finish(self, output: Mapping[str, Any]) -> None:
        if self._length > TURN_LENGTH_MOST and (too_large := self._too_large()) is not None:
            self._fail(too_large)
            return
        turn, self._turn = self._turn, None
        self._clear_timer()
        if turn is not None and not turn.done():
            turn.set_result({"function": 1, "known": self._known, "steps": self._steps, **output})

    def _too_large(self) -> Exception | None:
        """Return an error if inline entries are too large. Results and inputs of tasks move to the blob store."""
        in_place = [entry for entry in self._steps if "step" not in entry]
        length = sum(map(inline_length_of, in_place))
        if length <= TURN_LENGTH_MOST:
            return None
        return step_too_large(name_of(max(in_place, key=inline_length_of)), length, TURN_LENGTH_MOST)

    def _fail(self, error: Exception) -> None:
        turn, self._turn = self._turn, None
        self._clear_timer()
        self.branches.halt()
        if turn is not None and not turn.done():
            turn.set_exception(error)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _settle(result: Step[Any], entry: Entry) -> None:
    if "error" in entry:
        result.reject(StepFailure(entry["error"]))
    else:
        result.resolve(entry.get("output"))


async def _value(value: Json) -> Json:
    return value
