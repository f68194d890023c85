"""Missions from Python: started, joined, worked off. Over HTTP, with nothing but the standard library.

The names of fields are those of REST: ``docs/reference/rest.md``.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ._contracts import RETRY_CLASS_NEVER
from ._rest import Json, Rest, output_of
from .failures import TuttiError


class Missions:
    """The missions of an installation. ``server``: one or several; else ``TUTTI_SERVER``, else ``http://127.0.0.1:7400``."""

    def __init__(
        self,
        server: str | Sequence[str] | None = None,
        *,
        namespace: str | None = None,
        access_token: str | None = None,
    ) -> None:
        self._rest = Rest(server, namespace=namespace, access_token=access_token)

    def start(
        self, spec: Mapping[str, Json], *, mission_id: str | None = None, idempotency_key: str | None = None
    ) -> Mission:
        """Starts a mission by its specification. The same again under an id is the same mission."""
        body: dict[str, Json] = {"spec": dict(spec)}
        if mission_id is not None:
            body["missionId"] = mission_id
        started = self._rest.call("POST", "/v1/missions", body=body, key=idempotency_key)
        return Mission(self, started["mission"]["missionId"])

    def get(self, mission_id: str) -> Mission:
        """A mission that is known by its id. Nothing is asked yet."""
        return Mission(self, mission_id)


class Mission:
    """A mission, as whoever started or found it reads it, and as agents join it."""

    def __init__(self, missions: Missions, mission_id: str) -> None:
        self._missions = missions
        self.id = mission_id

    def get(self) -> Json:
        """As it stands."""
        return self._call("GET")

    def result(self, timeout_seconds: float | None = None) -> Json:
        """Its output, as soon as it has ended well. Raises its error when it has not."""
        return output_of(
            f"mission {self.id}",
            lambda wait: self._call("GET", "/result", query={"waitMs": wait * 1_000}, wait_seconds=wait),
            timeout_seconds,
        )

    def tasks(self) -> list[Json]:
        """Its tasks, in the order in which they were added."""
        return list(self._pages("/tasks", "tasks"))

    def add_tasks(self, tasks: Sequence[Mapping[str, Json]]) -> None:
        """Puts tasks on the board while it runs. All or none."""
        self._call("POST", "/tasks", body={"tasks": [dict(task) for task in tasks]})

    def join(
        self,
        agent_id: str,
        *,
        role: str = "",
        pool: str = "",
        topics: Sequence[str] = (),
        offers: Sequence[str] = (),
    ) -> Participant:
        """Has an agent take part. ``offers``: what one can do that is in no pool."""
        body: dict[str, Json] = {"role": role, "pool": pool, "topics": list(topics)}
        if offers:
            named = [offer.partition("@") for offer in offers]
            body["offering"] = {
                "capabilities": [{"name": name, "version": version or "1.0.0"} for name, _, version in named]
            }
        self._call("PUT", f"/participants/{urllib.parse.quote(agent_id)}", body=body)
        return Participant(self, agent_id)

    def cancel(self, reason: str = "") -> None:
        """Asks it to end: what is at work is stopped, children are cancelled."""
        self._call("POST", "/cancel", body={"reason": reason})

    def why(self, task_id: str = "") -> Json:
        """Why it, or a task of it, stands as it does."""
        return self._call("GET", "/why", query={"task": task_id} if task_id else None)

    def _call(self, method: str, below: str = "", **given: Any) -> Any:
        return self._missions._rest.call(method, self._path(below), **given)

    def _pages(self, below: str, name: str, **query: Json) -> Iterator[Json]:
        return self._missions._rest.pages(self._path(below), name, **query)

    def _path(self, below: str) -> str:
        return f"/v1/missions/{urllib.parse.quote(self.id)}{below}"


