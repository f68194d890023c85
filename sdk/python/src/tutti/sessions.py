"""Sessions from Python: tasks and intent; Tutti chooses how they are done, and says why.

The names of fields are those of REST: ``docs/reference/rest.md``.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from ._rest import Json, Rest, output_of

Mode = Literal["workflow", "swarm", "intelligence", "hybrid", "adaptive", "custom"]
# Lines are small, and each page is a search of its own: whoever looks beyond the first mostly wants many.
_LINES = {"size": 1_000}
_LEVELS = {True: "standard", False: "minimal"}


class Sessions:
    """The sessions of an installation. ``server``: one or several; else ``TUTTI_SERVER``, else ``http://127.0.0.1:7400``."""

    def __init__(
        self,
        server: str | Sequence[str] | None = None,
        *,
        namespace: str | None = None,
        access_token: str | None = None,
    ) -> None:
        self._rest = Rest(server, namespace=namespace, access_token=access_token)

    def execute(
        self,
        *,
        tasks: Sequence[Mapping[str, Json]] | None = None,
        goal: str | Mapping[str, Json] | None = None,
        definition: str | Mapping[str, Json] | None = None,
        input: Json = None,
        output: str = "",
        mode: Mode = "adaptive",
        optimization: bool | Literal["time", "cost", "quality"] | Mapping[str, Json] = False,
        monitoring: bool | Literal["minimal", "standard", "detailed"] | Mapping[str, Json] = True,
        session_id: str | None = None,
        idempotency_key: str | None = None,
        **settings: Json,
    ) -> Session:
        """Starts a session: of tasks, of a goal, or of a registered definition.

        The same again under an id is the same session. ``optimization=True`` is all of it in balance,
        ``monitoring=True`` the standard level. ``settings``: whatever else a session has, such as ``title``,
        ``budget``, ``pool``, ``labels``.
        """
        work = _work_of(tasks, goal, definition, input=input, output=output)
        body: dict[str, Json] = {"mode": mode, **work, **settings}
        if optimization is not False:
            body["optimization"] = _optimization_of(optimization)
        body["monitoring"] = _monitoring_of(monitoring)
        if session_id is not None:
            body["sessionId"] = session_id
        started = self._rest.call("POST", "/v1/sessions", body=body, key=idempotency_key)
        return Session(self._rest, started["session"]["sessionId"], existed=bool(started.get("existed")))

    def get(self, session_id: str) -> Session:
        """A session that is known by its id. Nothing is asked yet."""
        return Session(self._rest, session_id)

    def list(self, **query: Json) -> Iterator[Json]:
        """Sessions that match, newest first: ``status``, ``mode``, ``label``, ``text``."""
        return self._rest.pages("/v1/sessions", "sessions", later=_LINES, **query)


class Session:
    """A session, as whoever started or found it steers and reads it."""

    def __init__(self, rest: Rest, session_id: str, *, existed: bool = False) -> None:
        self._rest = rest
        self.id = session_id
        #: Whether it was there already when it was started.
        self.existed = existed

    def get(self) -> Json:
        """As it stands."""
        return self._call("GET")

    def result(self, timeout_seconds: float | None = None) -> Json:
        """Its output, as soon as it has ended well. Raises its error when it has not."""
        return output_of(
            f"session {self.id}",
            lambda wait: self._call("GET", "/result", query={"waitMs": wait * 1_000}, wait_seconds=wait),
            timeout_seconds,
        )

    def watch(self) -> Iterator[Json]:
        """All of it as it is, then what changes, until it has ended: ``session``, ``tasks``, ``choices``, ``moves``."""
        query = {"withTasks": "true", "withChoices": "true"}
        for kind, said in self._rest.follow(f"/v1/watch/sessions/{_quoted(self.id)}", query=query):
            if kind not in ("snapshot", "change"):
                continue
            yield said

    def tasks(self) -> list[Json]:
        """Its tasks over all its parts, in the order in which they were given."""
        return list(self._rest.pages(self._path("/tasks"), "tasks"))

    def add_tasks(self, tasks: Sequence[Mapping[str, Json]], *, key: str | None = None) -> None:
        """Adds tasks while it runs. All or none."""
        self._call("POST", "/tasks", body={"tasks": [dict(task) for task in tasks]}, key=key)

    def signal(self, name: str, payload: Json = None, *, key: str | None = None) -> None:
        """Tells it something; it is passed to what runs beneath."""
        self._call("POST", f"/signals/{_quoted(name)}", body=payload, key=key)

    def pause(self, reason: str = "") -> None:
        """What is at work finishes, nothing new begins."""
        self._call("POST", "/pause", body={"reason": reason})

    def resume(self, reason: str = "") -> None:
        """Lets it go on."""
        self._call("POST", "/resume", body={"reason": reason})

    def cancel(self, reason: str = "") -> None:
        """Asks it to end, and all that it started."""
        self._call("POST", "/cancel", body={"reason": reason})

    def terminate(self, reason: str = "") -> None:
        """Ends it at once, and all that it started."""
        self._call("POST", "/terminate", body={"reason": reason})

    def explain(self, task_id: str = "") -> Json:
        """Why it, or a task of it, stands as it does, and the choices that made it so."""
        return self._call("GET", "/why", query={"task": task_id} if task_id else None)

    def plan(self, number: int = 0) -> Json:
        """Its plan and reality beside it: the latest, or the one with this number."""
        return self._call("GET", "/plan", query={"number": number})["plan"]

    def compare_modes(self, *modes: Mode) -> Json:
        """What it would have cost in other modes, once it has ended."""
        return self._call("GET", "/compare", query={"mode": list(modes)})

    def _call(self, method: str, below: str = "", **given: Any) -> Any:
        return self._rest.call(method, self._path(below), **given)

    def _path(self, below: str) -> str:
        return f"/v1/sessions/{_quoted(self.id)}{below}"


def _work_of(
    tasks: Sequence[Mapping[str, Json]] | None,
    goal: str | Mapping[str, Json] | None,
    definition: str | Mapping[str, Json] | None,
    *,
    input: Json,
    output: str,
) -> dict[str, Json]:
    given = {} if input is None else {"input": input}
    if sum(what is not None for what in (tasks, goal, definition)) != 1:
        raise ValueError("expected one of tasks, goal and definition")
    if tasks is not None:
        return {"tasks": {"tasks": [dict(task) for task in tasks], "output": output, **given}}
    if goal is not None:
        return {"goal": {**({"description": goal} if isinstance(goal, str) else goal), **given}}
    reference = {"name": definition} if isinstance(definition, str) else definition
    return {"definition": {"definition": reference, **given}}


def _optimization_of(optimization: bool | str | Mapping[str, Json]) -> dict[str, Json]:
    if isinstance(optimization, bool):
        return {}
    return {optimization: 1} if isinstance(optimization, str) else dict(optimization)


def _monitoring_of(monitoring: bool | str | Mapping[str, Json]) -> dict[str, Json]:
    if isinstance(monitoring, bool):
        return {"level": _LEVELS[monitoring]}
    return {"level": monitoring} if isinstance(monitoring, str) else dict(monitoring)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")
