"""A connection in an event loop."""

from __future__ import annotations

import asyncio
import time
from ssl import SSLContext

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


def _until(deadline: float) -> asyncio.Timeout:
    left = deadline - time.monotonic()
    return asyncio.timeout(max(0.0, left))
