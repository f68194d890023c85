"""A durable function without a platform: turns with what the platform gives, and what the worker makes of them."""

import asyncio
import json
import logging

from tutti._attempt import Attempt
from tutti._contracts import Assign
from tutti._functions.host import FunctionHost
from tutti._handlers import Handlers
from tutti.context import TaskContext

# What is logged is no part of what these tests print.
logging.getLogger("tutti").addHandler(logging.NullHandler())

START_MS = 1_767_225_600_000


class Port:
    """What the attempt of a turn tells."""

    namespace = "default"

    def __init__(self):
        self.saved = []

    def now_ms(self):
        return 0.0

    def progressed(self, _, told):
        self.saved.append(json.loads(told.saved))


class FunctionStage:
    """`journal` grows with each turn. Hot: one worker makes all turns. Otherwise each is made by another one."""

    def __init__(self, function, given=None, *, is_hot=True, recorded=()):
        self.function = function
        self.input = given
        self.is_hot = is_hot
        self.host = FunctionHost()
        self.port = Port()
        self.saved = None
        self.journal = []
        self.turns = 0
        self._from = 0
        self.add(recorded)

    def add(self, entries):
        for entry in entries:
            self.journal.append({"atMs": START_MS + 1_000 * len(self.journal), **entry})

    async def turn(self, given=(), *, undo=False):
        """Makes a turn after these entries of the platform."""
        self.add(given)
        if not self.is_hot:
            self.host = FunctionHost()
        self.turns += 1
        first = self._from if self.is_hot and not undo else 0
        asked = {
            "function": 1,
            "input": self.input,
            "startMs": START_MS,
            "nowMs": START_MS + 1_000 * len(self.journal),
            "seed": "run-1/task/1",
            "turn": self.turns,
            "last": self.turns - 1,
            "from": first,
            "journal": self.journal[first:],
        }
        if undo:
            asked["undo"] = True
        output = await self.host.turn(self.function, asked, self.task())
        self._from = len(self.journal)
        self.add({key: each[key] for key in each if key not in ("atMs", "spec")} for each in output["steps"])
        return output

    def task(self):
        handlers = Handlers()
        handlers.add(self.function.name, lambda: None)
        [registered] = handlers.numbered({f"{self.function.name}@1.0.0": 1}).values()
        saved = b"" if self.saved is None else json.dumps(self.saved).encode()
        assign = Assign(work_id="run-1", task_id="task", attempt=1, saved=saved)
        return TaskContext(Attempt(b"token", assign, registered, self.port, 0.0))


def played(made):
    """Runs a coroutine of a test to its end."""
    return asyncio.run(made)
