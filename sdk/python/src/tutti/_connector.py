"""Keeps a worker linked: opens streams, sends the hello, resumes links, follows redirects, and reconnects with backoff.

    idle ── start ──► greeting ── welcome ──► linked
    greeting, linked ── stream ended, refused for now ──► waiting ── pause ──► greeting
    greeting, linked ── redirect, goodbye ──► waiting
    any ── stop, refused for good ──► closed

1. A link is resumed at the same address, within its window, and only if all received frames were valid.
   Otherwise a new link starts, with the remaining tokens.
2. Pauses double with each consecutive failure. A link that lasted resets them.
3. Repeated redirects cost a pause each, as failures do.
4. Time, random numbers and streams are injected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ._agent import Agent
from ._contracts import RETRY_CLASS_ELSEWHERE, RETRY_CLASS_SAME_KEY, Bye, Redirect, Refused, Welcome
from ._link import decode
from ._outbox import LinkBroken
from ._time import Time, Timer
from .failures import WorkerRefused

_GREETING_TIMEOUT_MS = 15_000
# A link that lasted this long resets the count of failures.
_GOOD_LINK_MS = 5_000
_LEAVE_TIMEOUT_MS = 2_000
# After this many consecutive failures, another address is tried, although the worker was redirected here or could
# resume here.
_FOLLOWED_FAILURES_MAX = 4
# More consecutive redirects than this cost a pause.
_REDIRECTS_MAX = 3
_FIRST_PAUSE_MS = 100
_LONGEST_PAUSE_MS = 3_000
# A wrong key is seldom repaired within seconds, and repeated attempts lock the address out.
_FIRST_PAUSE_OF_KEY_MS = 1_000
_LONGEST_PAUSE_OF_KEY_MS = 60_000

_log = logging.getLogger("tutti.worker")


class Stream(Protocol):
    def write(self, content: bytes) -> None: ...

    def end(self) -> None:
        """No further frames follow. Written ones are still sent."""

    def cancel(self) -> None:
        """Cancel the stream at once. Nothing is reported afterwards."""


class Transport(Protocol):
    def open(self, address: str, frame: Callable[[bytes], None], ended: Callable[..., None]) -> Stream:
        """Open a stream. `ended` is called with the reason, and whether the key of the worker was refused."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class ConnectorParts:
    addresses: Sequence[str]
    agent: Agent
    transport: Transport
    time: Time
    # Returns a random number from 0 to 1.
    chance: Callable[[], float]
    # Called when the worker is linked, for the first time or again.
    on_linked: Callable[[], None]
    # Called when the worker is refused for good.
    on_refused: Callable[[Exception], None]
    # Called when the stream with its goodbye has ended.
    on_left: Callable[[], None]


