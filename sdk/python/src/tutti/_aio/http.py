"""HTTP/1.1 with persistent connections and deadlines.

1. A call that must not be delivered twice never reuses a connection, because the server may close it at any moment.
2. A connection is kept only after its answer was read to the end.
"""

from __future__ import annotations

import ssl
import urllib.parse
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from .._call import Call
from .._stream_async import AsyncStream, monotonic

_PIECE_BYTES_MAX = 65_536
_BODY_BYTES_MAX = 256 * 1024 * 1024
# Below the 65 s after which the server closes an idle connection.
_KEPT_SECONDS = 45.0
_KEPT_MAX = 32
_CONNECT_SECONDS = 10.0


class NotSent(OSError):
    """The call did not reach a server."""


class Broken(OSError):
    """The connection ended before the end of the answer."""


@dataclass(frozen=True)
class Head:
    status: int
    headers: Mapping[str, str]


class AsyncAnswer:
    """An answer whose body is read in pieces."""

    def __init__(self, stream: AsyncStream, head: Head) -> None:
        self._stream = stream
        self.status = head.status
        self.headers = head.headers
        #: True if the body was read to its end, so that another answer can follow.
        self.is_read = False

    async def pieces(
        self, silence_seconds: float, deadline: float = float("inf")
    ) -> AsyncGenerator[bytes, None]:
        """Yield the body. ``silence_seconds``: timeout of each piece. ``deadline``: deadline of the whole body."""

        def until() -> float:
            return min(deadline, monotonic() + silence_seconds)

        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while left := await self._chunk_size(until()):
                while left > 0:
                    piece = await self._piece(left, until())
                    left -= len(piece)
                    yield piece
                await self._line(until())
            while (await self._line(until())).strip():
                pass
        elif self.status not in (204, 304):
            length = self.headers.get("content-length")
            if length is None:
                # The body ends with the connection, which cannot be reused.
                while piece := await self._stream.read_some(_PIECE_BYTES_MAX, until()):
                    yield piece
                return
            left = int(length)
            while left > 0:
                piece = await self._piece(left, until())
                left -= len(piece)
                yield piece
        self.is_read = True

    async def body(self, deadline: float, bytes_max: int = _BODY_BYTES_MAX) -> bytes:
        content = bytearray()
        async for piece in self.pieces(max(0.001, deadline - monotonic()), deadline):
            content += piece
            if len(content) > bytes_max:
                raise Broken(f"an answer of more than {bytes_max} bytes")
        return bytes(content)

    def close(self) -> None:
        self._stream.close()

    async def _chunk_size(self, until: float) -> int:
        line = await self._line(until)
        try:
            return int(line.partition(b";")[0], 16)
        except ValueError:
            raise Broken(f"expected the size of a chunk, got {line[:40]!r}") from None

    async def _piece(self, left: int, until: float) -> bytes:
        piece = await self._stream.read_some(min(left, _PIECE_BYTES_MAX), until)
        if not piece:
            raise Broken("the connection ended within an answer")
        return piece

    async def _line(self, until: float) -> bytes:
        line = await self._stream.read_line(until)
        if not line.endswith(b"\n"):
            raise Broken("the connection ended within an answer")
        return line


class AsyncHttp:
    """Connections to the servers of one client."""

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl_context = ssl_context
        self._kept: dict[str, list[tuple[AsyncStream, float]]] = {}
        self._is_closed = False

    async def send(
        self, server: str, call: Call, deadline: float, bytes_max: int = _BODY_BYTES_MAX
    ) -> tuple[Head, bytes]:
        """Return the whole answer. Raises if it is too large."""
        stream = await self._stream(server, call, deadline)
        is_kept = False
        try:
            answer = await self._asked(stream, server, call, deadline)
            body = await answer.body(deadline, bytes_max)
            is_kept = answer.is_read and answer.headers.get("connection", "").lower() != "close"
            return Head(answer.status, answer.headers), body
        finally:
            self._put_back(server, stream) if is_kept else stream.close()

    async def open(self, server: str, call: Call, deadline: float) -> AsyncAnswer:
        """Return an answer that is read in pieces. The caller closes it."""
        stream = await self._opened(server, deadline)
        try:
            return await self._asked(stream, server, call, deadline)
        except BaseException:
            stream.close()
            raise

    def close(self) -> None:
        self._is_closed = True
        for kept in self._kept.values():
            while kept:
                kept.pop()[0].close()

    async def _stream(self, server: str, call: Call, deadline: float) -> AsyncStream:
        kept = self._kept.get(server, [])
        while call.repeatable and kept:
            stream, since = kept.pop()
            if monotonic() - since < _KEPT_SECONDS:
                return stream
            stream.close()
        return await self._opened(server, deadline)

    async def _opened(self, server: str, deadline: float) -> AsyncStream:
        parts = urllib.parse.urlsplit(server)
        context = None
        if parts.scheme == "https":
            context = self._ssl_context = self._ssl_context or ssl.create_default_context()
        port = parts.port or (443 if context else 80)
        try:
            until = min(deadline, monotonic() + _CONNECT_SECONDS)
            return await AsyncStream.open(parts.hostname or "", port, context, until)
        except OSError as error:
            raise NotSent(str(error) or "no answer in time") from error

    async def _asked(self, stream: AsyncStream, server: str, call: Call, deadline: float) -> AsyncAnswer:
        await stream.write(_request_bytes(server, call, deadline - monotonic()), deadline)
        while True:
            head = await head_of(stream, deadline)
            if head.status >= 200:
                return AsyncAnswer(stream, head)

    def _put_back(self, server: str, stream: AsyncStream) -> None:
        kept = self._kept.setdefault(server, [])
        if self._is_closed or len(kept) >= _KEPT_MAX:
            stream.close()
        else:
            kept.append((stream, monotonic()))


def _request_bytes(server: str, call: Call, left_seconds: float) -> bytes:
    parts = urllib.parse.urlsplit(server)
    headers = {"host": parts.netloc.rpartition("@")[2], **call.headers}
    if call.headers.get("accept") != "text/event-stream":
        headers["request-timeout"] = f"{max(0.001, left_seconds):.3f}"
    if call.body is not None:
        headers["content-length"] = str(len(call.body))
    lines = [
        f"{call.method} {parts.path}{call.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (call.body or b"")


async def head_of(stream: AsyncStream, deadline: float) -> Head:
    line = await stream.read_line(deadline)
    if line == b"":
        raise Broken("the connection ended before an answer")
    version, _, rest = line.decode("latin-1").partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise Broken(f"expected an answer of HTTP/1.1, got {line[:40]!r}")
    headers: dict[str, str] = {}
    while True:
        line = await stream.read_line(deadline)
        if not line.endswith(b"\n"):
            raise Broken("the connection ended within an answer")
        text = line.decode("latin-1").rstrip("\r\n")
        if text == "":
            break
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return Head(int(rest[:3]), headers)
