"""Calls handlers: plain functions in threads, coroutines in the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from . import _json
from ._attempt import Attempt
from ._threads import Threads
from .context import TaskContext, working_for
from .failures import output_invalid

# The output as JSON, or the exception.
Ending = bytes | BaseException
Done = Callable[[Attempt, Ending], None]


class Runner:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, threads: Threads, post: Callable[[Callable[[], None]], None]
    ):
        self._loop = loop
        self._threads = threads
        self._post = post

    def run(self, attempt: Attempt, task_input: Any, done: Done) -> None:
        """Run a handler. `done` is called once, in the thread of the loop."""
        context = TaskContext(attempt)
        if attempt.registered.is_async:
            self._await(attempt, context, call(attempt, context, task_input), done)
        else:
            self._threads.run(partial(self._call, attempt, context, task_input, done))

    def _call(self, attempt: Attempt, context: TaskContext, task_input: Any, done: Done) -> None:
        ending: Ending
        try:
            with working_for(context):
                output = call(attempt, context, task_input)
            if inspect.isawaitable(output):
                self._post(partial(self._await, attempt, context, output, done))
                return
            ending = rendered(attempt, output)
        except BaseException as error:  # noqa: BLE001 - SystemExit of a handler ends its attempt, not its thread
            ending = error
        self._post(partial(done, attempt, ending))

    def _await(self, attempt: Attempt, context: TaskContext, output: Awaitable[Any], done: Done) -> None:
        async def wait() -> None:
            ending: Ending
            try:
                with working_for(context):
                    ending = rendered(attempt, await output)
            except BaseException as error:  # noqa: BLE001
                ending = error
            self._post(partial(done, attempt, ending))

        attempt.task = self._loop.create_task(wait(), context=contextvars.copy_context())
        if attempt.reason is not None:
            attempt.task.cancel()


def call(attempt: Attempt, context: TaskContext, task_input: Any) -> Any:
    registered = attempt.registered
    return registered.handler(*(task_input, context)[: registered.takes])


def rendered(attempt: Attempt, output: Any) -> bytes:
    try:
        return _json.render(output if attempt.masks is None else attempt.masks.json(output))
    except _json.NotJson as error:
        raise output_invalid(attempt.registered.name, error.path, error.found) from None