class Participant:
    """An agent that takes part: what it claims, writes, tells and votes bears its name."""

    def __init__(self, mission: Mission, agent_id: str) -> None:
        self._mission = mission
        self.agent_id = agent_id

    def claim(
        self, count: int = 1, *, lease_seconds: float = 60, wait_seconds: float = 0, key: str | None = None
    ) -> list[Claimed]:
        """Tasks that it can do, the most urgent first. Nobody else gets them while the claims hold."""
        body = {"count": count, "leaseMs": lease_seconds * 1_000, "waitMs": wait_seconds * 1_000}
        reply = self._call("POST", "/tasks/claim", body, key=key, wait_seconds=wait_seconds)
        return [Claimed(self, task) for task in reply["tasks"]]

    def read(self, key: str) -> Json:
        """An entry of the blackboard: ``value`` and ``version``; None where the key is not there."""
        entries = self._mission._call("POST", "/board/read", body={"keys": [key]})["entries"]
        return entries[0] if entries else None

    def write(self, key: str, value: Json, *, if_version: int | None = None) -> Json:
        """Writes an entry; only over the version that is named. ``written`` says whether it did."""
        change: dict[str, Json] = {"key": key, "value": value}
        if if_version is not None:
            change["ifVersion"] = if_version
        return self._call("POST", "/board", {"writes": [change]})["receipts"][0]

    def update(self, key: str, change: Callable[[Json], Json]) -> Json:
        """Changes a value by what it is, again until nobody else was quicker."""
        while True:
            entry = self.read(key) or {}
            written = self.write(key, change(entry.get("value")), if_version=entry.get("version", 0))
            if written.get("written"):
                return written["entry"]["value"]

    def tell(self, body: Json, *, agent: str = "", role: str = "", topic: str = "") -> int:
        """Tells an agent, a role, a topic or everybody something. Gives the number of the message."""
        named = {"agentId": agent, "role": role, "topic": topic}
        to: dict[str, Json] = {name: value for name, value in named.items() if value} or {"everybody": {}}
        number: int = self._call("POST", "/messages", {"messages": [{"to": to, "body": body}]})["firstNumber"]
        return number

    def heard(self, after: int = 0) -> list[Json]:
        """Messages to it after a number, oldest first."""
        return list(self._mission._pages("/messages", "messages", agentId=self.agent_id, afterNumber=after))

    def vote(self, vote_id: str, *ranking: str, reason: str = "") -> Json:
        """Casts its ballot, or replaces it: one option, or by rank the best first."""
        body = {"ranking": list(ranking), "reason": reason}
        return self._call("POST", f"/votes/{urllib.parse.quote(vote_id)}/ballots", body)

    def reserve(
        self, *, tokens: float = 0, money: float = 0, time_ms: float = 0, task_id: str = ""
    ) -> Reservation:
        """Sets a part of the budget aside; raises when there is not so much left."""
        amounts = {"tokens": tokens, "money": money, "timeMs": time_ms}
        reply = self._call("POST", "/budget", {"amounts": amounts, "taskId": task_id})
        return Reservation(self, reply["reservation"]["reservationId"])

    def _call(self, method: str, below: str, body: Mapping[str, Json], **given: Any) -> Any:
        return self._mission._call(method, below, body={**body, "agentId": self.agent_id}, **given)


class Claimed:
    """A task that an agent has, until it ends, is handed on or given back, or the claim runs out."""

    def __init__(self, participant: Participant, task: Json) -> None:
        self._participant = participant
        self.task = task
        self.id: str = task["spec"]["id"]
        self.claim_id: str = task["claim"]["claimId"]

    @property
    def input(self) -> Json:
        """What it works on."""
        return self.task["spec"].get("input")

    def complete(self, output: Json = None) -> None:
        """Ends it with an output. Raises when the claim no longer holds."""
        self._end({"output": output})

    def fail(self, code: str, message: str) -> None:
        """Ends this attempt with an error."""
        self._end({"failed": {"code": code, "message": message}})

    def renew(self, *, lease_seconds: float = 60, progress: float = 0) -> bool:
        """Keeps it for longer; False when the claim no longer holds and the work is to be stopped."""
        renewals = [{"claimId": self.claim_id, "progress": progress}]
        body = {"renewals": renewals, "leaseMs": lease_seconds * 1_000}
        reply = self._participant._call("POST", "/tasks/renew", body)
        return self.claim_id not in reply["lostClaimIds"]

    def release(self, reason: str = "") -> None:
        """Gives it back undone."""
        body = {"claimIds": [self.claim_id], "reason": reason}
        self._participant._call("POST", "/tasks/release", body)

    def hand_off(self, *, agent: str = "", role: str = "", context: Json = None, reason: str = "") -> None:
        """Gives it to somebody else, with what the next one should know."""
        to = {"toAgentId": agent} if agent else {"toRole": role}
        body = {"claimId": self.claim_id, "context": context, "reason": reason, **to}
        self._participant._call("POST", "/tasks/hand-off", body)

    def delegate(
        self, task: Mapping[str, Json], *, agent: str = "", authority: Mapping[str, Json] | None = None
    ) -> None:
        """Has a part of it done by another, with less authority than this one has."""
        body: dict[str, Json] = {"claimId": self.claim_id, "task": dict(task)}
        body["authority"] = dict(authority or {})
        if agent:
            body["toAgentId"] = agent
        self._participant._call("POST", "/tasks/delegate", body)

    def _end(self, outcome: Mapping[str, Json]) -> None:
        ends = [{"claimId": self.claim_id, **outcome}]
        receipt = self._participant._call("POST", "/tasks/complete", {"ends": ends})["receipts"][0]
        refusal = receipt.get("refusal")
        if refusal:
            raise TuttiError(refusal["code"], refusal.get("message", ""), retry=RETRY_CLASS_NEVER)


class Reservation:
    """Something that was set aside."""

    def __init__(self, participant: Participant, reservation_id: str) -> None:
        self._participant = participant
        self.id = reservation_id

    def spend(self, *, tokens: float = 0, money: float = 0, time_ms: float = 0) -> None:
        """Books what was used up; raises when less was set aside."""
        amounts = {"tokens": tokens, "money": money, "timeMs": time_ms}
        self._participant._call("POST", f"/budget/{self.id}/spend", {"amounts": amounts})

    def give_back(self) -> Json:
        """Returns what was not used up, and says how much."""
        return self._participant._call("POST", f"/budget/{self.id}/return", {}).get("returned")
