"""Plays a durable function without a platform: turns with entries of the platform, and the results of the worker."""

import asyncio
import logging

from tutti._functions.host import FunctionHost
from tutti.testing import task_context

# Keeps the log out of the output of these tests.
logging.getLogger("tutti").addHandler(logging.NullHandler())

START_MS = 1_767_225_600_000


class FunctionStage:
    """`journal` grows with each turn. Hot: one worker executes all turns. Otherwise each turn has a new worker."""

    def __init__(self, function, given=None, *, is_hot=True, recorded=(), object=None, left=None):
        self.function = function
        self.input = given
        self.object = object
        self.left = left
        self.is_hot = is_hot
        self.host = FunctionHost()
        # State that a turn saves for the next attempt, and state that this attempt finds.
        self.reported = []
        self.saved = None
        # Masks for the secrets of each attempt.
        self.masks = None
        self.journal = []
        self.turns = 0
        self._from = 0
        self.add(recorded)

    def add(self, entries):
        for entry in entries:
            self.journal.append({"atMs": START_MS + 1_000 * len(self.journal), **entry})

    async def turn(self, given=(), *, undo=False):
        """Execute a turn after these entries of the platform."""
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
        if self.left is not None:
            asked["left"] = self.left
        if self.object is not None:
            asked["object"] = self.object
        output = await self.host.turn(self.function, asked, self.task())
        self._from = len(self.journal)
        self.add({key: each[key] for key in each if key not in ("atMs", "spec")} for each in output["steps"])
        return output

    def task(self):
        task = task_context(self.function.name, "run-1", self.turns, self.saved, self.reported.append)
        task._attempt.masks = self.masks
        return task


def played(made):
    """Run a coroutine of a test to its end."""
    return asyncio.run(made)