class Connector:
    def __init__(self, parts: ConnectorParts) -> None:
        self._parts = parts
        self._phase = "idle"
        self.address = parts.addresses[0]
        self._stream: Stream | None = None
        # Timer of the phase: its timeout, or the next heartbeat.
        self._timer: Timer | None = None
        self._since_ms = 0.0
        self._is_following = False
        self._epoch = -1.0
        self._failures = 0
        # Why the host refused the key.
        self._key_refusal: str | None = None
        self._redirects = 0
        self._turn = 1
        self._welcome = Welcome()
        # The address of the link that can be resumed, and its deadline.
        self._resumable: tuple[str, float] | None = None
        self._lost_timer: Timer | None = None
        self._heard_ms = 0.0
        self._beat_at_ms = 0.0
        # The number of the current stream. Messages of earlier streams are ignored.
        self._streams = 0

    @property
    def is_linked(self) -> bool:
        return self._phase == "linked"

    def start(self) -> None:
        if self._phase == "idle":
            self._greet()

    def leave(self, reason: str) -> None:
        """Send a goodbye if there is a link, and end the stream gracefully."""
        if self._phase in ("leaving", "closed"):
            return
        if self._phase != "linked" or self._stream is None:
            self.stop()
            self._parts.on_left()
            return
        self._cancel_timer()
        self._parts.agent.bye(reason)
        self._parts.agent.cut()
        self._stream.end()
        self._phase = "leaving"
        self._timer = self._parts.time.after(_LEAVE_TIMEOUT_MS, self._left)

    def stop(self) -> None:
        """Stop at once, without a goodbye."""
        self._phase = "closed"
        self._streams += 1
        if self._lost_timer is not None:
            self._lost_timer.cancel()
        self._let_go()
        self._parts.transport.close()

    def _greet(self) -> None:
        self._streams += 1
        number = self._streams
        now_ms = self._parts.time.now_ms()
        resumes = self._can_resume_here() and self._resumable is not None and now_ms < self._resumable[1]

        def frame(content: bytes) -> None:
            if number == self._streams:
                self._frame(content)

        def ended(reason: str, key_refused: bool = False) -> None:
            if number == self._streams:
                self._ended(reason, key_refused)

        self._phase = "greeting"
        self._timer = self._parts.time.after(
            _GREETING_TIMEOUT_MS, lambda: self._break_off("no answer to the greeting")
        )
        try:
            self._stream = self._parts.transport.open(self.address, frame, ended)
            self._stream.write(self._parts.agent.hello(resumes=resumes))
        except (OSError, ValueError) as error:
            self._break_off(str(error))

    def _can_resume_here(self) -> bool:
        return self._resumable is not None and self._resumable[0] == self.address

    def _frame(self, content: bytes) -> None:
        self._heard_ms = self._parts.time.now_ms()
        try:
            if self._phase == "greeting":
                self._answered(content)
            elif self._phase == "linked":
                self._linked_frame(content)
        except LinkBroken as error:
            if not error.can_resume:
                self._resumable = None
            self._break_off(str(error), can_resume=error.can_resume)

    def _answered(self, content: bytes) -> None:
        frame = decode(content)
        kind = frame.WhichOneof("answer")
        if kind is None:
            raise LinkBroken("expected the answer to the greeting, got another frame")
        self._cancel_timer()
        if kind == "welcome":
            self._welcomed(frame.welcome)
        elif kind == "redirect":
            self._redirected(frame.redirect)
        else:
            self._refused(frame.refused)

    def _welcomed(self, welcome: Welcome) -> None:
        stream, time = self._stream, self._parts.time
        assert stream is not None
        self._welcome = welcome
        if self._lost_timer is not None:
            self._lost_timer.cancel()
            self._lost_timer = None
        self._phase = "linked"
        self._key_refusal = None
        self._since_ms = time.now_ms()
        self._timer = time.after(self._beat_ms(), self._beat)
        details = {"address": self.address, "link": welcome.link_id, "agent": welcome.agent_id}
        if welcome.HasField("held"):
            details["held"] = welcome.held.reason
        _log.info("linked again" if welcome.resumed else "linked", extra=details)
        self._beat_at_ms = self._parts.time.now_ms()
        self._parts.agent.welcomed(welcome, stream.write)
        self._parts.on_linked()

    def _linked_frame(self, content: bytes) -> None:
        frame = self._parts.agent.take(content)
        if frame is None or self._phase != "linked":
            return
        if frame.WhichOneof("answer") == "redirect":
            self._redirected(frame.redirect)
        elif frame.HasField("bye"):
            self._sent_away(frame.bye)

    def _beat_ms(self) -> float:
        return max(10.0, self._welcome.heartbeat_ms or 10_000.0)

    def _beat(self) -> None:
        time = self._parts.time
        now_ms = time.now_ms()
        # The delay of a beat does not count as silence of the host: this process has not read its frames.
        late_ms = max(0.0, now_ms - self._beat_at_ms - self._beat_ms())
        self._beat_at_ms = now_ms
        self._heard_ms = min(now_ms, self._heard_ms + late_ms)
        silent_ms = now_ms - self._heard_ms
        # An idle host sends an empty frame each period.
        if silent_ms > max(self._welcome.lease_ms, self._beat_ms() * 3):
            self._break_off("the host is silent", can_resume=True)
            return
        self._timer = time.after(self._beat_ms(), self._beat)
        self._parts.agent.heartbeat()

    def _redirected(self, redirect: Redirect) -> None:
        is_stale = redirect.epoch < self._epoch
        if is_stale and self._phase == "linked":
            return
        self._release()
        self._resumable = None
        if is_stale:
            self._pause("sent to a former owner")
            return
        self._epoch = redirect.epoch
        self.address = redirect.address
        self._is_following = True
        _log.info("redirected to another host", extra={"address": redirect.address, "delay_ms": redirect.delay_ms})
        self._redirects += 1
        if self._redirects > _REDIRECTS_MAX:
            self._pause("sent from host to host", redirect.delay_ms)
        else:
            self._wait(redirect.delay_ms)

    def _refused(self, refused: Refused) -> None:
        self._release()
        was_resuming = self._can_resume_here()
        self._resumable = None
        error = refused.error
        is_unknown_link = was_resuming and error.code == "swarm.link_unknown"
        can_retry = error.retry in (RETRY_CLASS_SAME_KEY, RETRY_CLASS_ELSEWHERE) or error.retry_after_ms > 0
        if refused.HasField("error") and not can_retry and not is_unknown_link:
            self._refused_for_good(f"{error.message} ({error.code})")
            return
        self._pause(error.message or "refused without a reason", error.retry_after_ms)

    def _sent_away(self, bye: Bye) -> None:
        self._release()
        self._resumable = None
        # The host may be about to end, or its pool is moving. The configured addresses know the new owner.
        self._is_following = False
        if bye.return_after_ms < 0:
            self._refused_for_good(f"sent away: {bye.reason}")
        else:
            self._pause(f"sent away: {bye.reason}", bye.return_after_ms)

    def _refused_for_good(self, reason: str) -> None:
        self._phase = "closed"
        self._parts.on_refused(WorkerRefused(self.address, reason))

    def _ended(self, reason: str, key_refused: bool) -> None:
        """Handle a stream that ended by itself."""
        if self._phase == "leaving":
            self._left()
        else:
            if key_refused and self._key_refusal is None:
                self._key_refusal = reason
            self._break_off(reason, can_resume=True)

    def _break_off(self, reason: str, *, can_resume: bool = False) -> None:
        """Cancel the stream, and reconnect after a pause."""
        if self._phase == "linked":
            time, agent = self._parts.time, self._parts.agent
            now_ms = time.now_ms()
            if now_ms - self._since_ms >= _GOOD_LINK_MS:
                self._failures = self._redirects = 0
            window_ms = self._welcome.resume_window_ms
            if can_resume:
                self._resumable = (self.address, now_ms + window_ms)
            lost_after_ms = max(window_ms, self._welcome.lease_ms)
            if self._lost_timer is not None:
                self._lost_timer.cancel()
            if agent.at_work > 0:
                self._lost_timer = time.after(lost_after_ms, lambda: agent.lost(lost_after_ms))
        self._release()
        self._pause(reason)

    def _release(self) -> None:
        """Release the stream and its timers."""
        self._streams += 1
        self._let_go()

    def _let_go(self) -> None:
        self._parts.agent.cut()
        self._cancel_timer()
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pause(self, reason: str, at_least_ms: float = 0) -> None:
        self._failures += 1
        if "connection refused" in reason.lower():
            self._key_refusal = None
        key_refusal = self._key_refusal
        first_ms = _FIRST_PAUSE_MS if key_refusal is None else _FIRST_PAUSE_OF_KEY_MS
        longest_ms = _LONGEST_PAUSE_MS if key_refusal is None else _LONGEST_PAUSE_OF_KEY_MS
        bound_ms = min(longest_ms, first_ms * 2.0 ** min(20, self._failures - 1))
        # Random in the upper half, so that workers of the same host do not reconnect together.
        own_ms = bound_ms * (0.5 + self._parts.chance() / 2)
        pause_ms = at_least_ms + own_ms / 4 if at_least_ms > 0 else own_ms
        _log.log(
            logging.ERROR if key_refusal else logging.INFO if self._failures <= 1 else logging.WARNING,
            "key refused, retrying" if key_refusal else "no link, retrying",
            extra={
                "address": self.address,
                **_explained(reason, key_refusal),
                "pause_ms": round(pause_ms),
                "failures": self._failures,
            },
        )
        has_reason = self._is_following or self._can_resume_here()
        if not has_reason or self._failures >= _FOLLOWED_FAILURES_MAX:
            self._is_following = False
            # The next host knows the owner. A reinstalled platform counts its epochs from 0.
            self._epoch = -1.0
            addresses = self._parts.addresses
            self.address = addresses[self._turn % len(addresses)]
            self._turn += 1
        self._wait(pause_ms)

    def _wait(self, pause_ms: float) -> None:
        self._phase = "waiting"
        self._timer = self._parts.time.after(pause_ms, self._greet)

    def _left(self) -> None:
        self.stop()
        self._parts.on_left()


