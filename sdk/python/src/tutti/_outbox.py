"""The frames of a link: messages of a turn in one frame, frames in order, kept until they are acknowledged.

1. A frame's bytes never change once it is sealed: what is repeated after a cut is what was sent before it.
2. No frame is larger than the host takes, and never more is unacknowledged than the protocol allows: what is beyond
   that waits here.
3. Nothing here knows a stream or a clock.
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
    """The host broke the rules of the link: the stream ends, the worker does not."""

    def __init__(self, message: str, *, can_resume: bool = False) -> None:
        super().__init__(message)
        self.can_resume = can_resume


def after(sequence: int) -> int:
    """The number that follows: from 1 to 4,294,967,295, and then 1 again. 0 stands for none."""
    return 1 if sequence == _NUMBERS else sequence + 1


def steps_to(start: int, end: int) -> int:
    """How many steps lead from one number to another, the short way round. 0 for none."""
    if start == 0:
        return end
    steps = end - start
    return steps + _NUMBERS if steps < 0 else steps


def is_repeated(sequence: int, received: int) -> bool:
    """Whether a frame with this number came before. No sender is half a round behind."""
    return received != 0 and steps_to(sequence, received) < _HALF


class Outbox:
    def __init__(self) -> None:
        self.frame_bytes_max = 4 * 1024 * 1024
        self._clear()

    def _clear(self) -> None:
        # Unacknowledged, oldest first. The first `_sent` of them were handed to the stream.
        self._frames: deque[tuple[int, bytes]] = deque()
        self._sent = 0
        self._sent_bytes = 0
        self._sealed_bytes = 0
        self._sequence = 0
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._credit = 0
        self._is_wanted = False
        # The last frame of the host that was taken in. Each frame has it.
        self.received = 0

    @property
    def backlog_bytes(self) -> int:
        """Bytes that wait to be sent or acknowledged."""
        return self._sealed_bytes + self._parts_bytes

    @property
    def is_empty(self) -> bool:
        return not self._is_wanted and self._sent == len(self._frames)

    def add(self, part: bytes) -> None:
        """Fields of a frame, with their tags. They stay together."""
        if self._parts and self._parts_bytes + len(part) > self.frame_bytes_max - _HEAD_BYTES_MAX:
            self._seal()
        self._parts.append(part)
        self._parts_bytes += len(part)
        self._is_wanted = True

    def add_credit(self, count: int) -> None:
        self._credit += count
        self._is_wanted = True

    def touch(self) -> None:
        """Asks for a frame, though an empty one: a sign of life, an acknowledgement."""
        self._is_wanted = True

    def flush(self, send: Callable[[bytes], None]) -> None:
        """Sends all waiting frames that the limits allow."""
        self._send_sealed(send)
        if not self._is_wanted or self._sent < len(self._frames) or not self._may_go(self.frame_bytes_max):
            return
        self._seal()
        self._send_sealed(send)

    def acknowledge(self, sequence: int) -> None:
        """Everything up to this frame was taken in by the host."""
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
        """The link is resumed over a new stream: acknowledged frames are forgotten, all others are sent
        again."""
        # Waiting frames were never given to the former stream, so the host cannot have them.
        self.acknowledge(received)
        self._sent = 0
        self._sent_bytes = 0

    def reset(self) -> None:
        """The link has ended: a new one starts with nothing."""
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
        return LinkBroken(f"expected an acknowledgement of at most frame {self._sequence}, found {sequence}")
