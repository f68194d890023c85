"""Locks, held by a program: what only one may do at a time, or only so many. Over HTTP, with nothing but the standard library.

What is held is renewed by itself until it is given back. Who has lost a lock hears so (``Lock.lost``); the token is for those that do not
hear: whoever is handed it refuses one that is smaller than the greatest it saw.
"""

from __future__ import annotations

import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType

from ._rest import Json, Rest
from .failures import TuttiError

_CALL_WAIT_SECONDS = 30.0


class Locks:
    """The locks of an installation. ``server``: one or several; else ``TUTTI_SERVER``, else ``http://127.0.0.1:7400``."""

    def __init__(
        self,
        server: str | Sequence[str] | None = None,
        *,
        namespace: str | None = None,
        access_token: str | None = None,
    ) -> None:
        self._rest = Rest(server, namespace=namespace, access_token=access_token)

    def acquire(
        self,
        name: str,
        *,
        holder: str | None = None,
        permits: int = 1,
        shared: bool = False,
        lease_seconds: float = 30.0,
        wait_seconds: float = 0.0,
        priority: int = 0,
        work: Mapping[str, Json] | None = None,
    ) -> Lock:
        """Holds a lock. Raises ``lock.held`` when others have it for longer, ``session.deadlock`` when it gives way.

        ``holder``: unique per acquisition, made anew unless given. ``work``: for which session, run or mission
        (``{"kind": "session", "id": "ses_1"}``); with its end the lock is given back.
        """
        body: dict[str, Json] = {"holder": holder or str(uuid.uuid4()), "leaseMs": lease_seconds * 1_000}
        body |= {"permits": permits, "shared": shared, "priority": priority}
        if work is not None:
            body["work"] = dict(work)
        until = time.monotonic() + wait_seconds
        while True:
            asked = time.monotonic()
            wait = min(_CALL_WAIT_SECONDS, max(0.0, until - asked))
            try:
                path = f"{_path_of(name)}/acquire"
                asking = {**body, "waitMs": wait * 1_000}
                grant = self._rest.call("POST", path, body=asking, wait_seconds=wait)
                # Its lease began while it was asked for, and at the earliest then.
                return Lock(self._rest, name, grant, lease_seconds, asked)
            except TuttiError as error:
                if error.code != "lock.held" or time.monotonic() >= until:
                    raise

    def get(self, name: str) -> Json:
        """Who holds it, and who waits. Raises when nobody does."""
        return self._rest.call("GET", _path_of(name))

    def list(self, **query: Json) -> Iterator[Json]:
        """Those that are held or set, by name: ``prefix``."""
        return self._rest.pages("/v1/locks", "locks", **query)


class Lock:
    """A lock that is held. As a context manager it is given back at the end."""

    def __init__(
        self, rest: Rest, name: str, grant: Mapping[str, Json], lease_seconds: float, since: float
    ) -> None:
        self._rest = rest
        self._lease_seconds = lease_seconds
        self._due = since + lease_seconds
        self._released = threading.Event()
        self.name = name
        self.holder: str = grant["holder"]
        #: Greater than those of all who held it before.
        self.token = int(grant["token"])
        #: Set when it was lost: taken away by hand, or not renewed in time.
        self.lost = threading.Event()
        threading.Thread(target=self._renew, name=f"tutti-lock-{name}", daemon=True).start()

    def release(self) -> bool:
        """Gives it back; says whether it was still held."""
        self._released.set()
        body = {"holder": self.holder, "token": self.token}
        reply = self._rest.call("POST", f"{_path_of(self.name)}/release", body=body)
        return bool(reply.get("released"))

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _renew(self) -> None:
        lease = {"name": self.name, "holder": self.holder, "token": self.token}
        body = {"renewals": [{**lease, "leaseMs": self._lease_seconds * 1_000}]}
        while not self._released.wait(self._lease_seconds / 3):
            asked = time.monotonic()
            if asked >= self._due:
                self.lost.set()
                return
            try:
                (receipt,) = self._rest.call("POST", "/v1/leases/renew", body=body)["receipts"]
            except (TuttiError, OSError):
                continue
            if "expireTimeMs" not in receipt:
                self.lost.set()
                return
            self._due = asked + self._lease_seconds


def _path_of(name: str) -> str:
    return f"/v1/locks/{urllib.parse.quote(name, safe='')}"
