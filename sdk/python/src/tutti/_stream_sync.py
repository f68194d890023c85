"""A connection in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from ssl import SSLContext

monotonic = time.monotonic
sleep = time.sleep
_LINE_BYTES_MAX = 65_536


class Stream:
    """``deadline``: the moment of ``monotonic`` when an operation gives up with TimeoutError."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = connection.makefile("rb")

    @classmethod
    def open(cls, host: str, port: int, ssl_context: SSLContext | None, deadline: float) -> Stream:
        connection = socket.create_connection((host, port), _left(deadline))
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if ssl_context is not None:
                connection = ssl_context.wrap_socket(connection, server_hostname=host)
            return cls(connection)
        except BaseException:
            connection.close()
            raise

    def write(self, content: bytes, deadline: float) -> None:
        self._connection.settimeout(_left(deadline))
        self._connection.sendall(content)

    def read_line(self, deadline: float) -> bytes:
        """A line with its end. Empty at the end of the connection."""
        self._connection.settimeout(_left(deadline))
        return self._reader.readline(_LINE_BYTES_MAX)

    def read_some(self, size_max: int, deadline: float) -> bytes:
        self._connection.settimeout(_left(deadline))
        return self._reader.read1(size_max)

    def close(self) -> None:
        self._reader.close()
        self._connection.close()


class Flag:
    """A result that may not exist yet."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set. False when ``timeout`` is over, in seconds."""
        return self._event.wait(timeout)


def in_background(work: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
