"""Runs: start, find, control and read them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from .._call import Duration, Json, body_bytes, given, milliseconds_at, milliseconds_of, quoted, seconds_of
from .._codec import read
from .._payload import STORED_ABOVE_BYTES, Blob, from_json, to_json
from ..errors import LOSSES, RETRY_NEVER, InvalidArgument, TuttiError, data_unreadable, error_of_detail
from ..state import (
    Approval,
    Explanation,
    MoveReview,
    RunChange,
    RunCount,
    RunEvent,
    RunState,
    RunStatus,
    TaskState,
    TaskStatus,
)
from .rest import AsyncRest

BulkAction = Literal["retry", "pause", "resume", "cancel", "terminate", "remove"]
# Maximum entries of a page, because each page is a separate search.
_LINES = {"size": 1_000}
_EVENTS = {"size": 500}
# Limit of a message. Smaller payloads of signals are inline because runs read them.
_MESSAGE_BYTES_MAX = 1_048_576
_Verdict = Literal["approved", "rejected"]


class Budget(TypedDict, total=False):
    """Limits for the use of a run and its children."""

    tokens: float
    money: float
    time_ms: float


class RunOptions(TypedDict, total=False):
    """Start options of a run, for programs and schedules."""

    #: The version, by its label. Default: ``latest``.
    version: str
    #: Parameters of a template.
    parameters: Mapping[str, Json]
    labels: Mapping[str, str]
    #: Added to the priority of each task, -100 to 100.
    priority: int
    #: The pool of tasks without a pool. Default: ``default``.
    pool: str
    #: How long the run may take. Default: no limit.
    timeout: Duration
    #: How long the run can be read after its end.
    retention: Duration
    #: Time at which the result is needed. It orders the queue, and is not a timeout.
    due_time: datetime
    #: Limits for the use of the run and its children. Default: no limit.
    budget: Budget


def spec_of(definition: str, given_input: Json, options: RunOptions) -> dict[str, Json]:
    name, _, label = definition.partition("@")
    label = options.get("version") or label
    budget = options.get("budget")
    return given(
        definition={"name": name, "label": label} if label else {"name": name},
        input=None if given_input is None else to_json(given_input),
        parameters=options.get("parameters"),
        labels=options.get("labels"),
        priority=options.get("priority"),
        pool=options.get("pool"),
        timeoutMs=milliseconds_of(options.get("timeout"), "timeout"),
        retentionMs=milliseconds_of(options.get("retention"), "retention"),
        dueTimeMs=milliseconds_at(options.get("due_time")),
        budget=None if budget is None else amounts_of(budget),
    )


async def stored_input(rest: AsyncRest, given_input: Json, *, above: int = STORED_ABOVE_BYTES) -> Json | Blob:
    """Store a large value in the blob store, and return its reference. Return any other value as it is."""
    if not isinstance(given_input, (dict, list, str)):
        return given_input
    content = body_bytes(given_input)
    if len(content) <= above:
        return given_input
    blob = (await rest.call("POST", "/v1/blobs", body=content, repeatable=True))["blob"]
    return Blob(blob["sha256"], blob["size"])


def amounts_of(budget: Budget) -> dict[str, float]:
    names = {"tokens": "tokens", "money": "money", "time_ms": "timeMs"}
    return {names[name]: float(str(value)) for name, value in budget.items()}


class AsyncRun:
    """A run. Its methods call the platform. ``get`` reads its state."""

    def __init__(self, rest: AsyncRest, run_id: str, *, existed: bool = False) -> None:
        self._rest = rest
        self.id = run_id
        #: True if the run existed before the call.
        self.existed = existed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    async def get(self) -> RunState:
        """Read the run."""
        return read(RunState, await self._call("GET"))

    async def result(self, timeout: Duration | None = None) -> Any:
        """Wait for the output.

        Raises ``RunFailed`` with the code of the failed task, ``RunCancelled`` or ``RunTerminated``. Raises ``NotEnded``,
        which is a ``TimeoutError``, when ``timeout`` is over. Default: no limit. Follows a run that continues as a new one.
        """
        seconds = None if timeout is None else seconds_of(timeout)
        run_id = self.id

        async def ask(wait_seconds: float) -> Mapping[str, Json] | None:
            nonlocal run_id
            path, query = f"/v1/runs/{quoted(run_id)}/result", {"waitMs": round(wait_seconds * 1_000)}
            reply = await self._rest.call("GET", path, query=query, wait_seconds=wait_seconds)
            outcome: Mapping[str, Json] = reply.get("outcome") or {}
            if "continued" in outcome:
                run_id = outcome["continued"]["id"]
                return None
            found: Mapping[str, Json] = reply
            return found if outcome else None

        state = read(RunState, await self._rest.ended(f"Run `{self.id}`", ask, seconds))
        output = state.output_or_raise()
        return await self._blob(output) if isinstance(output, Blob) else output

    async def watch(self) -> AsyncGenerator[RunChange, None]:
        """Follow the run until it ends: first all of it, then each change. Survives reconnects."""
        query = {"withTasks": True}
        async for kind, said in self._rest.follow(f"/v1/watch/runs/{quoted(self.id)}", query=query):
            if kind in ("snapshot", "change"):
                yield read(RunChange, said)

    async def events(self, *, after: int = 0, task: str = "") -> AsyncGenerator[RunEvent, None]:
        """Read the events of the run or of one task, from the first event or after an event."""
        query = {"afterEvent": after or None, "task": task, **_EVENTS}
        async for entry in self._rest.pages(f"{self._path}/history", "events", query):
            yield read(RunEvent, entry)

    async def tasks(
        self, *, status: Sequence[TaskStatus] = (), with_payloads: bool = True
    ) -> list[TaskState]:
        """Read the tasks, in the order of the definition."""
        query = {"status": list(status), "withPayloads": with_payloads}
        entries = self._rest.pages(f"{self._path}/tasks", "tasks", query)
        return [read(TaskState, entry) async for entry in entries]

    async def signal(self, name: str, payload: Json = None, *, idempotency_key: str = "") -> None:
        """Send a signal. The run keeps it until a task waits for it."""
        path = f"/signals/{quoted(name)}"
        payload = await stored_input(self._rest, payload, above=_MESSAGE_BYTES_MAX)
        await self._call("POST", path, body=_body_of(payload), key=idempotency_key)

    async def query(self, name: str, payload: Json = None) -> Any:
        """Send a query of the definition, which changes nothing, and return its answer."""
        query = {} if payload is None else {"payload": _text_of(payload)}
        reply = await self._call("GET", f"/queries/{quoted(name)}", query=query)
        return from_json(reply.get("answer"))

    async def update(self, name: str, payload: Json = None, *, idempotency_key: str = "") -> Any:
        """Send an update of the definition and wait for its answer. A rejected update changes nothing."""
        path = f"/updates/{quoted(name)}"
        reply = await self._call("POST", path, body=_body_of(payload), key=idempotency_key)
        return from_json(reply.get("answer"))

    async def approvals(self) -> list[Approval]:
        """Read the open approvals of the run."""
        entries = self._rest.pages("/v1/approvals", "approvals", {"workId": self.id})
        return [read(Approval, entry) async for entry in entries]

    async def approve(self, question: str, *, data: Json = None, reason: str = "") -> Approval:
        """Approve a question, named by its id or its task. ``data``: the answer to its form."""
        return await decide(self._rest, self.id, question, "approved", data, reason)

    async def reject(self, question: str, *, data: Json = None, reason: str = "") -> Approval:
        """Reject a question, named by its id or its task."""
        return await decide(self._rest, self.id, question, "rejected", data, reason)

    async def claim(self, question: str) -> Approval:
        """Claim a question, named by its id or its task. Only the caller can decide it from then on."""
        return await claim(self._rest, self.id, question)

    async def delegate(self, question: str, people: Sequence[str], *, reason: str = "") -> Approval:
        """Delegate the caller's answer to other people. Answers of others are kept."""
        return await delegate(self._rest, self.id, question, people, reason)

    async def release(self, question: str, *, person: str = "", reason: str = "") -> Approval:
        """Release a question that the caller or ``person`` has claimed."""
        return await release(self._rest, self.id, question, person, reason)

    async def pause(self, reason: str = "") -> RunState:
        """Start no more tasks. Running tasks finish."""
        return await self._changed("/pause", {"reason": reason}, key="")

    async def resume(self, reason: str = "", *, tasks: Sequence[str] = ()) -> RunState:
        """Resume the run, or only these paused tasks."""
        return await self._changed("/resume", {"reason": reason, "taskIds": list(tasks)}, key="")

    async def cancel(self, reason: str = "", *, no_compensate: bool = False) -> RunState:
        """Stop the running tasks and compensate the completed tasks. Returns when this has started.

        ``no_compensate``: do not compensate.
        """
        return await self._changed("/cancel", {"reason": reason, "noCompensate": no_compensate})

    async def terminate(self, reason: str = "") -> RunState:
        """End the run at once, without compensation."""
        return await self._changed("/terminate", {"reason": reason})

    async def retry(self, reason: str = "", *, tasks: Sequence[str] = ()) -> RunState:
        """Retry the failed tasks, or only these tasks. Completed tasks keep their results."""
        return await self._changed("/retry", {"reason": reason, "taskIds": list(tasks)}, key="")

    async def reset(self, to_event: int, reason: str, *, keep_signals: bool = False) -> RunState:
        """Reset the run to its state after an event, and continue from there."""
        body = {"toEvent": to_event, "reason": reason, "keepSignals": keep_signals}
        return await self._changed("/reset", body, key="")

    async def move(
        self,
        to: str = "",
        reason: str = "",
        *,
        mapping: Mapping[str, str] | None = None,
        restart: bool = False,
        back: bool = False,
        dry_run: bool = False,
    ) -> MoveReview:
        """Continue on another version of the definition: a label or a hash, by default the latest.

        ``mapping`` maps tasks and states to their new ids, or drops them with an empty text. ``restart`` restarts attempts
        that the version cannot continue. ``back`` undoes the last move, if the run has not changed since. ``dry_run``
        returns how the run fits, and changes nothing.
        """
        body = {**_move(to, mapping, restart=restart), "back": back, "dryRun": dry_run, "reason": reason}
        reply = await self._call("POST", "/move", body=body, key="", repeatable=True)
        return read(MoveReview, reply["review"])

    async def label(
        self,
        labels: Mapping[str, str] | None = None,
        *,
        removed: Sequence[str] = (),
        priority: int | None = None,
        due_time: datetime | None = None,
    ) -> RunState:
        """Change labels, priority or due time."""
        body = given(
            labels=labels,
            removedLabels=list(removed),
            priority=priority,
            dueTimeMs=milliseconds_at(due_time),
        )
        return read(RunState, await self._call("PUT", "/labels", body=body, repeatable=True))

    async def complete_task(self, task: str, output: Json, reason: str) -> TaskState:
        """Repair a task: it counts as completed with this output."""
        return await self._repaired(task, {"output": to_json(output), "reason": reason})

    async def rerun_task(self, task: str, task_input: Json, reason: str) -> TaskState:
        """Repair a task: it runs with this input when it starts, or again with all tasks that need it."""
        return await self._repaired(task, {"input": to_json(task_input), "reason": reason})

    async def skip_task(self, task: str, reason: str, *, with_dependents: bool = False) -> TaskState:
        """Repair a task: it counts as skipped, with or without the tasks that need it."""
        return await self._repaired(task, {"skip": {"skipDependents": with_dependents}, "reason": reason})

    async def fail_task(self, task: str, code: str, message: str, reason: str) -> TaskState:
        """Repair a task: it counts as failed with this error, and is not retried."""
        return await self._repaired(task, {"error": {"code": code, "message": message}, "reason": reason})

    async def remove(self, reason: str = "") -> bool:
        """Remove the ended run with its history. False: it did not exist. The id stays reserved for a while."""
        reply = await self._call("DELETE", query={"reason": reason}, repeatable=True)
        return bool(reply.get("removed"))

    async def why(self, task: str = "") -> Explanation:
        """Explain the status of the run or of a task: its waits, failures and remedies."""
        return read(Explanation, await self._call("GET", "/why", query={"task": task}))

    async def _blob(self, blob: Blob) -> Any:
        try:
            content = await self._rest.content(f"/v1/blobs/{blob.sha256}")
        except TuttiError as error:
            if error.code not in LOSSES:
                raise
            raise data_unreadable(blob.sha256, blob.size, LOSSES[error.code]) from None
        try:
            return json.loads(content)
        except ValueError:
            return content

    async def _repaired(self, task: str, body: Json) -> TaskState:
        return read(TaskState, await self._call("POST", f"/tasks/{quoted(task)}/repair", body=body, key=""))

    async def _changed(self, below: str, body: Json, *, key: str | None = None) -> RunState:
        return read(RunState, await self._call("POST", below, body=body, key=key, repeatable=True))

    async def _call(self, method: str, below: str = "", **options: Any) -> Any:
        return await self._rest.call(method, f"{self._path}{below}", **options)

    @property
    def _path(self) -> str:
        return f"/v1/runs/{quoted(self.id)}"


