"""Missions: start and join them, and work on their tasks.

Specifications and answers are JSON with the names of REST: ``docs/reference/rest.md``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from .._call import Duration, Json, quoted, seconds_of
from .._document import sent_task
from ..errors import error_of_detail
from .rest import AsyncRest, outcome_of


class AsyncMissions:
    """The missions of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def start(
        self, spec: Mapping[str, Json], *, id: str = "", idempotency_key: str = ""
    ) -> AsyncMission:
        """Start a mission by its specification. The same id with the same specification is the same mission."""
        tasks = [sent_task(task) for task in spec.get("tasks", ())]
        body: dict[str, Json] = {"spec": {**spec, "tasks": tasks} if tasks else dict(spec)}
        if id:
            body["missionId"] = id
        started = await self._rest.call("POST", "/v1/missions", body=body, key=idempotency_key)
        return AsyncMission(self._rest, started["mission"]["missionId"])

    def get(self, mission_id: str) -> AsyncMission:
        """Return a mission by its id, without a call."""
        return AsyncMission(self._rest, mission_id)


class AsyncMission:
    """A mission. Agents join it."""

    def __init__(self, rest: AsyncRest, mission_id: str) -> None:
        self._rest = rest
        self.id = mission_id

    async def get(self) -> Json:
        """Read the mission."""
        return await self._call("GET")

    async def result(self, timeout: Duration | None = None) -> Json:
        """Wait for the output. Raises ``RunFailed`` if the mission failed, ``NotEnded`` after ``timeout``."""
        seconds = None if timeout is None else seconds_of(timeout)
        return await outcome_of(self._rest, f"Mission `{self.id}`", self._path(), seconds)

    async def tasks(self) -> list[Json]:
        """Read the tasks, in the order in which they were added."""
        return [task async for task in self._pages("/tasks", "tasks")]

    async def add_tasks(self, tasks: Sequence[Mapping[str, Json]]) -> None:
        """Add tasks to the board. All or none."""
        await self._call("POST", "/tasks", body={"tasks": [sent_task(task) for task in tasks]})

    async def join(
        self,
        agent_id: str,
        *,
        role: str = "",
        pool: str = "",
        topics: Sequence[str] = (),
        offers: Sequence[str] = (),
    ) -> AsyncParticipant:
        """Let an agent participate. ``offers``: capabilities of an agent without a pool."""
        body: dict[str, Json] = {"role": role, "pool": pool, "topics": list(topics)}
        if offers:
            named = [offer.partition("@") for offer in offers]
            body["offering"] = {
                "capabilities": [{"name": name, "version": version or "1.0.0"} for name, _, version in named]
            }
        await self._call("PUT", f"/participants/{quoted(agent_id)}", body=body)
        return AsyncParticipant(self, agent_id)

    async def cancel(self, reason: str = "") -> None:
        """Stop running tasks and cancel children."""
        await self._call("POST", "/cancel", body={"reason": reason})

    async def why(self, task_id: str = "") -> Json:
        """Explain the status of the mission or of a task."""
        return await self._call("GET", "/why", query={"task": task_id} if task_id else None)

    async def _call(self, method: str, below: str = "", **given: Any) -> Any:
        return await self._rest.call(method, self._path(below), **given)

    def _pages(self, below: str, name: str, **query: Json) -> AsyncGenerator[Json, None]:
        return self._rest.pages(self._path(below), name, query)

    def _path(self, below: str = "") -> str:
        return f"/v1/missions/{quoted(self.id)}{below}"


