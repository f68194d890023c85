"""Calls of an installation over HTTP, with nothing but the standard library.

The names of fields are those of REST: ``docs/reference/rest.md``.
"""

from __future__ import annotations

import json
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeVar

from ._contracts import RETRY_CLASS_ELSEWHERE, RETRY_CLASS_NEVER, RETRY_CLASS_SAME_KEY
from .failures import TuttiError

_WAY_SECONDS = 15.0
_WAIT_SECONDS = 30.0
_SILENT_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_RETRIES = {"never": RETRY_CLASS_NEVER, "elsewhere": RETRY_CLASS_ELSEWHERE}

Json = Any
_Answer = TypeVar("_Answer")


class Rest:
    """An installation. ``server``: one or several, of which one is used while it is there; else ``TUTTI_SERVER``, else
    ``http://127.0.0.1:7400``.
    """

    def __init__(
        self,
        server: str | Sequence[str] | None = None,
        *,
        namespace: str | None = None,
        access_token: str | None = None,
    ) -> None:
        self._servers = servers_of(server or os.environ.get("TUTTI_SERVER") or "http://127.0.0.1:7400")
        # The one that answered last.
        self._turn = 0
        self._namespace = namespace or os.environ.get("TUTTI_NAMESPACE") or "default"
        self._access_token = access_token or os.environ.get("TUTTI_ACCESS_TOKEN")

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, Json] | None = None,
        key: str | None = None,
        wait_seconds: float = 0,
    ) -> Any:
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        if key is not None:
            headers["idempotency-key"] = key
        may_repeat = method == "GET" or key is not None

        def asked(server: str) -> bytes:
            request = self._request(server, method, path, body=body, query=query, headers=headers)
            with _opened(request, wait_seconds + _WAY_SECONDS) as reply:
                return reply.read()

        text = self._anywhere(asked, may_repeat=may_repeat)
        return json.loads(text) if text else None

    def follow(self, path: str, *, query: Mapping[str, Json] | None = None) -> Iterator[tuple[str, Json]]:
        """What a stream says, with its kind. After a break it goes on behind what was told."""
        cursor = ""
        while True:
            headers = {"accept": "text/event-stream", **({"last-event-id": cursor} if cursor else {})}

            def opened(server: str, headers: Mapping[str, str] = headers) -> HTTPResponse:
                return _opened(self._request(server, "GET", path, query=query, headers=headers), _SILENT_SECONDS)

            try:
                with self._anywhere(opened, may_repeat=True) as reply:
                    for kind, data, identity in _events(reply):
                        if kind == "end":
                            return
                        if kind == "problem":
                            raise _problem(data)
                        cursor = identity or cursor
                        yield kind, data
            except TuttiError as error:
                if error.retry == RETRY_CLASS_NEVER:
                    raise
            except (OSError, HTTPException):
                pass
            time.sleep(_PAUSE_SECONDS)

    def pages(
        self, path: str, name: str, *, later: Mapping[str, Json] | None = None, **query: Json
    ) -> Iterator[Json]:
        """All of a list. ``later``: what is asked besides from the second page on."""
        token = ""
        while True:
            page = {**query, **(later or {}), "token": token} if token else query
            reply = self.call("GET", path, query=page)
            yield from reply[name]
            token = reply.get("nextToken") or ""
            if not token:
                return

    def _anywhere(self, ask: Callable[[str], _Answer], *, may_repeat: bool) -> _Answer:
        """The server that answered last, then each of the others: while nothing was done, or when twice does no harm."""
        for left in reversed(range(len(self._servers))):
            is_last, turn = left == 0, self._turn
            try:
                return ask(self._servers[turn % len(self._servers)])
            except TuttiError as error:
                if is_last or error.retry != RETRY_CLASS_ELSEWHERE:
                    raise
            except (OSError, HTTPException) as error:
                # Others in this process may have moved it on already.
                self._turn = max(self._turn, turn + 1)
                if is_last or not (may_repeat or _was_not_sent(error)):
                    raise
            self._turn = max(self._turn, turn + 1)
        raise AssertionError("there is a last server")

    def _request(
        self,
        server: str,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, Json] | None,
        headers: Mapping[str, str],
    ) -> urllib.request.Request:
        asked = urllib.parse.urlencode({"namespace": self._namespace, **(query or {})}, doseq=True)
        known = dict(headers)
        if self._access_token is not None:
            known["authorization"] = f"Bearer {self._access_token}"
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.Request(f"{server}{path}?{asked}", data, known, method=method)


def servers_of(said: str | Sequence[str]) -> Sequence[str]:
    """One or several; those of a text are separated by commas."""
    given = said.split(",") if isinstance(said, str) else said
    return tuple(each.strip().rstrip("/") for each in given)


def _was_not_sent(error: Exception) -> bool:
    """Nobody was there to take it."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return isinstance(reason, (ConnectionRefusedError, socket.gaierror))


def output_of(
    what: str, ask: Callable[[float], Mapping[str, Json]], timeout_seconds: float | None = None
) -> Json:
    """What becomes of something, asked until it has ended: its output, or its error raised."""
    left = float("inf") if timeout_seconds is None else timeout_seconds
    while True:
        wait = min(_WAIT_SECONDS, max(0.0, left))
        outcome = ask(wait).get("outcome") or {}
        if "completed" in outcome:
            return outcome["completed"]
        for ending in ("failed", "cancelled", "terminated"):
            if ending in outcome:
                error = outcome[ending]
                raise TuttiError(error.get("code", ""), error.get("message", ""), retry=RETRY_CLASS_NEVER)
        left -= wait
        if left <= 0:
            raise TimeoutError(f"{what} has not ended; it goes on, wait again")


def _opened(request: urllib.request.Request, timeout_seconds: float) -> HTTPResponse:
    try:
        reply: HTTPResponse = urllib.request.urlopen(request, timeout=timeout_seconds)
        return reply
    except urllib.error.HTTPError as error:
        raise _error_of(error) from None


def _events(reply: HTTPResponse) -> Iterator[tuple[str, Json, str]]:
    kind, identity, data = "message", "", ""
    for raw in reply:
        line = raw.decode().rstrip("\r\n")
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data:
                yield kind, json.loads(data), identity
            kind, identity, data = "message", "", ""
        elif field == "event":
            kind = value
        elif field == "id":
            identity = value
        elif field == "data":
            data = value if data == "" else f"{data}\n{value}"


def _error_of(error: urllib.error.HTTPError) -> TuttiError:
    text = error.read()
    try:
        problem = json.loads(text)
    except ValueError:
        problem = {"detail": text.decode(errors="replace")}
    return _problem({"code": f"http.{error.code}", "detail": error.reason, "status": error.code, **problem})


def _problem(problem: Mapping[str, Json]) -> TuttiError:
    retry = _RETRIES.get(problem.get("retry", ""), RETRY_CLASS_SAME_KEY)
    code, message = problem.get("code", ""), problem.get("detail", "")
    return TuttiError(code, message, status=str(problem.get("status", "")), retry=retry)
