"""A worker: handlers for capabilities, linked to a pool."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, overload

from ._functions.host import FunctionHost
from ._functions.register import HostedFunction, register_functions
from ._functions.watchdog import Watchdog
from ._handlers import Estimate, Handler, Handlers, JsonSchema
from ._logging import log_to_standard_error
from ._running import Running
from ._settings import Credentials, Settings, resolve
from ._variables import misspelt_variables
from .context import TaskContext
from .failures import OptionInvalid, stopped
from .functions import DurableFunction

# The platform may be out of disk space, or restarting.
_REGISTER_AGAIN_SECONDS = 30.0

H = TypeVar("H", bound=Callable[..., Any])


class Worker:
    """Handlers for capabilities, linked to a pool.

    ::

        worker = Worker(slots=8)

        @worker.handle("stock.reserve", version="1.0.0")
        def reserve(order, context):
            return {"reserved": order["items"]}

        worker.run()

    Plain functions run in threads, one per slot. Functions with `async def` run in the event loop. An option takes
    precedence over its variable, and the variable over the default:

    url: URL of the platform. `TUTTI_URL`, else the `tutti dev` of the folder, else http://127.0.0.1:7400. Tasks arrive over a WebSocket at `/v1/link`.
    address: one or several gRPC hosts, `host:port`, or `ws://host:port/v1/link`. `TUTTI_ADDRESS`, else derived from `url`.
    pool, namespace: `TUTTI_POOL`, `TUTTI_NAMESPACE`, else `default`.
    agent_id: unique in the pool and the same at each start. `TUTTI_AGENT_ID`, else the host assigns one.
    kind: kind of the agent, for display: function, command, container, model, conversation or person.
    labels: labels for the matching of tasks.
    resources: resources that its tasks share, by name: cpu, memory_bytes, gpu, a licence.
    slots: maximum number of concurrent tasks.
    context_keys: keys of context that it holds. Tasks that name one of them run faster here.
    credentials: default: the key in `TUTTI_API_KEY`, and no encryption.
    allow_unprotected: allows an access token over an unencrypted connection to another machine.
    handle_signals: whether SIGTERM and SIGINT drain the worker. A second signal ends the process at once.
    drain_seconds: time for running tasks at a stop. Then they are cancelled.
    secrets: variables and files of this machine that its tasks may use: `env:DB_PASSWORD`, `file:/run/secrets/db`.
    on_sleep: called with a reason when the worker goes to sleep. Release expensive resources here.
    on_wake: called with a reason when the worker wakes, before it receives tasks. Both callbacks run in the thread of the
        link, so they must be fast.
    send_logs: whether lines of `context.logger` are shown to readers of the run, as output in the channel `log`.
    environment: variables for options that are not set.
    """

    def __init__(
        self,
        address: str | Sequence[str] | None = None,
        pool: str | None = None,
        *,
        namespace: str | None = None,
        agent_id: str | None = None,
        kind: str = "function",
        labels: Mapping[str, str] | None = None,
        slots: int = 16,
        resources: Mapping[str, float] | None = None,
        context_keys: Sequence[str] = (),
        description: str = "",
        follow_redirects: bool = True,
        credentials: Credentials | None = None,
        allow_unprotected: bool = False,
        handle_signals: bool = True,
        drain_seconds: float = 30,
        on_sleep: Callable[[str], None] | None = None,
        on_wake: Callable[[str], None] | None = None,
        url: str | None = None,
        secrets: Sequence[str] = (),
        send_logs: bool = True,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._warnings = misspelt_variables(environment)
        self.settings: Settings = resolve(
            environment,
            address=address,
            pool=pool,
            namespace=namespace,
            agent_id=agent_id,
            kind=kind,
            labels=labels,
            slots=slots,
            resources=resources,
            context_keys=context_keys,
            description=description,
            follow_redirects=follow_redirects,
            credentials=credentials,
            allow_unprotected=allow_unprotected,
            handle_signals=handle_signals,
            drain_seconds=drain_seconds,
            on_sleep=on_sleep,
            on_wake=on_wake,
            url=url,
            secrets=secrets,
            send_logs=send_logs,
        )
        self._handlers = Handlers()
        self._functions = FunctionHost(watchdog=Watchdog())
        self._durable: list[HostedFunction] = []
        self._running: Running | None = None
        # Reentrant, because a signal may arrive while the thread that handles it holds the lock.
        self._lock = threading.RLock()
        self._is_begun = False
        self._stop_reason: str | None = None
        self._linked: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._unregistered: Sequence[HostedFunction] = []
        # A module that others import may leave the start to them.
        if sys._getframe(1).f_globals.get("__name__") == "__main__":
            atexit.register(_report_unstarted, weakref.ref(self))
        self._registering: asyncio.Future[None] | None = None
        self._stopped: concurrent.futures.Future[None] = concurrent.futures.Future()

    def __repr__(self) -> str:
        where = f"pool {self.settings.pool} in namespace {self.settings.namespace}"
        return f"<Worker {self.agent_id or 'without an id'} of {where}, {self.state}>"

    @property
    def state(self) -> str:
        """`idle`, `linking`, `working`, `draining`, `stopped` or `failed`."""
        if self._running is not None:
            return self._running.state
        return "stopped" if self._stopped.done() else "linking" if self._is_begun else "idle"

    @property
    def agent_id(self) -> str:
        """Id of the worker in the pool. Empty until it is linked, if no id was configured."""
        return self._running.agent.agent_id if self._running else self.settings.agent_id

    @property
    def is_linked(self) -> bool:
        """True while the worker is linked. It reconnects by itself."""
        return self._running is not None and self._running.is_linked

    @overload
    def handle(
        self,
        capability: str,
        *,
        version: str = ...,
        input_schema: JsonSchema | None = ...,
        output_schema: JsonSchema | None = ...,
        description: str = ...,
        estimate: Estimate | None = ...,
    ) -> Callable[[H], H]: ...

    @overload
    def handle(
        self,
        capability: str,
        handler: H,
        *,
        version: str = ...,
        input_schema: JsonSchema | None = ...,
        output_schema: JsonSchema | None = ...,
        description: str = ...,
        estimate: Estimate | None = ...,
    ) -> H: ...

    def handle(self, capability: str, handler: Handler | None = None, **options: Any) -> Any:
        """Registers the handler of a capability. Its return value is the output. An exception fails the attempt.

        The parameters of the handler are the input and the context, or the input alone. Options:

        version: version of its behaviour. Definitions request ranges of versions. Default: `1.0.0`.
        input_schema, output_schema: JSON Schemas that definitions are checked against.
        description: one sentence. Default: the first line of the docstring.
        estimate: expected cost of one call.
        """

        def register(function: H) -> H:
            self._handlers.add(capability, function, **options)
            if self._running is not None:
                self._running.post(self._running.agent.offer_again)
            return function

        return register if handler is None else register(handler)

    def durable(
        self, function: DurableFunction, *, percent: int | None = None, **options: Any
    ) -> DurableFunction:
        """Runs a durable function. Its workflow is registered before the worker links. Options: as in `handle`.

        With version, runs stay with workers of the version that they started with. percent: percentage of new runs that
        use a new version. `tutti workflow rollout` changes it. Default: 100.
        """
        hosted = HostedFunction.of(function, options.get("version"), percent)

        async def turn(given: Any, context: TaskContext) -> Any:
            return await self._functions.turn(function, given, context)

        about = function.definition.get("description", "")
        self.handle(function.name, turn, **{"description": about, **options})
        self._durable.append(hosted)
        return function

    def run(self) -> None:
        """Links to the pool. Returns when the worker has stopped. Raises `WorkerRefused` if the host refuses it."""
        in_new_loop(self.run_async())

    async def run_async(self) -> None:
        """Like `run`, in a running event loop."""
        self._begin()
        await self._run()

    def start(self, timeout: float | None = None) -> Worker:
        """Runs the worker in its own thread. Returns when it is linked.

        Raises `WorkerRefused` if the host refuses it. Raises `TimeoutError` after `timeout` seconds, but keeps retrying.
        """
        self._begin()
        threading.Thread(target=self._run_in_thread, name="tutti-worker", daemon=True).start()
        self._linked.result(timeout)
        return self

    def stop(self, reason: str = "the worker stops") -> None:
        """Finishes running attempts, waits until their results are durable, and disconnects.

        Returns at once. Use `wait` to wait for the stop.
        """
        with self._lock:
            self._stop_reason = reason
            running = self._running
        if running is not None:
            running.post(lambda: running.drain(reason, self.settings.drain_seconds * 1_000))
        elif not self._is_begun:
            self._end(None)

    def wait(self, timeout: float | None = None) -> None:
        """Returns when the worker has stopped.

        Raises `WorkerRefused` if it was refused for good, and `TimeoutError` after `timeout` seconds.
        """
        self._stopped.result(timeout)

    def sleep(self, reason: str = "the worker sleeps", for_seconds: float = 0) -> None:
        """Accepts no tasks until `wake`. The worker stays linked."""
        self._post(lambda agent: agent.sleep(reason, for_seconds * 1_000, is_told=False))

    def wake(self, reason: str = "the worker is awake") -> None:
        self._post(lambda agent: agent.wake(reason, is_told=False))

    def __enter__(self) -> Worker:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.wait()

    def _post(self, call: Callable[[Any], None]) -> None:
        running = self._running
        if running is not None:
            running.post(lambda: call(running.agent))

    def _begin(self) -> None:
        if len(self._handlers) == 0:
            raise OptionInvalid("handlers", "at least one before the worker starts", "none")
        if self._is_begun or self._stopped.done():
            raise RuntimeError("The worker was started before. Make another worker to run again.")
        self._is_begun = True

    def _run_in_thread(self) -> None:
        try:
            in_new_loop(self._run())
        except Exception:  # noqa: BLE001 - the waiting caller gets it, and the log has it
            return

    async def _run(self) -> None:
        log_to_standard_error()
        for warning in self._warnings:
            logging.getLogger("tutti.worker").warning(warning)
        with self._lock:
            running = Running(self.settings, self._handlers, self._is_linked)
            self._running = running
            reason = self._stop_reason
        error: BaseException | None = None
        try:
            with _watching_signals(self, running):
                if self._durable and reason is None:
                    # Before it links, so that clients can start its functions as soon as they see the worker.
                    self._unregistered = await register_functions(self._durable, self.settings)
                if running.state == "linking":
                    running.start()
                if reason is not None:
                    running.drain(reason, 0)
                await running.ended
        except BaseException as found:
            error = found
            raise
        finally:
            await running.close()
            self._end(error)

    def _is_linked(self) -> None:
        if not self._linked.done():
            self._linked.set_result(None)
        if self._unregistered and self._registering is None:
            self._registering = asyncio.ensure_future(self._register_late())

    async def _register_late(self) -> None:
        """Registers the functions that the platform did not accept before the worker was linked, until it does."""
        try:
            while self._unregistered:
                self._unregistered = await register_functions(self._unregistered, self.settings)
                if self._unregistered:
                    await asyncio.sleep(_REGISTER_AGAIN_SECONDS)
        finally:
            self._registering = None

    def _end(self, error: BaseException | None) -> None:
        if self._registering is not None:
            self._registering.cancel()
        for future, failure in ((self._linked, error or stopped()), (self._stopped, error)):
            if future.done():
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)


def in_new_loop(main: Coroutine[Any, Any, None], patience_seconds: float = 1) -> None:
    """`asyncio.run`, except that tasks that ignore their cancellation are left behind.

    Such a handler must not keep the process of a stopped worker alive.
    """
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=patience_seconds))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


@contextmanager
def _watching_signals(worker: Worker, running: Running) -> Iterator[None]:
    """The first signal stops gracefully. A second one ends the process at once with 128 and its number."""
    is_main = threading.current_thread() is threading.main_thread()
    if not worker.settings.handle_signals or not is_main:
        yield
        return
    count = 0

    def interrupted(number: int, _frame: object) -> None:
        nonlocal count
        count += 1
        if count > 1:
            os._exit(128 + number)
        worker.stop(f"received {signal.Signals(number).name}")

    # Ctrl-Break, which only Windows has. There, SIGTERM is never delivered.
    watched = [signal.SIGTERM, signal.SIGINT]
    if sys.platform == "win32":
        watched.append(signal.SIGBREAK)
    before = [signal.signal(number, interrupted) for number in watched]
    try:
        yield
    finally:
        for number, handler in zip(watched, before, strict=True):
            signal.signal(number, handler)


def _report_unstarted(reference: weakref.ref[Worker]) -> None:
    """Reports a script that ends without the start of its worker. Its tasks would wait, and nothing would say why."""
    worker = reference()
    # After an exception its message is the reason.
    if worker is None or getattr(sys, "last_value", None) is not None:
        return
    if len(worker._handlers) > 0 and not worker._is_begun and not worker._stopped.done():
        print("tutti: The worker was never started. End the script with `worker.run()`.", file=sys.stderr)