def _explained(reason: str, key_refusal: str | None = None) -> dict[str, str]:
    """Return the reason with its remedy. A refused key is reported before later reasons."""
    if key_refusal is not None:
        latest = {} if reason == key_refusal else {"latest": reason}
        remedy = "Set TUTTI_API_KEY to a valid key, and start the worker again."
        return {"reason": key_refusal, **latest, "remedy": remedy}
    if "answers with status" in reason or "not HTTP" in reason or "expected an answer of HTTP" in reason:
        return {"reason": reason, "remedy": "Set TUTTI_URL to the address that the platform prints when it is ready."}
    text = reason.lower()
    if "connection refused" in text:
        remedy = "Start the platform (npx tutti dev), or set TUTTI_URL to its address."
        return {"reason": "The connection was refused", "remedy": remedy}
    if "timed out" in text or "unreachable" in text or "no route to host" in text:
        remedy = "Check TUTTI_URL, and the firewall or proxy before the platform."
        return {"reason": "The host does not answer", "remedy": remedy}
    if "name or service not known" in text or "name resolution" in text:
        return {"reason": "The host was not found", "remedy": "Set TUTTI_URL to the address of the platform."}
    remedy = "Wait while the platform starts or restarts. If this continues, check TUTTI_URL and the log of the platform."
    return {"reason": "The connection was reset" if "reset by peer" in text else reason, "remedy": remedy}
