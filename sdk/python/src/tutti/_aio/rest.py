"""Calls of an installation over HTTP, with failover, retries and timeouts.

1. A call that was not sent, or whose second delivery does no harm, goes to the next server.
2. A server that requests a pause is called again after it, until the call's timeout is over.
3. A stream continues after the last event that was read. It ends with its subject, or after 60 s without an answer.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from .._call import (
    PATIENCE_SECONDS,
    ROUNDS_MAX,
    SILENCE_SECONDS,
    WAIT_SECONDS,
    Call,
    EventLines,
    Json,
    Options,
    ServerEvent,
    call_of,
    is_worth_another,
    pause_seconds,
)
from .._payload import from_json
from .._stream_async import monotonic, sleep
from ..errors import NotEnded, TuttiError, error_of_answer, error_of_ending, error_of_problem, unreachable
from .http import AsyncAnswer, AsyncHttp, NotSent

_Answer = TypeVar("_Answer")


class AsyncRest:
    """An installation of one or several servers. One of them is used while it answers."""

    def __init__(self, options: Options, http: AsyncHttp | None = None) -> None:
        self.options = options
        self._http = http or AsyncHttp(options.ssl_context)
        # Several threads may increase it.
        self._turn = 0

    def changed(self, namespace: str | None, timeout: float | None) -> AsyncRest:
        """Return a client with other options, over the same connections."""
        return AsyncRest(self.options.changed(namespace, timeout), self._http)

    def close(self) -> None:
        self._http.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, Json] | None = None,
        key: str | None = None,
        repeatable: bool = False,
        wait_seconds: float = 0,
    ) -> Any:
        """Make a call. ``key``: the idempotency key, generated if empty. ``repeatable``: idempotent without a key."""
        call = call_of(self.options, method, path, body=body, query=query, key=key, repeatable=repeatable)
        deadline = monotonic() + wait_seconds + self.options.timeout

        async def ask(server: str) -> bytes:
            head, content = await self._http.send(server, call, deadline)
            if head.status >= 300:
                raise error_of_answer(head.status, content)
            return content

        content = await self._anywhere(ask, call, deadline)
        return json.loads(content) if content else None

    async def content(self, path: str) -> bytes:
        """Return the body of an answer as it is."""
        call = call_of(self.options, "GET", path, body=None, query=None, key=None, repeatable=True)
        deadline = monotonic() + self.options.timeout

        async def ask(server: str) -> bytes:
            head, content = await self._http.send(server, call, deadline)
            if head.status >= 300:
                raise error_of_answer(head.status, content)
            return content

        return await self._anywhere(ask, call, deadline)

    async def follow(
        self, path: str, *, query: Mapping[str, Json] | None = None
    ) -> AsyncGenerator[tuple[str, Json], None]:
        """Yield the events of a stream with their kinds."""
        cursor, failures, heard = "", 0, monotonic()
        while True:
            try:
                async with aclosing(self._events(path, query, cursor)) as events:
                    async for event in events:
                        failures, heard = 0, monotonic()
                        if event.kind == "end":
                            return
                        if event.kind == "problem":
                            raise error_of_problem(event.value)
                        cursor = event.identity or cursor
                        yield event.kind, event.value
            except TuttiError as error:
                if not error.retryable or monotonic() - heard >= PATIENCE_SECONDS:
                    raise
            except OSError as error:
                if monotonic() - heard >= PATIENCE_SECONDS:
                    raise unreachable(self.options.servers, error) from error
            failures += 1
            await sleep(pause_seconds(failures))

    async def post_and_follow(self, path: str, *, body: Json) -> AsyncGenerator[tuple[str, Json], None]:
        """Yield the events in the answer to a call. The stream does not continue after a broken connection."""
        call = call_of(self.options, "POST", path, body=body, query=None, key=None, repeatable=False)
        answer = await self._opened(call, monotonic() + self.options.timeout)
        try:
            async for event in _events_of(answer):
                if event.kind == "end":
                    return
                if event.kind == "problem":
                    raise error_of_problem(event.value)
                yield event.kind, event.value
        finally:
            answer.close()

    async def pages(
        self,
        path: str,
        name: str,
        query: Mapping[str, Json] | None = None,
        *,
        later: Mapping[str, Json] | None = None,
    ) -> AsyncGenerator[Json, None]:
        """Yield all entries of a list. ``later``: added to the query from the second page on."""
        token = ""
        while True:
            page = {**(query or {}), **((later or {}) if token else {}), "token": token}
            reply = await self.call("GET", path, query=page)
            for entry in reply[name]:
                yield entry
            token = reply.get("nextToken") or ""
            if not token:
                return

    async def ended(
        self,
        what: str,
        ask: Callable[[float], Awaitable[Mapping[str, Json] | None]],
        timeout_seconds: float | None,
    ) -> Mapping[str, Json]:
        """Repeat ``ask`` until it has an answer, and return the answer. ``ask`` gets the seconds that one call waits."""
        started = heard = monotonic()
        failures = 0
        while True:
            left = float("inf") if timeout_seconds is None else timeout_seconds - (monotonic() - started)
            try:
                answer = await ask(min(WAIT_SECONDS, max(0.0, left)))
                if answer is not None:
                    return answer
                failures, heard = 0, monotonic()
            except TuttiError as error:
                # The owner may have died, and the next owner may not be known yet.
                if not error.retryable or monotonic() - heard >= min(PATIENCE_SECONDS, left):
                    raise
                failures += 1
                await sleep(pause_seconds(failures))
            if timeout_seconds is not None and monotonic() - started >= timeout_seconds:
                raise NotEnded(
                    "sdk.not_ended",
                    f"{what} has not ended within {timeout_seconds:g} s. It continues: wait again.",
                    status="DEADLINE_EXCEEDED",
                )

    async def _events(
        self, path: str, query: Mapping[str, Json] | None, cursor: str
    ) -> AsyncGenerator[ServerEvent, None]:
        call = call_of(self.options, "GET", path, body=None, query=query, key=None, repeatable=True)
        answer = await self._opened(call, monotonic() + self.options.timeout, cursor)
        try:
            async for event in _events_of(answer):
                yield event
        finally:
            answer.close()

    async def _opened(self, call: Call, deadline: float, cursor: str = "") -> AsyncAnswer:
        headers = {**call.headers, "accept": "text/event-stream"}
        if cursor:
            headers["last-event-id"] = cursor
        call = Call(call.method, call.target, headers, call.body, call.repeatable)

        async def ask(server: str) -> AsyncAnswer:
            answer = await self._http.open(server, call, deadline)
            if answer.status < 300:
                return answer
            try:
                raise error_of_answer(answer.status, await answer.body(deadline))
            finally:
                answer.close()

        return await self._anywhere(ask, call, deadline)

    async def _anywhere(
        self, ask: Callable[[str], Awaitable[_Answer]], call: Call, deadline: float
    ) -> _Answer:
        """Call the server that answered last, then each other server, then all servers again after a pause."""
        servers = self.options.servers
        rounds = 0
        while True:
            failure: TuttiError | None = None
            for _ in servers:
                turn = self._turn
                try:
                    return await ask(servers[turn % len(servers)])
                except TuttiError as error:
                    failure = error
                    if not is_worth_another(error, call.repeatable):
                        raise
                except OSError as error:
                    failure = unreachable(servers, error)
                    if not (call.repeatable or isinstance(error, NotSent)):
                        self._turn = max(self._turn, turn + 1)
                        raise failure from error
                # Another thread may have increased it already.
                self._turn = max(self._turn, turn + 1)
            assert failure is not None, "each round asks a server"
            rounds += 1
            asked_to_wait = failure.retry_after_seconds
            pause = max(asked_to_wait, pause_seconds(rounds))
            if (rounds >= ROUNDS_MAX and asked_to_wait == 0) or monotonic() + pause >= deadline:
                raise failure
            await sleep(pause)


async def _events_of(answer: AsyncAnswer) -> AsyncGenerator[ServerEvent, None]:
    lines = EventLines()
    async for piece in answer.pieces(SILENCE_SECONDS):
        for event in lines.feed(piece):
            yield event


async def outcome_of(rest: AsyncRest, what: str, path: str, timeout_seconds: float | None) -> Json:
    """Wait for the end of a mission or a session, and return its output. Raises its error."""

    async def ask(wait_seconds: float) -> Mapping[str, Json] | None:
        query = {"waitMs": round(wait_seconds * 1_000)}
        reply = await rest.call("GET", f"{path}/result", query=query, wait_seconds=wait_seconds)
        found: Mapping[str, Json] | None = reply.get("outcome")
        return found or None

    outcome = await rest.ended(what, ask, timeout_seconds)
    for ending in ("failed", "cancelled", "terminated"):
        if ending in outcome:
            raise error_of_ending(ending, outcome[ending], path.rpartition("/")[2])
    return from_json(outcome.get("completed"))
