"""Tutti within an application of FastAPI, or of another ASGI framework.

1. In a request, a call of the client carries the token of the request's user, never the token of the application.
2. The application starts and serves also while the platform is unreachable. The worker links when it can.
3. It stops after the running tasks of the worker.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._aio.client import AsyncClient, aconnect
from ._settings import Credentials
from .errors import RETRY_NEVER, TuttiError, Unauthenticated
from .worker import Worker

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Returns the token of the user of a request. Names of headers are in lower case.
TokenOf = Callable[[Scope, Mapping[str, str]], str | None]

_bearer_form = re.compile(r"Bearer +(\S+) *", re.IGNORECASE)


@dataclass(frozen=True)
class _Standing:
    """A request, or a user."""

    token: Callable[[], str | None]
    traceparent: str


@dataclass(frozen=True)
class Health:
    """``healthy``, ``degraded`` (the application serves, but has no link) or ``unhealthy`` (the worker was refused)."""

    level: str
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def status_code(self) -> int:
        """HTTP status for a probe: 200, or 503 if it is unhealthy."""
        return 503 if self.level == "unhealthy" else 200


class EmbeddedTutti:
    """A client and a worker that start, stop and report their health with an application.

    ::

        tutti = EmbeddedTutti()
        app = FastAPI()
        app.add_middleware(TuttiMiddleware, tutti=tutti)

    environment: variables such as ``TUTTI_URL``, also from ``read_settings``.
    api_key: key of the application, for its worker and for calls outside of requests. Default: ``TUTTI_API_KEY``.
    token_of: returns the token of the user of a request. Default: the bearer token.
    inject: writes the headers of a trace into a dictionary, such as ``opentelemetry.propagate.inject``. Default: the
        ``traceparent`` of the request is passed on.
    worker: options of the worker. It ignores signals because the application stops it.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] = os.environ,
        api_key: str | None = None,
        token_of: TokenOf | None = None,
        inject: Callable[[dict[str, str]], None] | None = None,
        worker: Mapping[str, Any] | None = None,
    ) -> None:
        self._api_key = api_key or environment.get("TUTTI_API_KEY") or None
        self._token_of = token_of or _bearer_of
        self._inject = inject
        self._standing: ContextVar[_Standing | None] = ContextVar("tutti_request", default=None)
        self._environment = environment
        self._worker_options = dict(worker or {})
        self._worker: Worker | None = None
        self._client: AsyncClient | None = None

    @property
    def client(self) -> AsyncClient:
        """The client. Each call carries the token of the user of the current request."""
        if self._client is None:
            self._client = aconnect(
                api_key=self.token, headers=self._trace_headers, environment=self._environment
            )
        return self._client

    @property
    def worker(self) -> Worker:
        """The worker. It starts if it was used before the application starts."""
        if self._worker is None:
            options = {"credentials": Credentials(access_token=self._api_key), **self._worker_options}
            self._worker = Worker(**options, handle_signals=False, environment=self._environment)
        return self._worker

    def token(self) -> str | None:
        """Return the token for a call at this moment. Also for ``tutti.connect(api_key=embedded.token)`` in threads."""
        standing = self._standing.get()
        if standing is None:
            return self._api_key
        token = standing.token()
        # If the application has no key, a request without a token cannot gain rights.
        if token or self._api_key is None:
            return token
        raise Unauthenticated(
            "sdk.request_without_token",
            "The request has no token of its user. Sign the user in, set `token_of`, or use `as_application`.",
            status="UNAUTHENTICATED",
            retry=RETRY_NEVER,
        )

    @contextmanager
    def during(self, scope: Scope) -> Iterator[None]:
        """Mark calls in the ``with`` statement as part of an ASGI request."""
        headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]}
        yield from self._with(
            _Standing(lambda: self._token_of(scope, headers), headers.get("traceparent", ""))
        )

    @contextmanager
    def as_user(self, token: str) -> Iterator[None]:
        """Use the token of a user for calls in the ``with`` statement."""
        standing = self._standing.get()
        yield from self._with(_Standing(lambda: token, standing.traceparent if standing else ""))

    @contextmanager
    def as_application(self) -> Iterator[None]:
        """Use the key of the application for calls in the ``with`` statement, also within a request."""
        yield from self._with(None)

    async def start(self) -> None:
        """Start the worker, without waiting for the platform."""
        if self._worker is None:
            return
        try:
            self._worker.start(timeout=0)
        except TimeoutError:
            # Its thread continues.
            return

    async def stop(self) -> None:
        """Stop after the running tasks."""
        if self._worker is not None:
            self._worker.stop("the application stops")
            try:
                await asyncio.to_thread(self._worker.wait)
            except TuttiError:
                # The worker was refused, which the log and `health` report.
                pass
        if self._client is not None:
            await self._client.aclose()

    def health(self) -> Health:
        if self._worker is None:
            return Health("healthy")
        if self._worker.state == "failed":
            part = {"level": "unhealthy", "reason": "the worker was refused"}
        elif self._worker.is_linked:
            part = {"level": "healthy"}
        else:
            part = {"level": "degraded", "reason": "no link to the platform"}
        return Health(part["level"], {"worker": part})

    def _with(self, standing: _Standing | None) -> Iterator[None]:
        before = self._standing.set(standing)
        try:
            yield
        finally:
            self._standing.reset(before)

    def _trace_headers(self) -> Mapping[str, str]:
        headers: dict[str, str] = {}
        if self._inject is not None:
            self._inject(headers)
        standing = self._standing.get()
        if "traceparent" not in headers and standing is not None and standing.traceparent:
            headers["traceparent"] = standing.traceparent
        return headers


