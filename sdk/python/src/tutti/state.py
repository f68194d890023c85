"""The state of runs, tasks, approvals, schedules and definitions.

Names are those of REST in snake_case: ``docs/reference/rest.md``. Times are aware datetimes in UTC.
``raw`` has the answer of the platform as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ._codec import read
from ._payload import from_json
from .errors import TuttiError, error_of_detail, error_of_ending

RunStatus = Literal[
    "unspecified",
    "pending",
    "running",
    "paused",
    "cancelling",
    "completed",
    "failed",
    "cancelled",
    "terminated",
    "continued",
    "quarantined",
]
TaskStatus = Literal[
    "unspecified",
    "pending",
    "held",
    "queued",
    "running",
    "waiting",
    "retrying",
    "paused",
    "completed",
    "failed",
    "skipped",
    "cancelled",
    "compensating",
    "compensated",
]
Verdict = Literal["unspecified", "approved", "rejected", "expired", "withdrawn"]
Overlap = Literal["skip", "queue_one", "queue_all", "cancel_other", "terminate_other", "allow"]

_nothing: Mapping[str, Any] = {}


def _payload() -> Any:
    return field(default=None, metadata={"read": from_json})


def _raw() -> Any:
    return field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Work:
    """A run, a mission or a session, or a task of it."""

    id: str = ""
    kind: str = ""
    namespace: str = ""
    task: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Actor:
    """A person, a service or an agent."""

    kind: str = "unspecified"
    id: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Cause:
    """The actor that caused a change, and the reason."""

    actor: Actor = Actor()
    reason: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Amounts:
    tokens: float = 0
    money: float = 0
    time_ms: float = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class TaskCounts:
    """How many tasks have which status."""

    total: int = 0
    pending: int = 0
    held: int = 0
    queued: int = 0
    running: int = 0
    waiting: int = 0
    retrying: int = 0
    paused: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    compensating: int = 0
    compensated: int = 0
    raw: Mapping[str, Any] = _raw()


class _Ended:
    """The outcome of a run or a task."""

    raw: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """True if there is an outcome."""
        return bool(self._outcome)

    @property
    def output(self) -> Any:
        """The output. None without one, and in watches, which leave payloads out."""
        return from_json(self._outcome.get("completed"))

    @property
    def error(self) -> TuttiError | None:
        """The error of a run or a task that failed, was cancelled or was terminated."""
        for ending in ("failed", "cancelled", "terminated"):
            if ending in self._outcome:
                return error_of_detail(self._outcome[ending])
        return None

    @property
    def _outcome(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.raw.get("outcome") or _nothing
        return found


@dataclass(frozen=True)
class RunState(_Ended):
    """A run at one moment."""

    run_id: str = ""
    status: RunStatus = "unspecified"
    namespace: str = ""
    status_reason: str = ""
    version_label: str = ""
    definition_hash: str = ""
    tasks: TaskCounts = TaskCounts()
    states: tuple[str, ...] = ()
    progress: float = 0
    open_approvals: int = 0
    parent: Work | None = None
    event_count: int = 0
    create_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    expected_end_time: datetime | None = None
    create_cause: Cause = Cause()
    used: Amounts = Amounts()
    raw: Mapping[str, Any] = _raw()

    @property
    def definition(self) -> str:
        """The name of its definition. Empty without one."""
        return str((self._spec.get("definition") or _nothing).get("name", ""))

    @property
    def input(self) -> Any:
        """The input. Lists and watches leave it out."""
        return from_json(self._spec.get("input"))

    @property
    def labels(self) -> Mapping[str, str]:
        labels: Mapping[str, str] = self._spec.get("labels") or _nothing
        return labels

    @property
    def continued_as(self) -> str:
        """The id of the run that it continued as. Empty without one."""
        return str((self._outcome.get("continued") or _nothing).get("id", ""))

    def output_or_raise(self) -> Any:
        """The output of a completed run. Raises the error of any other."""
        for ending in ("failed", "cancelled", "terminated"):
            if ending in self._outcome:
                raise error_of_ending(ending, self._outcome[ending], self.run_id)
        return self.output

    @property
    def _spec(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.raw.get("spec") or _nothing
        return found


@dataclass(frozen=True)
class Attempt:
    """One attempt of a task."""

    number: int = 0
    agent_id: str = ""
    pool: str = ""
    queue_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    error: TuttiError | None = field(default=None, metadata={"read": error_of_detail})
    progress: float = 0
    message: str = ""
    compensation: bool = False
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class TaskState(_Ended):
    """A task of a run at one moment."""

    task_id: str = ""
    status: TaskStatus = "unspecified"
    title: str = ""
    kind: str = "unspecified"
    uses: str = ""
    status_reason: str = ""
    input: Any = _payload()
    attempts: tuple[Attempt, ...] = ()
    attempt_count: int = 0
    ready_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    next_time: datetime | None = None
    child: Work | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    from_cache: bool = False
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class RunChange:
    """One step of a watch: the run if it changed, and the tasks that changed. The first step has all of it."""

    run: RunState | None = None
    tasks: tuple[TaskState, ...] = ()
    removed_task_ids: tuple[str, ...] = ()
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class RunEvent:
    """An event of a run: what happened to which task, when, and who caused it."""

    event: int = 0
    type: str = ""
    task_id: str = ""
    time: datetime | None = None
    details: Any = _payload()
    cause: Cause = Cause()
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Decision:
    """The answer of one person."""

    verdict: Verdict = "unspecified"
    data: Any = _payload()
    cause: Cause = Cause()
    decide_time: datetime | None = None
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Claim:
    """The person that has claimed a question. Empty when it is free."""

    person: str = ""
    claim_time: datetime | None = None
    expire_time: datetime | None = None
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Approval:
    """A question to people. The verdict is ``unspecified`` while it is open."""

    approval_id: str = ""
    about: Work = Work()
    title: str = ""
    message: str = ""
    context: Any = _payload()
    deciders: tuple[str, ...] = ()
    approvals_needed: int = 0
    request_time: datetime | None = None
    expire_time: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    verdict: Verdict = "unspecified"
    claim: Claim = Claim()
    raw: Mapping[str, Any] = _raw()

    @property
    def run_id(self) -> str:
        return self.about.id

    @property
    def is_open(self) -> bool:
        return self.verdict == "unspecified"


@dataclass(frozen=True)
class Wait:
    """Something that a run or a task waits for."""

    cause: str = "unspecified"
    message: str = ""
    subject: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    present: bool = False
    holders: tuple[Work, ...] = ()
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class FailedAttempt:
    """An attempt that failed."""

    task: str = ""
    attempt: int = 0
    agent_id: str = ""
    fail_time: datetime | None = None
    error: TuttiError | None = field(default=None, metadata={"read": error_of_detail})
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Remedy:
    """An action to take, with its command."""

    text: str = ""
    command: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class MoveProblem:
    """A task or state that does not fit the version. An empty id stands for the run."""

    id: str = ""
    message: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class MoveReview:
    """How a run fits a version of its definition."""

    #: ``identical``, ``safe``, ``busy``, ``needs_mapping`` or ``impossible``.
    verdict: str = ""
    problems: tuple[MoveProblem, ...] = ()
    notes: tuple[str, ...] = ()
    #: Hash of the version.
    hash: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Explanation:
    """Why a run or a task is in its status. As a text it is the summary."""

    about: Work = Work()
    summary: str = ""
    waits: tuple[Wait, ...] = ()
    failures: tuple[FailedAttempt, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    parts: tuple[Explanation, ...] = ()
    expected_start_time: datetime | None = None
    raw: Mapping[str, Any] = _raw()

    def __str__(self) -> str:
        return self.summary


@dataclass(frozen=True)
class SessionExplanation(Explanation):
    """Why a session or a task of it is in its status, with the choices that led to it."""

    choices: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.summary


@dataclass(frozen=True)
class Definition:
    """A version of a registered definition."""

    name: str = ""
    hash: str = ""
    version_labels: tuple[str, ...] = ()
    kind: str = "unspecified"
    description: str = ""
    uses: tuple[str, ...] = ()
    task_count: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    create_time: datetime | None = None
    archived: bool = False
    live_count: int = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Problem:
    """A mistake in a definition, with its place."""

    severity: str = "unspecified"
    code: str = ""
    file_name: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    message: str = ""
    expected: str = ""
    raw: Mapping[str, Any] = _raw()

    def __str__(self) -> str:
        return f"{self.file_name}:{self.line}:{self.column}: {self.severity}: {self.path}: {self.message}"


@dataclass(frozen=True)
class CheckedDefinition:
    """The result of a check. Without a problem of severity ``error`` the definition can be registered."""

    problems: tuple[Problem, ...] = ()
    definition: Definition | None = None
    raw: Mapping[str, Any] = _raw()

    @property
    def is_valid(self) -> bool:
        return all(problem.severity not in ("error", "critical") for problem in self.problems)


@dataclass(frozen=True)
class GraphTask:
    """A task in the graph of a definition."""

    task_id: str = ""
    title: str = ""
    kind: str = "unspecified"
    uses: str = ""
    level: int = 0
    expected_ms: float = 0
    slack_ms: float = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Graph:
    """The shape of a definition before it runs."""

    nodes: tuple[GraphTask, ...] = ()
    critical_path: tuple[str, ...] = ()
    critical_path_ms: float = 0
    work_ms: float = 0
    width: int = 0
    depth: int = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Firing:
    """One time of a schedule, and its result."""

    due_time: datetime | None = None
    fire_time: datetime | None = None
    run_id: str = ""
    result: str = "unspecified"
    message: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class ScheduleState:
    """A schedule at one moment."""

    schedule_id: str = ""
    description: str = ""
    paused: bool = False
    note: str = ""
    next_times: tuple[datetime, ...] = ()
    recent_firings: tuple[Firing, ...] = ()
    live_run_ids: tuple[str, ...] = ()
    started_count: int = 0
    skipped_count: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    revision: str = ""
    raw: Mapping[str, Any] = _raw()

    @property
    def definition(self) -> str:
        """The name of the definition that it starts."""
        return str(((self.raw.get("run") or _nothing).get("definition") or _nothing).get("name", ""))


@dataclass(frozen=True)
class ObjectCall:
    """A call of a keyed object."""

    run_id: str = ""
    call: str = ""
    status: str = ""
    call_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class ObjectState:
    """A keyed object at one moment. Lists have no values, no waiting and no recent calls."""

    name: str = ""
    key: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    current: ObjectCall | None = None
    waiting_count: int = 0
    waiting: tuple[ObjectCall, ...] = ()
    recent: tuple[ObjectCall, ...] = ()
    ended_count: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    revision: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class RunCount:
    """How many runs have a value."""

    value: str = ""
    count: int = 0
    raw: Mapping[str, Any] = _raw()


__all__ = [
    "Actor",
    "Amounts",
    "Approval",
    "Claim",
    "Attempt",
    "Cause",
    "CheckedDefinition",
    "Decision",
    "Definition",
    "Explanation",
    "FailedAttempt",
    "Firing",
    "Graph",
    "GraphTask",
    "MoveProblem",
    "MoveReview",
    "Overlap",
    "Problem",
    "Remedy",
    "RunChange",
    "RunCount",
    "RunEvent",
    "RunState",
    "RunStatus",
    "ScheduleState",
    "TaskCounts",
    "TaskState",
    "TaskStatus",
    "Verdict",
    "Wait",
    "Work",
    "read",
]
