"""Locks for programs: one holder at a time, or a fixed number.

A held lock is renewed until it is released. ``lost`` is set if the lock is lost. ``token`` protects against a holder that
has not noticed the loss: pass the token on, and refuse any token that is smaller than the greatest one seen.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType

from .._call import Duration, Json, quoted, seconds_of
from .._stream_async import AsyncFlag, in_background, monotonic
from ..errors import TuttiError
from .rest import AsyncRest

_CALL_WAIT_SECONDS = 30.0


class AsyncLocks:
    """The locks of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def acquire(
        self,
        name: str,
        *,
        holder: str = "",
        permits: int = 1,
        shared: bool = False,
        lease: Duration = 30.0,
        wait: Duration = 0.0,
        priority: int = 0,
        work: Mapping[str, Json] | None = None,
    ) -> AsyncLock:
        """Acquire a lock. Raises ``lock.held`` if others hold it for longer than ``wait``, ``session.deadlock`` if it
        gives way to another session.

        holder: unique per acquisition. Default: a new id.
        work: the session, run or mission of the lock, such as ``{"kind": "session", "id": "ses_1"}``. The lock is released
            when the work ends, and deadlocks between works are detected. Default: the work of the current task. ``{}`` for
            none.
        """
        lease_seconds = seconds_of(lease, "lease")
        body: dict[str, Json] = {"holder": holder or str(uuid.uuid4()), "leaseMs": lease_seconds * 1_000}
        body |= {"permits": permits, "shared": shared, "priority": priority}
        if work is None:
            work = _work_of_task()
        if work:
            body["work"] = dict(work)
        until = monotonic() + seconds_of(wait, "wait")
        while True:
            asked = monotonic()
            left = min(_CALL_WAIT_SECONDS, max(0.0, until - asked))
            try:
                path = f"{_path_of(name)}/acquire"
                asking = {**body, "waitMs": left * 1_000}
                # The holder is unique, so that a repeated call finds the same grant.
                grant = await self._rest.call("POST", path, body=asking, wait_seconds=left, repeatable=True)
                # The lease starts after the request was sent.
                return AsyncLock(self._rest, name, grant, lease_seconds, asked)
            except TuttiError as error:
                if error.code != "lock.held" or monotonic() >= until:
                    raise

    async def get(self, name: str) -> Json:
        """Read the holders and waiting clients. Raises ``NotFound`` if there are none."""
        return await self._rest.call("GET", _path_of(name))

    def list(self, *, prefix: str = "") -> AsyncGenerator[Json, None]:
        """Find locks that are held or configured, by name."""
        return self._rest.pages("/v1/locks", "locks", {"prefix": prefix})

    async def break_(self, name: str, holder: str, reason: str) -> None:
        """Take a lock away from its holder."""
        body = {"holder": holder, "reason": reason}
        await self._rest.call("POST", f"{_path_of(name)}/break", body=body, repeatable=True)


class AsyncLock:
    """A held lock. As a context manager it is released at the end."""

    def __init__(
        self, rest: AsyncRest, name: str, grant: Mapping[str, Json], lease_seconds: float, since: float
    ) -> None:
        self._rest = rest
        self._lease_seconds = lease_seconds
        self._due = since + lease_seconds
        self._released = AsyncFlag()
        self.name = name
        self.holder: str = grant["holder"]
        #: Greater than the token of every earlier holder.
        self.token = int(grant["token"])
        #: Set when the lock was lost: taken away, or not renewed in time.
        self.lost = AsyncFlag()
        self._renewals = in_background(self._renew, f"tutti-lock-{name}")

    async def release(self) -> bool:
        """Release the lock. False: it was lost before."""
        self._released.set()
        body = {"holder": self.holder, "token": self.token}
        path = f"{_path_of(self.name)}/release"
        return bool((await self._rest.call("POST", path, body=body, repeatable=True)).get("released"))

    async def __aenter__(self) -> AsyncLock:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.release()

    async def _renew(self) -> None:
        try:
            await self._keep()
        finally:
            if not self._released.is_set():
                self.lost.set()

    async def _keep(self) -> None:
        """Renew the lock until it is released or lost."""
        lease = {"name": self.name, "holder": self.holder, "token": self.token}
        body = {"renewals": [{**lease, "leaseMs": self._lease_seconds * 1_000}]}
        while not await self._released.wait(min(self._lease_seconds / 3, max(0.0, self._due - monotonic()))):
            asked = monotonic()
            left = self._due - asked
            if left <= 0:
                return
            # A call without an answer must not hide the end of the lease from the holder.
            rest = self._rest.changed(None, min(self._rest.options.timeout, left))
            try:
                reply = await rest.call("POST", "/v1/leases/renew", body=body, repeatable=True)
            except TuttiError:
                continue
            (receipt,) = reply["receipts"]
            if "expireTimeMs" not in receipt:
                return
            self._due = asked + self._lease_seconds


def _work_of_task() -> Mapping[str, Json]:
    """Return the work of the current task. Empty outside of a handler."""
    # A client does not load the module, because it needs packages that only workers have.
    context = sys.modules.get("tutti.context")
    task = None if context is None else context.current_task()
    if task is None or task.work_kind not in ("session", "run", "mission"):
        return {}
    return {"kind": task.work_kind, "id": task.work_id, "task": task.task_id, "namespace": task.namespace}


def _path_of(name: str) -> str:
    return f"/v1/locks/{quoted(name)}"