class TuttiMiddleware:
    """ASGI middleware: ``app.add_middleware(TuttiMiddleware, tutti=tutti)``. Tutti starts and stops with the app."""

    def __init__(self, app: Application, tutti: EmbeddedTutti) -> None:
        self._app = app
        self._tutti = tutti

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._tutti.start()
            try:
                await self._app(scope, receive, send)
            finally:
                await self._tutti.stop()
        elif scope["type"] in ("http", "websocket"):
            with self._tutti.during(scope):
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _bearer_of(_scope: Scope, headers: Mapping[str, str]) -> str | None:
    found = _bearer_form.fullmatch(headers.get("authorization", ""))
    return found[1] if found else None


def read_settings(
    *,
    environment: Mapping[str, str] = os.environ,
    folder: str | os.PathLike[str] | None = None,
    consul: str | None = None,
    prefix: str = "",
    token: str | None = None,
    timeout: float = 10,
) -> Mapping[str, str]:
    """Read variables of Tutti, such as ``TUTTI_URL``.

    A key is the name of the variable, also without ``TUTTI_`` and in any case: ``url``, ``api-key``. The environment takes
    precedence, then the folder, then the store.

    folder: a folder with a file for each key, as Kubernetes mounts a ConfigMap.
    consul: the address of a store with the HTTP interface of Consul, with the folder ``prefix`` of its keys.
    """
    stored = {} if consul is None else _consul_variables(consul, prefix, token, timeout)
    mounted = {} if folder is None else _folder_variables(Path(folder))
    own = {name: value for name, value in environment.items() if name.startswith("TUTTI_")}
    return {**stored, **mounted, **own}


def _variable_of(key: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", key.upper())
    return name if name.startswith("TUTTI_") else f"TUTTI_{name}"


def _folder_variables(folder: Path) -> dict[str, str]:
    files = (each for each in folder.iterdir() if not each.name.startswith(".") and each.is_file())
    return {_variable_of(file.name): file.read_text(encoding="utf-8").strip() for file in files}


def _consul_variables(url: str, prefix: str, token: str | None, timeout: float) -> dict[str, str]:
    start = f"{prefix.strip('/')}/"
    place = f"{url.rstrip('/')}/v1/kv/{urllib.parse.quote(start)}?recurse=true"
    if not place.startswith(("http://", "https://")):
        raise ValueError(f"consul: expected an address such as http://127.0.0.1:8500, got {url!r}")
    request = urllib.request.Request(place, headers={"x-consul-token": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            entries = json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        # A misspelled prefix would otherwise mean the default settings, such as another namespace.
        raise ValueError(f"consul: no keys below {start} at {url}. Check the address and the prefix.") from None
    return {
        _variable_of(entry["Key"].removeprefix(start)): base64.b64decode(entry["Value"]).decode().strip()
        for entry in entries
        if entry["Value"] is not None and not entry["Key"].endswith("/")
    }
