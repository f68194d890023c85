"""Frames over gRPC."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import grpc
import grpc.aio

from ._contracts import BlobReference, GetReply, GetRequest, PutHeader, PutReply, PutRequest
from ._settings import Credentials

_log = logging.getLogger("tutti.worker")
_LINK = "/tutti.agent.v1.AgentLinkService/Link"
_GET_BLOB = "/tutti.blob.v1.BlobService/Get"
_PUT_BLOB = "/tutti.blob.v1.BlobService/Put"
# Limit of the contract.
_CHUNK_BYTES_MAX = 1_048_576

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_retries", 0),
    # The worker has its own backoff, so each stream connects at once, also after a failure.
    ("grpc.use_local_subchannel_pool", 1),
]


# Statuses for which a retry does not help.
_REFUSED = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
)


class GrpcTransport:
    """Frames over gRPC, for one event loop."""

    def __init__(self, credentials: Credentials, namespace: str) -> None:
        self._credentials = credentials
        self._metadata: list[tuple[str, str]] = []
        if credentials.access_token:
            self._metadata.append(("authorization", f"Bearer {credentials.access_token}"))
        if namespace != "default":
            self._metadata.append(("tutti-namespace", quote(namespace, safe="")))
        self._channel: grpc.aio.Channel | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, address: str, frame: Callable[[bytes], None], ended: Callable[..., None]) -> GrpcStream:
        self._drop_channel()
        self._channel = channel = self._channel_to(address)
        link = channel.stream_stream(_LINK, request_serializer=None, response_deserializer=None)
        return GrpcStream(link, self._metadata, frame, ended)

    async def read_blob(self, namespace: str, blob: BlobReference) -> bytes:
        """Read content from the blob store at the current host. Raises if it does not match its hash."""
        if self._channel is None:
            raise ConnectionError("no host to ask")
        get = self._channel.unary_stream(
            _GET_BLOB,
            request_serializer=GetRequest.SerializeToString,
            response_deserializer=GetReply.FromString,
        )
        call = get(GetRequest(namespace=namespace, sha256=blob.sha256), metadata=self._metadata)
        parts: list[bytes] = []
        size = 0
        try:
            async for reply in call:
                size += len(reply.chunk)
                if size > blob.size:
                    call.cancel()
                    break
                parts.append(reply.chunk)
        except grpc.aio.AioRpcError as error:
            message = error.details() or str(error.code())
            raise (ValueError if error.code() in _REFUSED else ConnectionError)(message) from None
        content = b"".join(parts)
        if hashlib.sha256(content).digest() != blob.sha256:
            raise ValueError(f"{size} bytes that do not have the hash of the reference")
        return content

    async def write_blob(self, namespace: str, content: bytes) -> BlobReference:
        """Store content at the current host. Return when it is durable."""
        if self._channel is None:
            raise ConnectionError("no host to ask")
        put = self._channel.stream_unary(
            _PUT_BLOB,
            request_serializer=PutRequest.SerializeToString,
            response_deserializer=PutReply.FromString,
        )
        header = PutHeader(sha256=hashlib.sha256(content).digest(), size=len(content))

        async def requests() -> AsyncIterator[PutRequest]:
            yield PutRequest(namespace=namespace, header=header)
            for at in range(0, len(content), _CHUNK_BYTES_MAX):
                yield PutRequest(chunk=content[at : at + _CHUNK_BYTES_MAX])

        try:
            reply = await put(requests(), metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            message = error.details() or str(error.code())
            raise (ValueError if error.code() in _REFUSED else ConnectionError)(message) from None
        blob: BlobReference = reply.blob
        return blob

    def close(self) -> None:
        self._drop_channel()

    async def closed(self) -> None:
        """Return when all streams are closed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _drop_channel(self) -> None:
        if self._channel is not None:
            task = asyncio.ensure_future(self._channel.close())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._channel = None

    def _channel_to(self, address: str) -> grpc.aio.Channel:
        given = self._credentials
        if not given.is_encrypted:
            return grpc.aio.insecure_channel(address, options=_OPTIONS)
        options = list(_OPTIONS)
        if given.server_name:
            options.append(("grpc.ssl_target_name_override", given.server_name))
        secure = grpc.ssl_channel_credentials(
            given.certificate_authority, given.private_key, given.certificate
        )
        return grpc.aio.secure_channel(address, secure, options=options)


class GrpcStream:
    def __init__(
        self,
        link: Any,
        metadata: list[tuple[str, str]],
        frame: Callable[[bytes], None],
        ended: Callable[..., None],
    ) -> None:
        self._frame = frame
        self._told_ended = ended
        self._out: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._is_ended = False
        self._is_over = False
        self._call = link(self._requests(), metadata=metadata)
        self._reader = asyncio.ensure_future(self._read())

    def write(self, content: bytes) -> None:
        if not self._is_over:
            self._out.append(content)
            self._wake.set()

    def end(self) -> None:
        self._is_ended = True
        self._wake.set()

    def cancel(self) -> None:
        self._is_over = True
        self._wake.set()
        self._call.cancel()

    async def _requests(self) -> AsyncIterator[bytes]:
        while not self._is_over:
            while self._out:
                yield self._out.popleft()
            if self._is_ended:
                return
            self._wake.clear()
            await self._wake.wait()

    async def _read(self) -> None:
        reason = "the host ended the stream"
        key_refused = False
        try:
            async for content in self._call:
                if not self._is_over:
                    self._frame(content)
        except grpc.aio.AioRpcError as error:
            reason = error.details() or str(error.code())
            key_refused = error.code() == grpc.StatusCode.UNAUTHENTICATED
        except asyncio.CancelledError:
            reason = "the stream was cancelled"
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this stream, and the worker comes again
            _log.exception("a frame could not be taken in")
            reason = f"a fault of this worker: {error!r}"
            self._call.cancel()
        if not self._is_over:
            self._is_over = True
            self._wake.set()
            self._told_ended(reason, key_refused)
