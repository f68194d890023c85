"""An orchestrator of sessions in Python. After each change of a session that names it, it decides which
tasks start.

::

    class Careful(SessionOrchestrator):
        def decide(self, question, context):
            ready = [task["id"] for task in question["tasks"] if task["isReady"]]
            return {"begin": ready[:1], "reason": "one after the other"}

    Careful("text.careful").run()

It needs to keep nothing: each question has the whole state. A decision counts once, also if a process dies
in between: a lost one is requested again. The guide to sessions has the form of questions and decisions.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypedDict

from .context import TaskContext
from .worker import Worker


class TaskStanding(TypedDict, total=False):
    """A task of the session. Moments are milliseconds since the Unix epoch, 0 where there is none."""

    id: str
    #: The capability; empty for children.
    uses: str
    needs: list[str]
    status: str
    #: Whether it can begin now, and it is for the orchestrator to say so.
    isReady: bool
    #: Whether that was said, or another part has it.
    hasBegun: bool
    part: str
    mode: str
    #: Who does it or did it; empty before.
    agent: str
    #: From earlier attempts, else as the author declares; 0 if it is unknown.
    expectedMs: float
    priority: int
    readyMs: float
    startMs: float
    endMs: float
    #: Of one that did well; left out where all outputs together are long.
    output: Any
    #: Of one that failed, in words.
    error: str


class AgentStanding(TypedDict):
    """An agent that can be given work."""

    id: str
    slots: int
    freeSlots: int
    labels: dict[str, str]
    #: Capabilities it offers.
    uses: list[str]


class Question(TypedDict):
    """All there is to decide by."""

    session: str
    #: The part of the session that is the orchestrator's to decide about.
    part: str
    #: Of the decision, from 1.
    number: int
    tasks: list[TaskStanding]
    agents: list[AgentStanding]


class Decision(TypedDict, total=False):
    """The tasks to start, and further decisions."""

    #: Ids of tasks that are ready, or `{"task": …, "agent": …}`: the agent gets it while it has room.
    begin: Sequence[str | Mapping[str, str]]
    #: Tasks that have not begun, given to another mode for good: `{"tasks": […], "to": "swarm", "reason": …}`.
    move: Sequence[Mapping[str, Any]]
    #: In words: `tutti why` shows it.
    reason: str
    #: When to ask again though nothing has happened.
    againMs: float


class SessionOrchestrator:
    """A class with one method to write, `decide`. Sessions name it by its capability: `orchestrator="text.careful"`.

    Options are those of `Worker`. If `decide` raises, Tutti asks a few more times. Then the session fails with the error.
    It may be `async def`.
    """

    def __init__(self, name: str, *, version: str = "1.0.0", **options: Any) -> None:
        self.worker = Worker(**options)

        def asked(given: Mapping[str, Any], context: TaskContext) -> Any:
            return self.decide(given["question"], context)

        async def awaited(given: Mapping[str, Any], context: TaskContext) -> Any:
            return await self.decide(given["question"], context)  # type: ignore[misc]

        handler = awaited if inspect.iscoroutinefunction(self.decide) else asked
        self.worker.handle(name, handler, version=version, description="Decides what begins in sessions.")

    def decide(self, question: Question, context: TaskContext) -> Decision:
        """Decides which tasks start now. An empty decision is fine: the next change asks again."""
        raise NotImplementedError(f"expected {type(self).__name__} to say what begins: write `decide`")

    def run(self) -> None:
        """Links, and returns when it has stopped."""
        self.worker.run()

    def start(self, timeout: float | None = None) -> SessionOrchestrator:
        """Runs in a thread of its own, and returns when it is linked."""
        self.worker.start(timeout)
        return self

    def stop(self, reason: str = "the orchestrator stops") -> None:
        """Finishes what it is deciding. Returns at once; `wait` tells when it is done."""
        self.worker.stop(reason)

    def wait(self, timeout: float | None = None) -> None:
        """Returns when it has stopped."""
        self.worker.wait(timeout)

    def __enter__(self) -> SessionOrchestrator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.wait()
