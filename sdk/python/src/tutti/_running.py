"""A worker in an event loop, from the first greeting to the goodbye.

linking ── welcome ──► working ── stop, signal, drain by the host ──► draining ──► stopped
linking, working ── refused for good ──► failed
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ._agent import Agent, AgentParts
from ._connector import Connector, ConnectorParts
from ._contracts import BlobReference
from ._figures import HostGauge
from ._handlers import Handlers
from ._measures import MeasureSender
from ._runner import Runner
from ._settings import Settings, is_web_socket
from ._threads import Threads
from ._time import LoopTime, Timer
from ._web_socket import WebSocketTransport
from .errors import OptionInvalid
from .failures import cancelled, timed_out

if TYPE_CHECKING:
    from ._transport import GrpcTransport

T = TypeVar("T")

# Time for handlers after their end was requested at the end of a drain.
_HURRY_MS = 2_000
_digits = "0123456789abcdefghjkmnpqrstvwxyz"
_log = logging.getLogger("tutti.worker")


class Running:
    """A worker in its loop. Only `post` may be called from other threads."""

    def __init__(self, settings: Settings, handlers: Handlers, on_linked: Callable[[], None]) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._on_linked = on_linked
        self._posted: deque[Callable[[], None]] = deque()
        self._is_woken = False
        self._time = LoopTime(self._loop)
        self._threads = Threads(settings.slots)
        self._transport = _transport_of(settings)
        self._drain_timer: Timer | None = None
        self._reads: set[asyncio.Task[Any]] = set()
        self.state = "linking"
        servers, token = settings.secrets.servers, settings.credentials.access_token
        self._measures = MeasureSender(servers, token, lambda: self.agent.agent_id)
        # Resolves when the worker has ended, with its exception if it failed.
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.agent = Agent(
            AgentParts(
                settings=settings,
                handlers=handlers,
                time=self._time,
                incarnation=new_id("worker"),
                figures=HostGauge().read,
                run=Runner(self._loop, self._threads, self.post).run,
                post=self.post,
                read_blob=self._read_blob,
                store_blob=self._store_blob,
                open_secret=settings.secrets.open,
                measures=self._measures.book,
                on_drain=lambda reason, ms: self.drain(f"the host wants it: {reason}", ms),
                on_quiet=self._leave_if_done,
            )
        )
        self._connector = Connector(
            ConnectorParts(
                addresses=settings.addresses,
                agent=self.agent,
                transport=self._transport,
                time=self._time,
                chance=random.random,
                on_linked=self._linked,
                on_refused=self._fail,
                on_left=self._left,
            )
        )

    @property
    def is_linked(self) -> bool:
        return self._connector.is_linked

    def start(self) -> None:
        self._connector.start()

    def post(self, call: Callable[[], None]) -> None:
        """Run a call in the thread of the loop, in the order of the calls of each thread. One wake-up serves many calls."""
        self._posted.append(call)
        if not self._is_woken:
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self._take_posted)
            except RuntimeError:
                # The loop is closed: a handler has outlived its worker.
                return

    def _take_posted(self) -> None:
        # Reset the flag before reading the queue. A call that is added in between wakes the loop again.
        self._is_woken = False
        for _ in range(len(self._posted)):
            self._posted.popleft()()
        if self._posted and not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._take_posted)

    def drain(self, reason: str, deadline_ms: float) -> None:
        """Finish running attempts, wait until their results are durable, and disconnect."""
        if self.state not in ("working", "linking"):
            return
        was_linking = self.state == "linking"
        self.state = "draining"
        details = {"reason": reason, "running": self.agent.at_work}
        _log.info("draining: finishing running tasks", extra=details)
        if was_linking:
            self._connector.stop()
            self._end("stopped", None)
            return
        self.agent.drain(reason)
        if deadline_ms > 0:
            self._drain_timer = self._time.after(deadline_ms, lambda: self._hurry(deadline_ms))
        self._leave_if_done()

    async def close(self) -> None:
        """Release all resources after any kind of end."""
        self._connector.stop()
        self._end("stopped", None)
        for read in self._reads:
            read.cancel()
        await asyncio.to_thread(self._measures.close)
        await self._transport.closed()

    def _linked(self) -> None:
        if self.state == "linking":
            self.state = "working"
        self._on_linked()
        if self.state == "draining":
            self._leave_if_done()

    def _hurry(self, deadline_ms: float) -> None:
        """Request the end of all handlers at the end of the drain time. Shortly after, the worker stops in any case."""
        details = {"at_work": self.agent.at_work, "unfinished": self.agent.unfinished}
        _log.warning("drain timeout exceeded, aborting running tasks", extra=details)
        self.agent.abort_all(timed_out("the rest of the work", deadline_ms))
        self._drain_timer = self._time.after(
            _HURRY_MS, lambda: self._connector.leave("drained, not all of it finished")
        )

    def _leave_if_done(self) -> None:
        if self.state == "draining" and self.agent.unfinished == 0:
            self._connector.leave("drained")

    def _left(self) -> None:
        self._end("stopped", None)

    def _fail(self, error: Exception) -> None:
        _log.error("the worker ends: %s", error)
        self._connector.stop()
        self._end("failed", error)

    def _end(self, state: str, error: Exception | None) -> None:
        if self.state in ("stopped", "failed"):
            return
        self.state = state
        if self._drain_timer is not None:
            self._drain_timer.cancel()
        self.agent.stop()
        self._threads.stop()
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _read_blob(
        self, namespace: str, blob: BlobReference, done: Callable[[bytes | Exception], None]
    ) -> None:
        self._later(self._transport.read_blob(namespace, blob), done)

    def _store_blob(
        self, namespace: str, content: bytes, done: Callable[[BlobReference | Exception], None]
    ) -> None:
        self._later(self._transport.write_blob(namespace, content), done)

    def _later(self, work: Coroutine[Any, Any, T], done: Callable[[T | Exception], None]) -> None:
        def ended(task: asyncio.Task[T]) -> None:
            self._reads.discard(task)
            if task.cancelled():
                # A thread waits for the answer, and would wait forever.
                done(cancelled("the worker has ended"))
                return
            error = task.exception()
            done(error if isinstance(error, Exception) else task.result())

        task = self._loop.create_task(work)
        self._reads.add(task)
        task.add_done_callback(ended)


def _transport_of(settings: Settings) -> WebSocketTransport | GrpcTransport:
    if is_web_socket(settings.addresses):
        return WebSocketTransport(settings.credentials)
    try:
        # Loaded on use because it takes 20 MiB, and is optional.
        from ._transport import GrpcTransport
    except ModuleNotFoundError as error:
        if error.name != "grpc":
            raise
        found = ", ".join(settings.addresses)
        expected = "a URL of WebSockets, or the package grpcio: pip install 'tutti-sdk[grpc]'"
        raise OptionInvalid("address", expected, found) from None
    return GrpcTransport(settings.credentials, settings.namespace)


def new_id(kind: str) -> str:
    """Return `kind_` and 26 digits: 48 bits of milliseconds and 80 random bits, so that later ids are greater."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return f"{kind}_" + "".join(_digits[number >> shift & 31] for shift in range(125, -1, -5))
