"""State of one link at the agent: numbers, acknowledgements, credit and kept results.

1. A frame of the host takes effect once, in the order of its number. A repeated frame is dropped. A gap breaks the
   stream.
2. A result is kept, with its bytes, until the host reports that it is durable. On a new link every kept result is sent
   again, in the order of completion.
3. Unused credit and running attempts together never exceed the slots.
4. It is pure: bytes in, bytes out. Streams, clocks and handlers are elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from google.protobuf.message import DecodeError

from ._contracts import HostFrame, Welcome
from ._outbox import LinkBroken, Outbox, after, is_repeated

# If there are more frames or bytes, they are acknowledged at once and not with a later frame.
_UNACKNOWLEDGED_FRAMES_MAX = 64
_UNACKNOWLEDGED_BYTES_MAX = 1024 * 1024


class _Kept:
    __slots__ = ("token", "part", "is_durable")

    def __init__(self, token: bytes, part: bytes) -> None:
        self.token = token
        self.part = part
        self.is_durable = False


class LinkState:
    def __init__(self, forget: Callable[[bytes], None]) -> None:
        """`forget` is called for each result that is durable."""
        self.outbox = Outbox()
        self.link_id = ""
        # Number of tasks that the host may still assign.
        self.credit = 0
        self.received = 0
        # Kept results in the order of their numbers on this link. The first one has the number after `_durable`.
        self._kept: deque[_Kept] = deque()
        self._durable = 0
        self._unacknowledged_frames = 0
        self._unacknowledged_bytes = 0
        self._forget = forget

    @property
    def owes_acknowledgement(self) -> bool:
        """True if frames were received since the last send."""
        return self._unacknowledged_frames > 0

    @property
    def kept_count(self) -> int:
        return len(self._kept)

    def kept_tokens(self) -> list[bytes]:
        """Return the tokens of results that are not known to be durable."""
        return [kept.token for kept in self._kept if not kept.is_durable]

    def take(self, content: bytes) -> HostFrame | None:
        """Decode a frame of a linked host. Return None for a repeated frame."""
        frame = decode(content)
        expected = after(self.received)
        if frame.sequence != expected:
            if frame.sequence != 0 and is_repeated(frame.sequence, self.received):
                return None
            raise LinkBroken(
                f"expected frame {expected} of the host, got {frame.sequence}", can_resume=True
            )
        self.outbox.acknowledge(frame.acknowledged)
        self.received = self.outbox.received = frame.sequence
        self._unacknowledged_frames += 1
        self._unacknowledged_bytes += len(content)
        if (
            self._unacknowledged_frames >= _UNACKNOWLEDGED_FRAMES_MAX
            or self._unacknowledged_bytes >= _UNACKNOWLEDGED_BYTES_MAX
        ):
            self.outbox.touch()
        return frame

    def resumed(self, received: int) -> None:
        """Resume the link. Frames after this one are sent again."""
        self.outbox.resume(received)

    def begun(self, welcome: Welcome, is_wanted: Callable[[bytes], bool]) -> None:
        """Start a new link. All numbers restart, and kept results are sent again."""
        self.outbox.reset()
        if welcome.max_frame_bytes > 0:
            self.outbox.frame_bytes_max = welcome.max_frame_bytes
        self.link_id = welcome.link_id
        self.credit = 0
        self.received = 0
        self._durable = 0
        self._unacknowledged_frames = 0
        self._unacknowledged_bytes = 0
        before, self._kept = self._kept, deque()
        for kept in before:
            if kept.is_durable:
                continue
            if is_wanted(kept.token):
                self.add_result(kept.token, kept.part)
            else:
                self._forget(kept.token)

    def add_result(self, token: bytes, part: bytes) -> None:
        """Add a result, as a field of a frame. It is sent, and kept."""
        self._kept.append(_Kept(token, part))
        self.outbox.add(part)

    def durable(self, up_to: int, beyond: Iterable[int]) -> None:
        """Apply the durable results that a frame reports."""
        count = up_to - self._durable
        if count > len(self._kept):
            most = self._durable + len(self._kept)
            raise LinkBroken(f"expected at most {most} durable results, got {up_to}")
        if count > 0:
            for _ in range(count):
                kept = self._kept.popleft()
                if not kept.is_durable:
                    self._forget(kept.token)
            self._durable = up_to
        for number in beyond:
            index = number - self._durable - 1
            if not 0 <= index < len(self._kept) or self._kept[index].is_durable:
                continue
            self._kept[index].is_durable = True
            self._forget(self._kept[index].token)

    def grant(self, free_slots: int) -> None:
        """Grant free slots that are not granted yet."""
        more = free_slots - self.credit
        if more > 0:
            self.credit += more
            self.outbox.add_credit(more)

    def flush(self, send: Callable[[bytes], None]) -> None:
        """Send the pending messages."""
        if self.outbox.is_empty:
            return
        self._unacknowledged_frames = 0
        self._unacknowledged_bytes = 0
        self.outbox.flush(send)


def decode(content: bytes) -> HostFrame:
    try:
        return HostFrame.FromString(content)
    except (DecodeError, UnicodeDecodeError) as error:
        raise LinkBroken(f"expected a frame of the host, got bytes that are none: {error}") from None
