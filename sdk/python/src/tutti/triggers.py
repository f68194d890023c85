"""Events, and the state of triggers.

Names are those of REST in snake_case: ``docs/reference/rest.md``. Times are aware datetimes in UTC.
``raw`` has the answer of the platform as it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ._call import given
from ._codec import read
from ._payload import from_json, to_json

Singleton = Literal["skip", "queue"]
RunEnd = Literal["completed", "failed", "cancelled", "terminated"]

WebhookPreset = Literal["standard", "github", "stripe", "shopify", "slack"]

_nothing: Mapping[str, Any] = {}


def _raw() -> Any:
    return field(default_factory=dict, repr=False, compare=False)


def _payload() -> Any:
    return field(default=None, metadata={"read": from_json})


@dataclass(frozen=True)
class Event:
    """An event, a CloudEvent. The same ``source`` and ``id`` posted again has no further effect.

    type: words with dots between them, such as ``shop.order.created``. Not starting with ``tutti.``.
    data: JSON. Maximum: 1 MiB.
    id: default: random.
    time: when it happened. Default: now.
    extensions: further attributes. Names of a-z and 0-9.
    """

    type: str
    data: Any = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    source: str = "/tutti/client"
    subject: str = ""
    time: datetime | None = None
    data_schema: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict)


def event_body(event: Event) -> dict[str, Any]:
    """Convert an event to its form in REST."""
    # A time without a zone is local time.
    time = None if event.time is None else event.time.astimezone(UTC).isoformat()
    return given(
        type=event.type,
        id=event.id,
        source=event.source,
        subject=event.subject or None,
        time=time,
        dataschema=event.data_schema or None,
        data=None if event.data is None else to_json(event.data),
        extensions=dict(event.extensions) or None,
    )


def _event_of(data: Mapping[str, Any]) -> Event:
    time = data.get("time")
    return Event(
        type=data.get("type", ""),
        data=from_json(data.get("data")),
        id=data.get("id", ""),
        source=data.get("source", ""),
        subject=data.get("subject", ""),
        time=datetime.fromisoformat(time).astimezone(UTC) if time else None,
        data_schema=data.get("dataschema", ""),
        extensions=data.get("extensions") or {},
    )


@dataclass(frozen=True)
class TriggerCounts:
    """Number of events of a trigger, by result."""

    received: int = 0
    started: int = 0
    signalled: int = 0
    duplicates: int = 0
    skipped: int = 0
    dead: int = 0
    dropped: int = 0
    waiting: int = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Activation:
    """Result of an event."""

    event_id: str = ""
    event_type: str = ""
    time: datetime | None = None
    run_id: str = ""
    result: str = "unspecified"
    message: str = ""
    events: int = 0
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class TriggerState:
    """A trigger at one moment."""

    trigger_id: str = ""
    description: str = ""
    condition: str = ""
    key: str = ""
    window_ms: float = 0
    run_id: str = ""
    paused: bool = False
    note: str = ""
    owner: str = ""
    counts: TriggerCounts = TriggerCounts()
    recent: tuple[Activation, ...] = ()
    create_time: datetime | None = None
    update_time: datetime | None = None
    revision: str = ""
    raw: Mapping[str, Any] = _raw()

    @property
    def definition(self) -> str:
        """The name of the definition that it starts."""
        return str(((self.raw.get("run") or _nothing).get("definition") or _nothing).get("name", ""))

    @property
    def event(self) -> str:
        """The type of its events. Empty for a trigger on the end of runs."""
        return str(((self.raw.get("source") or _nothing).get("event") or _nothing).get("type", ""))


@dataclass(frozen=True)
class TriggerTest:
    """The effect that a trigger would have for an event. ``event`` is None if the log has none of its source."""

    event: Event | None = field(default=None, metadata={"read": _event_of})
    of_source: bool = False
    matched: bool = False
    key: str = ""
    group: str = ""
    run_id: str = ""
    input: Any = _payload()
    problem: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class DeadLetter:
    """An event that a trigger could not handle."""

    number: int = 0
    event: Event | None = field(default=None, metadata={"read": _event_of})
    time: datetime | None = None
    code: str = ""
    message: str = ""
    raw: Mapping[str, Any] = _raw()


@dataclass(frozen=True)
class Matched:
    """Events of a post or a replay: how many matched, and how many of these were seen before."""

    events: int = 0
    matched: int = 0
    duplicates: int = 0
    raw: Mapping[str, Any] = _raw()


__all__ = [
    "Activation",
    "DeadLetter",
    "Event",
    "Matched",
    "RunEnd",
    "Singleton",
    "TriggerCounts",
    "TriggerState",
    "TriggerTest",
    "read",
]
