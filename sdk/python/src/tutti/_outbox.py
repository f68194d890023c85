"""Outgoing frames of a link. The messages of a turn share one frame. Frames are kept until they are acknowledged.

1. The bytes of a sealed frame never change, so a frame is repeated byte for byte after a lost stream.
2. No frame is larger than the limit of the host. Unacknowledged frames stay within the limits of the protocol. Further
   messages wait here.
3. No code here knows a stream or a clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ._wire import varint

FRAMES_MAX = 1_024
BYTES_MAX = 16 * 1024 * 1024
_HEAD_BYTES_MAX = 32
_NUMBERS = 0xFFFF_FFFF
_HALF = 0x7FFF_FFFF


class LinkBroken(Exception):
    """The host violated the protocol of the link. The stream ends, and the worker continues."""

    def __init__(self, message: str, *, can_resume: bool = False) -> None:
        super().__init__(message)
        self.can_resume = can_resume


def after(sequence: int) -> int:
    """Return the next number: from 1 to 4,294,967,295, and then 1 again. 0 stands for none."""
    return 1 if sequence == _NUMBERS else sequence + 1


def steps_to(start: int, end: int) -> int:
    """Return the number of steps forward from one number to another."""
    if start == 0:
        return end
    steps = end - start
    return steps + _NUMBERS if steps < 0 else steps


def is_repeated(sequence: int, received: int) -> bool:
    """Return whether a frame with this number was received before. No sender is half the number space behind."""
    return received != 0 and steps_to(sequence, received) < _HALF


class Outbox:
    def __init__(self) -> None:
        self.frame_bytes_max = 4 * 1024 * 1024
        self._clear()

    def _clear(self) -> None:
        # Unacknowledged frames, oldest first. The first `_sent` of them were passed to the stream.
        self._frames: deque[tuple[int, bytes]] = deque()
        self._sent = 0
        self._sent_bytes = 0
        self._sealed_bytes = 0
        self._sequence = 0
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._credit = 0
        self._is_wanted = False
        # Number of the last frame received from the host. Part of each frame.
        self.received = 0

    @property
    def backlog_bytes(self) -> int:
        """Bytes that wait to be sent or acknowledged."""
        return self._sealed_bytes + self._parts_bytes

    @property
    def is_empty(self) -> bool:
        return not self._is_wanted and self._sent == len(self._frames)

    def add(self, part: bytes) -> None:
        """Add fields of a frame, with their tags. They stay together."""
        if self._parts and self._parts_bytes + len(part) > self.frame_bytes_max - _HEAD_BYTES_MAX:
            self._seal()
        self._parts.append(part)
        self._parts_bytes += len(part)
        self._is_wanted = True

    def add_credit(self, count: int) -> None:
        self._credit += count
        self._is_wanted = True

    def touch(self) -> None:
        """Request a frame, even an empty one, such as a heartbeat or an acknowledgement."""
        self._is_wanted = True

    def flush(self, send: Callable[[bytes], None]) -> None:
        """Send all pending frames that the limits allow."""
        self._send_sealed(send)
        if not self._is_wanted or self._sent < len(self._frames) or not self._may_go(self.frame_bytes_max):
            return
        self._seal()
        self._send_sealed(send)

    def acknowledge(self, sequence: int) -> None:
        """Remove all frames up to this one, which the host has received."""
        if sequence == 0:
            return
        if not self._frames:
            if sequence != self._sequence and steps_to(sequence, self._sequence) >= _HALF:
                raise self._never_sent(sequence)
            return
        steps = steps_to(self._frames[0][0], sequence)
        if steps > _HALF:
            return
        if steps + 1 > self._sent:
            raise self._never_sent(sequence)
        for _ in range(steps + 1):
            size = len(self._frames.popleft()[1])
            self._sealed_bytes -= size
            self._sent_bytes -= size
            self._sent -= 1

    def resume(self, received: int) -> None:
        """Resume the link over a new stream. Acknowledged frames are dropped, all others are sent again."""
        # Pending frames were never passed to the former stream, so the host cannot have them.
        self.acknowledge(received)
        self._sent = 0
        self._sent_bytes = 0

    def reset(self) -> None:
        """Clear the outbox for a new link."""
        self._clear()

    def _send_sealed(self, send: Callable[[bytes], None]) -> None:
        while self._sent < len(self._frames):
            content = self._frames[self._sent][1]
            if not self._may_go(len(content)):
                return
            self._sent += 1
            self._sent_bytes += len(content)
            send(content)

    def _may_go(self, size: int) -> bool:
        return self._sent < FRAMES_MAX and (self._sent == 0 or self._sent_bytes + size <= BYTES_MAX)

    def _seal(self) -> None:
        self._sequence = after(self._sequence)
        parts = self._parts
        parts.append(b"\x08" + varint(self._sequence))
        if self.received:
            parts.append(b"\x10" + varint(self.received))
        if self._credit:
            parts.append(b"\x38" + varint(self._credit))
        content = b"".join(parts)
        self._frames.append((self._sequence, content))
        self._sealed_bytes += len(content)
        self._parts = []
        self._parts_bytes = 0
        self._credit = 0
        self._is_wanted = False

    def _never_sent(self, sequence: int) -> LinkBroken:
        return LinkBroken(f"expected an acknowledgement of at most frame {self._sequence}, got {sequence}")
