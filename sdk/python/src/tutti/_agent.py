"""The worker's side of a link: maps frames to attempts and back.

It knows no stream. A connector passes frames in and sends the outgoing frames.

1. All messages of one turn leave in one frame.
2. Credit is granted only to a linked host, and only for free slots that are not granted yet.
3. A worker that drains or sleeps grants nothing and starts nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._attempt import Attempt
from ._contracts import (
    AgentFrame,
    Bye,
    Drain,
    Heartbeat,
    Hello,
    HostFigures,
    HostFrame,
    LinkPosition,
    Offering,
    Sleep,
    Wake,
    Welcome,
)
from ._desk import Desk, DeskParts, ReadBlob, StoreBlob
from ._handlers import Handlers
from ._link import LinkState
from ._runner import Done
from ._measures import MeasureBook
from ._own_use import OwnUse
from ._secrets import SecretWanted, no_secrets
from ._settings import Settings
from ._time import Time, Timer
from ._version import VERSION
from .failures import link_lost

_log = logging.getLogger("tutti.worker")

# A frame with content is acknowledged within this time.
_ACKNOWLEDGE_AFTER_MS = 100

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class AgentParts:
    settings: Settings
    handlers: Handlers
    time: Time
    incarnation: str
    figures: Callable[[], HostFigures]
    run: Callable[[Attempt, Any, Done], None]
    post: Callable[[Callable[[], None]], None]
    read_blob: ReadBlob
    store_blob: StoreBlob
    # Called when the host requests a drain, with the reason and the time in milliseconds.
    on_drain: Callable[[str, float], None]
    # Called during a drain when an attempt has ended or a result is durable.
    on_quiet: Callable[[], None]
    # Returns the value of a secret. Blocks the thread of the handler.
    open_secret: Callable[[SecretWanted], str] = no_secrets
    # Measurements of handlers. By default they are not sent.
    measures: MeasureBook = field(default_factory=MeasureBook)


class Agent:
    def __init__(self, parts: AgentParts) -> None:
        self._parts = parts
        self.agent_id = parts.settings.agent_id
        self._link = LinkState(lambda token: self._desk.forget(token))
        self._send: Send | None = None
        self._is_flushing = False
        self.is_draining = False
        self.is_asleep = False
        # True if the host requested the pause.
        self._is_told_to_sleep = False
        self.is_held = False
        self._waking: Timer | None = None
        self._acknowledging: Timer | None = None
        # Numbers of capabilities by `name@version`, valid for the current link.
        self._numbers: dict[str, int] = {}
        self._desk = Desk(
            DeskParts(
                namespace=parts.settings.namespace,
                slots=parts.settings.slots,
                time=parts.time,
                outbox=_DeskOutbox(self._link, self._flush_soon),
                run=parts.run,
                post=parts.post,
                read_blob=parts.read_blob,
                store_blob=parts.store_blob,
                open_secret=parts.open_secret,
                measures=parts.measures,
                # Without resources, tasks reserve nothing, so there is nothing to advise.
                own_use=OwnUse(parts.measures) if parts.settings.resources else None,
                send_logs=parts.settings.send_logs,
            )
        )

    @property
    def unfinished(self) -> int:
        """Number of running attempts, and of results that are not known to be durable."""
        return self._desk.running + self._link.kept_count

    @property
    def at_work(self) -> int:
        return self._desk.at_work

    def hello(self, *, resumes: bool) -> bytes:
        """Return the first frame of a stream, which resumes the link or starts a new one."""
        settings = self._parts.settings
        hello = Hello(
            version_min=1,
            version_max=1,
            namespace=settings.namespace,
            agent_id=self.agent_id,
            incarnation=self._parts.incarnation,
            pool=settings.pool,
            kind=settings.kind,
            sdk_name="tutti-python",
            sdk_version=VERSION,
            can_follow=settings.follow_redirects,
            launch_id=settings.launch_id,
            offering=self._offering(),
            # Sent even for a resume. A host that cannot resume has to answer which tasks it does not need.
            running=list(dict.fromkeys([*self._desk.tokens, *self._link.kept_tokens()])),
        )
        if resumes:
            position = LinkPosition(link_id=self._link.link_id, received=self._link.received)
            hello.resume.CopyFrom(position)
        return AgentFrame(hello=hello).SerializeToString()

    def welcomed(self, welcome: Welcome, send: Send) -> None:
        """Apply the welcome of the host. From now on the worker sends frames."""
        self._send = send
        self.agent_id = welcome.agent_id or self.agent_id
        self._desk.started_after_ms = welcome.started_after_ms
        if welcome.max_inline_bytes > 0:
            self._desk.output_bytes_max = welcome.max_inline_bytes
        unwanted = set(welcome.unwanted)
        for token in unwanted:
            self._desk.unwanted(token)
        if welcome.resumed:
            self._link.resumed(welcome.received)
        else:
            self._numbers = {}
            self._link.begun(welcome, lambda token: token not in unwanted)
            self._desk.tell_again()
        if welcome.HasField("capability_numbers"):
            self._number(welcome.capability_numbers.numbers)
        self.is_held = welcome.HasField("held")
        if self.is_draining:
            self._write(AgentFrame(drain=Drain(reason="the worker stops")))
        # A pause by a host ends with its link. Another host may need the worker, and does not know about the pause.
        if self._is_told_to_sleep and not welcome.resumed:
            self.wake("a new link starts", is_told=True)
        if self.is_asleep and not self._is_told_to_sleep:
            self._write(AgentFrame(sleep=Sleep()))
        self._link.outbox.touch()
        self.flush()

    def take(self, content: bytes) -> HostFrame | None:
        """Apply a frame of a linked host, and return it. Raises LinkBroken."""
        frame = self._link.take(content)
        if frame is None:
            return None
        # Applied first: one frame may acknowledge the answer `busy` of an attempt and assign the same attempt again.
        tells_of_results = frame.results_durable or frame.results_durable_beyond
        if tells_of_results:
            self._link.durable(frame.results_durable, frame.results_durable_beyond)
        if frame.assignments:
            self._assigned(frame)
        if tells_of_results and self.is_draining:
            self._parts.on_quiet()
        for cancel in frame.cancels:
            self._desk.cancel(cancel)
        for extension in frame.extensions:
            self._desk.extend(extension)
        self._take_rare(frame)
        self._desk.drained()
        if not self._link.outbox.is_empty:
            self._flush_soon()
        # An empty frame needs no answer. Two sides that acknowledge acknowledgements would never stop.
        if self._acknowledging is None and _has_content(frame):
            self._acknowledging = self._parts.time.after(_ACKNOWLEDGE_AFTER_MS, self._acknowledge)
        return frame

    def cut(self) -> None:
        """Handle the end of the stream. All state is kept for the next stream."""
        self._send = None

    def lost(self, after_ms: float) -> None:
        """Abort all attempts. The link was lost for so long that the host has reassigned the tasks."""
        self._desk.abort_all(link_lost(after_ms))

    def heartbeat(self) -> None:
        heartbeat = Heartbeat(
            figures=self._parts.figures(), free_slots=self._desk.free_slots, attempts=self._desk.running
        )
        self._write(AgentFrame(heartbeat=heartbeat))
        self.flush()

    def offer_again(self) -> None:
        """Send the changed offer."""
        self._say(AgentFrame(offering=self._offering()))

    def drain(self, reason: str) -> None:
        if self.is_draining:
            return
        self.is_draining = True
        self._desk.closed_because = f"the worker drains: {reason}"
        self._link.credit = 0
        self._say(AgentFrame(drain=Drain(reason=reason)))

    def sleep(self, reason: str, for_ms: float, *, is_told: bool) -> None:
        was_asleep = self.is_asleep
        self.is_asleep = True
        self._is_told_to_sleep = is_told
        self._desk.closed_because = "the worker sleeps"
        self._link.credit = 0
        if self._waking is not None:
            self._waking.cancel()
        if for_ms > 0:
            self._waking = self._parts.time.after(
                for_ms, lambda: self.wake("its time is over", is_told=False)
            )
        if not is_told:
            self._say(AgentFrame(sleep=Sleep(reason=reason, for_ms=for_ms)))
        if not was_asleep:
            self._call(self._parts.settings.on_sleep, reason)

    def wake(self, reason: str, *, is_told: bool) -> None:
        if not self.is_asleep:
            return
        self.is_asleep = False
        self._is_told_to_sleep = False
        if self._waking is not None:
            self._waking.cancel()
        self._call(self._parts.settings.on_wake, reason)
        if not self.is_draining:
            self._desk.closed_because = ""
        if not is_told:
            self._say(AgentFrame(wake=Wake(reason=reason)))
        self.flush()

    @staticmethod
    def _call(handler: Callable[[str], None] | None, reason: str) -> None:
        """Call a handler of the user. Its error must not end the link."""
        if handler is None:
            return
        try:
            handler(reason)
        except Exception:
            _log.exception("a handler failed")

    def bye(self, reason: str) -> None:
        self._say(AgentFrame(bye=Bye(reason=reason)))

    def abort_all(self, reason: Exception) -> None:
        self._desk.abort_all(reason)

    def stop(self) -> None:
        for timer in (self._waking, self._acknowledging):
            if timer is not None:
                timer.cancel()
        self._desk.stop()
        self._send = None

    def flush(self) -> None:
        """Send the pending messages if there is a link."""
        if self._send is None:
            return
        self._desk.collect()
        if not self.is_draining and not self.is_asleep:
            self._link.grant(self._desk.free_slots)
        self._link.flush(self._send)

    def _assigned(self, frame: HostFrame) -> None:
        now_ms = self._desk.now_ms()
        for assign in frame.assignments:
            if self._link.credit > 0:
                self._link.credit -= 1
            self._desk.assigned(assign, now_ms)
        self._flush_soon()

    def _acknowledge(self) -> None:
        """Acknowledge, if no other frame has done so."""
        self._acknowledging = None
        if self._link.owes_acknowledgement:
            self._link.outbox.touch()
        self.flush()

    def _flush_soon(self) -> None:
        if not self._is_flushing:
            self._is_flushing = True
            self._parts.time.soon(self._flush_now)

    def _flush_now(self) -> None:
        self._is_flushing = False
        self.flush()
        if self.is_draining:
            self._parts.on_quiet()

    def _take_rare(self, frame: HostFrame) -> None:
        if frame.HasField("drain"):
            self._parts.on_drain(frame.drain.reason, frame.drain.deadline_ms)
        if frame.HasField("sleep"):
            self.sleep(frame.sleep.reason, frame.sleep.for_ms, is_told=True)
        if frame.HasField("wake"):
            self.wake(frame.wake.reason, is_told=True)
        if frame.HasField("held"):
            self.is_held = True
        if frame.HasField("released"):
            self.is_held = False
        if frame.HasField("capability_numbers"):
            self._number(frame.capability_numbers.numbers)

    def _number(self, numbers: Mapping[str, int]) -> None:
        self._numbers.update(numbers)
        self._desk.number(self._parts.handlers.numbered(self._numbers))

    def _offering(self) -> Offering:
        settings = self._parts.settings
        return Offering(
            capabilities=self._parts.handlers.capabilities,
            labels=settings.labels,
            slots=settings.slots,
            resources=settings.resources,
            context_keys=settings.context_keys,
            description=settings.description,
        )

    def _say(self, frame: AgentFrame) -> None:
        """Send a message at once, because a frame holds only one message of this kind."""
        if self._send is None:
            return
        self._write(frame)
        self.flush()

    def _write(self, frame: AgentFrame) -> None:
        self._link.outbox.add(frame.SerializeToString())


class _DeskOutbox:
    def __init__(self, link: LinkState, changed: Callable[[], None]) -> None:
        self._link = link
        self.add = link.outbox.add
        self.add_result = link.add_result
        self.changed = changed

    @property
    def backlog_bytes(self) -> int:
        return self._link.outbox.backlog_bytes


def _has_content(frame: HostFrame) -> bool:
    return any(field.name not in ("sequence", "acknowledged") for field, _ in frame.ListFields())
