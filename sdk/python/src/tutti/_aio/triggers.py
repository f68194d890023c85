"""Triggers: events that start runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict, cast

from .._call import Duration, Json, given, milliseconds_at, milliseconds_of, quoted
from .._codec import read
from .._payload import to_json
from ..triggers import (
    DeadLetter,
    Event,
    Matched,
    RunEnd,
    Singleton,
    TriggerState,
    TriggerTest,
    WebhookPreset,
    event_body,
)
from .rest import AsyncRest
from .runs import RunOptions, spec_of

if TYPE_CHECKING:
    from typing import Unpack


class TriggerRules(TypedDict, total=False):
    """Which events start runs, how many, and when."""

    #: Type of the event. ``*`` matches one word, ``>`` at the end matches all further words: ``shop.order.*``.
    event: str
    #: The attribute ``source`` of the event. Default: any.
    source: str
    #: The end of runs of this definition, instead of ``event``.
    after_run: str
    #: How these runs end. Default: ``completed``.
    ends: Sequence[RunEnd]
    #: Webhooks of another system, sent to ``/v1/webhooks/NAMESPACE/TRIGGER``, instead of ``event``: how it signs.
    webhook: WebhookPreset
    #: Names of secrets of the namespace that sign the webhooks.
    secrets: Sequence[str]
    #: An expression over ``event`` that must be true: ``event.data.total > 0``. Default: every event.
    if_: str
    #: An expression. Events with the same key start one run. Default: ``source`` and ``id`` of the event.
    key: str
    #: How long a key is remembered. Default: as long as its run is kept.
    window: Duration
    #: The input of the run. Its texts may have expressions. Default: the data of the event.
    with_: Json
    #: Id of the run, a text with expressions: ``order-${{ event.data.id }}``. Default: derived from trigger and key.
    run_id: str
    #: An expression. Debounce, batch and singleton apply per value. Default: to all events together.
    group: str
    #: One run with the last event, after this time without another event.
    debounce: Duration
    #: Maximum delay of a debounced run. Default: ten times ``debounce``.
    debounce_max: Duration
    #: Number of events for one run. Its input is ``{"events": [...]}``.
    batch: int
    #: Maximum delay of a batch that is not full. Default: 1 s.
    batch_wait: Duration
    #: Maximum number of runs that start in ``throttle_per``. Other runs wait.
    throttle: int
    #: Default: 1 s.
    throttle_per: Duration
    #: Effect of an event while a run has not ended. Default: runs are concurrent.
    singleton: Singleton
    #: The signal for the run ``run_id`` if it exists.
    signal: str
    description: str


class TriggerOptions(TriggerRules, RunOptions, total=False):
    """A trigger, and the start options of its runs."""


class AsyncTrigger:
    """A trigger. Its methods call the platform. ``get`` reads its state."""

    def __init__(self, rest: AsyncRest, trigger_id: str) -> None:
        self._rest = rest
        self.id = trigger_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    async def get(self) -> TriggerState:
        """Read the trigger: its rules, its counts, its latest events."""
        return read(TriggerState, await self._call("GET"))

    async def update(
        self, definition: str | None = None, *, reason: str = "", **options: Unpack[TriggerOptions]
    ) -> TriggerState:
        """Change the given parts of the trigger. Raises ``Aborted`` after a concurrent change.

        A definition also replaces the options of the runs.
        """
        before = (await self.get()).raw
        rules = {"source": before["source"], **_rules_of(options, before)}
        body = given(
            **rules,
            triggerId=self.id,
            run=before["run"] if definition is None else spec_of(definition, None, options),
            revision=before.get("revision"),
        )
        reply = await self._call("PATCH", body=body, query={"reason": reason}, repeatable=True)
        return read(TriggerState, reply)

    async def test(self, event: Event | None = None) -> TriggerTest:
        """Show the effect of the trigger, without starting a run. Default event: the newest event of the log."""
        body = given(triggerId=self.id, event=None if event is None else event_body(event))
        reply = await self._rest.call("POST", "/v1/triggers/test", body=body, repeatable=True)
        return read(TriggerTest, reply)

    async def replay(
        self, start: datetime | None = None, end: datetime | None = None, reason: str = ""
    ) -> Matched:
        """Replay past events of the log to the trigger. An event whose run exists starts no second run.

        start: default: the oldest event of the log.
        end: default: now.
        """
        span = given(fromMs=milliseconds_at(start), toMs=milliseconds_at(end))
        body = {"span": span, "reason": reason}
        return read(Matched, await self._call("POST", "/replay", body=body, repeatable=True))

    async def dead_letters(self) -> AsyncGenerator[DeadLetter, None]:
        """Read the events that the trigger could not handle, oldest first."""
        async for entry in self._rest.pages(f"{self._path}/dead-letters", "letters"):
            yield read(DeadLetter, entry)

    async def retry_dead_letters(self, *numbers: int, reason: str = "") -> int:
        """Retry dead letters with the current trigger. Default: all. Returns their number."""
        return await self._settle("retry", numbers, reason)

    async def drop_dead_letters(self, *numbers: int, reason: str = "") -> int:
        """Delete dead letters. Default: all. Returns their number."""
        return await self._settle("drop", numbers, reason)

    async def pause(self, reason: str = "") -> TriggerState:
        """Pause the trigger. Events have no effect."""
        return read(TriggerState, await self._post("/pause", reason))

    async def resume(self, reason: str = "") -> TriggerState:
        """Resume the trigger. Events that passed meanwhile can be replayed."""
        return read(TriggerState, await self._post("/resume", reason))

    async def delete(self, reason: str = "") -> None:
        """Delete the trigger. Its runs continue."""
        await self._call("DELETE", query={"reason": reason}, repeatable=True)

    async def _settle(self, action: str, numbers: Sequence[int], reason: str) -> int:
        body = {"numbers": list(numbers), "reason": reason}
        reply = await self._call("POST", f"/dead-letters/{action}", body=body, repeatable=True)
        return int(reply.get("count") or 0)

    async def _post(self, below: str, reason: str) -> Any:
        return await self._call("POST", below, body={"reason": reason}, repeatable=True)

    async def _call(self, method: str, below: str = "", **options: Any) -> Any:
        return await self._rest.call(method, f"{self._path}{below}", **options)

    @property
    def _path(self) -> str:
        return f"/v1/triggers/{quoted(self.id)}"


class AsyncTriggers:
    """The triggers of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def create(
        self, trigger_id: str, definition: str, *, paused: bool = False, **options: Unpack[TriggerOptions]
    ) -> AsyncTrigger:
        """Start runs of a definition for events. A repeated call returns the same trigger."""
        body = given(
            **_rules_of(options, {}),
            triggerId=trigger_id,
            run=spec_of(definition, None, options),
            paused=paused or None,
        )
        await self._rest.call("POST", "/v1/triggers", body=body, repeatable=True)
        return AsyncTrigger(self._rest, trigger_id)

    def get(self, trigger_id: str) -> AsyncTrigger:
        """Return a trigger by its id, without a call."""
        return AsyncTrigger(self._rest, trigger_id)

    async def list(
        self, *, definition: str = "", paused: bool | None = None, text: str = ""
    ) -> AsyncGenerator[TriggerState, None]:
        """Find triggers, of one definition or of all, paused or not, with a text in id or description."""
        query = {"definition": definition, "paused": paused, "text": text}
        async for entry in self._rest.pages("/v1/triggers", "triggers", query):
            yield read(TriggerState, entry)

    async def post(self, *events: Event) -> Matched:
        """Post events, at most 1,000 at a time. When this returns, all matching triggers have received the events.

        An event with the same ``source`` and ``id`` counts once, so a retry is safe.
        """
        body = {"events": [event_body(event) for event in events]}
        return read(Matched, await self._rest.call("POST", "/v1/events", body=body, repeatable=True))


