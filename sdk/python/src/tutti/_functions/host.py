"""The durable functions of a worker. Waiting functions stay in memory, so that they continue without a replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import _json
from .._failure_log import FailureLog
from .._payload import STORED_ABOVE_BYTES
from .._threads import Threads
from ..context import TaskContext
from ..errors import TuttiError
from .instance import TURN_LENGTH_MOST, FunctionInstance, Saved, TurnMeans
from .watchdog import Watchdog
from .wire import STORED_OF_MANY, Entry, Json, StepFailure, plain, storable_input

if TYPE_CHECKING:
    from ..functions import DurableFunction

# Functions that a worker keeps in memory. The least recently used one is evicted, and replayed when it continues.
HOT_MAX = 10_000
# Maximum number of concurrent plain functions, as steps of all functions.
_THREADS_MAX = 64
# Limit of a message. An output that fits next to the steps is inline because expressions read it.
_TURN_BYTES_MAX = 1_000_000
_REFERENCE_BYTES = 400


class FunctionHost:
    def __init__(
        self, threads: Threads | None = None, *, is_dry: bool = False, watchdog: Watchdog | None = None
    ) -> None:
        self._is_dry = is_dry
        self._watchdog = watchdog
        self._hot: dict[tuple[str, str, str], tuple[DurableFunction, FunctionInstance]] = {}
        self._threads = threads or Threads(_THREADS_MAX)
        self._failure_log = FailureLog()

    async def turn(self, fn: DurableFunction, given: Mapping[str, Any], task: TaskContext) -> dict[str, Any]:
        """Execute a turn of a function."""
        key = (task.namespace, task.work_id, task.task_id)
        instance = self._instance_for(fn, key, given)
        known = given["from"] + len(given["journal"])
        if instance is None:
            return {"function": 1, "known": known, "steps": [], "cold": True}
        began = time.monotonic()
        saved = _saved_at(task.saved, known)
        if any(map(_is_stored, saved.steps)):
            saved = Saved(await _contents_of(saved.steps, task), saved.done)
        if _is_reference(given.get("input")) or any(map(_is_stored, given["journal"])):
            given = await _with_contents(given, instance.position, task)
        means = TurnMeans(
            saved=saved,
            save=lambda saved: task.progress(saved=saved),
            clock=lambda: round(given["nowMs"] + (time.monotonic() - began) * 1_000),
            task=task,
        )
        is_kept = False
        try:
            output = await instance.take(given, means)
            if instance.turn_length * 3 > STORED_ABOVE_BYTES or "end" in output:
                output = await _stored_in(output, instance.turn_length, task)
            instance.last_turn = given["turn"]
            if given.get("undo", False):
                # The result of the compensation is the result of the attempt.
                error = output.get("end", {}).get("error")
                if error is not None:
                    raise StepFailure(error)
            elif "end" not in output and not self._is_dry:
                is_kept = True
                self._keep(key, fn, instance)
            return output
        finally:
            if not is_kept:
                instance.close()

    def _instance_for(
        self, fn: DurableFunction, key: tuple[str, str, str], given: Mapping[str, Any]
    ) -> FunctionInstance | None:
        """Return the function in memory, if it matches the journal. None if the journal is needed from its start."""
        # Removed during a turn, so that no other turn uses it.
        kept_fn, hot = self._hot.pop(key, (None, None))
        end = given["from"] + len(given["journal"])
        if hot is not None:
            # A run may have moved to another version that this worker also has.
            is_recorded = kept_fn is fn and hot.last_turn == given["last"] and hot.seed == given["seed"]
            if is_recorded and given["from"] <= hot.position <= end:
                return hot
            hot.close()
        if given["from"] > 0:
            return None

        async def code(instance: FunctionInstance, function_input: Json) -> Json:
            return await _whole(fn, instance, function_input, self._log)

        return FunctionInstance(
            fn.name,
            given["seed"],
            given["startMs"],
            code,
            self._threads,
            object=given.get("object"),
            is_dry=self._is_dry,
            watchdog=self._watchdog,
        )

    def _log(self, instance: FunctionInstance, raised: Exception) -> None:
        """Log an exception like an exception of a handler. An uncaught failure of a step is already known."""
        if instance.task is None or isinstance(raised, TuttiError):
            return
        if self._failure_log.is_due(instance.name, time.monotonic() * 1_000):
            instance.task.logger.warning("function failed", exc_info=raised)

    def _keep(self, key: tuple[str, str, str], fn: DurableFunction, instance: FunctionInstance) -> None:
        self._hot[key] = (fn, instance)
        if len(self._hot) > HOT_MAX:
            _, oldest = self._hot.pop(next(iter(self._hot)))
            oldest.close()


async def _whole(
    fn: DurableFunction,
    instance: FunctionInstance,
    function_input: Json,
    log: Callable[[FunctionInstance, Exception], None],
) -> Json:
    """Run the code of the function, and its compensations if it fails or is stopped."""
    from ..functions import FunctionContext

    ctx = FunctionContext(instance)
    try:
        output = await fn.code(*(ctx, function_input)[: fn.takes])
        if not instance.is_undoing:
            return plain(output, fn.name)
    except Exception as error:
        if not instance.is_undoing:
            log(instance, error)
            await ctx._compensate_all()
            raise
    failed = await ctx._compensate_all()
    if failed:
        raise StepFailure(next((each for each in failed if not each.get("final", False)), failed[0]))
    return None


def _saved_at(saved: Any, known: int) -> Saved:
    """Return the unreported results of an earlier attempt after the same entries."""
    if not isinstance(saved, dict) or saved.get("known") != known or not isinstance(saved.get("steps"), list):
        return Saved()
    return Saved(saved["steps"], saved.get("done") or {})


async def _with_contents(turn: Mapping[str, Any], position: int, task: TaskContext) -> Mapping[str, Any]:
    """Load input and results from the blob store for the code. It has already seen the entries before ``position``."""
    journal = await _contents_of(turn["journal"], task, position - turn["from"])
    return {**turn, "input": await task.content_async(turn.get("input")), "journal": journal}


async def _contents_of(entries: Sequence[Entry], task: TaskContext, first: int = 0) -> list[Entry]:
    return [
        {**entry, "output": await task.content_async(entry["output"])}
        if place >= first and _is_stored(entry)
        else entry
        for place, entry in enumerate(entries)
    ]


def _is_stored(entry: Entry) -> bool:
    """Return whether the content is in the blob store. A file stays a reference that a step returned."""
    output = entry.get("output")
    is_file = isinstance(output, dict) and "step" in entry and "mediaType" in output
    return _is_reference(output) and not is_file


def _is_reference(value: Json) -> bool:
    return isinstance(value, dict) and "$blob" in value


async def _stored_in(output: dict[str, Any], length: int, task: TaskContext) -> dict[str, Any]:
    """Move large results and inputs of tasks to the blob store, because they must not be in the journal."""
    inputs_above = STORED_OF_MANY if length > TURN_LENGTH_MOST else STORED_ABOVE_BYTES
    steps, total = [], 0
    for entry in output["steps"]:
        size = len(_json.render(entry))
        task_input = storable_input(entry)
        if task_input is not None and len(_json.render(task_input)) > inputs_above:
            stored = await task.store_json(task_input)
            entry, size = {**entry, "spec": {**entry["spec"], "with": stored}}, _REFERENCE_BYTES
        if "step" in entry and "output" in entry and size > STORED_ABOVE_BYTES:
            entry, size = {**entry, "output": await task.store_json(entry["output"])}, _REFERENCE_BYTES
        steps.append(entry)
        total += size
    end = output.get("end")
    if end is not None and "output" in end and len(_json.render(end["output"])) + total > _TURN_BYTES_MAX:
        end = {"output": await task.store_json(end["output"])}
    return {**output, "steps": steps, **({} if end is None else {"end": end})}
