"""The client of an installation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, overload

from .._call import Duration, Json, given, milliseconds_at, resolve, seconds_of
from .._variables import warn_of_misspelt
from .approvals import AsyncApprovals
from .locks import AsyncLocks
from .missions import AsyncMissions
from .objects import AsyncObjects
from .rest import AsyncRest
from .runs import AsyncRun, AsyncRuns, RunOptions, spec_of, stored_input
from .schedules import AsyncSchedules
from .sessions import AsyncSession, AsyncSessions, SessionSpec
from .triggers import AsyncTriggers
from .workflows import AsyncWorkflows

if TYPE_CHECKING:
    from typing import Unpack


class Named(Protocol):
    """Something with the name of a definition, such as a ``Workflow`` or a ``Definition``."""

    @property
    def name(self) -> str: ...


class AsyncClient:
    """Starts, finds and steers runs. Made by ``aconnect``. Close it, or use it as a context manager."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest
        #: Find runs, count them, change many at once.
        self.runs = AsyncRuns(rest)
        #: Register, check and find definitions.
        self.workflows = AsyncWorkflows(rest)
        #: Find, follow and decide questions to people.
        self.approvals = AsyncApprovals(rest)
        #: Create and find schedules.
        self.schedules = AsyncSchedules(rest)
        #: Create and find triggers, post events.
        self.triggers = AsyncTriggers(rest)
        #: Call and read keyed objects.
        self.objects = AsyncObjects(rest)
        #: Start and steer sessions: tasks and an intent.
        self.sessions = AsyncSessions(rest)
        #: Start missions, and join them: agents that work together.
        self.missions = AsyncMissions(rest)
        #: Hold locks.
        self.locks = AsyncLocks(rest)

    @property
    def namespace(self) -> str:
        return self._rest.options.namespace

    @overload
    async def run(
        self,
        definition: str | Named,
        input: Json = None,
        *,
        id: str = "",
        idempotency_key: str = "",
        start_time: datetime | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun: ...

    @overload
    async def run(self, definition: SessionSpec) -> AsyncSession: ...

    async def run(
        self,
        definition: str | Named | SessionSpec,
        input: Json = None,
        *,
        id: str = "",
        idempotency_key: str = "",
        start_time: datetime | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun | AsyncSession:
        """Start a run. The run is durable when this returns.

        definition: a name, ``name@label``, a ``Workflow``, or a session: a dictionary with ``tasks`` or ``goal``.
        id: chosen by the caller. The same id with the same input is the same run, and ``existed`` is true.
        idempotency_key: the same key is the same run. Default: a new one per call, so that lost answers do no harm.
        start_time: when the run starts. Default: at once.
        """
        if isinstance(definition, Mapping):
            return await self.sessions.start(**definition)
        name = definition if isinstance(definition, str) else definition.name
        input = await stored_input(self._rest, input)
        body = given(
            runId=id or None, startTimeMs=milliseconds_at(start_time), **spec_of(name, input, options)
        )
        reply = await self._rest.call("POST", "/v1/runs", body=body, key=idempotency_key)
        return AsyncRun(self._rest, reply["run"]["runId"], existed=bool(reply.get("existed")))

    def with_options(self, *, namespace: str | None = None, timeout: Duration | None = None) -> AsyncClient:
        """Return a client with another namespace or timeout, over the same connections."""
        return AsyncClient(self._rest.changed(namespace, None if timeout is None else seconds_of(timeout)))

    async def aclose(self) -> None:
        """Close the connections."""
        self._rest.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def aconnect(
    url: str | Sequence[str] | None = None,
    api_key: str | Callable[[], str | None] | None = None,
    *,
    namespace: str | None = None,
    timeout: Duration | None = None,
    ssl_context: SSLContext | None = None,
    headers: Callable[[], Mapping[str, str]] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> AsyncClient:
    """Return a client of an installation. It connects on the first call.

    url: one URL or several. Default: ``TUTTI_URL``, else the ``tutti dev`` of the folder, else ``http://127.0.0.1:7400``.
    api_key: a key or token, or a function that is called for each call. Default: ``TUTTI_API_KEY``. Without one the
        installation must accept local callers.
    namespace: default: ``TUTTI_NAMESPACE``, else ``default``.
    timeout: timeout of each call with its retries. Default: 30 s. Waiting for a result has its own timeout.
    ssl_context: for a private certificate authority or a client certificate.
    headers: a function that returns more headers for each call, such as those of a trace.
    """
    seconds = None if timeout is None else seconds_of(timeout)
    warn_of_misspelt(environment)
    options = resolve(
        environment,
        url=url,
        api_key=api_key,
        namespace=namespace,
        timeout=seconds,
        ssl_context=ssl_context,
        headers=headers,
    )
    return AsyncClient(AsyncRest(options))
