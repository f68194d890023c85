"""Calls and the rules for their answers, without I/O. Both clients share them."""

from __future__ import annotations

import json
import random
import re
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ssl import SSLContext
from typing import Any

from . import _json
from ._local import default_url
from ._version import VERSION
from .errors import RETRY_ELSEWHERE, RETRY_NEVER, InvalidArgument, OptionInvalid, TuttiError

#: A number of seconds, a text such as ``"30s"`` or ``"1h30m"``, or a timedelta.
Duration = float | str | timedelta
Json = Any

CALL_SECONDS = 30.0
#: Maximum wait of one long-polling call for the end of a run.
WAIT_SECONDS = 30.0
#: Time without any answer after which a watch or a wait fails.
PATIENCE_SECONDS = 60.0
#: Time without data after which a stream is broken. The server sends a heartbeat every ten seconds.
SILENCE_SECONDS = 25.0
#: Rounds over all servers. With pauses they take 6 to 11 s, in which a killed server restarts.
ROUNDS_MAX = 8
_PAUSE_FIRST_SECONDS = 0.1
_PAUSE_MAX_SECONDS = 5.0
_BUSY = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


@dataclass(frozen=True)
class Options:
    """Resolved options of a client."""

    servers: Sequence[str]
    api_key: str | Callable[[], str | None] | None = field(repr=False)
    namespace: str
    timeout: float
    ssl_context: SSLContext | None
    headers: Callable[[], Mapping[str, str]] | None = None

    def changed(self, namespace: str | None, timeout: float | None) -> Options:
        namespace = self.namespace if namespace is None else namespace
        return replace(self, namespace=namespace, timeout=self.timeout if timeout is None else timeout)


def resolve(
    environment: Mapping[str, str],
    *,
    url: str | Sequence[str] | None = None,
    api_key: str | Callable[[], str | None] | None = None,
    namespace: str | None = None,
    timeout: float | None = None,
    ssl_context: SSLContext | None = None,
    headers: Callable[[], Mapping[str, str]] | None = None,
) -> Options:
    """An option takes precedence over its variable, and the variable over the default."""
    given = url or environment.get("TUTTI_URL") or environment.get("TUTTI_SERVER") or default_url()
    return Options(
        servers=servers_of(given),
        api_key=api_key or environment.get("TUTTI_API_KEY") or environment.get("TUTTI_ACCESS_TOKEN") or None,
        namespace=namespace or environment.get("TUTTI_NAMESPACE") or "default",
        timeout=CALL_SECONDS if timeout is None else timeout,
        ssl_context=ssl_context,
        headers=headers,
    )


def servers_of(given: str | Sequence[str]) -> Sequence[str]:
    """Return the URLs of the servers. A text separates several URLs by commas. Default scheme: http."""
    texts = given.split(",") if isinstance(given, str) else given
    servers = tuple(_server_of(each.strip()) for each in texts)
    if not servers:
        raise OptionInvalid("url", "at least one URL", "none")
    return servers


def _server_of(text: str) -> str:
    server = (text if "://" in text else f"http://{text}").rstrip("/")
    parts = urllib.parse.urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OptionInvalid("url", "a URL such as http://127.0.0.1:7400", text)
    return server


@dataclass(frozen=True)
class Call:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    #: True if a second delivery does no harm.
    repeatable: bool


def call_of(
    options: Options,
    method: str,
    path: str,
    *,
    body: Json,
    query: Mapping[str, Json] | None,
    key: str | None,
    repeatable: bool,
) -> Call:
    """Build a call. ``key``: the idempotency key, generated if empty. Bytes are sent as they are."""
    headers = {"accept": "application/json", "user-agent": f"tutti-python/{VERSION}"}
    if options.headers is not None:
        headers.update(options.headers())
    api_key = options.api_key() if callable(options.api_key) else options.api_key
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    content = body if isinstance(body, bytes) else None
    if content is not None:
        headers["content-type"] = "application/octet-stream"
    elif body is not None:
        headers["content-type"] = "application/json"
        content = body_bytes(body)
    if key is not None:
        headers["idempotency-key"] = key or f"call_{uuid.uuid4()}"
    return Call(
        method,
        f"{path}?{query_text({'namespace': options.namespace, **(query or {})})}",
        headers,
        content,
        repeatable or method == "GET" or key is not None,
    )


def query_text(query: Mapping[str, Json]) -> str:
    known = {name: _query_value(value) for name, value in query.items() if value not in (None, "", ())}
    return urllib.parse.urlencode(known, doseq=True)


def _query_value(value: Json) -> Json:
    if isinstance(value, bool):
        return "true" if value else "false"
    return milliseconds_at(value) if isinstance(value, datetime) else value


def body_bytes(body: Json) -> bytes:
    try:
        return _json.render(body, "request")
    except _json.NotJson as error:
        raise InvalidArgument(
            "sdk.not_json",
            f"`{error.path}`: expected JSON, got {error.found}.",
            status="INVALID_ARGUMENT",
            retry=RETRY_NEVER,
        ) from None


def given(**members: Json) -> dict[str, Json]:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def seconds_of(duration: Duration, name: str = "timeout") -> float:
    """Convert a number, a text such as ``1h30m``, or a timedelta to seconds."""
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    if isinstance(duration, (int, float)):
        return float(duration)
    found = _seconds_in(duration.strip()) if isinstance(duration, str) else None
    if found is None:
        raise OptionInvalid(name, "seconds or a duration such as 30s", duration)
    return found


def _seconds_in(text: str) -> float | None:
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def milliseconds_of(duration: Duration | None, name: str) -> float | None:
    return None if duration is None else round(seconds_of(duration, name) * 1_000, 3)


def milliseconds_at(time: datetime | None) -> int | None:
    """Convert a time to milliseconds since the Unix epoch. A time without a zone is local time."""
    return None if time is None else round(time.timestamp() * 1_000)


def is_worth_another(error: TuttiError, repeatable: bool) -> bool:
    """Return whether to retry the call: it had no effect, or a second delivery does no harm."""
    if error.retry == RETRY_ELSEWHERE:
        return True
    return repeatable and error.retry != RETRY_NEVER and error.status in _BUSY


def pause_seconds(failures: int) -> float:
    """Return the pause before the next retry. Pauses grow. Half of each is random, so that clients spread out."""
    longest: float = min(_PAUSE_MAX_SECONDS, _PAUSE_FIRST_SECONDS * 2.0 ** (failures - 1))
    return longest * (0.5 + random.random() / 2)


@dataclass(frozen=True)
class ServerEvent:
    kind: str
    data: str
    identity: str

    @property
    def value(self) -> Json:
        return json.loads(self.data)


class EventLines:
    """Parses server-sent events from pieces of bytes with any boundaries."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind, self._identity, self._data = "message", "", ""

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for raw in lines:
            event = self._line(raw.decode().rstrip("\r"))
            if event is not None:
                yield event

    def _line(self, line: str) -> ServerEvent | None:
        if line == "":
            event = ServerEvent(self._kind, self._data, self._identity) if self._data else None
            self._kind, self._identity, self._data = "message", "", ""
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._kind = value
        elif field == "id":
            self._identity = value
        elif field == "data":
            self._data = f"{self._data}\n{value}" if self._data else value
        return None
