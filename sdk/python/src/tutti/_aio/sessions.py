"""Sessions: tasks and an intent. Tutti chooses how to run them, and explains its choice.

Tasks have the fields of definitions, in snake_case: ``id``, ``uses``, ``with``, ``needs``, ``when``, ``retry``,
``timeout``, ``labels``, ``cost``. Needs of tasks are ids, or dictionaries with ``task`` and ``on``. The default of
``on`` is ``done``: completed, or skipped by its own condition. Answers are JSON with the names of REST:
``docs/reference/rest.md``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .._call import Duration, Json, given, milliseconds_at, milliseconds_of, quoted, seconds_of
from .._codec import read
from .._document import sent_task
from .._payload import to_json
from ..state import SessionExplanation
from .rest import AsyncRest, outcome_of
from .runs import Budget, amounts_of

if TYPE_CHECKING:
    from typing import Unpack

Mode = Literal["workflow", "swarm", "intelligence", "hybrid", "adaptive", "custom"]
# Maximum entries of a page, because each page is a separate search.
_LINES = {"size": 1_000}
_LEVELS = {True: "standard", False: "minimal"}


_Optimization = bool | Literal["time", "cost", "quality"] | Mapping[str, Json]
_Monitoring = bool | Literal["minimal", "standard", "detailed"] | Mapping[str, Json]


class SessionOptions(TypedDict, total=False):
    """Limits, dependencies and priority of a session."""

    title: str
    #: The capability that decides, for the mode ``custom``.
    orchestrator: str
    #: Limits of use. Default: no limit.
    budget: Budget
    #: The pool of tasks without a pool.
    pool: str
    #: Added to the priority of each task, -100 to 100.
    priority: int
    due_time: datetime
    timeout: Duration
    retention: Duration
    #: Its share relative to other sessions. Default: 1.
    weight: float
    #: Its maximum concurrent use, by name: ``slots``, or a resource.
    limits: Mapping[str, float]
    #: Ids of reservations that it may use.
    reservations: Sequence[str]
    #: Sessions that have to end before it starts: ids, or dictionaries with ``session``, ``namespace`` and ``on``.
    after: Sequence[str | Mapping[str, Json]]
    #: Locks that it holds while it runs: names, or dictionaries with ``name``, ``permits`` and ``shared``.
    locks: Sequence[str | Mapping[str, Json]]
    labels: Mapping[str, str]


class SessionSpec(SessionOptions, total=False):
    """A session for ``client.run``: one of ``tasks``, ``goal`` and ``definition``."""

    tasks: Sequence[Mapping[str, Json]]
    goal: str | Mapping[str, Json]
    definition: str | Mapping[str, Json]
    input: Json
    #: CEL over ``tasks`` and ``input``. Default: the outputs of all tasks by id.
    output: str
    #: Default: ``adaptive``.
    mode: Mode
    #: Default: off.
    optimization: _Optimization
    #: Default: standard.
    monitoring: _Monitoring
    id: str
    idempotency_key: str


class AsyncSessions:
    """The sessions of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def start(
        self,
        *,
        tasks: Sequence[Mapping[str, Json]] | None = None,
        goal: str | Mapping[str, Json] | None = None,
        definition: str | Mapping[str, Json] | None = None,
        input: Json = None,
        output: str = "",
        mode: Mode = "adaptive",
        optimization: _Optimization = False,
        monitoring: _Monitoring = True,
        id: str = "",
        idempotency_key: str = "",
        **options: Unpack[SessionOptions],
    ) -> AsyncSession:
        """Start a session of tasks, of a goal, or of a registered definition.

        The same id with the same content is the same session. ``optimization=True`` balances time, cost and quality.
        ``monitoring=True`` is the standard level.
        """
        work = _work_of(tasks, goal, definition, given_input=input, output=output)
        body = {"mode": mode, **work, **_settings_of(options), "monitoring": _monitoring_of(monitoring)}
        if optimization is not False:
            body["optimization"] = _optimization_of(optimization)
        if id:
            body["sessionId"] = id
        started = await self._rest.call("POST", "/v1/sessions", body=body, key=idempotency_key)
        session_id: str = started["session"]["sessionId"]
        return AsyncSession(self._rest, session_id, existed=bool(started.get("existed")))

    def get(self, session_id: str) -> AsyncSession:
        """Return a session by its id, without a call."""
        return AsyncSession(self._rest, session_id)

    def list(
        self,
        *,
        status: Sequence[str] = (),
        mode: Sequence[Mode] = (),
        labels: Mapping[str, str] | None = None,
        text: str = "",
    ) -> AsyncGenerator[Json, None]:
        """Find sessions, newest first."""
        label = [f"{name}={value}" for name, value in (labels or {}).items()]
        query = {"status": status, "mode": mode, "label": label, "text": text}
        return self._rest.pages("/v1/sessions", "sessions", query, later=_LINES)