class AsyncBulkPreview:
    """Preview of a bulk action. It selects exactly these runs, and is valid for one hour."""

    def __init__(self, rest: AsyncRest, reply: Mapping[str, Json]) -> None:
        self._rest = rest
        self._token = str(reply["previewToken"])
        self.count = int(reply.get("count") or 0)
        #: Number of matching runs that the action does not apply to.
        self.left_alone = int(reply.get("leftAlone") or 0)
        #: Number of runs by error code or status, largest first. For a move: by how they fit.
        self.groups = tuple(read(RunCount, each) for each in reply["groups"])
        #: For a move: runs that do not simply move, by id, with the reasons. At most 20 per verdict.
        self.reviews = {each["runId"]: read(MoveReview, each["review"]) for each in reply.get("reviews", ())}

    async def apply(self, reason: str, *, per_second: int = 0) -> BulkOutcome:
        """Apply the action. Each run records the reason. ``per_second`` limits the rate."""
        outcome = BulkOutcome()
        body = {"previewToken": self._token, "reason": reason, "perSecond": per_second}
        async for _, said in self._rest.post_and_follow("/v1/bulk/apply", body=body):
            outcome.done = max(outcome.done, int(said.get("done") or 0))
            for refusal in said.get("refusals", ()):
                outcome.refused[refusal["runId"]] = error_of_detail(refusal.get("error") or {})
        return outcome


