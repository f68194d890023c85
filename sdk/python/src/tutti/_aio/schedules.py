"""Schedules: runs that start at given times."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._call import Duration, Json, given, milliseconds_at, milliseconds_of, quoted
from .._codec import read
from ..state import Firing, Overlap, ScheduleState
from .rest import AsyncRest
from .runs import RunOptions, spec_of

if TYPE_CHECKING:
    from typing import Unpack


class AsyncSchedule:
    """A schedule. Its methods call the platform. ``get`` reads its state."""

    def __init__(self, rest: AsyncRest, schedule_id: str) -> None:
        self._rest = rest
        self.id = schedule_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    async def get(self) -> ScheduleState:
        """Read the schedule: its next times, and the results of the latest times."""
        return read(ScheduleState, await self._call("GET"))

    async def update(
        self,
        definition: str | None = None,
        input: Json = None,
        *,
        cron: str | Sequence[str] | None = None,
        every: Duration | None = None,
        time_zone: str | None = None,
        jitter: Duration | None = None,
        overlap: Overlap | None = None,
        catch_up: Duration | None = None,
        pause_on_failure: bool | None = None,
        max_runs: int | None = None,
        description: str | None = None,
        reason: str = "",
        **options: Unpack[RunOptions],
    ) -> ScheduleState:
        """Change the given parts of the schedule. Raises ``Aborted`` after a concurrent change.

        A definition also replaces the input and the options of the runs.
        """
        before = (await self.get()).raw
        timing = _timing_of(cron, every, time_zone, jitter)
        policy = _policy_of(overlap, catch_up, pause_on_failure, max_runs)
        body = given(
            scheduleId=self.id,
            timing={**before["timing"], **timing},
            run=before["run"] if definition is None else spec_of(definition, input, options),
            policy={**before.get("policy", {}), **policy} if policy else None,
            description=description,
            revision=before.get("revision"),
        )
        reply = await self._call("PATCH", body=body, query={"reason": reason}, repeatable=True)
        return read(ScheduleState, reply)

    async def trigger(
        self, reason: str = "", *, overlap: Overlap | None = None, idempotency_key: str = ""
    ) -> Firing:
        """Start a run now."""
        body = given(reason=reason, overlap=overlap)
        return read(Firing, await self._call("POST", "/trigger", body=body, key=idempotency_key))

    async def backfill(
        self,
        start: datetime,
        end: datetime,
        reason: str = "",
        *,
        overlap: Overlap | None = None,
        idempotency_key: str = "",
    ) -> int:
        """Start the runs of a period in the past. Returns their number."""
        span = {"fromMs": milliseconds_at(start), "toMs": milliseconds_at(end)}
        body = given(span=span, overlap=overlap, reason=reason)
        reply = await self._call("POST", "/backfill", body=body, key=idempotency_key)
        return int(reply.get("count") or 0)

    async def firings(self) -> AsyncGenerator[Firing, None]:
        """Read the results of its times, newest first."""
        async for entry in self._rest.pages(f"{self._path}/firings", "firings"):
            yield read(Firing, entry)

    async def pause(self, reason: str = "") -> ScheduleState:
        """Pause the schedule. It starts no more runs."""
        return read(ScheduleState, await self._post("/pause", reason))

    async def resume(self, reason: str = "") -> ScheduleState:
        """Resume the schedule. Times that passed meanwhile are skipped."""
        return read(ScheduleState, await self._post("/resume", reason))

    async def delete(self, reason: str = "") -> None:
        """Delete the schedule. Its runs continue."""
        await self._call("DELETE", query={"reason": reason}, repeatable=True)

    async def _post(self, below: str, reason: str) -> Any:
        return await self._call("POST", below, body={"reason": reason}, repeatable=True)

    async def _call(self, method: str, below: str = "", **options: Any) -> Any:
        return await self._rest.call(method, f"{self._path}{below}", **options)

    @property
    def _path(self) -> str:
        return f"/v1/schedules/{quoted(self.id)}"


class AsyncSchedules:
    """The schedules of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def create(
        self,
        schedule_id: str,
        definition: str,
        input: Json = None,
        *,
        cron: str | Sequence[str] | None = None,
        every: Duration | None = None,
        time_zone: str | None = None,
        jitter: Duration | None = None,
        overlap: Overlap | None = None,
        catch_up: Duration | None = None,
        pause_on_failure: bool | None = None,
        max_runs: int | None = None,
        description: str = "",
        **options: Unpack[RunOptions],
    ) -> AsyncSchedule:
        """Start runs of a definition at given times. A repeated call returns the same schedule.

        cron: five fields, six with seconds first, or ``@hourly`` and the like. One or several.
        every: a fixed time between two starts, at least 1 s.
        time_zone: time zone of ``cron``, such as ``Europe/Zurich``. Default: UTC.
        jitter: each start is delayed by a random time up to this. Default: 0.
        overlap: what happens if the previous run has not ended. Default: ``skip``.
        catch_up: how late a run may start after the platform was down. Default: 1 min.
        pause_on_failure: pause the schedule when a run fails. Default: False.
        max_runs: pause after this number of runs. Default: never.
        """
        body = given(
            scheduleId=schedule_id,
            description=description or None,
            run=spec_of(definition, input, options),
            timing={"rules": [], **_timing_of(cron, every, time_zone, jitter)},
            policy=_policy_of(overlap, catch_up, pause_on_failure, max_runs) or None,
        )
        await self._rest.call("POST", "/v1/schedules", body=body, repeatable=True)
        return AsyncSchedule(self._rest, schedule_id)

    def get(self, schedule_id: str) -> AsyncSchedule:
        """Return a schedule by its id, without a call."""
        return AsyncSchedule(self._rest, schedule_id)

    async def list(
        self, *, definition: str = "", paused: bool | None = None
    ) -> AsyncGenerator[ScheduleState, None]:
        """Find schedules, of one definition or of all, paused or not."""
        query = {"definition": definition, "paused": paused}
        async for entry in self._rest.pages("/v1/schedules", "schedules", query):
            yield read(ScheduleState, entry)


def _timing_of(
    cron: str | Sequence[str] | None, every: Duration | None, time_zone: str | None, jitter: Duration | None
) -> dict[str, Json]:
    lines = [cron] if isinstance(cron, str) else cron or ()
    rules: list[Json] = [{"cron": line} for line in lines]
    if every is not None:
        rules.append({"interval": {"everyMs": milliseconds_of(every, "every")}})
    return given(rules=rules or None, timeZone=time_zone, jitterMs=milliseconds_of(jitter, "jitter"))


def _policy_of(
    overlap: Overlap | None, catch_up: Duration | None, pause_on_failure: bool | None, max_runs: int | None
) -> dict[str, Json]:
    return given(
        overlap=overlap,
        catchUpMs=milliseconds_of(catch_up, "catch_up"),
        pauseOnFailure=pause_on_failure,
        maxRuns=max_runs,
    )