class AsyncSession:
    """A session."""

    def __init__(self, rest: AsyncRest, session_id: str, *, existed: bool = False) -> None:
        self._rest = rest
        self.id = session_id
        #: True if the session existed before the call.
        self.existed = existed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    async def get(self) -> Json:
        """Read the session."""
        return await self._call("GET")

    async def result(self, timeout: Duration | None = None) -> Json:
        """Wait for the output. Raises ``RunFailed`` if the session failed, ``NotEnded`` after ``timeout``."""
        seconds = None if timeout is None else seconds_of(timeout)
        return await outcome_of(self._rest, f"Session `{self.id}`", self._path(), seconds)

    async def watch(self) -> AsyncGenerator[Json, None]:
        """Follow the session until it ends: all of it first, then each change of ``session``, ``tasks``, ``choices``."""
        query = {"withTasks": True, "withChoices": True}
        async for kind, said in self._rest.follow(f"/v1/watch/sessions/{quoted(self.id)}", query=query):
            if kind in ("snapshot", "change"):
                yield said

    async def tasks(self) -> list[Json]:
        """Read the tasks of all parts, in the order in which they were added."""
        return [task async for task in self._rest.pages(self._path("/tasks"), "tasks")]

    async def add_tasks(self, tasks: Sequence[Mapping[str, Json]], *, idempotency_key: str = "") -> None:
        """Add tasks to a running session. All or none."""
        body = {"tasks": [sent_task(task) for task in tasks]}
        await self._call("POST", "/tasks", body=body, key=idempotency_key)

    async def signal(self, name: str, payload: Json = None, *, idempotency_key: str = "") -> None:
        """Send a signal. The session passes it to its runs."""
        body = {} if payload is None else to_json(payload)
        await self._call("POST", f"/signals/{quoted(name)}", body=body, key=idempotency_key)

    async def pause(self, reason: str = "") -> None:
        """Start no more tasks. Running tasks finish."""
        await self._call("POST", "/pause", body={"reason": reason}, repeatable=True)

    async def resume(self, reason: str = "") -> None:
        """Resume the session."""
        await self._call("POST", "/resume", body={"reason": reason}, repeatable=True)

    async def cancel(self, reason: str = "") -> None:
        """Stop the session, and all runs and missions that it started."""
        await self._call("POST", "/cancel", body={"reason": reason}, repeatable=True)

    async def terminate(self, reason: str = "") -> None:
        """End the session, and all runs and missions that it started, at once."""
        await self._call("POST", "/terminate", body={"reason": reason}, repeatable=True)

    async def retry(self, reason: str = "", *, tasks: Sequence[str] = ()) -> None:
        """Retry the failed tasks, or only these tasks. Completed tasks keep their results."""
        await self._call("POST", "/retry", body={"reason": reason, "taskIds": list(tasks)}, key="", repeatable=True)

    async def remove(self, reason: str = "") -> bool:
        """Remove the ended session with its history. False: it did not exist."""
        reply = await self._call("DELETE", query={"reason": reason}, repeatable=True)
        return bool(reply.get("removed"))

    async def why(self, task: str = "") -> SessionExplanation:
        """Explain the status of the session or of a task, with the choices that led to it."""
        reply = await self._call("GET", "/why", query={"task": task})
        return read(SessionExplanation, {**reply["explanation"], "choices": reply.get("choices", [])})

    async def plan(self, number: int = 0) -> Json:
        """Read the plan with the actual times: the latest plan, or the plan with this number."""
        return (await self._call("GET", "/plan", query={"number": number}))["plan"]

    async def compare_modes(self, *modes: Mode) -> Json:
        """Simulate an ended session in other modes, with the cost of each mode."""
        return await self._call("GET", "/compare", query={"mode": list(modes)})

    async def _call(self, method: str, below: str = "", **options: Any) -> Any:
        return await self._rest.call(method, self._path(below), **options)

    def _path(self, below: str = "") -> str:
        return f"/v1/sessions/{quoted(self.id)}{below}"


def _settings_of(options: SessionOptions) -> dict[str, Json]:
    budget = options.get("budget")
    locks = [{"name": each} if isinstance(each, str) else each for each in options.get("locks", ())]
    return given(
        title=options.get("title"),
        orchestrator=options.get("orchestrator"),
        budget=None if budget is None else amounts_of(budget),
        pool=options.get("pool"),
        priority=options.get("priority"),
        dueTimeMs=milliseconds_at(options.get("due_time")),
        timeoutMs=milliseconds_of(options.get("timeout"), "timeout"),
        retentionMs=milliseconds_of(options.get("retention"), "retention"),
        weight=options.get("weight"),
        limits=options.get("limits"),
        reservationIds=list(options.get("reservations", ())) or None,
        after=list(options.get("after", ())) or None,
        locks=locks or None,
        labels=options.get("labels"),
    )


def _work_of(
    tasks: Sequence[Mapping[str, Json]] | None,
    goal: str | Mapping[str, Json] | None,
    definition: str | Mapping[str, Json] | None,
    *,
    given_input: Json,
    output: str,
) -> dict[str, Json]:
    more = {} if given_input is None else {"input": to_json(given_input)}
    if sum(what is not None for what in (tasks, goal, definition)) != 1:
        raise ValueError("A session has one of `tasks`, `goal` and `definition`. Pass exactly one.")
    if tasks is not None:
        return {"tasks": {"tasks": [sent_task(task) for task in tasks], "output": output, **more}}
    if goal is not None:
        return {"goal": {**({"description": goal} if isinstance(goal, str) else goal), **more}}
    reference = {"name": definition} if isinstance(definition, str) else definition
    return {"definition": {"definition": reference, **more}}


def _optimization_of(optimization: bool | str | Mapping[str, Json]) -> dict[str, Json]:
    if isinstance(optimization, bool):
        return {}
    return {optimization: 1} if isinstance(optimization, str) else dict(optimization)


def _monitoring_of(monitoring: bool | str | Mapping[str, Json]) -> dict[str, Json]:
    if isinstance(monitoring, bool):
        return {"level": _LEVELS[monitoring]}
    return {"level": monitoring} if isinstance(monitoring, str) else dict(monitoring)