class BulkOutcome:
    """Number of changed runs, and the errors of the other runs by id."""

    def __init__(self) -> None:
        self.done = 0
        self.refused: dict[str, TuttiError] = {}


class AsyncRuns:
    """The runs of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    def get(self, run_id: str) -> AsyncRun:
        """Return a run by its id, without a call."""
        return AsyncRun(self._rest, run_id)

    async def list(
        self,
        *,
        definition: str = "",
        status: Sequence[RunStatus] = (),
        labels: Mapping[str, str] | None = None,
        error_code: str = "",
        text: str = "",
        oldest_first: bool = False,
    ) -> AsyncGenerator[RunState, None]:
        """Find runs, newest first. Pages are read on demand."""
        query = {
            **_found_by(definition, status, labels, error_code, text),
            "oldestFirst": oldest_first or None,
        }
        async for entry in self._rest.pages("/v1/runs", "runs", query, later=_LINES):
            yield read(RunState, entry)

    async def watch(
        self,
        *,
        definition: str = "",
        status: Sequence[RunStatus] = (),
        labels: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[RunState, None]:
        """Follow runs: first those that match, newest first and at most 1,000, then each that changes."""
        query = _found_by(definition, status, labels, "", "")
        async for kind, said in self._rest.follow("/v1/watch/runs", query=query):
            if kind in ("snapshot", "change"):
                for entry in said.get("runs", ()):
                    yield read(RunState, entry)

    async def count(
        self,
        by: str = "status",
        *,
        definition: str = "",
        status: Sequence[RunStatus] = (),
        labels: Mapping[str, str] | None = None,
        error_code: str = "",
        text: str = "",
    ) -> dict[str, int]:
        """Count runs by a property: ``status``, ``definition``, ``error_code``. Largest count first."""
        query = {**_found_by(definition, status, labels, error_code, text), "by": by}
        reply = await self._rest.call("GET", "/v1/runs/count", query=query)
        counts = [read(RunCount, each) for each in reply["counts"]]
        return {each.value: each.count for each in counts}

    async def preview_move(
        self,
        definition: str,
        to: str = "",
        *,
        mapping: Mapping[str, str] | None = None,
        restart: bool = False,
        children: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> AsyncBulkPreview:
        """Show how the active runs of a definition fit another version. ``apply`` moves those that fit."""
        found_by = given(definitions=[definition], labels={"equals": dict(labels)} if labels else None)
        move = {**_move(to, mapping, restart=restart), "children": children}
        body = {"filter": found_by, "action": {"move": move}}
        reply = await self._rest.call("POST", "/v1/bulk/preview", body=body, repeatable=True)
        return AsyncBulkPreview(self._rest, reply)

    async def preview(
        self,
        action: BulkAction,
        *,
        definition: str = "",
        status: Sequence[RunStatus] = (),
        labels: Mapping[str, str] | None = None,
        error_code: str = "",
    ) -> AsyncBulkPreview:
        """Show what an action on all matching runs would change. ``apply`` does it."""
        found_by = given(
            definitions=[definition] if definition else None,
            statuses=list(status) or None,
            labels={"equals": dict(labels)} if labels else None,
            errorCode=error_code or None,
        )
        body = {"filter": found_by, "action": {action: {}}}
        reply = await self._rest.call("POST", "/v1/bulk/preview", body=body, repeatable=True)
        return AsyncBulkPreview(self._rest, reply)


def _move(to: str, mapping: Mapping[str, str] | None, *, restart: bool) -> dict[str, Json]:
    return {"version": to, "map": dict(mapping or {}), "restart": restart}


def _found_by(
    definition: str,
    status: Sequence[RunStatus],
    labels: Mapping[str, str] | None,
    error_code: str,
    text: str,
) -> dict[str, Json]:
    label = [f"{name}={value}" for name, value in (labels or {}).items()]
    return {
        "definition": definition,
        "status": list(status),
        "label": label,
        "errorCode": error_code,
        "text": text,
    }


async def decide(
    rest: AsyncRest, run_id: str, question: str, verdict: _Verdict, data: Json, reason: str
) -> Approval:
    body = given(runId=run_id, verdict=verdict, data=None if data is None else to_json(data))
    path = f"/v1/approvals/{quoted(question)}"
    return read(Approval, await rest.call("POST", path, body={**body, "reason": reason}, repeatable=True))


async def claim(rest: AsyncRest, run_id: str, question: str) -> Approval:
    path = f"/v1/approvals/{quoted(question)}/claim"
    return read(Approval, await rest.call("POST", path, body={"runId": run_id}, repeatable=True))


async def delegate(
    rest: AsyncRest, run_id: str, question: str, people: Sequence[str], reason: str
) -> Approval:
    path = f"/v1/approvals/{quoted(question)}/delegate"
    body = {"runId": run_id, "people": list(people), "reason": reason}
    return read(Approval, await rest.call("POST", path, body=body, repeatable=True))


async def release(rest: AsyncRest, run_id: str, question: str, person: str, reason: str) -> Approval:
    path = f"/v1/approvals/{quoted(question)}/release"
    body = {"runId": run_id, "person": person, "reason": reason}
    return read(Approval, await rest.call("POST", path, body=body, repeatable=True))


def _body_of(payload: Json | Blob) -> Json:
    return {} if payload is None else to_json(payload)


def _text_of(payload: Json) -> str:
    try:
        return json.dumps(to_json(payload))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            "sdk.not_json",
            f"`payload`: expected JSON, got something else ({error}).",
            status="INVALID_ARGUMENT",
            retry=RETRY_NEVER,
        ) from None
