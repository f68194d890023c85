"""The durable functions of a worker: those that wait stay in memory, so that they continue without a replay."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._threads import Threads
from ..context import TaskContext
from .instance import FunctionInstance, Saved, TurnMeans
from .watchdog import Watchdog
from .wire import Json, StepFailure, plain

if TYPE_CHECKING:
    from ..functions import DurableFunction

# Functions that a worker keeps in memory. The one that was not used for longest is replayed when it continues.
HOT_MAX = 10_000
# Plain functions that run at the same time, as steps of all functions.
_THREADS_MAX = 64


class FunctionHost:
    def __init__(
        self, threads: Threads | None = None, *, is_dry: bool = False, watchdog: Watchdog | None = None
    ) -> None:
        self._is_dry = is_dry
        self._watchdog = watchdog
        self._hot: dict[tuple[str, str, str], tuple[DurableFunction, FunctionInstance]] = {}
        self._threads = threads or Threads(_THREADS_MAX)

    async def turn(self, fn: DurableFunction, given: Mapping[str, Any], task: TaskContext) -> dict[str, Any]:
        """Makes a turn of a function."""
        key = (task.namespace, task.work_id, task.task_id)
        instance = self._instance_for(fn, key, given)
        known = given["from"] + len(given["journal"])
        if instance is None:
            return {"function": 1, "known": known, "steps": [], "cold": True}
        began = time.monotonic()
        means = TurnMeans(
            saved=_saved_at(task.saved, known),
            save=lambda saved: task.progress(saved=saved),
            clock=lambda: round(given["nowMs"] + (time.monotonic() - began) * 1_000),
            task=task,
        )
        is_kept = False
        try:
            output = await instance.take(given, means)
            instance.last_turn = given["turn"]
            if given.get("undo", False):
                # The result of compensating is that of the attempt.
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
        """The hot one, if it is the recorded one. None if the journal is needed from its start."""
        # While it makes a turn it is not there for another one.
        kept_fn, hot = self._hot.pop(key, (None, None))
        end = given["from"] + len(given["journal"])
        if hot is not None:
            # A run may have moved to another version, which this worker has too.
            is_recorded = kept_fn is fn and hot.last_turn == given["last"] and hot.seed == given["seed"]
            if is_recorded and given["from"] <= hot.position <= end:
                return hot
            hot.close()
        if given["from"] > 0:
            return None

        async def code(instance: FunctionInstance, function_input: Json) -> Json:
            return await _whole(fn, instance, function_input)

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

    def _keep(self, key: tuple[str, str, str], fn: DurableFunction, instance: FunctionInstance) -> None:
        self._hot[key] = (fn, instance)
        if len(self._hot) > HOT_MAX:
            _, oldest = self._hot.pop(next(iter(self._hot)))
            oldest.close()


async def _whole(fn: DurableFunction, instance: FunctionInstance, function_input: Json) -> Json:
    """The code of the function, and its compensations when it fails or is stopped."""
    from ..functions import FunctionContext

    ctx = FunctionContext(instance)
    try:
        output = await fn.code(*(ctx, function_input)[: fn.takes])
        if not instance.is_undoing:
            return plain(output, fn.name)
    except Exception:
        if not instance.is_undoing:
            await ctx._compensate_all()
            raise
    failed = await ctx._compensate_all()
    if failed:
        raise StepFailure(next((each for each in failed if not each.get("final", False)), failed[0]))
    return None


def _saved_at(saved: Any, known: int) -> Saved:
    """What an attempt before did behind the same entries, and could not report."""
    if not isinstance(saved, dict) or saved.get("known") != known or not isinstance(saved.get("steps"), list):
        return Saved()
    return Saved(saved["steps"], saved.get("done") or {})
