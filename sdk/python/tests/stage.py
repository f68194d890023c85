"""An agent on virtual time, with a host that the test plays. Frames go in and out without a network."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from typing import Any
from unittest import mock

from tutti import Worker
from tutti._agent import Agent, AgentParts
from tutti._connector import Connector, ConnectorParts
from tutti._contracts import AgentFrame, Assign, BlobReference, HostFigures, HostFrame, Welcome
from tutti._runner import Done, call, rendered
from tutti.context import TaskContext, working_for
from virtual_time import VirtualTime

# Keeps the log out of the output of these tests.
logging.getLogger("tutti").addHandler(logging.NullHandler())


class HostStream:
    def __init__(self, address: str, frame: Callable[[bytes], None], ended: Callable[[str], None]) -> None:
        self.address = address
        self.frame = frame
        self.cut = ended
        self.frames: list[AgentFrame] = []
        self.contents: list[bytes] = []
        self.is_ended = False
        self.is_cancelled = False
        self._sequence = 0

    def write(self, content: bytes) -> None:
        self.contents.append(content)
        self.frames.append(AgentFrame.FromString(content))

    def end(self) -> None:
        self.is_ended = True

    def cancel(self) -> None:
        self.is_cancelled = True

    def welcome(self, **fields: Any) -> None:
        given = {
            "link_id": "link-1",
            "version": 1,
            "agent_id": "agent-1",
            "heartbeat_ms": 1_000,
            "lease_ms": 10_000,
        }
        given |= {"resume_window_ms": 60_000, "started_after_ms": 100, "max_inline_bytes": 1_000_000}
        welcome = Welcome(**(given | fields))
        if not welcome.resumed:
            for number, capability in enumerate(self.frames[0].hello.offering.capabilities, 1):
                welcome.capability_numbers.numbers[f"{capability.name}@{capability.version}"] = number
        self.frame(HostFrame(welcome=welcome).SerializeToString())

    def say(self, **fields: Any) -> None:
        self._sequence += 1
        self.frame(HostFrame(sequence=self._sequence, **fields).SerializeToString())

    def all(self, name: str) -> list[Any]:
        """Return the values of this repeated field from all frames."""
        return [each for frame in self.frames for each in getattr(frame, name)]


class Stage:
    """`handlers`: handlers by name. They run at once. Handlers that are `HELD` wait until `Stage.end`."""

    HELD = object()

    def __init__(
        self, handlers: dict[str, Any], *, slots: int = 4, addresses: tuple[str, ...] = ("a:1",), **options: Any
    ) -> None:
        self.time = VirtualTime()
        self.streams: list[HostStream] = []
        self.left = False
        self.refused: Exception | None = None
        self.drains: list[str] = []
        self._held: dict[bytes, tuple[Any, Done]] = {}
        self.blobs: dict[bytes, bytes | Exception] = {}
        # Results of the next attempts to store a blob.
        self.failures: list[Exception] = []
        with mock.patch.dict(os.environ, clear=True):
            worker = Worker(addresses, slots=slots, **options)
        for name, handler in handlers.items():
            worker.handle(name, (lambda: None) if handler is Stage.HELD else handler)
        self._is_held = {name for name, handler in handlers.items() if handler is Stage.HELD}
        self.agent = Agent(
            AgentParts(
                settings=worker.settings,
                handlers=worker._handlers,
                time=self.time,
                incarnation="worker_1",
                figures=HostFigures,
                run=self._run,
                post=lambda posted: posted(),
                read_blob=self._read_blob,
                store_blob=self._store_blob,
                on_drain=lambda reason, _: self.drains.append(reason),
                on_quiet=lambda: None,
            )
        )
        self.connector = Connector(
            ConnectorParts(
                addresses=worker.settings.addresses,
                agent=self.agent,
                transport=self,
                time=self.time,
                chance=lambda: 1.0,
                on_linked=lambda: None,
                on_refused=lambda error: setattr(self, "refused", error),
                on_left=lambda: setattr(self, "left", True),
            )
        )
        self.connector.start()

    @property
    def stream(self) -> HostStream:
        return self.streams[-1]

    def welcome(self, **fields: Any) -> HostStream:
        self.stream.welcome(**fields)
        self.time.settle()
        return self.stream

    def say(self, **fields: Any) -> None:
        self.stream.say(**fields)
        self.time.settle()

    def end(self, token: bytes, ending: Any) -> None:
        """End the handler of this attempt, with an output or an exception."""
        attempt, done = self._held.pop(token)
        done(attempt, ending if isinstance(ending, BaseException) else rendered(attempt, ending))
        self.time.settle()

    def context(self, token: bytes) -> TaskContext:
        return TaskContext(self._held[token][0])

    # The ports.

    def open(self, address: str, frame: Callable[[bytes], None], ended: Callable[[str], None]) -> HostStream:
        self.streams.append(HostStream(address, frame, ended))
        return self.stream

    def close(self) -> None:
        return

    def _run(self, attempt: Any, task_input: Any, done: Done) -> None:
        if attempt.registered.name in self._is_held:
            self._held[attempt.token] = (attempt, done)
            return
        context = TaskContext(attempt)
        try:
            with working_for(context):
                ending: Any = rendered(attempt, call(attempt, context, task_input))
        except Exception as error:
            ending = error
        done(attempt, ending)

    def _read_blob(self, _: str, blob: BlobReference, done: Callable[[bytes | Exception], None]) -> None:
        done(self.blobs.get(blob.sha256, ValueError("not there")))

    def _store_blob(self, _: str, content: bytes, done: Callable[[BlobReference | Exception], None]) -> None:
        if self.failures:
            done(self.failures.pop())
            return
        sha256 = hashlib.sha256(content).digest()
        self.blobs[sha256] = content
        done(BlobReference(sha256=sha256, size=len(content)))


def token(number: int) -> bytes:
    return number.to_bytes(4, "big") + bytes(12)


def task(number: int, capability: int = 1, **fields: Any) -> Assign:
    """Return an assignment with its number as token."""
    given: dict[str, Any] = {"work_id": f"run-{number}", "task_id": "task", "attempt": 1}
    return Assign(token=token(number), capability=capability, **(given | fields))
