"""A connection in an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from ssl import SSLContext
from typing import Any

monotonic = time.monotonic
sleep = asyncio.sleep
_LINE_BYTES_MAX = 65_536


class AsyncStream:
    """``deadline``: the moment of ``monotonic`` when an operation gives up with TimeoutError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int, ssl_context: SSLContext | None, deadline: float) -> AsyncStream:
        async with _until(deadline):
            return cls(*await asyncio.open_connection(host, port, ssl=ssl_context, limit=_LINE_BYTES_MAX))

    async def write(self, content: bytes, deadline: float) -> None:
        async with _until(deadline):
            self._writer.write(content)
            await self._writer.drain()

    async def read_line(self, deadline: float) -> bytes:
        """A line with its end. Empty at the end of the connection."""
        async with _until(deadline):
            return await self._reader.readline()

    async def read_some(self, size_max: int, deadline: float) -> bytes:
        async with _until(deadline):
            return await self._reader.read(size_max)

    def close(self) -> None:
        self._writer.close()


class AsyncFlag:
    """A result that may not exist yet."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set. False when ``timeout`` is over, in seconds."""
        try:
            async with asyncio.timeout(timeout):
                return await self._event.wait()
        except TimeoutError:
            return False


def in_background(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
    """The caller keeps the task: the loop does not."""
    return asyncio.create_task(work(), name=name)


def _until(deadline: float) -> asyncio.Timeout:
    """Infinite for none."""
    left = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
    return asyncio.timeout(left)
