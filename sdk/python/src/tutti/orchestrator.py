"""An orchestrator of sessions in Python. It decides which tasks start, after each change of a session that names it.

::

    class Careful(SessionOrchestrator):
        def decide(self, question, context):
            ready = [task["id"] for task in question["tasks"] if task["isReady"]]
            return {"start": ready[:1], "reason": "one after the other"}

    Careful("text.careful").run()

It keeps no state because each question has the whole state. A decision counts once, also after a crash: a lost decision
is requested again. The guide to sessions has the form of questions and decisions.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypedDict

from .context import TaskContext
from .worker import Worker


class TaskInfo(TypedDict, total=False):
    """A task of the session. Times are milliseconds since the Unix epoch, 0 if not set."""

    id: str
    #: The capability. Empty for children.
    uses: str
    needs: list[str]
    status: str
    #: True if it can start now, and the orchestrator decides it.
    isReady: bool
    #: True if the orchestrator has started it, or another part has it.
    hasStarted: bool
    part: str
    mode: str
    #: The agent that executes or executed it. Empty before.
    agent: str
    #: Expected duration from earlier attempts, else as declared. 0 if unknown.
    expectedMs: float
    priority: int
    readyMs: float
    startMs: float
    endMs: float
    #: Output of a completed task. Left out if all outputs together are long.
    output: Any
    #: Error of a failed task, as text.
    error: str


class AgentInfo(TypedDict):
    """An agent that can execute tasks."""

    id: str
    slots: int
    freeSlots: int
    labels: dict[str, str]
    #: Capabilities that it offers.
    uses: list[str]


class Question(TypedDict):
    """The state of a session, for a decision."""

    session: str
    #: The part of the session that the orchestrator decides.
    part: str
    #: Number of the decision, from 1.
    number: int
    tasks: list[TaskInfo]
    agents: list[AgentInfo]


class Decision(TypedDict, total=False):
    """The tasks to start, and further decisions."""

    #: Ids of ready tasks, or `{"task": …, "agent": …}` to prefer an agent while it has free slots.
    start: Sequence[str | Mapping[str, str]]
    #: Tasks that have not started, to move to another mode for good: `{"tasks": […], "to": "swarm", "reason": …}`.
    move: Sequence[Mapping[str, Any]]
    #: Reason, shown by `tutti why`.
    reason: str
    #: Time after which to ask again without a change, in milliseconds.
    askAgainAfterMs: float


class SessionOrchestrator:
    """Base class with one method to implement, `decide`. Sessions name it by its capability: `orchestrator="text.careful"`.

    Options: as in `Worker`. If `decide` raises, Tutti retries a few times. Then the session fails with the error.
    `decide` may be `async def`.
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
        """Decides which tasks start now. An empty decision is valid. The next change asks again."""
        raise NotImplementedError(f"expected {type(self).__name__} to say what begins: write `decide`")

    def run(self) -> None:
        """Links to the pool. Returns when the orchestrator has stopped."""
        self.worker.run()

    def start(self, timeout: float | None = None) -> SessionOrchestrator:
        """Runs the orchestrator in its own thread. Returns when it is linked."""
        self.worker.start(timeout)
        return self

    def stop(self, reason: str = "the orchestrator stops") -> None:
        """Stops after the current decision. Returns at once. Use `wait` to wait for the stop."""
        self.worker.stop(reason)

    def wait(self, timeout: float | None = None) -> None:
        """Returns when the orchestrator has stopped."""
        self.worker.wait(timeout)

    def __enter__(self) -> SessionOrchestrator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.wait()