def _rules_of(options: TriggerOptions, before: Mapping[str, Json]) -> dict[str, Json]:
    with_ = options.get("with_")
    policy = _policy_of(options)
    return given(
        description=options.get("description"),
        source=_source_of(options, before.get("source") or {}),
        condition=options.get("if_"),
        key=options.get("key"),
        windowMs=milliseconds_of(options.get("window"), "window"),
        runId=options.get("run_id"),
        policy={**before.get("policy", {}), **policy} if policy else None,
        **({} if with_ is None else {"with": to_json(with_)}),
    )


def _source_of(options: TriggerOptions, before: Mapping[str, Json]) -> Json:
    if "webhook" in options:
        preset = options["webhook"]
        secrets = list(options.get("secrets", ()))
        return {"webhook": given(preset=None if preset == "standard" else preset, secrets=secrets)}
    if "after_run" in options:
        return {"runEnd": given(definition=options["after_run"], ends=list(options.get("ends", ())))}
    changes = given(type=options.get("event"), source=options.get("source"))
    known = cast("Mapping[str, Json]", before.get("event") or {})
    return {"event": {**known, **changes}} if changes else None


def _policy_of(options: TriggerOptions) -> dict[str, Json]:
    return given(
        group=options.get("group"),
        debounceMs=milliseconds_of(options.get("debounce"), "debounce"),
        debounceMaxMs=milliseconds_of(options.get("debounce_max"), "debounce_max"),
        batchSize=options.get("batch"),
        batchWaitMs=milliseconds_of(options.get("batch_wait"), "batch_wait"),
        throttleCount=options.get("throttle"),
        throttlePerMs=milliseconds_of(options.get("throttle_per"), "throttle_per"),
        singleton=options.get("singleton"),
        signal=options.get("signal"),
    )
