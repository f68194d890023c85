"""Frames over a WebSocket, at `/v1/link` of the HTTP port. Laptops, clusters and proxies expose this port."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import os
import ssl
import struct
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import suppress

from ._aio.http import AsyncAnswer, AsyncHttp, Broken, Head, head_of
from ._call import Call
from ._contracts import BlobReference
from ._settings import Credentials
from ._stream_async import AsyncStream, monotonic
from .errors import LOSSES, data_unreadable

_log = logging.getLogger("tutti.worker")
_OPEN_SECONDS = 10.0
_BLOB_SECONDS = 600.0
_ALWAYS = float("inf")
_MESSAGE_BYTES_MAX = 8 * 1024 * 1024
_PROBLEM_BYTES_MAX = 65_536
# GUID of RFC 6455.
_KEY_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_CLOSED_NORMALLY = struct.pack("!H", 1000)


class WebSocketTransport:
    """Frames over a WebSocket, for one event loop."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._context = _context_of(credentials)
        self._http = AsyncHttp(self._context)
        self._server = ""
        self._streams: set[asyncio.Task[None]] = set()

    def open(
        self, address: str, frame: Callable[[bytes], None], ended: Callable[..., None]
    ) -> WebSocketStream:
        self._server = "http" + address.removeprefix("ws").rpartition("/v1/link")[0]
        stream = WebSocketStream(address, self._headers(), self._context, frame, ended)
        self._streams.add(stream.task)
        stream.task.add_done_callback(self._streams.discard)
        return stream

    async def read_blob(self, namespace: str, blob: BlobReference) -> bytes:
        """Read content from the blob store. Raises if it does not match its hash."""
        bytes_max = max(int(blob.size), _PROBLEM_BYTES_MAX)
        sha256 = blob.sha256.hex()
        try:
            try:
                content = await self._blob_call("GET", f"/{sha256}", namespace, None, bytes_max)
            except OSError:
                # Damaged content ends the stream without a reason. The last byte is sent only if all content was right.
                last = {"range": f"bytes={max(0, int(blob.size) - 1)}-"}
                await self._blob_call("GET", f"/{sha256}", namespace, None, bytes_max, last)
                raise
        except BlobLost as lost:
            raise data_unreadable(sha256, int(blob.size), str(lost)) from None
        if len(content) != blob.size or hashlib.sha256(content).digest() != blob.sha256:
            reason = f"the store gave {len(content)} bytes that do not have its hash"
            raise data_unreadable(sha256, int(blob.size), reason)
        return content

    async def write_blob(self, namespace: str, content: bytes) -> BlobReference:
        """Store content. Return when it is durable."""
        stored = json.loads(await self._blob_call("POST", "", namespace, content, _PROBLEM_BYTES_MAX))["blob"]
        return BlobReference(sha256=bytes.fromhex(stored["sha256"]), size=int(stored["size"]))

    def close(self) -> None:
        self._http.close()

    async def closed(self) -> None:
        """Return when all streams are closed."""
        while self._streams:
            await asyncio.wait(self._streams)

    async def _blob_call(
        self,
        method: str,
        path: str,
        namespace: str,
        body: bytes | None,
        bytes_max: int,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        target = f"/v1/blobs{path}?{urllib.parse.urlencode({'namespace': namespace})}"
        headers = {**self._headers(), **(more or {})}
        if body is not None:
            headers["content-type"] = "application/octet-stream"
        call = Call(method, target, headers, body, repeatable=True)
        head, content = await self._http.send(self._server, call, monotonic() + _BLOB_SECONDS, bytes_max)
        if head.status >= 400:
            loss = LOSSES.get(_code_of(content))
            if loss is not None:
                raise BlobLost(loss)
            message = _problem_of(head, content)
            is_refused = head.status < 500 and head.status not in (408, 429)
            raise (ValueError if is_refused else ConnectionError)(message)
        return content

    def _headers(self) -> dict[str, str]:
        token = self._credentials.access_token
        return {"authorization": f"Bearer {token}"} if token else {}


class WebSocketStream:
    """A WebSocket stream. Masks its frames as the protocol requires, and joins fragmented messages."""

    def __init__(
        self,
        address: str,
        headers: dict[str, str],
        context: ssl.SSLContext | None,
        frame: Callable[[bytes], None],
        ended: Callable[..., None],
    ) -> None:
        self._address = urllib.parse.urlsplit(address)
        self._headers = headers
        self._context = context
        self._frame = frame
        self._told_ended = ended
        self._out = bytearray()
        self._wake = asyncio.Event()
        self._is_ended = False
        self._is_over = False
        self.task = asyncio.ensure_future(self._run())

    def write(self, content: bytes) -> None:
        if not (self._is_ended or self._is_over):
            self._send(_BINARY, content)

    def end(self) -> None:
        """No further frames follow. Written ones are still sent."""
        if not self._is_ended:
            self._send(_CLOSE, _CLOSED_NORMALLY)
            self._is_ended = True

    def cancel(self) -> None:
        self._is_over = True
        self.task.cancel()

    def _send(self, kind: int, content: bytes) -> None:
        self._out += _framed(kind, content)
        self._wake.set()

    async def _run(self) -> None:
        reason = "the host closed the WebSocket"
        key_refused = False
        stream: AsyncStream | None = None
        writer: asyncio.Task[None] | None = None
        try:
            stream = await self._opened()
            writer = asyncio.ensure_future(self._write_all(stream))
            reason = await self._read_all(stream) or reason
        except asyncio.CancelledError:
            reason = "the stream was cancelled"
        except ConnectionRefusedError:
            reason = "connection refused"
        except _KeyRefused as error:
            reason, key_refused = str(error), True
        except (OSError, ValueError) as error:
            reason = str(error) or "the connection ended"
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this stream, and the worker comes again
            _log.exception("a frame could not be taken in")
            reason = f"a fault of this worker: {error!r}"
        finally:
            if writer is not None:
                writer.cancel()
            if stream is not None:
                stream.close()
        if not self._is_over:
            self._is_over = True
            self._told_ended(reason, key_refused)

    async def _opened(self) -> AsyncStream:
        address = self._address
        is_encrypted = address.scheme == "wss"
        context = (self._context or ssl.create_default_context()) if is_encrypted else None
        deadline = monotonic() + _OPEN_SECONDS
        port = address.port or (443 if is_encrypted else 80)
        stream = await AsyncStream.open(address.hostname or "", port, context, deadline)
        try:
            key = base64.b64encode(os.urandom(16))
            headers = {
                "host": address.netloc.rpartition("@")[2],
                "connection": "Upgrade",
                "upgrade": "websocket",
                "sec-websocket-version": "13",
                "sec-websocket-key": key.decode(),
                **self._headers,
            }
            lines = [f"GET {address.path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
            await stream.write("\r\n".join([*lines, "", ""]).encode("latin-1"), deadline)
            head = await head_of(stream, deadline)
            if head.status != 101:
                problem = _problem_of(head, await _body_of(stream, head, deadline))
                raise (_KeyRefused if head.status == 401 else ConnectionError)(problem)
            expected = base64.b64encode(hashlib.sha1(key + _KEY_SUFFIX).digest()).decode()
            if head.headers.get("sec-websocket-accept") != expected:
                raise ConnectionError(f"{address.netloc} does not speak WebSocket")
            return stream
        except BaseException:
            stream.close()
            raise

    async def _write_all(self, stream: AsyncStream) -> None:
        # The reader also sees the end of the connection, and reports it.
        with suppress(OSError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                content, self._out = bytes(self._out), bytearray()
                await stream.write(content, _ALWAYS)

    async def _read_all(self, stream: AsyncStream) -> str:
        """Read until the host closes. Return the reason that it gave."""
        message = bytearray()
        while True:
            kind, is_final, content = await _frame_from(stream)
            if kind == _CLOSE:
                if not self._is_ended:
                    await stream.write(_framed(_CLOSE, content[:2]), monotonic() + 1)
                return content[2:].decode(errors="replace")
            if kind == _PING:
                self._send(_PONG, content)
            elif kind in (_BINARY, _TEXT, _CONTINUED):
                message += content
                if len(message) > _MESSAGE_BYTES_MAX:
                    raise ConnectionError(f"a message above {_MESSAGE_BYTES_MAX} bytes")
                if is_final:
                    whole, message = bytes(message), bytearray()
                    if not self._is_over:
                        self._frame(whole)


async def _frame_from(stream: AsyncStream) -> tuple[int, bool, bytes]:
    first, second = await _exactly(stream, 2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", await _exactly(stream, 2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await _exactly(stream, 8))
    if first & 0x70 or second & 0x80 or length > _MESSAGE_BYTES_MAX:
        raise ConnectionError("a frame that this worker did not agree to")
    return first & 0x0F, first & 0x80 != 0, await _exactly(stream, length)


async def _exactly(stream: AsyncStream, count: int) -> bytes:
    pieces: list[bytes] = []
    while count > 0:
        piece = await stream.read_some(count, _ALWAYS)
        if not piece:
            raise Broken("the connection ended")
        pieces.append(piece)
        count -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _framed(kind: int, content: bytes) -> bytes:
    length = len(content)
    if length < 126:
        head = struct.pack("!BB", 0x80 | kind, 0x80 | length)
    elif length < 65_536:
        head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, length)
    mask = os.urandom(4)
    # Computed as one number, because a loop over the bytes costs a hundred times as much.
    pattern = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(content, "little") ^ int.from_bytes(pattern, "little")
    return head + mask + masked.to_bytes(length, "little")


async def _body_of(stream: AsyncStream, head: Head, deadline: float) -> bytes:
    """Read the body. Return an empty body if it cannot be read. Then the status is the reason."""
    with suppress(OSError):
        return await AsyncAnswer(stream, head).body(deadline, _PROBLEM_BYTES_MAX)
    return b""


class BlobLost(Exception):
    """The platform reports that content no longer exists."""


class _KeyRefused(ConnectionError):
    """The host refused the key."""


def _code_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _problem_of(head: Head, body: bytes) -> str:
    """Return the platform's reason for a refusal, else the status."""
    try:
        problem = json.loads(body)
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return f"the host answers with status {head.status}"


def _context_of(given: Credentials) -> ssl.SSLContext | None:
    if given.certificate_authority is None:
        return None
    return ssl.create_default_context(cadata=given.certificate_authority.decode())