class AsyncParticipant:
    """An agent that participates in a mission."""

    def __init__(self, mission: AsyncMission, agent_id: str) -> None:
        self._mission = mission
        self.agent_id = agent_id

    async def claim(
        self, count: int = 1, *, lease: Duration = 60, wait: Duration = 0, idempotency_key: str = ""
    ) -> list[AsyncClaimed]:
        """Claim tasks, the most urgent first. No other agent gets them while the claims hold."""
        wait_seconds = seconds_of(wait, "wait")
        body = {"count": count, "leaseMs": seconds_of(lease, "lease") * 1_000, "waitMs": wait_seconds * 1_000}
        reply = await self._call("POST", "/tasks/claim", body, key=idempotency_key, wait_seconds=wait_seconds)
        return [AsyncClaimed(self, task) for task in reply["tasks"]]

    async def read(self, key: str) -> Json:
        """Read an entry of the blackboard: ``value`` and ``version``. None if the key does not exist."""
        entries = (await self._mission._call("POST", "/board/read", body={"keys": [key]}))["entries"]
        return entries[0] if entries else None

    async def write(self, key: str, value: Json, *, if_version: int | None = None) -> Json:
        """Write an entry, only over ``if_version`` if it is set. ``written`` is true on success."""
        change: dict[str, Json] = {"key": key, "value": value}
        if if_version is not None:
            change["ifVersion"] = if_version
        return (await self._call("POST", "/board", {"writes": [change]}))["receipts"][0]

    async def update(self, key: str, change: Callable[[Json], Json]) -> Json:
        """Compute a value from its current value. Retries if another agent was faster."""
        while True:
            entry = await self.read(key) or {}
            written = await self.write(key, change(entry.get("value")), if_version=entry.get("version", 0))
            if written.get("written"):
                return written["entry"]["value"]

    async def tell(self, body: Json, *, agent: str = "", role: str = "", topic: str = "") -> int:
        """Send a message to an agent, a role, a topic or all. Returns its number."""
        named = {"agentId": agent, "role": role, "topic": topic}
        to: dict[str, Json] = {name: value for name, value in named.items() if value} or {"everybody": {}}
        number: int = (await self._call("POST", "/messages", {"messages": [{"to": to, "body": body}]}))[
            "firstNumber"
        ]
        return number

    async def heard(self, after: int = 0) -> list[Json]:
        """Read the messages to this agent after a number, oldest first."""
        query = {"agentId": self.agent_id, "afterNumber": after or None}
        return [message async for message in self._mission._pages("/messages", "messages", **query)]

    async def vote(self, vote_id: str, *ranking: str, reason: str = "") -> Json:
        """Cast a ballot, or replace it: one option, or several with the best first."""
        body = {"ranking": list(ranking), "reason": reason}
        return await self._call("POST", f"/votes/{quoted(vote_id)}/ballots", body)

    async def reserve(
        self, *, tokens: float = 0, money: float = 0, time_ms: float = 0, task_id: str = ""
    ) -> AsyncReservation:
        """Reserve a part of the budget. Raises ``mission.budget_short`` if too little is left."""
        amounts = {"tokens": tokens, "money": money, "timeMs": time_ms}
        reply = await self._call("POST", "/budget", {"amounts": amounts, "taskId": task_id})
        return AsyncReservation(self, reply["reservation"]["reservationId"])

    async def _call(self, method: str, below: str, body: Mapping[str, Json], **given: Any) -> Any:
        return await self._mission._call(method, below, body={**body, "agentId": self.agent_id}, **given)


class AsyncClaimed:
    """A claimed task, until it ends, is handed off or released, or the claim expires."""

    def __init__(self, participant: AsyncParticipant, task: Json) -> None:
        self._participant = participant
        self.task = task
        self.id: str = task["spec"]["id"]
        self.claim_id: str = task["claim"]["claimId"]

    @property
    def input(self) -> Json:
        """The input of the task."""
        return self.task["spec"].get("input")

    async def complete(self, output: Json = None) -> None:
        """Complete the task. Raises if the claim no longer holds."""
        await self._end({"output": output})

    async def fail(self, code: str, message: str) -> None:
        """Fail this attempt."""
        await self._end({"failed": {"code": code, "message": message}})

    async def renew(self, *, lease: Duration = 60, progress: float = 0) -> bool:
        """Renew the claim. False: the claim no longer holds, stop working."""
        renewals = [{"claimId": self.claim_id, "progress": progress}]
        body = {"renewals": renewals, "leaseMs": seconds_of(lease, "lease") * 1_000}
        reply = await self._participant._call("POST", "/tasks/renew", body)
        return self.claim_id not in reply["lostClaimIds"]

    async def release(self, reason: str = "") -> None:
        """Release the claim. The task is free again."""
        body = {"claimIds": [self.claim_id], "reason": reason}
        await self._participant._call("POST", "/tasks/release", body)

    async def hand_off(
        self, *, agent: str = "", role: str = "", context: Json = None, reason: str = ""
    ) -> None:
        """Hand the task to another agent or role, with context."""
        to = {"toAgentId": agent} if agent else {"toRole": role}
        body = {"claimId": self.claim_id, "context": context, "reason": reason, **to}
        await self._participant._call("POST", "/tasks/hand-off", body)

    async def delegate(
        self, task: Mapping[str, Json], *, agent: str = "", authority: Mapping[str, Json] | None = None
    ) -> None:
        """Delegate a part of the task, with less authority than this agent has."""
        body: dict[str, Json] = {"claimId": self.claim_id, "task": sent_task(task)}
        body["authority"] = dict(authority or {})
        if agent:
            body["toAgentId"] = agent
        await self._participant._call("POST", "/tasks/delegate", body)

    async def _end(self, outcome: Mapping[str, Json]) -> None:
        ends = [{"claimId": self.claim_id, **outcome}]
        receipt = (await self._participant._call("POST", "/tasks/complete", {"ends": ends}))["receipts"][0]
        refusal = receipt.get("refusal")
        if refusal:
            raise error_of_detail(refusal)


class AsyncReservation:
    """A reserved part of the budget."""

    def __init__(self, participant: AsyncParticipant, reservation_id: str) -> None:
        self._participant = participant
        self.id = reservation_id

    async def spend(self, *, tokens: float = 0, money: float = 0, time_ms: float = 0) -> None:
        """Record what was used. Raises if less was reserved."""
        amounts = {"tokens": tokens, "money": money, "timeMs": time_ms}
        await self._participant._call("POST", f"/budget/{self.id}/spend", {"amounts": amounts})

    async def give_back(self) -> Json:
        """Return the unused rest. Returns its amount."""
        return (await self._participant._call("POST", f"/budget/{self.id}/return", {})).get("returned")
